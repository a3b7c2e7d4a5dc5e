"""What the colours of a timeline mean, below it: as a list of a page, and within a drawing that stands alone."""

from collections.abc import Iterator, Sequence

from slipway.foresight.pages import svg
from slipway.foresight.pages.course import State
from slipway.foresight.pages.frame import Frame, hatch
from slipway.foresight.pages.kinds import HATCHED, state_colour, style_of
from slipway.foresight.pages.roll import Roll

#: Pixels of a line of the drawn legend, of a letter, and of a swatch with the room around it.
LINE, LETTER, SWATCH = 20.0, 6.3, 34.0


def legend(rolls: Sequence[Roll]) -> Iterator[str]:
    """The colours that occur, and the lines, as a list in HTML."""
    yield '<ul class="legend">'
    for colour, words in _entries(rolls):
        yield f'<li><i class="{style_of(colour)}"></i>{words}</li>'
    yield '<li><i class="line"></i>critical path</li><li><i class="line dashed"></i>desired</li>'
    if any(roll.minimum != roll.desired for roll in rolls):
        yield '<li><i class="line dotted"></i>least healthy</li>'
    yield "</ul>"


def drawn_legend(roll: Roll, frame: Frame, *, top: float) -> tuple[list[str], float]:
    """The colours that occur, and the critical path, in SVG below `top`; and how high that is."""
    parts: list[str] = []
    x, y = 4.0, top
    for colour, words in (*_entries((roll,)), ("", "critical path")):
        width = SWATCH + LETTER * len(words)
        if x > frame.width - width:
            x, y = 4.0, y + LINE
        if colour:
            parts.append(svg.rect(x, y, 11, 11, style=colour))
        else:
            parts.append(svg.line([(x - 4, y + 6), (x + 11, y + 6)], style="path"))
        if colour in HATCHED:
            parts.append(svg.element("rect", x=x, y=y, width=11, height=11, fill=f"url(#{hatch(frame)})"))
        parts.append(svg.words(x + 17, y + 10, words, style="quiet"))
        x += width
    return parts, y + LINE - top


def _entries(rolls: Sequence[Roll]) -> list[tuple[str, str]]:
    """The colours that occur with their words, in the order in which tasks come to them."""
    order = list(State)
    seen = {(one.state, course.is_old) for roll in rolls for course in roll.courses for one in course.stretches}
    ordered = sorted(seen, key=lambda one: (order.index(one[0]), not one[1]))
    return list(dict.fromkeys((state_colour(state, is_old=is_old), _words(state, is_old)) for state, is_old in ordered))


def _words(state: State, is_old: bool) -> str:
    if state is not State.HEALTHY:
        return state.value
    return f"{'old' if is_old else 'new'}, {state.value}"
