"""The last lines of failed tasks: read when they are counted, kept as long as their records, and lost aloud."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.last_words import LINE_BYTES, LINES, TASK_BYTES, LastWords
from slipway.core.answers.postmortem_tasks import Tail
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.failures import CountedFailure, Failure, FailureClass
from slipway.core.model.tasks import Container, Task, TaskStatus
from slipway.core.plan import Change, Put, Remove
from slipway.core.snapshot import Snapshot
from slipway.ports import Commit
from tests.core.records import a_task

ROLL_OUT = ServiceDeployment(
    arn="roll-out", service_arn="service", cluster_arn="cluster", target_revision_arn="x/1", created_at=0, updated_at=0
)


def container(name: str = "app", *, runtime_id: str | None = "id") -> Container:
    return Container(name=name, arn="", image="web:1", runtime_id=runtime_id)


def a_failure(number: int = 1, *, stopped: bool = True, containers: tuple[Container, ...] = (container(),)) -> Task:
    status = TaskStatus.STOPPED if stopped else TaskStatus.RUNNING
    return a_task(number, last_status=status, containers=containers)


def counting(*tasks: Task) -> ServiceDeployment:
    failure = Failure(failure_class=FailureClass.CRASH, sentence="exit 1")
    counted = (CountedFailure(deployment_id="ecs-svc/1", at=0, failure=failure, task_arn=task.arn) for task in tasks)
    return replace(ROLL_OUT, failures=tuple(counted))


class Desk:
    """Last words over a runtime that prints what `printed` says, raising what is an error, and its records."""

    def __init__(self, directory: Path, *, total_bytes: int = TASK_BYTES) -> None:
        self.snapshot = Snapshot(seed="1")
        self.printed: dict[str, list[bytes | Exception]] = {"app": [b"ready\n", b"no port\n"]}
        self.reads: list[tuple[str, int | None, bool]] = []
        self.directory = directory / "last-words"
        self.words = LastWords(self.directory, self._logs, lambda: self.snapshot, total_bytes=total_bytes)

    async def _logs(
        self, task_arn: str, container_name: str, *, tail: int | None, follow: bool
    ) -> AsyncIterator[bytes]:
        self.reads.append((container_name, tail, follow))
        for line in self.printed[container_name]:
            if isinstance(line, Exception):
                raise line
            yield line

    async def commit(self, *changes: Change) -> None:
        """Commit changes, and wait until what they have read is kept."""
        self.snapshot.apply(changes)
        self.words.observe(Commit(at=0.0, changes=changes, sequence=0))
        await self.rest()

    async def count(self, *tasks: Task) -> None:
        """Commit the tasks as failures of their deployment."""
        await self.commit(*(Put(record=task) for task in tasks), Put(record=counting(*tasks)))

    async def rest(self) -> None:
        await self.words.background.rest()
        assert self.words.background.failures == []

    def files(self) -> list[str]:
        return sorted(path.name for path in self.directory.glob("*"))


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await story()

    asyncio.run(whole())


def test_a_counted_failure_is_read_at_once_and_once(tmp_path: Path) -> None:
    async def story() -> None:
        desk, task = Desk(tmp_path), a_failure()
        await desk.count(task)
        assert desk.words.tails(task) == {"app": Tail(lines=("ready", "no port"))}
        assert desk.reads == [("app", LINES, False)]
        await desk.commit(Put(record=replace(counting(task), updated_at=1.0)))
        assert len(desk.reads) == 1
        assert (desk.directory.stat().st_mode & 0o777, desk.files()) == (0o700, [f"{task.id}.json"])

    run(story)


def test_a_task_that_no_deployment_counts_is_not_read(tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk(tmp_path)
        await desk.commit(Put(record=a_failure()))
        assert desk.reads == []
        assert desk.words.tails(a_failure()) == {"app": Tail(lack="no log: nothing was kept")}

    run(story)


def test_an_unhealthy_task_is_read_again_when_it_has_stopped(tmp_path: Path) -> None:
    async def story() -> None:
        desk, task = Desk(tmp_path), a_failure(stopped=False)
        await desk.count(task)
        desk.printed["app"].append(b"bye\n")
        await desk.commit(Put(record=a_failure()))
        assert desk.words.tails(task)["app"].lines == ("ready", "no port", "bye")
        await desk.commit(Put(record=replace(a_failure(), version=2)))
        assert len(desk.reads) == 2

    run(story)


def test_what_was_heard_stays_where_nothing_is_heard_later(tmp_path: Path) -> None:
    async def story() -> None:
        desk, task = Desk(tmp_path), a_failure(stopped=False)
        await desk.count(task)
        desk.printed["app"] = [RuntimeFault("CannotReadLogsError", "it is gone")]
        await desk.commit(Put(record=a_failure()))
        assert desk.words.tails(task) == {"app": Tail(lines=("ready", "no port"))}

    run(story)


@pytest.mark.parametrize(
    ("printed", "tail"),
    [
        pytest.param([], Tail(), id="it printed nothing"),
        pytest.param(
            [RuntimeFault("CannotReadLogsError", "app is not on this host.")],
            Tail(lack="no log: app is not on this host."),
            id="the container is gone",
        ),
        pytest.param(
            [b"one\n", RuntimeFault("CannotReadLogsError", "the engine went away")],
            Tail(lines=("one",), lack="no log: the engine went away"),
            id="broken off",
        ),
        pytest.param(
            [OSError(5, "Input/output error")], Tail(lack="no log: it could not be read: Input/output error"), id="disk"
        ),
        pytest.param([b"\xff\xfe caf\xc3\xa9\r\n"], Tail(lines=("�� café",)), id="no text"),
        pytest.param([b"x" * 5000], Tail(lines=("x" * LINE_BYTES + " …",)), id="a long line"),
        pytest.param(
            [f"{number}\n".encode() for number in range(LINES + 5)],
            Tail(lines=tuple(map(str, range(5, LINES + 5)))),
            id="many lines",
        ),
    ],
)
def test_what_is_kept_of_a_container(tmp_path: Path, printed: list[bytes | Exception], tail: Tail) -> None:
    async def story() -> None:
        desk = Desk(tmp_path)
        desk.printed["app"] = printed
        await desk.count(a_failure())
        assert desk.words.tails(a_failure()) == {"app": tail}

    run(story)


def test_a_task_has_its_bytes_and_its_containers_share_them(tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk(tmp_path)
        desk.printed = {name: [b"y" * (LINE_BYTES - 1) + b"\n"] * LINES for name in ("app", "side")}
        task = a_failure(containers=(container(), container("side"), container("unborn", runtime_id=None)))
        await desk.count(task)
        tails = desk.words.tails(task)
        assert {name: len(tail.lines) for name, tail in tails.items()} == {"app": 32, "side": 32}

    run(story)


def test_words_go_with_the_record_of_their_task(tmp_path: Path) -> None:
    async def story() -> None:
        desk, task = Desk(tmp_path), a_failure()
        await desk.count(task)
        await desk.commit(Remove(record=task))
        assert desk.files() == []

    run(story)


def test_the_oldest_words_go_for_newer_ones(tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk(tmp_path, total_bytes=150)
        tasks = [a_failure(number) for number in (1, 2, 3)]
        for count in (1, 2, 3):
            await desk.count(*tasks[:count])
        assert desk.files() == [f"{tasks[1].id}.json", f"{tasks[2].id}.json"]
        lack = desk.words.tails(tasks[0])["app"].lack
        assert lack is not None
        assert lack.startswith("no log: only the latest ")

    run(story)


def test_a_directory_that_cannot_be_written_loses_the_words_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        desk = Desk(tmp_path)
        desk.directory.write_text("a file is in its place")
        with caplog.at_level(logging.WARNING):
            await desk.count(a_failure())
        lack = desk.words.tails(a_failure())["app"].lack
        assert lack == "no log: it could not be kept: File exists"
        assert "last words not kept" in caplog.text

    run(story)


def test_a_restart_takes_over_what_was_kept_and_reads_what_was_not(tmp_path: Path) -> None:
    """One was kept and ran on, one was counted and not read before the end, and one is no task any more."""

    async def story() -> None:
        first, ran, unread = Desk(tmp_path), a_failure(1, stopped=False), a_failure(2)
        await first.count(ran, a_failure(3))
        (first.directory / "unfinished.new").touch()
        again = Desk(tmp_path)
        again.snapshot.apply([Put(record=ran), Put(record=unread), Put(record=counting(ran, unread))])
        again.printed["app"].append(b"after the restart\n")
        again.words.open()
        await again.rest()
        assert again.files() == [f"{ran.id}.json", f"{unread.id}.json"]
        assert len(again.reads) == 1
        await again.commit(Put(record=a_failure(1)))
        assert again.words.tails(ran)["app"].lines == ("ready", "no port", "after the restart")

    run(story)
