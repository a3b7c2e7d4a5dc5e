"""Last words: what the containers of failed tasks printed last, kept for the post-mortem of their deployment.

A task that a commit counts as a failure has its log read at once, in the background, while its runtime still has it;
one that still runs is read again when it has stopped. The words are kept in a file for each task, which goes with the
task's record. They decide nothing: what cannot be read or written is lost, which the log and the post-mortem say.
"""

import asyncio
import json
import logging
import os
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Protocol

from slipway.adapters.background import Background
from slipway.adapters.container_runtime import RuntimeFault
from slipway.core.answers.postmortem_tasks import Tail
from slipway.core.arns import resource_name
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.tasks import Container, Task
from slipway.core.plan import Remove
from slipway.core.snapshot import Snapshot
from slipway.ports import Commit

log = logging.getLogger(__name__)

#: Lines kept of a container, the last.
LINES = 200
#: Bytes kept of a line, and of a task; of what is too long the beginning goes, but of a line its end.
LINE_BYTES = 4096
TASK_BYTES = 256 * 1024
#: Bytes of all files; beyond that the oldest go.
TOTAL_BYTES = 256 * 1024 * 1024
#: Tasks read at once, and seconds that reading one container may take.
READS_AT_ONCE = 4
READ_S = 10.0
#: Seconds that the end of the control plane waits for what is being read.
CLOSE_S = 2.0


class Logs(Protocol):
    """Where the output of a container is read; `ContainerRuntime.logs`."""

    def __call__(
        self, task_arn: str, container_name: str, *, tail: int | None, follow: bool
    ) -> AsyncIterator[bytes]: ...


