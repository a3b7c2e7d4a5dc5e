"""Docker's Swarm mode on the engine under test, entered for a bench and left again."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.engine import Engine
from bench.fleet import until

_SERVICE_LABEL = "com.docker.swarm.service.name"
#: The bridge that entering a swarm makes and leaving it forgets.
_BRIDGE = "docker_gwbridge"


@contextmanager
def swarm_mode(engine: Engine) -> Iterator[None]:
    """The engine as the only node of a swarm; one that was in a swarm before stays there."""
    if engine.call("GET", "/info")["Swarm"]["LocalNodeState"] == "active":
        yield
        return
    bridges = _networks(engine)
    _docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
    try:
        yield
    finally:
        _docker("swarm", "leave", "--force")
        if _BRIDGE not in bridges and _BRIDGE in _networks(engine):
            _docker("network", "rm", _BRIDGE)


def run_service(engine: Engine, count: int, *, image: str, command: Sequence[str]) -> float:
    """Seconds from `docker service create` until all replicas run; the service is removed afterwards."""
    name = "slipway-bench"
    began = time.monotonic()
    options = ["--detach", "--quiet", "--no-resolve-image", "--restart-condition", "none"]
    _docker("service", "create", *options, "--name", name, "--replicas", str(count), image, *command)
    try:
        until(lambda: engine.count_tasks(name) == count, f"{count} replicas to run")
        return time.monotonic() - began
    finally:
        _docker("service", "rm", name)
        engine.remove_containers(f"{_SERVICE_LABEL}={name}")


def _networks(engine: Engine) -> set[str]:
    return {network["Name"] for network in engine.call("GET", "/networks")}


def _docker(*words: str) -> None:
    subprocess.run(["docker", *words], check=True, capture_output=True)
