"""A plan: what a change of a live service will do, from its fork and from what its own tasks took so far.

    plan = plan_change(fork, PlannedChange(images={"app": "users:v2"}))
    plan.forecast_p50.duration_s, plan.forecast_p90.duration_s, plan.worst_way_back_s

It is rolled twice by the production controller in virtual time: with each part of a task's life as long as the median
of those that were measured, and as long as nine tenths of them kept to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from slipway.core.answers.preflight_room import BOUNDLESS, room_for
from slipway.core.arns import cluster_name
from slipway.core.deployments.desired import bounds_of
from slipway.core.deployments.roll_back import roll_back_target
from slipway.core.model.deployments import Deployment, RolloutState
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import HealthStatus, Task
from slipway.core.placing.placement import footprint
from slipway.core.plan import Put
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase
from slipway.foresight.assumption import Assumption, Failure, Pace, Part, assumptions_of, behaviour_of, failing, overdue
from slipway.foresight.forecast import Forecast
from slipway.foresight.fork import Fork
from slipway.foresight.fork_roll import ForkRoll, PlanError, PlannedChange, planned_definition
from slipway.foresight.knobs import changes_of
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.roll import LIMIT_S, forecast_of
from slipway.sim.behaviours import Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNeed:
    """Tasks of the new version that a roll asks for room for. `free` None: they take none."""

    now: int  # tasks of the service that hold room now
    peak: int  # the most that hold room at any instant of the plan
    wanted: int  # the most that the percentages allow
    free: int | None  # that fit besides those that are there now

    @property
    def is_short(self) -> bool:
        """Whether the roll would start more tasks at once if there were room for them."""
        return self.free is not None and self.wanted > self.now + self.free


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a change of a service will do. Times are seconds, instants epoch seconds of the server."""

    service: str
    cluster: str
    at: float  # when the fork was taken
    revision_now: str  # `family:revision` of the PRIMARY deployment
    revision: str  # of what is deployed; the same where a deployment is forced, or one in progress goes on
    is_new: bool  # False: nothing is begun, what is in progress goes on
    settings: tuple[str, ...]  # `minimumHealthyPercent=50`: as if the service had been made with them
    assume: Failure | None
    forecast_p50: Forecast
    forecast_p90: Forecast
    assumptions: tuple[Assumption, ...]  # those of the revision that is deployed first
    room: RoomNeed
    warnings: tuple[str, ...]  # preflight's, and what the plan cannot know

    @property
    def worst_way_back_s(self) -> float | None:
        """The longest way back from any round, at the slower pace, seconds; None: none was asked for or one does not
        end, as where there is nothing to go back to."""
        return self.forecast_p90.rollback_s

    @property
    def lowest_healthy(self) -> int:
        """The least healthy tasks at any instant."""
        return min(self.forecast_p50.lowest_healthy, self.forecast_p90.lowest_healthy)


def plan_change(
    fork: Fork, change: PlannedChange = PlannedChange(), *, ways_back: bool = True, limit_s: float = LIMIT_S
) -> Plan:
    """The plan of a change. `ways_back`: also how long the way back would take from each round, each a roll of its own.
    `limit_s`: seconds that are looked ahead.

    Raises `PlanError` for what the API would refuse, and `KnobError` for settings that cannot be.
    """
    set_fork = _set(fork, change)
    snapshot = set_fork.snapshot()
    service = snapshot.services[fork.service_arn]
    definition = planned_definition(snapshot, service, change)
    is_new = _is_new(snapshot, service, change)
    assumed = assumed_of(snapshot, service, definition, now=fork.at)
    _check_failure(assumed[_revision(definition)], change.assume)
    warnings: dict[str, None] = {}

    def forecast(behaviours: Mapping[str, Behaviour]) -> Forecast:
        make = partial(ForkRoll, set_fork, definition if is_new else None, behaviours, warn=warnings.setdefault)
        return forecast_of(make, ways_back=ways_back, limit_s=limit_s)

    usual, slow = (_behaviours(assumed, _revision(definition), change.assume, pace) for pace in Pace)
    forecasts = {Pace.P50: forecast(usual)}
    forecasts[Pace.P90] = forecasts[Pace.P50] if slow == usual else forecast(slow)
    primary = snapshot.primary(service.arn)
    assert primary is not None, "an ACTIVE service has a PRIMARY deployment"
    return Plan(
        service=service.name,
        cluster=cluster_name(service.arn),
        at=fork.at,
        revision_now=_revision(snapshot.task_definitions[primary.task_definition_arn]),
        revision=_revision(definition),
        is_new=is_new,
        settings=tuple(str(one) for one in change.settings),
        assume=change.assume,
        forecast_p50=forecasts[Pace.P50],
        forecast_p90=forecasts[Pace.P90],
        assumptions=tuple(one for each in assumed.values() for one in each),
        room=_room(snapshot, service, definition, forecasts),
        warnings=(
            *warnings,
            *_unknown(snapshot, primary, is_new=is_new),
            *protections(snapshot, service.arn, now=fork.at),
        ),
    )


def _in_progress(primary: Deployment | None) -> bool:
    return primary is not None and primary.rollout_state is RolloutState.IN_PROGRESS


