"""What the process runtime keeps on disk, so that it finds its containers again after any restart.

`DATA/tasks/<task id>/` holds `task.json` (the payload as ordered) and, for each container, five files:

- `<container>.json`   what it was given (ports, memory group), written before it is started, and again before it is
                       restarted in place;
- `<container>.pid`    who it is: boot id and kernel status line, created by its shim; also the lock that keeps a start
                       that is repeated after a crash from running the program twice;
- `<container>.exit`   whether it has begun and its exit code; full of blanks before, so that recording needs no space;
- `<container>.log`    both output streams, and `<container>.log.1`, what was there before it was last cut.

A removed task has `removed.json` instead: its folder is kept for the logs, until there are newer ones. Nothing needs
fsync: all must survive the death of the control plane, and nothing that of the machine, which ends the processes too.
"""

import errno
import os
import re
import shutil
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.process_identity import Identity, parse_identity
from slipway.core.model.tasks import NetworkBinding
from slipway.core.plan import TaskPayload

#: Removed tasks whose folders are kept, the newest.
KEPT_TASKS = 200
#: Folders deleted in one go, so that a shutdown need not wait long for it.
PRUNED_AT_ONCE = 50
#: What the exit file holds first: room for what is written over it, a `+` once the program is about to run and then, on
#: the second line, its exit code.
BLANK_EXIT = b"       \n"
HAS_BEGUN = b"+\n"
#: Container names longer than this (AWS allows 255) are cut and given a checksum to be file names.
LONGEST_STEM = 200

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRecord:
    """What a container was given when it was started."""

    container_name: str
    started_at: float
    network_bindings: tuple[NetworkBinding, ...]
    ip_address: str | None  # None: the task has no address of its own
    memory_group: str | None  # the folder of its memory cgroup; None: it has none


