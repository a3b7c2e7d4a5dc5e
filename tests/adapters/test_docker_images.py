"""Pull behaviours, against a small engine of our own that counts what it is asked."""

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.docker_credentials import registry_auth
from slipway.adapters.docker_engine import Engine, EngineError
from slipway.adapters.docker_images import DockerImages, ImageReference, PullBehavior, parse_reference

IMAGE = "registry.test:5000/team/users:v1"
DIGEST = "sha256:" + "a" * 64
IMAGE_ID = "sha256:" + "b" * 64
Scenario = Callable[["SmallEngine", DockerImages], Coroutine[Any, Any, None]]


class SmallEngine:
    """Answers pings, pulls and inspections of one image."""

    def __init__(self, *, local: bool, remote: bool, api: str = "1.41") -> None:
        self.local = local
        self.remote = remote
        self.api = api
        self.pulls: list[dict[str, str]] = []

    async def ping(self, request: web.Request) -> web.Response:
        return web.Response(text="OK", headers={"Api-Version": self.api})

    async def pull(self, request: web.Request) -> web.StreamResponse:
        self.pulls.append(dict(request.query))
        if not self.remote:
            return web.Response(text='{"status":"Pulling"}\r\n{"error":"manifest unknown"}\r\n')
        self.local = True
        return web.Response(text='{"status":"Pulling"}\r\n{"status":"Downloaded"}\r\n')

    async def inspect(self, request: web.Request) -> web.Response:
        if not self.local:
            return web.json_response({"message": "No such image"}, status=404)
        return web.json_response({"RepoDigests": ["other@sha256:0", f"registry.test:5000/team/users@{DIGEST}"]})


def run(tmp_path: Path, small: SmallEngine, behavior: PullBehavior, scenario: Scenario) -> None:
    async def play() -> None:
        app = web.Application()
        app.router.add_get("/_ping", small.ping)
        app.router.add_post("/v1.41/images/create", small.pull)
        app.router.add_get("/v1.41/images/{name:.+}/json", small.inspect)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(tmp_path / "docker.sock")).start()
        engine = Engine(f"unix://{tmp_path}/docker.sock")
        images = DockerImages(engine, behavior)
        try:
            await engine.open()
            await scenario(small, images)
        finally:
            await images.close()
            await engine.close()
            await runner.cleanup()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("behavior", "local", "remote", "pulls", "fault"),
    [
        pytest.param("default", True, True, 2, None, id="default always asks"),
        pytest.param("default", True, False, 2, None, id="default falls back on the image at hand"),
        pytest.param("default", False, False, 2, "not on this machine either", id="default with neither"),
        pytest.param("always", True, True, 2, None, id="always asks"),
        pytest.param("always", True, False, 2, "prefer-cached", id="always does not fall back"),
        pytest.param("once", True, True, 1, None, id="once asks once, even with an image at hand"),
        pytest.param("once", True, False, 2, "prefer-cached", id="once asks until it succeeds"),
        pytest.param("prefer-cached", True, False, 0, None, id="prefer-cached does not ask"),
        pytest.param("prefer-cached", False, True, 1, None, id="prefer-cached asks for what is missing"),
        pytest.param("prefer-cached", False, False, 2, "not on this machine either", id="prefer-cached with neither"),
    ],
)
def test_two_tasks_after_each_other(
    tmp_path: Path, behavior: str, local: bool, remote: bool, pulls: int, fault: str | None
) -> None:
    async def scenario(small: SmallEngine, images: DockerImages) -> None:
        for _ in range(2):
            if fault is None:
                await images.ensure(IMAGE)
                assert await images.digest_of(IMAGE_ID, IMAGE) == DIGEST
            else:
                with pytest.raises(RuntimeFault, match=f"CannotPullContainerError: .*manifest unknown.*{fault}"):
                    await images.ensure(IMAGE)
        assert len(small.pulls) == pulls

    run(tmp_path, SmallEngine(local=local, remote=remote), PullBehavior(behavior), scenario)


