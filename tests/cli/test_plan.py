"""`slipway plan`, and the planner that plans for `slipway deploy` while it goes on."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from slipway.cli.access import Access
from slipway.cli.planner import NoPlan, Planner, Told
from slipway.cli.resolve import ServiceName
from slipway.cli.time_left_line import TimeLeftLine, left_words
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.foresight.fork_roll import PlannedChange
from slipway.foresight.time_left import TimeLeft
from tests.cli.scripted_server import scripted_server
from tests.cli.test_answers import begun
from tests.foresight.live_service import LiveService
from tests.waiting import wait_until

NAME = ServiceName(cluster="default", service="web")
BOUND_S = 60  # on a hung process, no statement about speed


@pytest.fixture(scope="module")
def steady() -> Iterator[int]:
    """The port of a server whose service is steady."""
    with scripted_server(LiveService().answers()) as port:
        yield port


@pytest.fixture(scope="module")
def rolling() -> Iterator[int]:
    """The port of a server whose service has been rolling for half a minute."""
    live = LiveService(room=5)
    live.update(taskDefinition=live.register("web:v2"))
    live.world.run_for(31)
    with scripted_server(live.answers()) as port:
        yield port


def ran(port: int, *arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `slipway plan`."""
    process = begun(port, "plan", "web", *arguments)
    output, errors = process.communicate(timeout=BOUND_S)
    return process.returncode, output, errors


def test_the_text(steady: int) -> None:
    status, output, _ = ran(steady, "--image", "app=web:v2")
    assert status == 0
    assert output.splitlines()[:3] == [
        "Plan  web:1 to web:2: about 25 s (P90 25 s), in 2 rounds.",
        "      Never fewer than 4 of 4 healthy; 4 more tasks at once, and there is room for 6.",
        "      The way back takes 31 s at most.",
    ]
    for title in ("totals", "rounds", "roll", "where the time goes", "what it rests on"):
        assert f"\n{title}\n" in output
    assert "measured on 12 tasks" in output


def test_json(steady: int) -> None:
    status, output, _ = ran(steady, "--json", "--set", "minimumHealthyPercent=50", "--no-ways-back")
    assert status == 0
    told = json.loads(output)
    assert told["settings"] == ["minimumHealthyPercent=50"]
    assert (told["is_new"], told["revision"]) == (True, "web:1")
    assert told["p50"]["verdict"] == "SUCCESSFUL"


def test_what_is_left(rolling: int) -> None:
    _, output, _ = ran(rolling, "--json")
    told = json.loads(output)
    assert (told["is_new"], told["revision"]) == (False, "web:2")


def test_a_page(steady: int, tmp_path: Path) -> None:
    page = tmp_path / "made" / "plan.html"
    status, _, errors = ran(steady, "--html", str(page))
    assert (status, errors) == (0, "")
    assert "web: web:1 once more" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        pytest.param(("--max-duration", "10m"), 0, "", id="in time"),
        pytest.param(
            ("--max-duration", "20"),
            3,
            "slipway: The roll may take 25 s (P50); --max-duration is 20 s.\n",
            id="longer",
        ),
        pytest.param(
            ("--assume", "crashes", "--max-duration", "10m"),
            1,
            "slipway: The roll ends ROLLBACK_SUCCESSFUL (P50): Service deployment rolled back because the circuit "
            "breaker threshold was exceeded: 4 failures of 3.\n",
            id="fails",
        ),
        pytest.param(
            ("--assume", "fire"),
            2,
            "slipway: --assume is 'fire'; give crashes, never-healthy, slow.\n",
            id="another failure",
        ),
        pytest.param(
            ("--set", "stopTimeout=x"),
            2,
            "slipway: --set: stopTimeout is 'x'; give a whole number of seconds, from 0 to 86400.\n",
            id="value",
        ),
        pytest.param(
            ("--max-duration", "soon"),
            2,
            "slipway: --max-duration is 'soon'; it takes ",
            id="duration",
        ),
        pytest.param(
            ("--image", "web=x"),
            1,
            "slipway: web:1 has no container web; it has app.\n",
            id="container",
        ),
    ],
)
def test_how_it_ends(steady: int, arguments: tuple[str, ...], status: int, sentence: str) -> None:
    ended, _, errors = ran(steady, *arguments)
    assert ended == status
    assert errors.startswith(sentence)