class ContainerFiles:
    """The files of one container."""

    __slots__ = ("_decode", "stem")

    def __init__(self, stem: str, decode: msgspec.json.Decoder[ContainerRecord]) -> None:
        """`stem` is the path that all its files begin with."""
        self.stem = stem
        self._decode = decode

    @property
    def log(self) -> str:
        """The path of its log."""
        return f"{self.stem}.log"

    @property
    def older_log(self) -> str:
        """The path of the part of the log that was cut off last."""
        return f"{self.stem}.log.1"

    def write(self, record: ContainerRecord) -> None:
        """Record what the container is given, and make room for its exit code. Raises `OSError`."""
        _write(f"{self.stem}.exit", BLANK_EXIT)
        _write(f"{self.stem}.json", msgspec.json.encode(record))

    def renew(self, record: ContainerRecord) -> None:
        """Make room for another run of a container that has ended: from the letting go of the lock on, the next control
        plane would start it. Raises `OSError`, before anything has changed."""
        _write(f"{self.stem}.json.new", msgspec.json.encode(record))
        os.rename(f"{self.stem}.pid", f"{self.stem}.pid.old")
        with open(f"{self.stem}.exit", "r+b") as file:  # over what is there, so that it needs no space
            file.write(BLANK_EXIT)
            file.truncate()
        os.rename(f"{self.stem}.json.new", f"{self.stem}.json")

    def put_back(self, record: ContainerRecord, *, code: int | None, at: float) -> None:
        """Undo `renew`: the container ended with `code` at `at`, as before. What cannot be undone does not matter."""
        with suppress(OSError):
            os.rename(f"{self.stem}.pid.old", f"{self.stem}.pid")
            if code is not None:
                self.write_exit_code(code)
                os.utime(f"{self.stem}.exit", (at, at))
            _write(f"{self.stem}.json", msgspec.json.encode(record))

    def record(self) -> ContainerRecord | None:
        """What the container was given; None where it was not written whole, so never started."""
        try:
            return self._decode.decode(Path(f"{self.stem}.json").read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def is_claimed(self) -> bool:
        """Whether a shim has taken the container's lock: it runs, ran, or is about to."""
        return os.path.exists(f"{self.stem}.pid")

    def identity(self) -> Identity | None:
        """Who the container's shim is; None where it has not said so (yet)."""
        try:
            return parse_identity(Path(f"{self.stem}.pid").read_text(errors="replace"))
        except FileNotFoundError:
            return None

    def has_begun(self) -> bool:
        """Whether signals to the shim's group reach the program."""
        try:
            return Path(f"{self.stem}.exit").read_bytes().startswith(HAS_BEGUN)
        except FileNotFoundError:
            return False

    def exit_code(self) -> tuple[int, float] | None:
        """The exit code recorded and when it was; None where none was."""
        try:
            with open(f"{self.stem}.exit", "rb") as file:
                file.readline()
                code = file.readline().strip()
                return (int(code), os.fstat(file.fileno()).st_mtime) if code.isdigit() else None
        except FileNotFoundError:
            return None

    def write_exit_code(self, code: int) -> None:
        """Record an exit code before the shim is killed together with its program; the shim's own would win."""
        with suppress(FileNotFoundError), open(f"{self.stem}.exit", "r+b") as file:
            file.write(HAS_BEGUN + b"%d\n" % code)

    def forget(self) -> None:
        """Remove all but the log: the container was not started after all. What cannot be removed does not matter."""
        for suffix in ("json", "pid", "exit"):
            with suppress(OSError):
                os.unlink(f"{self.stem}.{suffix}")


class TaskFolders:
    """The folders of all tasks below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._payloads = msgspec.json.Decoder(TaskPayload)
        self._records = msgspec.json.Decoder(ContainerRecord)
        self._removed: deque[str] = deque()

    def open(self) -> None:
        """Make the root and count the folders of removed tasks. Raises `OSError`."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        removed = [entry for entry in os.scandir(self.root) if not os.path.exists(f"{entry.path}/task.json")]
        self._removed = deque(entry.path for entry in sorted(removed, key=lambda entry: entry.stat().st_mtime))

    def payloads(self) -> Iterator[TaskPayload]:
        """The tasks that have not been removed. One whose payload was not written whole had nothing started."""
        for path in sorted(self.root.glob("*/task.json")):
            with suppress(msgspec.DecodeError):
                yield self._payloads.decode(path.read_bytes())

    def stems(self) -> Iterator[str]:
        """The stems of all containers that have a record, those of removed tasks among them."""
        return (str(path.with_suffix("")) for path in self.root.glob("*/*.json"))

    def write(self, payload: TaskPayload) -> None:
        """Keep the payload of a task, once. Raises `OSError`."""
        folder = f"{self.root}/{_checked(payload.task_id)}"
        if not os.path.exists(f"{folder}/task.json"):
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            _write(f"{folder}/task.json", msgspec.json.encode(payload))

    def container(self, task_id: str, container_name: str) -> ContainerFiles:
        """The files of a container, whether they exist or not. Raises `RuntimeFault` for a name that is no name."""
        stem = _checked(container_name)
        if len(stem) > LONGEST_STEM:
            stem = f"{stem[:LONGEST_STEM]}-{zlib.crc32(stem.encode()):08x}"
        return ContainerFiles(f"{self.root}/{_checked(task_id)}/{stem}", self._records)

    def remove(self, payload: TaskPayload) -> None:
        """Have a task not found again. Renaming costs a hundredth of deleting on a busy disk. Raises `OSError`."""
        folder = f"{self.root}/{payload.task_id}"
        with suppress(FileNotFoundError):
            os.rename(f"{folder}/task.json", f"{folder}/removed.json")
            self._removed.append(folder)

    def prune(self, kept: int = KEPT_TASKS) -> None:
        """Delete the folders of the tasks removed longest ago, beyond the newest `kept`. It blocks."""
        for _ in range(min(PRUNED_AT_ONCE, len(self._removed) - kept)):
            shutil.rmtree(self._removed.popleft(), ignore_errors=True)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RuntimeFault(
            "CannotCreateContainerError", f"{name!r} cannot be a file name: use A-Z a-z 0-9 _ and - only"
        )
    return name


def _write(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        written = os.write(descriptor, content)
        if written < len(content):  # the disk was full after that
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(descriptor)