def _set(fork: Fork, change: PlannedChange) -> Fork:
    """The fork as if the service had been made with the settings."""
    if not change.settings:
        return fork
    made = changes_of(fork.snapshot(), fork.service_arn, change.settings)
    return fork.changed(one.record for one in made if isinstance(one, Put))


def _is_new(snapshot: Snapshot, service: Service, change: PlannedChange) -> bool:
    """Whether a deployment is begun: something is deployed, or nothing is in progress that could be told of."""
    is_asked = change.is_copied or change.is_forced or change.task_definition is not None or change.assume is not None
    return is_asked or not _in_progress(snapshot.primary(service.arn))


def _revision(definition: TaskDefinition) -> str:
    return f"{definition.family}:{definition.revision}"


Assumed = dict[str, tuple[Assumption, ...]]


def assumed_of(
    snapshot: Snapshot, service: Service, definition: TaskDefinition, *, now: float | None = None
) -> Assumed:
    """What is assumed of each revision that tasks run or will run, by `family:revision`, the deployed one first.

    With `now` (epoch seconds), a revision whose tasks are overdue by then is taken to be slower than was measured.
    """
    primary = snapshot.primary(service.arn)
    good = None if primary is None else roll_back_target(snapshot, service, primary)
    kept = [*snapshot.service_deployments_of(service.arn), *(() if good is None else (good,))]
    known = [snapshot.task_definitions[one.task_definition_arn] for one in kept]
    found = {_revision(one): one for one in (definition, *known)}
    assumed = {name: assumptions_of(snapshot, service, one) for name, one in found.items()}
    if primary is not None and now is not None and (age_s := _failing_for_s(snapshot, primary, now)):
        rising = primary.task_definition_arn.rpartition("/")[2]
        assumed[rising] = overdue(assumed[rising], age_s)
    return assumed


def _failing_for_s(snapshot: Snapshot, primary: Deployment, now: float) -> float:
    """The age of the oldest running task of a deployment that fails its checks; 0 where there is none, or where some
    task of the deployment is healthy."""
    tasks = snapshot.service_tasks(primary.service_arn).of(primary.id)
    if tasks.count(Phase.HEALTHY):
        return 0.0
    running = (snapshot.tasks[arn] for arn in tasks.first(Phase.RUNNING, tasks.count(Phase.RUNNING)))
    ages = [now - task.started_at for task in running if task.started_at is not None and _fails(snapshot, task)]
    return max(ages, default=0.0)


def _fails(snapshot: Snapshot, task: Task) -> bool:
    is_sick = task.health_status is HealthStatus.UNHEALTHY
    return is_sick or any(target.failed_checks for target in snapshot.task_targets(task.arn))


def behaviours_of(assumed: Assumed, pace: Pace) -> dict[str, Behaviour]:
    """How the tasks of each revision behave."""
    return {name: behaviour_of(each, pace) for name, each in assumed.items()}


def _behaviours(assumed: Assumed, revision: str, failure: Failure | None, pace: Pace) -> Mapping[str, Behaviour]:
    """How the tasks of each revision behave, those of `revision` with what goes wrong with them."""
    made = behaviours_of(assumed, pace)
    return {**made, revision: failing(made[revision], failure)}


def _check_failure(assumed: tuple[Assumption, ...], failure: Failure | None) -> None:
    is_checked = any(one.part is Part.READY for one in assumed)
    if failure in (Failure.NEVER_HEALTHY, Failure.SLOW) and not is_checked:
        raise PlanError(
            f"The service has no health checks, so no task of it is ever found {failure}: give it some, or assume "
            f"{Failure.CRASHES}."
        )


def _room(
    snapshot: Snapshot, service: Service, definition: TaskDefinition, forecasts: Mapping[Pace, Forecast]
) -> RoomNeed:
    room = room_for(snapshot, service, footprint(definition))
    return RoomNeed(
        now=room.own,
        peak=max(one.peak_tasks for one in forecasts.values()),
        wanted=bounds_of(snapshot, service).upper,
        free=None if room.beside >= BOUNDLESS else room.beside,
    )


def _unknown(snapshot: Snapshot, primary: Deployment, *, is_new: bool) -> Iterator[str]:
    """What speaks against the plan of a deployment in progress: it takes its next tasks to do well."""
    healthy = snapshot.service_tasks(primary.service_arn).of(primary.id).count(Phase.HEALTHY)
    if not is_new and primary.failed_tasks and not healthy:
        revision = primary.task_definition_arn.rpartition("/")[2]
        failed = f"{primary.failed_tasks} task{'' if primary.failed_tasks == 1 else 's'}"
        yield f"{failed} of {revision} failed and none is healthy yet; the plan takes it that the next ones will be."


def protections(snapshot: Snapshot, service_arn: str, *, now: float) -> Iterator[str]:
    """What is to be said of tasks of a service that have scale-in protection: a roll stops none of them before its
    end."""
    tasks = (task for task in snapshot.tasks.values() if task.service_arn == service_arn and not task.is_stopped)
    ends = [task.protected_until for task in tasks if task.protected_until is not None and task.protected_until > now]
    if ends:
        which = "1 task has" if len(ends) == 1 else f"{len(ends):,} tasks have"
        until = f"{datetime.fromtimestamp(max(ends), UTC):%Y-%m-%d %H:%M:%S} UTC"
        left = duration_text(max(ends) - now)
        yield f"{which} scale-in protection, until {until} ({left} from now): a deployment waits for that."
