"""What works here and would not on AWS, said where a deployment begins to rely on it."""

from collections.abc import Iterator

from slipway.core.model.task_definitions import TaskDefinition

#: The longest stopTimeout of a container on Fargate (ECS API, `ContainerDefinition`).
FARGATE_STOP_TIMEOUT_S = 120


def portability_notes(definition: TaskDefinition) -> Iterator[str]:
    """Sentences for the service's events about a definition that says it runs on Fargate too."""
    if "FARGATE" not in definition.document.get("compatibilities", ()):
        return
    for container in definition.containers:
        seconds = container.stop_timeout_s
        if seconds is not None and seconds > FARGATE_STOP_TIMEOUT_S:
            yield (
                f"stopTimeout of container {container.name} is {seconds} s; "
                f"Fargate allows at most {FARGATE_STOP_TIMEOUT_S}."
            )