# The planner


def planner(port: int) -> "closing[Planner]":
    access = Access(
        endpoint=f"http://127.0.0.1:{port}", region="us-east-1", access_key_id="AKIA", secret_access_key="secret"
    )
    return closing(Planner(access, NAME))


def test_a_planner_answers_what_it_is_asked_in_turn(steady: int) -> None:
    with planner(steady) as asked:
        asked.ask(PlannedChange(images={"app": "web:v2"}))
        asked.ask(PlannedChange(images={"web": "web:v2"}))
        asked.ask(None)
        told = asked.answer(within_s=BOUND_S)
        assert isinstance(told, Told)
        assert told.sentences[0] == "web:1 to web:2: about 25 s (P90 25 s), in 2 rounds."
        assert told.view["revision"] == "web:2"
        assert asked.answer(within_s=BOUND_S) == NoPlan(sentence="web:1 has no container web; it has app.")
        assert asked.answer(within_s=BOUND_S) is None, "nothing is in progress"


def test_a_question_that_takes_too_long_is_given_up(steady: int) -> None:
    """Its answer, which comes all the same, is not taken for that of the next question."""
    with planner(steady) as asked:
        asked.ask(PlannedChange(images={"app": "web:v2"}))
        assert asked.answer(within_s=0) is None
        asked.ask(PlannedChange(images={"web": "web:v2"}))
        assert asked.answer(within_s=BOUND_S) == NoPlan(sentence="web:1 has no container web; it has app.")


def test_a_planner_runs_no_file_of_the_working_directory(
    steady: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    with planner(steady) as asked:
        asked.ask(PlannedChange(images={"app": "web:v2"}))
        assert isinstance(asked.answer(within_s=BOUND_S), Told)


def test_a_planner_that_ended_has_no_plan(steady: int) -> None:
    with planner(steady) as asked:
        asked.end()
        asked.ask(None)
        assert asked.answer(within_s=BOUND_S) == NoPlan(sentence="the planner ended before it had an answer")


def test_the_line_tells_what_the_planner_answers(rolling: int) -> None:
    with planner(rolling) as asked:
        line, shown = TimeLeftLine(asked), ""

        def is_told() -> bool:
            nonlocal shown
            shown = line.of({"at": 1_000_000_000.0})
            return bool(shown)

        wait_until(is_told, timeout_s=BOUND_S, what="an estimate")
        assert shown.startswith("about ")
        assert line.way_back_s is not None


AT = 1000.0
LEFT = TimeLeft(verdict=ServiceDeploymentStatus.SUCCESSFUL, p50_at=AT + 130, p90_at=AT + 180.4, way_back_s=None)


@pytest.mark.parametrize(
    ("left", "at", "words"),
    [
        pytest.param(LEFT, AT, "about 2 m 10 s left (P90 3 m)", id="both"),
        pytest.param(LEFT, AT + 200, "about 1 s left (P90 1 s)", id="later than it was to be"),
        pytest.param(
            TimeLeft(verdict=ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL, p50_at=AT + 30, p90_at=None, way_back_s=None),
            AT,
            "about 30 s left (P90 has no end), then ROLLBACK_SUCCESSFUL",
            id="it fails",
        ),
        pytest.param(
            TimeLeft(verdict=ServiceDeploymentStatus.IN_PROGRESS, p50_at=None, p90_at=None, way_back_s=None),
            AT,
            "no end of it is in sight",
            id="no end",
        ),
    ],
)
def test_the_words_of_what_is_left(left: TimeLeft, at: float, words: str) -> None:
    assert left_words(left, at=at) == words
