"""The critical path of one roll-out, walked backward: from its end to its creation, each time to what was waited for.

Theory of operation. A decision is committed together with the fact that allowed it, so at the instant of a decision
the fact is found among the turns of that instant: a start or a stop follows a task that became healthy, was found sick
or has STOPPED; a completion the last of these; a verdict the failure that was counted last. The fact's task has a
stretch of life that ended with it (its rise since it was made, its stop since that was decided): that is the path's
next leg, and where the stretch began is the decision before. Where no task turned, a timer had come (the launch
throttle, the bake time), room was made by others, or somebody asked: then the records of before tell what was waited
for, and else the task that had been under way for longest. Every leg goes back in time, so the walk ends.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property, partial

from slipway.core.arns import deployment_id_of
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.ending import cut_off
from slipway.core.explaining.leg import Decision, Leg, Moment
from slipway.core.explaining.record_leg import back_off_leg, bake_leg, capacity_leg, pause_leg
from slipway.core.explaining.segment import Segment, SegmentKind, Setting
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.task_leg import task_leg
from slipway.core.explaining.underway import Underway
from slipway.core.model.deployments import Detector, ServiceDeployment, ServiceDeploymentStatus
from slipway.core.tasks.service_tasks import Phase

#: Facts of one instant that are compared; more of them, as when thousands of tasks turn in one commit, are alike.
COMPARED_MOST = 32

_COMPLETE = (ServiceDeploymentStatus.SUCCESSFUL, ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL)
_BY_FAILURES = (Detector.CIRCUIT_BREAKER, Detector.CERTAINTY)


class CriticalPath:
    """The path of the roll-out `roll_out`, read off a chronicle of its service."""

    def __init__(self, chronicle: Chronicle, roll_out: ServiceDeployment) -> None:
        self._chronicle = chronicle
        self._roll_out = roll_out
        self._settings = Settings(chronicle)
        self._deployment_id = deployment_id_of(roll_out.target_revision_arn)
        states = chronicle.deployments.get(self._deployment_id)
        self._seen_at = states[0][0] if states else chronicle.began_at

    def end(self, now: float) -> Moment:
        """Where the walk begins: the verdict, or `now` where there is none yet."""
        roll_out = self._roll_out
        ended_at = roll_out.finished_at if roll_out.finished_at is not None else roll_out.stopped_at
        if not roll_out.status.is_verdict or ended_at is None:
            return Moment(at=max(now, roll_out.created_at), decision=Decision.REQUEST)
        if roll_out.status in _COMPLETE:
            return Moment(at=ended_at, decision=Decision.COMPLETION)
        return Moment(at=ended_at, decision=Decision.VERDICT)

    def walk(self, end: Moment) -> Iterator[Leg]:
        """The legs from the end to the creation, the latest first. The first of the roll-out may reach back beyond its
        creation, where a task was under way already."""
        moment = end
        while moment.at > self._roll_out.created_at:
            leg = self._leg_to(moment)
            assert leg.before.at < moment.at, f"the path stands still at {moment.at}"
            yield leg
            moment = leg.before

    def _leg_to(self, moment: Moment) -> Leg:
        if moment.at <= self._seen_at:
            return self._request_leg(moment)
        found = (leg for leg in self._legs(moment) if leg is not None and leg.before.at < moment.at)
        leg = next(found, None) or self._idle_leg(moment)
        return cut_off(leg, self._chronicle, self._roll_out, at=moment.at) if self._is_cut_off(moment) else leg

    def _legs(self, moment: Moment) -> Iterator[Leg | None]:
        """What may have been waited for, the likeliest first."""
        at, turned = moment.at, partial(self._turned, moment)
        match self._decision(moment):
            case Decision.VERDICT:
                yield self._turned(moment, Phase.SICK, Phase.STOPPED, is_counted=True)
            case Decision.REQUEST:
                pass
            case Decision.START if room := self._settings.room(at):
                yield turned(Phase.STOPPED, why=(*room, *self._settings.percentages(at)))
                if self._has_turned(Phase.STOPPED, at):  # a stop that took no time, so what allowed it did
                    yield turned(Phase.HEALTHY)
                yield capacity_leg(self._chronicle, self._settings, at=at)
            case Decision.COMPLETION | Decision.BAKING:
                yield turned(Phase.HEALTHY, Phase.STOPPED)
            case _:
                yield turned(Phase.HEALTHY)
                yield turned(Phase.SICK, Phase.STOPPED, why=self._settings.percentages(at))
                yield self._throttle_leg(moment)
                yield pause_leg(self._chronicle, self._settings, at=at)
        if moment.decision is not Decision.BAKING:
            yield bake_leg(self._chronicle, self._settings, self._deployment_id, at=at)
        if arn := self._underway.longest_at(at):
            yield task_leg(self._chronicle.life(arn), self._settings, at=at)

    def _is_cut_off(self, moment: Moment) -> bool:
        """Whether the deployment, or its way back, failed then."""
        rollback = self._roll_out.rollback
        return moment.decision is Decision.VERDICT or (rollback is not None and moment.at == rollback.started_at)

    def _decision(self, moment: Moment) -> Decision:
        """What was decided: the moment a way back begins is a verdict; one that no failures brought was asked for."""
        if not self._is_cut_off(moment):
            return moment.decision
        roll_out = self._roll_out
        is_way_back = roll_out.rollback is not None and moment.at != roll_out.rollback.started_at
        by_failures = is_way_back or roll_out.detected_by in _BY_FAILURES
        return Decision.VERDICT if by_failures else Decision.REQUEST

    def _turned(
        self, moment: Moment, *phases: Phase, why: tuple[Setting, ...] = (), is_counted: bool = False
    ) -> Leg | None:
        """The leg of the task that came into one of the phases then: of several the last, and of those the longest."""
        chronicle, at = self._chronicle, moment.at
        found: list[tuple[float, str]] = []
        for turn in chronicle.turns.get(at, ()):
            if turn.phase not in phases:
                continue
            task = chronicle.task(turn.task_arn)
            if is_counted and not task.is_counted:
                continue
            told_at = task.stopped_at if turn.phase is Phase.STOPPED and task.stopped_at is not None else at
            found.append((-told_at, turn.task_arn))
        best: tuple[float, float, str, Leg] | None = None
        for told_at, arn in sorted(found)[:COMPARED_MOST]:
            leg = task_leg(chronicle.life(arn), self._settings, at=at, why=why)
            if leg is not None and (best is None or (told_at, leg.before.at, arn) < best[:3]):
                best = (told_at, leg.before.at, arn, leg)
        return None if best is None else best[3]

    def _has_turned(self, phase: Phase, at: float) -> bool:
        """Whether one of its tasks came into the phase then."""
        return any(turn.phase is phase for turn in self._chronicle.turns.get(at, ()))

    def _throttle_leg(self, moment: Moment) -> Leg | None:
        """The launch throttle that was over then; a start that somebody's health allowed had not waited for it."""
        if moment.decision is not Decision.START or moment.task_arn is None:
            return None
        deployment_id = self._chronicle.task(moment.task_arn).deployment_id or ""
        known = self._chronicle.deployment_before(deployment_id, moment.at)
        if known is None or known.retry_at is None or known.retry_at > moment.at:
            return None
        return back_off_leg(self._chronicle, deployment_id, at=moment.at)

    def _request_leg(self, moment: Moment) -> Leg:
        created_at = self._roll_out.created_at
        is_known = self._seen_at > self._chronicle.began_at or created_at >= self._chronicle.began_at
        sentence = "until the request was committed" if is_known else "before what is recorded"
        return _plain(SegmentKind.OVERHEAD, sentence, from_at=created_at, at=moment.at)

    def _idle_leg(self, moment: Moment) -> Leg:
        """Nothing was under way: what the records say of that time, back to the last thing that happened."""
        at = moment.at
        for leg in self._held_legs(at):
            if leg is not None and leg.before.at < at:
                return leg
        index = bisect_left(self._instants, at) - 1
        from_at = self._instants[index] if index >= 0 else self._roll_out.created_at
        from_at = max(from_at, self._roll_out.created_at)
        return _plain(SegmentKind.OVERHEAD, "nothing was under way", from_at=from_at, at=at)

    def _held_legs(self, at: float) -> Iterator[Leg | None]:
        chronicle = self._chronicle
        yield capacity_leg(chronicle, self._settings, at=at)
        yield pause_leg(chronicle, self._settings, at=at)
        for deployment_id in sorted(chronicle.deployments):
            yield back_off_leg(chronicle, deployment_id, at=at)

    @cached_property
    def _underway(self) -> Underway:
        return Underway(self._chronicle)

    @cached_property
    def _instants(self) -> list[float]:
        """When something happened, oldest first."""
        return sorted({*self._chronicle.turns, *(move.at for move in self._chronicle.moves), self._seen_at})


def _plain(kind: SegmentKind, sentence: str, *, from_at: float, at: float) -> Leg:
    segment = Segment(kind=kind, from_at=from_at, to_at=at, sentence=sentence)
    return Leg(before=Moment(at=from_at, decision=Decision.ANY), segments=(segment,))
