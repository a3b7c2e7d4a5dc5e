"""What commands do with answers of a server: those that break off, and those that are piped on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scripted_server import scripted_server

TASK = "0123456789abcdef0123456789abcdef"
EVENTS = "/slipway/v1/clusters/shop/services/users/events"
OVERVIEW = {"clusters": [{"name": "shop", "services": [{"name": "users"}], "tasks": []}], "hosts": [], "at": 0}


def environment(port: int) -> dict[str, str]:
    """The environment of a command that finds the server at `port`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLIPWAY_", "COLUMNS"))}
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    return kept | keys | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}


def begun(port: int, *arguments: str, folder: Path | None = None) -> "subprocess.Popen[str]":
    """A command that has begun to talk to the server at `port`, outside a terminal; in this folder, if one is given."""
    return subprocess.Popen(
        [sys.executable, "-m", "slipway", *arguments],
        env=environment(port),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_table_that_is_piped_has_whole_rows() -> None:
    service = {"name": "payments-api-" * 8, "status": "ACTIVE", "desired_count": 4, "healthy": 4, "is_steady": True}
    listed = service | {"task_definition": "payments-api:1", "blocked_by": None, "addresses": [], "deployments": []}
    listed |= {"last_deployment": None}
    shop = {"name": "shop", "services": [listed], "tasks": []}
    with scripted_server({"/slipway/v1/overview": {**OVERVIEW, "clusters": [shop]}}) as port:
        output, _ = begun(port, "status").communicate(timeout=60)
    assert f"shop     {service['name']}  steady  payments-api:1  4/4      -" in output


def events(*messages: str) -> dict[str, Any]:
    """The newest first."""
    told = [{"id": message, "at": 0, "message": message} for message in messages]
    return {"events": told[::-1]}


@pytest.mark.parametrize("options", [pytest.param((), id="to-the-end"), pytest.param(("--follow",), id="followed")])
def test_logs_that_break_off_are_no_success(options: tuple[str, ...]) -> None:
    with scripted_server({"/slipway/v1/overview": OVERVIEW, f"/slipway/v1/tasks/{TASK}/logs": b"one\ntwo\n"}) as port:
        output, errors = begun(port, "logs", TASK, *options).communicate(timeout=60)
    assert output == "one\ntwo\n"
    assert errors == f"slipway: http://127.0.0.1:{port} broke off before the end; is the server up?\n"


def test_followed_events_wait_for_a_server_that_is_away() -> None:
    with scripted_server({"/slipway/v1/overview": OVERVIEW, EVENTS: events("one")}) as port:
        following = begun(port, "events", "users", "--follow", "--json")
        assert following.stdout is not None
        assert following.stderr is not None
        assert json.loads(following.stdout.readline())["message"] == "one"
    assert following.stderr.readline().startswith(f"No server answers at http://127.0.0.1:{port} (")
    with scripted_server({EVENTS: events("one", "two")}, port=port):
        assert json.loads(following.stdout.readline())["message"] == "two"
        following.send_signal(signal.SIGINT)
        rest, errors = following.communicate(timeout=60)
    assert (following.returncode, rest, errors) == (130, "", "")
