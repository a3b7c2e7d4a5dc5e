"""The chart of a roll for the terminal, against its transcripts."""

from pathlib import Path

import pytest

from slipway.core.model.deployments import RoundKind
from slipway.foresight.pages.clock import axis_text, clock_text, duration_text, marks_of
from slipway.foresight.pages.roll_chart import roll_chart
from tests.foresight.paged import ROLLOUTS, forecast

TRANSCRIPTS = Path(__file__).parent / "transcripts"


def lines(name: str, width: int, encoding: str = "utf-8") -> list[str]:
    return [line.plain for line in roll_chart(forecast(name), width=width, encoding=encoding)]


@pytest.mark.parametrize("name", ROLLOUTS)
@pytest.mark.parametrize("width", [60, 100])
def test_chart(name: str, width: int, rewrite: bool) -> None:
    drawn = "".join(f"{line.rstrip()}\n" for line in lines(name, width))
    file = TRANSCRIPTS / f"roll-{name}-{width}.txt"
    if rewrite:
        file.write_text(drawn)
    assert drawn == file.read_text()


@pytest.mark.parametrize("name", ROLLOUTS)
@pytest.mark.parametrize("width", [40, 60, 77, 120, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "no-such-encoding"])
def test_chart_fits_its_terminal(name: str, width: int, encoding: str) -> None:
    drawn = lines(name, width, encoding)
    assert max(map(len, drawn)) <= width
    if encoding != "utf-8":
        assert all(line.isascii() for line in drawn)


def test_a_chart_reads_without_colour() -> None:
    """Each kind of task has a character of its own, which its legend tells."""
    drawn = lines("overlapping", 100)
    assert {"▓▓ old, healthy", "██ new, healthy", "▒▒ starting or not healthy yet", "░░ draining or stopping"} <= set(
        "   ".join(drawn[-2:]).split("   ")
    )


def test_rounds_stand_where_they_begin() -> None:
    told = forecast("one_after_another")
    drawn = lines("one_after_another", 100)
    starts = [line for line in drawn if line.lstrip().startswith("start ")]
    margin = len("desired 6 ┤")
    columns = 100 - margin
    begins = [int(columns * row.start_s / told.duration_s) for row in told.rounds if row.kind is RoundKind.START]
    assert [index - margin for index, letter in enumerate(starts[0]) if letter == "+"] == begins


@pytest.mark.parametrize(
    ("seconds", "duration", "clock", "axis"),
    [
        (0, "0 s", "0:00", "0:00"),
        (0.0142, "0.014 s", "0:00.014", "0:00"),
        (7.46, "7.5 s", "0:07.5", "0:07"),
        (9.97, "10 s", "0:10", "0:10"),
        (59.7, "1 m", "0:59.7", "1:00"),
        (810, "13 m 30 s", "13:30", "13:30"),
        (3600, "1 h", "1:00:00", "1:00:00"),
        (3723.4, "1 h 2 m 3 s", "1:02:03", "1:02:03"),
        (float("inf"), "never", None, None),
    ],
)
def test_times_are_written(seconds: float, duration: str, clock: str | None, axis: str | None) -> None:
    assert duration_text(seconds) == duration
    if clock is not None:
        assert clock_text(seconds) == clock
        assert axis_text(seconds, of=3600) == axis


def test_a_short_axis_has_fractions() -> None:
    assert [axis_text(at_s, of=2.5) for at_s in (0, 0.5, 2.5)] == ["0 s", "0.5 s", "2.5 s"]


@pytest.mark.parametrize("seconds", [0.004, 0.3, 3, 59, 810, 5_000, 100_000, 5_000_000])
@pytest.mark.parametrize("most", [2, 5, 10])
def test_an_axis_has_round_marks_within_it(seconds: float, most: int) -> None:
    marks = marks_of(seconds, most=most)
    assert marks[0] == 0
    assert marks[-1] <= seconds
    assert len(marks) <= most + 1
    assert len(marks) >= 2 or seconds < 0.01, "something to measure by"
