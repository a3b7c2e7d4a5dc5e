"""`healthStatus` of a task: what the health checks of its essential containers add up to."""

import pytest

from slipway.core.model.task_definitions import ContainerDefinition, ContainerHealthCheck
from slipway.core.model.tasks import Container, HealthStatus
from slipway.core.traffic.health import task_health
from tests.core.records import a_definition

CHECK = ContainerHealthCheck(command=("CMD", "true"))
WELL, ILL, UNKNOWN = HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN


def container(name: str, *, is_checked: bool = True, essential: bool = True) -> ContainerDefinition:
    return ContainerDefinition(
        name=name, image="web:1", essential=essential, health_check=CHECK if is_checked else None
    )


TWO = (container("app"), container("proxy"))
AND_HELPER = (container("app"), container("helper", essential=False))
AND_UNCHECKED = (container("app"), container("log", is_checked=False))


@pytest.mark.parametrize(
    ("containers", "statuses", "expected"),
    [
        pytest.param(TWO, (WELL, WELL), WELL, id="all well"),
        pytest.param(TWO, (WELL, UNKNOWN), UNKNOWN, id="one has no verdict yet"),
        pytest.param(TWO, (UNKNOWN, ILL), ILL, id="ill before unknown"),
        pytest.param(TWO, (ILL, WELL), ILL, id="one is ill"),
        pytest.param(AND_HELPER, (WELL, ILL), WELL, id="one that is not essential does not matter"),
        pytest.param(AND_UNCHECKED, (WELL, UNKNOWN), WELL, id="one without a check does not matter"),
        pytest.param(AND_UNCHECKED[1:], (UNKNOWN,), UNKNOWN, id="no check at all"),
        pytest.param(AND_HELPER[1:], (ILL,), UNKNOWN, id="no essential container has one"),
    ],
)
def test_task_health(
    containers: tuple[ContainerDefinition, ...], statuses: tuple[HealthStatus, ...], expected: HealthStatus
) -> None:
    reported = [
        Container(name=one.name, arn="arn", image=one.image, health_status=status)
        for one, status in zip(containers, statuses, strict=True)
    ]
    assert task_health(a_definition(*containers), reported) is expected
