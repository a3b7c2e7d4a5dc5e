"""Where this process is in the machine's control groups, of either version."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnGroup:
    """The group this process is in, of the hierarchy that has the controller asked for."""

    version: int  # 1 or 2
    mount: Path
    folder: Path  # below `mount`, or `mount` itself

    def upwards(self) -> Iterator[Path]:
        """The group and those around it, up to the mount."""
        folder = self.folder
        while folder != self.mount:
            yield folder
            folder = folder.parent
        yield self.mount


def own_group(controller: str, *, proc: Path = Path("/proc")) -> OwnGroup | None:
    """The group this process is in for `controller` ("memory", "cpu"); None where no such hierarchy is mounted."""
    paths: dict[str, str] = {}
    for line in (proc / "self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), path)
    for line in (proc / "mounts").read_text().splitlines():
        _, mount, kind, options, *_ = line.split()
        if kind == "cgroup" and controller in options.split(","):
            return _located(1, Path(mount), paths.get(controller, "/"))
    for line in (proc / "mounts").read_text().splitlines():
        _, mount, kind, *_ = line.split()
        if kind == "cgroup2" and controller in _words(Path(mount) / "cgroup.controllers"):
            return _located(2, Path(mount), paths.get("", "/"))
    return None


def _located(version: int, mount: Path, path: str) -> OwnGroup:
    """The group's folder; the mount where the path belongs to a namespace that is not mounted here."""
    folder = mount / path.lstrip("/")
    return OwnGroup(version=version, mount=mount, folder=folder if folder.is_dir() else mount)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
