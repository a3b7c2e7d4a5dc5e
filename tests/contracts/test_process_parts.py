"""The parts of the process runtime that need no process: logs, folders, ports, and what the machine offers."""

import asyncio
from pathlib import Path

import pytest

from slipway.adapters.cgroups import own_group
from slipway.adapters.container_logs import LONGEST_LINE
from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.machine import Machine, this_machine
from slipway.adapters.process_files import ContainerFiles, TaskFolders
from slipway.adapters.process_identity import Identity, parse_identity
from slipway.adapters.process_logs import cut_long_logs, read_log
from slipway.adapters.process_ports import Ports
from slipway.core.model.task_definitions import NetworkMode
from slipway.core.plan import ContainerPayload, TaskPayload


def task(number: int = 1, container_name: str = "app") -> TaskPayload:
    return TaskPayload(
        task_arn=f"arn:aws:ecs:us-east-1:000000000000:task/default/{number:032x}",
        cluster_name="default",
        family="family",
        revision=1,
        service_name=None,
        network_mode=NetworkMode.BRIDGE,
        cpu=0,
        memory=0,
        containers=(ContainerPayload(name=container_name, arn="arn", image="image", essential=True),),
    )


@pytest.fixture
def folders(tmp_path: Path) -> TaskFolders:
    opened = TaskFolders(tmp_path)
    opened.open()
    return opened


@pytest.fixture
def files(folders: TaskFolders) -> ContainerFiles:
    folders.write(task())
    return folders.container(task().task_id, "app")


async def read(files: ContainerFiles, tail: int | None) -> bytes:
    return b"".join([line async for line in read_log(files, tail=tail, follow=False, has_ended=lambda: True)])


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        pytest.param(None, b"1\n2\n3\n4\n", id="all"),
        pytest.param(1, b"4\n", id="of-the-newer"),
        pytest.param(2, b"3\n4\n", id="all-of-the-newer"),
        pytest.param(3, b"2\n3\n4\n", id="of-both"),
        pytest.param(9, b"1\n2\n3\n4\n", id="more-than-both"),
        pytest.param(0, b"", id="none"),
    ],
)
def test_a_log_that_was_cut_is_read_on(files: ContainerFiles, tail: int | None, expected: bytes) -> None:
    with open(files.log, "ab", buffering=0) as program:
        program.write(b"1\n2\n")
        cut_long_logs([files], limit=3)
        program.write(b"3\n4\n")
        cut_long_logs([files], limit=4)
    assert asyncio.run(read(files, tail)) == expected


def test_a_tail_is_found_across_blocks(files: ContainerFiles) -> None:
    Path(files.log).write_bytes(b"".join(b"%099d\n" % number for number in range(10_000)))
    assert asyncio.run(read(files, 2000)) == b"".join(b"%099d\n" % number for number in range(8_000, 10_000))


def test_a_line_without_an_end_is_a_line(files: ContainerFiles) -> None:
    Path(files.log).write_bytes(b"1\n2\n3")
    assert asyncio.run(read(files, 2)) == b"2\n3"


def test_an_endless_line_comes_in_pieces(files: ContainerFiles) -> None:
    Path(files.log).write_bytes(b"x" * (2 * LONGEST_LINE + 1))

    async def pieces() -> list[int]:
        return [len(line) async for line in read_log(files, tail=1, follow=False, has_ended=lambda: True)]

    assert asyncio.run(pieces()) == [LONGEST_LINE, LONGEST_LINE, 1]


def test_a_log_that_cannot_be_cut_keeps_no_other_from_it(
    folders: TaskFolders, files: ContainerFiles, caplog: pytest.LogCaptureFixture
) -> None:
    other = folders.container(task().task_id, "other")
    for each in (files, other):
        Path(each.log).write_bytes(b"12345")
    Path(files.older_log).mkdir()
    cut_long_logs([files, other], limit=4)
    assert Path(other.log).read_bytes() == b""
    assert f"log was not cut file={files.log} error=" in caplog.text


def test_a_removed_task_is_not_found_but_its_log_is_kept(folders: TaskFolders, files: ContainerFiles) -> None:
    Path(files.log).write_bytes(b"last words\n")
    assert list(folders.payloads()) == [task()]
    folders.remove(task())
    folders.remove(task())
    assert list(folders.payloads()) == []
    assert asyncio.run(read(files, None)) == b"last words\n"


