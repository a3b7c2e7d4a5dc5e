"""Ctrl-C while a deployment is followed: what the person is asked, and that nobody else is."""

import signal
from collections.abc import Iterator
from typing import IO, Any

import pytest

from slipway.cli.interrupt import way_back_of
from tests.cli import pictures
from tests.cli.scripted_server import scripted_server
from tests.cli.terminal import CTRL_C, terminal
from tests.cli.test_answers import begun, environment

OVERVIEW = {"clusters": [{"name": "demo", "services": [{"name": "users"}], "tasks": []}], "hosts": [], "at": 0}
PATH = "/slipway/v1/clusters/demo/services/users/picture"
GOES_ON = "slipway: The deployment goes on: `slipway wait users`, `slipway watch users`."


@pytest.fixture
def answers() -> dict[str, Any]:
    """A deployment half-way, for as long as these answers stay."""
    half_way = pictures.rolling() | {"rollback_estimate_s": 75.0}
    return {"/slipway/v1/overview": OVERVIEW, PATH: half_way}


@pytest.fixture
def port(answers: dict[str, Any]) -> Iterator[int]:
    """The port of a server that gives the answers."""
    with scripted_server(answers) as served:
        yield served


def test_a_person_is_asked_and_told_how_long_the_way_back_takes(port: int) -> None:
    with terminal("wait", "users", environment=environment(port)) as screen:
        screen.await_text("rolling users:1 → users:2")
        screen.press(CTRL_C)
        screen.await_text("The deployment of users goes on. The way back takes about 1:15 (m:ss).")
        screen.await_text("[r]oll back, [k]eep following, or [d]etach? [k]:")
        screen.press("x\r")
        screen.await_text("'x' is none of r, k, d.")
        screen.press("d\r")
        assert screen.end() == 130
    assert GOES_ON in screen.shown.replace("\r\n", "\n")
    assert "Traceback" not in screen.shown


def test_a_second_ctrl_c_detaches(port: int) -> None:
    with terminal("wait", "users", environment=environment(port)) as screen:
        screen.await_text("rolling users:1 → users:2")
        screen.press(CTRL_C)
        screen.await_text("[d]etach?")
        screen.press(CTRL_C)
        assert screen.end() == 130
    assert GOES_ON in screen.shown
    assert "Traceback" not in screen.shown


def test_who_goes_on_sees_the_verdict(port: int, answers: dict[str, Any]) -> None:
    with terminal("wait", "users", environment=environment(port)) as screen:
        screen.await_text("rolling users:1 → users:2")
        screen.press(CTRL_C)
        screen.await_text("[d]etach?")
        answers[PATH] = pictures.rolled_back()
        screen.press("\r")
        assert screen.end() == 1
    assert "slipway: users is back on users:1 after 0:51, and not on users:2" in screen.shown


def await_line(output: IO[str], text: str) -> None:
    """Read lines until one has the text."""
    lines = []
    for line in output:
        lines.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} is in none of {lines}")


def test_without_a_terminal_nobody_is_asked(port: int) -> None:
    following = begun(port, "wait", "users")
    assert following.stdout is not None
    await_line(following.stdout, "rolling users:1 → users:2")
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate(timeout=60)
    assert (following.returncode, errors) == (130, f"{GOES_ON}\n")


def test_a_server_that_is_away_keeps_nobody(answers: dict[str, Any]) -> None:
    with scripted_server(answers) as port:
        following = begun(port, "wait", "users")
        assert following.stdout is not None
        await_line(following.stdout, "rolling users:1 → users:2")
    await_line(following.stdout, "No server answers")
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate(timeout=60)
    assert following.returncode == 130
    assert errors.startswith(f"{GOES_ON} No server answers at ")


FIRST = pictures.picture([pictures.deployment(2, {})], [], roll_outs=[pictures.roll_out(2, "IN_PROGRESS")])


@pytest.mark.parametrize(
    ("picture", "way_back"),
    [
        pytest.param(pictures.rolling(), "How long the way back takes is not known.", id="unknown"),
        pytest.param(
            pictures.rolling() | {"rollback_estimate_s": 0.0},
            "The way back takes about a second, for the old tasks still run.",
            id="at once",
        ),
        pytest.param(FIRST, "There is nothing to go back to: rolling back only ends it.", id="first"),
        pytest.param(pictures.going_back(), None, id="on its way back"),
        pytest.param(pictures.steady(), None, id="ended"),
    ],
)
def test_what_the_way_back_takes(picture: dict[str, Any], way_back: str | None) -> None:
    assert way_back_of(picture, picture["roll_outs"][0]) == way_back
