"""Whether services come to rest once all faults have ended, or say why not; and whether what they say is true."""

from collections import Counter

from slipway.core.model.deployments import RolloutState
from slipway.core.model.hosts import Host
from slipway.core.model.services import Service
from slipway.core.model.tasks import Task
from slipway.core.snapshot import Snapshot
from slipway.sim.cast import SOUND
from slipway.sim.safety import Broken
from slipway.sim.stage import Stage
from slipway.sim.world import World

#: How long services have to come to rest after the last fault, seconds: longer than the longest back-off.
REST_S = 7200.0

#: And how long one that is mended has.
MENDED_S = 6 * 3600.0


def ending(stage: Stage, service: Service) -> str | None:
    """How a service ended: settled, or what it says it waits for; None: neither."""
    snapshot = stage.world.snapshot
    primary = snapshot.primary(service.arn)
    if primary is None:
        return None
    if stage.world.is_service_settled(service):
        return "settled"
    if primary.rollout_state is RolloutState.FAILED:
        return "FAILED deployment"
    if service.blocked_by is not None and _is_true(stage, service):
        return f"blocked by {service.blocked_by.split()[0]}"
    definition = snapshot.task_definitions[primary.task_definition_arn]
    role = stage.played.get(f"{definition.family}:{definition.revision}", "good")
    if role in SOUND and _is_old_sound(stage, service):
        return None
    return _failing(snapshot, service)


def _is_old_sound(stage: Stage, service: Service) -> bool:
    """Whether all older deployments that still have tasks are sound too: their failures may hold a roll up."""
    snapshot = stage.world.snapshot
    for deployment in snapshot.service_deployments_of(service.arn):
        definition = snapshot.task_definitions[deployment.task_definition_arn]
        if stage.played.get(f"{definition.family}:{definition.revision}", "good") not in SOUND:
            return False
    return True


def _failing(snapshot: Snapshot, service: Service) -> str | None:
    """What a service with a bad revision says: that tasks failed, or are sick, or when it starts the next."""
    tasks = [task for task in snapshot.tasks.values() if task.service_arn == service.arn]
    if any(deployment.failed_tasks for deployment in snapshot.service_deployments_of(service.arn)):
        return "counts failed tasks"
    if any(task.unhealthy_reason is not None for task in tasks):
        return "has sick tasks"
    if any(task.is_stopped and task.stopped_reason for task in tasks):
        return "says why tasks stopped"
    if any(target.reason is not None for task in tasks for target in snapshot.task_targets(task.arn)):
        return "has targets that are not healthy"
    return None


def bring_to_rest(stage: Stage) -> Counter[str]:
    """End all faults and let time pass until each ACTIVE service has an ending; how many had which. Raises `Broken`."""
    stage.calm()
    if not stage.world.run(lambda: all(ending(stage, each) for each in stage.active()), limit_s=REST_S):
        waiting = [f"{each.name} ({each.blocked_by})" for each in stage.active() if ending(stage, each) is None]
        raise Broken("settles, or says why not", f"{', '.join(waiting)} in {REST_S:g} s after the last fault")
    return Counter(ending(stage, service) or "" for service in stage.active())


def _is_true(stage: Stage, service: Service) -> bool:
    """Whether what a service says it is blocked by is so: if it says it has no room, no host has what a task takes."""
    snapshot = stage.world.snapshot
    primary = snapshot.primary(service.arn)
    if primary is None or not (service.blocked_by or "").startswith("RESOURCE"):
        return True
    need = snapshot.task_definitions[primary.task_definition_arn]
    ports = {mapping.host_port for container in need.containers for mapping in container.port_mappings} - {0}
    for host in snapshot.hosts.values():
        held = [task for task in snapshot.tasks.values() if task.host_id == host.id and not task.is_stopped]
        is_taken = stage.setting_of(service).is_daemon and any(task.service_arn == service.arn for task in held)
        if host.is_connected and not is_taken and _fits(host, held, need.cpu or 0, ports):
            return False
    return True


def _fits(host: Host, held: list[Task], size: int, ports: set[int]) -> bool:
    cpu, memory = sum(task.cpu for task in held) + size, sum(task.memory for task in held) + size
    return cpu <= host.cpu and memory <= host.memory and not any(ports & set(task.host_ports) for task in held)


def mend(stage: Stage) -> None:
    """Give every service a sound revision, few tasks and room: it comes to rest with them. Raises `Broken`."""
    world = stage.world
    stage.mend()
    if not world.run(limit_s=MENDED_S):
        waiting = {each.name: each.blocked_by for each in stage.active() if not world.is_service_settled(each)}
        _hold("a mended service settles", _is_for_want_of_room(waiting), f"{waiting} in {MENDED_S:g} s")
    for service in stage.active():
        primary = world.snapshot.primary(service.arn)
        alive = [task for task in world.tasks(service.name) if not task.is_stopped]
        strange = [task.arn for task in alive if primary is None or task.deployment_id != primary.id]
        if world.is_service_settled(service):
            _hold("a mended service settles", not strange, f"{service.name} still has {strange}")
            _check_verdicts(world, service.arn)


def _is_for_want_of_room(waiting: dict[str, str | None]) -> bool:
    """Whether small hosts are why: what does not fit cannot settle."""
    return all((said or "").startswith("RESOURCE") for said in waiting.values())


def _check_verdicts(world: World, service_arn: str) -> None:
    """Every deployment of a service that is at rest has come to its verdict."""
    history = world.snapshot.service_history(service_arn)
    going = [f"{roll_out.arn} {roll_out.status}" for roll_out in history if not roll_out.status.is_verdict]
    _hold("every deployment has a verdict", not going, ", ".join(going))


def _hold(rule: str, holds: bool, sentence: str) -> None:
    if not holds:
        raise Broken(rule, sentence)


def clear(stage: Stage) -> None:
    """Delete every service: nothing of them is left, neither tasks nor targets nor room. Raises `Broken`."""
    world = stage.world
    for service in stage.active():
        stage.user.delete(service.name)
    _hold("a deleted service goes", world.run(limit_s=REST_S), f"not in {REST_S:g} s")
    world.run_for(600.0)  # jobs end
    _hold("nothing is left behind", not world.snapshot.targets, f"targets {sorted(world.snapshot.targets)}")
    for host in world.hosts.values():
        held = world.snapshot.room(host.id).cpu_used
        _hold("nothing is left behind", not host.running() and not held, f"{host.id} holds {held} CPU units")
    for arn in world.snapshot.services:
        _check_verdicts(world, arn)
