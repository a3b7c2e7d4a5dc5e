"""What a caller can get wrong, against a real server: each time a clear error in AWS's form, and it stays up."""

import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained
from tests.waiting import wait_until

MEMORY = 256  # MiB that the server offers
TARGET = "AmazonEC2ContainerServiceV20141113"
MIB = 1 << 20

_RUNS = {"name": "app", "image": "app:1", "memory": 32, "command": ["sleep", "600"]}
_PERCENTS = "deploymentConfiguration"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A small server with a task definition `app`, one too big for it, and one that the process runtime cannot run."""
    data = tmp_path_factory.mktemp("bad-input") / "data"
    with serving(data, memory=MEMORY, lb_address_pool="127.251.0.1-127.251.0.20") as started:
        ecs = started.client("ecs")
        ecs.register_task_definition(family="app", containerDefinitions=[_RUNS])
        ecs.register_task_definition(family="big", containerDefinitions=[{**_RUNS, "memory": MEMORY + 1}])
        commandless = {name: value for name, value in _RUNS.items() if name != "command"}
        ecs.register_task_definition(family="commandless", containerDefinitions=[commandless])
        yield started


@pytest.fixture(autouse=True)
def stays_up(server: ServerProcess) -> Iterator[None]:
    """After each test the same process still answers."""
    with explained(server):
        yield
        status, _, body = _send(server, "GET", "/healthz", {})
        assert (status, json.loads(body)["pid"]) == (200, server.pid)


def _send(
    server: ServerProcess, method: str, path: str, headers: dict[str, str], *, body: bytes = b""
) -> tuple[int, str, bytes]:
    """Status, content type and body of the answer to a raw request."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    finally:
        connection.close()


_UNKNOWN = (
    pytest.param("list_tasks", {"cluster": "nope"}, "ClusterNotFoundException", id="cluster of tasks"),
    pytest.param("describe_services", {"cluster": "nope", "services": ["a"]}, "ClusterNotFoundException", id="cluster"),
    pytest.param("update_service", {"service": "nope"}, "ServiceNotFoundException", id="service to update"),
    pytest.param("delete_service", {"service": "nope"}, "ServiceNotFoundException", id="service to delete"),
    pytest.param("describe_task_definition", {"taskDefinition": "app:9"}, "ClientException", id="revision"),
    pytest.param("run_task", {"taskDefinition": "app:9"}, "ClientException", id="revision to run"),
    pytest.param("run_task", {"taskDefinition": "nope"}, "ClientException", id="family to run"),
)


@pytest.mark.parametrize(("operation", "members", "code"), _UNKNOWN)
def test_what_there_is_not(server: ServerProcess, operation: str, members: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(server.client("ecs"), operation)(**members)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"].endswith(".")


def test_unknown_services_and_tasks_are_failures_not_errors(server: ServerProcess) -> None:
    ecs = server.client("ecs")
    assert [one["reason"] for one in ecs.describe_services(services=["nope"])["failures"]] == ["MISSING"]
    assert [one["reason"] for one in ecs.describe_tasks(tasks=["0" * 32])["failures"]] == ["MISSING"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param(
            {_PERCENTS: {"minimumHealthyPercent": 100, "maximumPercent": 100}},
            "cannot be 100 as this will block deployments",
            id="nothing may move",
        ),
        pytest.param({_PERCENTS: {"minimumHealthyPercent": 150}}, "give a number from 0 to 100", id="above 100"),
        pytest.param({_PERCENTS: {"minimumHealthyPercent": -1}}, "give a number from 0 to 100", id="below 0"),
        pytest.param({"desiredCount": -1}, "desiredCount is -1", id="fewer than no tasks"),
        pytest.param({"taskDefinition": "app:9"}, "task definition", id="no such revision"),
    ],
)
def test_a_service_that_cannot_be(server: ServerProcess, members: dict[str, Any], words: str) -> None:
    ecs = server.client("ecs")
    with pytest.raises(ClientError, match=words):
        ecs.create_service(**{"serviceName": "never", "taskDefinition": "app", "desiredCount": 1, **members})
    assert not any("never" in arn for arn in ecs.list_services()["serviceArns"])


def test_a_port_in_use_is_refused_and_who_has_it_is_named(server: ServerProcess) -> None:
    elb = server.client("elbv2")
    (balancer,) = elb.create_load_balancer(Name="taken", Subnets=["subnet-1"])["LoadBalancers"]
    (group,) = elb.create_target_group(Name="taken", Protocol="HTTP", Port=80, VpcId="vpc-1")["TargetGroups"]
    address = balancer["AvailabilityZones"][0]["LoadBalancerAddresses"][0]["IpAddress"]
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    with socket.create_server((address, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ClientError, match=rf"{address}:{port} cannot be bound.*in use"):
            elb.create_listener(
                LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=forward
            )
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=forward
    )
    assert made["Listeners"][0]["Port"] == port


def test_no_room_says_where_and_what_is_lacking(server: ServerProcess) -> None:
    ecs = server.client("ecs")
    (instance,) = ecs.list_container_instances()["containerInstanceArns"]
    answer = ecs.run_task(taskDefinition="big")
    assert (answer["tasks"], [one["reason"] for one in answer["failures"]]) == ([], ["RESOURCE:MEMORY"])
    assert answer["failures"][0]["arn"] == instance
    ecs.create_service(serviceName="big", taskDefinition="big", desiredCount=1)
    instance_id = instance.rpartition("/")[2]
    _await_event(
        server,
        "big",
        r"\(service big\) was unable to place a task because no container instance met all of its requirements\. "
        rf"The closest matching \(container-instance {instance_id}\) has insufficient memory available "
        rf"\(the task needs {MEMORY + 1}, \d+ are left\)\.",
    )
    ecs.delete_service(service="big", force=True)


