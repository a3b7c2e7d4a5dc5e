"""Placement: what a task reserves, where it goes, and why it goes nowhere."""

import pytest

from slipway.core.model.task_definitions import ContainerDefinition, NetworkMode, PortMapping, TaskDefinition
from slipway.core.model.tasks import TaskStatus
from slipway.core.placing.placement import Footprint, Refusal, footprint, place, placement_sentence
from tests.core.records import a_definition, a_host, a_task, snapshot_of


def container(
    name: str = "app",
    *,
    ports: tuple[PortMapping, ...] = (),
    cpu: int = 0,
    memory: int | None = None,
    soft: int | None = None,
) -> ContainerDefinition:
    return ContainerDefinition(
        name=name, image="web:1", cpu=cpu, memory=memory, memory_reservation=soft, port_mappings=ports
    )


DYNAMIC = PortMapping(container_port=80)
STATIC = PortMapping(container_port=80, host_port=8080)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        pytest.param(a_definition(cpu=512, memory=1024), Footprint(cpu=512, memory=1024), id="the task's own values"),
        pytest.param(
            a_definition(container(cpu=100, memory=300), container("b", cpu=28, memory=200)),
            Footprint(cpu=128, memory=500),
            id="the sum of its containers",
        ),
        pytest.param(
            a_definition(container(memory=512, soft=128), container("b", memory=64)),
            Footprint(cpu=0, memory=192),
            id="a reservation before a hard limit",
        ),
        pytest.param(
            a_definition(container(cpu=100), cpu=512, memory=64),
            Footprint(cpu=512, memory=64),
            id="the task's values before its containers'",
        ),
        pytest.param(
            a_definition(container(ports=(DYNAMIC,))), Footprint(cpu=0, memory=0), id="bridge, dynamic port: none"
        ),
        pytest.param(
            a_definition(container(ports=(STATIC, DYNAMIC))),
            Footprint(cpu=0, memory=0, host_ports=(8080,)),
            id="bridge, static port",
        ),
        pytest.param(
            a_definition(container(ports=(DYNAMIC,)), network_mode=NetworkMode.HOST),
            Footprint(cpu=0, memory=0, host_ports=(80,)),
            id="host: the container's port is the host's",
        ),
        pytest.param(
            a_definition(container(ports=(STATIC,)), network_mode=NetworkMode.AWSVPC),
            Footprint(cpu=0, memory=0),
            id="awsvpc: an address of its own",
        ),
    ],
)
def test_footprint(definition: TaskDefinition, expected: Footprint) -> None:
    assert footprint(definition) == expected


def test_footprint_overridden() -> None:
    assert footprint(a_definition(cpu=512, memory=1024), cpu=64, memory=32) == Footprint(cpu=64, memory=32)


NEED = Footprint(cpu=256, memory=256, host_ports=(8080,))


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        pytest.param((), Refusal(reason="EMPTY", host_id=None, lack=""), id="no hosts"),
        pytest.param(
            (a_host(cpu=100),),
            Refusal(
                reason="RESOURCE:CPU",
                host_id="host1",
                lack="has insufficient CPU units available (the task needs 256, 100 are left)",
            ),
            id="too little CPU",
        ),
        pytest.param(
            (a_host(memory=255),),
            Refusal(
                reason="RESOURCE:MEMORY",
                host_id="host1",
                lack="has insufficient memory available (the task needs 256, 255 are left)",
            ),
            id="a MiB too little memory",
        ),
        pytest.param(
            (a_host(reserved_ports=(22, 8080)),),
            Refusal(
                reason="RESOURCE:PORTS",
                host_id="host1",
                lack="is already using a port required by your task (host port 8080)",
            ),
            id="a port the host keeps for itself",
        ),
        pytest.param(
            (a_host(is_connected=False),),
            Refusal(reason="AGENT", host_id="host1", lack='encountered error "AGENT"'),
            id="a host that is not connected",
        ),
        pytest.param(
            (a_host("a", cpu=0), a_host("b", memory=0), a_host("c", is_connected=False)),
            Refusal(
                reason="RESOURCE:MEMORY",
                host_id="b",
                lack="has insufficient memory available (the task needs 256, 0 are left)",
            ),
            id="of several the one that came closest",
        ),
    ],
)
def test_refusal(hosts: tuple[object, ...], expected: Refusal) -> None:
    placement = place(snapshot_of(*hosts), NEED, 1)  # type: ignore[arg-type]
    assert placement.hosts == ()
    assert placement.refusal == expected


def test_as_many_as_there_is_room_for() -> None:
    placement = place(snapshot_of(a_host(cpu=600)), Footprint(cpu=256, memory=1), 5)
    assert [host.id for host in placement.hosts] == ["host1", "host1"]
    assert placement.refusal is not None
    assert placement.refusal.lack.endswith("(the task needs 256, 88 are left)")


def test_a_static_port_once_a_host() -> None:
    placement = place(snapshot_of(a_host("a"), a_host("b")), NEED, 3)
    assert [host.id for host in placement.hosts] == ["a", "b"]
    assert placement.refusal is not None
    assert placement.refusal.reason == "RESOURCE:PORTS"


def test_hosts_are_filled_evenly() -> None:
    placement = place(
        snapshot_of(a_host("a"), a_host("b", cpu=2048), a_task(1, host_id="a")), Footprint(cpu=1, memory=1), 4
    )
    assert [host.id for host in placement.hosts] == ["b", "b", "a", "b"]


def test_one_task_a_host() -> None:
    placement = place(
        snapshot_of(a_host("a"), a_host("b"), a_host("c")), Footprint(cpu=1, memory=1), 3, frozenset({"b"})
    )
    assert [host.id for host in placement.hosts] == ["a", "c"]


def test_room_is_held_until_a_task_has_stopped() -> None:
    stopping, stopped = a_task(1, last_status=TaskStatus.STOPPING), a_task(2, last_status=TaskStatus.STOPPED)
    room = snapshot_of(a_host(), stopping, stopped).room("host1")
    assert (room.cpu_left(a_host()), room.memory_left(a_host()), room.task_count) == (768, 768, 1)


@pytest.mark.parametrize(
    ("refusal", "instance", "expected"),
    [
        pytest.param(
            Refusal(reason="EMPTY", host_id=None, lack=""),
            None,
            " Reason: No Container Instances were found in your cluster.",
            id="no hosts",
        ),
        pytest.param(
            Refusal(reason="X", host_id="h", lack="lacks it"),
            "ci",
            " The closest matching (container-instance ci) lacks it.",
            id="the closest",
        ),
    ],
)
def test_sentence(refusal: Refusal, instance: str | None, expected: str) -> None:
    start = "was unable to place a task because no container instance met all of its requirements."
    assert placement_sentence(refusal, instance) == start + expected
