"""Which settings owe a stretch of a deployment's time: AWS's name of each, its value as it was, and what it is of."""

from collections.abc import Sequence

from slipway.core.arns import resource_name
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.segment import Setting
from slipway.core.model.load_balancing import Target, TargetGroup
from slipway.core.model.task_definitions import (
    DEFAULT_STOP_TIMEOUT_S,
    ContainerDefinition,
    DependencyCondition,
    TaskDefinition,
)
from slipway.core.model.tasks import Task


class Settings:
    """The settings of one chronicle's service, its task definitions and its target groups."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle

    def passing(
        self, target: Target, *, from_at: float, to_at: float, passed: int | None = None
    ) -> tuple[Setting, ...]:
        """What makes a target healthy that was registered at `from_at`: interval x threshold, as they were up to
        `to_at`. `passed` checks did (None: not yet): fewer than the threshold where the server asks for fewer of a new
        target."""
        groups = self._chronicle.target_groups_in(target.target_group_arn, from_at, to_at)
        if not groups:
            return ()
        of, check = _group(groups[-1]), groups[-1].health_check
        interval = Setting(name="HealthCheckIntervalSeconds", value=str(_slowest_s(groups)), of=of)
        if passed is not None and passed < check.healthy_threshold:
            return (interval, Setting(name="new_target_checks", value=str(passed), of="server"))
        return (interval, Setting(name="HealthyThresholdCount", value=str(check.healthy_threshold), of=of))

    def interval_s(self, target: Target, *, from_at: float, to_at: float) -> float:
        """Seconds between two checks of a target between these instants, the longest there were; 0: its group is not
        known."""
        return float(_slowest_s(self._chronicle.target_groups_in(target.target_group_arn, from_at, to_at)))

    def failing(self, target: Target, *, from_at: float, to_at: float) -> tuple[Setting, ...]:
        """What finds a sick target between these instants: interval x threshold, after the grace period."""
        groups = self._chronicle.target_groups_in(target.target_group_arn, from_at, to_at)
        if not groups:
            return self.grace(to_at)
        of, threshold = _group(groups[-1]), str(groups[-1].health_check.unhealthy_threshold)
        return (
            Setting(name="HealthCheckIntervalSeconds", value=str(_slowest_s(groups)), of=of),
            Setting(name="UnhealthyThresholdCount", value=threshold, of=of),
            *self.grace(to_at),
        )

    def grace(self, at: float) -> tuple[Setting, ...]:
        """The grace period of the service before `at`, where it had one."""
        service = self._chronicle.service_before(at)
        if service is None or not service.health_check_grace_period_s:
            return ()
        value = str(service.health_check_grace_period_s)
        return (Setting(name="healthCheckGracePeriodSeconds", value=value, of=self.service),)

    def drain(self, target: Target, *, at: float) -> tuple[Setting, ...]:
        """How long a target that was deregistered at `at` could finish its requests."""
        groups = self._chronicle.target_groups_in(target.target_group_arn, at, at)
        return tuple(
            Setting(
                name="deregistration_delay.timeout_seconds", value=f"{one.deregistration_delay_s:g}", of=_group(one)
            )
            for one in groups
        )

    def container_check(self, task: Task) -> tuple[Setting, ...]:
        """The first container health check of a task's definition."""
        for container in self._containers(task):
            if container.health_check is not None:
                check, of = container.health_check, self._container(task, container)
                named = (
                    ("interval", check.interval_s),
                    ("retries", check.retries),
                    ("startPeriod", check.start_period_s),
                )
                return tuple(Setting(name=f"healthCheck.{name}", value=str(value), of=of) for name, value in named)
        return ()

    def container_interval_s(self, task: Task) -> float:
        """Seconds between two runs of that check; 0: there is none."""
        checks = (container.health_check for container in self._containers(task))
        return next((float(check.interval_s) for check in checks if check is not None), 0.0)

    def has_container_check(self, task: Task) -> bool:
        """Whether container health checks tell the task's health."""
        definition = self._definition(task)
        return definition is not None and definition.has_health_check

    def stop_timeout(self, task: Task) -> tuple[Setting, ...]:
        """The longest stop timeout of a task's containers."""
        containers = self._containers(task)
        if not containers:
            return ()
        longest = max(containers, key=_stop_timeout_s)
        value = str(_stop_timeout_s(longest))
        return (Setting(name="stopTimeout", value=value, of=self._container(task, longest)),)

    def stop_timeout_s(self, task: Task) -> float:
        """Seconds from SIGTERM to SIGKILL, the longest of a task's containers."""
        return float(max(map(_stop_timeout_s, self._containers(task)), default=DEFAULT_STOP_TIMEOUT_S))

    def image(self, task: Task) -> tuple[Setting, ...]:
        """The images that a task pulls."""
        containers = self._containers(task)
        return tuple(Setting(name="image", value=one.image, of=self._container(task, one)) for one in containers)

    def dependency(self, task: Task, container_name: str) -> tuple[Setting, ...]:
        """What a container waits for before it starts, but for the mere start of others."""
        definition = self._definition(task)
        container = None if definition is None else definition.container(container_name)
        if container is None:
            return ()
        of = self._container(task, container)
        return tuple(
            Setting(name="dependsOn", value=f"{one.container_name} {one.condition}", of=of)
            for one in container.depends_on
            if one.condition is not DependencyCondition.START
        )

    def percentages(self, at: float) -> tuple[Setting, ...]:
        """The bounds that a roll moves within, as they were before `at`."""
        service = self._chronicle.service_before(at)
        if service is None:
            return ()
        named = (
            ("minimumHealthyPercent", service.minimum_healthy_percent),
            ("maximumPercent", service.maximum_percent),
        )
        return tuple(Setting(name=name, value=str(value), of=self.service) for name, value in named)

    def bake(self, at: float) -> tuple[Setting, ...]:
        """The bake time where one is set, else the alarms that bring it."""
        service = self._chronicle.service_before(at)
        if service is None:
            return ()
        if service.bake_time_s is not None:
            return (Setting(name="bakeTimeInMinutes", value=f"{service.bake_time_s / 60:g}", of=self.service),)
        return (Setting(name="alarms.alarmNames", value=", ".join(service.alarms.names), of=self.service),)

    def room(self, at: float) -> tuple[Setting, ...]:
        """What the service had too little of before `at`, on which host; none where it had room."""
        service = self._chronicle.service_before(at)
        if service is None or service.blocked_by is None or not service.lacks_room:
            return ()
        lack, _, host_id = service.blocked_by.partition(" ")
        host = self._chronicle.hosts.get(host_id)
        resource = lack.rpartition(":")[2]
        value = "" if host is None else {"CPU": str(host.cpu), "MEMORY": str(host.memory)}.get(resource, "")
        return (Setting(name=lack, value=value, of=f"host {host_id[:8]}" if host_id else "cluster"),)

    @property
    def service(self) -> str:
        """`service web`."""
        return f"service {self._chronicle.service.name}"

    def _definition(self, task: Task) -> TaskDefinition | None:
        return self._chronicle.definitions.get(task.task_definition_arn)

    def _containers(self, task: Task) -> tuple[ContainerDefinition, ...]:
        definition = self._definition(task)
        return () if definition is None else definition.containers

    def _container(self, task: Task, container: ContainerDefinition) -> str:
        return f"container {container.name} of {resource_name(task.task_definition_arn)}"


def _group(group: TargetGroup) -> str:
    return f"target group {group.name}"


def _slowest_s(groups: Sequence[TargetGroup]) -> int:
    """The longest interval between two checks; 0: there is no group."""
    return max((one.health_check.interval_s for one in groups), default=0)


def _stop_timeout_s(container: ContainerDefinition) -> int:
    return DEFAULT_STOP_TIMEOUT_S if container.stop_timeout_s is None else container.stop_timeout_s
