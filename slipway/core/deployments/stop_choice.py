"""Which tasks stop, where `rolling` says how many: those that serve least first, and none under scale-in protection.

Of the PRIMARY deployment's surplus the newest goes before the oldest. Of old deployments those that are not known to be
good come first, and then the oldest; of one of them what is on its way, then what is sick, then what serves.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.core.deployments.rolling import Move
from slipway.core.model.deployments import Deployment, DeploymentStatus
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.tasks.service_tasks import FIT, RISING, DeploymentTasks, Phase


def shielded(service: Service, tasks: DeploymentTasks, *phases: Phase) -> frozenset[str]:
    """The tasks in these phases that neither a roll nor a scale-in may stop. Deleting the service stops all."""
    return tasks.protected(*phases) if service.status is ServiceStatus.ACTIVE else frozenset()


def choose_new(service: Service, tasks: DeploymentTasks, move: Move) -> tuple[str, ...]:
    """The ARNs of the PRIMARY deployment's tasks that stop: its surplus, and sick ones."""
    surplus = _take(tasks, FIT, move.stop_new, shielded(service, tasks, *FIT), newest=True)
    return (*surplus, *tasks.first(Phase.SICK, move.stop_sick))


@dataclass(slots=True, kw_only=True)
class OldStops:
    """How many tasks of old deployments are still to be chosen."""

    unproven: int
    rising: int
    sick: int
    good_sick: int
    healthy: int

    @classmethod
    def of(cls, move: Move) -> "OldStops":
        """Those of a move."""
        return cls(
            unproven=move.stop_old_unproven,
            rising=move.stop_old_rising,
            sick=move.stop_old_sick,
            good_sick=move.stop_good_sick,
            healthy=move.stop_old_healthy,
        )

    def choose(self, service: Service, tasks: DeploymentTasks, *, is_good: bool) -> tuple[str, ...]:
        """The ARNs of the tasks of one old deployment that stop; they are no longer to be chosen."""
        protected = shielded(service, tasks, *FIT)
        rising = _take(tasks, RISING, self.rising if is_good else self.unproven, protected)
        sick = tasks.first(Phase.SICK, self.good_sick if is_good else self.sick)
        healthy = _take(tasks, (Phase.HEALTHY,), self.healthy, protected)
        if is_good:
            self.rising -= len(rising)
            self.good_sick -= len(sick)
        else:
            self.unproven -= len(rising)
            self.sick -= len(sick)
        self.healthy -= len(healthy)
        return (*rising, *sick, *healthy)


def in_order_of_stopping(deployments: Iterable[Deployment]) -> list[Deployment]:
    """Old deployments, given the newest first, in the order in which their tasks stop."""
    old = [one for one in reversed(tuple(deployments)) if one.status is not DeploymentStatus.PRIMARY]
    return sorted(old, key=lambda deployment: deployment.is_proven)


def _take(
    tasks: DeploymentTasks, phases: Iterable[Phase], count: int, protected: frozenset[str], *, newest: bool = False
) -> tuple[str, ...]:
    """The ARNs of at most `count` tasks of these phases, the oldest first or the newest, without those protected."""
    taken: list[str] = []
    for phase in phases:
        left = max(count - len(taken), 0)
        looked_at = left + len(protected) if left else 0
        found = tasks.last(phase, looked_at) if newest else tasks.first(phase, looked_at)
        taken += [arn for arn in found if arn not in protected][:left]
    return tuple(taken)
