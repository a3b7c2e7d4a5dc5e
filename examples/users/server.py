"""Users: the example microservice. One file, the standard library only, ready to be rolled without a failed request.

What makes it a good citizen behind a load balancer is in `Connection` and `Service.stop`: HTTP/1.1 with keep-alive, and
on SIGTERM it accepts no more connections, answers the requests in flight with `Connection: close`, and exits 0.
The settings are environment variables; `README.md` beside this file lists them.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024
MAX_SLOW_S = 60.0
BODY_TIMEOUT_S = 30.0
LINGER_S = 0.25  # how long a closing connection still listens: for a request, or the rest of a refused one, on its way

FIRST_USERS = (
    "Ada Lovelace",
    "Grace Hopper",
    "Barbara Liskov",
)  # ids 1 to 3, so that a fresh task has something to show


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment, checked. Raises ValueError with one sentence that names the variable."""

    host: str
    port: int  # 0: one the kernel chooses; the first line printed tells it
    version: str
    healthy: bool
    healthy_after_s: float
    healthy_until_s: float  # 0: for ever
    errors: float  # share of the requests for users that are answered 500
    crash: bool
    grace_s: float
    users_db: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        return cls(
            host=environment.get("HOST", "0.0.0.0"),
            port=int(number(environment, "PORT", default=8080, most=65535)),
            version=environment.get("VERSION", "v1"),
            healthy=environment.get("HEALTH", "ok") != "fail",
            healthy_after_s=number(environment, "HEALTH_AFTER_S", default=0, most=86_400),
            healthy_until_s=number(environment, "HEALTH_UNTIL_S", default=0, most=86_400),
            errors=number(environment, "ERRORS", default=0, most=1),
            crash=environment.get("CRASH", "no") == "yes",
            grace_s=number(environment, "GRACE_S", default=25, most=3600),
            users_db=environment.get("USERS_DB", ":memory:"),
        )


def number(values: Mapping[str, str], name: str, *, default: float, most: float) -> float:
    """The member `name` as a number from 0 to `most`; raises ValueError with a sentence otherwise."""
    with contextlib.suppress(ValueError):
        value = float(values.get(name, default))
        if 0 <= value <= most:
            return value
    raise ValueError(f"{name} must be a number from 0 to {most:g}, not {values[name]!r}.")


