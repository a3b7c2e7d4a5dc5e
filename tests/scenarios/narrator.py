"""What a world told, as lines of a transcript: tasks by revision and number, instants in seconds since it began."""

import re
from collections.abc import Iterator
from itertools import groupby
from math import inf

from slipway.core.answers.wait import Sight
from slipway.core.answers.why import why_task
from slipway.core.answers.why_service import why_service
from slipway.core.model.deployments import Deployment
from slipway.core.model.tasks import Task, TaskStatus
from slipway.core.tasks.service_tasks import Phase
from slipway.sim.clock import BEGINNING
from slipway.sim.timeline import Kind, Line
from slipway.sim.world import World

SERVICE = "web"

#: Causes of changes that are worth telling beside the events.
_TOLD = ("RESOURCE", "not blocked", "EMPTY", "DEPLOYMENT_CONFIGURATION", "PROTECTION")

#: What is said of tasks beside their ends.
_OF_TASKS = ("counts as healthy", "no longer healthy", "stop ordered")


class Narrator:
    """Tells what one world committed since it last told."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._names: dict[str, str] = {}
        self._told = 0

    def name_host(self, host_id: str, name: str) -> None:
        """Call a host by this name."""
        self._names[host_id] = name

    def arn(self, name: str) -> str:
        """The ARN of the task that is called `name`."""
        self._name_records()
        return next(arn for arn, known in self._names.items() if known == name)

    def tell(self) -> Iterator[str]:
        """What was committed since it was last asked, the same words about several tasks on one line."""
        self._name_records()
        lines = self._world.timeline.lines[self._told :]
        self._told = len(self._world.timeline.lines)
        told = [(line.at - BEGINNING, *self._say(line)) for line in lines]
        at = -inf
        for (instant, text), group in groupby((each for each in told if each[2]), key=lambda each: (each[0], each[2])):
            subjects = [subject for _, subject, _ in group if subject]
            yield f"{'' if instant == at else f'{instant:g}':>8}  {' '.join([*subjects, text])}"
            at = instant

    def show(self) -> Iterator[str]:
        """The deployments of the service as they stand now, newest first, and the verdicts of their roll-outs."""
        self._name_records()
        snapshot = self._world.snapshot
        arn = self._world.service(SERVICE).arn
        for deployment in snapshot.service_deployments_of(arn):
            yield f"          {self._named(f'{deployment.id} {self._standing(deployment)}')}"
        for roll_out in snapshot.service_history(arn):
            begun = snapshot.deployment_of(roll_out)
            name = "" if begun is None else self._names[begun.id]
            reason = f": {roll_out.status_reason}" if roll_out.status_reason else ""
            yield f"          {self._named(f'roll-out of {name} {roll_out.status}{reason}')}"

    def why(self, names: list[str]) -> Iterator[str]:
        """What these tasks wait for, or the service where none is named."""
        self._name_records()
        snapshot, sight = self._world.snapshot, Sight(now=self._world.clock.now(), rules=self._world.rules)
        if not names:
            for wait in why_service(snapshot, self._world.service(SERVICE), sight):
                yield f"          {self._names.get(wait.subject, 'the service')}: {self._named(wait.sentence)}"
        for name in names:
            found = why_task(snapshot, snapshot.tasks[self.arn(name)], sight)
            yield f"          {name}: {'nothing' if found is None else self._named(found.sentence)}"

    def _standing(self, deployment: Deployment) -> str:
        tasks = self._world.snapshot.service_tasks(deployment.service_arn).of(deployment.id)
        failures = f", failed tasks {deployment.failed_tasks}" if deployment.failed_tasks else ""
        retry_at = 0.0 if deployment.retry_at is None else deployment.retry_at
        retry = f", next start at {retry_at - BEGINNING:g}" if retry_at > self._world.clock.now() else ""
        counts = f"{tasks.running} running, {tasks.count(Phase.HEALTHY)} healthy"
        state = f"{deployment.status} {deployment.rollout_state}, {counts}{failures}{retry}"
        return f"{state}: {deployment.rollout_state_reason}"

    def _name_records(self) -> None:
        """Tasks by revision and number, deployments by number."""
        if self._world.is_down:
            return
        snapshot = self._world.snapshot
        for task in sorted(snapshot.tasks.values(), key=lambda task: task.created_at):
            if task.arn not in self._names:
                definition = snapshot.task_definitions[task.task_definition_arn]
                version = f"v{definition.revision}" if definition.family == SERVICE else definition.family
                number = 1 + sum(name.startswith(f"{version}.") for name in self._names.values())
                self._names[task.arn] = f"{version}.{number}"
        for number, deployment in enumerate(snapshot.deployments, 1):
            self._names.setdefault(deployment, f"deployment{number}")

    def _say(self, line: Line) -> tuple[str, str]:
        """The task a line is about, where it is about one, and what is said; nothing for what is not worth telling."""
        if line.kind is Kind.EVENT:
            return "", self._named(line.text.removeprefix(f"(service {SERVICE}) "))
        name = self._names.get(line.subject, line.subject)
        if line.kind is Kind.STATUS:
            is_end = line.text.endswith(f"to {TaskStatus.STOPPED}")
            return name, f"stopped{_end(self._world.snapshot.tasks.get(line.subject))}" if is_end else ""
        if line.text in _OF_TASKS:
            return name, line.text
        return "", self._named(line.text) if line.text.startswith(_TOLD) else ""

    def _named(self, text: str) -> str:
        by_id = {key.rpartition("/")[2]: name for key, name in self._names.items() if not key.startswith("ecs-svc/")}
        text = re.sub(r"arn:aws:elasticloadbalancing:[^ ):,]*(:[^ ):,]+)*", "web", text)
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
