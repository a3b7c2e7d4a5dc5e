"""The levers: what can be changed to have a roll take less time, to which values, and what each of them risks.

Two floors are never gone below: a drain lasts as long as the longest request that was seen, and a stop timeout twice as
long. Without any request measured the floors are 5 and 2 seconds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from slipway.foresight.advise_subject import Facts, Outcome, RequestSeen, Subject, Trial
from slipway.foresight.assumption import Part
from slipway.foresight.knobs import Assignment, knob_named

#: Requests that are enough to go by.
REQUESTS_LEAST = 100

#: The floors of a drain and of a stop timeout where no request asks for more, seconds.
DRAIN_LEAST_S = 5
STOP_LEAST_S = 2

#: Intervals and thresholds that health checks are tried with, the most careful first.
CHECKS = ((10, 3), (10, 2), (5, 2))

#: Drains, percentages that are tried where they are less than now, or more.
DRAINS_S = (60, 30, 15)
MINIMUM_PERCENTS = (75, 50)
MAXIMUM_PERCENTS = (125, 150, 200)

#: A pull that is worth having before the roll, seconds.
PULL_LEAST_S = 1.0

_INTERVAL, _THRESHOLD = "HealthCheckIntervalSeconds", "HealthyThresholdCount"
_TIMEOUT, _UNHEALTHY = "HealthCheckTimeoutSeconds", "UnhealthyThresholdCount"
_GRACE = "healthCheckGracePeriodSeconds"
DRAIN = "deregistration_delay.timeout_seconds"
_STOP = "stopTimeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to set a lever. `risks` says in sentences what it risks, given what the roll then comes to."""

    label: str  # what is tried, in a few words
    trial: Trial
    risks: Callable[[Outcome], tuple[str, ...]]
    cost: str = ""  # what has to be done beside the settings: hosts, images; empty: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One kind of change, in the words it is called by."""

    name: str
    candidates: tuple[Candidate, ...]  # the one that changes most last
    is_harmless: bool  # it takes neither capacity nor room, and no request that was seen is cut off
    part: str = ""  # the part of a task's life that it bounds; empty: none


def levers_of(subject: Subject) -> tuple[Lever, ...]:
    """The levers that there are for a service or rollout, those of no use left out."""
    found = (
        Lever(name="health checks", candidates=tuple(_checks(subject)), is_harmless=True),
        Lever(name="drain", candidates=tuple(_drains(subject)), is_harmless=True, part=Part.DRAIN),
        Lever(name="stop", candidates=tuple(_stops(subject)), is_harmless=True, part=Part.EXIT),
        Lever(name="minimum healthy", candidates=tuple(_minimums(subject)), is_harmless=False),
        Lever(name="maximum", candidates=tuple(_maximums(subject)), is_harmless=False),
        Lever(name="room", candidates=tuple(_rooms(subject)), is_harmless=False),
        Lever(name="pull", candidates=tuple(_pulls(subject)), is_harmless=False),
    )
    return tuple(lever for lever in found if lever.candidates)


def _number(subject: Subject, name: str) -> int | None:
    value = subject.value(name)
    return None if value is None else int(value)


def _set(name: str, value: int) -> Assignment:
    return Assignment(knob=knob_named(name), value=value)


# Health checks


def _checks(subject: Subject) -> Iterator[Candidate]:
    interval, threshold = _number(subject, _INTERVAL), _number(subject, _THRESHOLD)
    if interval is None or threshold is None:
        return
    for every_s, checks in CHECKS:
        if every_s <= interval and checks <= threshold and every_s * checks < interval * threshold:
            yield _check(subject, every_s, checks)


