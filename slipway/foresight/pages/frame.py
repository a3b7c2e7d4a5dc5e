"""The frame of a drawing over time: its measures, and where an instant is in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from slipway.foresight.pages import svg
from slipway.foresight.pages.clock import axis_text, marks_of

#: Pixels that the label of a time takes, with room around it.
CLEAR = 52.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Measures in pixels. Time runs from `left` to `width - right`."""

    width: float
    left: float
    right: float
    lanes: int  # most rows of tasks
    row: float  # height of a row, with its gap
    counts: float  # height of the chart of counts
    seconds: float  # that the width stands for
    name: str  # names of patterns begin with it: a page may hold several drawings

    def x(self, at_s: float) -> float:
        """Where that instant is."""
        room = self.width - self.left - self.right
        return self.left + room * min(max(at_s / self.seconds, 0.0), 1.0) if self.seconds else self.left

    def marks(self) -> tuple[float, ...]:
        """The instants that the axis marks."""
        return marks_of(self.seconds, most=max(int((self.width - self.left - self.right) / 75), 2))


def wide(seconds: float, *, name: str = "wide") -> Frame:
    """For a window, and for a drawing that stands alone."""
    return Frame(width=960, left=132, right=24, lanes=40, row=22, counts=150, seconds=seconds, name=name)


def narrow(seconds: float, *, name: str = "narrow") -> Frame:
    """For a telephone, and for two side by side."""
    return Frame(width=420, left=92, right=16, lanes=24, row=22, counts=120, seconds=seconds, name=name)


def axis(frame: Frame, *, top: float, bottom: float, end_s: float) -> Iterator[str]:
    """Lines at round instants from `top` to `bottom`, their times below, and the end of what is drawn."""
    end = frame.x(end_s)
    for at_s in frame.marks():
        x = frame.x(at_s)
        yield svg.line([(x, top), (x, bottom)], style="grid")
        if abs(end - x) > CLEAR or at_s == 0:
            yield svg.words(x, bottom + 16, axis_text(at_s, of=end_s), style="quiet middle")
    yield svg.line([(end, top), (end, bottom)], style="grid")
    yield svg.words(min(end, frame.width - CLEAR / 2), bottom + 16, axis_text(end_s, of=end_s), style="middle head")


def hatching(frame: Frame) -> str:
    """The pattern of what is sick or leaves."""
    stripe = svg.element("path", d="M0 0V6", class_="hatching")
    pattern = svg.element(
        "pattern",
        stripe,
        id=hatch(frame),
        width="6",
        height="6",
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    return svg.element("defs", pattern)


def hatch(frame: Frame) -> str:
    """The name of that pattern in this drawing."""
    return f"{frame.name}-hatch"
