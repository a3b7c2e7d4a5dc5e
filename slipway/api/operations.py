"""Every operation of the served services: who handles it, or why it is refused.

Run as a module (`python -m slipway.api.operations`) this writes `docs/operations.md`, the table of all of them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from botocore.loaders import Loader

from slipway.api import cloudwatch, ecs, elbv2, sts
from slipway.api.call import Handler
from slipway.api.errors import ApiError

#: The handlers of the served services, by botocore's name of the service.
SERVICES: Mapping[str, Mapping[str, Handler]] = {
    "ecs": ecs.HANDLERS,
    "elbv2": elbv2.HANDLERS,
    "cloudwatch": cloudwatch.HANDLERS,
    "sts": sts.HANDLERS,
}

TABLE_PATH = Path("docs/operations.md")

_TITLES = {
    "ecs": "Amazon ECS",
    "elbv2": "Elastic Load Balancing v2",
    "cloudwatch": "Amazon CloudWatch",
    "sts": "AWS STS",
}

_REASONS: Mapping[str, Mapping[str, str]] = {
    "ecs": ecs.REFUSED,
    "elbv2": elbv2.REFUSED,
    "cloudwatch": cloudwatch.REFUSED,
}

_ECS_CODE = "UnsupportedFeatureException"

#: Operations of ECS that do not list UnsupportedFeatureException among their errors, and are not served.
_WITHOUT_UNSUPPORTED_FEATURE = frozenset(
    (
        *("DeleteAttributes", "ListAttributes", "PutAttributes"),
        *("DeleteDaemonTaskDefinition", "DescribeDaemonTaskDefinition"),
        *("ListDaemonTaskDefinitions", "RegisterDaemonTaskDefinition"),
        *("DeregisterContainerInstance", "RegisterContainerInstance"),
        *("UpdateContainerAgent", "UpdateContainerInstancesState"),
        *("DiscoverPollEndpoint", "ExecuteCommand", "ListServicesByNamespace"),
        *("SubmitAttachmentStateChanges", "SubmitContainerStateChange", "SubmitTaskStateChange"),
    )
)


def dispatch(service: str, operation: str) -> Handler:
    """The handler of an operation. Raises `ApiError`, in a shape of the service's model, for one that is not served."""
    handler = SERVICES[service].get(operation)
    if handler is None:
        raise ApiError(refusal_code(service, operation), refusal_sentence(service, operation))
    return handler


def refusal_code(service: str, operation: str) -> str:
    """The error of an operation that is not served: the nearest that its model lists."""
    match service:
        case "ecs":
            return "ClientException" if operation in _WITHOUT_UNSUPPORTED_FEATURE else _ECS_CODE
        case "elbv2":
            return "OperationNotPermittedException"
        case _:
            return "UnknownOperationException"


def refusal_sentence(service: str, operation: str) -> str:
    """What the caller of an operation that is not served is told: where to look, and what to do instead."""
    reason = _REASONS.get(service, {}).get(operation)
    sentence = f"{operation} is not served by Slipway yet; see docs/operations.md."
    return f"{sentence} {reason}" if reason else sentence


def operations(service: str) -> tuple[str, ...]:
    """The names of all operations of a service's botocore model, served or not, sorted."""
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return tuple(sorted(loader.load_service_model(service, "service-2")["operations"]))


def operations_table() -> str:
    """Markdown: every operation of each served service's model, served or refused with the reason."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Operations"
    yield ""
    yield "Every operation of the services that Slipway serves, as botocore's models name them. A refused operation is"
    yield "answered by the error named, in one sentence. Written by `python -m slipway.api.operations`."
    for service, handlers in SERVICES.items():
        names = operations(service)
        yield ""
        yield f"## {_TITLES[service]}"
        yield ""
        yield f"{sum(name in handlers for name in names)} of {len(names)} operations are served."
        yield ""
        yield "| Operation | Served | If not: the error, and the reason |"
        yield "| --- | --- | --- |"
        for name in names:
            yield f"| {name} | {_state(service, name)}|"


def _state(service: str, operation: str) -> str:
    if operation in SERVICES[service]:
        return "yes | "
    return f"no | `{refusal_code(service, operation)}` {_REASONS.get(service, {}).get(operation, '')}".rstrip() + " "


if __name__ == "__main__":
    TABLE_PATH.write_text(operations_table(), encoding="utf-8")
