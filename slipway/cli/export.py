"""`slipway export SERVICE [DEPLOYMENT]`: the recording of a deployment as one file, which replays on any machine."""

from pathlib import Path
from typing import Annotated

import typer

from slipway.cli import options
from slipway.cli.failure import CliError
from slipway.cli.output import print_json, refuse_existing
from slipway.cli.recorded import SUFFIX, Deployment, fetch_recording


def export(
    service: options.Service,
    deployment: Deployment = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help=f"Where to write it (SERVICE-NUMBER{SUFFIX} here)."),
    ] = None,
    force: options.Force = False,
    with_environment: Annotated[
        bool, typer.Option("--with-environment", help="Keep what is left out otherwise.")
    ] = False,
    cluster: options.Cluster = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Write everything a deployment was decided from, step by step, into one file: a bug report that is a test.

    `slipway replay FILE` runs it again, and `slipway explain FILE` tells where its time went, without a server.
    Values of environment variables, options of drivers and what health checks printed are left out; names, images and
    commands stay, of all services of the cluster.
    """
    from slipway.foresight.recording import RecordingError, redacted_recording
    from slipway.foresight.recording_file import encode_recording, save_recording

    refuse_existing(output, force=force)
    recording = fetch_recording(service, deployment, cluster=cluster, data=data)
    name = recording.service_arn.rpartition("/")[2]
    file = output or Path(f"{name}-{recording.deployment_id.rpartition('/')[2]}{SUFFIX}")
    refuse_existing(file, force=force)
    content = encode_recording(recording if with_environment else redacted_recording(recording))
    try:
        save_recording(content, file)
    except RecordingError as error:
        raise CliError(str(error)) from error
    if as_json:
        print_json({"file": str(file), "bytes": len(content), "deployment": recording.deployment_id})
        return
    kept = "with" if with_environment else "without"
    print(f"{file} has {recording.deployment_id} of {name}: {len(content):,} bytes, {kept} values of its environment.")
    print(f"  replay it  slipway replay {file}")
