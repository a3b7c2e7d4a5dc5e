"""A process of its own that plans for a command which must go on meanwhile: a plan of many tasks takes its time.

    planner = Planner(access, name)
    planner.ask(PlannedChange(images={"app": "users:v2"}))
    answer = planner.answer(within_s=10.0)

It is one worker behind two pipes, which ends with the command. It gets no Ctrl-C: that is the command's.
"""

import pickle
import select
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from slipway.cli.access import Access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError
from slipway.cli.resolve import ServiceName

if TYPE_CHECKING:
    from slipway.foresight.fork_roll import PlannedChange
    from slipway.foresight.time_left import TimeLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A plan, as it is told."""

    sentences: tuple[str, ...]
    view: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlan:
    """There is none; the sentence says why."""

    sentence: str


class Planner:
    """Answers one question at a time, in the order they are asked. It raises nothing: what goes wrong is `NoPlan`."""

    def __init__(self, access: Access, name: ServiceName) -> None:
        self._whose = access, name
        self._process = self._begin()

    def _begin(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            # -P: a file of the working directory is never taken for a module; it may be anybody's checkout.
            [sys.executable, "-P", "-m", "slipway.cli.planner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _send(process, self._whose)
        return process

    def ask(self, change: "PlannedChange | None") -> None:
        """Have a change planned; None: the time that the deployment in progress has left."""
        _send(self._process, change)

    def answer(self, *, within_s: float | None) -> "Told | TimeLeft | NoPlan | None":
        """The next answer; None: there is none within so many seconds (None: however long), or no deployment was in
        progress. A question that took longer is given up: its answer would be taken for that of the next."""
        stdout = self._process.stdout
        assert stdout is not None, "it is a pipe"
        if not select.select([stdout], [], [], within_s)[0]:
            self.close()
            self._process = self._begin()
            return None
        try:
            answer: Told | TimeLeft | NoPlan | None = pickle.load(stdout)
        except (EOFError, pickle.UnpicklingError):
            return NoPlan(sentence="the planner ended before it had an answer")
        return answer

    def has_answer(self) -> bool:
        """Whether `answer` would not wait."""
        assert self._process.stdout is not None, "it is a pipe"
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def end(self) -> None:
        """End the worker, whatever it does."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, and let go of it."""
        self.end()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)


def _send(process: "subprocess.Popen[bytes]", message: object) -> None:
    assert process.stdin is not None, "it is a pipe"
    try:
        pickle.dump(message, process.stdin)
        process.stdin.flush()
    except BrokenPipeError:
        return  # it has ended, which its answer says


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # what it was not told any more is no matter


def serve(asked: IO[bytes], told: IO[bytes]) -> None:
    """The worker: answers what is asked until nobody asks any more."""
    access, name = pickle.load(asked)
    endpoint = Endpoint(access)
    while True:
        try:
            change = pickle.load(asked)
        except EOFError:
            return
        pickle.dump(_answer(endpoint, name, change), told)
        told.flush()


def _answer(endpoint: Endpoint, name: ServiceName, change: "PlannedChange | None") -> "Told | TimeLeft | NoPlan | None":
    from slipway.cli.planning import planned, taken_fork
    from slipway.foresight.fork_roll import PlanError
    from slipway.foresight.plan_view import plan_view, summary
    from slipway.foresight.time_left import time_left

    try:
        if change is None:
            return time_left(taken_fork(endpoint, name))
        plan = planned(endpoint, name, change)
    except (CliError, PlanError) as error:
        return NoPlan(sentence=str(error))
    return Told(sentences=tuple(summary(plan)), view=plan_view(plan))


if __name__ == "__main__":
    # By its own name: what is pickled here is of that module, and not of `__main__`.
    from slipway.cli import planner

    planner.serve(sys.stdin.buffer, sys.stdout.buffer)
