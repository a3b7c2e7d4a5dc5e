"""Recordings of simulated rolls whose times can be worked out by hand."""

from slipway.core.model.task_definitions import TaskDefinition
from slipway.foresight.recording import Recording
from slipway.foresight.recording_cut import cut_recording
from slipway.sim.behaviours import Behaviour
from slipway.sim.journal import MemoryJournal
from slipway.sim.operator import Operator
from slipway.sim.store import MemoryStore
from slipway.sim.world import World

#: CPU units and MiB of a task.
TASK = 256

SEED = "1"

#: It does not hear SIGTERM, and its connections stay to the deregistration delay.
DEAF = Behaviour(exits_in_s=None, linger_s=None)


def recording_of_a_roll(*, room: int = 8, run_s: float | None = None, behaviour: Behaviour = DEAF) -> Recording:
    """The worked example: six tasks of `web` on a host with `room` for so many, health checks of 30 s x 5, drained to
    300 s, deaf to SIGTERM; the new version behaves so. `run_s`: recorded for so long (None: to its verdict)."""
    journal = MemoryJournal(seed=SEED)
    world = World(seed=SEED, store=MemoryStore(seed=SEED, journal=journal))
    world.add_host(cpu=room * TASK, memory=room * TASK)
    user = Operator(world)
    group = user.create_target_group("web")
    user.create_service("web", _definition(user, DEAF), desired=6, target_group=group)
    world.run()
    user.deploy("web", _definition(user, behaviour))
    if run_s is None:
        world.run()
    else:
        world.run_for(run_s)
    primary = world.snapshot.primary(world.service("web").arn)
    assert primary is not None, "the service has a deployment"
    return cut_recording(journal, primary.service_deployment_arn)


def _definition(user: Operator, behaviour: Behaviour) -> TaskDefinition:
    return user.register("web", cpu=TASK, memory=TASK, behaviour=behaviour)
