"""What a container definition may ask for that no runtime of this version can give: the task stops and says so.

Starting such a container without it would be worse: a program without its secret, or writing where nothing is kept.
"""

from collections.abc import Callable

from slipway.adapters.container_runtime import RuntimeFault
from slipway.core.plan import ContainerPayload

#: Members of a container definition, and the fault of a container that has them (names as of the public ECS agent).
_UNSERVED: dict[str, Callable[[str], RuntimeFault]] = {
    "secrets": lambda name: RuntimeFault(
        "ResourceInitializationError",
        f"unable to pull secrets for container {name}: this version has no Secrets Manager and no Parameter Store; "
        "give the values as environment",
    ),
    "environmentFiles": lambda name: RuntimeFault(
        "ResourceInitializationError",
        f"unable to read environmentFiles of container {name}: this version has no S3; give the values as environment",
    ),
    "mountPoints": lambda name: RuntimeFault(
        "CannotCreateContainerError",
        f"container {name}: mountPoints are not served by this version; remove them, or on docker use volumesFrom with "
        "a volume of the image, or linuxParameters.tmpfs",
    ),
}


def check_served(container: ContainerPayload) -> None:
    """Raise the `RuntimeFault` of the first member that cannot be given; nothing where all can."""
    for member, fault in _UNSERVED.items():
        if container.document.get(member):
            raise fault(container.name)
