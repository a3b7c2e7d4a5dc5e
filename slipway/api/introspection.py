"""Slipway's own routes: what the ECS API does not show, for the command line and the console. They only read.

    GET /slipway/v1/overview
    GET /slipway/v1/clusters/{cluster}/services/{service}/picture?roll_outs=
    GET /slipway/v1/clusters/{cluster}/services/{service}/events
    GET /slipway/v1/clusters/{cluster}/services/{service}/why
    GET /slipway/v1/clusters/{cluster}/services/{service}/postmortem?deployment=
    GET /slipway/v1/clusters/{cluster}/services/{service}/recording?deployment=
    GET /slipway/v1/clusters/{cluster}/services/{service}/fork?task_definition=&image_lacks=&image=
    GET /slipway/v1/tasks/{task}/why
    GET /slipway/v1/tasks/{task}/logs?container=&tail=&follow=
    GET /slipway/v1/story?arn=

They are signed as requests to ECS are. A refusal is `{"__type": CODE, "message": SENTENCE}`, as in AWS JSON.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from slipway.api.errors import ApiError
from slipway.api.introspection_fork import asked_definition, asked_images, gather_fork
from slipway.api.introspection_lookup import find_container, find_roll_out, find_service, find_task
from slipway.api.introspection_overview import overview
from slipway.api.introspection_picture import event_entry, service_picture
from slipway.api.introspection_postmortem import LastWords, told_postmortem
from slipway.api.introspection_recording import Recorded, told_recording
from slipway.api.introspection_roll_outs import ROLL_OUTS_SHOWN
from slipway.api.introspection_why import service_why, task_why
from slipway.core.answers.wait import Sight
from slipway.core.arns import Arns
from slipway.core.deployments.history import DEPLOYMENTS_KEPT
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.snapshot import Snapshot
from slipway.ports import StoryRow

PREFIX = "/slipway/v1"
SIGNING_NAME = "ecs"
TAIL_MOST = 1_000_000

_STATUSES = {
    "MissingAuthenticationTokenException": HTTPStatus.FORBIDDEN,
    "IncompleteSignatureException": HTTPStatus.FORBIDDEN,
    "UnrecognizedClientException": HTTPStatus.FORBIDDEN,
    "InvalidSignatureException": HTTPStatus.FORBIDDEN,
    "ClusterNotFoundException": HTTPStatus.NOT_FOUND,
    "ServiceNotFoundException": HTTPStatus.NOT_FOUND,
    "ServiceDeploymentNotFoundException": HTTPStatus.NOT_FOUND,
    "ServerException": HTTPStatus.INTERNAL_SERVER_ERROR,
}


_Handler = Callable[[Request], Response | Awaitable[Response]]

#: Why images cannot be had, by image, as far as that is known in time.
AskImages = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]


class Authenticator(Protocol):
    """What verifies a signature: `slipway.wire.auth.Authenticator`, given from outside since `api` lies within."""

    def verify(self, request: Any, *, signing_name: str, now: float) -> object:
        """Raise `ApiError` unless `request` (see `Signed`) was signed with a key of ours for `signing_name`."""


class Logs(Protocol):
    """Where the output of a container is read: whole lines; the last `tail` (None: all), going on with `follow`."""

    def __call__(self, task_arn: str, container: str, *, tail: int | None, follow: bool) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature covers, as the verifier reads it; `path` is escaped twice, as SigV4 asks of every service."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


def routes(
    *,
    snapshot: Callable[[], Snapshot],
    story: Callable[[str], tuple[StoryRow, ...]],
    logs: Logs,
    last_words: LastWords,
    recorded: Recorded,
    authenticator: Authenticator | None,
    clock: Callable[[], float],
    sight: Callable[[], Sight],
    arns: Arns,
    sequence: Callable[[], int],
    measure: Callable[[], Awaitable[None]],
    image_lacks: AskImages,
) -> list[Route]:
    """The routes. `authenticator` None lets every request in; `clock` gives epoch seconds, as `sight` does with what
    waits are told by; `sequence` is that of the ids. `measure` brings what `sight` tells of requests up to date;
    `image_lacks` says why images cannot be had. Both end within seconds."""
    reader = _Reader(snapshot=snapshot, story=story, logs=logs, last_words=last_words, recorded=recorded, sight=sight)
    forks = _Forks(
        snapshot=snapshot, sight=sight, arns=arns, sequence=sequence, measure=measure, image_lacks=image_lacks
    )
    service = f"{PREFIX}/clusters/{{cluster}}/services/{{service}}"
    handlers: dict[str, _Handler] = {
        f"{PREFIX}/overview": reader.overview,
        f"{service}/picture": reader.picture,
        f"{service}/events": reader.events,
        f"{service}/why": reader.why_service,
        f"{service}/postmortem": reader.postmortem,
        f"{service}/recording": reader.recording,
        f"{service}/fork": forks.fork,
        f"{PREFIX}/tasks/{{task}}/why": reader.why_task,
        f"{PREFIX}/tasks/{{task}}/logs": reader.logs,
        f"{PREFIX}/story": reader.story,
    }
    return [Route(path, _guarded(handler, authenticator, clock), methods=["GET"]) for path, handler in handlers.items()]


def _guarded(
    handler: _Handler, authenticator: Authenticator | None, clock: Callable[[], float]
) -> Callable[[Request], Awaitable[Response]]:
    """The handler behind the signature, its refusals answered."""

    async def answer(request: Request) -> Response:
        try:
            if authenticator is not None:
                authenticator.verify(await _signed(request), signing_name=SIGNING_NAME, now=clock())
            answered = handler(request)
            return answered if isinstance(answered, Response) else await answered
        except ApiError as error:
            status = _STATUSES.get(error.code, HTTPStatus.BAD_REQUEST)
            return _answer({"__type": error.code, "message": error.message}, status)

    return answer


async def _signed(request: Request) -> Signed:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return Signed(
        method=request.method,
        path=quote(raw_path, safe="/-_.~"),
        query=request.scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await request.body(),
    )


class _Reader:
    """The handlers: each reads the snapshot once and answers."""

    def __init__(
        self,
        *,
        snapshot: Callable[[], Snapshot],
        story: Callable[[str], tuple[StoryRow, ...]],
        logs: Logs,
        last_words: LastWords,
        recorded: Recorded,
        sight: Callable[[], Sight],
    ) -> None:
        self._snapshot = snapshot
        self._story = story
        self._logs = logs
        self._last_words = last_words
        self._recorded = recorded
        self._sight = sight

    def overview(self, request: Request) -> Response:
        return _answer(overview(self._snapshot(), now=self._sight().now))

    def picture(self, request: Request) -> Response:
        snapshot, service = self._service(request)
        count = _count(request.query_params.get("roll_outs", ""))
        return _answer(service_picture(snapshot, service, self._sight(), roll_outs=count))

    def events(self, request: Request) -> Response:
        snapshot, service = self._service(request)
        events = [event_entry(one) for one in snapshot.events(service.arn)]
        return _answer({"at": self._sight().now, "arn": service.arn, "events": events})

    def why_service(self, request: Request) -> Response:
        snapshot, service = self._service(request)
        return _answer(service_why(snapshot, service, self._sight()))

    async def postmortem(self, request: Request) -> Response:
        snapshot, service = self._service(request)
        roll_out = find_roll_out(snapshot, service, request.query_params.get("deployment", ""))
        told = await told_postmortem(
            snapshot, service, roll_out, now=self._sight().now, story=self._story, last_words=self._last_words
        )
        return _answer(told)

    async def recording(self, request: Request) -> Response:
        snapshot, service = self._service(request)
        return await told_recording(snapshot, service, request.query_params.get("deployment", ""), self._recorded)

    def why_task(self, request: Request) -> Response:
        snapshot = self._snapshot()
        return _answer(task_why(snapshot, find_task(snapshot, request.path_params["task"]), self._sight()))

    def _service(self, request: Request) -> tuple[Snapshot, Service]:
        snapshot = self._snapshot()
        return snapshot, find_service(snapshot, request.path_params["cluster"], request.path_params["service"])

    def logs(self, request: Request) -> Response:
        query = request.query_params
        task = find_task(self._snapshot(), request.path_params["task"])
        container = find_container(task, query.get("container", ""))
        tail, follow = _tail(query.get("tail", "")), _is_true("follow", query.get("follow", ""))
        has_begun = container.runtime_id is not None  # before that there is nothing to be read, and nothing was printed
        lines = self._logs(task.arn, container.name, tail=tail, follow=follow) if has_begun else _nothing()
        headers = {"X-Slipway-Task": task.id, "X-Slipway-Container": container.name}
        return StreamingResponse(lines, media_type="text/plain; charset=utf-8", headers=headers)

    def story(self, request: Request) -> Response:
        arn = request.query_params.get("arn", "")
        if not arn:
            raise ApiError("InvalidParameterException", "Name whose story is wanted with arn=.")
        return _answer({"arn": arn, "rows": [_row(one) for one in self._story(arn)]})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forks:
    """What a service's deployments are forecast from."""

    snapshot: Callable[[], Snapshot]
    sight: Callable[[], Sight]
    arns: Arns
    sequence: Callable[[], int]
    measure: Callable[[], Awaitable[None]]
    image_lacks: AskImages

    async def fork(self, request: Request) -> Response:
        lacks = await self._image_lacks(request)
        await self.measure()
        snapshot, service, definition = self._asked(request)  # of one instant: nothing is waited for from here on
        told = gather_fork(
            snapshot,
            service,
            self.sight(),
            arns=self.arns,
            sequence=self.sequence(),
            definition=definition,
            image_lacks=lacks,
        )
        return StreamingResponse(told.pieces(), media_type="application/json")

    def _asked(self, request: Request) -> tuple[Snapshot, Service, TaskDefinition | None]:
        snapshot = self.snapshot()
        service = find_service(snapshot, request.path_params["cluster"], request.path_params["service"])
        return snapshot, service, asked_definition(snapshot, request.query_params.get("task_definition", ""))

    async def _image_lacks(self, request: Request) -> Mapping[str, str]:
        """Why images of what would be deployed cannot be had, where that is asked for."""
        snapshot, service, definition = self._asked(request)
        if not _is_true("image_lacks", request.query_params.get("image_lacks", "")):
            return {}
        others = dict(one.partition("=")[::2] for one in request.query_params.getlist("image"))
        return await self.image_lacks(asked_images(snapshot, service, definition, others))


