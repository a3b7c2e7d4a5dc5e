"""A roll in a fork: the change that is planned, made by the API's own handler, and the world run on from there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from slipway.api.call import Call, Site
from slipway.api.ecs_services import update_service
from slipway.api.errors import ApiError
from slipway.core.answers.why_service import blocked_because
from slipway.core.arns import cluster_name
from slipway.core.decision import Context
from slipway.core.deployments.container_change import changed_container
from slipway.core.deployments.desired import desired_count
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.model.deployments import Deployment, ServiceDeployment
from slipway.core.model.services import Service, ServiceEvent, ServiceStatus
from slipway.core.model.task_definitions import TaskDefinition, TaskDefinitionStatus
from slipway.core.monitoring.metrics import Bucket, Metric, MetricDatum
from slipway.core.plan import Plan, Put
from slipway.core.snapshot import Snapshot
from slipway.foresight.assumption import Failure
from slipway.foresight.endless import fails_for_ever
from slipway.foresight.fork import Fork, forked_world
from slipway.foresight.knobs import Assignment
from slipway.ports import Commit
from slipway.sim.behaviours import Behaviour

#: What begins the sentence of a warning in an event (`core.events.preflight`).
_PREFLIGHT = "preflight: "


class PlanError(ValueError):
    """What is asked for cannot be planned; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """What is to be deployed. All of it empty: what is in progress, or else a new deployment of the same revision."""

    images: Mapping[str, str] = field(default_factory=dict)  # by container
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by container
    task_definition: str | None = None  # a family, `family:revision` or ARN; None: the service's own
    is_forced: bool = False  # a new deployment, though nothing changes
    settings: tuple[Assignment, ...] = ()
    assume: Failure | None = None  # what goes wrong with the new version; None: nothing does

    @property
    def is_copied(self) -> bool:
        """Whether a new revision is to be registered."""
        return bool(self.images or self.environment)


class ForkRoll:
    """One world in which a change is rolled, or what is in progress goes on (`definition` None)."""

    def __init__(
        self,
        fork: Fork,
        definition: TaskDefinition | None,
        behaviours: Mapping[str, Behaviour],
        *,
        warn: Callable[[str], object] = lambda sentence: None,
    ) -> None:
        """`definition` is what is deployed; it is registered where the fork does not have it. `warn` is told of each
        warning of preflight."""
        self.fork = fork
        self.definition = definition
        self.chronicle: Chronicle | None = None
        self._warn = warn
        self.world = forked_world(fork, behaviours, watch=self._watch)
        self._site = Site(
            arns=fork.arns, rules=fork.rules, balancer=self.world.balancer, metrics=_NoMetrics(), address_pool=()
        )

    def _watch(self, snapshot: Snapshot, commit: Commit) -> None:
        if self.chronicle is not None:
            self.chronicle.tell(commit.at, commit.changes)

    @property
    def service(self) -> Service:
        """The service as it is now."""
        return self.world.snapshot.services[self.fork.service_arn]

    @property
    def desired(self) -> int:
        """Tasks that the service is to have."""
        return desired_count(self.world.snapshot, self.service)

    def begin(self) -> ServiceDeployment:
        """Begin the roll, and the chronicle with it. Raises `PlanError` where the API would refuse it."""
        self.world.step()
        records = tuple(self.world.snapshot.records())
        if self.definition is not None:
            self.world.apply(self._deploy)
        self.chronicle = Chronicle(self.fork.service_arn, records, at=self.world.clock.now())
        if self._primary is None:
            raise PlanError(f"The service {self.service.name} is {ServiceStatus.INACTIVE}.")
        return self.world.snapshot.roll_out(self._primary)

    def _deploy(self, snapshot: Snapshot, context: Context) -> Plan:
        """UpdateService, as the server would take it."""
        assert self.definition is not None, "there is something to deploy"
        registered = Put(record=self.definition, cause="planned")
        if self.definition.arn not in snapshot.task_definitions:
            snapshot.apply((registered,))  # the handler looks it up
        params: dict[str, Any] = {
            "cluster": cluster_name(self.fork.service_arn),
            "service": self.service.name,
            "taskDefinition": self.definition.arn,
            "forceNewDeployment": True,
        }
        call = Call(
            snapshot=snapshot,
            params=params,
            now=context.now,
            ids=context.ids,
            site=self._site,
            image_lacks=self.fork.image_lacks,
        )
        try:
            update_service(call)
        except ApiError as error:
            raise PlanError(error.message) from error
        events = [change.record.message for change in call.changes if isinstance(change.record, ServiceEvent)]
        for _, mark, sentence in (message.partition(_PREFLIGHT) for message in events):
            if mark:
                self._warn(sentence)
        return Plan(changes=(registered, *call.changes), commands=tuple(call.commands))

    def run_to_verdict(self, arn: str, *, limit_s: float) -> bool:
        """Go on to the verdict on the roll, or until none is to be expected. Whether there is one."""
        self.world.run(lambda: self.roll_out(arn).status.is_verdict or self._fails(), limit_s=limit_s)
        return self.roll_out(arn).status.is_verdict

    def _fails(self) -> bool:
        return fails_for_ever(self._primary, self.desired)

    @property
    def _primary(self) -> Deployment | None:
        return self.world.snapshot.primary(self.fork.service_arn)

    def why_endless(self) -> str:
        """Why the roll has not ended, in a sentence."""
        if self._primary is not None and self._fails():
            failed = f"has not ended: {self._primary.failed_tasks} tasks in a row failed before they were healthy"
            is_ended = self.service.circuit_breaker.is_enabled
            return f"{failed}, on the way back, too" if is_ended else f"{failed}, and no circuit breaker ends it"
        looked_s = round(self.world.clock.now() - self.fork.at)
        unended = "has no end" if self.world.next_at is None else f"has not ended within {looked_s:,} s"
        if self._primary is None or self.service.blocked_by is None:
            return unended
        return f"{unended}: {blocked_because(self.world.snapshot, self.service, self._primary)}"

    def roll_out(self, arn: str) -> ServiceDeployment:
        """The record of the roll as it is now."""
        return self.world.snapshot.service_deployments[arn]


