"""What the containers of the end-to-end tests run: the same program on each runtime, told by its image and command."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.contracts.docker_image import python_image

REPOSITORY = Path(__file__).resolve().parents[2]
USERS = "examples/users/server.py"

_STUBBORN = (
    "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', os.getpid(), flush=True); "
    "[signal.pause() for _ in iter(int, 1)]"
)

_STAGED = """
import os, signal, sys, time

def tell(what):
    print(what, time.time(), flush=True)

def stop(*_):
    tell("signalled")
    time.sleep(float(os.environ.get("STOP_S", "0")))
    tell("ended")
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
tell("began")
time.sleep(float(os.environ["RUN_S"]))
tell("ended")
sys.exit(int(os.environ.get("CODE", "0")))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An image and the command run in it."""

    image: str
    command: tuple[str, ...]


def users(runtime: str) -> Program:
    """The example microservice; its version is the variable VERSION."""
    return Program(image=_image(runtime), command=(_python(runtime), _path(runtime)))


def absent(runtime: str) -> Program:
    """A program that is nowhere: an image that no registry has, or a file that does not exist."""
    if runtime == "docker":
        return Program(image="localhost:1/slipway-test-absent:1", command=("true",))
    return Program(image="absent", command=("/nowhere/users",))


def stubborn(runtime: str) -> Program:
    """A program that prints `ready` and from then on ignores SIGTERM."""
    return Program(image=_image(runtime), command=(_python(runtime), "-c", _STUBBORN))


def staged(runtime: str) -> Program:
    """A program that prints `began`, `signalled` and `ended` with the time, epoch seconds.

    It ends with CODE (0) after RUN_S seconds, or with 0 STOP_S (0) seconds after SIGTERM.
    """
    return Program(image=_image(runtime), command=(_python(runtime), "-c", _STAGED))


def _image(runtime: str) -> str:
    return python_image({f"/{USERS}": REPOSITORY / USERS}) if runtime == "docker" else "users:label-only"


def _python(runtime: str) -> str:
    return "python3" if runtime == "docker" else sys.executable


def _path(runtime: str) -> str:
    return f"/{USERS}" if runtime == "docker" else str(REPOSITORY / USERS)
