"""Failures: what went wrong with a service's tasks, counted by deployment, and the delay of starts they bring.

Theory of operation. A task fails once, when it is judged unhealthy or when it ends by itself, whichever comes first. It
is counted for the deployment it runs: every failure of the PRIMARY while that is in progress, as the circuit breaker
has it (ECS Developer Guide, deployment circuit breaker; tasks that start and then exit count, whatever they had
reached), and at rest only those of tasks that were never healthy, as `failedTasks` has it. Each is told in an event.

Ends by themselves are followed by a delay of the next start from the fourth round in a row on, up to ECS's 27 minutes;
where ECS delays only starts that never reach RUNNING, a crash loop is slowed down too. Failed health checks delay
nothing: they have paced the starts already. A new deployment starts at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from slipway.core import events
from slipway.core.decision import Context
from slipway.core.deployments.desired import desired_count, last_good
from slipway.core.deployments.extensions import extensions_of
from slipway.core.deployments.failure_class import failure_of
from slipway.core.deployments.rolling import back_off_s
from slipway.core.model.deployments import Deployment, DeploymentStatus, ServiceDeployment
from slipway.core.model.failures import CountedFailure, Failure, FailureClass
from slipway.core.model.services import Service
from slipway.core.model.tasks import Task
from slipway.core.plan import Change, Put
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot

#: Failures of a deployment that are kept one by one, the first; the count goes on.
FAILURES_KEPT = 50


@dataclass(slots=True, kw_only=True)
class Account:
    """What one decision counts: the deployments and service deployments it changes, and what is told of it."""

    snapshot: Snapshot
    service: Service
    context: Context
    deployments: dict[str, Deployment] = field(default_factory=dict)
    roll_outs: dict[str, ServiceDeployment] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def deployment(self, deployment_id: str) -> Deployment | None:
        """A deployment as it stands in this decision."""
        return self.deployments.get(deployment_id) or self.snapshot.deployments.get(deployment_id)

    def changes(self) -> list[Change]:
        """The records that came out differently."""
        known, past = self.snapshot.deployments, self.snapshot.service_deployments
        changes: list[Change] = []
        for one in self.deployments.values():
            if one != known[one.id]:
                counted = one.failed_tasks != known[one.id].failed_tasks
                changes.append(Put(record=one, cause=f"failed tasks: {one.failed_tasks}" if counted else ""))
        changes += [Put(record=one) for one in self.roll_outs.values() if one != past[one.arn]]
        return changes


def note_tasks(account: Account, *, seen: Iterable[Task], healthy: Iterable[Task], failed: Iterable[Task]) -> None:
    """Count what became of tasks: images are pinned by the first that `seen` tasks run, rows of failures are ended by
    `healthy` ones, and `failed` ones are counted, each told with its reason and when the next task starts."""
    for task in seen:
        _pin_images(account, task)
    for task in healthy:
        _forget(account, task)
    counted = [(task, failure) for task in failed if (failure := _counting(account, task)) is not None]
    counted.sort(key=lambda pair: (pair[0].deployment_id or "", pair[1].failure_class, pair[1].sentence))
    for (deployment_id, _), pairs in groupby(counted, key=lambda pair: (pair[0].deployment_id or "", pair[1])):
        _count(account, deployment_id, list(pairs))


def count_refusal(account: Account, deployment: Deployment, sentence: str) -> None:
    """Count a start that found no room, which only a service that asks for it does, and delay the next."""
    failure = Failure(failure_class=FailureClass.PLACEMENT, sentence=sentence)
    _record(account, deployment, [(None, failure)], signatures=deployment.signatures)
    _note_start(account, deployment.id, account.context.now)
    _delay(account, deployment.id, at_least_s=account.context.rules.placement_retry_s)
    _tell(account, deployment.id, failure, tasks=())


def may_count(snapshot: Snapshot, service: Service, task: Task) -> bool:
    """Whether the end, or the ill health, of a task is a failure of its deployment."""
    deployment = snapshot.deployments.get(task.deployment_id or "")
    if deployment is None or task.is_counted:
        return False
    good = last_good(snapshot, service.arn)
    is_current = deployment.status is DeploymentStatus.PRIMARY or (good is not None and good.id == deployment.id)
    if not is_current:
        return False
    return deployment.is_watched or task.healthy_at is None


def _counting(account: Account, task: Task) -> Failure | None:
    return failure_of(task) if may_count(account.snapshot, account.service, task) else None


def _count(account: Account, deployment_id: str, pairs: list[tuple[Task, Failure]]) -> None:
    """Failures of one deployment for one reason."""
    deployment = account.deployment(deployment_id)
    assert deployment is not None, f"{deployment_id} is counted and unknown"
    failure = pairs[0][1]
    if failure.failure_class is FailureClass.HOST:
        _postpone(account, deployment_id, pairs)
        return
    is_new_round = deployment.failed_start_at is None or _newest(pairs) >= deployment.failed_start_at
    _record(account, deployment, pairs, signatures=_signatures(deployment, pairs, is_new_round=is_new_round))
    if failure.failure_class is not FailureClass.HEALTH:
        _note_start(account, deployment_id, _newest(pairs))
        _delay(account, deployment_id)
    _tell(account, deployment_id, failure, tasks=[task for task, _ in pairs])
    never_ran = all(task.started_at is None for task, _ in pairs)
    failed, before = account.deployments[deployment_id].failed_starts, deployment.failed_starts
    if never_ran and before <= account.context.rules.start_back_off_after < failed:
        account.messages.append(events.CANNOT_START)


def _newest(pairs: list[tuple[Task, Failure]]) -> float:
    return max(task.created_at for task, _ in pairs)


def _postpone(account: Account, deployment_id: str, pairs: list[tuple[Task, Failure]]) -> None:
    """Starts that failed for their host: not counted, and the next ones wait."""
    account.deployments.setdefault(deployment_id, account.snapshot.deployments[deployment_id])
    _note_start(account, deployment_id, _newest(pairs))
    _delay(account, deployment_id, at_least_s=account.context.rules.start_back_off_s)
    retry_at = account.deployments[deployment_id].retry_at or account.context.now
    account.messages.append(
        events.uncounted_failures(
            deployment_id,
            what=f"{FailureClass.HOST}: {pairs[0][1].sentence}",
            task_ids=tuple(task.id for task, _ in pairs),
            delay_s=retry_at - account.context.now,
        )
    )


def _record(
    account: Account,
    deployment: Deployment,
    pairs: Iterable[tuple[Task | None, Failure]],
    *,
    signatures: Mapping[str, int],
) -> None:
    pairs = list(pairs)
    now, is_watched = account.context.now, deployment.is_watched
    account.deployments[deployment.id] = replace(
        deployment,
        failed_tasks=deployment.failed_tasks + len(pairs),
        failure_count=deployment.failure_count + (len(pairs) if is_watched else 0),
        signatures=signatures,
        updated_at=now,
    )
    if not is_watched:
        return
    arn = deployment.rolls_back or deployment.service_deployment_arn
    roll_out = account.roll_outs.get(arn) or account.snapshot.service_deployments[arn]
    kept = [
        CountedFailure(
            deployment_id=deployment.id, at=now, failure=failure, task_arn=None if task is None else task.arn
        )
        for task, failure in pairs
    ]
    account.roll_outs[arn] = replace(
        roll_out,
        failures=(*roll_out.failures, *kept)[:FAILURES_KEPT],
        failure_count=roll_out.failure_count
        if deployment.rolls_back
        else account.deployments[deployment.id].failure_count,
        updated_at=now,
    )


def _signatures(deployment: Deployment, pairs: list[tuple[Task, Failure]], *, is_new_round: bool) -> Mapping[str, int]:
    """The signatures of the running row with these. Crashes at the same time may have one passing cause, so that of a
    crash counts once a round of starts."""
    failure = pairs[0][1]
    if failure.signature is None or len(deployment.signatures) >= FAILURES_KEPT:
        return deployment.signatures
    times = len(pairs)
    if failure.failure_class is FailureClass.CRASH:
        times = 1 if is_new_round else 0
    found = Counter(deployment.signatures)
    found[failure.signature] += times
    return dict(sorted(found.items()))


def _note_start(account: Account, deployment_id: str, created_at: float) -> None:
    """Count a round of starts, of which this task is the newest that ended: tasks started before the last round was
    counted belong to it. However many tasks an outage ends, the next start is delayed once."""
    deployment = account.deployments[deployment_id]
    if deployment.failed_start_at is None or created_at >= deployment.failed_start_at:
        account.deployments[deployment_id] = replace(
            deployment, failed_starts=deployment.failed_starts + 1, failed_start_at=account.context.now
        )


def _delay(account: Account, deployment_id: str, *, at_least_s: float = 0.0) -> None:
    deployment, rules = account.deployments[deployment_id], account.context.rules
    delay_s = back_off_s(
        deployment.failed_starts,
        after=rules.start_back_off_after,
        first_s=rules.start_back_off_s,
        most_s=rules.start_back_off_max_s,
    )
    delay_s = max(delay_s, at_least_s)
    if delay_s:
        account.deployments[deployment_id] = replace(deployment, retry_at=account.context.now + delay_s)


def _tell(account: Account, deployment_id: str, failure: Failure, *, tasks: Iterable[Task]) -> None:
    deployment, breaker = account.deployments[deployment_id], account.service.circuit_breaker
    is_watched = deployment.is_watched
    threshold = breaker.threshold(desired_count(account.snapshot, account.service)) if breaker.is_enabled else None
    now = account.context.now
    ids = tuple(task.id for task in tasks)
    is_untold = (
        failure.failure_class is FailureClass.HEALTH
    )  # what is replaced starts as its checks and the bounds allow
    if is_watched and acts_on_certainty(account.service, account.context):
        is_untold = is_untold or certain_signature(deployment) is not None
    account.messages.append(
        events.counted_failures(
            deployment_id,
            count=deployment.failure_count if is_watched else deployment.failed_tasks,
            threshold=threshold if is_watched else None,
            what=f"{failure.failure_class}: {failure.sentence}",
            task_ids=ids,
            delay_s=None if is_untold else max((deployment.retry_at or now) - now, 0.0),
        )
    )


def acts_on_certainty(service: Service, context: Context) -> bool:
    """Whether failures that will come again for ever end the service's deployments: its circuit breaker watches, and
    neither the setting nor its tag turns that off."""
    is_on = service.circuit_breaker.is_enabled and context.rules.fails_on_certainty
    return is_on and extensions_of(service).fails_on_certainty


def certain_signature(deployment: Deployment) -> str | None:
    """The signature of failures that will come again for ever; None: more tries may end otherwise."""
    return next((one for one, count in sorted(deployment.signatures.items()) if count > 1), None)


def _forget(account: Account, task: Task) -> None:
    """A task that became healthy ends its deployment's row of failures (`Deployment.failedTasks`).

    While the deployment bakes, all of its tasks have been healthy: a replacement that becomes so, too, proves nothing,
    and the breaker's count goes on.
    """
    deployment = account.deployment(task.deployment_id or "")
    if deployment is None or not (deployment.failed_tasks or deployment.failure_count or deployment.failed_starts):
        return
    resets = account.service.circuit_breaker.is_reset_by_healthy_task and deployment.bake_until is None
    count = 0 if resets else deployment.failure_count
    account.deployments[deployment.id] = forgiven(deployment, failure_count=count)


def forgiven(deployment: Deployment, *, failure_count: int = 0) -> Deployment:
    """The deployment without its row of failures and the delay of its next start; the breaker's count as given."""
    return replace(
        deployment,
        failed_tasks=0,
        failure_count=failure_count,
        failed_starts=0,
        failed_start_at=None,
        signatures={},
        retry_at=None,
    )


def _pin_images(account: Account, task: Task) -> None:
    """The images that a deployment's first task runs are those of all its tasks (ECS API, `versionConsistency`)."""
    deployment = account.deployment(task.deployment_id or "")
    definition = account.snapshot.task_definitions.get(task.task_definition_arn)
    if deployment is None or definition is None:
        return
    found = dict(_digests(task, {one.name for one in definition.containers if one.is_digest_pinned}))
    new = {name: digest for name, digest in found.items() if name not in deployment.image_digests}
    if new:
        pinned = {**deployment.image_digests, **new}
        account.deployments[deployment.id] = replace(deployment, image_digests=pinned)


def _digests(task: Task, pinned: set[str]) -> Iterator[tuple[str, str]]:
    for container in task.containers:
        if container.image_digest is not None and container.name in pinned:
            yield container.name, container.image_digest
