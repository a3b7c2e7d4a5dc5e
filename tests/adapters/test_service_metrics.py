"""The metrics of services and clusters: what tasks use, of what they reserve and of what the hosts have."""

import pytest

from slipway.adapters.service_metrics import Load, loads, utilization
from slipway.adapters.task_usage import TaskUsage
from slipway.core.monitoring.metrics import MetricDatum
from slipway.core.plan import Put
from slipway.core.snapshot import Snapshot
from tests.core.records import a_host, a_task

NOW = 1000.0
MIB = 1 << 20


def used(cpu_s: float, *, memory_mib: float = 64, at: float = NOW) -> TaskUsage:
    return TaskUsage(cpu_s=cpu_s, memory=int(memory_mib * MIB), at=at)


@pytest.mark.parametrize(
    ("before", "now", "units"),
    [
        pytest.param(used(2, at=NOW - 10), used(7), 512, id="half a core for ten seconds"),
        pytest.param(None, used(7), None, id="the first sample"),
        pytest.param(used(9, at=NOW - 10), used(1), None, id="a container was started again"),
        pytest.param(used(2), used(7), None, id="no time has passed"),
    ],
)
def test_what_a_task_uses(before: TaskUsage | None, now: TaskUsage, units: float | None) -> None:
    earlier = {} if before is None else {"task": before}
    assert loads(earlier, {"task": now}) == {"task": Load(units=units, mib=64)}


def test_utilization_is_of_what_is_reserved() -> None:
    snapshot = Snapshot(seed="1")
    task = a_task(cpu=256, memory=128, service_arn="arn:aws:ecs:local:000000000000:service/default/web")
    snapshot.apply([Put(record=a_host(cpu=2048, memory=1024)), Put(record=task)])
    found = list(utilization(snapshot, {task.arn: Load(units=128, mib=32)}, at=NOW))
    assert values_of(found, "ClusterName", "ServiceName") == {"CPUUtilization": 50, "MemoryUtilization": 25}
    assert values_of(found, "ClusterName") == {"CPUUtilization": 6.25, "MemoryUtilization": 3.125}
    assert {datum.unit for datum in found} == {"Percent"}


def test_a_task_that_is_known_no_more_counts_nowhere() -> None:
    assert not list(utilization(Snapshot(seed="1"), {"gone": Load(units=128, mib=32)}, at=NOW))


def values_of(data: list[MetricDatum], *names: str) -> dict[str, object]:
    return {datum.metric_name: datum.value for datum in data if tuple(name for name, _ in datum.dimensions) == names}
