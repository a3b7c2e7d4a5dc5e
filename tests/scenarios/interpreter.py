"""The verbs of transcripts.

A transcript is a text: lines that begin with `>` are commands, lines that begin with `#` are remarks, the rest is what
the world said. Each command is performed in one world whose invariants are checked after every step. Tasks are named
by the revision they run and their number (`v2.1`), and instants are seconds of virtual time since the world began.
Words of a command that have a space are put in quotes.
"""

import shlex
from collections.abc import Callable
from math import inf
from typing import Any

from slipway.core.model.alarms import AlarmState
from slipway.core.model.deployment_configuration import DeploymentAlarms, DeploymentCircuitBreaker, ThresholdType
from slipway.core.model.load_balancing import HealthCheck, TargetGroup
from slipway.core.model.services import SchedulingStrategy
from slipway.core.model.tags import Tag
from slipway.core.model.task_definitions import ContainerHealthCheck, TaskDefinition
from slipway.core.rules import Rules
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.hosts import SimHost
from slipway.sim.operator import Operator
from slipway.sim.store import Faults
from slipway.sim.world import World
from tests.scenarios.narrator import SERVICE, Narrator

TASK_CPU = 256  # CPU units and MiB of one task: `room=8` is a host of eight such


def rewritten(transcript: str) -> str:
    """The transcript with what the world says now."""
    world = Transcript()
    lines: list[str] = []
    for line in transcript.splitlines():
        if line.startswith("#") or (not line and not lines):
            if lines and lines[-1] and not lines[-1].startswith("#"):
                lines.append("")
            lines.append(line)
        elif line.startswith(">"):
            if lines and lines[-1] and not lines[-1].startswith("#"):
                lines.append("")
            lines += [line, *world.perform(line.removeprefix(">").strip())]
        elif not line and lines[-1].startswith("#"):
            lines.append("")
    return "\n".join(lines) + "\n"


