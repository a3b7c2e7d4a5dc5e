"""Making images present, by the pull behaviour set (`ECS_IMAGE_PULL_BEHAVIOR` of the public ECS agent).

What is told as the digest of an image can always be run again on this engine: it is the registry's digest where the
image has one in its own repository, and runs as `repository@digest`; else (built, imported or only tagged here) it is
the engine's id of the image, and runs as that.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.docker_credentials import registry_auth
from slipway.adapters.docker_engine import ENGINE_GONE, Engine, EngineError, EngineGone

#: Seconds a pull may show no progress (ECS_IMAGE_PULL_INACTIVITY_TIMEOUT).
PULL_INACTIVITY_S = 60
#: Seconds a registry is given to say whether it has an image.
REGISTRY_LOOK_S = 3
#: What the engine leaves out of the names of Docker Hub's repositories.
DOCKER_HUB_PREFIXES = ("index.docker.io/", "docker.io/", "library/")


_Wanted = tuple[str, str | None]  # image, digest


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


def repository_of(image: str) -> str:
    """The repository of an image as the engine names it in `RepoDigests`."""
    name = parse_reference(image).name
    for prefix in DOCKER_HUB_PREFIXES:
        name = name.removeprefix(prefix)
    return name


class DockerImages:
    """The engine's images. Pulls of one image that are asked for at the same time are one pull."""

    def __init__(self, engine: Engine, behavior: PullBehavior) -> None:
        self._engine = engine
        self._behavior = behavior
        self._in_flight: dict[_Wanted, asyncio.Task[None]] = {}
        self._pulled: set[str] = set()
        self._digests: dict[tuple[str, str], str] = {}  # by the engine's id and the image's name

    async def ensure(self, image: str, digest: str | None = None) -> None:
        """Make `image` present, or what it was at `digest`, one that was told as its digest before.

        Raises `RuntimeFault("CannotPullContainerError", …)` with what to do about it.
        """
        wanted = (image, digest)
        flight = self._in_flight.get(wanted)
        if flight is None:
            flight = self._in_flight[wanted] = asyncio.create_task(self._ensure(image, digest), name=f"pull {image}")
            flight.add_done_callback(partial(self._landed, wanted))
        await asyncio.shield(flight)  # one waiter that gives up does not end the pull of the others

    async def runnable(self, image: str, digest: str | None) -> str:
        """What the engine is asked to run for `image` at `digest`; None: what the name means now.

        Raises `RuntimeFault("CannotCreateContainerError", …)`.
        """
        if digest is None:
            return image
        try:
            return await self._pinned(image, digest) or f"{repository_of(image)}@{digest}"
        except EngineGone as gone:
            raise RuntimeFault(ENGINE_GONE, gone.message) from gone
        except EngineError as fault:
            raise RuntimeFault("CannotCreateContainerError", f"{image} ({digest}): {fault.message}") from fault

    async def digest_of(self, image_id: str, image: str) -> str:
        """The digest of `image`, which was the engine's `image_id` when it was run; see the head of this module."""
        if (image_id, image) not in self._digests:
            try:
                self._digests[image_id, image] = await self._registry_digest(image_id, image) or image_id
            except (EngineError, EngineGone):
                return image_id  # a container outlives its image's name
        return self._digests[image_id, image]

    async def lack(self, image: str) -> str | None:
        """Why `image` could not be made present now, as a sentence that says where was looked; None: it could."""
        try:
            is_at_hand = await self._is_at_hand(image)
            if is_at_hand and (self._behavior is PullBehavior.DEFAULT or await self._may_use_cached(image)):
                return None
            refusal = await self._registry_refusal(image)
        except EngineError as refused:
            return f"{image}: {refused.message}."
        except EngineGone:
            return None
        where = (
            f"is on this machine, but `{self._behavior}` asks the registry" if is_at_hand else "is not on this machine"
        )
        return refusal and f"{image} {where}, and {refusal.rstrip('.')}."

    async def close(self) -> None:
        """Give up the pulls in flight."""
        flights = tuple(self._in_flight.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _landed(self, wanted: _Wanted, flight: asyncio.Task[None]) -> None:
        self._in_flight.pop(wanted, None)
        if not flight.cancelled():
            flight.exception()  # seen: whoever waited has it, and all may have given up

    async def _ensure(self, image: str, digest: str | None) -> None:
        try:
            if digest is not None:
                await self._ensure_pinned(image, digest)
            elif not await self._may_use_cached(image):
                await self._pull_or_fall_back(image)
        except EngineGone as gone:
            raise RuntimeFault(ENGINE_GONE, gone.message) from gone
        except EngineError as fault:
            raise RuntimeFault("CannotPullContainerError", f"{image}: {fault.message}") from fault

    async def _pull_or_fall_back(self, image: str) -> None:
        try:
            await self._pull(image)
        except EngineError as refused:
            await self._fall_back(image, refused)
            return
        self._pulled.add(image)

    async def _ensure_pinned(self, image: str, digest: str) -> None:
        if await self._pinned(image, digest) is not None:
            return
        try:
            await self._pull(f"{repository_of(image)}@{digest}")
        except EngineError as refused:
            raise RuntimeFault(
                "CannotPullContainerError",
                f"{image}: the deployment runs {digest} of it, which is not on this machine any more, and the registry "
                f"does not give it: {refused.message.rstrip('.')}. A new deployment runs what {image} names now.",
            ) from refused

    async def _pinned(self, image: str, digest: str) -> str | None:
        """The name under which the engine has `image` at `digest`; None: it does not have it."""
        for name in (f"{repository_of(image)}@{digest}", digest):
            if await self._is_at_hand(name):
                return name
        return None

    async def _registry_refusal(self, image: str) -> str | None:
        """Why a registry would not give `image`, as the end of a sentence; None: it would."""
        try:
            async with asyncio.timeout(REGISTRY_LOOK_S):
                async with self._engine.answer(
                    "GET",
                    f"/distribution/{quote(image, safe='/:@')}/json",
                    headers=registry_auth(parse_reference(image).name),
                ) as answer:
                    await answer.read()
        except TimeoutError:
            return f"its registry did not answer within {REGISTRY_LOOK_S} seconds"
        except EngineError as refused:
            return f"its registry does not give it: {refused.message}"
        return None

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
            await self._engine.call("GET", f"/images/{image}/json")
        except EngineError as missing:
            if missing.status == 404:
                return False
            raise
        return True

    async def _registry_digest(self, image_id: str, image: str) -> str | None:
        """The digest under which `image`'s own repository knows the image; None: it never saw that registry."""
        found = await self._engine.call("GET", f"/images/{image_id}/json")
        digests = [entry.partition("@") for entry in found.get("RepoDigests") or ()]
        return next((digest for name, _, digest in digests if repository_of(name) == repository_of(image)), None)

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
