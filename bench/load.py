"""Load on an HTTP server by wrk, and what came of it. Both sides of a comparison get it from here."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec

from bench.result import CannotRun

_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One run of wrk: each connection sends its next request when the last is answered."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int  # answers of 400 and above
    broken: int  # connections refused, reset, or silent for two seconds

    @property
    def rate(self) -> float:
        """Requests a second that were answered."""
        return self.requests / self.seconds


def find_wrk() -> str:
    """The path of wrk. Raises `CannotRun` where there is none."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise CannotRun("wrk is not installed: apt-get install wrk")
    return wrk


def put_load(url: str, request: bytes, *, connections: int, seconds: float) -> Load:
    """Send `request` (a whole HTTP/1.1 message) over so many connections, kept alive if the server lets them.

    One thread of wrk. Raises `CannotRun` where there is no wrk, and AssertionError if a single answer was an error:
    then the numbers would be of something else.
    """
    with tempfile.NamedTemporaryFile(prefix="slipway-bench-") as file:
        file.write(request)
        file.flush()
        command = [find_wrk(), "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(_SCRIPT), url, "--", file.name]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
    load = msgspec.json.decode(ended.stdout.strip().splitlines()[-1], type=Load)
    assert load.requests, f"{url} answered nothing: {ended.stdout}"
    assert not load.refused, f"{url} answered {load.refused} of {load.requests} requests with an error"
    assert not load.broken, f"{url} broke {load.broken} connections"
    return load


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Several runs against one side, by their medians."""

    rate: float
    p50_ms: float
    p99_ms: float


def taken(loads: list[Load]) -> Taken:
    """The medians of some runs."""
    return Taken(
        rate=median(load.rate for load in loads),
        p50_ms=median(load.p50_ms for load in loads),
        p99_ms=median(load.p99_ms for load in loads),
    )
