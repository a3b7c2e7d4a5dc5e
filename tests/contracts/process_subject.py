"""The programs of the runtime contract as the process runtime runs them: `sh` and this Python."""

import sys

from slipway.core.plan import ContainerPayload
from tests.contracts.runtime_contract import Command

_LISTEN = """
import os, socket, sys
server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
print("ready", flush=True)
connection, _ = server.accept()
connection.sendall(b"hello\\n")
sys.exit({code})
"""


class ProcessSubject:
    """Implements `ContractSubject`."""

    image = "label"

    def runs_on(self) -> Command:
        return ("sh", "-c", "echo ready; exec sleep 600")

    def ignores_sigterm(self) -> Command:
        return ("sh", "-c", "trap '' TERM; echo ready; exec sleep 600")

    def exits_with(self, code: int) -> Command:
        return ("sh", "-c", f"exit {code}")

    def prints(self, lines: int) -> Command:
        return ("sh", "-c", f"i=0; while [ $i -lt {lines} ]; do i=$((i + 1)); echo line $i; done; exec sleep 600")

    def prints_variable(self, name: str) -> Command:
        return ("printenv", name)

    def prints_folder(self) -> Command:
        return ("pwd",)

    def exits_when_called(self, code: int) -> Command:
        return (sys.executable, "-c", _LISTEN.format(code=code))

    def takes_memory(self, mib: int) -> Command:
        return (sys.executable, "-c", f"bytearray({mib} << 20); print('done')")

    def is_missing(self) -> Command:
        return ("no-such-program",)

    def cannot_be_pulled(self) -> ContainerPayload:
        return ContainerPayload(name="app", arn="arn:app", image="label", essential=True)
