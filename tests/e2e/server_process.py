"""A real server for end-to-end tests: `slipway up` in a process of its own, which can be killed and started again."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import Session

from slipway.cli.free_port import free_port
from tests.e2e.kept_containers import remove_kept_containers
from tests.waiting import wait_until

START_S = 60  # bounds on a hung server, never statements about speed
STOP_S = 60
LOG = "server.log"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The key of a server."""

    access_key_id: str
    secret_access_key: str


class ServerProcess:
    """A server on its data directory. `options` are those of `slipway up` by name: `lb_address_pool="127.0.1.1"`."""

    def __init__(self, data: Path, options: Mapping[str, str | int | bool]) -> None:
        self.data = data
        self.options = dict(options)
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, data: Path, **options: str | int | bool) -> "ServerProcess":
        """Start a server and wait until it is ready; process runtime and a free port unless the options say other."""
        server = cls(data, {"runtime": "process", "listen": f"127.0.0.1:{free_port()}", **options})
        server.restart()
        return server

    def restart(self, **options: str | int | bool) -> None:
        """Start it on the same data, address and options, with these changed, and wait until it is ready."""
        assert self.process is None or self.process.poll() is not None, "the server runs"
        self.options |= options
        self.data.mkdir(parents=True, exist_ok=True)
        with self._log("ab") as log:
            self.process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        ready = False
        try:
            ready = wait_until(self._is_ready, timeout_s=START_S, what=f"the server of {self.data} to be ready")
        finally:
            if not ready:
                self.kill9()

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "slipway", "up", "--data", str(self.data)]
        for name, value in self.options.items():
            flag = f"--{name.replace('_', '-')}"
            command += [flag] if value is True else [] if value is False else [flag, str(value)]
        return command

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log}"
        address = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    @property
    def endpoint(self) -> str:
        """The address of the API, `http://127.0.0.1:<port>`."""
        return f"http://{self.options['listen']}"

    @property
    def region(self) -> str:
        """The region it serves."""
        return str(self.options.get("region", "us-east-1"))

    @property
    def credentials(self) -> Credentials:
        """The key it made at its first start."""
        made = json.loads((self.data / "credentials.json").read_text())
        return Credentials(made["access_key_id"], made["secret_access_key"])

    @property
    def pid(self) -> int:
        """Its process id, also after its end."""
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> str:
        """All it printed."""
        with self._log("rb") as log:
            return log.read().decode(errors="replace")

    @property
    def environment(self) -> dict[str, str]:
        """An environment in which `aws`, boto3 and `slipway` talk to it."""
        key = self.credentials
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    def client(self, service: str) -> Any:
        """A botocore client of `service` (`ecs`, `elbv2`, `sts`) that retries nothing."""
        key = self.credentials
        return Session().create_client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            config=Config(retries={"max_attempts": 0}, read_timeout=30),
        )

    def kill9(self) -> None:
        """End it with SIGKILL: nothing of it is cleaned up; tasks and balancer stay."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it with SIGTERM; its exit status. Tasks and balancer stay unless it was started with `stop_tasks`."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None, "the server was never started"
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def clear(self) -> None:
        """End it and all that it runs, whatever became of it before: tasks, the balancer, itself."""
        if self.process is None:
            return
        stops_tasks = self.options.get("stop_tasks") is True
        if not stops_tasks or self.process.poll() not in (None, 0):
            self.stop()
            self.restart(stop_tasks=True)
        self.stop()
        if self.options.get("runtime") == "docker":
            remove_kept_containers(self.data)

    def _log(self, mode: str) -> IO[bytes]:
        return (self.data / LOG).open(mode)


@contextmanager
def serving(data: Path, **options: str | int | bool) -> Iterator[ServerProcess]:
    """A server for the time of a `with`; at its end nothing of it is left, in whatever state the test left it."""
    server = ServerProcess.start(data, **options)
    try:
        yield server
    finally:
        server.clear()
