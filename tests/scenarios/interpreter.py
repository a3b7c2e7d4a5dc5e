"""The verbs of transcripts, and what a world tells after each.

A transcript is a text: lines that begin with `>` are commands, lines that begin with `#` are remarks, the rest is what
the world said. Each command is performed in one world whose invariants are checked after every step. Tasks are named
by the revision they run and their number (`v2.1`), and instants are seconds of virtual time since the world began.
"""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from math import inf

from slipway.core.model.load_balancing import HealthCheck, TargetGroup
from slipway.core.model.services import SchedulingStrategy
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task, TaskStatus
from slipway.core.rules import Rules
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.clock import BEGINNING
from slipway.sim.hosts import SimHost
from slipway.sim.operator import Operator
from slipway.sim.store import Faults
from slipway.sim.timeline import Kind, Line
from slipway.sim.world import World

SERVICE = "web"
TASK_CPU = 256  # CPU units and MiB of one task: `room=8` is a host of eight such


def rewritten(transcript: str) -> str:
    """The transcript with what the world says now."""
    world = Transcript()
    lines: list[str] = []
    for line in transcript.splitlines():
        if line.startswith("#") or (not line and not lines):
            lines.append(line)
        elif line.startswith(">"):
            if lines and lines[-1]:
                lines.append("")
            lines += [line, *world.perform(line.removeprefix(">").strip())]
        elif not line and lines[-1].startswith("#"):
            lines.append("")
    return "\n".join(lines) + "\n"