def _check(subject: Subject, every_s: int, checks: int) -> Candidate:
    """A timeout that is too long for the interval is shortened too; and a grace period given to a program that needs
    longer to be ready than it would now take for it to be found sick."""
    now = {name: _number(subject, name) or 0 for name in (_INTERVAL, _THRESHOLD, _TIMEOUT, _UNHEALTHY, _GRACE)}
    wanted = {_INTERVAL: every_s, _THRESHOLD: checks}
    if now[_TIMEOUT] >= every_s:
        wanted[_TIMEOUT] = every_s - 1
    sick_s, ready_s = every_s * now[_UNHEALTHY], subject.facts.ready_s
    if ready_s >= sick_s - every_s and now[_GRACE] < 2 * ready_s:
        wanted[_GRACE] = ceil(2 * ready_s)
    risks = [
        f"a target is taken as healthy after {every_s * checks} s (now {now[_INTERVAL] * now[_THRESHOLD]} s): a "
        "program that passes its check before its caches are warm gets traffic sooner",
    ]
    if every_s != now[_INTERVAL]:
        risks.append(
            f"a target that fails its checks is out of service after {sick_s} s "
            f"(now {now[_INTERVAL] * now[_UNHEALTHY]} s)"
        )
    if _TIMEOUT in wanted:
        risks.append(f"a check must be answered within {wanted[_TIMEOUT]} s (now {now[_TIMEOUT]} s)")
    if _GRACE in wanted:
        risks.append(f"failed checks do not count in the first {wanted[_GRACE]} s of a task (now {now[_GRACE]} s)")
    assignments = tuple(_set(name, value) for name, value in wanted.items() if value != now[name])
    return Candidate(
        label=f"{checks} checks, {every_s} s apart",
        trial=Trial(assignments=assignments),
        risks=lambda outcome: tuple(risks),
    )


# Drain and stop


def drain_floor_s(facts: Facts) -> int:
    """The shortest drain that is advised: no request that was seen would be cut off, seconds."""
    longest = facts.longest_request
    return DRAIN_LEAST_S if longest is None else max(ceil(longest.seconds), DRAIN_LEAST_S)


def stop_floor_s(facts: Facts) -> int:
    """The shortest stop timeout that is advised, seconds: twice the slowest request, and not less than the program
    takes to exit."""
    longest = facts.longest_request
    requests_s = STOP_LEAST_S if longest is None else max(ceil(2 * longest.seconds), STOP_LEAST_S)
    return requests_s if facts.exit_s is None or facts.ignores_sigterm else max(ceil(facts.exit_s), requests_s)


def _drains(subject: Subject) -> Iterator[Candidate]:
    now = _number(subject, DRAIN)
    floor = drain_floor_s(subject.facts)
    for seconds in (*DRAINS_S, floor):
        if now is not None and floor <= seconds < now:
            yield Candidate(
                label=f"drain {seconds} s",
                trial=Trial(assignments=(_set(DRAIN, seconds),)),
                risks=lambda outcome, seconds=seconds: (  # type: ignore[misc]  # a default cannot be typed in a lambda
                    f"a request longer than {seconds} s is cut off, and so is a connection that is open for longer",
                ),
            )


def _stops(subject: Subject) -> Iterator[Candidate]:
    seconds = stop_floor_s(subject.facts)
    now = _number(subject, _STOP)
    assignments = subject.stop_timeouts_of(seconds)
    if not assignments or now is None:
        return
    risk = f"a program that needs longer than {seconds} s after SIGTERM (now {now} s) is killed before it has ended"
    instead = "; it would take no time either if it exited on SIGTERM (exec form of its command, initProcessEnabled)"
    said = (
        risk + instead if subject.facts.ignores_sigterm else risk,
        "tasks that run now keep the timeout they were started with: this is saved from the second deployment on",
    )
    yield Candidate(label=f"stop {seconds} s", trial=Trial(assignments=assignments), risks=lambda outcome: said)


