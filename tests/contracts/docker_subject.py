"""The programs of the runtime contract as the docker runtime runs them.

The first process of a container ignores every signal that it does not handle, so those that end by SIGTERM say so.
"""

from slipway.core.plan import ContainerPayload
from tests.contracts.docker_image import python_image

Command = tuple[str, ...]

_LISTEN = """
import os, socket, sys
server = socket.create_server(("0.0.0.0", int(os.environ["PORT"])))
print("ready", flush=True)
connection, _ = server.accept()
connection.sendall(b"hello\\n")
sys.exit({code})
"""
_UNTIL_SIGTERM = "trap 'exit 0' TERM; {first}; sleep 600 & wait"


class DockerSubject:
    """Implements `ContractSubject`."""

    @property
    def image(self) -> str:
        return python_image({})

    def runs_on(self) -> Command:
        return ("sh", "-c", _UNTIL_SIGTERM.format(first="echo ready"))

    def ignores_sigterm(self) -> Command:
        return ("sh", "-c", "trap '' TERM; echo ready; exec sleep 600")

    def exits_with(self, code: int) -> Command:
        return ("sh", "-c", f"exit {code}")

    def prints(self, lines: int) -> Command:
        printing = f"i=0; while [ $i -lt {lines} ]; do i=$((i + 1)); echo line $i; done"
        return ("sh", "-c", _UNTIL_SIGTERM.format(first=printing))

    def prints_variable(self, name: str) -> Command:
        return ("sh", "-c", f'printf "%s\\n" "${name}"')

    def prints_folder(self) -> Command:
        return ("pwd",)

    def exits_when_called(self, code: int) -> Command:
        return ("python3", "-c", _LISTEN.format(code=code))

    def takes_memory(self, mib: int) -> Command:
        # A moment first: Engine 20.10 misses a kill for memory that comes before it has begun to watch for one.
        return ("sh", "-c", f"sleep 1; exec python3 -c 'bytearray({mib} << 20); print(1)'")

    def is_missing(self) -> Command:
        return ("no-such-program",)

    def cannot_be_pulled(self) -> ContainerPayload:
        return ContainerPayload(name="app", arn="arn:app", image="registry.invalid/none:v0", essential=True)
