"""What a docker container uses, from one answer of the engine's stats."""

from collections.abc import Mapping
from typing import Any

from slipway.adapters.container_runtime import ContainerUsage
from slipway.adapters.docker_engine import Engine, EngineError, EngineGone

NANOSECONDS = 1_000_000_000
#: File pages that the kernel may take back at once, in control groups of either version: no use of the container's.
RECLAIMABLE = ("total_inactive_file", "inactive_file")


async def usage_of(engine: Engine, container_id: str, *, at: float) -> ContainerUsage | None:
    """What the container uses; None: it does not run, or the engine does not say."""
    try:
        stats = await engine.call(
            "GET", f"/containers/{container_id}/stats", params={"stream": "false", "one-shot": "true"}
        )
    except (EngineError, EngineGone):
        return None
    return read_usage(stats, at=at)


def read_usage(stats: Mapping[str, Any], *, at: float) -> ContainerUsage | None:
    """An answer of the engine; None where it is that of a container that does not run."""
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return None
    details = memory.get("stats") or {}
    reclaimable = next((details[name] for name in RECLAIMABLE if name in details), 0)
    return ContainerUsage(
        cpu_s=stats["cpu_stats"]["cpu_usage"]["total_usage"] / NANOSECONDS,
        memory=max(0, memory["usage"] - reclaimable),
        at=at,
    )
