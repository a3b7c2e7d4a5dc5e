"""The images that the docker runtime runs on a real engine: pinned ones, refused programs, and what is not there."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from tests.contracts.docker_bench import Bench, play
from tests.contracts.docker_image import busybox_image, tag, untag

pytestmark = pytest.mark.docker

VERSION = "/version"
PRINT = ("cat", VERSION)


@pytest.fixture
def versions(tmp_path: Path) -> list[str]:
    """Two images that differ in the version they print."""
    return [busybox_image({VERSION: _written(tmp_path / word, f"{word}\n")}) for word in ("one", "two")]


@pytest.fixture
def moving() -> Iterator[str]:
    """A name for the test to give to images."""
    name = f"slipway-test-moving-{secrets.token_hex(4)}:latest"
    yield name
    untag(name)


def test_the_pinned_image_is_run_after_its_tag_has_moved(versions: list[str], moving: str) -> None:
    async def scenario(bench: Bench) -> None:
        told: list[tuple[str | None, list[bytes]]] = []
        digest: str | None = None
        for version, is_pinned in ((versions[0], False), (versions[1], True), (versions[1], False)):
            tag(version, moving)
            app = bench.container(image=moving, image_digest=digest if is_pinned else None, command=PRINT)
            task = bench.task(app)
            await bench.runtime.pull(app)
            started = await bench.runtime.start(task, app)
            digest = digest or started.image_digest
            told.append((started.image_digest, await bench.lines(task, follow=True)))
        assert [lines for _, lines in told] == [[b"one\n"], [b"one\n"], [b"two\n"]]
        digests = [each for each, _ in told]
        assert digests[0] == digests[1] != digests[2]

    play(scenario)


def test_a_pinned_image_that_is_gone_is_said_with_its_tag_and_digest(moving: str, versions: list[str]) -> None:
    async def scenario(bench: Bench) -> None:
        digest = f"sha256:{secrets.token_hex(32)}"
        tag(versions[0], moving)
        app = bench.container(image=moving, image_digest=digest)
        with pytest.raises(RuntimeFault, match=f"CannotPullContainerError: {moving}: .*{digest}") as caught:
            await bench.runtime.pull(app)
        assert "A new deployment runs what" in caught.value.message

    play(scenario)


def test_an_image_that_is_nowhere_is_lacking() -> None:
    async def scenario(bench: Bench) -> None:
        lack = await bench.runtime.image_lack("registry.invalid/nobody/none:v0")
        assert lack is not None
        assert lack.startswith("registry.invalid/nobody/none:v0 is not on this machine, and its registry ")

    play(scenario)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("\0\1no program", "exec /version: exec format error", id="of another processor"),
        pytest.param("#!/no/such/shell\n", "exec /version: no such file or directory", id="no interpreter"),
    ],
)
def test_a_program_that_the_kernel_refuses_could_not_be_started(tmp_path: Path, content: str, words: str) -> None:
    async def scenario(bench: Bench) -> None:
        program = _written(tmp_path / "program", content)
        program.chmod(0o755)
        app = bench.container(image=busybox_image({VERSION: program}), command=(VERSION,))
        task = bench.task(app)
        await bench.runtime.start(task, app)
        ended = await bench.runtime.wait(task.task_arn, "app")
        assert ended.reason == f"CannotStartContainerError: {words}"

    play(scenario)


def test_a_program_that_prints_such_words_and_fails_later_was_started() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(command=("sh", "-c", "echo it said exec /app: exec format error >&2; exit 1"))
        task = bench.task(app)
        await bench.runtime.start(task, app)
        ended = await bench.runtime.wait(task.task_arn, "app")
        assert (ended.exit_code, ended.reason) == (1, None)

    play(scenario)


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
