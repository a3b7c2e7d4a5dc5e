"""The post-mortem of a deployment: what it brought, how it ended, when that was found, and how each failed task ended.

It is told from records that stay as long as the deployment does: the service deployment, its counted failures, the
tasks that failed. What is only told where it is still there: events (the newest hundred of a service), the story, and
the last lines of the containers, which are given from outside.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.core.answers.postmortem_tasks import FailedTask, Tail, failed_tasks
from slipway.core.arns import cluster_name, deployment_id_of, resource_name
from slipway.core.deployments.definition_difference import definition_difference
from slipway.core.model.deployments import Detector, ServiceDeployment, ServiceDeploymentStatus
from slipway.core.model.failures import CountedFailure
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """A committed change of the deployment's records."""

    at: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When what happened, epoch seconds; None: it did not, or not yet."""

    update_at: float
    first_failure_at: float | None
    detected_at: float | None
    way_back_at: float | None  # when the way back began
    restored_at: float | None  # when the service was as before, healthy
    detection_share: float | None  # of the time from the update until it was restored; 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the timeline."""

    at: float
    after_s: float  # since the update
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The failures as they were counted."""

    count: int  # as the circuit breaker counted them, those of the way back left out
    threshold: int | None  # so many end the deployment; None: no number of them does
    classes: Mapping[str, int]  # of those that are kept one by one, those of the way back among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortem:
    """All of it. `deployment` is the id `ecs-svc/<digits>`, definitions are `family:revision`."""

    at: float  # when it was told
    cluster: str
    service: str
    deployment: str
    service_deployment: str  # ARN
    task_definition: str | None  # None: the revision is not kept any more
    previous: str | None  # what ran before, or what it went back to; None: nothing did, or nobody knows
    verdict: ServiceDeploymentStatus
    is_verdict: bool  # False: it goes on
    detected_by: Detector | None
    triggered_alarms: tuple[str, ...]
    summary: str
    times: Times
    failures: Failures
    timeline: tuple[Moment, ...]
    difference: tuple[str, ...]  # unified, of the two definitions as JSON; empty where they agree or one is gone
    tasks: tuple[FailedTask, ...]


def postmortem(
    snapshot: Snapshot,
    service: Service,
    roll_out: ServiceDeployment,
    *,
    now: float,
    story: Iterable[StoryLine] = (),
    tails: Mapping[str, Mapping[str, Tail]] = {},
) -> Postmortem:
    """The post-mortem of a service deployment. `story` is what was committed of it and its deployments, `tails` are the
    last lines by task ARN and container."""
    new, old = _definition(snapshot, roll_out.target_revision_arn), _previous(snapshot, roll_out)
    times = _times(roll_out)
    return Postmortem(
        at=now,
        cluster=cluster_name(service.arn),
        service=service.name,
        deployment=deployment_id_of(roll_out.target_revision_arn),
        service_deployment=roll_out.arn,
        task_definition=None if new is None else resource_name(new.arn),
        previous=None if old is None else resource_name(old.arn),
        verdict=roll_out.status,
        is_verdict=roll_out.status.is_verdict,
        detected_by=roll_out.detected_by,
        triggered_alarms=roll_out.triggered_alarms,
        summary=_summary(roll_out, times, new=new, old=old),
        times=times,
        failures=_failures(roll_out),
        timeline=tuple(_timeline(snapshot, service, roll_out, story, until=_ended_at(roll_out) or now)),
        difference=()
        if new is None or old is None
        else definition_difference(old.document, new.document, _names(old, new)),
        tasks=tuple(failed_tasks(snapshot, service, roll_out, tails)),
    )


def failed_roll_out(snapshot: Snapshot, service: Service) -> ServiceDeployment | None:
    """The newest service deployment that did not succeed, or is going back; None: every one succeeded, or goes on."""
    return next((one for one in _history(snapshot, service) if _has_failed(one)), None)


def _history(snapshot: Snapshot, service: Service) -> Iterator[ServiceDeployment]:
    return (one for one in snapshot.service_history(service.arn) if one.created_at >= service.created_at)


def _has_failed(roll_out: ServiceDeployment) -> bool:
    if roll_out.status.is_verdict:
        return roll_out.status is not ServiceDeploymentStatus.SUCCESSFUL
    return roll_out.detected_by is not None


# The definitions


def _definition(snapshot: Snapshot, revision_arn: str) -> TaskDefinition | None:
    revision = snapshot.service_revisions.get(revision_arn)
    return None if revision is None else snapshot.task_definitions.get(revision.task_definition_arn)


def _previous(snapshot: Snapshot, roll_out: ServiceDeployment) -> TaskDefinition | None:
    """What it went back to, else the newest of those that ran when it began."""
    arns = roll_out.source_revision_arns if roll_out.rollback is None else (roll_out.rollback.revision_arn,)
    return next((found for arn in arns if (found := _definition(snapshot, arn)) is not None), None)


def _names(old: TaskDefinition, new: TaskDefinition) -> tuple[str, str]:
    return resource_name(old.arn), resource_name(new.arn)


# How it ended


def _ended_at(roll_out: ServiceDeployment) -> float | None:
    return roll_out.finished_at if roll_out.finished_at is not None else roll_out.stopped_at


def _times(roll_out: ServiceDeployment) -> Times:
    began = roll_out.created_at
    is_restored = roll_out.status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    restored_at = roll_out.finished_at if is_restored else None
    share = None
    if restored_at is not None and roll_out.detected_at is not None and restored_at > began:
        share = round((roll_out.detected_at - began) / (restored_at - began), 3)
    return Times(
        update_at=began,
        first_failure_at=min((one.at for one in roll_out.failures), default=None),
        detected_at=roll_out.detected_at,
        way_back_at=None if roll_out.rollback is None else roll_out.rollback.started_at,
        restored_at=restored_at,
        detection_share=share,
    )


def _failures(roll_out: ServiceDeployment) -> Failures:
    classes = Counter(str(one.failure.failure_class) for one in roll_out.failures)
    return Failures(
        count=roll_out.failure_count, threshold=roll_out.threshold or None, classes=dict(sorted(classes.items()))
    )


def _summary(
    roll_out: ServiceDeployment, times: Times, *, new: TaskDefinition | None, old: TaskDefinition | None
) -> str:
    """The verdict and its reason in a paragraph."""
    what = "The deployment" if new is None else f"The deployment of {resource_name(new.arn)}"
    sentences = [f"{what} {_VERDICTS.get(roll_out.status, 'goes on')} ({roll_out.status})."]
    if roll_out.status_reason:
        sentences.append(f"{roll_out.status_reason.rstrip('.')}.")
    count = roll_out.failure_count
    if count and roll_out.detected_by is not Detector.CIRCUIT_BREAKER:
        of = f", and {roll_out.threshold} end a deployment" if roll_out.threshold else ""
        sentences.append(f"{count} {'failure was' if count == 1 else 'failures were'} counted{of}.")
    if times.detected_at is not None and roll_out.detected_by is not None:
        after = times.detected_at - times.update_at
        sentences.append(f"It was detected {_shown(after)} after the update ({_DETECTORS[roll_out.detected_by]}).")
    if times.restored_at is not None:
        to = "what ran before" if old is None else resource_name(old.arn)
        after = times.restored_at - times.update_at
        share = "" if times.detection_share is None else f", {times.detection_share:.0%} of which was detection"
        sentences.append(f"The service was back on {to} {_shown(after)} after the update{share}.")
    return " ".join(sentences)


def _shown(duration: float) -> str:
    return f"{duration:.1f} s" if duration < 10 else f"{duration:.0f} s"


_VERDICTS = {
    ServiceDeploymentStatus.SUCCESSFUL: "succeeded",
    ServiceDeploymentStatus.STOPPED: "was ended and not taken back",
    ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS: "failed and is being taken back",
    ServiceDeploymentStatus.ROLLBACK_REQUESTED: "is to be taken back",
    ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL: "failed and was taken back",
    ServiceDeploymentStatus.ROLLBACK_FAILED: "failed, and so did the way back",
}
_DETECTORS = {
    Detector.CIRCUIT_BREAKER: "circuit breaker",
    Detector.CERTAINTY: "certain to fail",
    Detector.ALARM: "alarm",
    Detector.DEADLINE: "deadline",
    Detector.USER: "StopServiceDeployment",
}


# What happened


def _timeline(
    snapshot: Snapshot, service: Service, roll_out: ServiceDeployment, story: Iterable[StoryLine], *, until: float
) -> Iterator[Moment]:
    """The service's events of that time; where none is left of an instant, the failures counted and the story."""
    began = roll_out.created_at
    told = _events(snapshot, service, began, until)
    known = {at for at, _ in told}
    told += [(one.at, _counted(one)) for one in roll_out.failures if one.at not in known]
    known = {at for at, _ in told}
    told += [(line.at, line.cause) for line in story if began <= line.at <= until and line.at not in known]
    for at, text in sorted(told, key=lambda pair: pair[0]):
        yield Moment(at=at, after_s=round(at - began, 3), text=text)


def _events(snapshot: Snapshot, service: Service, began: float, until: float) -> list[tuple[float, str]]:
    """Instant and text of the service's events in a time, oldest first, without its name."""
    head = f"(service {service.name}) "
    found = [one for one in snapshot.events(service.arn) if began <= one.created_at <= until]
    return [(one.created_at, one.message.removeprefix(head)) for one in reversed(found)]


def _counted(one: CountedFailure) -> str:
    task = "" if one.task_arn is None else f"(task {resource_name(one.task_arn)}) "
    return f"(deployment {one.deployment_id}) failure: {task}{one.failure.failure_class}: {one.failure.sentence}"
