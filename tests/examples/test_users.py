"""The example microservice as a real process on a free loopback port: its API, its HTTP, its graceful stop."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.validate import ParamValidator

from tests.waiting import wait_until

EXAMPLE = Path(__file__).parents[2] / "examples" / "users"
TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, object]]:
        """(status, answer) of one request on a connection of its own."""
        with closing(self.connect()) as connection:
            return ask(connection, method, path, body)

    def send(self, request: bytes) -> bytes:
        """All that the server answers to these bytes until it hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S) as connection:
            connection.sendall(request)
            return read_all(connection)

    def is_accepting(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0

    def terminate(self) -> None:
        """SIGTERM; returns once the server accepts nothing more."""
        self.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not self.is_accepting(), what="the port to be closed")

    def ended(self) -> tuple[int, str]:
        """(exit code, last line printed) of the server, once it has ended by itself."""
        output, _ = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, output.splitlines()[-1]


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None
) -> tuple[int, dict[str, object]]:
    connection.request(method, path, body)
    return read(connection.getresponse())


def read(response: http.client.HTTPResponse) -> tuple[int, dict[str, object]]:
    return response.status, json.loads(response.read())


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running(**environment: str) -> Iterator[Users]:
    command = [sys.executable, str(EXAMPLE / "server.py")]
    settings = {**os.environ, "HOST": "127.0.0.1", "PORT": "0", **environment}
    with subprocess.Popen(
        command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            first_line = process.stdout.readline()
            assert " listening on 127.0.0.1:" in first_line, first_line
            yield Users(process=process, port=int(first_line.split(" listening on 127.0.0.1:")[1].split()[0]))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def users() -> Iterator[Users]:
    with running(VERSION="v7") as server:
        yield server


def test_version_and_task_are_in_every_answer(users: Users) -> None:
    task = f"{socket.gethostname()}/{users.process.pid}"
    with closing(users.connect()) as connection:
        for path in ("/", "/health", "/user/1", "/user/99", "/nowhere"):
            connection.request("GET", path)
            response = connection.getresponse()
            assert (response.headers["X-Version"], response.headers["X-Task"]) == ("v7", task)
            answer = json.loads(response.read())
            assert (answer["version"], answer["task"]) == ("v7", task)


def test_a_user_is_added_read_and_deleted(users: Users) -> None:
    status, added = users.ask("POST", "/user/add", '{"name": " Frances Allen "}')
    assert (status, added["name"]) == (201, "Frances Allen")
    path = f"/user/{added['id']}"
    assert users.ask("GET", path) == (200, added)
    assert users.ask("DELETE", path)[0] == 200
    assert users.ask("GET", path)[0] == 404
    assert users.ask("DELETE", path)[0] == 404


def test_tasks_share_the_users_of_one_file(tmp_path: Path) -> None:
    users_db = str(tmp_path / "users.db")
    with running(USERS_DB=users_db) as one, running(USERS_DB=users_db) as other:
        _, added = one.ask("POST", "/user/add", '{"name": "Radia Perlman"}')
        assert added["id"] == 4
        assert other.ask("GET", "/user/4")[1]["name"] == "Radia Perlman"


def test_health_follows_the_settings() -> None:
    with running(HEALTH="fail") as failing:
        assert failing.ask("GET", "/health")[0] == 503
        assert failing.ask("GET", "/user/1")[0] == 200
    with running(HEALTH_AFTER_S="0.3") as late:
        wait_until(lambda: late.ask("GET", "/health")[0] == 200, what="the health check to pass")
    with running(HEALTH_AFTER_S="3600") as not_yet:
        assert not_yet.ask("GET", "/health")[0] == 503


def test_health_ends_when_the_settings_say_so() -> None:
    with running(HEALTH_UNTIL_S="0.3") as sickening:
        wait_until(lambda: sickening.ask("GET", "/health")[0] == 503, what="the health check to fail")
        assert sickening.ask("GET", "/user/1")[0] == 200


def test_a_share_of_the_requests_for_users_fails() -> None:
    with running(ERRORS="0.25") as wrong:
        statuses = [wrong.ask("GET", "/user/1")[0] for _ in range(8)]
        assert statuses == [200, 200, 200, 500, 200, 200, 200, 500]
        assert wrong.ask("GET", "/health")[0] == 200


def test_a_version_may_crash_at_its_start() -> None:
    command = [sys.executable, str(EXAMPLE / "server.py")]
    ended = subprocess.run(
        command, env={**os.environ, "CRASH": "yes"}, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ended.returncode == 1
    assert "crashes at its start" in ended.stderr


def test_one_connection_serves_many_requests(users: Users) -> None:
    with closing(users.connect()) as connection:
        statuses = [ask(connection, *request)[0] for request in [("GET", "/user/1"), ("PUT", "/"), ("GET", "/user/2")]]
        first_socket = connection.sock
        statuses.append(ask(connection, "POST", "/user/add", "not json")[0])
        assert (statuses, connection.sock) == ([200, 405, 200, 400], first_socket)


def test_pipelined_requests_are_answered_in_order(users: Users) -> None:
    body = b'{"name": "GET / HTTP/1.1"}'
    answers = users.send(
        b"GET /slow?seconds=0.05 HTTP/1.1\r\nHost: a\r\n\r\n"
        + b"POST /user/add HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        + b"GET /user/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    assert [line for line in answers.splitlines() if line.startswith(b"HTTP/1.1 ")] == [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 201 Created",
        b"HTTP/1.1 200 OK",
    ]
    assert answers.index(b'"seconds": 0.05') < answers.index(b'"GET / HTTP/1.1"') < answers.index(b"Grace Hopper")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, id="no such path"),
        pytest.param(b"GET /user/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, id="no number"),
        pytest.param(b"PATCH /user/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405, id="method not served"),
        pytest.param(b"GET /slow?seconds=nan HTTP/1.0\r\n\r\n", 400, id="seconds not a number"),
        pytest.param(b"GET /slow?seconds=61 HTTP/1.0\r\n\r\n", 400, id="too slow"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", 200, id="an HTTP/1.0 client"),
        pytest.param(b"hello\r\n\r\n", 400, id="no request line"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, id="no header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n", 400, id="header name with a space"),
        pytest.param(b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, id="HTTP/2"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431, id="head too large"),
        pytest.param(b"POST /user/add HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(
            b"POST /user/add HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            400,
            id="two lengths",
        ),
        pytest.param(
            b"POST /user/add HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411, id="chunked body"
        ),
        pytest.param(
            b"POST /user/add HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000,
            413,
            id="1 MB body",
        ),
    ],
)
def test_bad_requests_get_clean_answers(users: Users, request_bytes: bytes, status: int) -> None:
    head, _, body = users.send(request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in head
    assert status == 200 or json.loads(body)["error"].endswith(".")
    assert users.ask("GET", "/health")[0] == 200


@pytest.mark.parametrize(
    "body", ['{"name": ""}', '{"name": 1}', "[]", '"x"', "{", json.dumps({"name": "x" * 101}), "[" * 60_000]
)
def test_a_body_that_is_no_user_is_refused(users: Users, body: str) -> None:
    status, answer = users.ask("POST", "/user/add", body)
    assert (status, "name" in str(answer["error"])) == (400, True)


def test_a_client_that_expects_a_hundred_continues(users: Users) -> None:
    answer = users.send(
        b"POST /user/add HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16\r\nConnection: close\r\n\r\n"
        b'{"name": "Jean"}'
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")


def test_a_request_in_flight_is_answered_after_sigterm() -> None:
    with running() as users, closing(users.connect()) as slow, closing(users.connect()) as idle:
        assert ask(idle, "GET", "/health")[0] == 200
        assert ask(slow, "GET", "/health")[0] == 200  # accepted: what waits in the backlog is refused at SIGTERM
        slow.request("GET", "/slow?seconds=2")
        users.terminate()
        assert idle.sock is not None
        assert idle.sock.recv(1) == b""  # hung up, while the slow one is still being served
        response = slow.getresponse()
        assert response.headers["Connection"] == "close"
        assert read(response)[0] == 200
        assert users.ended() == (0, "users v1 stopped connections_cut=0")


def test_a_request_sent_as_sigterm_arrives_is_answered() -> None:
    with running() as users, closing(users.connect()) as connection:
        assert ask(connection, "GET", "/health")[0] == 200
        users.process.send_signal(signal.SIGSTOP)
        users.process.send_signal(signal.SIGTERM)
        connection.request("GET", "/slow?seconds=0.1")
        users.process.send_signal(signal.SIGCONT)  # it wakes up to both
        response = connection.getresponse()
        assert response.headers["Connection"] == "close"
        assert read(response)[0] == 200
        assert users.ended()[0] == 0


def test_the_grace_is_bounded() -> None:
    with running(GRACE_S="0.2") as users, closing(users.connect()) as connection:
        assert ask(connection, "GET", "/health")[0] == 200
        assert ask(connection, "GET", "/user/1")[0] == 200  # the connection is accepted, not waiting to be
        connection.request("GET", "/slow?seconds=60")
        users.terminate()
        assert users.ended() == (0, "users v1 stopped connections_cut=1")


def test_a_setting_that_makes_no_sense_is_named() -> None:
    result = subprocess.run(
        [sys.executable, str(EXAMPLE / "server.py")],
        env={**os.environ, "PORT": "http"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (1, "users: PORT must be a number from 0 to 65535, not 'http'.\n")


def test_the_task_definition_is_one_of_the_api() -> None:
    definition = json.loads((EXAMPLE / "task-definition.json").read_text("utf-8"))
    operation = boto3.client("ecs", "us-east-1").meta.service_model.operation_model("RegisterTaskDefinition")
    assert ParamValidator().validate(definition, operation.input_shape).generate_report() == ""
