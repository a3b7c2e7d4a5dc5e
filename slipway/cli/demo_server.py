"""The demo's server: `slipway up` on temporary data, of which nothing is left at the end."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from slipway.cli.access import Access, access_of
from slipway.cli.failure import CliError
from slipway.cli.output import say

START_S = 60
STOP_S = 60
POLL_S = 0.05
LOG_LINES = 5
#: The one load balancer of the demo binds here: every system has this address, and few have 127.0.0.2 by default.
ADDRESS = "127.0.0.1"


@contextmanager
def demo_server() -> Iterator[Path]:
    """The data directory of a ready server; at the end server, tasks, balancer and directory are gone.

    Raises `CliError`, with the end of its log, where it does not start.
    """
    data = Path(tempfile.mkdtemp(prefix="slipway-demo-"))
    log = data / "server.log"
    try:
        process = _start(data, log)
        try:
            _wait_ready(process, data, log)
            yield data
        finally:
            _stop(process)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _start(data: Path, log: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "slipway", "up", "--data", str(data), "--runtime", "process"]
    command += ["--listen", f"{ADDRESS}:0", "--lb-address-pool", ADDRESS, "--stop-tasks"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    with log.open("wb") as output:
        # A session of its own: Ctrl-C is for the demo, which ends the server when it has told what it saw.
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )


def _wait_ready(process: "subprocess.Popen[bytes]", data: Path, log: Path) -> None:
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise CliError(f"The demo's server ended with status {process.returncode}: {_last_lines(log)}")
        if (data / "server.json").exists() and _answers(access_of(data)):
            return
        time.sleep(POLL_S)
    raise CliError(f"The demo's server was not ready after {START_S} s: {_last_lines(log)}")


def _answers(access: Access) -> bool:
    address = urlsplit(access.endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()[-LOG_LINES:]
    return " / ".join(lines) or "it printed nothing."


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server, which stops its tasks and balancer first; a second Ctrl-C does not leave it half done."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if process.poll() is None:
            process.terminate()
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        say(f"The demo's server (pid {process.pid}) did not end within {STOP_S} s and was killed; look for its tasks.")
    finally:
        signal.signal(signal.SIGINT, before)
