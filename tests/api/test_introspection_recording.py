"""The route of the recording: which deployment is meant, and what is said where there is no recording of it."""

import pytest

from slipway.journal.journal import JournalError
from slipway.ports import StoreError
from tests.api.half_rolled import NEW, OLD
from tests.api.test_introspection import PICTURE, application, get

URL = PICTURE.replace("picture", "recording")
ARN = "arn:aws:ecs:us-east-1:000000000000:service-deployment/shop/users"


async def recorded(arn: str) -> bytes:
    """A file that holds the ARN of what was asked for."""
    return arn.encode()


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        pytest.param("", f"{ARN}/2", id="the newest"),
        pytest.param(f"?deployment={NEW}", f"{ARN}/2", id="id"),
        pytest.param(f"?deployment={OLD}", f"{ARN}/1", id="id of an older one"),
        pytest.param("?deployment=1", f"{ARN}/1", id="number"),
        pytest.param(f"?deployment={ARN}/1", f"{ARN}/1", id="ARN"),
    ],
)
def test_the_recording_of_the_deployment_that_is_named(deployment: str, expected: str) -> None:
    reply = get(application(recorded=recorded), URL + deployment)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/gzip")
    assert reply.body.decode() == expected


@pytest.mark.parametrize(
    ("error", "status", "code", "sentence"),
    [
        pytest.param(
            JournalError("It is too old."), 404, "ServiceDeploymentNotFoundException", "It is too old.", id="too old"
        ),
        pytest.param(
            StoreError("the journal cannot be read: disk I/O error"),
            500,
            "ServerException",
            "The recording cannot be made: the journal cannot be read: disk I/O error.",
            id="disk",
        ),
    ],
)
def test_there_is_no_recording(error: Exception, status: int, code: str, sentence: str) -> None:
    async def refused(arn: str) -> bytes:
        raise error

    reply = get(application(recorded=refused), URL)
    assert (reply.status, reply.json) == (status, {"__type": code, "message": sentence})


def test_there_is_no_such_deployment() -> None:
    reply = get(application(recorded=recorded), f"{URL}?deployment=9")
    assert (reply.status, reply.json["__type"]) == (404, "ServiceDeploymentNotFoundException")
