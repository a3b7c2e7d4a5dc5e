"""Slipway's own routes: signed, read-only, and clear when what is named is not there."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Scope

from slipway.api.introspection import AskImages, routes
from slipway.api.introspection_recording import Recorded
from slipway.core.answers.postmortem_tasks import Tail
from slipway.core.answers.wait import Sight
from slipway.core.model.clusters import ClusterStatus
from slipway.core.plan import Put
from slipway.core.snapshot import Snapshot
from slipway.journal.journal import JournalError
from slipway.ports import StoryRow
from slipway.wire.auth import Authenticator, Credentials
from tests.api.half_rolled import ARNS, HOST_ID, NEW, NOW, OLD, SERVICE, TASKS, filled

HOST = "127.0.0.1:8400"
KEY = Credentials("AKIDEXAMPLE", "secret")
PICTURE = "/slipway/v1/clusters/shop/services/users/picture"


@dataclass(kw_only=True)
class Asked:
    """What the log source was asked for."""

    calls: list[tuple[str, str, int | None, bool]] = field(default_factory=list)

    async def __call__(self, task_arn: str, container: str, *, tail: int | None, follow: bool) -> AsyncIterator[bytes]:
        self.calls.append((task_arn, container, tail, follow))
        yield b"one\n"
        yield b"two\n"


async def nothing_measured() -> None:
    """Nothing to be brought up to date."""


async def nothing_lacks(images: Collection[str]) -> Mapping[str, str]:
    """All images can be had."""
    return {}


def application(
    *,
    snapshot: Callable[[], Snapshot] = filled,
    logs: Asked | None = None,
    signed_at: float | None = None,
    recorded: Recorded | None = None,
    measure: Callable[[], Awaitable[None]] = nothing_measured,
    image_lacks: AskImages = nothing_lacks,
    sight: Callable[[], Sight] = lambda: Sight(now=NOW),
) -> ASGIApp:
    """The routes; behind a signature made at `signed_at`, if that is given."""

    async def nothing_recorded(arn: str) -> bytes:
        raise JournalError(f"{arn} cannot be replayed.")

    def story(arn: str) -> tuple[StoryRow, ...]:
        return (StoryRow(seq=7, at=NOW, kind="Task", key=arn, cause="stop decided", document='{"version":2}'),)

    listed = routes(
        snapshot=snapshot,
        story=story,
        logs=logs or Asked(),
        last_words=lambda task: {"app": Tail(lines=("no port",))},
        recorded=recorded or nothing_recorded,
        authenticator=Authenticator([KEY]) if signed_at is not None else None,
        clock=lambda: NOW if signed_at is None else signed_at,
        sight=sight,
        arns=ARNS,
        sequence=lambda: 7,
        measure=measure,
        image_lacks=image_lacks,
    )
    return Starlette(routes=listed)


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def get(app: ASGIApp, url: str, *, headers: dict[str, str] | None = None, method: str = "GET") -> Reply:
    path, _, query = url.partition("?")
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    waiting: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        if not waiting:  # next would be that the client goes away, which it does not
            await asyncio.Event().wait()
        return waiting.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    return Reply(
        status=sent[0]["status"],
        headers={name.decode(): value.decode() for name, value in sent[0]["headers"]},
        body=b"".join(message.get("body", b"") for message in sent[1:]),
    )


def test_picture_counts_what_the_scheduler_counts() -> None:
    picture = get(application(), PICTURE).json
    assert picture["bounds"] == {"lower": 2, "upper": 4}
    assert (picture["healthy"], picture["running"], picture["wanted"], picture["alive"]) == (2, 2, 3, 4)
    assert [(one["id"], one["status"], one["task_definition"]) for one in picture["deployments"]] == [
        (NEW, "PRIMARY", "users:2"),
        (OLD, "ACTIVE", "users:1"),
    ]
    new, old = picture["deployments"]
    assert new["counts"] == {"starting": 1, "running": 0, "sick": 0, "healthy": 1, "stopping": 0}
    assert old["counts"]["stopping"] == 1
    assert [(one["kind"], one["count"]) for one in new["rounds"]] == [("START", 2), ("STOP", 1)]
    assert new["elapsed_s"] == 50
    assert old["elapsed_s"] == 20
    assert (new["is_ended"], old["is_ended"]) == (False, True)


def test_picture_lists_tasks_by_deployment_and_then_those_that_stopped_lately() -> None:
    picture = get(application(), PICTURE).json
    assert [(int(one["id"], 16), one["phase"]) for one in picture["tasks"]] == [
        (4, "healthy"),
        (5, "starting"),
        (1, "healthy"),
        (2, "stopping"),
        (3, "stopped"),
    ]
    assert picture["tasks"][2]["targets"] == [
        {
            "target_group": "users",
            "id": "127.0.0.1",
            "port": 30001,
            "state": "healthy",
            "reason": None,
            "description": None,
        }
    ]
    assert picture["targets"] == [{"target_group": "users", "states": {"healthy": 1}}]
    assert picture["tasks"][4]["stopped_reason"] == "Scaling activity"


@pytest.mark.parametrize(
    ("blocked_by", "sentence"),
    [
        pytest.param(None, None, id="not"),
        pytest.param(
            f"RESOURCE:CPU {HOST_ID}",
            "no room: a task needs 3500 CPU units, the host has 3072 of 4096 free",
            id="resource",
        ),
        pytest.param(
            "DEPLOYMENT_CONFIGURATION",
            "minimumHealthyPercent 100 and maximumPercent 200 together let no task stop and none start: "
            "change one of them",
            id="percentages",
        ),
    ],
)
def test_picture_says_what_blocks_the_service(blocked_by: str | None, sentence: str | None) -> None:
    snapshot = filled()
    blocked = replace(snapshot.services[SERVICE], blocked_by=blocked_by)
    (primary, *_) = snapshot.service_deployments_of(SERVICE)
    snapshot.apply([Put(record=blocked), Put(record=replace(primary, retry_at=NOW + 4))])
    picture = get(application(snapshot=lambda: snapshot), PICTURE).json
    assert picture["blocked_because"] == sentence
    assert picture["next_start_at"] == NOW + 4


def test_picture_says_what_the_service_and_each_task_wait_for() -> None:
    picture = get(application(), PICTURE).json
    assert [one["kind"] for one in picture["waits"]] == ["roll", "stop", "host"]
    assert {int(one["id"], 16): one["waiting_for"] for one in picture["tasks"]} == {
        4: "it is to be registered in target group users with port 8080 of container app",
        5: "its host has not begun with it, 85 s after it was placed",
        1: None,
        2: "its stop was decided 0 s ago and is being ordered",
        3: None,
    }


def test_why_tells_the_waits_of_a_service_and_of_a_task() -> None:
    service = get(application(), PICTURE.replace("picture", "why")).json
    assert service["arn"] == SERVICE
    assert service["waits"][0] == {
        "kind": "roll",
        "sentence": "it is rolled to users:2: 1 of 2 tasks are healthy, 1 old one is left, 1 stops",
        "since": NOW - 50,
        "clears_at": None,
        "clears": None,
        "subject": SERVICE,
    }
    task = get(application(), f"/slipway/v1/tasks/{TASKS[4].id}/why").json
    assert (task["at"], task["arn"], [one["kind"] for one in task["waits"]]) == (NOW, TASKS[4].arn, ["host"])
    assert get(application(), f"/slipway/v1/tasks/{TASKS[0].id}/why").json["waits"] == []


def test_overview_shows_services_with_their_addresses_and_hosts_with_their_room() -> None:
    seen = get(application(), "/slipway/v1/overview").json
    (cluster,) = seen["clusters"]
    (service,) = cluster["services"]
    assert (service["name"], service["task_definition"], service["healthy"]) == ("users", "users:2", 2)
    assert service["addresses"] == ["http://127.0.0.2:8080"]
    (host,) = seen["hosts"]
    assert (host["cpu_left"], host["memory_left"], host["tasks"]) == (3072, 7680, 4)


def test_events_are_the_newest_first() -> None:
    events = get(application(), PICTURE.replace("picture", "events")).json["events"]
    assert events == [{"id": "e1", "at": NOW - 9, "message": "(service users) has begun."}]


def test_logs_are_streamed_of_the_one_container() -> None:
    asked = Asked()
    reply = get(application(logs=asked), f"/slipway/v1/tasks/{TASKS[0].id}/logs?tail=20&follow=true")
    assert reply.body == b"one\ntwo\n"
    assert reply.headers["x-slipway-container"] == "app"
    assert asked.calls == [(TASKS[0].arn, "app", 20, True)]


def test_a_container_that_has_not_begun_has_printed_nothing() -> None:
    asked = Asked()
    reply = get(application(logs=asked), f"/slipway/v1/tasks/{TASKS[4].id}/logs?follow=true")
    assert (reply.status, reply.body, asked.calls) == (200, b"", [])


def test_story_is_told_with_its_records() -> None:
    told = get(application(), f"/slipway/v1/story?arn={TASKS[0].arn}").json
    assert told["rows"] == [{"seq": 7, "at": NOW, "kind": "Task", "cause": "stop decided", "document": {"version": 2}}]


def test_a_deleted_cluster_is_not_offered() -> None:
    snapshot = filled()
    (cluster,) = snapshot.clusters.values()
    snapshot.apply([Put(record=replace(cluster, status=ClusterStatus.INACTIVE))])
    answered = get(application(snapshot=lambda: snapshot), PICTURE)
    assert (answered.status, answered.json["message"]) == (404, "There is no cluster shop; there are none.")


@pytest.mark.parametrize(
    ("url", "status", "code", "sentence"),
    [
        pytest.param(
            "/slipway/v1/clusters/shops/services/users/picture",
            404,
            "ClusterNotFoundException",
            "There is no cluster shops; the clusters are shop.",
            id="cluster",
        ),
        pytest.param(
            "/slipway/v1/clusters/shop/services/user/events",
            404,
            "ServiceNotFoundException",
            "There is no service user in cluster shop; its services are users.",
            id="service",
        ),
        pytest.param(
            "/slipway/v1/tasks/abcdef/logs",
            400,
            "InvalidParameterException",
            "There is no task abcdef; a stopped task is kept for about an hour.",
            id="task",
        ),
        pytest.param(
            "/slipway/v1/tasks/abc/logs",
            400,
            "InvalidParameterException",
            "abc is no task's id: give all 32 characters of it, or the first 4 at least.",
            id="short id",
        ),
        pytest.param(
            f"/slipway/v1/tasks/{TASKS[0].id}/logs?container=db",
            400,
            "InvalidParameterException",
            f"Task {TASKS[0].id} has no container db: name one with container=, of app.",
            id="container",
        ),
        pytest.param(
            f"/slipway/v1/tasks/{TASKS[0].id}/logs?tail=-1",
            400,
            "InvalidParameterException",
            "tail must be a number of lines up to 1000000, not '-1'.",
            id="tail",
        ),
        pytest.param(
            f"/slipway/v1/tasks/{TASKS[0].id}/logs?follow=maybe",
            400,
            "InvalidParameterException",
            "follow must be true or false, not 'maybe'.",
            id="follow",
        ),
        pytest.param(
            "/slipway/v1/story", 400, "InvalidParameterException", "Name whose story is wanted with arn=.", id="story"
        ),
    ],
)
def test_refusals_say_what_is_there(url: str, status: int, code: str, sentence: str) -> None:
    reply = get(application(), url)
    assert reply.status == status
    assert reply.json == {"__type": code, "message": sentence}


def test_ids_that_begin_alike_are_told_apart() -> None:
    reply = get(application(), "/slipway/v1/tasks/00000000/logs")
    assert reply.json["message"].startswith("5 tasks have an id that begins 00000000: 0000")


def test_routes_only_read() -> None:
    assert get(application(), PICTURE, method="POST").status == 405


def signed(url: str, secret: str) -> dict[str, str]:
    """The headers botocore signs a request to `url` with."""
    request = AWSRequest(method="GET", url=f"http://{HOST}{url}", headers={"Host": HOST})
    SigV4Auth(BotoCredentials(KEY.access_key_id, secret), "ecs", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def date_of(headers: dict[str, str]) -> float:
    """When it was signed: botocore takes the time from the clock, and so the server is asked as of then."""
    return datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(PICTURE, id="path"),
        pytest.param(f"/slipway/v1/story?arn={TASKS[0].arn.replace(':', '%3A').replace('/', '%2F')}", id="query"),
    ],
)
def test_a_signature_lets_in(url: str) -> None:
    headers = signed(url, KEY.secret_access_key)
    assert get(application(signed_at=date_of(headers)), url, headers=headers).status == 200


def test_an_escaped_path_is_signed_twice_escaped() -> None:
    url = "/slipway/v1/clusters/my%20shop/services/users/picture"
    headers = signed(url, KEY.secret_access_key)
    reply = get(application(signed_at=date_of(headers)), url, headers=headers)
    assert reply.json["__type"] == "ClusterNotFoundException"


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        pytest.param("wrong", "InvalidSignatureException", id="wrong secret"),
        pytest.param("", "MissingAuthenticationTokenException", id="unsigned"),
    ],
)
def test_nobody_else_is_let_in(secret: str, code: str) -> None:
    headers = signed(PICTURE, secret or "any")
    app = application(signed_at=date_of(headers))
    reply = get(app, PICTURE, headers=headers if secret else {})
    assert (reply.status, reply.json["__type"]) == (403, code)
