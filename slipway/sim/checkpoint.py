"""Checkpoints of a virtual world: where it stood at an instant, for other worlds to go on from there."""

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.core.plan import Record
from slipway.sim.resumption import Resumption
from slipway.sim.store import MemoryStore
from slipway.sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A world at the instant `at` (epoch seconds), when all of it was done and committed. Records are shared."""

    at: float
    records: tuple[Record, ...]
    sequence: int  # of the ids
    next_checks: Mapping[str, float]  # when targets are checked next, by their keys


def checkpoint_of(world: World) -> Checkpoint:
    """Where a world stands that is at rest."""
    records, sequence = world.store.load()
    due = {key: world.balancer.next_check_at(key) for key in world.snapshot.targets}
    return Checkpoint(
        at=world.clock.now(),
        records=tuple(records),
        sequence=sequence,
        next_checks={key: at for key, at in due.items() if at is not None},
    )


def branch(world: World, checkpoint: Checkpoint) -> World:
    """A world of its own that goes on from a checkpoint of `world`, as that went on. It keeps no story."""
    store = MemoryStore(seed=world.seed, records=checkpoint.records, sequence=checkpoint.sequence, keeps_story=False)
    resumption = Resumption(
        at=checkpoint.at, behaviours=world.behaviours, cast=world.cast, next_checks=checkpoint.next_checks
    )
    return World(
        seed=world.seed, rules=world.rules, arns=world.arns, store=store, keeps_story=False, resumption=resumption
    )