class _NoMetrics:
    """The metrics of a fork: none."""

    def put(self, datum: MetricDatum) -> None:
        """Nobody reads it."""

    def read(
        self, metric: Metric, *, begin: float, end: float, period_s: int, unit: str | None = None, singly: bool = False
    ) -> dict[float, Bucket]:
        """None."""
        return {}

    def units(self, metric: Metric) -> list[str]:
        """None."""
        return []

    def metrics(self, *, since: float) -> list[Metric]:
        """None."""
        return []


def planned_definition(snapshot: Snapshot, service: Service, change: PlannedChange) -> TaskDefinition:
    """What the change deploys: a revision that is there, or the next one of its family, which is not registered yet.

    Raises `PlanError` for a definition or a container that is not there.
    """
    source = _source(snapshot, service, change.task_definition)
    if not (change.is_copied or change.assume is not None):
        return source
    names = {one.name for one in source.containers}
    for name in (*change.images, *change.environment):
        if name not in names:
            family = f"{source.family}:{source.revision}"
            raise PlanError(f"{family} has no container {name}; it has {', '.join(sorted(names))}.")
    number = snapshot.revisions(source.family)[-1].revision + 1
    documents = [
        changed_container(one, image=change.images.get(one["name"]), variables=change.environment.get(one["name"], {}))
        for one in source.document.get("containerDefinitions", ())
    ]
    return replace(
        source,
        arn=f"{source.arn.rpartition(':')[0]}:{number}",
        revision=number,
        containers=tuple(replace(one, image=change.images.get(one.name, one.image)) for one in source.containers),
        document={**source.document, "containerDefinitions": documents} if documents else source.document,
    )


def _source(snapshot: Snapshot, service: Service, name: str | None) -> TaskDefinition:
    primary = snapshot.primary(service.arn)
    if primary is None or service.status is not ServiceStatus.ACTIVE:
        raise PlanError(f"The service {service.name} is {service.status}: nothing can be deployed to it.")
    if name is None:
        return snapshot.task_definitions[primary.task_definition_arn]
    family, _, revision = name.rpartition("/")[2].partition(":")
    known = snapshot.revisions(family)
    is_active = TaskDefinitionStatus.ACTIVE
    meant = (
        one for one in reversed(known) if revision == str(one.revision) or (not revision and one.status is is_active)
    )
    found = next(meant, None)
    if found is None:
        raise PlanError(f"There is no task definition {name}.")
    return found
