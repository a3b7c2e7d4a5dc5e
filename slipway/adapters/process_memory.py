"""Memory bounds of process containers, by control groups of either version where this process may make them."""

import logging
import os
import signal
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slipway.adapters.cgroups import OwnGroup, own_group

log = logging.getLogger(__name__)

MIB = 1024 * 1024
#: Where there are no control groups, private memory is limited instead (RLIMIT_DATA). That counts what is reserved, as
#: the stacks of threads, not what is used: so much times the container's memory is allowed.
RESERVED_PER_USED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryGroups:
    """Makes one memory group per container below `folder`."""

    version: int  # of control groups
    folder: str

    def create(self, name: str, memory_mib: int) -> str:
        """Make a group bounded to `memory_mib`, swap included, and give its folder. Raises `OSError`."""
        group = f"{self.folder}/{name}"
        with suppress(FileExistsError):
            os.mkdir(group)
        limit = str(memory_mib * MIB)
        if self.version == 1:
            _write(f"{group}/memory.limit_in_bytes", limit)
            with suppress(OSError):  # the kernel may not account swap
                _write(f"{group}/memory.memsw.limit_in_bytes", limit)
        else:
            _write(f"{group}/memory.max", limit)
            with suppress(OSError):  # there may be no swap controller
                _write(f"{group}/memory.swap.max", "0")
        return group

    def sweep(self, kept: frozenset[str]) -> None:
        """Remove the empty groups left by containers that are gone, but not those in `kept`."""
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.folder):
                if entry.is_dir() and entry.path not in kept:
                    remove_group(entry.path)

    def close(self) -> None:
        """Remove the folder of the groups, if it is empty."""
        remove_group(self.folder)


def find_memory_groups(data: Path) -> MemoryGroups | None:
    """Where memory groups of the data folder `data` can be made; None where this process may not make any."""
    own = own_group("memory")
    if own is None:
        return None
    name = f"slipway-{zlib.crc32(os.fsencode(data.absolute())):08x}"
    # The mount first: what is there is found again wherever the server is started from the next time.
    for parent in (own.mount, own.folder if own.version == 1 else own.folder.parent):
        groups = MemoryGroups(version=own.version, folder=str(parent / name))
        if own.mount in (parent, *parent.parents) and _is_usable(groups, own):
            return groups
    return None


def _is_usable(groups: MemoryGroups, own: OwnGroup) -> bool:
    """Whether a group can be made, bounded and entered."""
    if own.version == 2 and not os.access(Path(groups.folder).parent / "cgroup.procs", os.W_OK):
        return False  # moving a process takes the right to write to the group around both its old and its new one
    try:
        with suppress(FileExistsError):
            os.mkdir(groups.folder)
        if own.version == 2:
            _write(f"{groups.folder}/cgroup.subtree_control", "+memory")
        remove_group(groups.create("probe", 64))
    except OSError as error:
        log.info("memory groups not usable folder=%s error=%s", groups.folder, error)
        remove_group(groups.folder)
        return False
    return True


def was_out_of_memory(group: str) -> bool:
    """Whether the kernel killed a process of the group for want of memory."""
    for name in ("memory.oom_control", "memory.events"):
        with suppress(OSError):
            lines = Path(group, name).read_text().splitlines()
            return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)
    return False


def group_members(group: str) -> tuple[int, ...]:
    """The processes of the group; none where it is gone."""
    try:
        return tuple(map(int, Path(group, "cgroup.procs").read_text().split()))
    except OSError:
        return ()


def used_memory(group: str) -> int | None:
    """Bytes that the group holds, but for file pages that the kernel may take back at once; None: it does not say."""
    for name, reclaimable in (("memory.usage_in_bytes", "total_inactive_file"), ("memory.current", "inactive_file")):
        with suppress(OSError):
            used = int(Path(group, name).read_text())
            lines = (line.split() for line in Path(group, "memory.stat").read_text().splitlines())
            return max(0, used - next((int(size) for key, size in lines if key == reclaimable), 0))
    return None


def kill_group(group: str) -> None:
    """SIGKILL every process of the group, wherever it moved itself otherwise."""
    for pid in group_members(group):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def remove_group(group: str) -> bool:
    """Remove an empty group. False: the last of its processes is still going."""
    try:
        os.rmdir(group)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