def floor_notes(subject: Subject) -> Iterator[str]:
    """Which request holds the drain and the stop timeout where they are, or that none was measured."""
    drain, stop, longest = _number(subject, DRAIN), _number(subject, _STOP), subject.facts.longest_request
    drain_s, stop_s = drain_floor_s(subject.facts), stop_floor_s(subject.facts)
    floors = f"the stop timeout stays at or above {stop_s} s"
    if drain is not None:
        floors = f"the drain stays at or above {drain_s} s, {floors}"
    if longest is None:
        yield f"No request was measured: {floors}. A request that takes longer is cut off."
    else:
        seen = "The longest request takes"
        if longest.at is not None:
            seen = f"Longest request seen, at {_minute(longest.at)} UTC:"
        yield f"{seen} {longest.seconds:g} s: {floors}."
        yield from _too_few(longest)
        if drain is not None and drain < longest.seconds:
            yield f"The drain is {drain} s now, and cuts such a request off: {DRAIN}={drain_s} would let it end."
        if stop is not None and stop < stop_s:
            yield f"The stop timeout is {stop} s now, less than is advised: stopTimeout={stop_s}."
    if minutes := _number(subject, "bakeTimeInMinutes"):
        yield f"{minutes} m of it are the bake time (bakeTimeInMinutes), which no advice shortens."


def _minute(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _too_few(longest: RequestSeen) -> Iterator[str]:
    """What is to be said where too few requests were measured to go by them."""
    if longest.since is not None and longest.count < REQUESTS_LEAST:
        requests = f"{longest.count} request{'' if longest.count == 1 else 's'}"
        seen = "was" if longest.count == 1 else "were"
        yield f"Only {requests} {seen} seen, since {_minute(longest.since)} UTC: too few to go by."


# Capacity


def _minimums(subject: Subject) -> Iterator[Candidate]:
    now, desired = _number(subject, "minimumHealthyPercent"), _number(subject, "desiredCount")
    if now is None:
        return
    kept = ceil((desired or 0) * now / 100)
    for percent in MINIMUM_PERCENTS:
        if percent < now and (desired is None or 0 < ceil(desired * percent / 100) < kept):
            trial = Trial(assignments=(_set("minimumHealthyPercent", percent),))
            yield Candidate(label=f"minimum {percent} %", trial=trial, risks=_capacity)


def _capacity(outcome: Outcome) -> tuple[str, ...]:
    return (
        f"only {outcome.lowest_healthy} of {outcome.desired} tasks serve during a roll: "
        f"{outcome.lowest_healthy_percent:.0f} % of capacity",
    )


def _maximums(subject: Subject) -> Iterator[Candidate]:
    now, desired = _number(subject, "maximumPercent"), _number(subject, "desiredCount") or 0
    for percent in MAXIMUM_PERCENTS:
        if now is not None and percent > now and desired * percent // 100 > desired * now // 100:
            trial = Trial(assignments=(_set("maximumPercent", percent),))
            yield Candidate(label=f"maximum {percent} %", trial=trial, risks=_more_at_once)


def _more_at_once(outcome: Outcome) -> tuple[str, ...]:
    beside = f"{outcome.extra_room} task{'' if outcome.extra_room == 1 else 's'}"
    told = f"up to {beside} beside the desired hold room at once, those that stop among them"
    return (f"{told}: nothing else can have it meanwhile",)


def _rooms(subject: Subject) -> Iterator[Candidate]:
    """A quarter of the desired count more, and all that the percentages let run at once."""
    facts = subject.facts
    step = max(ceil((_number(subject, "desiredCount") or 0) / 4), 1)
    for more in sorted({min(step, facts.lacks_room_for), facts.lacks_room_for} - {0}):
        cost = f"room for {more} more task{'' if more == 1 else 's'} of {facts.cpu} CPU units and {facts.memory} MiB"
        yield Candidate(
            label=f"room for {more} more",
            trial=Trial(extra_room=more),
            risks=lambda outcome: ("it is paid for, also between rolls",),
            cost=cost,
        )


def _pulls(subject: Subject) -> Iterator[Candidate]:
    if subject.facts.pull_s < PULL_LEAST_S:
        return
    yield Candidate(
        label="image pulled before",
        trial=Trial(is_pulled_before=True),
        risks=lambda outcome: ("a tag that is moved is not noticed by a host that has an image of that name",),
        cost="every host pulls the image before the roll, with the server's image_pull_behavior (ECS agent: "
        "ECS_IMAGE_PULL_BEHAVIOR) set to prefer-cached",
    )