def test_pulls_of_one_image_at_the_same_time_are_one(tmp_path: Path) -> None:
    async def scenario(small: SmallEngine, images: DockerImages) -> None:
        await asyncio.gather(*(images.ensure(IMAGE) for _ in range(20)))
        assert small.pulls == [{"fromImage": "registry.test:5000/team/users", "tag": "v1"}]

    run(tmp_path, SmallEngine(local=False, remote=True), PullBehavior.DEFAULT, scenario)


def test_one_that_gives_up_does_not_end_the_pull_of_the_others(tmp_path: Path) -> None:
    async def scenario(small: SmallEngine, images: DockerImages) -> None:
        impatient = asyncio.create_task(images.ensure(IMAGE))
        patient = asyncio.create_task(images.ensure(IMAGE))
        await asyncio.sleep(0)
        impatient.cancel()
        await patient
        assert len(small.pulls) == 1

    run(tmp_path, SmallEngine(local=False, remote=True), PullBehavior.DEFAULT, scenario)


def test_a_pinned_image_at_hand_is_not_asked_for(tmp_path: Path) -> None:
    async def scenario(small: SmallEngine, images: DockerImages) -> None:
        await images.ensure(f"registry.test:5000/team/users@{DIGEST}")
        assert small.pulls == []

    run(tmp_path, SmallEngine(local=True, remote=False), PullBehavior.DEFAULT, scenario)


def test_an_engine_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"speaks API 1\.40; 1\.41 .* or newer is needed"):
        run(tmp_path, SmallEngine(local=True, remote=True, api="1.40"), PullBehavior.DEFAULT, no_scenario)


async def no_scenario(small: SmallEngine, images: DockerImages) -> None:
    raise AssertionError("the engine should have been refused")


def test_no_engine_is_said_with_what_to_do(tmp_path: Path) -> None:
    async def pull() -> None:
        images = DockerImages(Engine(f"unix://{tmp_path}/none.sock"), PullBehavior.DEFAULT)
        await images.ensure(IMAGE)

    with pytest.raises(
        RuntimeFault, match=r"CannotGetDockerclientError: Cannot reach the Docker engine .* DOCKER_HOST"
    ):
        asyncio.run(pull())


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        pytest.param("nginx", "nginx", "latest", id="bare"),
        pytest.param("nginx:1.25", "nginx", "1.25", id="tag"),
        pytest.param("host:5000/a/b", "host:5000/a/b", "latest", id="a port is no tag"),
        pytest.param("host:5000/a/b:c", "host:5000/a/b", "c", id="port and tag"),
        pytest.param(f"a/b@{DIGEST}", "a/b", DIGEST, id="digest"),
        pytest.param(f"a/b:v1@{DIGEST}", "a/b", DIGEST, id="the digest says it all"),
    ],
)
def test_references(image: str, name: str, tag: str) -> None:
    assert parse_reference(image) == ImageReference(name=name, tag=tag)


@pytest.mark.parametrize(
    ("name", "server"),
    [
        pytest.param("registry.test:5000/team/users", "registry.test:5000", id="named registry"),
        pytest.param("team/users", "https://index.docker.io/v1/", id="docker hub"),
    ],
)
def test_credentials_of_docker_login(tmp_path: Path, name: str, server: str) -> None:
    login = base64.b64encode(b"ada:pass:word").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {server: {"auth": login}}}))
    header = registry_auth(name, tmp_path)["X-Registry-Auth"]
    assert json.loads(base64.urlsafe_b64decode(header)) == {
        "username": "ada",
        "password": "pass:word",
        "serveraddress": server,
    }


@pytest.mark.parametrize(
    "config", ["", "[]", '{"auths": {"docker.test": {}}}', '{"auths": {"docker.test": {"auth": "%"}}}']
)
def test_no_readable_login_is_none(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    assert registry_auth("docker.test/a", tmp_path) == {}
