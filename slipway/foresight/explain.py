"""Explain a deployment: read its chronicle off a recording, and account for every second of it.

explanation = explain(recording)
explanation.seconds, [(one.kind, one.seconds) for one in explanation.ledger.segments]
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from slipway.core.arns import cluster_name, deployment_id_of, resource_name
from slipway.core.explaining.absence import Absence
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.ledger import ledger_of
from slipway.core.explaining.rounds import RoundRow, round_rows
from slipway.core.explaining.segment import Ledger
from slipway.core.explaining.summary import KindTotal, overhead_share, totals_of
from slipway.core.model.deployments import ServiceDeployment, ServiceDeploymentStatus
from slipway.core.plan import Change
from slipway.foresight.recording import RecordedStep, Recording

#: Tasks that one round starts or stops become healthy, or stop, some moments apart: their moves count as one instant.
TOGETHER_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """A change of a setting, and what it would have saved of this deployment. Times are seconds."""

    name: str  # the setting, AWS's name
    of: str  # what it is a setting of: `target group web`
    before: str  # its value
    after: str
    saved_s: float
    risk: str  # what is given up for it, a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where the time of one deployment went. `…_at` are epoch seconds, `…_s` seconds since it was created."""

    service: str  # its name
    cluster: str
    service_arn: str
    service_deployment_arn: str
    deployment: str  # `ecs-svc/…`
    to: str  # the task definition that it brought: `web:3`
    sources: tuple[str, ...]  # what it replaced: `web:2`; empty: the service had nothing, or that is not known
    status: ServiceDeploymentStatus
    status_reason: str  # empty: nothing to say
    ledger: Ledger
    totals: tuple[KindTotal, ...]  # the longest first
    rounds: tuple[RoundRow, ...]
    chronicle: Chronicle
    savings: tuple[Saving, ...] = ()  # the changes that would have saved most, the best first; empty: not asked for

    @property
    def is_over(self) -> bool:
        """Whether it came to a verdict; False: it goes on, and this is told up to the last of what is known."""
        return self.status.is_verdict

    @property
    def seconds(self) -> float:
        """Its wall time so far, which the ledger's segments add up to."""
        return self.ledger.seconds

    @property
    def overhead_share(self) -> float:
        """The share of the time that no setting owes, 0 to 1."""
        return overhead_share(self.ledger)


def explain(
    recording: Recording,
    *,
    now: float | None = None,
    savings: Callable[[Recording], tuple[Saving, ...]] | None = None,
) -> Explanation:
    """The explanation of what was recorded. `now`: up to when a deployment that goes on is told, epoch seconds (None:
    to the last recorded step). `savings`: asked for the changes that would have saved most (None: none are sought)."""
    chronicle = chronicle_of(recording)
    goes_on_to = recording.ended_at if now is None or recording.is_over else now
    told_at = max(goes_on_to, recording.ended_at)
    explanation = explain_chronicle(chronicle, recording.service_deployment_arn, now=told_at)
    return explanation if savings is None else replace(explanation, savings=savings(recording))


def explain_chronicle(chronicle: Chronicle, service_deployment_arn: str, *, now: float) -> Explanation:
    """The explanation of a deployment that a chronicle tells of, as of a simulated one, up to `now` (epoch seconds).

    Raises KeyError if it tells of no such service deployment.
    """
    roll_out = chronicle.service_deployments[service_deployment_arn]
    ledger = ledger_of(chronicle, service_deployment_arn, now=now)
    return Explanation(
        service=resource_name(roll_out.service_arn),
        cluster=cluster_name(roll_out.service_arn),
        service_arn=roll_out.service_arn,
        service_deployment_arn=roll_out.arn,
        deployment=deployment_id_of(roll_out.target_revision_arn),
        to=_runs(chronicle, roll_out.target_revision_arn) or "",
        sources=tuple(filter(None, (_runs(chronicle, arn) for arn in roll_out.source_revision_arns))),
        status=roll_out.status,
        status_reason=roll_out.status_reason or "",
        ledger=ledger,
        totals=totals_of(ledger),
        rounds=round_rows(chronicle, together_s=TOGETHER_S, now=now),
        chronicle=chronicle,
    )


def chronicle_of(recording: Recording) -> Chronicle:
    """The chronicle of the recorded service, from the creation of the deployment to the last recorded step."""
    first = recording.steps[0]
    created_at = _created_at(first.changes, recording.service_deployment_arn)
    at = first.at if created_at is None else min(created_at, first.at)
    chronicle = Chronicle(recording.service_arn, recording.records, at=at)
    for before, step in zip((None, *recording.steps), recording.steps, strict=False):
        if before is not None and (absence := _absence(before, step)) is not None:
            chronicle.miss(absence)
        chronicle.tell(step.at, step.changes)
    return chronicle


def _absence(before: RecordedStep, step: RecordedStep) -> Absence | None:
    """The control plane's absence between two steps; None: it was there."""
    back_at = min((step.at, *step.idle_at))
    if step.loaded is None or back_at <= before.at:
        return None
    sentence = "the server could not write its records" if step.loaded.has_failed else "the server was not running"
    return Absence(from_at=before.at, to_at=back_at, sentence=sentence)


def _created_at(changes: tuple[Change, ...], service_deployment_arn: str) -> float | None:
    """When the deployment was created; None: these changes do not make it."""
    made = (change.record for change in changes if isinstance(change.record, ServiceDeployment))
    return next((one.created_at for one in made if one.arn == service_deployment_arn), None)


def _runs(chronicle: Chronicle, revision_arn: str) -> str | None:
    """The task definition of a service revision, `web:3`; None: it is not known."""
    revision = chronicle.revisions.get(revision_arn)
    return None if revision is None else resource_name(revision.task_definition_arn)
