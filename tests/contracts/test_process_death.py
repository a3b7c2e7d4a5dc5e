"""The process runtime when its control plane is killed: what runs is found, and nothing runs twice."""

import asyncio
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from slipway.adapters.process import ProcessRuntime
from slipway.adapters.process_files import BLANK_EXIT
from slipway.core.model.task_definitions import PortMapping
from slipway.core.plan import ContainerPayload, TaskPayload

pytest.register_assert_rewrite("tests.contracts.runtime_contract")

from tests.contracts.process_subject import ProcessSubject  # noqa: E402
from tests.contracts.runtime_contract import RuntimeFactory, Stage, play, task_of  # noqa: E402


@pytest.fixture
def subject() -> ProcessSubject:
    return ProcessSubject()


@pytest.fixture
def runtime_factory(tmp_path: Path) -> RuntimeFactory:
    return lambda: ProcessRuntime(tmp_path)


class TestDeath:
    """The control plane may be killed at any moment: what runs is found, and nothing runs twice."""

    @pytest.mark.parametrize("starts", [1, 7, 19])
    def test_after_sigkill_every_program_runs_once(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, tmp_path: Path, starts: int
    ) -> None:
        async def scene(stage: Stage) -> None:
            await stage.runtime.close()
            tasks = await starting_until_killed(tmp_path, starts)
            before = {pid_of(tmp_path, task) for task in tasks if is_begun(tmp_path, task)}
            found = await stage.reopen()
            assert len(found) >= starts
            for task in tasks:
                await stage.start(task)
                await stage.until_line(task, "ready")
            assert before <= {pid_of(tmp_path, task) for task in tasks}
            for task in tasks:
                assert [line async for line in stage.lines(task, follow=False)] == [b"ready\n"]

        play(runtime_factory, subject, scene)

    def test_what_was_ordered_and_not_started_is_started(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, tmp_path: Path
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.runs_on(), port_mappings=(PortMapping(container_port=80),))
            started = await stage.start(task)
            await stage.until_line(task, "ready")
            await stage.runtime.stop(task.task_arn, "app", timeout_s=60)
            folder = tmp_path / "tasks" / task.task_id
            (folder / "app.pid").unlink()  # as if the shim had never come to write them
            (folder / "app.exit").write_bytes(BLANK_EXIT)
            found = (await stage.reopen())[task.task_arn]
            assert found.started_at >= started.started_at
            assert replace(found, started_at=started.started_at) == started
            lines = stage.lines(task)
            assert [await anext(lines) for _ in range(2)] == [b"ready\n"] * 2

        play(runtime_factory, subject, scene)

    def test_what_has_lost_its_files_is_ended(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, tmp_path: Path
    ) -> None:
        async def scene(stage: Stage) -> None:
            kept, lost = stage.task(subject.runs_on()), stage.task(subject.ignores_sigterm())
            for task in (kept, lost):
                await stage.start(task)
                await stage.until_line(task, "ready")
            pidfd = os.pidfd_open(pid_of(tmp_path, lost))
            ended = asyncio.Event()
            asyncio.get_running_loop().add_reader(pidfd, ended.set)
            shutil.rmtree(tmp_path / "tasks" / lost.task_id)
            assert (await stage.reopen()).keys() == {kept.task_arn}
            await ended.wait()
            asyncio.get_running_loop().remove_reader(pidfd)
            os.close(pidfd)
            os.kill(pid_of(tmp_path, kept), 0)  # it runs

        play(runtime_factory, subject, scene)

    def test_a_record_written_in_part_is_of_a_task_never_started(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, tmp_path: Path
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.exits_with(0))
            await stage.start(task)
            await stage.runtime.wait(task.task_arn, "app")
            record = tmp_path / "tasks" / task.task_id / "app.json"
            record.write_bytes(record.read_bytes()[:10])
            assert await stage.reopen() == {}

        play(runtime_factory, subject, scene)

    def test_a_pid_used_again_is_not_taken_for_the_container(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, tmp_path: Path
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.exits_with(0))
            await stage.start(task)
            await stage.runtime.wait(task.task_arn, "app")
            folder = tmp_path / "tasks" / task.task_id
            boot, old_pid, rest = (folder / "app.pid").read_text().split(" ", 2)
            assert int(old_pid) != os.getpid()
            (folder / "app.pid").write_text(f"{boot} {os.getpid()} {rest}")
            (folder / "app.exit").write_text("+\n")
            await stage.reopen()
            ended = await stage.runtime.wait(task.task_arn, "app")
            assert (ended.exit_code, (ended.reason or "").partition(":")[0]) == (None, "ContainerVanishedError")

        play(runtime_factory, subject, scene)


_KILLED = """
import asyncio, sys
from pathlib import Path
from typing import Any
import msgspec
from slipway.adapters.process import ProcessRuntime
from slipway.core.plan import TaskPayload

async def main():
    runtime = ProcessRuntime(Path(sys.argv[1]))
    await runtime.open()
    for task in msgspec.json.decode(sys.stdin.buffer.readline(), type=list[TaskPayload]):
        await runtime.start(task, task.containers[0])
        print("started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def starting_until_killed(data: Path, starts: int) -> list[TaskPayload]:
    """A control plane of its own starts 20 tasks and is killed when it has started so many of them; gives all 20."""
    ready = ContainerPayload(
        name="app", arn="app", image="label", essential=True, command=("sh", "-c", "echo ready; exec sleep 600")
    )
    tasks = [task_of(ready) for _ in range(20)]
    control_plane = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _KILLED, str(data)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert control_plane.stdin is not None
    assert control_plane.stdout is not None
    control_plane.stdin.write(msgspec.json.encode(tasks) + b"\n")
    for _ in range(starts):
        assert await control_plane.stdout.readline() == b"started\n"
    control_plane.kill()
    await control_plane.communicate()
    return tasks


def is_begun(data: Path, task: TaskPayload) -> bool:
    """Whether the task's shim has said who it is."""
    file = data / "tasks" / task.task_id / "app.pid"
    return file.exists() and file.read_text().endswith("\n")


def pid_of(data: Path, task: TaskPayload) -> int:
    """The pid of the task's shim."""
    return int((data / "tasks" / task.task_id / "app.pid").read_text().split()[1])
