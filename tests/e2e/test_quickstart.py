"""The README's quickstart, executed word for word by bash with the real AWS CLI, on both runtimes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from slipway.cli.free_port import free_port
from tests.contracts.docker_image import python_image
from tests.e2e.kept_containers import remove_kept_containers
from tests.e2e.programs import REPOSITORY, USERS
from tests.e2e.server_process import STOP_S
from tests.waiting import wait_until

SERVER = "server"  # the info string of the block that goes into the first terminal
SHELL_S = 240  # a bound on a hung command
BLOCK = re.compile(r"^```sh ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def quickstart() -> tuple[str, str]:
    """What the README has typed into the first terminal, and into the second."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    section = text.partition("<!-- quickstart -->")[2].partition("<!-- /quickstart -->")[0]
    blocks = BLOCK.findall(section)
    (first,) = [body for name, body in blocks if name == SERVER]
    return first, "".join(body for name, body in blocks if not name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminals:
    """Two terminals with the same environment, in the root of the repository."""

    environment: dict[str, str]
    folder: Path

    @contextmanager
    def first(self, script: str) -> Iterator[None]:
        """Runs a script that does not end by itself, until it is told to; it must end well. Waits until it serves."""
        with (self.folder / "first.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", f"exec {script}"],
                env=self.environment,
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(lambda: self._serves(process), timeout_s=60, what="the server to be ready")
            yield
        finally:
            process.terminate()
            status = process.wait(STOP_S)
        assert status == 0, self.said_first()

    def _serves(self, process: "subprocess.Popen[bytes]") -> bool:
        assert process.poll() is None, self.said_first()
        try:
            with urlopen(f"http://{self.environment['SLIPWAY_LISTEN']}/readyz", timeout=5) as answer:
                return bool(json.load(answer)["ready"])
        except OSError:
            return False

    def said_first(self) -> str:
        """What the first terminal shows."""
        return (self.folder / "first.log").read_text(errors="replace")

    def second(self, script: str) -> str:
        """What a script prints that runs to its end, and well."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=SHELL_S,
            check=False,
        )
        told = f"it ended with {done.returncode}\n{done.stdout}\n{done.stderr}\n--- server\n{self.said_first()}"
        assert done.returncode == 0, told
        return done.stdout


@pytest.fixture
def images(runtime: str, tmp_path: Path) -> Iterator[None]:
    """On docker the images that the README builds, here from what is on this machine; those that are there are used."""
    made = [name for name in ("users:v1", "users:v2") if runtime == "docker" and not _is_image(name)]
    for name in made:
        image = python_image({f"/{USERS}": REPOSITORY / USERS})
        subprocess.run(["docker", "tag", image, name], check=True)
    yield
    if runtime == "docker":
        remove_kept_containers(tmp_path / "data")
    for name in made:
        subprocess.run(["docker", "image", "rm", name], check=True, capture_output=True)


def _is_image(name: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0


@pytest.fixture
def terminals(runtime: str, images: None, tmp_path: Path, pool: str) -> Terminals:
    """Terminals in which only what the README names as variables was set, for a server of this test alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLIPWAY_"))}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return Terminals(
        environment={
            **kept,
            "PATH": programs,
            "HOME": str(tmp_path),
            "SLIPWAY_DATA": str(tmp_path / "data"),
            "SLIPWAY_LISTEN": f"127.0.0.1:{free_port()}",
            "SLIPWAY_RUNTIME": runtime,
            "SLIPWAY_LB_ADDRESS_POOL": pool,
            "SLIPWAY_STOP_TASKS": "1",  # so that a failed test leaves nothing behind
        },
        folder=tmp_path,
    )


def test_the_quickstart_does_what_it_says(terminals: Terminals) -> None:
    server, commands = quickstart()
    with terminals.first(server):
        said = terminals.second(commands)
        left = terminals.second('eval "$(slipway env)"; aws ecs list-clusters; aws elbv2 describe-target-groups')
    answers = [json.loads(line) for line in said.splitlines() if line.startswith('{"id"')]
    assert [(answer["name"], answer["version"]) for answer in answers] == [
        ("Ada Lovelace", "v1"),
        ("Ada Lovelace", "v2"),
    ], said
    assert said.count("has reached a steady state") == 2, said
    assert "quickstart" not in left, left
