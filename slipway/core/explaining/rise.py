"""What a task that is to become healthy waits for: its host, its image, its containers, its targets, its checks.

What counts as what: a host's own instants (pull, start) are used where it told them, and the commits' otherwise. A
new target's checks take interval x threshold from its registration on, for the first comes one interval after it;
what is longer than that, checks that failed apart, is overhead: the checks' own time and that of the commits.
"""

from slipway.core.explaining.absence import Absence
from slipway.core.explaining.life import TargetLife, TaskLife
from slipway.core.explaining.segment import Segment, SegmentKind, Setting
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.strip import Strip
from slipway.core.model.tasks import Container, StopCode, Task
from slipway.core.tasks.service_tasks import Phase

#: Why a task stops that did not fail.
_UNWANTED = frozenset((StopCode.USER_INITIATED, StopCode.SERVICE_SCHEDULER_INITIATED, StopCode.TERMINATION_NOTICE))

_CHECKING = "the checks' own time, and that of the commit"
_PASSED = "checks of its target passed, as many in a row as it takes"


def rise_segments(life: TaskLife, settings: Settings, *, from_at: float, to_at: float) -> tuple[Segment, ...]:
    """The stretch of a task's life from `from_at`, when it was made, to `to_at`, when it was healthy, sick or gone, or
    which is as far as is asked for."""
    strip = Strip(from_at, to_at, task_arn=life.task.arn)
    _cut_start(strip, life.task, settings)
    if not strip.is_full:
        came_to = phase_at(life, to_at)
        if came_to is Phase.STOPPED:
            _cut_crash(strip, life.task, settings)
        else:
            _cut_health(strip, life, settings, came_to=came_to)
    return strip.segments()


def relapse_segments(life: TaskLife, *, from_at: float, to_at: float) -> tuple[Segment, ...]:
    """A stretch in which a task that had been healthy was not."""
    strip = Strip(from_at, to_at, task_arn=life.task.arn)
    strip.cut(SegmentKind.FAILURE, None, "it had been healthy, and failed its checks")
    return strip.segments()


def phase_at(life: TaskLife, at: float) -> Phase:
    """The phase a task came into at that instant, the last one; else the one it was in."""
    return next((span.phase for span in reversed(life.spans) if span.from_at <= at), life.spans[0].phase)


# From its creation to RUNNING


def _cut_start(strip: Strip, task: Task, settings: Settings) -> None:
    pulled, is_up = task.pull_stopped_at, task.started_at is not None
    if task.pull_started_at is not None or not is_up:
        strip.cut(SegmentKind.PLACEMENT_WAIT, task.pull_started_at, "until its host took it up")
    if task.pull_started_at is not None and (pulled is not None or not is_up):
        _cut_pull(strip, task, settings)
    _cut_containers(strip, task, settings)
    if is_up:
        strip.cut(SegmentKind.CONTAINER_START, task.started_at, "its containers were started")
    else:
        strip.cut(SegmentKind.CONTAINER_START, task.stopped_at, "its containers were being started")
        strip.cut(SegmentKind.OVERHEAD, None, "until its end was committed")


def _cut_pull(strip: Strip, task: Task, settings: Settings) -> None:
    """The pull: to its end, to its failure, or to where nobody wanted it any more, which is no failure of an image."""
    if task.pull_stopped_at is not None:
        strip.cut(SegmentKind.PULL, task.pull_stopped_at, "its images were pulled", settings.image(task))
    elif task.stop_code in _UNWANTED:
        strip.cut(SegmentKind.PULL, task.stop_decided_at, "its images were being pulled when it was told to stop")
        strip.cut(SegmentKind.OVERHEAD, None, "until its host let go of it")
    else:
        failed = "" if task.stopped_at is None else ", which failed"
        strip.cut(SegmentKind.PULL, task.stopped_at, f"its images were pulled{failed}", settings.image(task))


def _cut_containers(strip: Strip, task: Task, settings: Settings) -> None:
    """What each container waited for, in the order in which they came up. One that was started again in place tells
    its last start only: it is passed over."""
    first_at = {one.name: one.started_at for one in task.containers if one.started_at is not None}
    for container in sorted(_started_once(task), key=lambda one: (first_at[one.name], one.name)):
        started_at = first_at[container.name]
        if task.started_at is not None and started_at > task.started_at:
            continue
        if waited := settings.dependency(task, container.name):
            sentence = f"container {container.name} waited for {', '.join(one.value for one in waited)}"
            strip.cut(SegmentKind.DEPENDENCY_WAIT, started_at, sentence, waited)
        else:
            strip.cut(SegmentKind.CONTAINER_START, started_at, "its containers were started")


def _started_once(task: Task) -> tuple[Container, ...]:
    return tuple(one for one in task.containers if one.started_at is not None and not one.restart_count)


# From RUNNING on


def _cut_crash(strip: Strip, task: Task, settings: Settings) -> None:
    """It ran, and ended by itself before it was healthy: until that was found out, or its other containers ended."""
    failed = f"it ran, and failed: {(task.stopped_reason or 'it ended').rstrip('.')}"
    if len(task.containers) > 1 and task.execution_stopped_at is not None:
        strip.cut(SegmentKind.FAILURE, task.execution_stopped_at, failed)
        others = "one container had failed, and the others exited after SIGTERM"
        strip.cut(SegmentKind.SIGTERM_TO_EXIT, task.stopped_at, others, settings.stop_timeout(task))
        strip.cut(SegmentKind.OVERHEAD, None, "until its end was committed")
    strip.cut(SegmentKind.FAILURE, None, failed)