class Transcript:
    """One world, spoken to by verbs."""

    def __init__(self) -> None:
        self._begin([], {})
        self._verbs: dict[str, Callable[[list[str], dict[str, str]], object]] = {
            "world": self._begin,
            "host": self._add_host,
            "balancer": self._add_balancer,
            "register": self._register,
            "behave": self._behave,
            "service": self._create,
            "deploy": self._deploy,
            "force": lambda names, options: self._user.force(SERVICE),
            "stop-deployment": lambda names, options: self._user.stop_deployment(SERVICE),
            "scale": lambda names, _: self._user.update(SERVICE, desired_count=int(names[0])),
            "update": lambda names, options: self._user.update(SERVICE, **_members(options)),
            "alarm": self._set_alarm,
            "protect": self._protect,
            "delete": lambda names, options: self._user.delete(SERVICE),
            "delete-target-group": self._delete_target_group,
            "run-task": self._run_task,
            "stop-task": lambda names, _: self._user.stop_task(self._arn(names[0])),
            "kill": self._kill,
            "ill": lambda names, options: self._world.balancer.make_ill(self._arn(names[0])),
            "well": lambda names, options: self._world.balancer.make_well(self._arn(names[0])),
            "sick": self._make_sick,
            "restart-host": lambda names, _: self._host(names).restart(),
            "lose-host": lambda names, _: self._host(names).disconnect(),
            "find-host": lambda names, _: self._host(names).adopt(),
            "leave": lambda names, _: self._user.leave(self._host(names).id),
            "crash": lambda names, options: self._world.crash(),
            "restart": lambda names, options: self._world.restart(),
            "run": self._run,
            "why": lambda names, options: "\n".join(self._narrator.why(names)),
            "show": lambda names, options: "\n".join(self._narrator.show()),
        }

    def perform(self, command: str) -> list[str]:
        """What the world said while it performed the command."""
        verb, *words = shlex.split(command)
        options = dict(word.split("=", 1) for word in words if "=" in word)
        said = self._verbs[verb]([word for word in words if "=" not in word], options)
        return [*self._narrator.tell(), *(said.splitlines() if isinstance(said, str) else [])]

    # Verbs

    def _begin(self, names: list[str], options: dict[str, str]) -> None:
        every = int(options["crashes_every"]) if "crashes_every" in options else None
        self._world = World(
            seed=options.get("seed", "1"),
            rules=Rules(is_sequential="sequential" in names, fails_on_certainty="uncertain" not in names),
            faults=Faults(crashes_every=every),
            is_checked=True,
        )
        self._user = Operator(self._world)
        self._narrator = Narrator(self._world)
        self._hosts: list[SimHost] = []
        self._definitions: list[TaskDefinition] = []
        self._group: TargetGroup | None = None

    def _add_host(self, names: list[str], options: dict[str, str]) -> None:
        size = int(options["room"]) * TASK_CPU
        self._hosts.append(self._world.add_host(cpu=size, memory=int(options.get("memory", size))))
        self._narrator.name_host(self._hosts[-1].id, f"host{len(self._hosts)}")

    def _host(self, names: list[str]) -> SimHost:
        return self._hosts[int(names[0]) - 1]

    def _add_balancer(self, names: list[str], options: dict[str, str]) -> None:
        check = HealthCheck(
            interval_s=int(options.get("interval", 30)),
            healthy_threshold=int(options.get("healthy", 5)),
            unhealthy_threshold=int(options.get("unhealthy", 2)),
        )
        delay_s = int(options.get("delay", 300))
        self._group = self._user.create_target_group("web", health_check=check, deregistration_delay_s=delay_s)

    def _delete_target_group(self, names: list[str], options: dict[str, str]) -> None:
        assert self._group is not None
        self._user.delete_target_group(self._group)

    def _register(self, names: list[str], options: dict[str, str]) -> None:
        """The next revision, which behaves as the options say; a `service` or `deploy` without one registers it."""
        stop_timeout = options.get("stop_timeout")
        self._definitions.append(
            self._user.register(
                SERVICE,
                cpu=TASK_CPU,
                memory=int(options.get("memory", TASK_CPU)),
                host_port=int(options.get("port", 0)),
                stop_timeout_s=None if stop_timeout is None else int(stop_timeout),
                health_check=_container_check(options),
                behaviour=_behaviour(options),
            )
        )

    def _behave(self, names: list[str], options: dict[str, str]) -> None:
        """Tasks of a revision that start from now on behave as the options say."""
        definition = self._definition(names)
        self._world.behaviours[f"{definition.family}:{definition.revision}"] = _behaviour(options)

    def _definition(self, names: list[str]) -> TaskDefinition:
        if names:
            return self._definitions[int(names[0].removeprefix("v")) - 1]
        self._register([], {})
        return self._definitions[-1]

    def _create(self, names: list[str], options: dict[str, str]) -> None:
        is_daemon = "daemon" in names
        given = {"min": "0", "max": "100", **options} if is_daemon else options
        self._user.create_service(
            SERVICE,
            self._definition([name for name in names if name != "daemon"]),
            desired=int(options.get("desired", 1)),
            target_group=self._group,
            scheduling_strategy=SchedulingStrategy.DAEMON if is_daemon else SchedulingStrategy.REPLICA,
            **_members(given),
        )

    def _deploy(self, names: list[str], options: dict[str, str]) -> None:
        if options:
            self._user.update(SERVICE, **_members(options))
        self._user.deploy(SERVICE, self._definition(names))

    def _set_alarm(self, names: list[str], options: dict[str, str]) -> None:
        period_s, periods = int(options.get("period", 60)), int(options.get("periods", 1))
        self._user.set_alarm(names[0], AlarmState(names[1]), period_s=period_s, evaluation_periods=periods)

    def _protect(self, names: list[str], options: dict[str, str]) -> None:
        """Protect tasks for so many `minutes`; ECS's default is two hours, and 0 ends it."""
        minutes = float(options.get("minutes", "120")) or None
        for name in names:
            self._user.protect(self._arn(name), minutes=minutes)

    def _run_task(self, names: list[str], options: dict[str, str]) -> None:
        cpu = int(options.get("room", 1)) * TASK_CPU
        definition = self._user.register("job", cpu=cpu, memory=TASK_CPU, behaviour=Behaviour(exits_in_s=5))
        self._user.run_task(definition)

    def _kill(self, names: list[str], options: dict[str, str]) -> None:
        for arn in map(self._arn, names):
            for host in self._hosts:
                host.kill(arn, exit_code=int(options.get("code", 1)))

    def _make_sick(self, names: list[str], options: dict[str, str]) -> None:
        """Container health checks of a task fail from now on."""
        arn = self._arn(names[0])
        self._world.hosts[self._world.snapshot.tasks[arn].host_id].set_health(arn, is_well=False)

    def _run(self, names: list[str], options: dict[str, str]) -> str | None:
        if "for" in options:
            self._world.run_for(float(options["for"]))
            return None
        return None if self._world.run(limit_s=3600) else "(not settled in an hour)"

    def _arn(self, name: str) -> str:
        return self._narrator.arn(name)


