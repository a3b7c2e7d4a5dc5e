"""The labels that Slipway's containers carry: whose they are, and all that is needed to adopt them again."""

from collections.abc import Mapping

import msgspec

from slipway.core.plan import ContainerPayload, TaskPayload

#: An id of the data directory: two servers on one engine never touch each other's containers.
DATA = "io.slipway.data"
TASK_ARN = "io.slipway.task-arn"
CONTAINER = "io.slipway.container"
PAYLOAD = "io.slipway.payload"

_payload = msgspec.json.Decoder(TaskPayload)


def labels_of(task: TaskPayload, container: ContainerPayload, *, data_id: str) -> dict[str, str]:
    """Ours, and those of the public ECS agent, which tools for ECS read (task metadata endpoint, `Labels`)."""
    return {
        DATA: data_id,
        TASK_ARN: task.task_arn,
        CONTAINER: container.name,
        PAYLOAD: msgspec.json.encode(task).decode(),
        "com.amazonaws.ecs.cluster": task.cluster_name,
        "com.amazonaws.ecs.container-name": container.name,
        "com.amazonaws.ecs.task-arn": task.task_arn,
        "com.amazonaws.ecs.task-definition-family": task.family,
        "com.amazonaws.ecs.task-definition-version": str(task.revision),
    }


def payload_in(labels: Mapping[str, str]) -> TaskPayload:
    """The task as it was ordered. Raises `msgspec.MsgspecError` or `KeyError` if the label is not ours to read."""
    return _payload.decode(labels[PAYLOAD])
