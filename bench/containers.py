"""(b) The docker runtime: how long until a service of many tiny containers runs, on one Docker Engine.

Beside it, in turn: as many containers created and started by nothing but calls of the Engine API, so many at once as
was found best in the same run; and `docker service create --replicas` in Swarm mode on the same engine. Every container
runs `sleep` of the same image on a bridge of the engine. Removing them is not timed: each side begins on an engine that
has none of them left.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from bench.engine import LABEL, Engine
from bench.fleet import Fleet, fresh_server
from bench.result import CannotRun, Row, Target, interleaved
from bench.swarm import run_service, swarm_mode
from tests.contracts.docker_image import busybox_image

TASKS, QUICK_TASKS = 60, 12
ROUNDS, QUICK_ROUNDS = 3, 1
CONCURRENCIES = (1, 2, 4, 8, 16)
TIMES_ENGINE, TIMES_SWARM = 1.25, 0.5  # what is promised: docs/benchmarks.md
COMMAND = ("sleep", "600")
MEMORY_MIB = 16
#: The label in which the ECS agent, and Slipway, name a container's family.
_FAMILY = "com.amazonaws.ecs.task-definition-family"


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: seconds to all running beside the bare engine and beside Swarm, and tasks a second."""
    count, rounds = (QUICK_TASKS, QUICK_ROUNDS) if is_quick else (TASKS, ROUNDS)
    engine, image = Engine(), _image()

    def bare(width: int) -> float:
        try:
            return engine.start_containers(count, width, image=image, command=COMMAND)
        finally:
            engine.remove_containers(LABEL)

    swept = {width: bare(width) for width in CONCURRENCIES}
    best = min(swept, key=lambda width: swept[width])
    with swarm_mode(engine), _docker_server(engine, count) as fleet:

        def ours() -> float:
            took = fleet.start()
            fleet.stop()
            engine.remove_containers(f"{_FAMILY}={fleet.name}")
            return took

        def swarm() -> float:
            return run_service(engine, count, image=image, command=COMMAND)

        slipway, alone, docker_swarm = interleaved(rounds, ours, lambda: bare(best), swarm)
    rows = (
        _row(f"{count} tasks to running", slipway, alone, f"bare engine, {best} at once", limit=TIMES_ENGINE),
        _row(
            f"{count} tasks to running", slipway, docker_swarm, f"docker service, {count} replicas", limit=TIMES_SWARM
        ),
        Row(measure="starts", ours=count / slipway, unit="/s", reference=count / alone, against="bare engine"),
    )
    rates = ", ".join(f"{width} at once {count / took:.1f}/s" for width, took in swept.items())
    return rows, (f"medians of {rounds} rounds, the sides in turn; the bare engine by concurrency, once: {rates}",)


def _image() -> str:
    for program, package in (("docker", "docker.io"), ("busybox", "busybox-static")):
        if shutil.which(program) is None:
            raise CannotRun(f"{program} is not installed: apt-get install {package}")
    return busybox_image()


def _row(measure: str, ours: float, reference: float, against: str, *, limit: float) -> Row:
    target = Target(limit=limit)
    return Row(measure=measure, ours=ours, unit="s", reference=reference, against=against, target=target)


@contextmanager
def _docker_server(engine: Engine, count: int) -> Iterator[Fleet]:
    """A server on the engine, and a service for it; at the end no container of either is left."""
    container = {"image": busybox_image(), "command": list(COMMAND), "memory": MEMORY_MIB, "stopTimeout": 2}
    name = f"bench-{secrets.token_hex(4)}"
    settings: dict[str, str | int] = {
        "cpu": count,
        "memory": count * MEMORY_MIB,
        "image_pull_behavior": "prefer-cached",
    }
    try:
        with fresh_server(settings, runtime="docker") as server:
            fleet = Fleet(ecs=server.client("ecs"), name=name, count=count, container=container)
            fleet.define()
            yield fleet
    finally:
        engine.remove_containers(f"{_FAMILY}={name}")
