"""How a request becomes a transaction of the controller: find the handler, run it, answer after the commit."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from slipway.api.call import Answer, Call, Site
from slipway.api.errors import ApiError
from slipway.api.operations import dispatch
from slipway.controller import Controller
from slipway.core.decision import Context
from slipway.core.plan import Plan
from slipway.core.snapshot import Snapshot
from slipway.ports import StoreError


class Request(Protocol):
    """What is read of a request of the wire."""

    @property
    def service(self) -> str:
        """botocore's name of the service: `ecs`, `elbv2`, `sts`."""

    @property
    def operation(self) -> str:
        """AWS's name of the operation."""

    @property
    def params(self) -> Mapping[str, Any]:
        """The parsed parameters."""


def invoker(controller: Controller, site: Site) -> Callable[[Request], Awaitable[Mapping[str, Any]]]:
    """The function that answers requests by transactions of `controller`. It raises `ApiError`."""

    async def invoke(request: Request) -> Mapping[str, Any]:
        handler = dispatch(request.service, request.operation)

        def transaction(snapshot: Snapshot, context: Context) -> tuple[Plan, Answer | Callable[[], Answer]]:
            call = Call(snapshot=snapshot, params=request.params, now=context.now, ids=context.ids, site=site)
            answer = handler(call)
            return Plan(changes=tuple(call.changes), commands=tuple(call.commands)), answer

        try:
            answer = await controller.transact(transaction)
        except StoreError as error:
            raise _unavailable(request.service, error) from error
        return answer() if callable(answer) else answer

    return invoke


def _unavailable(service: str, error: StoreError) -> ApiError:
    sentence = f"Nothing was changed: {error}. Free some disk space, or check the data directory, and try again."
    return ApiError("ServerException" if service == "ecs" else "ServiceUnavailable", sentence)