async def _nothing() -> AsyncIterator[bytes]:
    no_lines: tuple[bytes, ...] = ()
    for line in no_lines:
        yield line


def _row(row: StoryRow) -> dict[str, Any]:
    document = json.loads(row.document) if row.document else None
    return {"seq": row.seq, "at": row.at, "kind": row.kind, "cause": row.cause, "document": document}


def _count(value: str) -> int:
    """How many service deployments are asked for; those of the picture where that is not said."""
    if not value:
        return ROLL_OUTS_SHOWN
    if not (value.isascii() and value.isdigit()) or not 0 < int(value) <= DEPLOYMENTS_KEPT:
        sentence = f"roll_outs must be a number from 1 to {DEPLOYMENTS_KEPT}, not {value!r}."
        raise ApiError("InvalidParameterException", sentence)
    return int(value)


def _tail(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or int(value) > TAIL_MOST:
        raise ApiError("InvalidParameterException", f"tail must be a number of lines up to {TAIL_MOST}, not {value!r}.")
    return int(value)


def _is_true(name: str, value: str) -> bool:
    if value.lower() not in ("", "0", "1", "false", "true"):
        raise ApiError("InvalidParameterException", f"{name} must be true or false, not {value!r}.")
    return value.lower() in ("1", "true")


def _answer(content: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(content), status_code=status, media_type="application/json")
