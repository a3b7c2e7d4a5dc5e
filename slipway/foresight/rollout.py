"""A rollout described without a server: how many tasks, which room, the settings, and how the program behaves.

Every default is ECS's or ELB's own, and the worst case where they have none: connections stay open for as long as the
deregistration delay lets them, and the program ignores SIGTERM. Pulls and starts take no time until told otherwise.
"""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import floor
from typing import Any

from slipway.api.elbv2_health_checks import INTERVAL_S, THRESHOLD, TIMEOUT_S

#: CPU units and MiB of a task where neither it nor the hosts are described.
TASK_SIZE = 256

#: Tasks a rollout may ask for, and hosts: what was measured to fit into memory (`make bench ARGS=foresight_scale`).
DESIRED_MOST = 100_000
HOSTS_MOST = 5_000

#: Units of settings.
SECONDS = "seconds"
PERCENT = "percent"

#: The longest that anything may take, seconds: a day.
DAY_S = 86_400


class RolloutError(ValueError):
    """A rollout that cannot be; the sentence names the setting and the fix. `setting` is its name."""

    def __init__(self, setting: str, sentence: str) -> None:
        super().__init__(sentence)
        self.setting = setting


class Strategy(StrEnum):
    """How the new version takes over (`deploymentConfiguration.strategy`)."""

    ROLLING = "ROLLING"


class Panel(StrEnum):
    """What a setting is about: a panel of the help of `slipway simulate`."""

    SERVICE = "Service"
    ROOM = "Room"
    HEALTH = "Health checks"
    STOPPING = "Stopping"
    PROGRAM = "Program"
    FAILURES = "Failures"
    SIMULATION = "Simulation"


def _setting(panel: Panel, default: Any, about: str, *, unit: str = "") -> Any:
    return field(default=default, metadata={"about": about, "panel": panel, "unit": unit})


def _seconds(panel: Panel, default: float, about: str, *, endless: str = "") -> Any:
    """A duration; `endless` is the word for one that never ends, where there is one."""
    return field(default=default, metadata={"about": about, "panel": panel, "unit": SECONDS, "endless": endless})


