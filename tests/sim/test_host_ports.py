"""Ports that a simulated host gives to new tasks beside those of tasks it took over, whose engine counted otherwise."""

import tracemalloc

from slipway.core.model.task_definitions import NetworkMode, PortMapping
from slipway.core.model.tasks import NetworkBinding, TaskStatus
from slipway.core.plan import ContainerPayload, StartTask, TaskPayload
from slipway.sim.behaviours import Behaviour
from slipway.sim.clock import Agenda, VirtualClock
from slipway.sim.hosts import FIRST_DYNAMIC_PORT, SimHost
from slipway.sim.tasks import SimTask
from tests.core.records import a_host

#: The last port that Linux gives by itself.
LAST_PORT = 60999


def payload(name: str) -> TaskPayload:
    """A task of one container that asks for any port."""
    mapping = PortMapping(container_port=8080)
    return TaskPayload(
        task_arn=name,
        cluster_name="default",
        family="web",
        revision=1,
        service_name=None,
        network_mode=NetworkMode.BRIDGE,
        cpu=256,
        memory=256,
        containers=(ContainerPayload(name="app", arn=name, image="web:1", essential=True, port_mappings=(mapping,)),),
    )


class Taken:
    """A host that took over a running task for each of these ports."""

    def __init__(self, *ports: int) -> None:
        self._clock, self._agenda = VirtualClock(), Agenda()
        self.host = SimHost(
            a_host(),
            seed="1",
            clock=self._clock,
            agenda=self._agenda,
            report=lambda observation: None,
            behaviour_of=lambda payload: Behaviour(),
        )
        self.host.take_over(self._held(port) for port in ports)

    def _held(self, port: int) -> SimTask:
        now = self._clock.now()
        binding = NetworkBinding(bind_ip="127.0.0.1", container_port=8080, host_port=port)
        return SimTask(
            payload=payload(f"held-{port}"),
            behaviour=Behaviour(),
            run=0,
            status=TaskStatus.RUNNING,
            pull_started_at=now,
            started_at=now,
            bindings=(("app", binding),),
        )

    def start(self, *names: str) -> list[int]:
        """Start tasks, and the ports they get above the first, in order."""
        for name in names:
            self.host.perform(StartTask(host_id=self.host.id, payload=payload(name)))
        self._agenda.run_due(self._clock.now())
        tasks = [self.host.task(name) for name in names]
        return [task.bindings[0][1].host_port - FIRST_DYNAMIC_PORT for task in tasks if task is not None]

    def end(self, port: int) -> None:
        """The task that was taken over with this port ends."""
        self.host.kill(f"held-{port}")


def test_the_lowest_free_ports_come_first() -> None:
    taken = Taken(FIRST_DYNAMIC_PORT + 1, FIRST_DYNAMIC_PORT + 3, LAST_PORT)
    assert taken.start("a", "b", "c") == [0, 2, 4]
    taken.end(FIRST_DYNAMIC_PORT + 1)
    assert taken.start("d", "e") == [1, 5]


def test_a_port_that_is_free_again_before_its_turn_is_given_once() -> None:
    taken = Taken(FIRST_DYNAMIC_PORT + 1)
    taken.end(FIRST_DYNAMIC_PORT + 1)
    assert taken.start("a", "b", "c") == [0, 1, 2]


def test_a_high_port_costs_no_list_of_those_below_it() -> None:
    tracemalloc.start()
    try:
        Taken(LAST_PORT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000, "28,000 ports are a megabyte"
