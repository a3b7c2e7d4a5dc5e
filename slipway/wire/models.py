"""The served services, read from botocore's data files: shapes, operations and errors, and nothing else of botocore.

No botocore session and no client is made, and only the services named are loaded: an idle control plane pays for
those alone. The prose of the models, two thirds of their size, is dropped as they are read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel


@dataclass(frozen=True, slots=True, kw_only=True)
class WireOperation:
    """One operation: the shapes of its request and of its answer. A shape is None where the operation has none."""

    name: str
    input_shape: Any | None
    output_shape: Any | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WireError:
    """How one error leaves: the code that clients read, the HTTP status, and whose fault it is."""

    code: str
    status: int
    is_sender_fault: bool
    # None for an error that is common to all services and has no shape in the model.
    shape: Any | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WireService:
    """One served service as its model describes it. `name` is botocore's (`elbv2`); `signing_name` is SigV4's."""

    name: str
    signing_name: str
    api_version: str
    json_version: str
    xml_namespace: str
    # What precedes the operation in X-Amz-Target; None where the service speaks no AWS JSON.
    target_prefix: str | None
    # Whether it speaks Smithy RPC v2 CBOR, below a path with the target prefix.
    speaks_cbor: bool = False
    # Whether its errors go by their codes of AWS Query in the other protocols too (`awsQueryCompatible`).
    is_query_compatible: bool = False
    operations: Mapping[str, WireOperation]
    # By the name of the error's shape.
    errors: Mapping[str, WireError]


def load_services(names: Iterable[str]) -> tuple[WireService, ...]:
    """The services of these botocore names (`ecs`, `elbv2`, `sts`, …), in the order given.

    Raises botocore's `UnknownServiceError` for a name without a model.
    """
    return tuple(read_service(name, _load_document(name)) for name in names)


def load_service_model(name: str) -> ServiceModel:
    """The botocore model of one service, without its prose."""
    return ServiceModel(_load_document(name), name)


def _load_document(name: str) -> Mapping[str, Any]:
    """botocore's own data file; those in `~/.aws/models` are not looked at: what is served depends on nobody's home."""
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    document: Mapping[str, Any] = _without_prose(loader.load_service_model(name, "service-2"))
    return document


def _without_prose(document: Any) -> Any:
    """The model without its `documentation` texts. A member of that name is a mapping and stays."""
    if isinstance(document, Mapping):
        return {
            key: _without_prose(value)
            for key, value in document.items()
            if not (key == "documentation" and isinstance(value, str))
        }
    if isinstance(document, list):
        return [_without_prose(value) for value in document]
    return document


def read_service(name: str, document: Mapping[str, Any]) -> WireService:
    """A service from the document of its model (`service-2.json`)."""
    model = ServiceModel(document, name)
    metadata = model.metadata
    operations = {}
    for operation in map(model.operation_model, model.operation_names):
        operations[operation.name] = WireOperation(
            name=operation.name, input_shape=operation.input_shape, output_shape=operation.output_shape
        )
    return WireService(
        name=name,
        signing_name=metadata.get("signingName") or metadata["endpointPrefix"],
        api_version=metadata["apiVersion"],
        json_version=metadata.get("jsonVersion", "1.0"),
        xml_namespace=metadata.get("xmlNamespace", ""),
        target_prefix=metadata.get("targetPrefix"),
        speaks_cbor="smithy-rpc-v2-cbor" in metadata.get("protocols", ()),
        is_query_compatible="awsQueryCompatible" in metadata,
        operations=operations,
        errors={shape.name: _error(shape, document["shapes"][shape.name]) for shape in model.error_shapes},
    )


def _error(shape: Any, traits: Mapping[str, Any]) -> WireError:
    """`traits` is the shape as the file has it: botocore's `Shape` does not give `fault`, which means status 500."""
    trait = traits.get("error", {})
    status = trait.get("httpStatusCode", 500 if traits.get("fault") else 400)
    return WireError(code=trait.get("code", shape.name), status=status, is_sender_fault=status < 500, shape=shape)
