"""(c) DescribeServices, what waiters and dashboards poll: requests a second, beside a moto server.

The same wrk sends both the same request, signed once by botocore (a signature is good for five minutes). Both servers
have one service of two tasks. Slipway verifies the signature of every request and answers with ten events or more; moto
verifies nothing and knows no events. Client and server share the machine's cores.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.session import Session

from bench.fleet import LIGHT, fresh_server, until
from bench.load import Load, find_wrk, put_load, taken
from bench.result import Row, Target
from slipway.cli.free_port import free_port

CONNECTIONS = 8
ROUNDS, QUICK_ROUNDS = 5, 1
SECONDS, QUICK_SECONDS = 5.0, 2.0
TIMES_MOTO = 10.0  # what is promised: docs/benchmarks.md
EVENTS = 10
NAME = "described"


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: requests a second, and the latency at the median and at the 99th percentile."""
    find_wrk()
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if is_quick else (ROUNDS, SECONDS)
    sides: tuple[list[Load], list[Load]] = ([], [])
    with _slipway() as ours, _moto() as theirs:
        for _ in range(rounds):
            for loads, client in zip(sides, (ours, theirs), strict=True):
                request = signed_request(client, {"services": [NAME]})
                loads.append(put_load(client.meta.endpoint_url, request, connections=CONNECTIONS, seconds=seconds))
        events = len(_service(ours)["events"])
    our, moto = taken(sides[0]), taken(sides[1])
    rows = (
        Row(
            measure="requests",
            ours=our.rate,
            unit="/s",
            reference=moto.rate,
            against="moto server",
            target=Target(limit=TIMES_MOTO, is_floor=True),
        ),
        Row(measure="latency, median", ours=our.p50_ms, unit="ms", reference=moto.p50_ms, against="moto server"),
        Row(measure="latency, p99", ours=our.p99_ms, unit="ms", reference=moto.p99_ms, against="moto server"),
    )
    note = f"medians of {rounds} rounds of {seconds:g} s, in turn; {CONNECTIONS} connections; {events} events in ours"
    return rows, (note,)


def signed_request(client: Any, params: dict[str, Any]) -> bytes:
    """DescribeServices as botocore would send it, byte for byte, signed now."""
    url = urlsplit(client.meta.endpoint_url)
    headers = {
        "Host": url.netloc,
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeServices",
    }
    made = client._serializer.serialize_to_request(
        params, client.meta.service_model.operation_model("DescribeServices")
    )
    request = AWSRequest(method="POST", url=f"{client.meta.endpoint_url}/", data=made["body"], headers=headers)
    SigV4Auth(client._request_signer._credentials, "ecs", client.meta.region_name).add_auth(request)
    body = made["body"]
    lines = [*(f"{name}: {value}" for name, value in request.headers.items()), f"Content-Length: {len(body)}"]
    return "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode() + bytes(body)


@contextmanager
def _slipway() -> Iterator[Any]:
    """A client of a server whose service has two tasks and a history."""
    with fresh_server({"cpu": 1024, "memory": 1024, "healthy_after_running_s": 0}) as server:
        ecs = server.client("ecs")
        _create(ecs)
        count = 2
        while len(_service(ecs)["events"]) < EVENTS or count != 2:
            until(lambda: _service(ecs)["deployments"][0]["rolloutState"] == "COMPLETED", "a deployment to complete")
            count = 3 - count
            ecs.update_service(service=NAME, desiredCount=count)
            until(lambda wanted=count: _service(ecs)["runningCount"] == wanted, f"{count} tasks to run")  # type: ignore[misc]
        yield ecs


@contextmanager
def _moto() -> Iterator[Any]:
    """A client of a moto server with the same service."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as moto:
        try:
            ecs = _client(f"http://127.0.0.1:{port}")
            ecs.create_cluster(clusterName="default")
            _create(ecs)
            yield ecs
        finally:
            moto.terminate()


def _client(endpoint: str) -> Any:
    retries = {"mode": "standard", "max_attempts": 10}  # the server is just starting
    return Session().create_client(
        "ecs",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="moto",
        aws_secret_access_key="moto",
        config=Config(retries=retries),
    )


def _create(ecs: Any) -> None:
    container = {"name": "app", "essential": True, "cpu": 1, **LIGHT}
    ecs.register_task_definition(family=NAME, containerDefinitions=[container])
    ecs.create_service(serviceName=NAME, taskDefinition=NAME, desiredCount=2)


def _service(ecs: Any) -> dict[str, Any]:
    service: dict[str, Any] = ecs.describe_services(services=[NAME])["services"][0]
    return service
