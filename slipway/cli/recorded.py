"""The recording that a command is given: a file that was exported, or a deployment of a service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError, Unreachable, UsageError
from slipway.cli.resolve import NoService, ServiceName, resolve_service

if TYPE_CHECKING:
    from slipway.foresight.recording import Recording

#: How files of recordings end, as `slipway export` names them.
SUFFIX = ".slipway.gz"

Subject = Annotated[
    str, typer.Argument(metavar="SERVICE|FILE", help="Name or ARN of a service, or a file that was exported.")
]
Deployment = Annotated[
    str | None, typer.Argument(metavar="[DEPLOYMENT]", help="Its id, ecs-svc/…, or ARN (default: the newest).")
]


def find_recording(subject: str, deployment: str | None, *, cluster: str | None, data: Path | None) -> "Recording":
    """The recording in the file that `subject` names, or of a deployment (None: the newest) of the service it names.

    Raises `CliError`, and `UsageError` for a file with a deployment.
    """
    file = file_named(subject)
    if file is None:
        return fetch_recording(subject, deployment, cluster=cluster, data=data)
    if deployment is not None:
        raise UsageError(f"{file} holds one deployment: leave out {deployment}, or name a service instead of the file.")
    from slipway.foresight.recording import RecordingError
    from slipway.foresight.recording_file import load_recording

    try:
        return load_recording(file)
    except RecordingError as error:
        raise CliError(str(error)) from error


def fetch_recording(service: str, deployment: str | None, *, cluster: str | None, data: Path | None) -> "Recording":
    """The recording of a deployment (None: the newest), from the server. Raises `CliError`."""
    from slipway.foresight.recording import RecordingError
    from slipway.foresight.recording_file import decode_recording

    endpoint = Endpoint(find_access(data))
    name = _find_service(endpoint, service, cluster)
    content = endpoint.recording(name.cluster, name.service, deployment)
    try:
        return decode_recording(content, name="The server's answer")
    except RecordingError as error:
        raise CliError(str(error)) from error


def _find_service(endpoint: Endpoint, service: str, cluster: str | None) -> ServiceName:
    """The service that is meant; a deleted one, which no overview has, where there is no other. Raises `CliError`."""
    overview = endpoint.overview()
    try:
        return resolve_service(overview, service, cluster)
    except NoService:
        there = [one["name"] for one in overview["clusters"] if _has_known(endpoint, one["name"], service)]
        if not there:
            raise
    if len(there) > 1:
        raise CliError(f"Service {service} was deleted in the clusters {', '.join(there)}: name one with --cluster.")
    return ServiceName(cluster=there[0], service=service)


def _has_known(endpoint: Endpoint, cluster: str, service: str) -> bool:
    """Whether the server has a service of that name in the cluster, in any status."""
    try:
        endpoint.events(cluster, service)
    except Unreachable:
        raise
    except CliError:
        return False
    return True


def recording_document(recording: "Recording") -> dict[str, Any]:
    """Of which deployment a recording is, for programs: what `slipway explain --json` calls it, too."""
    from slipway.core.arns import cluster_name

    return {
        "service": recording.service_arn.rpartition("/")[2],
        "cluster": cluster_name(recording.service_arn),
        "service_arn": recording.service_arn,
        "service_deployment_arn": recording.service_deployment_arn,
        "deployment": recording.deployment_id,
        "began_at": recording.began_at,
    }


def file_named(subject: str) -> Path | None:
    """The file that is meant; None: a service is. What is there as a file, or is no name of a service, is one: those
    have letters, digits, `-` and `_` (CreateService)."""
    path = Path(subject)
    is_path = not subject.startswith("arn:") and ("/" in subject or "." in subject)
    return path if is_path or path.is_file() else None