class Transcript:
    """One world, spoken to by verbs."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._user: Operator | None = None
        self._hosts: list[SimHost] = []
        self._names: dict[str, str] = {}
        self._definitions: list[TaskDefinition] = []
        self._group: TargetGroup | None = None
        self._told = 0
        self._verbs: dict[str, Callable[[list[str], dict[str, str]], object]] = {
            "world": self._begin,
            "host": self._add_host,
            "balancer": self._add_balancer,
            "register": self._register,
            "service": self._create,
            "deploy": self._deploy,
            "scale": self._scale,
            "update": self._update,
            "delete": self._delete,
            "run-task": self._run_task,
            "stop-task": lambda names, _: self._operator.stop_task(self._arn(names[0])),
            "kill": self._kill,
            "ill": lambda names, options: self._sim.balancer.make_ill(self._arn(names[0])),
            "well": lambda names, options: self._sim.balancer.make_well(self._arn(names[0])),
            "restart-host": lambda names, _: self._hosts[int(names[0]) - 1].restart(),
            "crash": lambda names, options: self._sim.crash(),
            "restart": lambda names, options: self._sim.restart(),
            "run": self._run,
        }

    def perform(self, command: str) -> list[str]:
        """What the world said while it performed the command."""
        verb, *words = command.split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        said = self._verbs[verb]([word for word in words if "=" not in word], options)
        return [*self._timeline(), *([said] if isinstance(said, str) else [])]

    @property
    def _sim(self) -> World:
        if self._world is None:
            self._begin([], {})
        assert self._world is not None
        return self._world

    @property
    def _operator(self) -> Operator:
        assert self._sim is not None
        assert self._user is not None
        return self._user

    # Verbs

    def _begin(self, names: list[str], options: dict[str, str]) -> None:
        every = int(options["crashes_every"]) if "crashes_every" in options else None
        self._world = World(
            seed=options.get("seed", "1"),
            rules=Rules(is_sequential="sequential" in names),
            faults=Faults(crashes_every=every),
            is_checked=True,
        )
        self._user = Operator(self._world)

    def _add_host(self, names: list[str], options: dict[str, str]) -> None:
        size = int(options["room"]) * TASK_CPU
        self._hosts.append(self._sim.add_host(cpu=size, memory=int(options.get("memory", size))))
        self._names[self._hosts[-1].id] = f"host{len(self._hosts)}"

    def _add_balancer(self, names: list[str], options: dict[str, str]) -> None:
        check = HealthCheck(
            interval_s=int(options.get("interval", 30)),
            healthy_threshold=int(options.get("healthy", 5)),
            unhealthy_threshold=int(options.get("unhealthy", 2)),
        )
        delay_s = int(options.get("delay", 300))
        self._group = self._operator.create_target_group("web", health_check=check, deregistration_delay_s=delay_s)

    def _register(self, names: list[str], options: dict[str, str]) -> None:
        """The next revision, which behaves as the options say; a `service` or `deploy` without one registers it."""
        health = HealthScript(
            ready_s=_number(options.get("ready", "0")),
            sick_s=_number(options.get("sick", "inf")),
            up_s=_number(options.get("up", "inf")),
            down_s=_number(options.get("down", "0")),
        )
        behaviour = Behaviour(
            pull_s=float(options.get("pull", 0)),
            launch_s=float(options.get("launch", 0)),
            exits_in_s=_optional(options.get("exit", "0")),
            runs_s=_optional(options.get("runs", "forever")),
            start_error=options.get("error"),
            linger_s=_optional(options.get("linger", "0")),
            health=health,
        )
        stop_timeout = options.get("stop_timeout")
        self._definitions.append(
            self._operator.register(
                SERVICE,
                cpu=TASK_CPU,
                memory=int(options.get("memory", TASK_CPU)),
                host_port=int(options.get("port", 0)),
                stop_timeout_s=None if stop_timeout is None else int(stop_timeout),
                behaviour=behaviour,
            )
        )

    def _definition(self, names: list[str]) -> TaskDefinition:
        if names:
            return self._definitions[int(names[0].removeprefix("v")) - 1]
        self._register([], {})
        return self._definitions[-1]

    def _create(self, names: list[str], options: dict[str, str]) -> None:
        is_daemon = "daemon" in names
        self._operator.create_service(
            SERVICE,
            self._definition([name for name in names if name != "daemon"]),
            desired=int(options.get("desired", 1)),
            minimum_healthy_percent=int(options.get("min", 0 if is_daemon else 100)),
            maximum_percent=int(options.get("max", 100 if is_daemon else 200)),
            target_group=self._group,
            health_check_grace_period_s=int(options.get("grace", 0)),
            scheduling_strategy=SchedulingStrategy.DAEMON if is_daemon else SchedulingStrategy.REPLICA,
        )

    def _deploy(self, names: list[str], options: dict[str, str]) -> None:
        self._operator.deploy(SERVICE, self._definition(names))

    def _scale(self, names: list[str], options: dict[str, str]) -> None:
        self._operator.update(SERVICE, desired_count=int(names[0]))

    def _update(self, names: list[str], options: dict[str, str]) -> None:
        words = {
            "min": "minimum_healthy_percent",
            "max": "maximum_percent",
            "grace": "health_check_grace_period_s",
        }
        self._operator.update(SERVICE, **{words[name]: int(value) for name, value in options.items()})

    def _delete(self, names: list[str], options: dict[str, str]) -> None:
        self._operator.delete(SERVICE)

    def _run_task(self, names: list[str], options: dict[str, str]) -> None:
        cpu = int(options.get("room", 1)) * TASK_CPU
        definition = self._operator.register("job", cpu=cpu, memory=TASK_CPU, behaviour=Behaviour(exits_in_s=5))
        self._operator.run_task(definition)

    def _kill(self, names: list[str], options: dict[str, str]) -> None:
        arn = self._arn(names[0])
        for host in self._sim.hosts.values():
            host.kill(arn, exit_code=int(options.get("code", 1)))

    def _run(self, names: list[str], options: dict[str, str]) -> str | None:
        if "for" in options:
            self._sim.run_for(float(options["for"]))
            return None
        return None if self._sim.run(limit_s=3600) else "(not settled in an hour)"

    # What was said

    def _arn(self, name: str) -> str:
        self._name_tasks()
        return next(arn for arn, known in self._names.items() if known == name)

    def _name_tasks(self) -> None:
        """Tasks by revision and number, deployments by number."""
        if self._sim.is_down:
            return
        snapshot = self._sim.snapshot
        for task in sorted(snapshot.tasks.values(), key=lambda task: task.created_at):
            if task.arn not in self._names:
                definition = snapshot.task_definitions[task.task_definition_arn]
                version = f"v{definition.revision}" if definition.family == SERVICE else definition.family
                number = 1 + sum(name.startswith(f"{version}.") for name in self._names.values())
                self._names[task.arn] = f"{version}.{number}"
        for number, deployment in enumerate(snapshot.deployments, 1):
            self._names.setdefault(deployment, f"deployment{number}")

    def _timeline(self) -> Iterator[str]:
        """What was committed since it was last asked, the same words about several tasks on one line."""
        self._name_tasks()
        lines = self._sim.timeline.lines[self._told :]
        self._told = len(self._sim.timeline.lines)
        told = [(line.at - BEGINNING, *self._say(line)) for line in lines]
        at = -inf
        for (instant, text), group in groupby((each for each in told if each[2]), key=lambda each: (each[0], each[2])):
            subjects = [subject for _, subject, _ in group if subject]
            yield f"{'' if instant == at else f'{instant:g}':>8}  {' '.join([*subjects, text])}"
            at = instant

    def _say(self, line: Line) -> tuple[str, str]:
        """The task a line is about, where it is about one, and what is said; nothing for what is not worth telling."""
        if line.kind is Kind.EVENT:
            return "", self._named(line.text.removeprefix(f"(service {SERVICE}) "))
        name = self._names.get(line.subject, line.subject)
        if line.kind is Kind.STATUS:
            is_end = line.text.endswith(f"to {TaskStatus.STOPPED}")
            return name, f"stopped{_end(self._sim.snapshot.tasks.get(line.subject))}" if is_end else ""
        if line.text in ("counts as healthy", "stop ordered"):
            return name, line.text
        is_told = line.text.startswith(("next start", "RESOURCE", "not blocked", "EMPTY", "DEPLOYMENT_CONFIGURATION"))
        return "", self._named(line.text) if is_told else ""

    def _named(self, text: str) -> str:
        by_id = {key.rpartition("/")[2]: name for key, name in self._names.items() if not key.startswith("ecs-svc/")}
        text = re.sub(r"arn:aws:elasticloadbalancing:[^ )]*", "web", text)
        text = re.sub(r"container-instance [0-9a-f]{32}", "container-instance", text)
        text = re.sub(r"ecs-svc/\d+", lambda match: self._names.get(match[0], match[0]), text)
        text = re.sub(r"[0-9a-f]{32}", lambda match: by_id.get(match[0], match[0]), text)
        return (
            text.replace("(task v", "(v").replace("(task job", "(job").replace("(deployment deployment", "(deployment")
        )


def _end(task: Task | None) -> str:
    if task is None:
        return ""
    codes = [container.exit_code for container in task.containers if container.exit_code is not None]
    code = f", exit code {codes[0]}" if codes else ""
    return f"{code}: {task.stop_code}" if task.stop_code else code


def _number(text: str) -> float:
    return inf if text in ("inf", "never") else float(text)


def _optional(text: str) -> float | None:
    return None if text in ("forever", "ignores", "delay") else float(text)
