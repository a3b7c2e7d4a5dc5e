"""Every error that may leave: those of a service's model, and those that AWS documents as common to all services.

Source of the common errors: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html. The two protocols name some of
them differently: what is `InvalidSignatureException` in JSON is `SignatureDoesNotMatch` in Query.
"""

from slipway.api.errors import ApiError
from slipway.wire.models import WireError, WireService


def _error(code: str, status: int) -> WireError:
    return WireError(code=code, status=status, is_sender_fault=status < 500)


# By the code that our own code raises: the error in AWS JSON, and in Query.
_COMMON: dict[str, tuple[WireError, WireError]] = {
    "AccessDeniedException": (_error("AccessDeniedException", 400), _error("AccessDenied", 403)),
    "IncompleteSignatureException": (_error("IncompleteSignatureException", 400), _error("IncompleteSignature", 400)),
    "InternalFailure": (_error("InternalFailure", 500), _error("InternalFailure", 500)),
    "InvalidParameterCombination": (
        _error("InvalidParameterCombination", 400),
        _error("InvalidParameterCombination", 400),
    ),
    "InvalidParameterValue": (_error("InvalidParameterValue", 400), _error("InvalidParameterValue", 400)),
    "InvalidSignatureException": (_error("InvalidSignatureException", 400), _error("SignatureDoesNotMatch", 403)),
    "MissingAction": (_error("UnknownOperationException", 404), _error("MissingAction", 400)),
    "MissingAuthenticationTokenException": (
        _error("MissingAuthenticationTokenException", 400),
        _error("MissingAuthenticationToken", 403),
    ),
    "MissingParameter": (_error("MissingParameter", 400), _error("MissingParameter", 400)),
    "RequestEntityTooLargeException": (
        _error("RequestEntityTooLargeException", 413),
        _error("RequestEntityTooLarge", 413),
    ),
    "SerializationException": (_error("SerializationException", 400), _error("MalformedInput", 400)),
    "ServiceUnavailable": (_error("ServiceUnavailable", 503), _error("ServiceUnavailable", 503)),
    "ThrottlingException": (_error("ThrottlingException", 400), _error("Throttling", 400)),
    "UnknownOperationException": (_error("UnknownOperationException", 404), _error("InvalidAction", 400)),
    "UnrecognizedClientException": (_error("UnrecognizedClientException", 400), _error("InvalidClientTokenId", 403)),
    "ValidationError": (_error("ValidationError", 400), _error("ValidationError", 400)),
    "ValidationException": (_error("ValidationException", 400), _error("ValidationError", 400)),
}


def json_error(service: WireService, error: ApiError) -> WireError:
    """The error as AWS JSON shows it; `AssertionError` for a code that neither the model nor AWS's common list has."""
    return _known(service, error, 0)


def query_error(service: WireService, error: ApiError) -> WireError:
    """The error as AWS Query shows it; `AssertionError` for a code that neither the model nor AWS's common list has."""
    return _known(service, error, 1)


def _known(service: WireService, error: ApiError, protocol: int) -> WireError:
    if wire_error := service.errors.get(error.code):
        return wire_error
    if common := _COMMON.get(error.code):
        return common[protocol]
    raise AssertionError(f"{error.code} is not an error of {service.name or 'any service'}: {error.message}") from error


def missing_parameter(service: WireService, places: list[str]) -> ApiError:
    """The refusal of a request that lacks required members, with the code that this service's handlers use."""
    plural = len(places) > 1
    sentence = (
        f"{' and '.join(places)} {'are' if plural else 'is'} required; give {'each' if plural else 'it'} a value."
    )
    for code in ("MissingRequiredParameterException", "InvalidParameterException", "ValidationException"):
        if code in service.errors:
            return ApiError(code, sentence)
    return ApiError("ValidationException" if service.target_prefix else "ValidationError", sentence)


def internal_failure(service: WireService) -> ApiError:
    """What a caller sees of a fault of ours: nothing of its inside; the log has that under the request's id."""
    code = "ServerException" if "ServerException" in service.errors else "InternalFailure"
    return ApiError(code, "The request failed by a fault of the server; its log tells more under this request id.")
