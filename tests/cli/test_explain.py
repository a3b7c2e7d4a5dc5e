"""`slipway explain`: the text against its transcripts, the shape of its JSON, its page, and what it refuses."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from slipway.cli.explain_document import explain_document
from slipway.cli.explain_text import SHOWN_MOST, explain_text
from slipway.cli.explain_words import seconds_text, settings_text
from slipway.core.explaining.segment import Setting
from slipway.foresight.explain import Explanation, Saving, explain
from slipway.foresight.recording_file import encode_recording
from slipway.sim.behaviours import Behaviour
from tests.cli.scripted_server import Whole, scripted_server
from tests.cli.test_answers import begun
from tests.cli.test_picture import hold
from tests.foresight.recorded import recording_of_a_roll

OVERVIEW = {"clusters": [{"name": "demo", "services": [{"name": "web"}], "tasks": []}], "hosts": [], "at": 0}
PATH = "/slipway/v1/clusters/demo/services/web/recording"
UNKNOWN = "/slipway/v1/clusters/demo/services/api/events"  # whether it was deleted


def going_on() -> Explanation:
    """A deployment that has gone on for 200 s, 165 of which the first round took."""
    recording = recording_of_a_roll(run_s=200, behaviour=Behaviour(pull_s=12, launch_s=3))
    return explain(recording, now=recording.began_at + 200)


SAVING = Saving(
    name="deregistration_delay.timeout_seconds",
    of="target group web",
    before="300",
    after="5",
    saved_s=885.0,
    risk="requests that take longer are cut off",
)
EXPLANATIONS = {
    "worked_example": lambda: replace(explain(recording_of_a_roll()), savings=(SAVING,)),
    "going_on": going_on,
}


def shown(explanation: Explanation, width: int) -> str:
    screen = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    for part in explain_text(explanation, width=width):
        screen.print(part)
    assert isinstance(screen.file, io.StringIO)
    lines = (line.rstrip() for line in screen.file.getvalue().splitlines())
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("width", [44, 72, 180])
@pytest.mark.parametrize("name", EXPLANATIONS)
def test_text(name: str, width: int, rewrite: bool) -> None:
    text = shown(EXPLANATIONS[name](), width)
    assert max(map(len, text.splitlines())) <= width
    hold(f"explain-{name}-{width}", text, rewrite=rewrite)


def test_text_shows_the_longest_of_very_many_parts() -> None:
    told = explain(recording_of_a_roll())
    parts = tuple(
        replace(told.ledger.segments[0], from_at=told.ledger.began_at + at, to_at=told.ledger.began_at + at + 1)
        for at in range(SHOWN_MOST + 5)
    )
    text = shown(replace(told, ledger=replace(told.ledger, segments=parts)), 100)
    assert "and 5 shorter ones, together 5.0 s (--json has all)" in text


def test_what_programs_say_commands_no_terminal() -> None:
    told = replace(explain(recording_of_a_roll()), status_reason="\x1b[2J gone")
    assert "\\x1b[2J gone" in shown(told, 100)


@pytest.mark.parametrize(
    ("seconds", "whole_s", "text"),
    [(0.0123, 59.0, "0.012"), (12.345, 599.0, "12.35"), (1234.56, 1440.0, "1,234.6")],
)
def test_seconds(seconds: float, whole_s: float, text: str) -> None:
    assert seconds_text(seconds, of=whole_s) == text


def test_settings_of_one_thing_are_told_together() -> None:
    settings = (
        Setting(name="a", value="1", of="group"),
        Setting(name="b", value="2", of="group"),
        Setting(name="c", value="", of="host"),
    )
    assert settings_text(settings) == "a = 1, b = 2 (group); c (host)"


def test_document() -> None:
    document: dict[str, Any] = json.loads(json.dumps(explain_document(EXPLANATIONS["worked_example"]())))
    ledger = document["ledger"]
    assert (document["duration_s"], document["verdict"], document["is_over"]) == (1440.0, "SUCCESSFUL", True)
    assert sum(one["seconds"] for one in ledger) == document["duration_s"]
    assert [one["start_s"] for one in ledger] == [0, 150, 450, 480, 630, 930, 960, 1110, 1410]
    assert ledger[1] | {"task": "", "share": 0.0, "settings": []} == {
        "kind": "DRAIN",
        "start_s": 150.0,
        "seconds": 300.0,
        "share": 0.0,
        "sentence": "something was open to it until its deregistration delay was over",
        "task": "",
        "settings": [],
    }
    assert ledger[1]["settings"][0] == {
        "name": "deregistration_delay.timeout_seconds",
        "value": "300",
        "of": "target group web",
    }
    assert {one["kind"]: one["seconds"] for one in document["kinds"]} == {
        "DRAIN": 900.0,
        "HEALTH_WAIT": 450.0,
        "KILL_WAIT": 90.0,
    }
    assert [(one["kind"], one["count"]) for one in document["rounds"]] == [("START", 2), ("STOP", 2)] * 3
    assert len(document["tasks"]) == 12
    assert document["tasks"][-1]["phases"][-1] == {"phase": "HEALTHY", "start_s": 1110.0, "end_s": None}
    assert document["savings"][0]["saved_s"] == 885.0


def asked(*arguments: str, answer: Any) -> tuple[int, str, str]:
    """Exit status, output and errors of `slipway explain` with these arguments."""
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PATH: answer, UNKNOWN: NONE}) as port:
        ending = begun(port, "explain", *arguments)
        output, errors = ending.communicate(timeout=60)
    return ending.returncode, output, errors


def test_of_a_server_and_of_the_file_alike(tmp_path: Path) -> None:
    content = encode_recording(recording_of_a_roll())
    file = tmp_path / "web.slipway.gz"
    file.write_bytes(content)
    by_server = asked("web", "--json", answer=Whole(body=content))
    by_file = asked(str(file), "--json", answer=None)
    assert by_server == by_file
    assert json.loads(by_file[1])["duration_s"] == 1440.0


def test_a_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "reports" / "web.html"
    answer = Whole(body=encode_recording(recording_of_a_roll()))
    status, output, _ = asked("web", "--html", str(page), answer=answer)
    assert status == 0
    assert output.startswith(f"{page} explains ecs-svc/")
    assert page.read_text("utf-8").lower().startswith("<!doctype html>")


REFUSAL = {"message": "web has no deployment ecs-svc/9."}
NONE = Whole(body=json.dumps(REFUSAL).encode(), status=400)


@pytest.mark.parametrize(
    ("arguments", "answer", "status", "said"),
    [
        pytest.param(("web", "ecs-svc/9"), NONE, 1, "web has no deployment ecs-svc/9.", id="no such deployment"),
        pytest.param(("api",), NONE, 1, "There is no service api; there are web (demo).", id="no such service"),
        pytest.param(("web",), Whole(body=b"hello"), 1, "The server's answer is no recording", id="no recording"),
        pytest.param(("missing.slipway.gz",), None, 1, "There is no file missing.slipway.gz.", id="no such file"),
        pytest.param((os.devnull,), None, 1, f"{os.devnull} is", id="an empty file"),
        pytest.param((__file__,), None, 1, "is no recording of Slipway", id="another kind of file"),
        pytest.param((__file__, "ecs-svc/9"), None, 2, "holds one deployment: leave out ecs-svc/9", id="file and name"),
    ],
)
def test_refusals(arguments: tuple[str, ...], answer: Any, status: int, said: str) -> None:
    returned, output, errors = asked(*arguments, answer=answer)
    assert (returned, output) == (status, "")
    assert said in errors
    assert "Traceback" not in errors
