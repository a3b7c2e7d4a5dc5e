"""What must hold on the hosts and in the balancer themselves, whatever the control plane believes."""

from collections import Counter

from slipway.core.answers.wait import Clearing, Sight, Wait, WaitKind
from slipway.core.answers.why import why_task
from slipway.core.answers.why_service import why_service
from slipway.core.invariants import check_state
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.tasks import TaskStatus
from slipway.core.plan import Plan
from slipway.core.reconcile import reconcile, reconcile_task
from slipway.core.tasks.service_tasks import Phase, phase_of
from slipway.core.traffic.targets import plan_target
from slipway.sim.safety import Broken
from slipway.sim.world import World


def check_truth(world: World, checks: Counter[str]) -> None:
    """Nothing that served was stopped undrained, no task runs twice, no host runs more than it has. Raises `Broken`."""
    checks["drained before it is stopped"] += 1
    if world.balancer.cut:
        raise Broken("drained before it is stopped", world.balancer.cut[0])
    where: Counter[str] = Counter()
    for host in world.hosts.values():
        running = host.running()
        where.update(task.arn for task in running)
        checks["no task doubled"] += 1
        twice = sorted(arn for arn, count in host.starts.items() if count > 1)
        if twice:
            raise Broken("no task doubled", f"{host.id} started {twice} more than once")
        cpu = sum(task.payload.cpu for task in running)
        memory = sum(task.payload.memory for task in running)
        if cpu > host.host.cpu or memory > host.host.memory:
            raise Broken("room is never oversold", f"{host.id} runs {cpu} CPU units and {memory} MiB")
    doubled = sorted(arn for arn, count in where.items() if count > 1)
    if doubled:
        raise Broken("no task doubled", f"{doubled} run on more than one host")


def check_agreement(world: World, checks: Counter[str]) -> None:
    """Hosts run what the records say and nothing else, once nothing is on its way. Raises `Broken`."""
    checks["no task lost"] += 1
    running = {task.arn for host in world.hosts.values() for task in host.running()}
    alive = {task.arn for task in world.snapshot.tasks.values() if not task.is_stopped}
    if running != alive:
        lost, unknown = sorted(alive - running), sorted(running - alive)
        raise Broken("no task lost", f"nowhere, though wanted: {lost}; running, though unknown: {unknown}")


def check_why(world: World, checks: Counter[str]) -> None:
    """Whoever is not where it should be says why: each service that is not settled, and each task that is not healthy
    or does not go yet. What is said to clear at an instant, is said of one that is to come. Raises `Broken`."""
    if not world.is_at_rest:
        return
    snapshot, now = world.snapshot, world.clock.now()
    sight = Sight(now=now, rules=world.rules)
    said: list[tuple[str, tuple[Wait, ...]]] = []
    for service in snapshot.services.values():
        waits = why_service(snapshot, service, sight)
        is_unsettled = service.status is ServiceStatus.ACTIVE and service.steady_at is None
        is_silent = is_unsettled and all(wait.kind is WaitKind.NOTHING for wait in waits)
        said.append((service.arn, () if is_silent else waits))
    for task in snapshot.tasks.values():
        if not task.is_stopped and (task.service_arn is None or phase_of(task) is not Phase.HEALTHY):
            wait = why_task(snapshot, task, sight)
            is_fine = task.service_arn is None and task.last_status is TaskStatus.RUNNING
            if wait is not None or not is_fine:
                said.append((task.arn, () if wait is None else (wait,)))
    for arn, waits in said:
        checks["whoever waits says why"] += 1
        if not waits:
            raise Broken("whoever waits says why", arn)
        past = [wait for wait in waits if wait.clears is Clearing.AT and (wait.clears_at or now) < now]
        if past:
            raise Broken("whoever waits says why", f"{past[0].sentence}: it cleared before {now:g}")


def check_whole(world: World, checks: Counter[str]) -> None:
    """Records, indexes and decisions agree: what is counted, recounted; what is decided, decided again. Costs all
    records. Raises AssertionError."""
    if not world.is_at_rest:
        return
    checks["records, indexes and decisions agree"] += 1
    snapshot, context = world.snapshot, world.context()
    check_state(snapshot)
    of_service: dict[str, list[str]] = {arn: [] for arn in snapshot.services}
    for task in snapshot.tasks.values():
        if task.service_arn is None:
            _assert_rest(task.arn, reconcile_task(snapshot, task.arn, context))
        elif task.service_arn in of_service:
            of_service[task.service_arn].append(task.arn)
    for target in snapshot.targets.values():
        _assert_rest(target.key, Plan(changes=plan_target(target, now=context.now)))
    for arn, tasks in of_service.items():
        _assert_rest(arn, reconcile(snapshot, arn, tasks, context))


def _assert_rest(what: str, plan: Plan) -> None:
    left = [f"{each.record.key} {each.cause}".strip() for each in plan.changes]
    assert plan.is_empty or _is_other_refusal(plan), f"{what} is not at rest: {left}, {len(plan.commands)} commands"


def _is_other_refusal(plan: Plan) -> bool:
    """Whether all that would be decided is why there is no room: it is asked again when a task leaves, not when one
    comes, and until then names what was lacking first."""
    if plan.commands or len(plan.changes) != 1:
        return False
    service = plan.changes[0].record
    return isinstance(service, Service) and (service.blocked_by or "").startswith("RESOURCE")
