"""Logs of process containers: programs write them themselves, so that they go on while no control plane runs."""

import asyncio
import errno
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from functools import partial

from slipway.adapters.container_logs import LONGEST_LINE
from slipway.adapters.process_files import ContainerFiles

log = logging.getLogger(__name__)

#: Bytes a log may hold before it is cut: it is then copied to `<container>.log.1`, in place of what was there, and
#: emptied. What a program writes between the two is lost. A container's logs take up to twice this much disk.
LOG_BYTES = 16 * 1024 * 1024
#: Seconds between two looks at a log that is followed.
FOLLOW_S = 0.1

#: Bytes of its last line that `last_line` gives.
LONGEST_LAST_LINE = 4096

_BLOCK = 64 * 1024


def cut_long_logs(logs: Iterable[ContainerFiles], limit: int = LOG_BYTES) -> None:
    """Cut the logs that hold more than `limit` bytes; one that cannot be cut is told, and keeps no other from it.

    Blocks while it copies.
    """
    for files in logs:
        try:
            if os.stat(files.log).st_size > limit:
                _copy(files)
                os.truncate(files.log, 0)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("log was not cut file=%s error=%s", files.log, error)


async def read_log(
    files: ContainerFiles, *, tail: int | None, follow: bool, has_ended: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """The lines of a log, each with its newline but perhaps the last; parameters as in `ContainerRuntime.logs`. Lines
    of more than `LONGEST_LINE` bytes come in pieces.

    Only the last `tail` lines are read from disk. A log followed ends when the container has ended and all was given.
    """
    start = 0
    older = _size(files.older_log)
    if tail is not None:
        start, missing = _tail_start(files.log, tail)
        older_start = _tail_start(files.older_log, missing)[0] if missing else older
    else:
        older_start = 0
    for line in _lines(files.older_log, older_start):
        yield line
    position, rest = start, b""
    while True:
        is_last = not follow or has_ended()
        if _size(files.log) < position:
            position = 0  # it was cut
        for line in _lines(files.log, position):
            position += len(line)
            rest += line
            if rest.endswith(b"\n") or len(rest) >= LONGEST_LINE:
                yield rest
                rest = b""
        if is_last:
            break
        await asyncio.sleep(FOLLOW_S)
    if rest:
        yield rest


def last_line(files: ContainerFiles) -> str:
    """The last line of a log, or the end of a long one; empty where there is none."""
    try:
        with open(files.log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_LAST_LINE))
            return file.read().decode(errors="replace").rstrip("\n").rpartition("\n")[2]
    except OSError:
        return ""


def _copy(files: ContainerFiles) -> None:
    try:
        shutil.copyfile(files.log, files.older_log)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        os.unlink(files.older_log)  # a full disk needs the room more than half a copy


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _lines(path: str, start: int) -> Iterable[bytes]:
    with suppress(FileNotFoundError), open(path, "rb") as file:
        file.seek(start)
        yield from iter(partial(file.readline, LONGEST_LINE), b"")


def _tail_start(path: str, lines: int) -> tuple[int, int]:
    """Where the last `lines` lines of a file start, and how many lines it is short of that; read from its end."""
    if lines == 0:
        return _size(path), 0
    if not os.path.exists(path):
        return 0, lines
    with open(path, "rb") as file:
        end = position = file.seek(0, os.SEEK_END)
        found = 0
        while position > 0:
            step = min(_BLOCK, position)
            position -= step
            file.seek(position)
            block = file.read(step)
            at = len(block) - 1 if position + step == end else len(block)  # the newline of the last line ends no other
            while (at := block.rfind(b"\n", 0, at)) >= 0:
                found += 1
                if found == lines:
                    return position + at + 1, 0
        return 0, lines - found - (1 if end else 0)
