"""The programs of a service that run on this machine, found without asking the server: what it would lose or double."""

import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.balanced_service import BalancedService


def process_programs(mark: str) -> dict[str, str]:
    """The port that each process was given, to its pid and start: processes with the variable MARK=`mark`."""
    found: dict[str, str] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        environment = _environment(folder)
        if environment.get("MARK") != mark or not _is_program(folder):
            continue
        port = environment["PORT"]
        assert port not in found, f"two processes have port {port}: {found[port]} and {folder.name}"
        found[port] = f"{folder.name}@{_started(folder)}"
    return found


def _environment(folder: Path) -> dict[str, str]:
    try:
        pairs = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return {}  # it has ended
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _is_program(folder: Path) -> bool:
    """Whether it is the program, not what started it and waits for it."""
    try:
        return b"server.py" in (folder / "cmdline").read_bytes().split(b"\0")[1]
    except (OSError, IndexError):
        return False


def _started(folder: Path) -> str:
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "ended"


def container_programs(cluster: str) -> dict[str, str]:
    """The task that each running container of a cluster is of, to the container's id."""
    label = "com.amazonaws.ecs.task-arn"
    columns = f'{{{{.ID}}}} {{{{.Label "{label}"}}}}'
    command = [
        "docker",
        "ps",
        "--no-trunc",
        "--format",
        columns,
        "--filter",
        f"label=com.amazonaws.ecs.cluster={cluster}",
    ]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = {}
    for container, task in (line.split() for line in listed.splitlines()):
        assert task not in found, f"two containers are of {task}: {found[task]} and {container}"
        found[task] = container
    return found


def programs_of(runtime: str, service: BalancedService, tasks: list[dict[str, Any]]) -> dict[str, str]:
    """The task that each running program of a service is of, to who the program is.

    `tasks` are the described ones. A program of no task there is named by its port, so that it is seen. Processes are
    known by the variable MARK, which is to be the service's name.
    """
    if runtime == "docker":
        return container_programs(service.name)
    owners = {port: task["taskArn"] for task in tasks if (port := port_of(task)) and task["lastStatus"] != "STOPPED"}
    return {owners.get(port, f"port {port}"): who for port, who in process_programs(service.name).items()}


def port_of(task: dict[str, Any]) -> str | None:
    """The host's port of a described task's only container; None while it has none."""
    bindings = task["containers"][0].get("networkBindings") or ()
    return str(bindings[0]["hostPort"]) if bindings else None