def test_the_newest_removed_folders_are_kept(tmp_path: Path) -> None:
    folders = TaskFolders(tmp_path)
    folders.open()
    for number in range(6):
        folders.write(task(number))
        folders.remove(task(number))
    folders.prune(kept=2)
    assert {path.name for path in tmp_path.iterdir()} == {task(4).task_id, task(5).task_id}
    again = TaskFolders(tmp_path)
    again.open()
    again.prune(kept=0)
    assert list(tmp_path.iterdir()) == []


def test_the_longest_names_are_told_apart(folders: TaskFolders) -> None:
    folders.write(task())
    stems = [folders.container(task().task_id, "n" * 254 + end).stem for end in "ab"]
    assert stems[0] != stems[1]
    for stem in stems:
        Path(f"{stem}.log.1").touch()


def test_a_name_that_leaves_its_folder_is_refused(folders: TaskFolders) -> None:
    with pytest.raises(RuntimeFault, match=r"\.\./app"):
        folders.container(task().task_id, "../app")


def test_an_exit_code_is_read_once_it_is_written_whole(files: ContainerFiles) -> None:
    path = Path(f"{files.stem}.exit")
    path.write_bytes(b"       \n")
    assert (files.has_begun(), files.exit_code()) == (False, None)
    path.write_bytes(b"+\n     \n")
    assert (files.has_begun(), files.exit_code()) == (True, None)
    files.write_exit_code(137)
    code = files.exit_code()
    assert code is not None
    assert code[0] == 137


def test_an_identity_survives_any_command_name() -> None:
    line = "boot 42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 31337 2 3\n"
    assert parse_identity(line) == Identity(boot_id="boot", pid=42, start_ticks=31337)
    assert parse_identity(line[:20]) is None


def test_ports_come_in_turn_and_run_out_in_words() -> None:
    ports = Ports(last_port=1027)
    taken = {ports.take("tcp") for _ in range(4)}
    assert taken == {1024, 1025, 1026, 1027}
    with pytest.raises(RuntimeFault, match="no port from 1024 to 1027 is free"):
        ports.take("tcp")
    ports.release([1025])
    assert ports.take("udp") == 1025


def machine(proc: Path, *, cgroup: str, mounts: str) -> Machine:
    """This machine as `/proc` has it, with 8 GiB of memory."""
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text(cgroup)
    (proc / "mounts").write_text(mounts)
    (proc / "meminfo").write_text("MemTotal:        8388608 kB\nMemFree: 1 kB\n")
    return this_machine(proc=proc)


def test_a_machine_is_what_control_groups_leave_of_it(tmp_path: Path) -> None:
    service = tmp_path / "cg/system.slice/app.service"
    service.mkdir(parents=True)
    (tmp_path / "cg/cgroup.controllers").write_text("cpu memory\n")
    (service / "cpu.max").write_text("50000 100000\n")
    (service / "memory.max").write_text("max\n")
    (service.parent / "memory.max").write_text(f"{1 << 30}\n")
    found = machine(
        tmp_path / "proc", cgroup="0::/system.slice/app.service\n", mounts=f"cgroup2 {tmp_path}/cg cgroup2 rw 0 0\n"
    )
    assert found == Machine(cpu=512, memory=1024)


def test_control_groups_of_the_first_version_bound_a_machine_too(tmp_path: Path) -> None:
    for name in ("cpu/app", "memory/app"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "cpu/app/cpu.cfs_quota_us").write_text("25000\n")
    (tmp_path / "cpu/app/cpu.cfs_period_us").write_text("100000\n")
    (tmp_path / "memory/app/memory.limit_in_bytes").write_text(f"{512 << 20}\n")
    mounts = "".join(f"cgroup {tmp_path}/{name} cgroup rw,{name} 0 0\n" for name in ("cpu", "memory"))
    assert machine(tmp_path / "proc", cgroup="2:cpu:/app\n1:memory:/app\n", mounts=mounts) == Machine(
        cpu=256, memory=512
    )


def test_a_machine_without_control_groups_is_all_there_is(tmp_path: Path) -> None:
    found = machine(tmp_path / "proc", cgroup="", mounts="tmpfs /tmp tmpfs rw 0 0\n")
    assert found.memory == 8192
    assert own_group("memory", proc=tmp_path / "proc") is None
