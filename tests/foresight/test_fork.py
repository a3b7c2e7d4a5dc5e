"""Forks: a world that goes on from where another stands does what that one does."""

import os
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.model.load_balancing import HealthCheck
from slipway.core.model.task_definitions import ContainerHealthCheck, NetworkMode
from slipway.core.snapshot import Snapshot
from slipway.foresight.fork import fork_of_world, forked_world
from slipway.ports import Commit
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.operator import Operator
from slipway.sim.world import World

TASK = 256  # CPU units and MiB
PROMPT = Behaviour()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One roll."""

    desired: int = 6
    room: int = 8  # tasks a host
    hosts: int = 1
    minimum: int = 100
    interval_s: int = 5
    threshold: int = 2
    delay_s: int = 20
    has_balancer: bool = True
    is_awsvpc: bool = False
    container_check: ContainerHealthCheck | None = None
    behaviour: Behaviour = PROMPT


class Told:
    """A world, and the chronicle of its service `web` from an instant on."""

    world: World
    chronicle: Chronicle

    def __init__(self) -> None:
        self.is_told = False
        self.commits: list[Commit] = []

    def watch(self, snapshot: Snapshot, commit: Commit) -> None:
        if self.is_told:
            self.commits.append(commit)
            self.chronicle.tell(commit.at, commit.changes)


class Rolled(Told):
    """A world in which the old version of a service runs; another service is there too."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.world = World(watch=self.watch, is_checked=True)
        for _ in range(setting.hosts):
            self.world.add_host(cpu=(setting.room + 1) * TASK, memory=(setting.room + 1) * TASK)
        user = Operator(self.world)
        mode = NetworkMode.AWSVPC if setting.is_awsvpc else NetworkMode.BRIDGE
        group = None
        if setting.has_balancer:
            check = HealthCheck(interval_s=setting.interval_s, healthy_threshold=setting.threshold)
            group = user.create_target_group("web", health_check=check, deregistration_delay_s=setting.delay_s)
        user.create_service("other", user.register("other", cpu=TASK // 2, memory=TASK), desired=setting.hosts)
        assert self.world.run()
        versions = [
            user.register(
                "web",
                cpu=TASK,
                memory=TASK,
                network_mode=mode,
                stop_timeout_s=7,
                health_check=setting.container_check,
                behaviour=setting.behaviour,
            )
            for _ in range(2)
        ]
        user.create_service(
            "web", versions[0], desired=setting.desired, minimum_healthy_percent=setting.minimum, target_group=group
        )
        assert self.world.run(limit_s=10_000), self.world.timeline.story()
        self.arn = self.world.service("web").arn
        self.chronicle = Chronicle(self.arn, self.world.snapshot.records(), at=self.world.clock.now())
        self.is_told = True
        self.user = user
        self.new = versions[1]


def outcome(told: Told, arn: str, *, after: float) -> tuple[object, ...]:
    """What became of the service: its moves after an instant, its deployments' ends, and the tasks there are."""
    moves = [(round(one.at, 4), one.kind, one.task_arns) for one in told.chronicle.moves if one.at > after]
    ends = [
        (one.status, None if one.finished_at is None else round(one.finished_at, 4), len(one.failures))
        for one in told.world.snapshot.service_history(arn)
    ]
    tasks = sorted(task.arn for task in told.world.tasks("web") if not task.is_stopped)
    return moves, ends, tasks


CHECKED = ContainerHealthCheck(command=("CMD", "true"), interval_s=5, retries=3, start_period_s=60)

BEHAVIOURS = st.builds(
    Behaviour,
    pull_s=st.sampled_from((0.0, 3.0)),
    launch_s=st.sampled_from((0.0, 1.5)),
    exits_in_s=st.sampled_from((None, 0.0, 2.0)),
    linger_s=st.sampled_from((None, 0.0, 4.0)),
    jitter=st.sampled_from((0.0, 0.3)),
    runs_s=st.sampled_from((None, 9.0)),
    crash_share=st.just(0.2),
    health=st.builds(HealthScript, ready_s=st.sampled_from((0.0, 6.0))),
)
SETTINGS = st.builds(
    Setting,
    desired=st.integers(2, 7),
    room=st.integers(8, 11),
    hosts=st.integers(1, 3),
    minimum=st.sampled_from((0, 50, 100)),
    delay_s=st.sampled_from((5, 20)),
    has_balancer=st.sampled_from((True, True, True, False)),
    is_awsvpc=st.booleans(),
    container_check=st.sampled_from((None, CHECKED)),
    behaviour=BEHAVIOURS,
)


class Twin(Told):
    """The fork of a world at this instant."""

    def __init__(self, rolled: Rolled) -> None:
        super().__init__()
        self.at = rolled.world.clock.now()
        fork = fork_of_world(rolled.world, rolled.arn)
        self.chronicle = Chronicle(rolled.arn, fork.records, at=self.at)
        self.is_told = True
        self.world = forked_world(fork, rolled.world.behaviours, watch=self.watch, is_checked=True)
        self.world.step()
        self.said_at_once = [change for commit in self.commits for change in commit.changes]


def test_a_settled_world_stays_as_it_is() -> None:
    rolled = Rolled(Setting(hosts=2, container_check=CHECKED))
    twin = Twin(rolled)
    assert twin.said_at_once == []
    twin.world.run_for(3600)
    assert twin.commits == []


@pytest.mark.parametrize("is_empty_host_there", [False, True])
def test_others_are_as_few_as_keep_the_order_of_hosts(is_empty_host_there: bool) -> None:
    world = World()
    for _ in range(4):
        world.add_host(cpu=64 * TASK, memory=64 * TASK)
    user = Operator(world)
    user.create_service("other", user.register("other", cpu=1, memory=1), desired=42)
    assert world.run()
    user.create_service("web", user.register("web", cpu=TASK, memory=TASK), desired=3)
    assert world.run()
    if is_empty_host_there:
        world.add_host(cpu=64 * TASK, memory=64 * TASK)
    snapshot = fork_of_world(world, world.service("web").arn).snapshot()
    assert [ids for _, ids in snapshot.host_order] == [ids for _, ids in world.snapshot.host_order]
    assert len(snapshot.tasks) == (3 + 42 if is_empty_host_there else 3 + 6)  # 11, 11, 10 and 10 of others: less 9
    for host_id in snapshot.hosts:
        left, held = snapshot.room(host_id), world.snapshot.room(host_id)
        assert (left.cpu_used, left.memory_used) == (held.cpu_used, held.memory_used)


@settings(max_examples=int(os.environ.get("SLIPWAY_FORKS", "40")), deadline=None)
@given(setting=SETTINGS, after_s=st.integers(0, 499).map(lambda tenths: tenths / 10))
def test_a_fork_goes_on_as_the_world_does(setting: Setting, after_s: float) -> None:
    """Whatever is under way at the instant: starts, checks, drains, stops, delays after failures."""
    rolled = Rolled(setting)
    rolled.user.deploy("web", rolled.new)
    rolled.world.run_for(after_s)
    twin = Twin(rolled)
    assert twin.said_at_once == []
    rolled.world.run_for(600)
    twin.world.run_for(600)
    assert outcome(twin, rolled.arn, after=twin.at) == outcome(rolled, rolled.arn, after=twin.at)