def _cut_health(strip: Strip, life: TaskLife, settings: Settings, *, came_to: Phase) -> None:
    is_healthy = came_to is Phase.HEALTHY
    targets = [one for one in life.targets if one.registered_at < strip.to_at]
    if targets:
        registered_at = max(one.registered_at for one in targets)
        strip.cut(SegmentKind.REGISTRATION, registered_at, "until it was registered as a target")
        _cut_checks(strip, life, _slowest(targets), settings, is_healthy=is_healthy)
    elif life.task.waits_for_target is not None:
        sentence = f"it waits until {life.task.waits_for_target} is nobody else's target"
        strip.cut(SegmentKind.REGISTRATION, None, sentence)
    if settings.has_container_check(life.task):
        _cut_probes(strip, life.task, settings, came_to=came_to)
    elif not targets:
        ran_s = strip.to_at - (life.task.started_at or strip.to_at)
        steady = Setting(name="healthy_after_running_s", value=f"{ran_s:.0f}" if is_healthy else "", of="server")
        sentence = "it has no health check, and counts as healthy so long after RUNNING"
        strip.cut(SegmentKind.HEALTH_WAIT, None, sentence, (steady,))
    strip.cut(SegmentKind.OVERHEAD, None, "until its health was committed")


def _slowest(targets: list[TargetLife]) -> TargetLife:
    """The target that was healthy last, or never."""
    return max(targets, key=lambda one: float("inf") if one.healthy_at is None else one.healthy_at)


def _cut_checks(strip: Strip, life: TaskLife, target: TargetLife, settings: Settings, *, is_healthy: bool) -> None:
    """The checks of its slowest target: those that failed, and from the last of them on those that passed."""
    record, registered_at = target.target, target.registered_at
    checked_to = strip.to_at if target.healthy_at is None else min(target.healthy_at, strip.to_at)
    interval_s = settings.interval_s(record, from_at=registered_at, to_at=checked_to)
    is_passing = target.first_passed_at is not None and target.first_passed_at <= strip.to_at
    well_from = registered_at
    if target.failed_checks:
        well_from = strip.to_at
        if target.first_passed_at is not None and is_passing:
            well_from = max(target.first_passed_at - interval_s, registered_at)
        owed = settings.failing(record, from_at=registered_at, to_at=well_from)
        strip.cut(SegmentKind.FAILED_CHECKS, well_from, "checks of its target failed", owed)
    passed = target.passed_checks if target.healthy_at is not None and target.healthy_at <= strip.to_at else None
    owed = settings.passing(record, from_at=registered_at, to_at=checked_to, passed=passed)
    if target.healthy_at is not None and passed is not None:
        passed_at = min(well_from + interval_s * passed, target.healthy_at)
        _cut_passed(strip, life.absences, owed, passed_at=passed_at, healthy_at=target.healthy_at)
    elif not is_healthy:
        strip.cut(SegmentKind.HEALTH_WAIT, None, "its target was being checked", owed)


def _cut_passed(
    strip: Strip, absences: tuple[Absence, ...], owed: tuple[Setting, ...], *, passed_at: float, healthy_at: float
) -> None:
    """Checks that passed, which take to `passed_at`. What they took beyond that to `healthy_at` is the absence of the
    control plane, which made none, as far as it was away meanwhile; the row went on where it had stopped."""
    from_at, late_s = strip.cut_at, healthy_at - passed_at
    for one in absences:
        back_at = min(one.to_at, healthy_at)
        lost_s = min(late_s, back_at - max(one.from_at, from_at))
        if lost_s <= 0:
            continue
        gone_at = back_at - lost_s
        strip.cut(SegmentKind.HEALTH_WAIT, min(gone_at, passed_at), _PASSED, owed)
        strip.cut(SegmentKind.OVERHEAD, gone_at, _CHECKING)
        strip.cut(SegmentKind.SERVER_AWAY, back_at, one.sentence)
        passed_at, late_s = (passed_at + lost_s if gone_at < passed_at else passed_at), late_s - lost_s
    strip.cut(SegmentKind.HEALTH_WAIT, passed_at, _PASSED, owed)
    strip.cut(SegmentKind.OVERHEAD, healthy_at, _CHECKING)


def _cut_probes(strip: Strip, task: Task, settings: Settings, *, came_to: Phase) -> None:
    """Container health checks: those that failed, and from the last of them on the one that passed, an interval later.
    The first comes an interval after the start; of runs that are not known, those are told by the time they took."""
    owed, began_at = settings.container_check(task), task.started_at
    interval_s = settings.container_interval_s(task)
    failed = [probe.at for one in task.containers for probe in one.health_probes if probe.exit_code != 0]
    if came_to is Phase.HEALTHY and began_at is not None:
        passed = [one.passing_since for one in task.containers if one.passing_since is not None]
        passed_at = min(max(passed, default=strip.to_at), strip.to_at)
        if failed or (interval_s and round((passed_at - began_at) / interval_s) > 1):
            strip.cut(SegmentKind.FAILED_CHECKS, passed_at - interval_s, "container health checks failed", owed)
        strip.cut(SegmentKind.HEALTH_WAIT, passed_at, "its container health check passed", owed)
    elif came_to is Phase.SICK or failed:
        strip.cut(SegmentKind.FAILED_CHECKS, None, "container health checks failed", owed)
    else:
        strip.cut(SegmentKind.HEALTH_WAIT, None, "its containers were being checked", owed)
