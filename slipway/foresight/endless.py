"""Rolls that have no end: when to stop looking ahead, and why there is none, in a sentence."""

from slipway.core.model.deployments import Deployment
from slipway.core.model.services import DEPLOYMENT_CONFIGURATION, Service
from slipway.foresight.rollout import Rollout

#: Failures in a row after which nothing else can be expected, and how many times the desired count, where that is more.
FAILURES = 100
FAILURES_OF_EACH = 3

#: Starts and stops after which a roll is taken to go in circles, and how many for each task, where that is more: a roll
#: needs two for each, and two more for each that fails.
MOVES = 1_000
MOVES_OF_EACH = 20


def fails_for_ever(primary: Deployment | None, desired: int) -> bool:
    """Whether so many of the `desired` tasks failed in a row that the next will, too."""
    return primary is not None and primary.failed_tasks >= max(FAILURES, FAILURES_OF_EACH * desired)


def goes_in_circles(moves: int, desired: int) -> bool:
    """Whether a roll of `desired` tasks has started and stopped tasks so often that it does not come to an end."""
    return moves > max(MOVES, MOVES_OF_EACH * desired)


def why_endless(service: Service, primary: Deployment | None, rollout: Rollout, *, moves: int, looked_s: float) -> str:
    """Why a roll has not ended, having looked so many seconds and so many moves ahead."""
    if primary is not None and fails_for_ever(primary, rollout.desired):
        failed = f"{primary.failed_tasks} tasks in a row failed before they were healthy"
        if rollout.circuit_breaker:
            return f"has not ended: {failed}, on the way back, too"
        return f"has not ended: {failed}, and nothing ends it without --circuit-breaker"
    if goes_in_circles(moves, rollout.desired):
        return f"has not ended: it went on for {moves:,} starts and stops, for tasks that are healthy do not stay so"
    percentages = (
        f"--minimum-healthy-percent {rollout.minimum_healthy_percent} and --maximum-percent {rollout.maximum_percent}"
    )
    if service.blocked_by == DEPLOYMENT_CONFIGURATION:
        return f"has not ended: {percentages} let nothing move: neither may a task stop nor one more start"
    if service.lacks_room:
        return f"has not ended: there is no room for another task, and by {percentages} no old one may stop before it"
    return f"has not ended within {looked_s:g} s"
