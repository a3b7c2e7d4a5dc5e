"""The data directory: its lock, the root key, and where its server is reached."""

import fcntl
import json
import os
import secrets
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TypeVar

T = TypeVar("T")


class DataError(Exception):
    """The data directory cannot be used; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """The key pair of the data directory's owner, made at first start. Its repr shows no secret."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"RootKey(access_key_id={self.access_key_id!r}, secret_access_key=***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where the server of a data directory is, or was last, reached."""

    pid: int
    endpoint: str
    region: str
    account: str
    no_auth: bool


class DataDirectory:
    """The state of one server. Made with mode 0700, for it holds a key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None  # None: not ours

    @property
    def store(self) -> Path:
        """The database."""
        return self.path / "slipway.db"

    @property
    def metrics(self) -> Path:
        """The metric data."""
        return self.path / "metrics.db"

    @property
    def last_words(self) -> Path:
        """What failed tasks printed last, a file for each."""
        return self.path / "last-words"

    @property
    def envoy(self) -> Path:
        """The load balancer's files."""
        return self.path / "envoy"

    def lock(self) -> None:
        """Make the directory and hold it for this process. Raises `DataError` if another server holds it."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.path / "server.lock").open("a+")
        except OSError as error:
            raise DataError(f"The data directory {self.path} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            lock.close()
            raise DataError(
                f"A server with pid {pid} already runs on {self.path}; stop it first, or give another --data directory."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def unlock(self) -> None:
        """Let another server have the directory."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def root_key(self) -> RootKey:
        """The key in `credentials.json`, made with mode 0600 if there is none yet. Raises `DataError`."""
        path = self.path / "credentials.json"
        if not path.exists():
            key = RootKey(
                access_key_id=f"AKIA{secrets.token_hex(8).upper()}", secret_access_key=secrets.token_urlsafe(30)
            )
            _write(path, asdict(key))
        return self.read_root_key()

    def read_root_key(self) -> RootKey:
        """The key in `credentials.json`. Raises `DataError` if there is none."""
        return _read(RootKey, self.path / "credentials.json")

    def announce(self, address: ServerAddress) -> None:
        """Write where the server is reached to `server.json`."""
        _write(self.path / "server.json", asdict(address))

    def read_address(self) -> ServerAddress:
        """Where the server is, or was last, reached. Raises `DataError` if none ever ran here."""
        return _read(ServerAddress, self.path / "server.json")


def _write(path: Path, value: dict[str, object]) -> None:
    """Replace a file at once, readable by its owner only: it is there whole or as it was."""
    new = path.with_suffix(".new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(value, file, indent=2)
        new.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}.") from error


def _read(kind: Callable[..., T], path: Path) -> T:
    """What is in a file, as the `kind` it was written from. Raises `DataError`."""
    try:
        return kind(**json.loads(path.read_text()))
    except FileNotFoundError:
        start = f"slipway up --data {shlex.quote(str(path.parent))}"
        raise DataError(
            f"No server has run on {path.parent} yet: start one with `{start}`, or name its directory with --data."
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    except TypeError as error:
        raise DataError(f"{path} is not what a server writes: {error}.") from error
