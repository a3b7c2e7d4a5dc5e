"""What a server recorded: its own routes, signed, and all of it as the text that a failing test prints."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.server_process import ServerProcess

LOG_TAIL = 4000  # characters


def ask(server: ServerProcess, path: str) -> bytes:
    """The body that `GET path` of the server's own routes answers, the request signed with its key."""
    url = f"{server.endpoint}{path}"
    request = AWSRequest(method="GET", url=url)
    key = server.credentials
    SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), "ecs", server.region).add_auth(request)
    with urlopen(Request(url, headers=dict(request.headers)), timeout=30) as answer:
        body: bytes = answer.read()
    return body


def story(server: ServerProcess, key: str) -> list[dict[str, Any]]:
    """The committed changes of a record that have a cause, oldest first: `seq`, `at`, `cause`, `document`."""
    rows: list[dict[str, Any]] = json.loads(ask(server, f"/slipway/v1/story?arn={quote(key, safe='')}"))["rows"]
    return rows


def log_of(server: ServerProcess, task_arn: str) -> str:
    """What the container of a task printed."""
    return ask(server, f"/slipway/v1/tasks/{task_arn.rpartition('/')[2]}/logs").decode(errors="replace")


@contextmanager
def explained(server: ServerProcess) -> Iterator[None]:
    """Adds to every failure inside what the server tells of its services and tasks, and the end of its log."""
    try:
        yield
    except BaseException as error:
        error.add_note(explanation(server))
        raise


def explanation(server: ServerProcess) -> str:
    """Events and tasks of every service, and the end of the log; where the server does not answer, the log alone."""
    try:
        told = "\n".join(_told(server))
    except (OSError, BotoCoreError, ClientError) as error:
        told = f"the server does not answer: {error}"
    return f"{told}\n--- the end of the server's log\n{server.log[-LOG_TAIL:]}"


def _told(server: ServerProcess) -> Iterator[str]:
    ecs = server.client("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        names = ecs.list_services(cluster=cluster, maxResults=10)["serviceArns"]
        for service in ecs.describe_services(cluster=cluster, services=names)["services"] if names else ():
            count = f"{service['runningCount']} of {service['desiredCount']}"
            yield f"--- service {service['serviceName']}: {count} run"
            for one in service["deployments"]:
                count = f"{one['runningCount']} of {one['desiredCount']}"
                yield f"{one['id']} {one['status']} {one['rolloutState']} {count}"
            yield from (f"{event['createdAt']:%H:%M:%S.%f} {event['message']}" for event in service["events"])
        for status in ("RUNNING", "STOPPED"):
            arns = ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
            tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
            yield from (_line(task) for task in tasks)


def _line(task: dict[str, Any]) -> str:
    ends = [f"{one['name']} {one.get('exitCode', '')} {one.get('reason', '')}" for one in task["containers"]]
    revision = task["taskDefinitionArn"].rpartition("/")[2]
    status = f"{task['lastStatus']} (desired {task['desiredStatus']})"
    return (
        f"task {task['taskArn'][-32:]} {revision} {status} {task.get('stoppedReason', '')} {'; '.join(ends)}".rstrip()
    )
