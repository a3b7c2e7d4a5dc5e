"""How the command line finds its server, and what `slipway env` prints."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.cli.access import access_of, find_access
from slipway.cli.env import Shell, export_lines
from slipway.cli.failure import CliError
from slipway.cli.resolve import ServiceName, resolve_service
from slipway.data_directory import DataDirectory, ServerAddress

SECRET = "it's $HOME\\"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose server ran once and is down."""
    directory = DataDirectory(tmp_path / "my data")
    directory.path.mkdir()
    (directory.path / "credentials.json").write_text(
        json.dumps({"access_key_id": "AKIAEXAMPLE", "secret_access_key": SECRET})
    )
    directory.announce(
        ServerAddress(pid=1, endpoint="http://127.0.0.1:8400", region="eu-west-1", account="0" * 12, no_auth=False)
    )
    return directory.path


def slipway(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line as a person does."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLIPWAY_"))}
    command = [sys.executable, "-m", "slipway", *arguments]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, timeout=60, check=False)


def test_json_keeps_what_the_locale_cannot_write(data: Path) -> None:
    (data / "credentials.json").write_text(json.dumps({"access_key_id": "AKIA", "secret_access_key": "→"}))
    printed = slipway("env", "--json", "--data", str(data), PYTHONIOENCODING="ascii").stdout
    assert json.loads(printed)["AWS_SECRET_ACCESS_KEY"] == "→"


def test_text_shows_what_the_locale_cannot_write_as_a_question_mark(data: Path) -> None:
    (data / "credentials.json").write_text(json.dumps({"access_key_id": "AKIA", "secret_access_key": "→"}))
    printed = slipway("env", "--data", str(data), PYTHONIOENCODING="ascii").stdout
    assert "export AWS_SECRET_ACCESS_KEY='?'" in printed


#: What a user without a home asks for. All is imported before: such a user may be unable to read the interpreter.
HOMELESS = """
import os
from slipway.adapters.docker_credentials import registry_auth
from slipway.adapters.docker_engine import default_address
from slipway.cli.access import find_access
from slipway.cli.failure import CliError
from slipway.config import load_settings
os.setuid(54321)
print(load_settings({"data": "/srv/slipway"}).data, default_address().partition(":")[0], registry_auth("users"))
try:
    find_access(None)
except CliError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become a user without a home")
def test_a_user_without_a_home_names_a_directory() -> None:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    command = [sys.executable, "-c", HOMELESS]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == [
        "/srv/slipway unix {}",
        "This user has no home directory to keep data in: name a directory by --data.",
    ], done.stderr


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        pytest.param(Shell.SH, "export KEY='it'\"'\"'s $HOME\\'", id="sh"),
        pytest.param(Shell.FISH, "set -gx KEY 'it\\'s $HOME\\\\'", id="fish"),
        pytest.param(Shell.POWERSHELL, "$Env:KEY = 'it''s $HOME\\'", id="powershell"),
    ],
)
def test_exports_are_quoted_for_the_shell(shell: Shell, line: str) -> None:
    assert export_lines({"KEY": SECRET}, shell) == (line,)


def test_env_is_understood_by_the_shell(data: Path) -> None:
    printed = slipway("env", "--data", str(data)).stdout
    asked = subprocess.run(
        ["sh", "-c", f'{printed}\nprintf "%s %s %s" "$AWS_ENDPOINT_URL" "$AWS_REGION" "$AWS_SECRET_ACCESS_KEY"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == f"http://127.0.0.1:8400 eu-west-1 {SECRET}"


def test_env_as_json(data: Path) -> None:
    assert json.loads(slipway("env", "--json", SLIPWAY_DATA=str(data)).stdout) == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:8400",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
    }


def test_env_where_no_server_ran_says_what_to_do(tmp_path: Path) -> None:
    ended = slipway("env", "--data", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"slipway: No server has run on {tmp_path} yet: start one with `slipway up --data {tmp_path}`, "
        "or name its directory with --data.\n"
    )


def test_a_server_that_is_down_is_told(data: Path) -> None:
    DataDirectory(data).announce(
        ServerAddress(pid=1, endpoint="http://127.0.0.1:1", region="eu-west-1", account="0" * 12, no_auth=False)
    )
    ended = slipway("status", "--data", str(data))
    assert ended.returncode == 1
    assert ended.stderr == (
        "slipway: No server answers at http://127.0.0.1:1 (Connection refused); start it with `slipway up`.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(("deploy", "users"), "Nothing to deploy: give --image", id="nothing"),
        pytest.param(("deploy", "users", "--image", "v2"), "--image is 'v2'; give CONTAINER=IMAGE", id="image"),
        pytest.param(("deploy", "users", "--env", "A=1"), "--env is 'A=1'; give CONTAINER:KEY=VALUE", id="env"),
        pytest.param(("watch", "users", "--svg", "x.svg"), "give --once with it", id="svg"),
        pytest.param(("up", "--listen", "here"), "--listen is 'here'; give HOST:PORT", id="listen"),
        pytest.param(("up", "--listen", "0.0.0.0:1", "--no-auth"), "listen on a loopback address", id="no auth"),
        pytest.param(("sail",), "No such command 'sail'", id="command"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], sentence: str) -> None:
    ended = slipway(*arguments, COLUMNS="200")
    assert ended.returncode == 2
    assert sentence in ended.stderr


def test_the_secret_is_in_no_repr(data: Path) -> None:
    assert SECRET not in repr(access_of(data))


def test_the_environment_names_a_server_unless_data_does(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in access_of(data).exports.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9999/")
    assert find_access(None).endpoint == "http://127.0.0.1:9999"
    assert find_access(data).endpoint == "http://127.0.0.1:8400"


OVERVIEW = {
    "clusters": [
        {"name": "a", "services": [{"name": "users"}, {"name": "web"}]},
        {"name": "b", "services": [{"name": "users"}]},
    ]
}


@pytest.mark.parametrize(
    ("service", "cluster", "meant"),
    [
        pytest.param("web", None, ServiceName(cluster="a", service="web"), id="the only one"),
        pytest.param("users", "b", ServiceName(cluster="b", service="users"), id="cluster"),
        pytest.param(
            "users", "arn:aws:ecs:r:1:cluster/b", ServiceName(cluster="b", service="users"), id="cluster's ARN"
        ),
        pytest.param("arn:aws:ecs:r:1:service/b/users", None, ServiceName(cluster="b", service="users"), id="ARN"),
    ],
)
def test_a_service_is_found(service: str, cluster: str | None, meant: ServiceName) -> None:
    assert resolve_service(OVERVIEW, service, cluster) == meant


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        pytest.param("users", "Service users is in the clusters a, b: name one with --cluster.", id="several"),
        pytest.param("db", "There is no service db; there are users (a), users (b), web (a).", id="none"),
        pytest.param(
            "arn:aws:ecs:r:1:task/b/1",
            "arn:aws:ecs:r:1:task/b/1 is no service's ARN; that is like arn:aws:ecs:…:service/CLUSTER/NAME.",
            id="other ARN",
        ),
    ],
)
def test_a_service_that_is_not_clear_is_told(service: str, sentence: str) -> None:
    with pytest.raises(CliError) as told:
        resolve_service(OVERVIEW, service, None)
    assert str(told.value) == sentence
