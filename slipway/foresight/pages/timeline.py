"""The timeline of a roll in SVG: rounds above, a row a task, the critical path through them, counts below."""

from collections.abc import Iterator

from slipway.core.model.deployments import RoundKind
from slipway.foresight.pages import svg
from slipway.foresight.pages.clock import clock_text, duration_text
from slipway.foresight.pages.counts_chart import counts_chart
from slipway.foresight.pages.course import Course
from slipway.foresight.pages.frame import Frame, axis, hatch, hatching, wide
from slipway.foresight.pages.kinds import HATCHED, state_colour
from slipway.foresight.pages.lanes import Lane, lanes_of
from slipway.foresight.pages.legend import drawn_legend
from slipway.foresight.pages.path_line import path_line
from slipway.foresight.pages.roll import Roll
from slipway.foresight.pages.style import DRAWING, PALETTE

#: Height of the rounds' line, of a heading of rows, and of the axis, pixels.
ROUNDS, HEADING, AXIS = 40.0, 26.0, 26.0
#: Width of a letter within a bar, pixels, with a little room.
LETTER = 5.9
#: Rounds that a line leads down from each; of more it would hide the rows.
ROUNDS_LED = 40


def roll_svg(roll: Roll, *, name: str) -> str:
    """A drawing that stands alone, in light and dark, as `--svg FILE` writes it."""
    return timeline(roll, wide(roll.seconds), name=name, style=PALETTE + DRAWING) + "\n"


def timeline(roll: Roll, frame: Frame, *, name: str, style: str | None = None) -> str:
    """The whole drawing; `name` is its title. `style`: as `svg.drawing` takes it."""
    lanes = lanes_of(roll.courses, seconds=roll.seconds, most=frame.lanes)
    places, bottom = _places(lanes, frame)
    charted = bottom + HEADING
    end = charted + frame.counts
    parts = [
        hatching(frame),
        *axis(frame, top=ROUNDS, bottom=end, end_s=roll.seconds),
        *_rounds(roll, frame, bottom=end),
        *_lanes(lanes, places, frame),
        *path_line(roll.ledger, frame, _path_rows(lanes, places, frame), began_at=roll.began_at, free_y=ROUNDS + 12),
        svg.words(4, charted - 9, "all tasks", style="head"),
        *counts_chart(roll, frame, top=charted),
    ]
    legend, height = drawn_legend(roll, frame, top=end + AXIS + 8) if style is not None else ([], 0.0)
    return svg.drawing(
        [*parts, *legend],
        width=frame.width,
        height=end + AXIS + (height and height + 8),
        name=name,
        about=_about(roll) + ("" if style is not None else " The tables below tell the same."),
        style=style,
    )


def _about(roll: Roll) -> str:
    old = sum(course.is_old for course in roll.courses)
    return (
        f"{old:,} old and {len(roll.courses) - old:,} new tasks over {duration_text(roll.seconds)} in "
        f"{len(roll.rounds):,} rounds; at most {roll.peak:,} at once, {roll.desired:,} desired, at least "
        f"{roll.minimum:,} healthy."
    )


# Rounds


def _rounds(roll: Roll, frame: Frame, *, bottom: float) -> Iterator[str]:
    """A mark for each round, the starts above the stops, with its count where there is room for it."""
    for kind, y, sign, label in ((RoundKind.START, 14.0, "+", "start"), (RoundKind.STOP, 30.0, "−", "stop")):
        reached = 0.0
        seen = -1.0
        yield svg.words(frame.left - 8, y, label, style="right quiet")
        for row in (row for row in roll.rounds if row.kind is kind):
            x = frame.x(row.start_s)
            if x - seen < 0.5:
                continue
            seen = x
            if len(roll.rounds) <= ROUNDS_LED:
                yield svg.line([(x, y + 3), (x, bottom)], style="round")
            told = f"{sign}{row.count:,}"
            end = f"{clock_text(row.end_s)}" if row.end_s is not None else "no end"
            tip = f"round {row.number}: {told} at {clock_text(row.start_s)} until {end}"
            if x >= reached:
                yield svg.words(x, y, told, style="head", tip=tip)
                reached = x + 7.5 * len(told) + 6


# Rows


def _places(lanes: tuple[Lane, ...], frame: Frame) -> tuple[list[float], float]:
    """The upper edge of each lane, and the lower one of the last."""
    y, places = ROUNDS + 18, []
    for index, lane in enumerate(lanes):
        if not index or lanes[index - 1].is_old is not lane.is_old:
            y += HEADING
        places.append(y)
        y += frame.row
    return places, y


def _path_rows(lanes: tuple[Lane, ...], places: list[float], frame: Frame) -> dict[str, float]:
    """Where the critical path runs for each task: along the lower edge of its bar."""
    return {arn: y + frame.row - 4 for lane, y in zip(lanes, places, strict=True) for arn in lane.task_arns}


def _lanes(lanes: tuple[Lane, ...], places: list[float], frame: Frame) -> Iterator[str]:
    for index, (lane, y) in enumerate(zip(lanes, places, strict=True)):
        if not index or lanes[index - 1].is_old is not lane.is_old:
            yield _heading(lanes, lane, y)
        if lane.course is None:
            yield svg.words(frame.left + 4, y + 12, f"and {lane.count:,} more, each in its own way", style="quiet")
            continue
        label = lane.course.name if lane.count == 1 else f"{lane.count:,} ×"
        alike = "" if lane.count == 1 else f"{lane.count:,} tasks like {lane.course.name}"
        yield svg.words(frame.left - 8, y + 12, label, style="name right", tip=alike)
        yield from _bars(lane.course, frame, y)


def _heading(lanes: tuple[Lane, ...], lane: Lane, y: float) -> str:
    count = sum(one.count for one in lanes if one.is_old is lane.is_old)
    return svg.words(4, y - 7, f"{'old' if lane.is_old else 'new'} tasks: {count:,}", style="head")


def _bars(course: Course, frame: Frame, y: float) -> Iterator[str]:
    height = frame.row - 6
    for one in course.stretches:
        x, width = frame.x(one.from_s), frame.x(one.to_s) - frame.x(one.from_s)
        colour = state_colour(one.state, is_old=course.is_old)
        took = f"{duration_text(one.to_s - one.from_s)}, {clock_text(one.from_s)} to {clock_text(one.to_s)}"
        yield svg.rect(x, y, width, height, style=colour, tip=f"{course.name}: {one.state.value}, {took}")
        if colour in HATCHED:
            yield svg.element("rect", x=x, y=y, width=max(width, 0.5), height=height, fill=f"url(#{hatch(frame)})")
        if width > LETTER * len(one.state.value) + 6:
            yield svg.words(x + 4, y + 11.5, one.state.value, style=f"on on-{colour}")
    if course.failed_s is not None:
        x = frame.x(course.failed_s)
        cross = f"M{svg.number(x - 4)} {svg.number(y + 3)}l8 10m0 -10l-8 10"
        yield svg.element("path", d=cross, class_="failed", tip=f"{course.name}: it ended by itself")
