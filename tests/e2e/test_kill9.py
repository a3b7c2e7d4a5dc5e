"""SIGKILL of the server in the middle of rolls, at moments drawn by seed: nothing that runs or is recorded is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.e2e.balanced_service import STEADY_S, BalancedService, Shape
from tests.e2e.programs import users
from tests.e2e.request_stream import RequestStream
from tests.e2e.running_programs import programs_of
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained, story
from tests.waiting import wait_until

TASKS = 4
#: Changes of its tasks that a roll of four shows at the least to one who asks all the time: each new task is seen once,
#: each old one when it is to stop and when it has stopped.
CHANGES = 12
#: A pool of its own, and a target healthy at its first good check: rolls are short, and the moments many.
SETTINGS = 'lb_address_pool = "{pool}"\nnew_target_checks = 1\n'


class Witness:
    """Looks at the running programs again and again: a task's program is the same one for as long as it is seen."""

    def __init__(self, runtime: str, service: BalancedService) -> None:
        self._runtime = runtime
        self._service = service
        self._known: dict[str, str] = {}

    def look(self) -> dict[str, str]:
        """The running programs by task. Fails if a task has another program than when it was last seen."""
        programs = programs_of(self._runtime, self._service, self._service.tasks())
        for task, program in programs.items():
            before = self._known.setdefault(task, program)
            assert before == program, f"{task} was {before} and is {program}: it was started twice"
        return programs

    def assert_no_orphan(self) -> None:
        """Every program is of a RUNNING task, and every RUNNING task has its program."""
        running = {task["taskArn"] for task in self._service.tasks() if task["lastStatus"] == "RUNNING"}
        assert self.look().keys() == running


@pytest.mark.parametrize(
    ("runtime", "moments"),
    [
        pytest.param("process", 10, id="process"),
        pytest.param("docker", 3, id="docker", marks=pytest.mark.docker),
    ],
)
def test_a_server_killed_during_a_roll_goes_on_with_it(
    runtime: str, moments: int, tmp_path: Path, pool: str, seed: int
) -> None:
    chance = Random(seed)
    settings = tmp_path / "slipway.toml"
    settings.write_text(SETTINGS.format(pool=pool))
    with serving(tmp_path / "data", runtime=runtime, config=str(settings)) as server, explained(server):
        shape = Shape(tasks=TASKS, minimum_healthy_percent=50, maximum_percent=150, environment=(("MARK", "kept"),))
        service = BalancedService(server, "kept", users(runtime), shape)
        service.await_steady()
        witness = Witness(runtime, service)
        with RequestStream(service.address, service.port, slow_s=1) as stream:
            stream.await_answers(version="v1")
            for number in range(moments):
                version = f"v{number + 2}"
                with _told(f"killed at moment {number + 1} of seed {seed}", stream):
                    _roll_and_kill(service, witness, version, after=chance.randint(1, CHANGES))
                    service.await_steady()
                    witness.assert_no_orphan()
                    stream.await_answers(more=20, version=version)
                    assert not stream.failures
        assert not stream.failures, stream.report()
        _assert_recorded_once(server, service, rolls=moments)


def _roll_and_kill(service: BalancedService, witness: Witness, version: str, *, after: int) -> None:
    """Start a roll, kill the server once `after` changes of its tasks were seen, and have it start again."""
    server = service.server
    seen = set(_facts(service))
    before = len(seen)
    service.roll(version)

    def has_come() -> bool:
        is_over = service.is_steady()
        seen.update(_facts(service))
        assert not is_over or len(seen) - before >= after, f"the roll was over after {len(seen) - before} changes"
        return len(seen) - before >= after

    wait_until(has_come, timeout_s=STEADY_S, what=f"{after} changes of the tasks of {service.name}")
    witness.look()
    server.kill9()
    server.restart()
    witness.look()


def _facts(service: BalancedService) -> Iterator[tuple[str, str, str]]:
    for task in service.tasks():
        yield task["taskArn"], task["lastStatus"], task["desiredStatus"]


def _assert_recorded_once(server: ServerProcess, service: BalancedService, *, rolls: int) -> None:
    """Each roll started its tasks, once each, and every one of them has its record."""
    tasks = service.tasks()
    by_revision: dict[str, list[dict[str, Any]]] = {}
    for task in tasks:
        by_revision.setdefault(task["taskDefinitionArn"], []).append(task)
    assert {arn: len(started) for arn, started in by_revision.items()} == dict.fromkeys(by_revision, TASKS)
    assert len(by_revision) == rolls + 1
    assert len({task["taskArn"] for task in tasks}) == len(tasks)
    for task in tasks:
        causes = [row["cause"] for row in story(server, task["taskArn"])]
        assert causes.count("started by its service") == 1, causes
        assert len([cause for cause in causes if cause.endswith(" to RUNNING")]) == 1, causes
        assert causes.count("stop ordered") == (task["desiredStatus"] == "STOPPED"), causes


@contextmanager
def _told(moment: str, stream: RequestStream) -> Iterator[None]:
    """Adds to a failure which moment it was, and what the clients saw."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"{moment}; {stream.report()}")
        raise
