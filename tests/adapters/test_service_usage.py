"""What programs really use, as percentages of what their tasks reserve."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from slipway.adapters.process import ProcessRuntime
from slipway.adapters.service_metrics import Load, ServiceMetrics, utilization
from slipway.adapters.task_usage import measure_usage
from slipway.core.monitoring.metrics import MetricDatum
from slipway.core.plan import ContainerPayload, TaskPayload
from slipway.core.snapshot import Snapshot
from tests.adapters.balanced_site import Clock
from tests.contracts.local_world import task as a_payload
from tests.core.records import a_host, a_task, snapshot_of
from tests.waiting import wait_for

SERVICE = "arn:aws:ecs:local:000000000000:service/default/web"
OF_SERVICE = (("ClusterName", "default"), ("ServiceName", "web"))
OF_CLUSTER = (("ClusterName", "default"),)


def test_a_service_is_measured_task_by_task_of_what_it_reserves_and_a_cluster_of_its_hosts() -> None:
    one, two = (a_task(number, service_arn=SERVICE, cpu=256, memory=256) for number in (1, 2))
    alone = a_task(3)
    snapshot = snapshot_of(a_host(cpu=2048, memory=1024), one, two, alone)
    used = {
        one.arn: Load(units=128, mib=64),
        two.arn: Load(units=512, mib=128),
        alone.arn: Load(units=None, mib=64),
        "arn:gone": Load(units=1, mib=1),
    }
    found = list(utilization(snapshot, used, at=1000))
    assert {(datum.namespace, datum.unit, datum.at, datum.storage_resolution_s) for datum in found} == {
        ("AWS/ECS", "Percent", 1000, 1)
    }
    assert [(datum.metric_name, datum.dimensions, datum.value) for datum in found] == [
        ("CPUUtilization", OF_SERVICE, 50),
        ("MemoryUtilization", OF_SERVICE, 25),
        ("CPUUtilization", OF_SERVICE, 200),
        ("MemoryUtilization", OF_SERVICE, 50),
        ("CPUUtilization", OF_CLUSTER, 31.25),
        ("MemoryUtilization", OF_CLUSTER, 25),
    ]


def test_a_task_that_reserves_nothing_has_no_utilization() -> None:
    task = a_task(1, service_arn=SERVICE, cpu=0, memory=0)
    found = utilization(snapshot_of(task), {task.arn: Load(units=1, mib=1)}, at=1000)
    assert list(found) == []


BURNS = "print('ready', flush=True)\nwhile True: pass"
RESTS = "import time\nprint('ready', flush=True)\ntime.sleep(600)"


def payload_of(number: int, program: str) -> TaskPayload:
    container = ContainerPayload(
        name="app", arn="arn:app", image="label", essential=True, command=(sys.executable, "-c", program)
    )
    return a_payload(container, number=number)


def test_a_program_that_burns_a_core_shows_and_an_idle_one_does_not(tmp_path: Path) -> None:
    burning, idle = payload_of(1, BURNS), payload_of(2, RESTS)
    tasks = (
        replace(a_task(cpu=1024), arn=burning.task_arn, service_arn=SERVICE),
        replace(a_task(cpu=1024), arn=idle.task_arn, service_arn=f"{SERVICE}2"),
    )
    data = asyncio.run(measured(tmp_path, (burning, idle), snapshot_of(*tasks)))
    cpu = {datum.dimensions[-1]: datum.value for datum in data if datum.metric_name == "CPUUtilization"}
    memory = [datum.value for datum in data if datum.metric_name == "MemoryUtilization"]
    burnt, rested = cpu["ServiceName", "web"], cpu["ServiceName", "web2"]
    assert isinstance(burnt, float)
    assert isinstance(rested, float)
    assert rested < 5 < burnt < 150
    assert all(isinstance(percent, float) and 0 < percent < 50 for percent in memory)


async def measured(directory: Path, payloads: tuple[TaskPayload, ...], snapshot: Snapshot) -> list[MetricDatum]:
    """What is published of these tasks once one of them has used a second of a core."""
    runtime = ProcessRuntime(directory)
    await runtime.open()
    data: list[MetricDatum] = []
    metrics = ServiceMetrics(lambda: measure_usage(runtime, payloads), lambda: snapshot, data.append, clock=Clock())
    used_s = 0.0

    async def has_used(more_s: float) -> bool:
        return max(usage.cpu_s for usage in (await measure_usage(runtime, payloads)).values()) >= used_s + more_s

    try:
        for payload in payloads:
            await runtime.start(payload, payload.containers[0])
        await wait_for(lambda: has_used(1), what="both programs up")
        await metrics.sample()
        data.clear()
        used_s = max(usage.cpu_s for usage in (await measure_usage(runtime, payloads)).values())
        await wait_for(lambda: has_used(1), what="a second of a core")
        await metrics.sample()
    finally:
        for payload in payloads:
            await runtime.stop(payload.task_arn, "app", timeout_s=5)
            await runtime.remove(payload.task_arn)
        await runtime.close()
    return data
