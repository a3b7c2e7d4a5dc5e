"""Where a random trial takes place: its hosts and its services, drawn from the seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from slipway.core.deployments.extensions import (
    COUNT_PLACEMENT,
    DEADLINE,
    DEADLINE_ACTION,
    FAIL_ON_CERTAINTY,
    TARGET_HEALTH,
    DeadlineAction,
)
from slipway.core.model.deployment_configuration import (
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    ThresholdType,
)
from slipway.core.model.services import SchedulingStrategy
from slipway.core.model.task_definitions import NetworkMode

#: CPU units and MiB that tasks and hosts are measured in.
UNIT = 256

#: Least and most tasks, in percent; with a few tasks some of them let nothing move.
PERCENTAGES = (
    (100, 200),
    (100, 150),
    (100, 125),
    (75, 150),
    (50, 200),
    (50, 100),
    (50, 125),
    (34, 134),
    (0, 100),
    (0, 200),
    (100, 400),
)
DAEMON_PERCENTAGES = ((0, 100), (50, 100), (75, 100))

#: The most tasks a service is asked for: worlds stay small, so that all of it can be looked at after each step.
DESIRED_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSetting:
    """A host: what it offers, in units."""

    cpu: int
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSetting:
    """How a service's targets are checked and drained. Seconds and checks."""

    interval_s: int
    healthy: int
    unhealthy: int
    delay_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSetting:
    """A service as it is created."""

    name: str
    strategy: SchedulingStrategy
    desired: int
    minimum: int
    maximum: int
    grace_s: int
    size: int  # units of CPU and memory of a task
    group: GroupSetting | None  # None: no load balancer
    has_container_check: bool
    network_mode: NetworkMode
    host_port: int  # 0: any free one
    stop_timeout_s: int | None  # None: the default
    breaker: DeploymentCircuitBreaker
    alarms: DeploymentAlarms
    bake_time_s: float | None  # None: by the alarms
    tags: Mapping[str, str]  # Slipway's own settings

    @property
    def is_daemon(self) -> bool:
        """Whether it has a task on every host."""
        return self.strategy is SchedulingStrategy.DAEMON


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Hosts and services of one trial."""

    hosts: tuple[HostSetting, ...]
    services: tuple[ServiceSetting, ...]
    is_sequential: bool


def draw_setting(random: Random) -> Setting:
    """A small cluster: one to four hosts of two to eight units each, and one to three services."""
    hosts = tuple(
        HostSetting(cpu=room, memory=max(room + random.choice((0, 0, 0, -1, 2)), 1))
        for room in (random.randint(2, 8) for _ in range(random.choice((1, 2, 2, 3, 4))))
    )
    services = tuple(_draw_service(random, number) for number in range(1, random.choice((1, 2, 2, 3)) + 1))
    return Setting(hosts=hosts, services=services, is_sequential=random.random() < 0.15)


def _draw_service(random: Random, number: int) -> ServiceSetting:
    is_daemon = random.random() < 0.2
    minimum, maximum = random.choice(DAEMON_PERCENTAGES if is_daemon else PERCENTAGES)
    return ServiceSetting(
        name=f"s{number}",
        strategy=SchedulingStrategy.DAEMON if is_daemon else SchedulingStrategy.REPLICA,
        desired=0 if is_daemon else random.randint(0 if random.random() < 0.1 else 1, DESIRED_MOST),
        minimum=minimum,
        maximum=maximum,
        grace_s=random.choice((0, 0, 0, 60, 200)),
        size=random.choice((1, 1, 1, 2)),
        group=_draw_group(random) if random.random() < 0.6 else None,
        has_container_check=random.random() < 0.4,
        network_mode=random.choice((NetworkMode.BRIDGE, NetworkMode.BRIDGE, NetworkMode.AWSVPC)),
        host_port=8000 + number if random.random() < 0.15 else 0,
        stop_timeout_s=random.choice((None, 2, 10, 150)),
        breaker=draw_breaker(random),
        alarms=DeploymentAlarms(
            names=(alarm_of(number),), is_enabled=random.random() < 0.3, rolls_back=random.random() < 0.7
        ),
        bake_time_s=random.choice((None, None, 0.0, 45.0)),
        tags=_draw_tags(random),
    )


def alarm_of(number: int) -> str:
    """The name of the alarm that watches over a service."""
    return f"alarm{number}"


def draw_breaker(random: Random) -> DeploymentCircuitBreaker:
    """A circuit breaker, mostly enabled, with any threshold."""
    kind = random.choice(list(ThresholdType))
    return DeploymentCircuitBreaker(
        is_enabled=random.random() < 0.7,
        rolls_back=random.random() < 0.7,
        is_reset_by_healthy_task=random.random() < 0.7,
        threshold_type=kind,
        threshold_value=random.randint(1, 6) if kind is ThresholdType.COUNT else random.choice((10, 50, 100)),
    )


def _draw_tags(random: Random) -> dict[str, str]:
    tags = {}
    if random.random() < 0.15:
        tags[DEADLINE] = random.choice(("60s", "5m", "1h"))
        tags[DEADLINE_ACTION] = random.choice(tuple(DeadlineAction))
    if random.random() < 0.2:
        tags[TARGET_HEALTH] = "readiness"
    if random.random() < 0.15:
        tags[COUNT_PLACEMENT] = "true"
    if random.random() < 0.4:
        tags[FAIL_ON_CERTAINTY] = "false"
    return tags


def _draw_group(random: Random) -> GroupSetting:
    return GroupSetting(
        interval_s=random.choice((5, 10, 20)),
        healthy=random.choice((2, 3, 5)),
        unhealthy=random.choice((2, 3)),
        delay_s=random.choice((0, 5, 30, 90)),
    )
