"""The life of one task and of its targets, as committed: the instants from its creation to its end."""

from dataclasses import dataclass

from slipway.core.explaining.absence import Absence
from slipway.core.model.load_balancing import Target
from slipway.core.model.tasks import Task
from slipway.core.tasks.service_tasks import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLife:
    """One target of a task. `…_at` are epoch seconds of the commits; None: it did not come to that."""

    target: Target  # as it was last
    registered_at: float
    first_passed_at: float | None = None  # when the first check ended of the row that made it healthy, or may
    failed_checks: int = 0  # checks that failed before it was first healthy; those of an unhealthy target are not told
    failing_since: float | None = None  # the first failed check since one passed; None: the last ones passed
    healthy_at: float | None = None  # the first time
    passed_checks: int = 0  # how many in a row made it healthy then
    draining_at: float | None = None
    removed_at: float | None = None

    @property
    def was_held_open(self) -> bool:
        """Whether it drained to its deregistration delay: something was still open then."""
        until = self.target.drain_until
        return self.removed_at is not None and until is not None and self.removed_at >= until


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A task was in one phase from one instant to another; `to_at` None: it still is."""

    phase: Phase
    from_at: float
    to_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLife:
    """A task from when it was first seen to when it was last. Instants within `task` are those of the record."""

    task: Task  # as it was last
    was_there: bool  # it was there when the chronicle begins
    spans: tuple[Span, ...]  # its phases, oldest first, without a gap
    targets: tuple[TargetLife, ...]  # in the order they were registered
    absences: tuple[Absence, ...] = ()  # of the control plane, oldest first

    @property
    def stopped_at(self) -> float | None:
        """When its end was committed, epoch seconds; None: it has not stopped."""
        last = self.spans[-1]
        return last.from_at if last.phase is Phase.STOPPED else None
