"""The one error an API handler raises: the caller's fault, in AWS's shape."""

from typing import Any


class ApiError(Exception):
    """A refusal for the caller, serialised by the wire as the error shape `code` of the botocore model.

    `code` is the name of an error shape of the service (`ClusterNotFoundException`, `InvalidParameterException`,
    `TargetGroupNotFoundException`); `message` is one sentence that names the field and the fix; `fields` are further
    members of that shape (`resourceIds` of `ConflictException`).
    """

    def __init__(self, code: str, message: str, **fields: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
