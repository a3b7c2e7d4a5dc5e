"""Ended containers that are kept for their output only: those of the newest tasks, until newer ones replace them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slipway.adapters.docker_spec import is_terminal
from slipway.core.plan import ContainerPayload

#: Tasks whose ended containers are kept for `logs` (the public agent keeps them for 3 hours instead, however many).
KEPT_TASKS = 100
_PREFIX = "slipway-ended-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An ended container, by the engine's id."""

    id: str
    is_terminal: bool  # its output is one raw stream


def kept_name(task_arn: str, container_name: str) -> str:
    """The engine's name of a kept container: by that it is told from one that its task still has."""
    return f"{_PREFIX}{task_arn.rpartition('/')[2]}-{container_name}"


def is_kept_name(name: str) -> bool:
    """Whether the engine's name `name` says that the container is kept for its output only."""
    return name.startswith(_PREFIX)


class DockerKept:
    """The kept containers by task, oldest first; `discard` removes one from the engine."""

    def __init__(self, *, discard: Callable[[str], Awaitable[None]], limit: int = KEPT_TASKS) -> None:
        self._discard = discard
        self._limit = limit
        self._tasks: dict[str, dict[str, Kept]] = {}

    def add(self, task_arn: str, container: ContainerPayload, container_id: str) -> None:
        """Keep an ended container."""
        kept = Kept(id=container_id, is_terminal=is_terminal(container))
        self._tasks.setdefault(task_arn, {})[container.name] = kept

    def get(self, task_arn: str, container_name: str) -> Kept | None:
        """A kept container; None if it was never kept, or is no more."""
        return self._tasks.get(task_arn, {}).get(container_name)

    async def trim(self) -> None:
        """Remove those of the oldest tasks above the limit."""
        while len(self._tasks) > self._limit:
            oldest = self._tasks.pop(next(iter(self._tasks)))
            for kept in oldest.values():
                await self._discard(kept.id)
