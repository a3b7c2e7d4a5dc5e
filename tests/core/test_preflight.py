"""Preflight: what will not go well is said before it is tried, in one sentence with the mend; the rest says nothing."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.core.answers.preflight import preflight
from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.deployments.deploy import Workload
from slipway.core.ids import Ids
from slipway.core.model.alarms import Alarm
from slipway.core.model.deployment_configuration import DeploymentAlarms
from slipway.core.model.load_balancing import HealthCheck
from slipway.core.model.services import Service, ServiceLoadBalancer
from slipway.core.model.tags import Tag
from slipway.core.model.task_definitions import ContainerDefinition, NetworkMode, PortMapping, TaskDefinition
from slipway.core.model.tasks import LaunchType
from slipway.core.plan import Put, Remove
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from tests.api.half_rolled import GROUP, HOST_ID, NEW, NOW, SERVICE, definition, filled

CONTEXT = Context(now=NOW, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="us-east-1"), rules=Rules())


def small(**changes: Any) -> TaskDefinition:
    """The definition of the new revision, with a container of 100 CPU units and 128 MiB."""
    app = ContainerDefinition(name="app", image="users:2", cpu=100, memory=128, **changes)
    return replace(definition(2), containers=(app,))


def warned(
    snapshot: Snapshot,
    defined: TaskDefinition | None = None,
    *,
    lacks: dict[str, str] | None = None,
    is_balanced: bool = False,
    **changes: Any,
) -> tuple[str, ...]:
    """The warnings about the service, changed so, and a new deployment of this definition."""
    defined = defined or small()
    service: Service = replace(snapshot.services[SERVICE], **changes)
    snapshot.apply([Put(record=defined), Put(record=service)])
    bindings = (ServiceLoadBalancer(target_group_arn=GROUP, container_name="app", container_port=80),)
    workload = Workload(
        task_definition_arn=defined.arn, launch_type=LaunchType.EC2, load_balancers=bindings if is_balanced else ()
    )
    return preflight(snapshot, service, workload, CONTEXT, image_lacks=lacks or {})


def test_nothing_amiss_says_nothing() -> None:
    assert warned(filled(), is_balanced=True) == ()


@pytest.mark.parametrize(
    ("desired", "least", "most", "mend"),
    [
        pytest.param(1, 50, 150, "set maximumPercent to 200 or more, or minimumHealthyPercent to 0 or less.", id="one"),
        pytest.param(3, 70, 130, "set maximumPercent to 134 or more, or minimumHealthyPercent to 66 or less.", id="3"),
        pytest.param(2, 100, 100, "set maximumPercent to 150 or more, or minimumHealthyPercent to 50 or less.", id="2"),
        pytest.param(2, 50, 100, None, id="one may stop"),
        pytest.param(1, 100, 200, None, id="one may start"),
        pytest.param(0, 100, 100, None, id="no task"),
    ],
)
def test_percentages_that_let_nothing_move(desired: int, least: int, most: int, mend: str | None) -> None:
    found = warned(filled(), desired_count=desired, minimum_healthy_percent=least, maximum_percent=most)
    assert [sentence.rpartition("; ")[2] for sentence in found] == ([] if mend is None else [mend])


def test_an_image_that_cannot_be_had() -> None:
    lacks = {"users:2": "users:2 is not on this machine, and its registry has no such tag.", "other": "unused"}
    assert warned(filled(), lacks=lacks) == (
        "users:2 is not on this machine, and its registry has no such tag; push or build that image, or name another "
        "one in the task definition.",
    )


def test_a_target_group_that_no_listener_uses_or_that_is_gone() -> None:
    unused = filled()
    unused.apply([Remove(record=one) for one in list(unused.listeners.values())])
    (sentence,) = warned(unused, is_balanced=True)
    assert sentence.startswith("no listener forwards to the target group users, ")
    unused.apply([Remove(record=unused.target_groups[GROUP])])
    (sentence,) = warned(unused, is_balanced=True)
    assert sentence == f"the target group {GROUP} does not exist any more; give loadBalancers that do."


@pytest.mark.parametrize(
    ("host", "changes", "sentence"),
    [
        pytest.param({}, {}, None, id="room for all"),
        pytest.param(
            {"memory": 300},
            {"desired_count": 5},
            "desiredCount is 5, and only 2 tasks of 100 CPU units and 128 MiB will fit on the host; "
            "lower desiredCount, make the tasks smaller, or make room.",
            id="memory",
        ),
        pytest.param(
            {"is_connected": False},
            {},
            "desiredCount is 2, and no task of 100 CPU units and 128 MiB will fit on any host, for there is none; "
            "lower desiredCount, make the tasks smaller, or make room.",
            id="no host",
        ),
        pytest.param(
            {"memory": 4 * 128},
            {"minimum_healthy_percent": 100},
            "no task of 100 CPU units and 128 MiB fits beside the 4 tasks of the service on the host, and "
            "minimumHealthyPercent 100 lets none of them stop first; set it to 50 or less, or make room.",
            id="none fits beside the old ones",
        ),
        pytest.param({"memory": 4 * 128}, {"minimum_healthy_percent": 50}, None, id="an old one may stop first"),
        pytest.param(
            {"memory": 5 * 128},
            {},
            "maximumPercent 200 allows 2 more than desired, and only 1 of 100 CPU units and 128 MiB fit beside the "
            "4 tasks of the service; the roll takes more rounds.",
            id="more rounds",
        ),
    ],
)
def test_room(host: dict[str, Any], changes: dict[str, Any], sentence: str | None) -> None:
    snapshot = filled()
    snapshot.apply([Put(record=replace(snapshot.hosts[HOST_ID], **host))])
    assert warned(snapshot, **changes) == (() if sentence is None else (sentence,))


@pytest.mark.parametrize(
    ("port", "mode", "changes", "mend"),
    [
        pytest.param(
            8080, NetworkMode.BRIDGE, {"desired_count": 1}, "set minimumHealthyPercent to 0 or less", id="one"
        ),
        pytest.param(
            8080, NetworkMode.BRIDGE, {"desired_count": 1, "minimum_healthy_percent": 0}, None, id="may stop first"
        ),
        pytest.param(8080, NetworkMode.BRIDGE, {}, "but desiredCount is 2; use hostPort 0", id="two on one host"),
        pytest.param(0, NetworkMode.HOST, {}, "use the network mode bridge with hostPort 0", id="host network"),
        pytest.param(22, NetworkMode.BRIDGE, {}, "it is taken on the host; use another port", id="taken"),
        pytest.param(0, NetworkMode.BRIDGE, {}, None, id="any free port"),
    ],
)
def test_host_ports(port: int, mode: NetworkMode, changes: dict[str, Any], mend: str | None) -> None:
    defined = replace(small(port_mappings=(PortMapping(container_port=80, host_port=port),)), network_mode=mode)
    found = warned(filled(), defined, **changes)
    assert len(found) == (mend is not None)
    assert mend is None or mend in found[0]


@pytest.mark.parametrize(
    ("took_s", "grace_s", "interval_s", "is_told"),
    [
        pytest.param(20, 10, 5, True, id="shorter than the start"),
        pytest.param(20, 20, 5, False, id="as long as the start"),
        pytest.param(26, 0, 5, False, id="none, and one second late"),
        pytest.param(40, 0, 5, True, id="none, and later than two failures"),
        pytest.param(150, 0, 30, False, id="none, and all the time the checks need"),
    ],
)
def test_grace_period(took_s: float, grace_s: int, interval_s: int, is_told: bool) -> None:
    """Of five checks to pass and two that may fail."""
    snapshot = filled()
    group = replace(snapshot.target_groups[GROUP], health_check=HealthCheck(interval_s=interval_s))
    tasks = [
        replace(task, started_at=NOW - 500, healthy_at=NOW - 500 + took_s)
        for task in snapshot.tasks.values()
        if task.healthy_at is not None
    ]
    snapshot.apply([Put(record=group), *(Put(record=task) for task in tasks)])
    found = warned(snapshot, is_balanced=True, health_check_grace_period_s=grace_s)
    mend = (
        f"healthCheckGracePeriodSeconds is {grace_s}, and the service's tasks took {took_s} s from RUNNING to healthy "
        f"(median); a task may be replaced before it is up: set it to {took_s} or more."
    )
    assert found == ((mend,) if is_told else ())


def test_an_alarm_that_does_not_exist() -> None:
    snapshot = filled()
    snapshot.apply([Put(record=Alarm(arn="alarm:a", name="a", namespace="n", metric_name="m"))])
    alarms = DeploymentAlarms(names=("a", "b"), is_enabled=True)
    assert warned(snapshot, alarms=alarms) == (
        "the alarm b does not exist, so it ends no deployment; create it, or leave it out.",
    )
    assert warned(snapshot, alarms=replace(alarms, is_enabled=False)) == ()


def test_a_deregistration_delay_beyond_the_deadline() -> None:
    (sentence,) = warned(filled(), is_balanced=True, tags=(Tag(key="slipway:deployment-deadline", value="2m"),))
    assert sentence.startswith("the deregistration delay of the target group users is 300 s, and the deadline of a ")
    assert warned(filled(), is_balanced=True, tags=(Tag(key="slipway:deployment-deadline", value="10m"),)) == ()


def test_each_warning_is_one_sentence() -> None:
    snapshot = filled()
    tags = (Tag(key="slipway:deployment-deadline", value="2m"),)
    changes: dict[str, Any] = {"desired_count": 50, "minimum_healthy_percent": 100, "maximum_percent": 100}
    alarms = DeploymentAlarms(names=("b",), is_enabled=True)
    defined = small(port_mappings=(PortMapping(container_port=80, host_port=80),))
    found = warned(
        snapshot, defined, lacks={"users:2": "no image"}, is_balanced=True, tags=tags, alarms=alarms, **changes
    )
    assert len(found) == 6
    assert all(sentence.endswith(".") and ". " not in sentence for sentence in found)
    assert snapshot.primary(SERVICE) is snapshot.deployments[NEW]
