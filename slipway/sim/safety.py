"""What must hold after every commit of a simulated control plane, whatever happened.

Theory of operation. The watch is told of each commit and keeps its own copy of what was committed, with its own
counts: it asks neither the indexes of the snapshot nor the rules of the core, so that a mistake in those is not made
again here. A commit costs what it changed, and the tasks of the services that it touched. What broke is raised as
`Broken`, with the name of the rule. `invariants.py` compares the snapshot's indexes with its records, beside this.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

from slipway.core.deployments.extensions import COUNT_PLACEMENT
from slipway.core.model.deployment_configuration import ThresholdType
from slipway.core.model.deployments import (
    Deployment,
    DeploymentStatus,
    RolloutState,
    ServiceDeployment,
    ServiceDeploymentStatus,
    ServiceRevision,
)
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.model.services import SchedulingStrategy, Service, ServiceStatus
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import DesiredStatus, HealthStatus, StopCode, Task, TaskStatus
from slipway.core.plan import Put, Record
from slipway.core.snapshot import Snapshot
from slipway.ports import Commit

_RANK: Mapping[TaskStatus, int] = {status: rank for rank, status in enumerate(TaskStatus)}


#: A task without any check is healthy so long after RUNNING, seconds (ECS: 40).
HEALTHY_AFTER_S = 40.0

#: From each state of a service deployment, those that may follow (ECS API, `ServiceDeployment.status`).
VERDICTS: Mapping[str, frozenset[str]] = {
    "PENDING": frozenset(("IN_PROGRESS", "ROLLBACK_REQUESTED", "STOP_REQUESTED", "STOPPED")),
    "IN_PROGRESS": frozenset(("SUCCESSFUL", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOPPED")),
    "STOP_REQUESTED": frozenset(("STOPPED",)),
    "ROLLBACK_REQUESTED": frozenset(("SUCCESSFUL", "ROLLBACK_IN_PROGRESS", "STOPPED")),
    "ROLLBACK_IN_PROGRESS": frozenset(("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")),
}


class Broken(AssertionError):
    """A rule that did not hold: its name, and what broke it."""

    def __init__(self, rule: str, sentence: str) -> None:
        super().__init__(rule, sentence)
        self.rule = rule
        self.sentence = sentence

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


class Safety:
    """A `Watch` for a world: asserts every rule on each commit. `checks` counts how often each rule was looked at."""

    def __init__(self) -> None:
        self.checks: Counter[str] = Counter()
        self._tasks: dict[str, Task] = {}
        self._of_service: dict[str, set[str]] = defaultdict(set)  # tasks that have not stopped
        self._of_host: dict[str, set[str]] = defaultdict(set)
        self._targets: dict[str, set[str]] = defaultdict(set)  # keys of targets by task
        self._owners: dict[str, str] = {}  # the task of each target
        self._states: dict[str, TargetState] = {}
        self._checked: set[str] = set()  # task definitions with container health checks
        self._balanced: set[str] = set()  # service revisions with load balancers
        self._services: dict[str, Service] = {}
        self._counts_placement: set[str] = set()  # services that ever counted starts without room
        self._hosts: dict[str, Host] = {}
        self._deployments: dict[str, Deployment] = {}
        self._primaries: dict[str, set[str]] = defaultdict(set)
        self._ended: dict[str, set[str]] = defaultdict(set)  # by deployment: tasks that stopped, or are to
        self._roll_outs: dict[str, ServiceDeploymentStatus] = {}
        self._now = 0.0

    def __call__(self, snapshot: Snapshot, commit: Commit) -> None:
        """Take one commit. Raises `Broken`."""
        self._now = commit.at
        before: dict[str, Task | None] = {}
        failed = {each.id for each in self._deployments.values() if _starts_nothing(each)}
        services: set[str] = set()
        for change in commit.changes:
            self._take(change.record, before, services, is_put=isinstance(change, Put))
        failed = {each for each in failed if _starts_nothing(self._deployments[each])}
        after = [(old, self._tasks[arn]) for arn, old in before.items() if arn in self._tasks]
        for old, new in after:
            self._check_task(old, new, failed)
        for host in {new.host_id for _, new in after}:
            self._check_room(host)
        for arn in services:
            self._check_service(arn)
        self._check_decisions(after)

    # Taking what was committed

    def _take(self, record: Record, before: dict[str, Task | None], services: set[str], *, is_put: bool) -> None:
        match record:
            case Task() as task:
                before.setdefault(task.arn, self._tasks.get(task.arn))
                self._take_task(task, is_put=is_put)
                if task.service_arn is not None:
                    services.add(task.service_arn)
            case Target() as target:
                self._take_target(target, is_put=is_put)
            case Service() as service:
                self._services[service.arn] = service
                services.add(service.arn)
                if any(tag.key == COUNT_PLACEMENT for tag in service.tags):
                    self._counts_placement.add(service.arn)
            case TaskDefinition() as definition if definition.has_health_check:
                self._checked.add(definition.arn)
            case ServiceRevision() as revision if revision.load_balancers:
                self._balanced.add(revision.arn)
            case Deployment() as deployment:
                self._take_deployment(deployment)
                services.add(deployment.service_arn)
            case ServiceDeployment() as roll_out if is_put:
                self._take_roll_out(roll_out)
            case Host() as host:
                self._hosts[host.id] = host
            case _:
                pass

    def _take_task(self, task: Task, *, is_put: bool) -> None:
        old = self._tasks.get(task.arn)
        if not is_put:
            self._hold("a task's record stays until it stopped", old is None or old.is_stopped, task.arn)
            self._tasks.pop(task.arn, None)
            return
        self._tasks[task.arn] = task
        if old is not None:
            moved = f"{task.arn} went from {old.last_status} to {task.last_status}"
            self._hold("status goes forward", _RANK[old.last_status] <= _RANK[task.last_status], moved)
            is_back = old.desired_status is DesiredStatus.STOPPED and task.desired_status is DesiredStatus.RUNNING
            self._hold("who is to stop stops", not is_back, task.arn)
            if _is_stop(old, task) and task.stop_code is StopCode.SERVICE_SCHEDULER_INITIATED:
                self._check_protection(old, task)
        for held, key in ((self._of_service, task.service_arn), (self._of_host, task.host_id)):
            if key is not None:
                (held[key].discard if task.is_stopped else held[key].add)(task.arn)
        if task.deployment_id is not None and (
            task.desired_status is DesiredStatus.STOPPED or task.unhealthy_reason is not None
        ):
            self._ended[task.deployment_id].add(task.arn)

    def _take_target(self, target: Target, *, is_put: bool) -> None:
        owner = self._owners.pop(target.key, None)
        if owner is not None:
            self._targets[owner].discard(target.key)
        self._states.pop(target.key, None)
        if is_put and target.task_arn is not None:
            self._states[target.key] = target.state
            self._owners[target.key] = target.task_arn
            self._targets[target.task_arn].add(target.key)

    def _take_deployment(self, deployment: Deployment) -> None:
        old = self._deployments.get(deployment.id)
        self._deployments[deployment.id] = deployment
        is_primary = deployment.status is DeploymentStatus.PRIMARY
        primaries = self._primaries[deployment.service_arn]
        (primaries.add if is_primary else primaries.discard)(deployment.id)
        if old is not None and is_primary and old.status is not DeploymentStatus.PRIMARY:
            was = f"{deployment.id} was {old.rollout_state}"
            self._hold("a roll-back goes to a completed deployment", old.rollout_state is RolloutState.COMPLETED, was)
        if old is not None and old.rollout_state is RolloutState.FAILED:
            is_so = deployment.rollout_state is RolloutState.FAILED
            self._hold("what FAILED stays so", is_so, f"{deployment.id} is {deployment.rollout_state}")
        self._check_failures(deployment)

    def _check_failures(self, deployment: Deployment) -> None:
        """A deployment counts what became of its own tasks; where its service asks, starts that found no room too."""
        if deployment.service_arn in self._counts_placement:
            return
        ended, counted = len(self._ended[deployment.id]), max(deployment.failed_tasks, deployment.failure_count)
        said = f"{deployment.id} counts {counted} failures, {ended} of its tasks ended"
        self._hold("a deployment counts its own failures", counted <= ended, said)

    def _take_roll_out(self, roll_out: ServiceDeployment) -> None:
        old = self._roll_outs.get(roll_out.arn)
        self._roll_outs[roll_out.arn] = roll_out.status
        if old is None or old is roll_out.status:
            return
        is_legal = roll_out.status.value in VERDICTS.get(old.value, ())
        self._hold("one verdict", is_legal, f"{roll_out.arn} went from {old} to {roll_out.status}")

    # Rules

    def _hold(self, rule: str, holds: bool, sentence: str) -> None:
        self.checks[rule] += 1
        if not holds:
            raise Broken(rule, sentence)

    def _check_task(self, old: Task | None, task: Task, failed: set[str]) -> None:
        if old is None:
            host = self._hosts[task.host_id]
            is_open = host.is_connected and not host.is_draining
            self._hold("hosts that are gone or leave get no tasks", is_open, f"{task.arn} on {host.id}")
        if old is None and task.deployment_id is not None:
            is_good = task.deployment_id not in failed
            self._hold("a FAILED deployment starts nothing", is_good, f"{task.arn} of {task.deployment_id}")
        self._check_health(old, task)
        is_ordered = task.stop_ordered_at is not None and (old is None or old.stop_ordered_at is None)
        if is_ordered:
            self._hold("stopped when it is no target any more", not self._targets[task.arn], task.arn)
        if task.is_stopped:
            self._hold("what stopped is not wanted", task.desired_status is DesiredStatus.STOPPED, task.arn)

    def _check_health(self, old: Task | None, task: Task) -> None:
        """What just turned healthy is so by all of its checks, and nothing turns sick within its grace period."""
        deployment = self._deployments.get(task.deployment_id or "")
        if deployment is None or task.started_at is None or task.desired_status is DesiredStatus.STOPPED:
            return
        if task.healthy_at is not None and (old is None or old.healthy_at is None):
            states = [self._states[key] for key in self._targets[task.arn]]
            is_balanced, is_checked = (
                deployment.revision_arn in self._balanced,
                task.task_definition_arn in self._checked,
            )
            serves = bool(states) and all(state is TargetState.HEALTHY for state in states)
            passes = task.health_status is HealthStatus.HEALTHY
            is_old = self._now >= task.started_at + HEALTHY_AFTER_S
            is_so = (serves or not is_balanced) and (passes or not is_checked)
            is_so = is_so and (is_old or is_balanced or is_checked)
            self._hold("healthy is what all checks say is", is_so, f"{task.arn}: {states}, {task.health_status}")
        if task.unhealthy_reason is not None and (old is None or old.unhealthy_reason is None):
            grace_ends = task.started_at + self._services[deployment.service_arn].health_check_grace_period_s
            self._hold("nothing is replaced in its grace period", self._now >= grace_ends, task.arn)

    def _check_protection(self, old: Task, task: Task) -> None:
        """Protection holds off scale-in and deployments, not the replacement of a sick task nor the service's end."""
        service = self._services.get(task.service_arn or "")
        is_over = old.protected_until is None or old.protected_until <= self._now
        is_due = task.unhealthy_reason is not None or service is None or service.status is not ServiceStatus.ACTIVE
        self._hold("protected tasks go on", is_over or is_due, task.arn)

    def _check_room(self, host_id: str) -> None:
        host = self._hosts[host_id]
        held = [self._tasks[arn] for arn in self._of_host[host_id]]
        cpu, memory = sum(task.cpu for task in held), sum(task.memory for task in held)
        ports = Counter(port for task in held for port in task.host_ports)
        is_fit = cpu <= host.cpu and memory <= host.memory and all(count == 1 for count in ports.values())
        gave = f"{host_id} has {host.cpu} and {host.memory} and gave {cpu} and {memory}, ports {sorted(ports)}"
        self._hold("room is never oversold", is_fit, gave)

    def _check_service(self, arn: str) -> None:
        service = self._services.get(arn)
        if service is None:
            return
        count = len(self._primaries[arn])
        is_right = count == 1 if service.status is ServiceStatus.ACTIVE else count <= 1
        self._hold("one PRIMARY", is_right, f"{arn} is {service.status} and has {count}")
        for primary in map(self._deployments.__getitem__, self._primaries[arn]):
            if primary.rollout_state is RolloutState.IN_PROGRESS and service.status is ServiceStatus.ACTIVE:
                self._check_breaker(service, primary)

    def _check_breaker(self, service: Service, primary: Deployment) -> None:
        """A deployment whose failures reach the threshold is in progress no more (`ThresholdConfiguration`)."""
        breaker = service.circuit_breaker
        if not breaker.is_enabled:
            return
        most = breaker.threshold_value
        if breaker.threshold_type is not ThresholdType.COUNT:
            most = max(-(-self._desired(service) * breaker.threshold_value // 100), 1)
        if breaker.threshold_type is ThresholdType.BOUNDED_PERCENT:
            most = min(max(most, 3), 200)
        said = f"{primary.id} goes on after {primary.failure_count} failures, {most} end it"
        self._hold("the circuit breaker trips at its threshold", primary.failure_count < most, said)

    def _check_decisions(self, tasks: list[tuple[Task | None, Task]]) -> None:
        """Started and stopped within the bounds, counted when all of the commit is done."""
        started = {task.service_arn for old, task in tasks if old is None}
        stopped = {task.service_arn for old, task in tasks if old is not None and _is_stop(old, task) and _served(task)}
        for arn in started - {None}:
            wanted = [task for task in self._alive(arn) if task.desired_status is DesiredStatus.RUNNING]
            _, upper = self._bounds(arn)
            self._hold("never above the maximum", len(wanted) <= upper, f"{arn}: {len(wanted)} wanted, {upper} may be")
        for arn in stopped - {None}:
            healthy = [task for task in self._alive(arn) if _is_healthy(task)]
            lower, _ = self._bounds(arn)
            left = f"{arn}: healthy tasks were stopped, {len(healthy)} are left, {lower} must be"
            self._hold("never below the minimum healthy by our doing", len(healthy) >= lower, left)

    def _alive(self, service_arn: str | None) -> list[Task]:
        return [self._tasks[arn] for arn in self._of_service[service_arn or ""]]

    def _bounds(self, arn: str | None) -> tuple[int, int]:
        """The least healthy and the most wanted tasks (ECS API, `DeploymentConfiguration`), in whole numbers."""
        service = self._services[arn or ""]
        desired = self._desired(service)
        lower = -(-desired * service.minimum_healthy_percent // 100)
        return lower, desired * service.maximum_percent // 100

    def _desired(self, service: Service) -> int:
        if service.status is not ServiceStatus.ACTIVE:
            return 0
        if service.scheduling_strategy is SchedulingStrategy.DAEMON:
            held = {self._tasks[arn].host_id for arn in self._of_service[service.arn]}  # by hosts that are away, too
            hosts = (host for host in self._hosts.values() if not host.is_draining)
            return sum(host.is_connected or host.id in held for host in hosts)
        return service.desired_count


def _starts_nothing(deployment: Deployment) -> bool:
    """Whether it FAILED; one that had completed before makes up for its losses all the same, and is tried on."""
    return deployment.rollout_state is RolloutState.FAILED and deployment.completed_at is None


def _is_stop(old: Task, task: Task) -> bool:
    return old.desired_status is DesiredStatus.RUNNING and task.desired_status is DesiredStatus.STOPPED


def _served(task: Task) -> bool:
    """Whether the scheduler stopped a task that was healthy."""
    is_ours = task.stop_code is StopCode.SERVICE_SCHEDULER_INITIATED
    return is_ours and task.healthy_at is not None and task.unhealthy_reason is None


def _is_healthy(task: Task) -> bool:
    is_running = task.desired_status is DesiredStatus.RUNNING and task.last_status is TaskStatus.RUNNING
    return is_running and task.healthy_at is not None and task.unhealthy_reason is None
