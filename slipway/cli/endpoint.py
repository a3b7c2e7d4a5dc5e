"""A client of Slipway's own routes: signed GET requests over one kept connection, answers as JSON or as lines."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from slipway.cli.access import Access
from slipway.cli.failure import CliError, Unreachable
from slipway.wire.signature import ALGORITHM, Authorization, SignedRequest, derive_signing_key, signature_of

PREFIX = "/slipway/v1"
TIMEOUT_S = 30
RECORDING_TIMEOUT_S = 600  # a recording of hours with thousands of tasks is walked back to before its first byte comes
PIECE_BYTES = 64 * 1024  # read at once of an answer in lines
SIGNED = ("host", "x-amz-date")
#: The parameters of a question; one with several values is given several times.
Query = Mapping[str, str | list[str]]

NO_QUERY: Query = MappingProxyType({})


class Endpoint:
    """The routes of one server. Not to be shared between threads: it keeps one connection."""

    def __init__(self, access: Access) -> None:
        self.access = access
        address = urlsplit(access.endpoint)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise CliError(f"AWS_ENDPOINT_URL is {access.endpoint!r}; it must be like http://127.0.0.1:8400.")
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(address.hostname, address.port, timeout=TIMEOUT_S)
        self._host = address.netloc.rpartition("@")[2]

    def picture(self, cluster: str, service: str, *, roll_outs: int | None = None) -> dict[str, Any]:
        """The picture of a service, as `slipway.api.introspection_picture` makes it, with so many service deployments
        (None: the few newest). Raises `CliError`."""
        query = {} if roll_outs is None else {"roll_outs": str(roll_outs)}
        return self._get(_service_path(cluster, service, "picture"), query)

    def events(self, cluster: str, service: str) -> list[dict[str, Any]]:
        """The service's events, newest first: `id`, `at`, `message`. Raises `CliError`."""
        found: list[dict[str, Any]] = self._get(_service_path(cluster, service, "events"))["events"]
        return found

    def why_service(self, cluster: str, service: str) -> dict[str, Any]:
        """What a service waits for: `at` and `waits`. Raises `CliError`."""
        return self._get(_service_path(cluster, service, "why"))

    def why_task(self, task: str) -> dict[str, Any]:
        """What a task waits for: `at` and `waits`. Raises `CliError`."""
        return self._get(f"{PREFIX}/tasks/{quote(task, safe='')}/why")

    def postmortem(self, cluster: str, service: str, deployment: str | None) -> dict[str, Any]:
        """The post-mortem of a deployment (its id or ARN; None: the newest that failed). Raises `CliError`."""
        query = {} if deployment is None else {"deployment": deployment}
        return self._get(_service_path(cluster, service, "postmortem"), query)

    def recording(self, cluster: str, service: str, deployment: str | None) -> bytes:
        """The file of the recording of a deployment (its id or ARN; None: the newest), with environments. Raises
        `CliError`."""
        query = {} if deployment is None else {"deployment": deployment}
        self._connection.timeout = RECORDING_TIMEOUT_S
        if self._connection.sock is not None:
            self._connection.sock.settimeout(RECORDING_TIMEOUT_S)
        return self._content(_service_path(cluster, service, "recording"), query)

    def fork(
        self,
        cluster: str,
        service: str,
        *,
        task_definition: str | None = None,
        images: Mapping[str, str] | None = None,
    ) -> bytes:
        """What a deployment of a service is forecast from, as `slipway.foresight.fork.fork_of` reads it; with a
        revision that it may be rolled to. `images`, by container, are those that would take the place of that
        revision's: the server says which of all of them cannot be had; None: it is not asked. Raises `CliError`."""
        query: dict[str, str | list[str]] = {} if task_definition is None else {"task_definition": task_definition}
        if images is not None:
            query |= {"image_lacks": "true", "image": [f"{name}={image}" for name, image in images.items()]}
        return self._content(_service_path(cluster, service, "fork"), query)

    def overview(self) -> dict[str, Any]:
        """All clusters, services, tasks and hosts. Raises `CliError`."""
        return self._get(f"{PREFIX}/overview")

    def lines(self, task: str, container: str, *, tail: int | None, follow: bool) -> Iterator[str]:
        """The lines a container printed, as they come. Raises `CliError`, also where the answer is broken off."""
        query = {"container": container, "follow": "true" if follow else "false"}
        query |= {"tail": str(tail)} if tail is not None else {}
        answer = self._ask(f"{PREFIX}/tasks/{quote(task, safe='')}/logs", query)
        if follow and self._connection.sock is not None:
            self._connection.sock.settimeout(None)  # the next line may be long in coming
        for line in self._lines_of(answer):
            yield line.decode(errors="replace").rstrip("\r\n")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _lines_of(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        """The lines of an answer without their newlines. Iterating over it would end in silence where it breaks off."""
        rest = b""
        try:
            while piece := answer.read1(PIECE_BYTES):
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            raise Unreachable(f"{self.access.endpoint} broke off before the end; is the server up?") from error
        if rest:
            yield rest

    def _get(self, path: str, query: Query = NO_QUERY) -> dict[str, Any]:
        content = self._content(path, query)
        try:
            value: dict[str, Any] = json.loads(content)
        except ValueError:
            raise CliError(f"{self.access.endpoint} is no Slipway server: {path} gave no JSON.") from None
        return value

    def _content(self, path: str, query: Query) -> bytes:
        try:
            return self._ask(path, query).read()
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            raise self._unreachable(error) from error

    def _ask(self, path: str, query: Query) -> http.client.HTTPResponse:
        """The answer with status 200; a connection that the server closed meanwhile is opened again, once."""
        is_first = self._connection.sock is None
        try:
            answer = self._send(path, query)
        except (ConnectionError, http.client.BadStatusLine) as error:
            self._connection.close()
            if is_first:
                raise self._unreachable(error) from error
            return self._ask(path, query)
        except OSError as error:
            self._connection.close()
            raise self._unreachable(error) from error
        if answer.status != 200:
            raise CliError(_refusal(self.access.endpoint, answer))
        return answer

    def _send(self, path: str, query: Query) -> http.client.HTTPResponse:
        text = urlencode(query, doseq=True, quote_via=quote)
        request = SignedRequest(
            method="GET",
            path=quote(path, safe="/-_.~"),
            query=text,
            headers={"host": self._host, "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())},
            body=b"",
        )
        headers = {**request.headers, "authorization": _authorization(request, self.access)}
        self._connection.request("GET", f"{path}?{text}" if text else path, headers=headers)
        return self._connection.getresponse()

    def _unreachable(self, error: Exception) -> Unreachable:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unreachable(f"No server answers at {self.access.endpoint} ({why}); start it with `slipway up`.")


def _service_path(cluster: str, service: str, what: str) -> str:
    return f"{PREFIX}/clusters/{quote(cluster, safe='')}/services/{quote(service, safe='')}/{what}"


def _authorization(request: SignedRequest, access: Access) -> str:
    """The SigV4 `Authorization` header of a request to ECS."""
    date = request.headers["x-amz-date"][:8]
    unsigned = Authorization(
        access_key_id=access.access_key_id,
        date=date,
        region=access.region,
        signing_name="ecs",
        signed_headers=SIGNED,
        signature="",
    )
    key = derive_signing_key(access.secret_access_key, date, access.region, "ecs")
    credential = f"{access.access_key_id}/{unsigned.scope}"
    signature = signature_of(request, unsigned, key)
    return f"{ALGORITHM} Credential={credential}, SignedHeaders={';'.join(SIGNED)}, Signature={signature}"


def _refusal(endpoint: str, answer: http.client.HTTPResponse) -> str:
    content = answer.read()
    try:
        sentence = str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return f"{endpoint} is no Slipway server, or an older one: it answered with status {answer.status}."
    return sentence
