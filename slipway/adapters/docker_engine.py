"""The Docker Engine API over HTTP: one connection pool, negotiated version, errors as two exceptions.

Requests go through aiohttp directly and not through aiodocker's helpers: its connector bounds all requests to 100
connections, which the pending stops of a large rollout and the followers of logs would fill, its event stream drops
the nanoseconds and owns a loose task, and its log reader decodes what may not be UTF-8.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

#: The oldest API that is spoken to (Engine 20.10), and the newest whose answers this code was written for.
OLDEST_API = (1, 41)
NEWEST_API = (1, 51)
#: Seconds a short request may take before the engine counts as gone (the agent's create limit is 4 minutes).
REQUEST_LIMIT_S = 240
#: Where an engine listens when DOCKER_HOST says nothing: the system's, then that of Docker Desktop.
DEFAULT_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "~/.docker/run/docker.sock")
#: How long `engine_answers` waits for an engine.
PROBE_LIMIT_S = 3

NO_LIMIT = aiohttp.ClientTimeout(total=None, sock_read=None)
Parameters = Mapping[str, str]


class EngineError(Exception):
    """The engine answered with an error; `message` is its sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


#: What a start that the engine did not answer is called (public ECS agent): no fault of what was to be started.
ENGINE_GONE = "CannotGetDockerclientError"


class EngineGone(Exception):
    """The engine did not answer: not running, restarting, or not permitted."""

    def __init__(self, address: str, cause: BaseException) -> None:
        self.message = (
            f"Cannot reach the Docker engine at {address} ({str(cause) or type(cause).__name__}). "
            "Is it running, and may this user open it? DOCKER_HOST names another."
        )
        super().__init__(self.message)


class Engine:
    """A client of one engine; `address` is as in DOCKER_HOST (unix://, tcp://, http://, https://), None the default."""

    def __init__(self, address: str | None = None) -> None:
        self.address = address or default_address()
        self._root = ""
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Connect and agree on an API version. Raises `EngineGone`, or `EngineError` if the engine is too old."""
        await self.close()
        root, connector = _transport(self.address)
        self._session = aiohttp.ClientSession(connector=connector)
        self._root = root
        async with self.answer("GET", "/_ping") as ping:
            offered = ping.headers.get("Api-Version", "")
        self._root = f"{root}/v{_agreed_version(offered)}"

    async def close(self) -> None:
        """Close all connections. What the engine was asked to do goes on."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self, method: str, path: str, *, params: Parameters | None = None, body: object = None, patient: bool = False
    ) -> Any:
        """One request; returns the decoded answer, None if it has no body. `patient`: it may take as long as it takes.

        Raises `EngineError` for a status of 400 and more (304, nothing to do, is none), `EngineGone`.
        """
        async with self.answer(method, path, params=params, body=body, patient=patient) as response:
            content = await response.read()
        return msgspec.json.decode(content) if content else None

    @asynccontextmanager
    async def answer(
        self,
        method: str,
        path: str,
        *,
        params: Parameters | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        patient: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer to be read as a stream; errors as `call`, also those that end the stream half-way."""
        if self._session is None:
            raise EngineGone(self.address, ConnectionError("not connected"))
        try:
            async with self._session.request(
                method,
                self._root + path,
                params=params,
                data=None if body is None else msgspec.json.encode(body),
                headers={"Content-Type": "application/json", **(headers or {})},
                timeout=NO_LIMIT if patient else aiohttp.ClientTimeout(total=REQUEST_LIMIT_S),
            ) as response:
                if response.status >= 400:
                    raise EngineError(response.status, _sentence(await response.read()))
                yield response
        except (aiohttp.ClientError, OSError) as fault:  # TimeoutError is an OSError
            raise EngineGone(self.address, fault) from fault

    async def now(self) -> float:
        """The engine's own clock, epoch seconds, to the second: its event stream is resumed by that clock."""
        async with self.answer("GET", "/_ping") as ping:
            return parsedate_to_datetime(ping.headers["Date"]).timestamp()


async def engine_answers(address: str | None = None) -> bool:
    """Whether an engine that is new enough answers at `address` (None: the default one) within a few seconds."""
    engine = Engine(address)
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            await engine.open()
    except (EngineGone, EngineError, TimeoutError):
        return False
    finally:
        await engine.close()
    return True


def default_address() -> str:
    """DOCKER_HOST, else the first default socket that exists, else the system's socket."""
    if named := os.environ.get("DOCKER_HOST"):
        return named
    paths = [Path(os.path.expanduser(path)) for path in DEFAULT_SOCKETS]  # a user may have no home
    return f"unix://{next((path for path in paths if path.is_socket()), paths[0])}"


def _transport(address: str) -> tuple[str, aiohttp.BaseConnector]:
    """The root of all URLs, and the connector that reaches them; no bound on connections, a stop holds one."""
    scheme, _, rest = address.partition("://")
    if scheme == "unix":
        return "http://docker", aiohttp.UnixConnector(rest, limit=0)
    if scheme not in ("tcp", "http", "https"):
        raise EngineGone(address, ValueError(f"{scheme}:// is not served; use unix://, tcp:// or https://"))
    if scheme == "https" or os.environ.get("DOCKER_TLS_VERIFY"):
        return f"https://{rest}", aiohttp.TCPConnector(limit=0, ssl=_client_certificate())
    return f"http://{rest}", aiohttp.TCPConnector(limit=0)


def _client_certificate() -> ssl.SSLContext:
    """TLS as the docker client does it: ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH (default ~/.docker)."""
    folder = Path(os.path.expanduser(os.environ.get("DOCKER_CERT_PATH") or "~/.docker"))
    authority = folder / "ca.pem"
    context = ssl.create_default_context(cafile=str(authority) if authority.exists() else None)
    if (folder / "cert.pem").exists():
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _agreed_version(offered: str) -> str:
    major, _, minor = offered.partition(".")
    version = (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)
    if version < OLDEST_API:
        wanted = ".".join(map(str, OLDEST_API))
        raise EngineError(
            400, f"The engine speaks API {offered or 'of no version'}; {wanted} (Docker 20.10) or newer is needed."
        )
    return ".".join(map(str, min(version, NEWEST_API)))


def _sentence(content: bytes) -> str:
    try:
        return str(msgspec.json.decode(content)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return content.decode(errors="replace").strip() or "the engine gave no reason"
