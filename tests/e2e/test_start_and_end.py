"""How a server starts where it cannot, and ends while it is busy: in words, and without a request left hanging."""

import os
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.server_process import ServerProcess, serving
from tests.waiting import wait_until

CALLERS = 4


class Callers:
    """Threads that make one cluster after the other until the server is gone."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.made: list[str] = []
        self.failures: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _call(self, number: int) -> None:
        ecs = self._server.client("ecs")
        for count in range(1_000_000):
            name = f"cluster-{number}-{count}"
            try:
                ecs.create_cluster(clusterName=name)
            except ClientError as error:
                self.failures[str(error)] += 1
                return
            except BotoCoreError:
                return  # it takes no more requests
            self.made.append(name)


def test_a_server_that_is_ended_answers_what_it_has_taken(tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", lb_address_pool=pool) as server:
        callers = Callers(server)
        wait_until(lambda: len(callers.made) > 50, timeout_s=30, what="50 clusters")
        assert server.stop() == 0
        callers.join()
        assert not callers.failures, callers.failures
        assert "Traceback" not in server.log
        server.restart()
        pages = server.client("ecs").get_paginator("list_clusters").paginate()
        kept = {arn.rpartition("/")[2] for page in pages for arn in page["clusterArns"]}
        assert kept >= set(callers.made)


def test_a_server_that_cannot_use_its_data_says_so(tmp_path: Path) -> None:
    (tmp_path / "tasks").write_text("a file where a folder is to be")
    command = [sys.executable, "-m", "slipway", "up", "--data", str(tmp_path), "--runtime", "process"]
    ended = subprocess.run([*command, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "The server cannot start: " in ended.stderr
    assert str(tmp_path / "tasks") in "".join(ended.stderr.split("\n"))
    assert "Traceback" not in ended.stderr


def test_what_the_server_says_to_type_next_can_be_typed(tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "my data", lb_address_pool=pool) as server:
        said = wait_until(lambda: re.search(r"^  next +(.+) && ", server.log, re.MULTILINE), what="what to type next")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        typed = subprocess.run(
            ["sh", "-c", f'{said[1]}; echo "$AWS_ENDPOINT_URL"'],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert typed.stdout == f"{server.endpoint}\n", typed.stderr
