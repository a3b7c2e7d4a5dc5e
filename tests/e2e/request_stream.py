"""Constant load on one address, from a thread of its own: every request is counted and every failure kept.

Kept connections, a new connection for each request, requests that take seconds, and writes, all at once, for as long
as a `with` lasts. Nothing is tried twice.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from tests.e2e.http_connection import Answer, Connection, Refused
from tests.waiting import wait_until

#: Seconds between two requests of one worker.
PAUSE_S = 0.03
KEEPING, RECONNECTING, WRITING, SLOWLY = 3, 3, 1, 3  # workers of each kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that failed."""

    at: float  # epoch seconds
    request: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a held request ended: a status, or the words of the error where there was none."""

    at: float  # epoch seconds
    status: int | None
    error: str


class RequestStream:
    """The load, and what became of it. `address` may be read by other threads at any time."""

    def __init__(self, address: str, port: int, *, slow_s: int = 3) -> None:
        """`slow_s` is how long the slow requests take, in seconds."""
        self._address = address
        self._port = port
        self._slow = f"/slow?seconds={slow_s}"
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"requests to {address}:{port}")
        self.answered: Counter[tuple[str, str]] = Counter()  # by kind of worker and version
        self.failures: list[Failure] = []

    def __enter__(self) -> "RequestStream":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()
        self._loop.close()

    @property
    def count(self) -> int:
        """Requests answered well so far."""
        return sum(self.answered.values())

    @property
    def versions(self) -> set[str]:
        """Versions that answered so far."""
        return {version for _, version in tuple(self.answered)}

    @property
    def kinds(self) -> set[str]:
        """Kinds of workers that were answered so far."""
        return {kind for kind, _ in tuple(self.answered)}

    def report(self) -> str:
        """What was sent and what failed, to be put in an assertion's message."""
        lines = [f"{failure.at:.3f} {failure.request}: {failure.error}" for failure in self.failures[:20]]
        return f"{self.count} requests answered, {len(self.failures)} failed\n" + "\n".join(lines)

    def await_answers(self, *, more: int = 60, version: str | None = None) -> None:
        """Wait until so many more requests were answered, by `version` if one is named, and each kind of worker's."""

        def answers() -> int:
            return sum(count for (_, of), count in tuple(self.answered.items()) if version in (None, of))

        enough = answers() + more
        wait_until(
            lambda: answers() >= enough and len(self.kinds) == 4,
            timeout_s=60,
            what=f"{more} more answers of {version or 'any version'}",
        )

    def _run(self) -> None:
        self._loop.run_until_complete(self._load())

    async def _load(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(KEEPING):
                group.create_task(self._work("kept", "GET", "/user/1", keeps=True))
            for _ in range(RECONNECTING):
                group.create_task(self._work("new", "GET", "/user/2", keeps=False))
            for _ in range(WRITING):
                group.create_task(self._work("write", "POST", "/user/add", keeps=True))
            for number in range(SLOWLY):
                group.create_task(self._work("slow", "GET", self._slow, keeps=bool(number % 2)))

    async def _work(self, kind: str, method: str, path: str, *, keeps: bool) -> None:
        connection: Connection | None = None
        body = b'{"name": "Radia Perlman"}' if method == "POST" else b""
        while not self._ending.is_set():
            try:
                connection = connection or await Connection.open(self._address, self._port)
                answer = await connection.ask(method, path, body)
                self._note(kind, f"{method} {path}", answer)
                if keeps and answer.keeps:
                    await self._pause()
                    continue
            except (OSError, Refused) as error:
                self._fail(f"{kind} {method} {path}", f"{type(error).__name__}: {error}")
            if connection is not None:
                connection.close()
                connection = None
            await self._pause()
        if connection is not None:
            connection.close()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_S):
                await self._ending.wait()

    def _note(self, kind: str, request: str, answer: Answer) -> None:
        if answer.status in (200, 201):
            self.answered[kind, json.loads(answer.body)["version"]] += 1
        else:
            self._fail(f"{kind} {request}", f"{answer.status} {answer.body!r}")

    def _fail(self, request: str, error: str) -> None:
        self.failures.append(Failure(at=time.time(), request=request, error=error))


def hold(address: str, port: int, path: str) -> "Future[Ending]":
    """Send one request from a thread of its own; its end, well or not, is the future's result."""
    ended: Future[Ending] = Future()
    threading.Thread(target=lambda: ended.set_result(_in_a_loop(lambda: _held(address, port, path)))).start()
    return ended


def _in_a_loop(work: Callable[[], Awaitable[Ending]]) -> Ending:
    async def run() -> Ending:
        return await work()

    return asyncio.run(run())


async def _held(address: str, port: int, path: str) -> Ending:
    connection = await Connection.open(address, port)
    try:
        answer = await connection.ask("GET", path)
    except (OSError, Refused) as error:
        return Ending(at=time.time(), status=None, error=str(error))
    finally:
        connection.close()
    return Ending(at=time.time(), status=answer.status, error=answer.body.decode(errors="replace"))
