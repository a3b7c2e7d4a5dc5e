"""Explaining a recorded deployment, in this process: what the command and the Python API share.

explanation = slipway.explain("web")
[(segment.seconds, segment.sentence) for segment in explanation.ledger.segments]
"""

from pathlib import Path

from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.recorded import file_named, find_recording
from slipway.foresight.explain import Explanation
from slipway.foresight.explain import explain as explain_recording
from slipway.foresight.what_if_savings import savings


def explain(
    subject: Path | str,
    deployment: str | None = None,
    *,
    data: Path | str | None = None,
    cluster: str | None = None,
) -> Explanation:
    """Where every second of a deployment went, and which changes would have saved most.

    `subject` is a service, or a file that `slipway export` wrote; `deployment` its id, `ecs-svc/…`, or ARN, None: the
    newest. `data` is the server's data directory, None: as the `slipway` command finds it. One that goes on is told up
    to now.

    Of the answer, `seconds` and names that end in `_s` are seconds, names that end in `_at` epoch seconds, shares from
    0 to 1; the seconds of `ledger.segments` add up to `seconds`. Raises `CliError` where no server answers or there is
    no such recording, and `UsageError` for a file with a deployment.
    """
    place = None if data is None else Path(data)
    recording = find_recording(str(subject), deployment, cluster=cluster, data=place)
    goes_on = not recording.is_over and file_named(str(subject)) is None
    now = float(Endpoint(find_access(place)).overview()["at"]) if goes_on else None
    return explain_recording(recording, now=now, savings=savings)
