"""The recording of a deployment as Slipway's own routes give it: the file itself, which `slipway replay` reads."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from slipway.api.errors import ApiError
from slipway.api.introspection_lookup import find_roll_out
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.services import Service
from slipway.core.snapshot import Snapshot
from slipway.journal.journal import JournalError
from slipway.ports import StoreError

#: Makes the file of the recording of a service deployment, by ARN, beside the event loop. Raises `JournalError` where
#: there is none, and `StoreError` where the store cannot be read.
Recorded = Callable[[str], Awaitable[bytes]]


async def told_recording(snapshot: Snapshot, service: Service, name: str, recorded: Recorded) -> Response:
    """The file of the recording of the deployment that `name` means; empty: the newest. Raises `ApiError`."""
    roll_out = find_roll_out(snapshot, service, name) if name else _newest(snapshot, service)
    try:
        content = await recorded(roll_out.arn)
    except JournalError as error:
        raise ApiError("ServiceDeploymentNotFoundException", str(error)) from error
    except StoreError as error:
        raise ApiError("ServerException", f"The recording cannot be made: {error}.") from error
    return Response(content, media_type="application/gzip")


def _newest(snapshot: Snapshot, service: Service) -> ServiceDeployment:
    history = snapshot.service_history(service.arn)
    if not history:
        raise ApiError("ServiceDeploymentNotFoundException", f"No deployment of {service.name} is kept.")
    return history[0]
