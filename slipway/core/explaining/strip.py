"""A strip: one stretch of time, cut into segments that touch each other."""

from collections.abc import Iterable

from slipway.core.explaining.segment import Segment, SegmentKind, Setting
from slipway.core.records import replace


class Strip:
    """Cuts the time from `from_at` to `to_at` (epoch seconds) of one task, or of none, into segments, oldest first."""

    def __init__(self, from_at: float, to_at: float, *, task_arn: str | None = None) -> None:
        self.to_at = to_at
        self._cut_at = from_at
        self._task_arn = task_arn
        self._segments: list[Segment] = []

    @property
    def cut_at(self) -> float:
        """To where it is cut, epoch seconds."""
        return self._cut_at

    @property
    def is_full(self) -> bool:
        """Whether there is no time left to cut."""
        return self._cut_at >= self.to_at

    def cut(self, kind: SegmentKind, until: float | None, sentence: str, settings: tuple[Setting, ...] = ()) -> None:
        """All that is left before `until` is of this kind; None: all that is left. An instant that is past cuts
        nothing: clocks of hosts and of the server differ, and what is committed last was told last."""
        end = self.to_at if until is None else min(until, self.to_at)
        if end <= self._cut_at:
            return
        self._segments.append(
            Segment(
                kind=kind,
                from_at=self._cut_at,
                to_at=end,
                sentence=sentence,
                task_arn=self._task_arn,
                settings=settings,
            )
        )
        self._cut_at = end

    def segments(self) -> tuple[Segment, ...]:
        """The segments, oldest first. The strip must be full."""
        assert self.is_full, f"{self.to_at - self._cut_at} s are nobody's"
        return merged(self._segments)


def merged(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Neighbours of one kind and task as one, told as the longer of them is."""
    found: list[Segment] = []
    for one in segments:
        last = found[-1] if found else None
        if last is not None and (last.kind, last.task_arn) == (one.kind, one.task_arn):
            told = last if last.seconds >= one.seconds else one
            settings = tuple(dict.fromkeys((*told.settings, *last.settings, *one.settings)))
            found[-1] = replace(told, from_at=last.from_at, to_at=one.to_at, settings=settings)
        else:
            found.append(one)
    return tuple(found)