def _percent(panel: Panel, default: float, about: str) -> Any:
    return _setting(panel, default, about, unit=PERCENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What is rolled, where, with which settings. Times are seconds; `inf` stands for "never".

    A name is the flag `--name` of `slipway simulate` with hyphens, and the key of its TOML file.
    """

    desired: int = _setting(Panel.SERVICE, 6, "Tasks of the service (desiredCount).")
    room: int | None = _setting(
        Panel.ROOM, None, "Tasks that fit in the cluster at once; without it and hosts: as many as asked."
    )
    hosts: int | None = _setting(Panel.ROOM, None, "Hosts, each with --host-cpu and --host-memory; instead of --room.")
    host_cpu: int = _setting(Panel.ROOM, 4096, "CPU units of a host (1024 a processor).")
    host_memory: int = _setting(Panel.ROOM, 8192, "MiB of a host.")
    cpu: int = _setting(Panel.ROOM, TASK_SIZE, "CPU units of a task.")
    memory: int = _setting(Panel.ROOM, TASK_SIZE, "MiB of a task.")
    minimum_healthy_percent: int = _percent(
        Panel.SERVICE, 100, "Healthy tasks that stay, percent of desired, rounded up."
    )
    maximum_percent: int = _percent(Panel.SERVICE, 200, "Tasks there may be, percent of desired, rounded down.")
    load_balancer: bool = _setting(
        Panel.HEALTH, True, "Tasks are targets of a load balancer; else see --healthy-after."
    )
    healthy_after: float = _seconds(
        Panel.HEALTH, 40.0, "Seconds after RUNNING at which a task without a load balancer is healthy (ECS: 40)."
    )
    health_interval: int = _seconds(
        Panel.HEALTH, 30, "Seconds between health checks of a target (HealthCheckIntervalSeconds)."
    )
    health_timeout: int = _seconds(
        Panel.HEALTH, 5, "Seconds until a check without an answer failed (HealthCheckTimeoutSeconds)."
    )
    healthy_threshold: int = _setting(
        Panel.HEALTH, 5, "Checks in a row that make a target healthy (HealthyThresholdCount)."
    )
    unhealthy_threshold: int = _setting(
        Panel.HEALTH, 2, "Checks in a row that make it unhealthy (UnhealthyThresholdCount)."
    )
    health_check_grace_period: int = _seconds(
        Panel.HEALTH, 0, "Seconds after RUNNING in which failed checks do not count."
    )
    deregistration_delay: int = _seconds(
        Panel.STOPPING, 300, "Seconds a draining target may finish its requests at most."
    )
    connection_age: float = _seconds(
        Panel.STOPPING, float("inf"), "Seconds for which connections go on once a target drains.", endless="stay"
    )
    stop_timeout: int = _seconds(Panel.STOPPING, 30, "Seconds from SIGTERM to SIGKILL (stopTimeout).")
    exit: float = _seconds(
        Panel.STOPPING,
        float("inf"),
        "Seconds from SIGTERM until the program exits; 'ignores': it does not.",
        endless="ignores",
    )
    pull_time: float = _seconds(Panel.PROGRAM, 0.0, "Seconds to pull the image.")
    start_time: float = _seconds(Panel.PROGRAM, 0.0, "Seconds from the image to RUNNING.")
    ready_time: float = _seconds(Panel.PROGRAM, 0.0, "Seconds from RUNNING until checks pass.")
    crash_percent: float = _percent(Panel.FAILURES, 0.0, "Percent of the new tasks that crash.")
    crash_after: float = _seconds(Panel.FAILURES, 1.0, "Seconds from RUNNING to the crash.")
    never_healthy: bool = _setting(Panel.FAILURES, False, "New tasks never pass a check.")
    slow_start_percent: float = _percent(Panel.FAILURES, 0.0, "Percent of the new tasks that start slowly.")
    slow_start_time: float = _seconds(Panel.FAILURES, 60.0, "Seconds that those take longer to be ready.")
    jitter_percent: float = _percent(
        Panel.SIMULATION, 0.0, "Every duration varies by up to so many percent, by --seed."
    )
    circuit_breaker: bool = _setting(Panel.SERVICE, False, "The deployment circuit breaker ends a failing deployment.")
    rollback: bool = _setting(Panel.SERVICE, True, "The circuit breaker rolls back.")
    bake_time: float = _seconds(Panel.SERVICE, 0.0, "Seconds a healthy deployment is watched before it is complete.")
    strategy: str = _setting(Panel.SERVICE, "ROLLING", "How the new version takes over: ROLLING.")
    sequential: bool = _setting(
        Panel.SIMULATION, False, "Each round waits until the one before it has settled; rounds overlap else."
    )
    seed: str = _setting(
        Panel.SIMULATION, "1", "Chance, where there is any, is drawn from it: the same seed gives the same forecast."
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            _check(one.name, getattr(self, one.name))
        _check_together(self)

    @property
    def tasks_a_host(self) -> int:
        """Tasks that fit on one host."""
        return min(floor(self.host_cpu / self.cpu), floor(self.host_memory / self.memory))

    @property
    def peak(self) -> int:
        """The most tasks that the percentages allow."""
        return max(floor(self.desired * self.maximum_percent / 100), self.desired)


#: The least and the most of each number, with where the limit comes from: ECS's and ELB's models and guides.
_LIMITS: dict[str, tuple[float, float]] = {
    "desired": (1, DESIRED_MOST),
    "room": (1, 2 * DESIRED_MOST),
    "hosts": (1, HOSTS_MOST),
    "host_cpu": (1, 1_000_000),
    "host_memory": (1, 100_000_000),
    "cpu": (1, 1_000_000),
    "memory": (1, 100_000_000),
    "minimum_healthy_percent": (0, 100),  # above 100 a rolling deployment of a REPLICA service could never start
    "maximum_percent": (1, 1_000),
    "health_interval": INTERVAL_S,
    "health_timeout": TIMEOUT_S,
    "healthy_threshold": THRESHOLD,
    "unhealthy_threshold": THRESHOLD,
    "health_check_grace_period": (0, 2_147_483_647),
    "healthy_after": (0, DAY_S),
    "deregistration_delay": (0, 3_600),
    "stop_timeout": (0, DAY_S),
    "crash_percent": (0, 100),
    "slow_start_percent": (0, 100),
    "jitter_percent": (0, 100),
    "pull_time": (0, DAY_S),
    "start_time": (0, DAY_S),
    "ready_time": (0, DAY_S),
    "slow_start_time": (0, DAY_S),
    "crash_after": (0, DAY_S),
    "bake_time": (0, DAY_S),
}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        if name == "strategy" and value not in tuple(Strategy):
            known = ", ".join(Strategy)
            raise RolloutError(name, f"{_flag(name)} is {value}; only {known} can be simulated.")
        return
    least, most = _LIMITS.get(name, (0, float("inf")))
    if not least <= value <= most:  # false of NaN too
        bound = f"from {least:g} to {most:g}" if most < float("inf") else f"{least:g} or more"
        raise RolloutError(name, f"{_flag(name)} is {value:g}; it must be {bound}.")


def _check_together(rollout: Rollout) -> None:
    if rollout.room is not None and rollout.hosts is not None:
        raise RolloutError("room", "--room and --hosts both say what fits in the cluster: give one of them.")
    if rollout.hosts is not None and not rollout.tasks_a_host:
        task, host = (
            f"{rollout.cpu} CPU units and {rollout.memory} MiB",
            f"{rollout.host_cpu} and {rollout.host_memory}",
        )
        raise RolloutError("hosts", f"A task of {task} does not fit on a host of {host}: make --host-cpu larger.")
    room = rollout.room if rollout.hosts is None else rollout.hosts * rollout.tasks_a_host
    if room is not None and room < rollout.desired:
        what = "--room" if rollout.hosts is None else "--hosts"
        raise RolloutError(
            what.lstrip("-"),
            f"{what} gives room for {room} tasks, and --desired is {rollout.desired}: the service would not fit before "
            "the rollout began; make the cluster larger.",
        )
    _check_health(rollout.health_interval, rollout.health_timeout)
    if rollout.maximum_percent < rollout.minimum_healthy_percent:
        raise RolloutError(
            "maximum_percent",
            f"--maximum-percent is {rollout.maximum_percent} and --minimum-healthy-percent "
            f"{rollout.minimum_healthy_percent}; the maximum cannot be below the minimum.",
        )


def _check_health(interval_s: int, timeout_s: int) -> None:
    """A check is over before the next one. ALB refuses the same number too, but NLB's defaults were 10 and 10, and who
    gives the shortest interval, 5, means the default timeout no longer."""
    if interval_s < timeout_s:
        raise RolloutError(
            "health_timeout",
            f"--health-timeout is {timeout_s} and --health-interval {interval_s}; the interval must be greater.",
        )
