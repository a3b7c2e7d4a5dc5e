"""Keeps one Envoy running once it is wanted: adopts the one that runs, starts one where none does, again if it dies."""

import asyncio
import logging
import shutil
import tempfile
import time
from pathlib import Path

from slipway.adapters import envoy_process
from slipway.adapters.envoy_admin import EnvoyAdmin
from slipway.adapters.envoy_config import bootstrap, encode

logger = logging.getLogger(__name__)

#: The kernel takes 107 bytes for the path of a unix socket.
MAX_SOCKET_PATH_BYTES = 107

#: Seconds before Envoy is started again: doubled for each that ended within `STEADY_S` of its start.
FIRST_BACKOFF_S = 0.1
MAX_BACKOFF_S = 10.0
STEADY_S = 10.0

#: Seconds between questions whether a started Envoy serves already.
START_POLL_S = 0.02

#: Envoy's log is put aside at this size; one old log is kept.
MAX_LOG_BYTES = 8_000_000


class EnvoySupervisor:
    """The one Envoy of a directory."""

    def __init__(self, directory: Path, *, concurrency: int) -> None:
        self._directory = directory
        self._concurrency = concurrency
        self._socket = admin_socket(directory)
        self.admin = EnvoyAdmin(self._socket)
        self.pid: int | None = None  # None: no Envoy runs that this supervisor knows of
        self.live = asyncio.Event()  # Envoy has read its files and serves
        self._wanted = asyncio.Event()
        self._backoff_s = FIRST_BACKOFF_S

    @property
    def is_wanted(self) -> bool:
        """Whether an Envoy is to run."""
        return self._wanted.is_set()

    def running_pid(self) -> int | None:
        """The pid of the Envoy that runs, adopted yet or not; None if none does."""
        return envoy_process.running(self._directory)

    def want(self) -> None:
        """Have an Envoy run from now on."""
        self._wanted.set()

    async def run_one(self) -> None:
        """Wait until an Envoy is wanted, have one run, and return some time after it ended."""
        await self._wanted.wait()
        self.pid = await self._adopted() or await self._started()
        began = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(self._wait_until_live(self.pid))
                how = await envoy_process.ended(self.pid)
                waiting.cancel()
        finally:
            pid, self.pid = self.pid, None
            self.live.clear()
        ran_s = time.monotonic() - began
        self._backoff_s = FIRST_BACKOFF_S if ran_s >= STEADY_S else self._backoff_s
        logger.warning("envoy ended pid=%d how=%s ran_s=%.1f restart_in_s=%.1f", pid, how, ran_s, self._backoff_s)
        await asyncio.sleep(self._backoff_s)
        self._backoff_s = min(MAX_BACKOFF_S, self._backoff_s * 2)

    async def _adopted(self) -> int | None:
        pid = envoy_process.running(self._directory)
        if pid is None:
            return None
        try:
            await self.admin.is_live()
        except OSError as error:
            logger.warning("envoy was ended, it did not answer pid=%d error=%r", pid, str(error))
            await envoy_process.terminate(pid, self._directory)
            return None
        logger.info("envoy was adopted pid=%d", pid)
        return pid

    async def _started(self) -> int:
        self.bound_log()
        content = encode(bootstrap(self._directory, self._socket))
        (self._directory / envoy_process.BOOTSTRAP_FILE).write_bytes(content)
        pid = envoy_process.start(self._directory, concurrency=self._concurrency)
        logger.info("envoy was started pid=%d concurrency=%d", pid, self._concurrency)
        return pid

    async def _wait_until_live(self, pid: int) -> None:
        began = time.monotonic()
        while not await self._is_live():
            await asyncio.sleep(START_POLL_S)
        self.live.set()
        logger.info("envoy serves pid=%d after_s=%.2f", pid, time.monotonic() - began)

    async def _is_live(self) -> bool:
        try:
            return await self.admin.is_live()
        except OSError:
            return False  # it is starting; that it ended is seen by who waits for that

    def bound_log(self) -> bool:
        """Put Envoy's log aside if it has grown too long; gives whether that was done."""
        log = self._directory / envoy_process.LOG_FILE
        if not log.exists() or log.stat().st_size < MAX_LOG_BYTES:
            return False
        log.replace(log.with_suffix(".log.1"))
        return True

    async def stop(self) -> None:
        """End Envoy. To be called when nothing runs `run_one` any more."""
        pid = envoy_process.running(self._directory)
        if pid is not None:
            await envoy_process.terminate(pid, self._directory)
            logger.info("envoy was stopped pid=%d", pid)
        socket = Path(self._socket)
        socket.unlink(missing_ok=True)
        if socket.parent != self._directory:
            shutil.rmtree(socket.parent, ignore_errors=True)
            (self._directory / _SOCKET_RECORD).unlink(missing_ok=True)


_SOCKET_RECORD = "admin.path"


def admin_socket(directory: Path) -> str:
    """Where Envoy's admin socket is: in the directory, or where its path would be too long for the kernel in a private
    temporary directory whose name the directory records."""
    path = directory / "admin.sock"
    if len(bytes(path)) <= MAX_SOCKET_PATH_BYTES:
        return str(path)
    record = directory / _SOCKET_RECORD
    if record.exists() and Path(record.read_text()).parent.is_dir():
        return record.read_text()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    short = str(Path(tempfile.mkdtemp(prefix="slipway-")) / "admin.sock")
    record.write_text(short)
    return short
