"""The ledger of one roll-out: where all of its time went, second by second, on the path that decided how long it took.

    ledger = ledger_of(chronicle, service_deployment_arn, now=now)
    sum(segment.seconds for segment in ledger.segments) == ledger.seconds

The segments are cut between the same instants, so they touch and leave nothing out, and their seconds add up exactly:
instants are epoch seconds, all within a factor of two of each other, so their differences are exact floats of one
spacing, and so are the sums of those (Sterbenz's lemma).
"""

from slipway.core.explaining.absence import with_absences
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.critical_path import CriticalPath
from slipway.core.explaining.segment import Ledger
from slipway.core.explaining.strip import merged
from slipway.core.records import replace


def ledger_of(chronicle: Chronicle, service_deployment_arn: str, *, now: float) -> Ledger:
    """The critical path of a roll-out from its creation to its verdict; of a running one until `now` (epoch seconds).

    Raises KeyError if the chronicle tells of no such service deployment.
    """
    roll_out = chronicle.service_deployments[service_deployment_arn]
    path = CriticalPath(chronicle, roll_out)
    end = path.end(now)
    backward = [segment for leg in path.walk(end) for segment in reversed(leg.segments)]
    began_at = roll_out.created_at
    segments = (replace(one, from_at=max(one.from_at, began_at)) for one in reversed(backward) if one.to_at > began_at)
    told = merged(with_absences(segments, chronicle.absences))
    ledger = Ledger(began_at=began_at, ended_at=end.at, segments=told)
    check_touching(ledger)
    check_sum(ledger)
    return ledger


def check_touching(ledger: Ledger) -> None:
    """Each segment lasts, begins where the one before ended, and they reach from the beginning to the end. Raises
    AssertionError."""
    cursor = ledger.began_at
    for one in ledger.segments:
        assert one.from_at == cursor, f"{one.kind} begins at {one.from_at}, the one before ended at {cursor}"
        assert one.to_at > one.from_at, f"{one.kind} ends at {one.to_at} and began at {one.from_at}"
        cursor = one.to_at
    assert cursor == ledger.ended_at, f"the segments end at {cursor}, the deployment at {ledger.ended_at}"


def check_sum(ledger: Ledger) -> None:
    """The seconds of the segments add up to the whole time, exactly. Raises AssertionError."""
    total = sum(one.seconds for one in ledger.segments)
    assert total == ledger.seconds, f"the segments add up to {total} s, the deployment took {ledger.seconds} s"