class LastWords:
    """Keeps them in `directory`, which is made at need. `snapshot` gives the records as they are."""

    def __init__(
        self, directory: Path, logs: Logs, snapshot: Callable[[], Snapshot], *, total_bytes: int = TOTAL_BYTES
    ) -> None:
        self._directory = directory
        self._logs = logs
        self._snapshot = snapshot
        self._total_bytes = total_bytes
        self._sizes: dict[str, int] = {}  # bytes by task id of the files there are, the oldest first
        self._heard: set[str] = set()  # ARNs of the tasks that were read, or are to be
        self._running: set[str] = set()  # of those, the ones that had not stopped
        self._lost: dict[str, str] = {}  # by task id: why its words could not be kept
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by ARN: one read after the other
        self._turns = asyncio.Semaphore(READS_AT_ONCE)
        self.background = Background()

    def open(self) -> None:
        """Take over the files there are: those of tasks that are gone are removed, and of failures that were counted
        and not read yet, before the control plane ended, what is left is read."""
        snapshot = self._snapshot()
        kept = {resource_name(arn): arn for arn in snapshot.tasks if snapshot.is_kept(arn)}
        for unfinished in self._directory.glob("*.new"):
            self._unlink(unfinished)
        for path in sorted(self._directory.glob("*.json"), key=lambda path: path.stat().st_mtime):
            if path.stem in kept:
                self._sizes[path.stem] = path.stat().st_size
                self._heard.add(kept[path.stem])
                if not snapshot.tasks[kept[path.stem]].is_stopped:
                    self._running.add(kept[path.stem])
            else:
                self._unlink(path)
        self._hear(sorted(kept.values()))

    def observe(self, commit: Commit) -> None:
        """Begin to read what a commit counted, read again what has stopped, and remove what is gone."""
        for change in commit.changes:
            record = change.record
            if isinstance(record, ServiceDeployment) and record.failures and not isinstance(change, Remove):
                self._hear(one.task_arn for one in record.failures if one.task_arn is not None)
            elif isinstance(record, Task) and isinstance(change, Remove):
                self._forget(record)
            elif isinstance(record, Task) and record.is_stopped and record.arn in self._running:
                self._running.discard(record.arn)
                self._read(record)

    def _hear(self, task_arns: Iterable[str]) -> None:
        for arn in task_arns:
            task = self._snapshot().tasks.get(arn)
            if arn in self._heard or task is None:
                continue
            self._heard.add(arn)
            if not task.is_stopped:
                self._running.add(arn)
            self._read(task)

    def _read(self, task: Task) -> None:
        self.background.start(self._keep(task), name=f"last words of {task.id}")

    def _forget(self, task: Task) -> None:
        self._running.discard(task.arn)
        self._reading.pop(task.arn, None)
        self._lost.pop(task.id, None)
        if task.arn in self._heard:
            self._heard.discard(task.arn)
            self._sizes.pop(task.id, None)
            self._unlink(self._path(task.id))

    async def close(self) -> None:
        """Finish what is being read, for a moment, and give up the rest: the next `open` reads it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.background.rest()
        await self.background.close()

    # Reading

    async def _keep(self, task: Task) -> None:
        """Read the containers of one task that ever ran, and write what they said; where nothing is heard any more,
        what was heard before stays."""
        containers = [one for one in task.containers if one.runtime_id is not None]
        async with self._reading[task.arn], self._turns:
            words = {one.name: await self._listen(task, one, TASK_BYTES // len(containers)) for one in containers}
            if task.id in self._sizes and any(tail.lack for tail in words.values()):
                before = await asyncio.to_thread(self.tails, task)
                words |= {name: before.get(name, tail) for name, tail in words.items() if tail.lack and not tail.lines}
            if task.arn in self._heard and words:
                await self._write(task, words)

    async def _listen(self, task: Task, container: Container, most_bytes: int) -> Tail:
        lines: deque[str] = deque(maxlen=LINES)
        try:
            async with (
                asyncio.timeout(READ_S),
                aclosing(self._logs(task.arn, container.name, tail=LINES, follow=False)) as read,  # type: ignore[type-var]  # an async generator
            ):
                async for line in read:
                    lines.append(_shown(line))
            lack = None
        except TimeoutError:
            lack = f"no log: it was not read within {READ_S:g} s"
        except RuntimeFault as fault:
            lack = f"no log: {fault.message}"
        except OSError as error:
            lack = f"no log: it could not be read: {error.strerror}"
        if lack is not None:
            log.warning("last words lost task=%s container=%s reason=%r", task.id, container.name, lack)
        return Tail(lines=_within(lines, most_bytes), lack=lack)

    async def _write(self, task: Task, words: Mapping[str, Tail]) -> None:
        document = json.dumps({name: {"lines": tail.lines, "lack": tail.lack} for name, tail in words.items()})
        try:
            await asyncio.to_thread(self._replace, task.id, document)
        except OSError as error:
            log.warning("last words not kept task=%s error=%s", task.id, error)
            self._lost[task.id] = f"no log: it could not be kept: {error.strerror}"
            return
        if task.arn not in self._heard:  # its record went meanwhile
            self._unlink(self._path(task.id))
            return
        self._sizes.pop(task.id, None)
        self._sizes[task.id] = len(document.encode())
        self._make_room()

    def _replace(self, task_id: str, document: str) -> None:
        """Write a file whole, or leave what was there."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        new = self._path(task_id).with_suffix(".new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(document)
            new.replace(self._path(task_id))
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def _make_room(self) -> None:
        while sum(self._sizes.values()) > self._total_bytes and len(self._sizes) > 1:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            self._lost[oldest] = f"no log: only the latest {self._total_bytes // 1024} KiB of all are kept"
            log.warning("last words removed for newer ones task=%s", oldest)
            self._unlink(self._path(oldest))

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("last words not removed file=%s error=%s", path, error)

    def _path(self, task_id: str) -> Path:
        return self._directory / f"{task_id}.json"

    # Telling

    def tails(self, task: Task) -> Mapping[str, Tail]:
        """What is kept of a task's containers, by name. Reads a file."""
        lack = self._lost.get(task.id, "no log: nothing was kept")
        try:
            document: dict[str, Any] = json.loads(self._path(task.id).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {one.name: Tail(lack=lack) for one in task.containers}
        return {name: Tail(lines=tuple(one["lines"]), lack=one["lack"]) for name, one in document.items()}


def _shown(line: bytes) -> str:
    """A line as text, without its newline; of one that is too long, the end is left out."""
    line = line.rstrip(b"\r\n")
    cut = line[:LINE_BYTES].decode("utf-8", errors="replace")
    return f"{cut} …" if len(line) > LINE_BYTES else cut


def _within(lines: Iterable[str], most_bytes: int) -> tuple[str, ...]:
    """The last of the lines that together have at most so many bytes."""
    kept: list[str] = []
    for line in reversed(tuple(lines)):
        most_bytes -= len(line.encode()) + 1
        if most_bytes < 0:
            break
        kept.append(line)
    return tuple(reversed(kept))
