"""What a service is to have now, within which bounds, and which old deployment is known to be good."""

from typing import Any

import pytest

from slipway.core.deployments.desired import bounds_of, desired_count, last_good
from slipway.core.deployments.rolling import Bounds
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState
from slipway.core.model.hosts import Host
from slipway.core.model.services import SchedulingStrategy, ServiceStatus
from tests.core.records import SERVICE_ARN, a_deployment, a_host, a_service, snapshot_of

OLD: dict[str, Any] = {"status": DeploymentStatus.ACTIVE}
HOSTS = [a_host("host1"), a_host("host2"), a_host("host3", is_draining=True), a_host("host4", is_connected=False)]


@pytest.mark.parametrize(
    ("service", "hosts", "expected"),
    [
        pytest.param({"desired_count": 7}, HOSTS, 7, id="REPLICA: what is desired"),
        pytest.param({"desired_count": 7, "status": ServiceStatus.DRAINING}, HOSTS, 0, id="deleted"),
        pytest.param(
            {"scheduling_strategy": SchedulingStrategy.DAEMON},
            HOSTS,
            2,
            id="DAEMON: one on each host that is there and stays",
        ),
        pytest.param({"scheduling_strategy": SchedulingStrategy.DAEMON}, [], 0, id="DAEMON: no host"),
    ],
)
def test_desired_count(service: dict[str, Any], hosts: list[Host], expected: int) -> None:
    known = a_service(**service)
    assert desired_count(snapshot_of(known, *hosts), known) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(RolloutState.IN_PROGRESS, Bounds(lower=2, upper=6), id="in progress: the percentages"),
        pytest.param(RolloutState.COMPLETED, Bounds(lower=2, upper=6), id="completed: the percentages"),
        pytest.param(RolloutState.FAILED, Bounds(lower=4, upper=6), id="failed: all are kept"),
    ],
)
def test_bounds(state: RolloutState, expected: Bounds) -> None:
    service = a_service(desired_count=4, minimum_healthy_percent=50, maximum_percent=150)
    assert bounds_of(snapshot_of(service, a_deployment(rollout_state=state)), service) == expected


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param([a_deployment(1, is_proven=True)], None, id="the PRIMARY is no old one"),
        pytest.param([a_deployment(1, **OLD), a_deployment(2)], None, id="not proven"),
        pytest.param([a_deployment(1, **OLD, is_proven=True), a_deployment(2)], "ecs-svc/1", id="proven"),
        pytest.param(
            [a_deployment(1, **OLD, is_proven=True), a_deployment(2, **OLD), a_deployment(3)],
            "ecs-svc/1",
            id="past one that did not",
        ),
        pytest.param(
            [a_deployment(1, **OLD, is_proven=True), a_deployment(2, **OLD, is_proven=True), a_deployment(3)],
            "ecs-svc/2",
            id="the newer of two",
        ),
        pytest.param(
            [a_deployment(1, status=DeploymentStatus.INACTIVE, is_proven=True), a_deployment(2)],
            None,
            id="one without tasks has left",
        ),
    ],
)
def test_last_good(deployments: list[Deployment], expected: str | None) -> None:
    found = last_good(snapshot_of(a_service(), *deployments), SERVICE_ARN)
    assert (None if found is None else found.id) == expected
