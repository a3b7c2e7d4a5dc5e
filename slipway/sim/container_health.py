"""Container health checks of simulated tasks: when a status changes next, so that only changes cost anything.

Source: ECS Developer Guide, container health checks: a check every interval after the start; the first that passes
makes the container HEALTHY; as many failures in a row as `retries` make it UNHEALTHY, those within the start period
apart.
"""

from dataclasses import dataclass
from math import inf

from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthStatus
from slipway.sim.behaviours import HealthScript

#: Checks looked ahead for a change; a script that keeps a status for longer keeps it.
CHECKS_AHEAD = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChange:
    """At which age in seconds since it was RUNNING a task's containers turn to which status."""

    at_s: float
    status: HealthStatus


def next_change(
    check: ContainerHealthCheck, script: HealthScript, status: HealthStatus, *, age_s: float
) -> HealthChange | None:
    """The next change of a container in `status` at `age_s`, of which no check has just failed; None: none comes."""
    beat = int(age_s // check.interval_s) + 1
    failed = 0
    for number in range(beat, beat + CHECKS_AHEAD):
        at_s = float(number * check.interval_s)
        if script.is_well(at_s):
            failed = 0
            if status is not HealthStatus.HEALTHY:
                return HealthChange(at_s=at_s, status=HealthStatus.HEALTHY)
        elif at_s > check.start_period_s or status is HealthStatus.HEALTHY:
            failed += 1
            if failed >= check.retries and status is not HealthStatus.UNHEALTHY:
                return HealthChange(at_s=at_s, status=HealthStatus.UNHEALTHY)
        if _is_final(script, at_s, is_ill_told=status is HealthStatus.UNHEALTHY):
            return None
    return None


def _is_final(script: HealthScript, age_s: float, *, is_ill_told: bool) -> bool:
    """Whether what the script says at this age is what it says from then on, and the status tells it already."""
    if script.is_well(age_s):
        return script.next_ill_s(age_s) == inf
    return is_ill_told and (age_s >= script.sick_s or script.ready_s == inf)
