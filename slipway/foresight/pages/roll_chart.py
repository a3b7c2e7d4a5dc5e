"""A roll as a chart of characters: time runs across, tasks are stacked by what they count as.

Each kind has a character of its own, so that the chart reads without colour too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from rich.text import Text

from slipway.core.model.deployments import RoundKind
from slipway.foresight.forecast import Forecast
from slipway.foresight.pages.clock import axis_text, marks_of
from slipway.foresight.pages.course import Band, band_counts, courses_of

#: Lines of the stack; with more tasks, a line stands for several.
LINES_MOST = 16
NARROWEST = 40
#: Columns that the label of a time takes, with a gap.
MARK_WIDTH = 9

_COLOURS = {
    Band.OLD: "blue",
    Band.NEW: "green",
    Band.RISING: "yellow",
    Band.SICK: "red",
    Band.LEAVING: "magenta",
}


_ROUNDS = {"start": (RoundKind.START, "green"), "stop": (RoundKind.STOP, "magenta")}
_GAP = "   "


@dataclass(frozen=True, slots=True, kw_only=True)
class _Glyphs:
    """The characters of a chart."""

    bands: dict[Band, str]
    level: str  # where nothing is, at the desired and the least healthy count
    side: str
    corner: str
    floor: str
    tick: str
    mark: str  # a round for whose count there is no room
    minus: str


_BLOCKS = _Glyphs(
    bands={Band.OLD: "▓", Band.NEW: "█", Band.RISING: "▒", Band.SICK: "!", Band.LEAVING: "░"},
    level="╌",
    side="┤",
    corner="└",
    floor="─",
    tick="┴",
    mark="▾",
    minus="−",
)
_ASCII = _Glyphs(
    bands={Band.OLD: "o", Band.NEW: "#", Band.RISING: "+", Band.SICK: "!", Band.LEAVING: "."},
    level="-",
    side="|",
    corner="+",
    floor="-",
    tick="+",
    mark="v",
    minus="-",
)


def roll_chart(forecast: Forecast, *, width: int, encoding: str = "utf-8") -> list[Text]:
    """The lines of the chart, each at most `width` columns (at least 40 are taken): rounds, stack, axis, legend.

    `encoding`: what the terminal writes; where it has no blocks, ASCII is drawn.
    """
    glyphs = _glyphs(encoding)
    minimum = least_healthy(forecast)
    levels = _levels(forecast, minimum)
    margin = max(len(label) for label in (*levels.values(), *_ROUNDS)) + 1
    columns = max(width, NARROWEST) - margin - 1
    counts = _counts(forecast, columns)
    lines = [*_rounds(forecast, columns, glyphs, margin=margin)]
    lines += _stack(forecast, counts, glyphs, levels=levels, margin=margin)
    lines += _axis(forecast, columns, glyphs, margin=margin)
    return [*lines, *_legend(forecast, counts, max(width, NARROWEST), glyphs)]


def least_healthy(forecast: Forecast) -> int:
    """The healthy tasks that minimumHealthyPercent asks for, as it was at the end."""
    return ceil(forecast.desired * forecast.chronicle.service.minimum_healthy_percent / 100)


def _glyphs(encoding: str) -> _Glyphs:
    try:
        "".join((*_BLOCKS.bands.values(), "╌┤└─┴▾−")).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _BLOCKS


# The stack


def _tasks_a_line(forecast: Forecast) -> float:
    """The desired count ends with a line, so that one task more than it is seen."""
    desired, peak = forecast.desired, forecast.peak_tasks
    if peak <= LINES_MOST or not desired:
        return max(peak / LINES_MOST, 1.0)
    return desired / max(LINES_MOST * desired // peak, 1)


def _line_of(forecast: Forecast, count: int) -> int:
    """The line that the task of this number stands on, counted from 0 at the bottom."""
    return ceil(count / _tasks_a_line(forecast) - 1e-9) - 1


def _levels(forecast: Forecast, minimum: int) -> dict[int, str]:
    """The labels of the lines, by line."""
    levels = {_line_of(forecast, forecast.peak_tasks): f"peak {forecast.peak_tasks:,}"}
    levels[_line_of(forecast, forecast.desired)] = f"desired {forecast.desired:,}"
    if minimum and _line_of(forecast, minimum) not in levels:
        levels[_line_of(forecast, minimum)] = f"minimum {minimum:,}"
    elif minimum == forecast.desired and _line_of(forecast, minimum):
        levels[_line_of(forecast, minimum) - 1] = "= minimum"
    return levels


def _counts(forecast: Forecast, columns: int) -> dict[Band, list[int]]:
    """How many tasks of each band there are in the middle of each column."""
    middles = [forecast.duration_s * (column + 0.5) / columns for column in range(columns)]
    return band_counts(courses_of(forecast.chronicle, seconds=forecast.duration_s), middles)


def _stack(
    forecast: Forecast, counts: dict[Band, list[int]], glyphs: _Glyphs, *, levels: dict[int, str], margin: int
) -> Iterator[Text]:
    top, each = max(levels), _tasks_a_line(forecast)
    for line in range(top, -1, -1):
        label = levels.get(line, "")
        text = Text().append(f"{label:>{margin - 1}} ", style="dim").append(glyphs.side, style="dim")
        number = line * each + min(each, max(forecast.peak_tasks - line * each, 1)) / 2
        has_level = label.startswith(("desired", "minimum"))
        for column in range(len(counts[Band.OLD])):
            band = _band_at(counts, column, number)
            if band is None:
                text.append(glyphs.level if has_level else " ", style="dim")
            else:
                text.append(glyphs.bands[band], style=_COLOURS[band])
        yield text


def _band_at(counts: dict[Band, list[int]], column: int, number: float) -> Band | None:
    """Which band the task of this number is in, counted from the bottom; None: there are fewer."""
    reached = 0
    for band in Band:
        reached += counts[band][column]
        if number < reached:
            return band
    return None


# Around it


def _rounds(forecast: Forecast, columns: int, glyphs: _Glyphs, *, margin: int) -> Iterator[Text]:
    """A line of the rounds that start tasks and one of those that stop some, each where it begins."""
    for name, (kind, style) in _ROUNDS.items():
        sign = "+" if kind is RoundKind.START else glyphs.minus
        places = [
            (_column(row.start_s, forecast, columns), f"{sign}{row.count:,}")
            for row in forecast.rounds
            if row.kind is kind
        ]
        if places:
            label = Text(f"{name:>{margin - 1}}  ", style="dim")
            yield label.append(_placed(places, columns, mark=glyphs.mark), style=style)


def _column(at_s: float, forecast: Forecast, columns: int) -> int:
    if not forecast.duration_s:
        return 0
    return min(int(columns * at_s / forecast.duration_s), columns - 1)


def _placed(places: Sequence[tuple[int, str]], columns: int, *, mark: str) -> str:
    """The words at their columns; a mark where a word would meet the one before, nothing where that would too."""
    line = ""
    for place, word in places:
        column = max(min(place, columns - len(word)), 0)
        if not line or column > len(line):
            line = line.ljust(column) + word
        elif place > len(line):
            line = line.ljust(place) + mark
    return line


def _axis(forecast: Forecast, columns: int, glyphs: _Glyphs, *, margin: int) -> Iterator[Text]:
    """The time, with round instants marked, and the end."""
    marks = marks_of(forecast.duration_s, most=max(columns // MARK_WIDTH, 1))
    places = [(_column(at_s, forecast, columns), axis_text(at_s, of=forecast.duration_s)) for at_s in marks]
    end = (columns - 1, axis_text(forecast.duration_s, of=forecast.duration_s))
    places = [(column, word) for column, word in places if column + MARK_WIDTH < columns - len(end[1])] + [end]
    floor_line = [glyphs.floor] * columns
    for column, _ in places:
        floor_line[column] = glyphs.tick
    yield Text(" " * margin + glyphs.corner + "".join(floor_line), style="dim")
    yield Text(" " * (margin + 1) + _placed(places, columns, mark=""), style="dim")


def _legend(forecast: Forecast, counts: dict[Band, list[int]], width: int, glyphs: _Glyphs) -> list[Text]:
    """What the characters of this chart mean, in as many lines as they take."""
    lines = [Text()]
    for band in (band for band in Band if any(counts[band])):
        entry = Text.assemble((glyphs.bands[band] * 2, _COLOURS[band]), f" {band.value}")
        if lines[-1] and len(lines[-1]) + len(_GAP) + len(entry) > width:
            lines.append(Text())
        lines[-1].append(_GAP if lines[-1] else "").append_text(entry)
    if several := _several(forecast):
        lines.append(Text(several, style="dim"))
    return lines


def _several(forecast: Forecast) -> str:
    tasks = _tasks_a_line(forecast)
    return f"a line stands for {tasks:,.4g} tasks" if tasks > 1 else ""
