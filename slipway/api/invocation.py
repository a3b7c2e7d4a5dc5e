"""How a request becomes a transaction of the controller: find the handler, run it, answer after the commit."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from slipway.api.call import Answer, Call, Site
from slipway.api.errors import ApiError
from slipway.api.image_lacks import ImageLacks
from slipway.api.operations import dispatch
from slipway.controller import Controller
from slipway.core.decision import Context
from slipway.core.ids import Ids
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


def invoker(
    controller: Controller, site: Site, image_lacks: ImageLacks | None = None
) -> Callable[[Request], Awaitable[Mapping[str, Any]]]:
    """The function that answers requests by transactions of `controller`. It raises `ApiError`.

    With `image_lacks`, calls that begin a deployment are told of images that cannot be had, which is asked before the
    transaction: nothing waits within one.
    """

    async def invoke(request: Request) -> Mapping[str, Any]:
        handler = dispatch(request.service, request.operation)
        lacks: Mapping[str, str] = {}
        if image_lacks is not None:
            looking = Call(
                snapshot=controller.snapshot,
                params=request.params,
                now=0.0,
                ids=Ids(seed=controller.snapshot.seed),
                site=site,
            )
            lacks = await image_lacks.of(request.service, request.operation, looking)

        def transaction(snapshot: Snapshot, context: Context) -> tuple[Plan, Answer | Callable[[], Answer]]:
            call = Call(
                snapshot=snapshot,
                params=request.params,
                now=context.now,
                ids=context.ids,
                site=site,
                image_lacks=lacks,
            )
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
