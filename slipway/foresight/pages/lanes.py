"""The rows of a timeline: a task each, or all those that did the same at about the same times."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

from slipway.foresight.pages.course import Course, State

#: How finely times are told apart when courses are put together, in parts of the roll; each step is coarser.
_FINENESS = (1000, 200, 50, 20, 8, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A row: one course, drawn for `task_arns` that are alike; None: for too many that are not, and not drawn."""

    course: Course | None
    task_arns: tuple[str, ...]
    is_old: bool

    @property
    def count(self) -> int:
        """How many tasks it stands for."""
        return len(self.task_arns)


def lanes_of(courses: Iterable[Course], *, seconds: float, most: int) -> tuple[Lane, ...]:
    """At most so many lanes (and one for what is left of the old and of the new ones each): the old tasks as they
    leave, then the new ones as they begin. Few tasks have a lane each; of more, those that are alike share one."""
    drawn = sorted(courses, key=_order)
    if len(drawn) <= most:
        return tuple(_lane([course]) for course in drawn)
    groups: list[list[Course]] = []
    for fineness in _FINENESS:
        groups = _grouped(drawn, seconds / fineness)
        if len(groups) <= most:
            return tuple(map(_lane, groups))
    return _without_the_smallest(groups, most)


def _order(course: Course) -> tuple[object, ...]:
    """The old ones first, those that were there by when they leave; the new ones by when they begin, then by when they
    are healthy."""
    first, last = course.stretches[0], course.stretches[-1]
    healthy_to = next((one.to_s for one in course.stretches if one.state is State.HEALTHY), 0.0)
    if course.is_old:
        return (0, first.from_s, healthy_to, last.to_s, course.task_arn)
    return (1, first.from_s, tuple(one.to_s for one in course.stretches), course.task_arn)


def _grouped(courses: Iterable[Course], step_s: float) -> list[list[Course]]:
    groups: dict[object, list[Course]] = {}
    for course in courses:
        times = tuple((one.state, floor(one.to_s / step_s + 0.5)) for one in course.stretches)
        start = floor(course.stretches[0].from_s / step_s + 0.5)
        groups.setdefault((course.is_old, start, times, course.failed_s is None), []).append(course)
    return list(groups.values())


def _lane(group: list[Course]) -> Lane:
    """The one in the middle stands for the others."""
    return Lane(course=group[len(group) // 2], task_arns=tuple(one.task_arn for one in group), is_old=group[0].is_old)


def _without_the_smallest(groups: list[list[Course]], most: int) -> tuple[Lane, ...]:
    largest = sorted(range(len(groups)), key=lambda index: -len(groups[index]))[:most]
    kept, left = set(largest), set(range(len(groups))) - set(largest)
    lanes: list[Lane] = []
    for is_old in (True, False):
        lanes += [_lane(groups[index]) for index in sorted(kept) if groups[index][0].is_old is is_old]
        rest = [one.task_arn for index in sorted(left) for one in groups[index] if one.is_old is is_old]
        if rest:
            lanes.append(Lane(course=None, task_arns=tuple(rest), is_old=is_old))
    return tuple(lanes)