def test_a_container_without_a_command_says_what_to_do(server: ServerProcess) -> None:
    ecs = server.client("ecs")
    ecs.create_service(serviceName="commandless", taskDefinition="commandless", desiredCount=1)
    reason = _stopped_reason(server, "commandless")
    assert reason.startswith("CannotPullContainerError: container app has no command"), reason
    assert "Give the container a `command`, or use --runtime docker" in reason
    _await_event(server, "commandless", r"is unable to consistently start tasks successfully\.")
    ecs.delete_service(service="commandless", force=True)


@pytest.mark.docker
def test_an_image_that_is_not_there_is_named(tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", runtime="docker", lb_address_pool=pool) as server, explained(server):
        ecs = server.client("ecs")
        container = {**_RUNS, "image": "127.0.0.1:9/nothing/here:v0"}
        ecs.register_task_definition(family="absent", containerDefinitions=[container])
        ecs.create_service(serviceName="absent", taskDefinition="absent", desiredCount=1)
        reason = _stopped_reason(server, "absent")
        assert reason.startswith("CannotPullContainerError"), reason
        assert "127.0.0.1:9/nothing/here" in reason
        _await_event(server, "absent", r"is unable to consistently start tasks successfully\.")


def _stopped_reason(server: ServerProcess, service: str) -> str:
    """Why the first task of a service stopped that did."""
    ecs = server.client("ecs")

    def stopped() -> list[str]:
        arns: list[str] = ecs.list_tasks(serviceName=service, desiredStatus="STOPPED")["taskArns"]
        return arns

    arns = wait_until(stopped, timeout_s=60, what=f"a task of {service} to stop")
    task = ecs.describe_tasks(tasks=arns)["tasks"][0]
    assert task["stopCode"] == "TaskFailedToStart", task
    assert task["stoppedReason"] == task["containers"][0]["reason"], task
    reason: str = task["stoppedReason"]
    return reason


def _await_event(server: ServerProcess, service: str, pattern: str) -> None:
    ecs = server.client("ecs")

    def messages() -> list[str]:
        (shown,) = ecs.describe_services(services=[service])["services"]
        return [event["message"] for event in shown["events"]]

    wait_until(
        lambda: any(re.search(pattern, message) for message in messages()),
        timeout_s=60,
        what=f"an event of {service} like {pattern}",
    )


def _signed(server: ServerProcess, body: bytes, *, target: str = "ListTasks", secret: str = "") -> dict[str, str]:
    """Headers of a POST of `body`, signed with the server's key, or with another secret."""
    headers = {"X-Amz-Target": f"{TARGET}.{target}", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", f"{server.endpoint}/", headers=headers, data=body)
    key = server.credentials
    SigV4Auth(Credentials(key.access_key_id, secret or key.secret_access_key), "ecs", server.region).add_auth(request)
    return dict(request.headers.items())


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b'{"cluster":', 400, "SerializationException", id="cut short"),
        pytest.param(b"\xff\xfe\x00", 400, "SerializationException", id="no text"),
        pytest.param(b'{"cluster": 7}', 400, "SerializationException", id="a number for a name"),
        pytest.param(b"[]", 400, "SerializationException", id="a list for an object"),
        pytest.param(b"[" * 100_000, 400, "SerializationException", id="nested without end"),
        pytest.param(b'{"cluster":"%s"}' % (b"a" * MIB), 413, "RequestEntityTooLargeException", id="over a megabyte"),
        pytest.param(b'{"cluster":"%s"}' % (b"a" * (MIB - 14)), 400, "", id="a megabyte"),
    ],
)
def test_a_body_that_makes_no_sense(server: ServerProcess, body: bytes, status: int, code: str) -> None:
    answered, kind, told = _send(server, "POST", "/", _signed(server, body), body=body)
    error = json.loads(told)
    assert (answered, kind) == (status, "application/x-amz-json-1.1")
    assert error["__type"].startswith(code)
    assert error["message"].endswith(".")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param(lambda server: _signed(server, b"{}", secret="wrong"), "InvalidSignatureException", id="secret"),
        pytest.param(lambda server: _signed(server, b'{"a": 1}'), "InvalidSignatureException", id="another body"),
        pytest.param(
            lambda server: {"X-Amz-Target": f"{TARGET}.ListTasks"}, "MissingAuthenticationTokenException", id="none"
        ),
        pytest.param(lambda server: _signed(server, b"{}", target="Nope"), "UnknownOperationException", id="operation"),
    ],
)
def test_who_is_not_let_in(server: ServerProcess, headers: Callable[[ServerProcess], Any], code: str) -> None:
    status, _, told = _send(server, "POST", "/", headers(server), body=b"{}")
    assert 400 <= status < 500
    assert json.loads(told)["__type"] == code


def test_a_second_server_on_the_same_data_is_refused(server: ServerProcess) -> None:
    done = _up("--data", str(server.data), "--listen", "127.0.0.1:0")
    assert done.returncode == 1, done
    assert f"pid {server.pid}" in done.stderr, done
    assert "another --data directory" in done.stderr, done


def test_no_auth_is_for_loopback_only(tmp_path: Path) -> None:
    done = _up("--data", str(tmp_path / "data"), "--listen", "0.0.0.0:0", "--no-auth")
    assert done.returncode != 0, done
    assert "--no-auth with --listen 0.0.0.0:0" in done.stderr, done
    assert not (tmp_path / "data").exists()


def _up(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "slipway", "up", "--runtime", "process", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
