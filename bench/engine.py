"""The Docker Engine API with nothing around it, by blocking calls: what the docker runtime is compared with."""

import http.client
import json
import os
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any
from urllib.parse import quote, urlsplit

from bench.result import CannotRun

#: The oldest API that Slipway speaks, so that both sides ask for the same.
VERSION = "v1.41"
#: What the containers of a bench are called by, to be found again and removed.
LABEL = "io.slipway.bench"
REMOVALS_AT_ONCE = 8

_DEFAULT = "unix:///var/run/docker.sock"


class Refused(Exception):
    """The engine answered with an error."""


class Engine:
    """A client with a kept-alive connection a thread, of the engine at DOCKER_HOST, or at its usual socket."""

    def __init__(self) -> None:
        """Raises `CannotRun` where no engine answers."""
        self._address = os.environ.get("DOCKER_HOST", _DEFAULT)
        self._threads = local()
        try:
            self.call("GET", "/version")
        except OSError as error:
            raise CannotRun(f"no Docker Engine answers at {self._address}: {error}") from error

    def call(self, method: str, path: str, body: object = None) -> Any:
        """What the engine answers, as JSON; None for an empty answer. Raises `Refused`, `OSError`."""
        connection = self._connection()
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/{VERSION}{path}", content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise Refused(f"{method} {path}: {answer.status} {text.decode(errors='replace').strip()}")
        return json.loads(text) if text else None

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._threads, "connection", None)
        if found is None:
            url = urlsplit(self._address)
            found = http.client.HTTPConnection(url.hostname or "docker", url.port or 2375)
            if url.scheme == "unix":
                found.sock = socket.socket(socket.AF_UNIX)
                found.sock.connect(url.path)
            self._threads.connection = found
        return found

    def start_containers(self, count: int, width: int, *, image: str, command: Sequence[str]) -> float:
        """Seconds until so many containers are created and started, `width` at a time, on the default bridge."""
        body = {"Image": image, "Cmd": list(command), "Labels": {LABEL: "1"}}

        def start(_: int) -> None:
            made = self.call("POST", "/containers/create", body)
            self.call("POST", f"/containers/{made['Id']}/start")

        with ThreadPoolExecutor(width) as threads:
            began = time.monotonic()
            list(threads.map(start, range(count)))
            return time.monotonic() - began

    def remove_containers(self, label: str) -> None:
        """Remove by force every container that has `label` (a name, or name=value)."""
        listed = self.call("GET", f"/containers/json?all=1&filters={_filters(label=[label])}")
        with ThreadPoolExecutor(REMOVALS_AT_ONCE) as threads:
            list(threads.map(lambda each: self._remove(each["Id"]), listed))

    def _remove(self, container_id: str) -> None:
        try:
            self.call("DELETE", f"/containers/{container_id}?force=1&v=1")
        except Refused as refused:
            if ": 404 " not in str(refused) and ": 409 " not in str(refused):  # gone, or being removed, by its owner
                raise

    def count_tasks(self, service: str) -> int:
        """Tasks of a Swarm service that run."""
        tasks = self.call("GET", f"/tasks?filters={_filters(service=[service])}")
        return sum(task["Status"]["State"] == "running" for task in tasks)


def _filters(**named: list[str]) -> str:
    return quote(json.dumps(named))