# What options mean


def _behaviour(options: dict[str, str]) -> Behaviour:
    """How tasks behave. `ready`, `sick`, `up` and `down` are of the balancer's checks, `container_ready` and
    `container_sick` of the container's own."""
    health = HealthScript(
        ready_s=_number(options.get("ready", "0")),
        sick_s=_number(options.get("sick", "inf")),
        up_s=_number(options.get("up", "inf")),
        down_s=_number(options.get("down", "0")),
    )
    container_health = HealthScript(
        ready_s=_number(options.get("container_ready", "0")), sick_s=_number(options.get("container_sick", "inf"))
    )
    return Behaviour(
        pull_s=float(options.get("pull", 0)),
        launch_s=float(options.get("launch", 0)),
        exits_in_s=_optional(options.get("exit", "0")),
        runs_s=_optional(options.get("runs", "forever")),
        exit_code=int(options.get("code", 1)),
        start_error=options.get("error"),
        linger_s=_optional(options.get("linger", "0")),
        health=health,
        container_health=container_health,
    )


def _container_check(options: dict[str, str]) -> ContainerHealthCheck | None:
    """The container's health check, of the interval `check`; None where there is none."""
    if "check" not in options:
        return None
    return ContainerHealthCheck(
        command=("CMD-SHELL", "exit 0"),
        interval_s=int(options["check"]),
        retries=int(options.get("retries", 3)),
        start_period_s=int(options.get("start_period", 0)),
    )


def _members(options: dict[str, str]) -> dict[str, Any]:
    """Members of a service."""
    words = {"min": "minimum_healthy_percent", "max": "maximum_percent", "grace": "health_check_grace_period_s"}
    members: dict[str, Any] = {words[name]: int(value) for name, value in options.items() if name in words}
    if "breaker" in options:
        members["circuit_breaker"] = _breaker(options)
    if "alarms" in options:
        names = tuple(options["alarms"].split(","))
        rolls_back = options.get("on_alarm", "rollback") == "rollback"
        members["alarms"] = DeploymentAlarms(names=names, is_enabled=True, rolls_back=rolls_back)
    if "bake" in options:
        members["bake_time_s"] = 60.0 * int(options["bake"])  # bakeTimeInMinutes
    if "tags" in options:
        pairs = (tag.split("=") for tag in options["tags"].split(","))
        members["tags"] = tuple(Tag(key=f"slipway:{key}", value=value) for key, value in pairs)
    return members


def _breaker(options: dict[str, str]) -> DeploymentCircuitBreaker:
    """The circuit breaker: `breaker` is `off`, `stop` or `rollback`."""
    kind, value = options.get("threshold", "BOUNDED_PERCENT:50").split(":")
    return DeploymentCircuitBreaker(
        is_enabled=options["breaker"] != "off",
        rolls_back=options["breaker"] == "rollback",
        is_reset_by_healthy_task=options.get("reset", "true") == "true",
        threshold_type=ThresholdType(kind),
        threshold_value=int(value),
    )


def _number(text: str) -> float:
    return inf if text in ("inf", "never") else float(text)


def _optional(text: str) -> float | None:
    return None if text in ("forever", "ignores", "delay") else float(text)
