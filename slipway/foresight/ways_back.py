"""The ways back of a roll: how long it takes until everything is as it was, asked for from each of its rounds.

As a round begins the world of the roll is noted down. A way back goes on from there in a world of its own, so that it
costs what it takes back, and not the roll before it once more.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.core.decision import Context
from slipway.core.deployments.roll_back import request_roll_back
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.rounds import RoundRow
from slipway.core.model.deployments import RoundKind, ServiceDeploymentStatus
from slipway.core.plan import Plan, Put
from slipway.core.snapshot import Snapshot
from slipway.foresight.endless import fails_for_ever
from slipway.foresight.forecast import WayBack
from slipway.sim.checkpoint import Checkpoint, branch, checkpoint_of
from slipway.sim.world import World

#: Tasks and hosts of all the worlds in which the ways back of one forecast are rolled: each is a world of its own.
#: Rounds beyond it are left out, evenly; none is computed where one alone takes more.
TASKS_MOST = 20_000

#: How long before its completion the last way back is asked for, seconds.
BEFORE_THE_END_S = 0.001


class Checkpoints:
    """The world of a roll as its rounds begin, and the roll's chronicle. Of many rounds every second is kept, then
    every fourth, and so on: about twice as many as ways back will be asked for."""

    def __init__(self, world: World, chronicle: Chronicle, *, desired: int) -> None:
        self.world = world
        self.chronicle = chronicle
        self.desired = desired
        self.most = TASKS_MOST // max(desired, len(world.snapshot.tasks) + len(world.snapshot.hosts), 1)
        self.kept: list[Checkpoint] = []
        self._moves = 0
        self._last_kind: RoundKind | None = None
        self._rounds = 0
        self._stride = 1

    def note(self) -> None:
        """Take a checkpoint if a round began at this instant, of which everything is done."""
        moves = self.chronicle.moves
        kinds = {move.kind for move in moves[self._moves :]}
        self._moves = len(moves)
        if not self.most or not kinds or kinds == {self._last_kind}:
            return
        self._last_kind = RoundKind.START if RoundKind.START in kinds else RoundKind.STOP  # of one instant, stops first
        if self._rounds % self._stride == 0:
            self.kept.append(checkpoint_of(self.world))
        self._rounds += 1
        if len(self.kept) > 2 * self.most + 1:
            del self.kept[1::2]
            self._stride *= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """An instant from which the way back is asked for, so many seconds after the roll began."""

    round: int | None  # None: right before its end
    at_s: float
    checkpoint: Checkpoint  # the last before it


def find_ways_back(
    checkpoints: Checkpoints, roll_out_arn: str, rounds: Iterable[RoundRow], *, duration_s: float, limit_s: float
) -> tuple[WayBack, ...]:
    """The time back of a service deployment from rounds that have a checkpoint, and from right before its end: at most
    `checkpoints.most` points, evenly. `limit_s`: seconds of virtual time that each is looked ahead."""
    known: dict[float, float | None] = {}  # rounds that begin at one instant have one way back
    ways: list[WayBack] = []
    for point in _spread(_points(checkpoints, rounds, duration_s=duration_s), checkpoints.most):
        if point.at_s not in known:
            known[point.at_s] = _seconds_back(checkpoints, point, roll_out_arn, limit_s=limit_s)
        ways.append(WayBack(round=point.round, at_s=point.at_s, seconds=known[point.at_s]))
    return tuple(ways)


def _points(checkpoints: Checkpoints, rounds: Iterable[RoundRow], *, duration_s: float) -> list[_Point]:
    begun = {one.at - checkpoints.chronicle.began_at: one for one in checkpoints.kept}
    points = [
        _Point(round=row.number, at_s=row.start_s, checkpoint=begun[row.start_s])
        for row in rounds
        if row.start_s in begun and row.start_s < duration_s  # once it is complete there is no way back any more
    ]
    end_s = max(duration_s - BEFORE_THE_END_S, 0.0)
    before = [one for at_s, one in begun.items() if at_s <= end_s]
    if before:
        points.append(_Point(round=None, at_s=end_s, checkpoint=before[-1]))
    return points


def _seconds_back(checkpoints: Checkpoints, point: _Point, arn: str, *, limit_s: float) -> float | None:
    """How long the way back from a point takes; None: it does not end well within the limit."""
    world = branch(checkpoints.world, point.checkpoint)
    world.run_for(max(checkpoints.chronicle.began_at + point.at_s - point.checkpoint.at, 0.0))

    def ask(snapshot: Snapshot, context: Context) -> Plan:
        asked = request_roll_back(snapshot.service_deployments[arn], now=context.now)
        return Plan(changes=(Put(record=asked, cause="roll-back requested"),))

    def is_over() -> bool:
        roll_out = world.snapshot.service_deployments[arn]
        primary = world.snapshot.primary(roll_out.service_arn)
        return roll_out.status.is_verdict or fails_for_ever(primary, checkpoints.desired)

    if world.snapshot.service_deployments[arn].status is ServiceDeploymentStatus.IN_PROGRESS:
        world.apply(ask)
    asked_at = world.clock.now()
    world.run(is_over, limit_s=limit_s)
    is_back = world.snapshot.service_deployments[arn].status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    took_s = world.clock.now() - asked_at
    world.close()
    return took_s if is_back else None


def _spread(points: list[_Point], most: int) -> list[_Point]:
    """At most so many of the points, evenly, the last of them always."""
    if len(points) <= most:
        return points
    return [points[-1 - round(place * len(points) / most)] for place in range(most)][::-1]
