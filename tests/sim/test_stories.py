"""Safety and liveness over random stories. Safety is asserted inside the world, after every step; see `invariants`."""

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.sim.store import Faults
from slipway.sim.world import World
from tests.sim.story import BEHAVIOURS, SERVICES, SETTINGS, STEPS, Setting, Step, Story

STORIES = st.lists(STEPS, max_size=25)


@given(setting=SETTINGS, steps=STORIES)
def test_safety(setting: Setting, steps: list[Step]) -> None:
    """Whatever happens: never below minimum healthy by our doing, never above the maximum, nothing oversold …"""
    story = Story.begin(setting)
    try:
        for step in steps:
            story.tell(step)
        story.world.run_for(600)
    finally:
        note(story.world.timeline.story())


@given(setting=SETTINGS, steps=STORIES)
def test_liveness(setting: Setting, steps: list[Step]) -> None:
    """Once all is mended, every service comes to rest with its new revision; four tasks fit wherever a story plays."""
    story = Story.begin(setting)
    try:
        for step in steps:
            story.tell(step)
        story.world.run_for(2000)  # standalone jobs end
        story.mend()
        assert story.world.run(limit_s=6 * 3600), story.why_not_settled()
        for service in SERVICES:
            running = {task.task_definition_arn for task in story.world.tasks(service) if not task.is_stopped}
            newest = story.world.snapshot.revisions(service)[-1]
            assert running == {newest.arn}
    finally:
        note(story.world.timeline.story())


@given(setting=SETTINGS, steps=STORIES)
def test_deletion(setting: Setting, steps: list[Step]) -> None:
    """Wherever a story was left, a deleted service goes: its last task stopped, no roll-out in progress."""
    story = Story.begin(setting)
    try:
        for step in steps:
            story.tell(step)
        world = story.world
        world.store.faults = Faults()
        for service in SERVICES:
            story.user.delete(service)
        assert world.run(limit_s=3600)
        assert all(task.is_stopped for service in SERVICES for task in world.tasks(service))
        ends = {roll_out.status for roll_out in world.snapshot.service_deployments.values()}
        assert ends <= {ServiceDeploymentStatus.SUCCESSFUL, ServiceDeploymentStatus.STOPPED}
    finally:
        note(story.world.timeline.story())


@given(setting=SETTINGS, steps=STORIES)
def test_the_same_story_twice(setting: Setting, steps: list[Step]) -> None:
    """The same seed and the same steps give the same story, to the word."""
    told = []
    for _ in range(2):
        story = Story.begin(setting)
        for step in steps:
            story.tell(step)
        told.append(story.world.timeline.lines)
    assert told[0] == told[1]


CALLS: tuple[Step, ...] = (
    ("deploy", "web", list(BEHAVIOURS).index("good")),
    ("deploy", "api", list(BEHAVIOURS).index("good")),
    ("run", "", 45),
    ("scale", "web", 4),
    ("run", "", 120),
    ("kill", "web", 1),
    ("deploy", "api", list(BEHAVIOURS).index("quick")),
)


def rolled(faults: Faults) -> World:
    """A world in which two services were made, rolled, scaled and deployed again; a call that fails is made again."""
    story = Story.begin(Setting(seed=7, room=6, desired=3))
    store = story.world.store
    store.faults = faults
    for step in CALLS:
        lost = store.lost
        story.tell(step)
        if store.lost > lost and step[0] in ("deploy", "scale"):
            story.tell(step)
    assert story.world.run(limit_s=2 * 3600), f"{story.why_not_settled()}\n{story.world.timeline.story()}"
    return story.world


def end_state(world: World) -> dict[str, list[bool]]:
    """For each service, of every task that runs whether it is of the newest revision."""
    newest = {service: world.snapshot.revisions(service)[-1].arn for service in SERVICES}
    return {
        service: [task.task_definition_arn == newest[service] for task in world.tasks(service) if not task.is_stopped]
        for service in SERVICES
    }


@cache
def commits() -> int:
    """How many commits the story takes when nothing goes wrong."""
    return rolled(Faults()).store.commits


SETTLED = {"web": [True] * 4, "api": [True] * 3}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda commit: Faults(fails=frozenset({commit})), id="the store refuses"),
        pytest.param(lambda commit: Faults(crashes_before=frozenset({commit})), id="dies before the commit"),
        pytest.param(lambda commit: Faults(crashes_after=frozenset({commit})), id="dies after it, before any command"),
    ],
)
def test_interrupted_at_each_commit(fault: Callable[[int], Faults]) -> None:
    """The control plane fails or dies at each commit in turn: the end is the same, and each task was started once."""
    for commit in range(1, commits() + 1):
        world = rolled(fault(commit))
        assert end_state(world) == SETTLED, f"at commit {commit}\n{world.timeline.story()}"
        assert set(world.timeline.runs.values()) <= {0, 1}, f"at commit {commit}"


@pytest.mark.parametrize("every", [1, 2, 3, 5, 7])
def test_crashes_again_and_again(every: int) -> None:
    """The control plane dies after every so-many-th commit, before it performs what it had decided."""
    world = rolled(Faults(crashes_every=every))
    assert world.restarts >= commits() // every // 2
    assert end_state(world) == SETTLED, world.timeline.story()
    assert set(world.timeline.runs.values()) <= {0, 1}
    for host in world.hosts.values():
        assert set(host.starts.values()) <= {1}, world.timeline.story()