class Users:
    """The table of users: each task's own, in memory, or a SQLite file that tasks of one machine share (USERS_DB)."""

    def __init__(self, path: str) -> None:
        self.table = sqlite3.connect(path, timeout=5, isolation_level=None)
        self.table.execute("PRAGMA journal_mode = WAL")
        self.table.execute("BEGIN IMMEDIATE")  # the first of the tasks that start together makes the table
        if not self.table.execute("PRAGMA user_version").fetchone()[0]:
            self.table.execute("CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)")
            self.table.executemany("INSERT INTO users (name) VALUES (?)", [(name,) for name in FIRST_USERS])
            self.table.execute("PRAGMA user_version = 1")
        self.table.execute("COMMIT")

    def get(self, user_id: int) -> str | None:
        row = self.table.execute("SELECT name FROM users WHERE id = ?", (user_id,)).fetchone()
        return row[0] if row else None

    def add(self, name: str) -> int:
        user_id = self.table.execute("INSERT INTO users (name) VALUES (?)", (name,)).lastrowid
        assert user_id is not None, "SQLite gives every inserted row an id"
        return user_id

    def delete(self, user_id: int) -> bool:
        return self.table.execute("DELETE FROM users WHERE id = ?", (user_id,)).rowcount == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: bytes
    keep_alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: HTTPStatus
    body: dict[str, object]
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The request cannot be served: the status that says so, and a sentence for whoever sent it."""

    def __init__(self, status: HTTPStatus, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.answer = Answer(status=status, body={"error": sentence}, headers=headers)


class Site:
    """What each path answers. Knows nothing of sockets."""

    def __init__(self, settings: Settings, users: Users, *, started_at: float) -> None:
        self.settings = settings
        self.users = users
        self.started_at = started_at  # on the event loop's clock
        self.asked = 0  # requests for users

    async def answer(self, request: Request) -> Answer:
        try:
            return await self.route(request)
        except Refusal as refusal:
            return refusal.answer
        except sqlite3.Error as error:
            body: dict[str, object] = {"error": f"The table of users cannot be used: {error}."}
            return Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, body=body)

    async def route(self, request: Request) -> Answer:
        for pattern, handlers in ROUTES:
            if found := re.fullmatch(pattern, request.path):
                if handler := handlers.get(request.method):
                    return await handler(self, request, *(int(group) for group in found.groups()))
                allowed = ", ".join(handlers)
                sentence = f"{request.path} serves {allowed}, not {request.method}."
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, sentence, Allow=allowed)
        raise Refusal(HTTPStatus.NOT_FOUND, f"There is no {request.path} here; try /user/1.")

    async def home(self, request: Request) -> Answer:
        return Answer(status=HTTPStatus.OK, body={"service": "users"})

    async def health(self, request: Request) -> Answer:
        age_s = asyncio.get_running_loop().time() - self.started_at
        is_over = 0 < self.settings.healthy_until_s <= age_s
        if self.settings.healthy and age_s >= self.settings.healthy_after_s and not is_over:
            return Answer(status=HTTPStatus.OK, body={"health": "ok"})
        return Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, body={"health": "failing"})

    async def slow(self, request: Request) -> Answer:
        try:
            seconds = number(request.query, "seconds", default=3, most=MAX_SLOW_S)
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        await asyncio.sleep(seconds)
        return Answer(status=HTTPStatus.OK, body={"seconds": seconds})

    async def get_user(self, request: Request, user_id: int) -> Answer:
        self.asked += 1
        if int(self.asked * self.settings.errors) > int((self.asked - 1) * self.settings.errors):
            raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "This version answers some requests so (ERRORS).")
        name = self.users.get(user_id)
        if name is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"There is no user {user_id}.")
        return Answer(status=HTTPStatus.OK, body={"id": user_id, "name": name})

    async def delete_user(self, request: Request, user_id: int) -> Answer:
        if not self.users.delete(user_id):
            raise Refusal(HTTPStatus.NOT_FOUND, f"There is no user {user_id}.")
        return Answer(status=HTTPStatus.OK, body={"id": user_id, "deleted": True})

    async def add_user(self, request: Request) -> Answer:
        match parsed(request.body):
            case {"name": str(name)} if 0 < len(name.strip()) <= 100:
                user_id = self.users.add(name.strip())
                body: dict[str, object] = {"id": user_id, "name": name.strip()}
                return Answer(status=HTTPStatus.CREATED, body=body, headers={"Location": f"/user/{user_id}"})
            case _:
                sentence = 'The body must be JSON like {"name": "Ada"}, with a name of 1 to 100 characters.'
                raise Refusal(HTTPStatus.BAD_REQUEST, sentence)


Handler = Callable[..., Awaitable[Answer]]  # (site, request, the numbers in the path)
ROUTES: tuple[tuple[str, dict[str, Handler]], ...] = (
    (r"/", {"GET": Site.home}),
    (r"/health", {"GET": Site.health}),
    (r"/slow", {"GET": Site.slow}),
    (r"/user/add", {"POST": Site.add_user}),
    (r"/user/([0-9]{1,18})", {"GET": Site.get_user, "DELETE": Site.delete_user}),
)


def parsed(body: bytes) -> object:
    """The JSON value of a body, None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


