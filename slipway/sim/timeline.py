"""The timeline of a simulated world: what was committed when, to be read by people and compared by tests."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from slipway.core.model.services import ServiceEvent
from slipway.core.model.tasks import Task, TaskStatus
from slipway.core.plan import Put
from slipway.ports import Commit


class Kind(StrEnum):
    """What a line of a timeline tells."""

    EVENT = "event"  # a service event; the subject is the service's ARN
    STATUS = "status"  # a task's last status moved; the subject is the task's ARN
    CHANGE = "change"  # any other change with a cause; the subject is the record's key


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: at which instant (epoch seconds of virtual time) what happened to which record."""

    at: float
    kind: Kind
    subject: str
    text: str


class Timeline:
    """All lines of a world, oldest first, and how often each task was seen to start."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.runs: Counter[str] = Counter()  # by task ARN: moves to RUNNING
        self._status: dict[str, TaskStatus] = {}

    def tell(self, commit: Commit) -> None:
        """Take what one step committed."""
        for change in commit.changes:
            record = change.record
            if isinstance(record, ServiceEvent):
                self._add(commit.at, Kind.EVENT, record.service_arn, record.message)
            elif isinstance(record, Task) and isinstance(change, Put):
                self._tell_status(commit.at, record)
                if change.cause and " to " not in change.cause:
                    self._add(commit.at, Kind.CHANGE, record.key, change.cause)
            elif change.cause:
                self._add(commit.at, Kind.CHANGE, record.key, change.cause)

    def _tell_status(self, at: float, task: Task) -> None:
        old = self._status.get(task.arn)
        if old is task.last_status:
            return
        self._status[task.arn] = task.last_status
        self.runs[task.arn] += task.last_status is TaskStatus.RUNNING
        self._add(at, Kind.STATUS, task.arn, task.last_status if old is None else f"{old} to {task.last_status}")

    def _add(self, at: float, kind: Kind, subject: str, text: str) -> None:
        self.lines.append(Line(at=at, kind=kind, subject=subject, text=text))

    def events(self, service_arn: str) -> Iterator[Line]:
        """The events of a service, oldest first; none is left out, as a snapshot leaves out all but a hundred."""
        return (line for line in self.lines if line.kind is Kind.EVENT and line.subject == service_arn)

    def story(self) -> str:
        """All of it as text, seconds since the first line before each line: what a failed test shows."""
        start = self.lines[0].at if self.lines else 0.0
        return "\n".join(
            f"{line.at - start:>10g}  {line.subject.rpartition('/')[2]}: {line.text}" for line in self.lines
        )
