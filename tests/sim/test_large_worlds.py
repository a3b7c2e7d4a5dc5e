"""What a world leaves out where many thousands of tasks are simulated, and that it decides the same."""

import gc

from slipway.core.plan import Record
from slipway.sim.collector import no_collections
from slipway.sim.operator import Operator
from slipway.sim.world import World


def rolled(*, keeps_story: bool) -> World:
    """A world in which a service behind a load balancer was rolled once."""
    world = World(keeps_story=keeps_story)
    world.add_host(cpu=2048, memory=2048)
    user = Operator(world)
    user.create_service("web", user.register("web"), desired=4, target_group=user.create_target_group("web"))
    assert world.run()
    user.deploy("web", user.register("web"))
    assert world.run()
    return world


def records(world: World) -> list[Record]:
    return list(world.snapshot.records())


def test_a_world_without_a_story_decides_the_same() -> None:
    told, untold = rolled(keeps_story=True), rolled(keeps_story=False)
    assert records(told) == records(untold)
    assert told.elapsed_s == untold.elapsed_s


def test_without_a_story_no_past_is_kept() -> None:
    told, untold = rolled(keeps_story=True), rolled(keeps_story=False)
    service = told.service("web").arn
    assert told.timeline.lines
    assert told.store.story(service)
    assert untold.timeline.lines == []
    assert untold.store.story(service) == ()


def test_the_collector_is_as_it_was_afterwards() -> None:
    with no_collections():
        assert not gc.isenabled()
        with no_collections():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
