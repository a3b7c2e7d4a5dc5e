"""The control plane's absences, told of segments that end with something it does."""

import pytest

from slipway.core.explaining.absence import Absence, with_absences
from slipway.core.explaining.segment import Segment, SegmentKind

AWAY = SegmentKind.SERVER_AWAY
OVERHEAD = SegmentKind.OVERHEAD
PLACED = SegmentKind.PLACEMENT_WAIT
DRAIN = SegmentKind.DRAIN


def absence(from_at: float, to_at: float) -> Absence:
    return Absence(from_at=from_at, to_at=to_at, sentence="the server was not running")


@pytest.mark.parametrize(
    ("kind", "absences", "parts"),
    [
        pytest.param(OVERHEAD, [], [(OVERHEAD, 10, 20)], id="it was there"),
        pytest.param(OVERHEAD, [(5, 10), (20, 25)], [(OVERHEAD, 10, 20)], id="it was there meanwhile"),
        pytest.param(OVERHEAD, [(5, 25)], [(AWAY, 10, 20)], id="it was away all the time"),
        pytest.param(PLACED, [(5, 12)], [(AWAY, 10, 12), (PLACED, 12, 20)], id="at first"),
        pytest.param(OVERHEAD, [(18, 25)], [(OVERHEAD, 10, 18), (AWAY, 18, 20)], id="at last"),
        pytest.param(
            OVERHEAD,
            [(11, 12), (15, 16)],
            [(OVERHEAD, 10, 11), (AWAY, 11, 12), (OVERHEAD, 12, 15), (AWAY, 15, 16), (OVERHEAD, 16, 20)],
            id="twice",
        ),
        pytest.param(DRAIN, [(5, 25)], [(DRAIN, 10, 20)], id="what goes on without it is not its absence"),
    ],
)
def test_a_segment(
    kind: SegmentKind, absences: list[tuple[float, float]], parts: list[tuple[SegmentKind, float, float]]
) -> None:
    segment = Segment(kind=kind, from_at=10, to_at=20, sentence="something", task_arn="task")
    told = list(with_absences([segment], [absence(*span) for span in absences]))
    assert [(one.kind, one.from_at, one.to_at) for one in told] == parts
    assert {one.task_arn for one in told} == {"task"}
