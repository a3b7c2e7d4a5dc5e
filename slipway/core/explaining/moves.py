"""The moves of a roll, and its rounds: how many tasks started or stopped when, each round waited for by the next."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from slipway.core.model.deployments import RoundKind
from slipway.core.records import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Tasks of one deployment that one commit started, or decided to stop."""

    at: float
    kind: RoundKind
    deployment_id: str
    task_arns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollRound:
    """Moves of one kind with none of the other kind between them. `at` is the instant of the first."""

    kind: RoundKind
    at: float
    task_arns: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many tasks it started or stopped."""
        return len(self.task_arns)

    @property
    def signed(self) -> int:
        """The count, negative for stops: `+2`, `-3`."""
        return self.count if self.kind is RoundKind.START else -self.count


def rounds_of(moves: Iterable[Move], *, together_s: float = 0.0) -> tuple[RollRound, ...]:
    """The rounds of moves given oldest first. Moves within `together_s` seconds of the first of them count as one
    instant, its stops before its starts: tasks started together become healthy some milliseconds apart."""
    together: list[RollRound] = []
    for instant in _instants(moves, together_s):
        for kind in (RoundKind.STOP, RoundKind.START):
            arns = tuple(arn for move in instant if move.kind is kind for arn in move.task_arns)
            if arns:
                together.append(RollRound(kind=kind, at=instant[0].at, task_arns=arns))
    return tuple(_joined(tuple(group)) for _, group in groupby(together, key=lambda one: one.kind))


def _instants(moves: Iterable[Move], together_s: float) -> list[list[Move]]:
    instants: list[list[Move]] = []
    for move in moves:
        if instants and move.at - instants[-1][0].at <= together_s:
            instants[-1].append(move)
        else:
            instants.append([move])
    return instants


def _joined(rounds: tuple[RollRound, ...]) -> RollRound:
    return replace(rounds[0], task_arns=tuple(arn for one in rounds for arn in one.task_arns))
