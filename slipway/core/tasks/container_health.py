"""The health of a container: what the runs of its health check add up to.

Source: `HealthCheck` of the ECS API (retries in a row, `startPeriod`); until the first verdict a container is UNKNOWN,
as the public ECS agent reports Docker's `starting`.
"""

from dataclasses import dataclass

from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthProbe, HealthStatus
from slipway.core.records import replace

#: Runs kept for the transcript of a container's health check (what `docker inspect` shows).
KEPT_PROBES = 5
#: The longest output of a run that is kept, characters (public ECS agent).
MAX_OUTPUT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHealth:
    """The health of one run of a container, from its start or from when it was found running."""

    status: HealthStatus = HealthStatus.UNKNOWN
    failures: int = 0  # in a row, as far as they count
    probes: tuple[HealthProbe, ...] = ()  # the latest, oldest first


def fold_probe(
    health: ContainerHealth, probe: HealthProbe, check: ContainerHealthCheck, *, started_at: float
) -> ContainerHealth:
    """The health after one more run of `check` in a container that started at `started_at`.

    A failure before the first verdict and within the start period does not count. A probe told again changes nothing.
    """
    if health.probes and probe.at <= health.probes[-1].at:
        return health
    kept = replace(probe, output=probe.output[-MAX_OUTPUT:])
    health = replace(health, probes=(*health.probes, kept)[-KEPT_PROBES:])
    if probe.exit_code == 0:
        return replace(health, status=HealthStatus.HEALTHY, failures=0)
    if health.status is HealthStatus.UNKNOWN and probe.at - started_at < check.start_period_s:
        return health
    failures = health.failures + 1
    status = HealthStatus.UNHEALTHY if failures >= check.retries else health.status
    return replace(health, status=status, failures=failures)
