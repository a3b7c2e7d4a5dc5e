"""`slipway advise`: of a rollout that is described, and of a service of a server."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from slipway.api.introspection_fork import gather_fork
from slipway.cli.advise_chart import legend, trade_chart
from slipway.cli.failure import UsageError
from slipway.cli.main import app
from slipway.core.answers.wait import Sight
from slipway.core.monitoring.longest_request import LongestRequest
from slipway.foresight.trade import TradePoint, with_front
from tests.cli.scripted_server import Whole, scripted_server
from tests.cli.test_answers import begun
from tests.foresight.default_service import DefaultService

OVERVIEW = {"clusters": [{"name": "default", "services": [{"name": "web"}], "tasks": []}], "hosts": [], "at": 0}
PATH = "/slipway/v1/clusters/default/services/web/fork"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["advise", *arguments])


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def saved(advice: Any) -> dict[str, float]:
    return {one["name"]: one["saved_s"] for one in advice["singles"] if one["is_harmless"]}


def test_the_three_levers_of_the_default_settings() -> None:
    """Six tasks, room for eight, all else as AWS has it: 24 minutes, and 51 seconds without the three."""
    text = run("--room", "8").output
    for line in (
        "Drain, health checks and stop: a deployment takes 51 s instead of 24 m; no capacity is given up for it.",
        "drain  saves 14 m 45 s: 9 m 15 s in all",
        "health checks  saves 7 m: 17 m in all",
        "stop  saves 1 m 24 s: 22 m 36 s in all",
        "minimum healthy  saves 10 m 30 s: 13 m 30 s in all",
        "  risk  only 3 of 6 tasks serve during a roll: 50 % of capacity",
        "The best two together: drain and health checks  saves 21 m 45 s: 2 m 15 s in all",
        "      deregistration_delay = 5",
        "    aws elbv2 modify-target-group --target-group-arn TARGET_GROUP_ARN --health-check-interval-seconds 5 "
        "--healthy-threshold-count 2 --health-check-timeout-seconds 4",
        "         51 s  100 %    2 beside  2 checks, 5 s apart, drain 5 s, stop 2 s",
    ):
        assert line.strip() in [one.strip() for one in text.splitlines()], text


def test_for_programs() -> None:
    advice = answer("--room", "8")
    assert (advice["duration_s"], advice["is_worth_changing"]) == (1440, True)
    assert saved(advice) == {"drain": 885, "health checks": 420, "stop": 84}
    assert advice["together"]["outcome"]["duration_s"] == 51
    [today] = [one for one in advice["trade"] if one["is_today"]]
    assert (today["duration_s"], today["extra_room"], today["is_front"]) == (1440, 2, False)


def test_a_rollout_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "web.toml"
    file.write_text("room = 8\nconnection_age = '8s'\n")
    advice = answer("--rollout", str(file), "--longest-request", "8s")
    assert saved(advice) == {"health checks": 420, "stop": 42}
    assert advice["notes"][0] == (
        "The longest request takes 8 s: the drain stays at or above 8 s, the stop timeout stays at or above 16 s."
    )


def test_nothing_worth_changing() -> None:
    tuned = ("--health-interval", "5", "--healthy-threshold", "2", "--health-timeout", "2", "--exit", "0.1")
    text = run("--room", "12", *tuned, "--deregistration-delay", "5").output
    assert "Nothing is worth changing: a deployment takes 15 s, and no setting saves 5% of it and 1 s." in text


def test_a_page(tmp_path: Path) -> None:
    page = tmp_path / "pages" / "advice.html"
    assert run("--room", "8", "--html", str(page)).exit_code == 0
    assert "Drain, health checks and stop" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param([], "Name a SERVICE, or describe a rollout", id="neither"),
        pytest.param(["web", "--room", "8"], "web is asked of the server: leave out what describes", id="both"),
        pytest.param(["web", "--longest-request", "8"], "web is asked of the server", id="what the server knows"),
        pytest.param(["--longest-request", "soon"], "--longest-request is 'soon'; it takes", id="no duration"),
        pytest.param(["--room", "3"], "--room gives room for 3 tasks, and --desired is 6", id="no rollout"),
    ],
)
def test_refused(arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert sentence in str(result.exception)


# Of a server


def fork(live: DefaultService) -> bytes:
    """What a server answers that has the service, and saw a request of 8.2 s."""
    seen = LongestRequest(target_group_arn=live.group_arn, seconds=8.2, at=1_700_000_000.0, since=0.0, count=9)
    sight = Sight(now=live.world.clock.now(), longest_request=lambda arn: seen)
    told = gather_fork(
        live.snapshot,
        live.world.service("web"),
        sight,
        arns=live.world.arns,
        sequence=live.world.store.load()[1],
        definition=None,
    )
    return b"".join(told.pieces())


def test_of_a_service() -> None:
    """Its own names are in the lines, and no drain is advised that cuts off a request which was seen."""
    live = DefaultService()
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PATH: Whole(body=fork(live))}) as port:
        command: subprocess.Popen[str] = begun(port, "advise", "web", "--json")
        output, errors = command.communicate(timeout=60)
    assert (command.returncode, errors) == (0, "")
    advice = json.loads(output)
    assert saved(advice) == {"drain": 3 * (300 - 9), "health checks": 420, "stop": 3 * (30 - 17)}
    assert advice["notes"][0].startswith("Longest request seen, at 2023-11-14 22:13 UTC: 8.2 s: the drain stays at or")
    [line] = advice["singles"][0]["aws"]
    assert line.endswith(
        f"--target-group-arn {live.group_arn} --attributes Key=deregistration_delay.timeout_seconds,Value=9"
    )


def test_of_a_server_of_another_version() -> None:
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PATH: {"facts": 3}}) as port:
        command = begun(port, "advise", "web")
        output, errors = command.communicate(timeout=60)
    assert (command.returncode, output) == (1, "")
    assert errors.startswith("slipway: The server is of another version")


# The chart


def points() -> tuple[TradePoint, ...]:
    return with_front(
        TradePoint(
            label=label, duration_s=seconds, lowest_healthy_percent=share, extra_room=2, is_today=label == "today"
        )
        for label, seconds, share in (("today", 1000.0, 100.0), ("quick", 10.0, 100.0), ("thin", 10.0, 0.0))
    )


@pytest.mark.parametrize(
    ("encoding", "today", "front", "other", "axis"),
    [
        pytest.param("utf-8", "●", "◆", "·", "│", id="as they are"),
        pytest.param("ascii", "T", "*", ".", "|", id="without them"),
    ],
)
def test_the_chart(encoding: str, today: str, front: str, other: str, axis: str) -> None:
    lines = list(trade_chart(points(), width=50, encoding=encoding))
    assert lines[0] == f" 100 % {axis}{front}{' ' * 39}{today}"
    assert lines[10] == f"   0 % {axis}{other}"
    assert lines[-1].split() == ["0:10", "16:40"]
    assert max(map(len, lines)) <= 50
    assert legend(points(), encoding).startswith(f"{today} today   {front} no other")
