"""The real `aws` command line against a server, each command a process of its own."""

import json
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from tests.e2e.server_process import ServerProcess

PROGRAM = Path(sysconfig.get_path("scripts")) / "aws"
COMMAND_S = 240  # a bound on a hung command or wait


class Aws:
    """`aws SERVICE COMMAND OPTION…`, called as a function."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server

    def __call__(self, service: str, command: str, *options: str | int) -> Any:
        """What it prints, parsed; None where that is nothing. It must end with 0."""
        done = self._run(service, command, *map(str, options))
        assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stderr}\n{self._server.log}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, service: str, command: str, *options: str | int) -> str:
        """What it says on stderr; it must fail."""
        done = self._run(service, command, *map(str, options))
        assert done.returncode != 0, f"{command} ended well: {done.stdout}"
        return done.stderr

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(PROGRAM), *words, "--output", "json"],
            env=self._server.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
