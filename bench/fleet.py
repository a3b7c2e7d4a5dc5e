"""One service of many tasks on a real server: brought to steady, taken away again, and timed at both."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.server_process import ServerProcess, serving

#: Seconds between two looks at a service: each costs the server and this process some milliseconds of the same cores.
LOOK_S = 0.1
#: A bound on a hung run, not a statement about speed.
PATIENCE_S = 300.0


@contextmanager
def fresh_server(settings: Mapping[str, str | int], *, runtime: str = "process") -> Iterator[ServerProcess]:
    """A server in a process of its own, on data of its own; at the end nothing of either is left.

    `settings` are those of its settings file, by name.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        file = Path(folder, "slipway.toml")
        file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
        with serving(Path(folder, "data"), runtime=runtime, config=str(file)) as server:
            yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A service of `count` tasks of one container, driven through the API with botocore."""

    ecs: Any  # the client
    name: str
    count: int
    container: dict[str, Any]  # the container definition, without a name

    def define(self) -> None:
        """Register the task definition, and be sure of the server's first answers: imports, keys, caches."""
        container = {"name": "app", "essential": True, **self.container}
        self.ecs.register_task_definition(family=self.name, containerDefinitions=[container])
        self.ecs.describe_services(services=[self.name])

    def start(self) -> float:
        """Seconds from the call of CreateService until the service is stable, as `services-stable` has it."""
        began = time.monotonic()
        self.ecs.create_service(serviceName=self.name, taskDefinition=self.name, desiredCount=self.count)
        until(lambda: self._is_stable(self.look()), f"{self.count} tasks of {self.name} to run")
        return time.monotonic() - began

    def stop(self) -> float:
        """Seconds from the call of DeleteService until the last task has stopped."""
        began = time.monotonic()
        self.ecs.delete_service(service=self.name, force=True)
        until(lambda: self.look()["status"] == "INACTIVE", f"the tasks of {self.name} to stop")
        return time.monotonic() - began

    def look(self) -> dict[str, Any]:
        """The service as DescribeServices shows it."""
        service: dict[str, Any] = self.ecs.describe_services(services=[self.name])["services"][0]
        return service

    def _is_stable(self, service: dict[str, Any]) -> bool:
        return len(service["deployments"]) == 1 and service["runningCount"] == self.count


def until(condition: Callable[[], bool], what: str, *, pause_s: float = LOOK_S) -> None:
    """Look until `condition` holds. Raises `TimeoutError` naming `what` was waited for, after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE_S:.0f} s in vain for {what}")
        time.sleep(pause_s)


def processes_of(count: int) -> dict[str, int]:
    """What a local host must offer for `count` of the light processes below: options of `slipway up`."""
    return {"cpu": count, "memory": count * int(LIGHT["memory"])}


#: A container definition of a program that costs next to nothing: a label for an image, 16 MiB at most.
LIGHT: dict[str, Any] = {"image": "sleep", "command": ["sleep", "infinity"], "memory": 16}
