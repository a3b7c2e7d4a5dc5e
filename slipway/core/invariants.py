"""What holds at every instant, whatever happens. Each check raises an AssertionError whose sentence says what broke.

The simulator checks all of it after every step; the checks of one commit's changes cost what changed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from slipway.core.decision import Context
from slipway.core.deployments.desired import bounds_of
from slipway.core.model.deployments import DeploymentStatus
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.tasks import DesiredStatus, StopCode, Task
from slipway.core.plan import Change, Put, Record
from slipway.core.reconcile import reconcile, reconcile_task
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.lifecycle import may_move
from slipway.core.tasks.service_tasks import Phase
from slipway.core.traffic.targets import plan_target

_ALIVE = tuple(phase for phase in Phase if phase is not Phase.STOPPED)


def check_moves(before: Mapping[str, Task], changes: Iterable[Change]) -> None:
    """No status goes back, and nobody who was to stop is to run again. `before` are the tasks as of the last commit."""
    last: dict[str, Task] = {}
    for change in changes:
        task = change.record
        if not isinstance(task, Task) or not isinstance(change, Put):
            continue
        old = last.get(task.arn, before.get(task.arn))
        last[task.arn] = task
        if old is None:
            continue
        moved = f"{task.arn} went from {old.last_status} to {task.last_status}"
        assert old.last_status is task.last_status or may_move(old.last_status, task.last_status), moved
        is_back = old.desired_status is DesiredStatus.STOPPED and task.desired_status is DesiredStatus.RUNNING
        assert not is_back, f"{task.arn} was to stop and is to run again"


def check_decisions(snapshot: Snapshot, before: Mapping[str, Task], changes: Iterable[Change]) -> None:
    """What one commit decided kept within the bounds. `snapshot` is as of that commit, `before` as of the last."""
    stopped: set[str] = set()
    started: set[str] = set()
    for change in changes:
        task = change.record
        if not isinstance(task, Task) or not isinstance(change, Put):
            continue
        old = before.get(task.arn)
        if task.stop_ordered_at is not None and (old is None or old.stop_ordered_at is None):
            assert not snapshot.task_targets(task.arn), f"{task.arn} is told to stop and is still a target"
        if task.service_arn is None:
            continue
        if old is None:
            started.add(task.service_arn)
        elif old.desired_status is DesiredStatus.RUNNING and _is_healthy_stop(task):
            stopped.add(task.service_arn)
    for arn in sorted(stopped):
        service = snapshot.services[arn]
        healthy, lower = snapshot.service_tasks(arn).count(Phase.HEALTHY), bounds_of(snapshot, service).lower
        assert healthy >= lower, f"{arn}: healthy tasks were stopped, {healthy} are left, {lower} must be"
    for arn in sorted(started):
        service = snapshot.services[arn]
        wanted, upper = snapshot.service_tasks(arn).wanted, bounds_of(snapshot, service).upper
        assert wanted <= upper, f"{arn}: tasks were started, {wanted} are to run, {upper} may"


def _is_healthy_stop(task: Task) -> bool:
    """Whether the scheduler has stopped a task that served."""
    return (
        task.stop_code is StopCode.SERVICE_SCHEDULER_INITIATED
        and task.healthy_at is not None
        and task.unhealthy_reason is None
    )


def check_state(snapshot: Snapshot) -> None:
    """The records agree with each other, and the indexes and counters with the records. Costs all records."""
    for task in snapshot.tasks.values():
        assert not task.is_stopped or task.desired_status is DesiredStatus.STOPPED, f"{task.arn} stopped, yet is wanted"
        assert task.stop_ordered_at is None or task.desired_status is DesiredStatus.STOPPED, f"{task.arn} is signalled"
    for service in snapshot.services.values():
        _check_primary(snapshot, service)
    _check_room(snapshot)
    _check_counters(snapshot)


def _check_primary(snapshot: Snapshot, service: Service) -> None:
    deployments = snapshot.service_deployments_of(service.arn)
    primaries = [each.id for each in deployments if each.status is DeploymentStatus.PRIMARY]
    most = 1 if service.status is ServiceStatus.ACTIVE else len(primaries[:1])
    assert len(primaries) == most, f"{service.arn} is {service.status} and has the PRIMARY deployments {primaries}"


def _check_room(snapshot: Snapshot) -> None:
    """No host has given away more than it has."""
    alive = [task for task in snapshot.tasks.values() if not task.is_stopped]
    for host in snapshot.hosts.values():
        held = [task for task in alive if task.host_id == host.id]
        cpu, memory = sum(task.cpu for task in held), sum(task.memory for task in held)
        assert cpu <= host.cpu, f"{host.id} has {host.cpu} CPU units and gave {cpu}"
        assert memory <= host.memory, f"{host.id} has {host.memory} MiB and gave {memory}"
        ports = Counter(port for task in held for port in task.host_ports)
        twice = sorted(port for port, count in ports.items() if count > 1)
        assert not twice, f"{host.id} gave the host ports {twice} twice"


def _check_counters(snapshot: Snapshot) -> None:
    """A snapshot built anew from the same records counts the same."""
    anew = Snapshot(seed=snapshot.seed)
    anew.apply(Put(record=record) for record in records_of(snapshot))
    for arn in snapshot.services:
        shown = [each.id for each in snapshot.service_deployments_of(arn)]
        again = sorted(each.id for each in anew.service_deployments_of(arn))
        assert sorted(shown) == again, f"{arn} shows {shown}, recounted {again}"
        for deployment_id in shown:
            counted, recounted = (each.service_tasks(arn).of(deployment_id) for each in (snapshot, anew))
            for phase in _ALIVE:
                kept, made = (each.first(phase, each.count(phase)) for each in (counted, recounted))
                assert kept == made, f"{deployment_id} counts {kept} as {phase.name}, recounted {made}"
    for host_id in snapshot.hosts:
        kept_room, made_room = (_room(each, host_id) for each in (snapshot, anew))
        assert kept_room == made_room, f"{host_id} counts {kept_room}, recounted {made_room}"
    kept_order, made_order = (list(each.host_order) for each in (snapshot, anew))
    assert kept_order == made_order, f"hosts are ordered {kept_order}, again {made_order}"
    for arn in snapshot.target_groups:
        kept_keys, made_keys = ({target.key for target in each.group_targets(arn)} for each in (snapshot, anew))
        assert kept_keys == made_keys, f"{arn} lists {kept_keys}, recounted {made_keys}"
    for arn in snapshot.tasks:
        kept_keys, made_keys = ({target.key for target in each.task_targets(arn)} for each in (snapshot, anew))
        assert kept_keys == made_keys, f"{arn} lists {kept_keys}, recounted {made_keys}"


def _room(snapshot: Snapshot, host_id: str) -> tuple[int, int, int, list[int], set[str]]:
    room = snapshot.room(host_id)
    ports = sorted(port for port, count in room.ports_used.items() if count)
    return room.cpu_used, room.memory_used, room.task_count, ports, room.tasks


def records_of(snapshot: Snapshot) -> Iterable[Record]:
    """All records of a snapshot but the events."""
    yield from snapshot.clusters.values()
    yield from snapshot.task_definitions.values()
    yield from snapshot.services.values()
    yield from snapshot.deployments.values()
    yield from snapshot.service_revisions.values()
    yield from snapshot.service_deployments.values()
    yield from snapshot.hosts.values()
    yield from snapshot.load_balancers.values()
    yield from snapshot.listeners.values()
    yield from snapshot.target_groups.values()
    yield from snapshot.targets.values()
    yield from snapshot.tasks.values()
    yield from snapshot.alarms.values()
    yield from snapshot.client_tokens.values()
    yield from snapshot.measured_times.values()


def check_rest(snapshot: Snapshot, context: Context) -> None:
    """Everything is decided: deciding all of it again at the same instant changes nothing. Costs all records."""
    by_service: dict[str, list[str]] = {arn: [] for arn in snapshot.services}
    for task in snapshot.tasks.values():
        if task.service_arn is None:
            plan = reconcile_task(snapshot, task.arn, context)
            assert plan.is_empty, f"{task.arn} is not at rest: {plan}"
        elif task.service_arn in by_service:
            by_service[task.service_arn].append(task.arn)
    for target in snapshot.targets.values():
        changes = plan_target(target, now=context.now)
        assert not changes, f"{target.key} is not at rest: {changes}"
    for arn, tasks in by_service.items():
        plan = reconcile(snapshot, arn, tasks, context)
        assert plan.is_empty, f"{arn} is not at rest: {plan}"
