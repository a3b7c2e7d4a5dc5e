"""The stage of a random trial: a world of its setting, on which steps are performed, one sentence each."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeVar

from slipway.core.model.alarms import AlarmState
from slipway.core.model.deployment_configuration import DeploymentAlarms, DeploymentCircuitBreaker
from slipway.core.model.load_balancing import HealthCheck, TargetGroup
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.tags import Tag
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task
from slipway.core.rules import Rules
from slipway.ports import Store
from slipway.sim.behaviours import Behaviour
from slipway.sim.cast import CAST, CONTAINER_CHECK, SOUND, UNSOUND
from slipway.sim.hosts import SimHost
from slipway.sim.operator import Operator
from slipway.sim.setting import (
    DAEMON_PERCENTAGES,
    DESIRED_MOST,
    PERCENTAGES,
    UNIT,
    ServiceSetting,
    Setting,
    draw_breaker,
)
from slipway.sim.steps import Step, What
from slipway.sim.store import Faults
from slipway.sim.world import Watch, World

#: How long a step lets time pass, seconds.
PASSES_S = (0, 1, 2, 5, 10, 20, 20, 45, 90, 200, 600)

#: Seconds a stopped task stays in the records: short, so that trials see them go.
KEPT_S = 300

#: How long a task is protected, minutes: longer than most trials take.
PROTECTED_MINUTES = 90.0

#: What an engine says that starts nothing.
ENGINE_ERROR = "CannotStartContainerError: Error response from daemon: simulated"

T = TypeVar("T")


class Stage:
    """One world, and what may happen in it."""

    NOTHING = "nothing to do it to"

    def __init__(self, setting: Setting, *, seed: str, watch: Watch, store: Store | None = None) -> None:
        self.setting = setting
        rules = Rules(is_sequential=setting.is_sequential, stopped_task_kept_s=KEPT_S)
        self.world = World(seed=seed, rules=rules, watch=watch, store=store)
        self.user = Operator(self.world)
        self.hosts = [self.world.add_host(cpu=host.cpu * UNIT, memory=host.memory * UNIT) for host in setting.hosts]
        self.played: dict[str, str] = {}  # which behaviour of the cast a revision plays, by `family:revision`
        self._groups: dict[str, TargetGroup] = {}
        for service in setting.services:
            self._open(service)
        self.world.step()
        self._acts = self._all_acts()
        self._touches = self._all_touches()
        self._breaks = self._all_breaks()

    def _all_acts(self) -> Mapping[What, Callable[[ServiceSetting, Step], str]]:
        return {
            What.PASS: self._pass,
            What.DEPLOY: lambda service, step: self._deploy(service, _pick(sorted(SOUND), step.number)),
            What.DEPLOY_BAD: lambda service, step: self._deploy(service, _pick(sorted(UNSOUND), step.number)),
            What.FORCE: self._force,
            What.SCALE: self._scale,
            What.PERCENTAGES: self._percentages,
            What.GRACE: self._grace,
            What.BREAKER: self._breaker,
            What.ROLL_BACK: self._roll_back,
            What.ALARM: lambda service, step: self._alarm(service, AlarmState.ALARM),
            What.ALARM_OVER: lambda service, step: self._alarm(service, AlarmState.OK),
            What.JOB: self._job,
            What.DELETE: self._delete,
            What.CREATE: self._create,
            What.COMMIT_FAILS: self._break,
            What.DIES_BEFORE_COMMIT: self._break,
            What.DIES_AFTER_COMMIT: self._break,
            What.DIES_IN_DISPATCH: self._break,
            What.DOWN: self._down,
        }

    def _all_touches(self) -> Mapping[What, Callable[[Task], None]]:
        return {
            What.PROTECT: lambda task: self.user.protect(task.arn, minutes=PROTECTED_MINUTES),
            What.UNPROTECT: lambda task: self.user.protect(task.arn, minutes=None),
            What.STOP_TASK: lambda task: self.user.stop_task(task.arn),
            What.KILL: lambda task: self.world.hosts[task.host_id].kill(task.arn),
            What.ILL: lambda task: self.world.balancer.make_ill(task.arn),
            What.SICK: lambda task: self.world.hosts[task.host_id].set_health(task.arn, is_well=False),
            What.WELL: self._heal,
        }

    def _all_breaks(self) -> Mapping[What, Callable[[SimHost], None]]:
        return {
            What.HOST_LEAVES: lambda host: self.user.leave(host.id),
            What.HOST_RESTARTS: lambda host: host.restart(),
            What.HOST_DIES: lambda host: host.power_off(),
            What.HOST_LOST: lambda host: host.disconnect(),
            What.HOST_BACK: _bring_back,
            What.ENGINE_FAILS: lambda host: setattr(host, "start_error", ENGINE_ERROR),
            What.ENGINE_HANGS: lambda host: setattr(host, "stop_delay_s", 45.0),
            What.ENGINE_WORKS: _mend_engine,
            What.REPORTS_LATE: lambda host: setattr(host.connection, "delay_s", 7.0),
            What.REPORTS_TWICE: lambda host: setattr(host.connection, "echo_s", 20.0),
            What.REPORTS_GOOD: lambda host: host.connection.mend(),
        }

    # Performing

    def perform(self, step: Step) -> str:
        """Have a step happen, and all that follows from it at that instant. What happened, as a sentence."""
        service = _pick(self.setting.services, step.which)
        if step.what in self._touches:
            said = self._touch(service, step)
        elif step.what in self._breaks:
            number = step.which % len(self.hosts)
            self._breaks[step.what](self.hosts[number])
            said = f"host {number + 1}"
        else:
            said = self._acts[step.what](service, step)
        self.world.step()
        return said

    def active(self) -> list[Service]:
        """The services that are ACTIVE."""
        services = self.world.snapshot.services.values()
        return [service for service in services if service.status is ServiceStatus.ACTIVE]

    def calm(self) -> None:
        """End every fault: hosts are up and in reach, engines work, nothing is ill by hand, nobody dies any more."""
        world = self.world
        world.store.faults = Faults()
        world.dies_in = None
        for host in self.hosts:
            _mend_engine(host)
            host.connection.mend()
        for task in list(world.snapshot.tasks.values()):
            self._heal(task)
        for host in self.hosts:
            _bring_back(host)
            host.adopt()
        for service in self.setting.services:
            self._alarm(service, AlarmState.OK)
        world.step()

    def mend(self) -> None:
        """Have every service run a sound revision, few tasks, with room to move, and nothing that ends it early."""
        for task in list(self.world.snapshot.tasks.values()):
            if task.protected_until is not None:
                self.user.protect(task.arn, minutes=None)
        for service in self.active():
            setting = self.setting_of(service)
            self.user.update(
                service.name,
                desired_count=0 if setting.is_daemon else 1,
                minimum_healthy_percent=0 if setting.is_daemon else 50,
                maximum_percent=100 if setting.is_daemon else 200,
                circuit_breaker=DeploymentCircuitBreaker(),
                alarms=DeploymentAlarms(),
                bake_time_s=None,
                tags=(),
            )
            self._deploy(setting, "good")
        self.world.step()

    def setting_of(self, service: Service) -> ServiceSetting:
        """The setting that the service was created from."""
        return next(each for each in self.setting.services if each.name == service.name)

    # What users do

    def _open(self, service: ServiceSetting) -> None:
        """The service for the first time, with its target group."""
        if service.group is not None:
            check = HealthCheck(
                interval_s=service.group.interval_s,
                healthy_threshold=service.group.healthy,
                unhealthy_threshold=service.group.unhealthy,
            )
            delay_s = service.group.delay_s
            self._groups[service.name] = self.user.create_target_group(
                service.name, health_check=check, deregistration_delay_s=delay_s
            )
        self._alarm(service, AlarmState.OK)
        self._begin(service)

    def _begin(self, service: ServiceSetting) -> None:
        self.user.create_service(
            service.name,
            self._register(service, "good"),
            desired=service.desired,
            minimum_healthy_percent=service.minimum,
            maximum_percent=service.maximum,
            target_group=self._groups.get(service.name),
            health_check_grace_period_s=service.grace_s,
            scheduling_strategy=service.strategy,
            circuit_breaker=service.breaker,
            alarms=service.alarms,
            bake_time_s=service.bake_time_s,
            tags=tuple(Tag(key=key, value=value) for key, value in service.tags.items()),
        )

    def _register(self, service: ServiceSetting, role: str) -> TaskDefinition:
        definition = self.user.register(
            service.name,
            cpu=service.size * UNIT,
            memory=service.size * UNIT,
            stop_timeout_s=service.stop_timeout_s,
            network_mode=service.network_mode,
            host_port=service.host_port,
            health_check=CONTAINER_CHECK if service.has_container_check else None,
            behaviour=CAST[role],
        )
        self.played[f"{definition.family}:{definition.revision}"] = role
        return definition

    def _known(self, service: ServiceSetting) -> Service | None:
        """The service if it is ACTIVE."""
        return next((known for known in self.active() if known.name == service.name), None)

    def _deploy(self, service: ServiceSetting, role: str) -> str:
        if self._known(service) is None:
            return self.NOTHING
        definition = self._register(service, role)
        self.user.deploy(service.name, definition)
        return f"{service.name}: {definition.family}:{definition.revision}, {role}"

    def _force(self, service: ServiceSetting, step: Step) -> str:
        if self._known(service) is None:
            return self.NOTHING
        self.user.force(service.name)
        return service.name

    def _scale(self, service: ServiceSetting, step: Step) -> str:
        if self._known(service) is None or service.is_daemon:
            return self.NOTHING
        desired = step.number % (DESIRED_MOST + 1)
        self.user.update(service.name, desired_count=desired)
        return f"{service.name} to {desired}"

    def _percentages(self, service: ServiceSetting, step: Step) -> str:
        if self._known(service) is None:
            return self.NOTHING
        minimum, maximum = _pick(DAEMON_PERCENTAGES if service.is_daemon else PERCENTAGES, step.number)
        self.user.update(service.name, minimum_healthy_percent=minimum, maximum_percent=maximum)
        return f"{service.name} to {minimum} and {maximum}"

    def _grace(self, service: ServiceSetting, step: Step) -> str:
        if self._known(service) is None:
            return self.NOTHING
        grace_s = _pick((0, 30, 120, 300), step.number)
        self.user.update(service.name, health_check_grace_period_s=grace_s)
        return f"{service.name} to {grace_s} s"

    def _breaker(self, service: ServiceSetting, step: Step) -> str:
        if self._known(service) is None:
            return self.NOTHING
        breaker = draw_breaker(Random(step.number))
        self.user.update(service.name, circuit_breaker=breaker)
        return f"{service.name} to {breaker}"

    def _roll_back(self, service: ServiceSetting, step: Step) -> str:
        known, snapshot = self._known(service), self.world.snapshot
        primary = None if known is None else snapshot.primary(known.arn)
        if primary is None or snapshot.roll_out(primary).status.is_verdict:
            return self.NOTHING
        self.user.stop_deployment(service.name)
        return service.name

    def _alarm(self, service: ServiceSetting, state: AlarmState) -> str:
        for name in service.alarms.names:
            self.user.set_alarm(name, state)
        return f"{', '.join(service.alarms.names)} is {state}"

    def _job(self, service: ServiceSetting, step: Step) -> str:
        definition = self.user.register("job", cpu=UNIT, memory=UNIT, behaviour=Behaviour(runs_s=250))
        tasks = self.user.run_task(definition, count=1 + step.number % 2)
        return f"{len(tasks)} tasks"

    def _delete(self, service: ServiceSetting, step: Step) -> str:
        if self._known(service) is None:
            return self.NOTHING
        self.user.delete(service.name)
        return service.name

    def _create(self, service: ServiceSetting, step: Step) -> str:
        arns = [known for known in self.world.snapshot.services.values() if known.name == service.name]
        if any(known.status is not ServiceStatus.INACTIVE for known in arns):
            return self.NOTHING
        self._begin(service)
        return service.name

    # What goes wrong

    def _pass(self, service: ServiceSetting, step: Step) -> str:
        seconds = _pick(PASSES_S, step.number)
        self.world.run_for(seconds)
        return f"{seconds} s"

    def _touch(self, service: ServiceSetting, step: Step) -> str:
        """Something happens to one of the service's tasks that have not stopped, if it has any."""
        tasks = self.world.snapshot.tasks.values()
        alive = [task for task in tasks if task.group == f"service:{service.name}" and not task.is_stopped]
        if not alive:
            return self.NOTHING
        task = _pick(alive, step.number)
        self._touches[step.what](task)
        return f"{service.name}: {task.id}"

    def _heal(self, task: Task) -> None:
        self.world.balancer.make_well(task.arn)
        self.world.hosts[task.host_id].set_health(task.arn, is_well=None)

    def _break(self, service: ServiceSetting, step: Step) -> str:
        number = 1 + step.number % 4
        at = frozenset({self.world.store.commits + number})
        match step.what:
            case What.COMMIT_FAILS:
                self.world.store.faults = Faults(fails=at)
            case What.DIES_BEFORE_COMMIT:
                self.world.store.faults = Faults(crashes_before=at)
            case What.DIES_AFTER_COMMIT:
                self.world.store.faults = Faults(crashes_after=at)
            case _:
                self.world.dies_in = number - 1
        return f"the {number}. from now"

    def _down(self, service: ServiceSetting, step: Step) -> str:
        seconds = step.number % 100
        self.world.crash()
        self.world.run_for(seconds)
        self.world.restart()
        return f"for {seconds} s"


def _pick(choices: Sequence[T], number: int) -> T:
    return choices[number % len(choices)]


def _bring_back(host: SimHost) -> None:
    if not host.is_on:
        host.power_on()
    elif not host.connection.is_up:
        host.adopt()


def _mend_engine(host: SimHost) -> None:
    host.start_error = None
    host.stop_delay_s = 0.0
