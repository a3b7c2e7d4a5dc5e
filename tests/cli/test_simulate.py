"""`slipway simulate`: its flags, its answers, and the gate of --max-duration."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from slipway.cli.failure import CliError, UsageError
from slipway.cli.forecast_text import comparison_text, forecast_text
from slipway.cli.main import app
from slipway.documentation.command_list import options
from slipway.foresight.forecast import Forecast
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "foresight"
SHORT = ("--health-interval", "5", "--healthy-threshold", "2", "--deregistration-delay", "5s", "--exit", "2s")


def run(*arguments: str) -> Result:
    """The command, with six tasks, room for eight, and no ways back."""
    return CliRunner().invoke(app, ["simulate", "--room", "8", "--no-ways-back", *arguments])


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_flags_are_the_settings() -> None:
    flags = {flag for option in options("simulate") for flag in option.flags}
    assert {f"--{item.name.replace('_', '-')}" for item in fields(Rollout)} <= flags


def test_flags_reach_the_rollout() -> None:
    assert answer(*SHORT, "--no-circuit-breaker", "--seed", "7")["rollout"] == answer(*SHORT)["rollout"] | {"seed": "7"}


@pytest.mark.parametrize(
    ("name", "sequential", "overlapping"),
    [
        ("defaults", (1440, [2, -2, 2, -2, 2, -2]), (1440, [2, -2, 2, -2, 2, -2])),
        ("half-healthy", (960, [-3, 5, -3, 1]), (810, [-3, 2, -2, 3, -1, 1])),
        ("more-room", (810, [-3, 6, -3]), (480, [-3, 4, -3, 2])),
        ("tuned", (51, [2, -2, 2, -2, 2, -2]), (51, [2, -2, 2, -2, 2, -2])),
    ],
)
def test_the_worked_example_by_command(
    name: str, sequential: tuple[float, list[int]], overlapping: tuple[float, list[int]]
) -> None:
    result = CliRunner().invoke(
        app, ["simulate", str(EXAMPLES / f"{name}.toml"), "--compare", "--no-ways-back", "--json"]
    )
    both = json.loads(result.stdout)
    assert (both["duration_s"], signed(both)) == overlapping
    assert (both["sequential"]["duration_s"], signed(both["sequential"])) == sequential
    alone = CliRunner().invoke(app, ["simulate", "--rollout", str(EXAMPLES / f"{name}.toml"), "--json"])
    assert json.loads(alone.stdout)["duration_s"] == sequential[0]


def signed(forecast: Any) -> list[int]:
    return [row["count"] if row["kind"] == "START" else -row["count"] for row in forecast["rounds"]]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        pytest.param(("--max-duration", "24m"), 0, "", id="within"),
        pytest.param(
            ("--max-duration", "10m"), 3, "The roll takes 1440 s, and --max-duration is 600 s.", id="takes longer"
        ),
        pytest.param(("--maximum-percent", "100"), 0, "", id="never ends, and nobody minds"),
        pytest.param(
            ("--maximum-percent", "100", "--max-duration", "10m"), 3, "The roll has not ended:", id="never ends"
        ),
    ],
)
def test_the_gate(arguments: tuple[str, ...], status: int, told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == status
    assert told in result.stderr


def test_a_roll_that_fails_does_not_pass_the_gate() -> None:
    bad = (*SHORT, "--never-healthy", "--circuit-breaker")
    assert run(*bad).exit_code == 0
    failed = run(*bad, "--max-duration", "1h")
    assert isinstance(failed.exception, CliError)
    assert "The roll ends ROLLBACK_SUCCESSFUL: " in str(failed.exception)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--max-duration", "soon"), "--max-duration is 'soon'; it takes seconds, as 90, 90s or 1m30s."),
        (("--exit", "maybe"), "--exit is 'maybe'; it takes seconds, as 90, 90s or 1m30s, or ignores."),
        (("--desired", "9"), "--room gives room for 8 tasks, and --desired is 9"),
        (("a.toml", "--rollout", "b.toml"), "A rollout file was given twice, by name and by --rollout: give one."),
        (("nowhere.toml",), "The rollout file nowhere.toml cannot be read: No such file or directory."),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    refused = run(*arguments).exception
    assert isinstance(refused, UsageError)
    assert sentence in str(refused)


def test_pages_are_written(tmp_path: Path) -> None:
    html, svg = tmp_path / "new" / "roll.html", tmp_path / "roll.svg"
    assert run("--html", str(html), "--svg", str(svg)).exit_code == 0
    assert "24 m" in html.read_text("utf-8")
    assert svg.read_text("utf-8").startswith("<svg")


def test_a_narrow_screen_loses_bars_and_no_digit() -> None:
    shown = told(simulate(Rollout(desired=6, room=7)), width=40)
    assert "…" not in shown
    assert "1,800.0 s" in shown
    assert max(map(len, shown.splitlines())) <= 40


@pytest.mark.parametrize("width", [40, 80])
def test_a_terminal_without_blocks_is_shown_none(width: int) -> None:
    told(simulate(Rollout(room=8), ways_back=False), width=width, encoding="ascii").encode("ascii")


def test_a_roll_without_an_end_has_no_total_time() -> None:
    shown = despaced(told(simulate(Rollout(room=6)), width=80))
    assert "total time          no end (looked ahead for 30 s)\n" in shown
    assert "longest way back    none: the roll does not end\n" in shown


def test_the_longest_of_some_ways_back_is_told_as_that() -> None:
    forecast = simulate(Rollout(room=8))
    assert "longest way back    29 m 30 s\n" in despaced(told(forecast, width=80))
    some = replace(forecast, ways_back=forecast.ways_back[-2:])
    assert "longest way back    29 m 30 s (of 2 of 6 rounds)\n" in despaced(told(some, width=80))


def despaced(text: str) -> str:
    """Without spaces at the ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def told(forecast: Forecast, *, width: int, encoding: str = "utf-8") -> str:
    """What a screen of that width shows of it."""
    screen = Console(width=width, file=None, force_terminal=False)
    with screen.capture() as shown:
        for part in (
            *forecast_text(forecast, title="a roll", width=width, encoding=encoding),
            *comparison_text(forecast, forecast, width=width),
        ):
            screen.print(part)
    return shown.get()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("desired", [6, 40])
def test_text_fits_its_width(width: int, desired: int) -> None:
    rollout = Rollout(desired=desired, room=desired + 1)
    forecast = simulate(rollout, ways_back=desired == 6)
    shown = told(forecast, width=width)
    assert max(map(len, shown.splitlines())) <= width
    assert "health wait" in shown
    if desired == 40:
        assert "more" in shown
