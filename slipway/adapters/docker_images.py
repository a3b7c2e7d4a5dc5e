"""Making images present, by the pull behaviour set (`ECS_IMAGE_PULL_BEHAVIOR` of the public ECS agent)."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.docker_credentials import registry_auth
from slipway.adapters.docker_engine import Engine, EngineError, EngineGone

#: Seconds a pull may show no progress (ECS_IMAGE_PULL_INACTIVITY_TIMEOUT).
PULL_INACTIVITY_S = 60


class PullBehavior(StrEnum):
    """When a registry is asked for an image, and what a failure means."""

    DEFAULT = "default"  # always asked; the image at hand serves if that fails
    ALWAYS = "always"  # always asked; a failure is final
    ONCE = "once"  # asked until it succeeded once; a failure is final
    PREFER_CACHED = "prefer-cached"  # asked only where the image is not at hand


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """A name as the engine wants it for a pull; `tag` may be a digest."""

    name: str
    tag: str

    @property
    def is_pinned(self) -> bool:
        """Whether it names content, so that a registry could give nothing newer."""
        return self.tag.startswith("sha256:")


def parse_reference(image: str) -> ImageReference:
    """Split `[registry[:port]/]name[:tag][@digest]`; without a tag it is `latest`."""
    name, _, digest = image.partition("@")
    head, slash, tail = name.rpartition("/")
    last, _, tag = tail.partition(":")
    return ImageReference(name=f"{head}{slash}{last}", tag=digest or tag or "latest")


class DockerImages:
    """The engine's images. Pulls of one image that are asked for at the same time are one pull."""

    def __init__(self, engine: Engine, behavior: PullBehavior) -> None:
        self._engine = engine
        self._behavior = behavior
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._pulled: set[str] = set()
        self._digests: dict[str, str | None] = {}
        self._digests_by_id: dict[tuple[str, str], str | None] = {}

    async def ensure(self, image: str) -> None:
        """Make `image` present. Raises `RuntimeFault("CannotPullContainerError", …)` with what to do about it."""
        flight = self._in_flight.get(image)
        if flight is None:
            flight = self._in_flight[image] = asyncio.create_task(self._ensure(image), name=f"pull {image}")
            flight.add_done_callback(partial(self._landed, image))
        await asyncio.shield(flight)  # one waiter that gives up does not end the pull of the others

    def digest_of(self, image: str) -> str | None:
        """The registry's digest of an image made present, `sha256:…`; None for one that never saw a registry."""
        return self._digests.get(image)

    async def digest_of_id(self, image_id: str, image: str) -> str | None:
        """The digest of the image that an adopted container runs, by the engine's id and its name; None as above."""
        if (image_id, image) not in self._digests_by_id:
            try:
                self._digests_by_id[image_id, image] = await self._inspect(image_id, image)
            except (EngineError, EngineGone):
                return None  # the container outlives its image's name, and the digest is for show
        return self._digests_by_id[image_id, image]

    async def close(self) -> None:
        """Give up the pulls in flight."""
        flights = tuple(self._in_flight.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _landed(self, image: str, flight: asyncio.Task[None]) -> None:
        self._in_flight.pop(image, None)
        if not flight.cancelled():
            flight.exception()  # seen: whoever waited has it, and all may have given up

    async def _ensure(self, image: str) -> None:
        try:
            if not await self._may_use_cached(image):
                await self._pull_or_fall_back(image)
        except (EngineGone, EngineError) as fault:
            raise RuntimeFault("CannotPullContainerError", f"{image}: {fault.message}") from fault

    async def _pull_or_fall_back(self, image: str) -> None:
        try:
            await self._pull(image)
        except EngineError as refused:
            await self._fall_back(image, refused)
            return
        self._pulled.add(image)
        await self._is_at_hand(image)

    async def _may_use_cached(self, image: str) -> bool:
        """Whether the image at hand serves without asking the registry."""
        match self._behavior:
            case PullBehavior.PREFER_CACHED:
                return await self._is_at_hand(image)
            case PullBehavior.ONCE if image in self._pulled:
                return await self._is_at_hand(image)
        return parse_reference(image).is_pinned and await self._is_at_hand(image)

    async def _fall_back(self, image: str, refused: EngineError) -> None:
        at_hand = await self._is_at_hand(image)
        if at_hand and self._behavior is PullBehavior.DEFAULT:
            return
        advice = (
            f"It is on this machine, but `{self._behavior}` asks the registry: pull behaviour `prefer-cached` does not."
            if at_hand
            else "It is not on this machine either: check the name, `docker login` to its registry, or build it here."
        )
        raise RuntimeFault("CannotPullContainerError", f"{image}: {refused.message.rstrip('.')}. {advice}") from refused

    async def _is_at_hand(self, image: str) -> bool:
        try:
            self._digests[image] = await self._inspect(image, image)
        except EngineError as missing:
            if missing.status == 404:
                return False
            raise
        return True

    async def _inspect(self, key: str, image: str) -> str | None:
        """The digest under which `image`'s repository knows what the engine calls `key`."""
        found = await self._engine.call("GET", f"/images/{key}/json")
        digests = [entry.partition("@") for entry in found.get("RepoDigests") or ()]
        repository = parse_reference(image).name
        same = [digest for name, _, digest in digests if name == repository or name.endswith(f"/{repository}")]
        return next(iter([*same, *(digest for _, _, digest in digests)]), None)

    async def _pull(self, image: str) -> None:
        reference = parse_reference(image)
        async with self._engine.answer(
            "POST",
            "/images/create",
            params={"fromImage": reference.name, "tag": reference.tag},
            headers=registry_auth(reference.name),
            patient=True,
        ) as progress:
            try:
                await _until_pulled(progress.content)
            except TimeoutError as idle:
                raise EngineError(504, f"no progress for {PULL_INACTIVITY_S} seconds") from idle


async def _until_pulled(progress: Any) -> None:
    """Read a pull to its end. Its errors come inside the stream, after a status of 200."""
    rest = b""
    while True:
        async with asyncio.timeout(PULL_INACTIVITY_S):
            chunk: bytes = await progress.readany()
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, map(bytes.strip, lines if chunk else [*lines, rest])):
            message: dict[str, Any] = msgspec.json.decode(line)
            if "error" in message:
                raise EngineError(500, str(message["error"]))
        if not chunk:
            return