class Connection:
    """One HTTP/1.1 connection: requests read one after another, each answered whole before the next is looked at."""

    def __init__(self, service: "Service", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.service = service
        self.reader = reader
        self.writer = writer
        self.idle: asyncio.Timeout | None = None  # present while it waits for a request
        # No limit while the service runs: it is the balancer that closes idle connections. A server that hangs up first
        # does so, now and then, just as the next request is sent, and that request is lost.

    async def run(self) -> None:
        with contextlib.suppress(OSError):  # the peer went away: there is nobody left to tell
            try:
                while await self.serve_one():
                    pass
            finally:
                self.writer.close()
            await self.writer.wait_closed()

    async def serve_one(self) -> bool:
        """Answers one request; false if the connection is to be closed after it."""
        try:
            request = await self.next_request()
        except Refusal as refusal:  # where the next request would begin is unknown: answer and hang up
            await self.write(refusal.answer, keep_alive=False)
            await self.linger()
            return False
        if request is None:
            return False
        answer = await self.service.site.answer(request)
        keep_alive = request.keep_alive and not self.service.stopping
        await self.write(answer, keep_alive=keep_alive)
        return keep_alive

    async def next_request(self) -> Request | None:
        """The next request, None if there will be none; raises Refusal for what is not HTTP/1.1 within the limits."""
        try:
            async with asyncio.timeout(LINGER_S if self.service.stopping else None) as self.idle:
                head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, TimeoutError):
            return None
        except asyncio.LimitOverrunError:
            sentence = f"The request's head must be at most {MAX_HEAD_BYTES} bytes."
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, sentence) from None
        finally:
            self.idle = None
        method, target, http, headers = parse_head(head)
        path, _, query = target.partition("?")
        connection = headers.get("connection", "").lower()
        return Request(
            method=method,
            path=path,
            query={name: values[-1] for name, values in parse_qs(query).items()},
            body=await self.read_body(headers),
            keep_alive="keep-alive" in connection if http == "HTTP/1.0" else "close" not in connection,
        )

    async def read_body(self, headers: dict[str, str]) -> bytes:
        if "transfer-encoding" in headers:
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "Send the body with Content-Length, not Transfer-Encoding.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"Content-Length must be one number of bytes, not {length!r}.")
        if len(length) > 9 or int(length) > MAX_BODY_BYTES:
            sentence = f"The body must be at most {MAX_BODY_BYTES} bytes, not {length}."
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        if headers.get("expect", "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                return await self.reader.readexactly(int(length))
        except asyncio.IncompleteReadError:
            raise Refusal(HTTPStatus.BAD_REQUEST, "The body ended before its Content-Length.") from None
        except TimeoutError:
            sentence = f"The body did not arrive within {BODY_TIMEOUT_S:g} s."
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, sentence) from None

    async def write(self, answer: Answer, *, keep_alive: bool) -> None:
        version, task = self.service.settings.version, self.service.task
        body = json.dumps({**answer.body, "version": version, "task": task}).encode() + b"\n"
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "keep-alive" if keep_alive else "close",
            "X-Version": version,
            "X-Task": task,
            **answer.headers,
        }
        head = [f"HTTP/1.1 {answer.status.value} {answer.status.phrase}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        await self.writer.drain()

    async def linger(self) -> None:
        """Reads away the rest of a refused request for a moment: a close with unread bytes resets the answer away."""
        self.writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while await self.reader.read(MAX_BODY_BYTES):
                    pass

    def stop(self) -> None:
        """Ends the wait for another request, with a moment for the one that may be on its way."""
        if self.idle is not None:
            self.idle.reschedule(asyncio.get_running_loop().time() + LINGER_S)


def parse_head(head: bytes) -> tuple[str, str, str, dict[str, str]]:
    """(method, target, protocol, headers by lower-case name); raises Refusal for what is no HTTP/1 request's head."""
    first, *lines = head.decode("latin-1").lstrip("\r\n").removesuffix("\r\n\r\n").split("\r\n")
    found = re.fullmatch(r"([A-Z]+) (/[!-~]*) (HTTP/\d\.\d)", first)
    if not found:
        raise Refusal(HTTPStatus.BAD_REQUEST, "The first line must be like GET /user/1 HTTP/1.1.")
    method, target, http = found.groups()
    if http not in ("HTTP/1.0", "HTTP/1.1"):
        raise Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, f"Only HTTP/1.0 and HTTP/1.1 are spoken here, not {http}.")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise Refusal(HTTPStatus.BAD_REQUEST, "Each header must be a line like Name: value.")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if http == "HTTP/1.1" and "host" not in headers:
        raise Refusal(HTTPStatus.BAD_REQUEST, "An HTTP/1.1 request must have a Host header.")
    return method, target, http, headers


class Service:
    """The listening socket and the connections it accepted, from start to a graceful stop."""

    def __init__(self, settings: Settings, users: Users) -> None:
        self.settings = settings
        self.site = Site(settings, users, started_at=asyncio.get_running_loop().time())
        self.task = f"{socket.gethostname()}/{os.getpid()}"
        self.stopping = False
        self.connections: dict[asyncio.Task[None], Connection] = {}

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT, then stops gracefully."""
        stop = asyncio.Event()
        for number_of_signal in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number_of_signal, stop.set)
        host, port = self.settings.host, self.settings.port
        server = await asyncio.start_server(self.connected, host, port, limit=MAX_HEAD_BYTES, backlog=512)
        port = server.sockets[0].getsockname()[1]
        print(f"users {self.settings.version} listening on {host}:{port} task={self.task}", flush=True)
        await stop.wait()
        server.close()
        await self.stop()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio calls this in the connection's own task"
        self.connections[task] = connection = Connection(self, reader, writer)
        try:
            await connection.run()
        except asyncio.CancelledError:
            pass  # the grace is over; asyncio's streams would print a traceback
        finally:
            del self.connections[task]

    async def stop(self) -> None:
        """Hangs up idle connections, and the others as soon as they are answered; waits for them at most `grace_s`."""
        self.stopping = True
        for connection in self.connections.values():
            connection.stop()
        cut: set[asyncio.Task[None]] = set()
        if self.connections:
            _, cut = await asyncio.wait(self.connections, timeout=self.settings.grace_s)
        print(f"users {self.settings.version} stopped connections_cut={len(cut)}", flush=True)


async def main() -> None:
    settings = Settings.read(os.environ)
    if settings.crash:
        sys.exit("users: this version crashes at its start (CRASH=yes)")
    await Service(settings, Users(settings.users_db)).run()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (ValueError, OSError, sqlite3.Error) as error:
        sys.exit(f"users: {error}")
