"""Redaction: the same records without what may be secret, which no decision reads.

The values of environment variables, the options of log routers and of drivers of logs and volumes, what health checks
printed, and the fingerprints of calls, which are digests of all that, give way to a mark. Names stay, and so does
everything else that a task definition says: its commands too.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.core.model.deployments import ServiceRevision
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import HealthProbe, Task
from slipway.core.model.tokens import ClientToken
from slipway.core.observations import HostReport, Observation, TaskReport
from slipway.core.plan import Change, HostCommand, Record, StartTask

#: What stands for a value that may be secret.
MARK = "***"

#: The kinds of records in which there may be something to redact.
SECRETIVE = frozenset((TaskDefinition, Task, Service, ServiceRevision, ClientToken))


def redacted(record: Record) -> Record:
    """The record with nothing secret; itself where there is nothing to redact. Twice is the same as once."""
    if isinstance(record, ClientToken):
        return replace(record, fingerprint=MARK)
    if isinstance(record, Task):
        record = _quiet_task(record)
    if not isinstance(record, TaskDefinition | Task | Service | ServiceRevision) or not record.document:
        return record
    document = _open(record.document)
    return record if document == record.document else replace(record, document=document)


def redacted_change(change: Change) -> Change:
    """The change of the redacted record."""
    record = redacted(change.record)
    return change if record is change.record else replace(change, record=record)


def redacted_observation(observation: Observation) -> Observation:
    """The observation without what health checks printed."""
    match observation:
        case TaskReport():
            return _quiet_report(observation)
        case HostReport():
            return replace(observation, tasks=tuple(_quiet_report(task) for task in observation.tasks))
        case _:
            return observation


def redacted_command(command: HostCommand) -> HostCommand:
    """The command without values of the environment, and without the documents of its task definition."""
    if not isinstance(command, StartTask):
        return command
    containers = tuple(
        replace(container, environment=dict.fromkeys(container.environment, MARK), document={})
        for container in command.payload.containers
    )
    return replace(command, payload=replace(command.payload, containers=containers))


def _quiet_task(task: Task) -> Task:
    if not any(container.health_probes for container in task.containers):
        return task
    quiet = (replace(one, health_probes=_quiet(one.health_probes)) for one in task.containers)
    return replace(task, containers=tuple(quiet))


def _quiet_report(report: TaskReport) -> TaskReport:
    if not any(container.health_probes for container in report.containers):
        return report
    quiet = (replace(one, health_probes=_quiet(one.health_probes)) for one in report.containers)
    return replace(report, containers=tuple(quiet))


def _quiet(probes: tuple[HealthProbe, ...]) -> tuple[HealthProbe, ...]:
    return tuple(replace(probe, output=MARK) if probe.output else probe for probe in probes)


def _open(document: Any) -> Any:
    """The JSON value with a mark for each value of an environment and each option of a driver, at any depth."""
    if isinstance(document, Mapping):
        return {key: _marked(key, value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [_open(item) for item in document]
    return document


def _marked(key: str, value: Any) -> Any:
    match key, value:
        case "environment", [*variables]:
            return [{**variable, "value": MARK} if "value" in variable else variable for variable in variables]
        case "logConfiguration" | "firelensConfiguration", {"options": dict() as options}:
            return {**value, "options": dict.fromkeys(options, MARK)}
        case "driverOpts", dict():
            return dict.fromkeys(value, MARK)
        case _:
            return _open(value)
