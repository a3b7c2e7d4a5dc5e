"""Explaining a recorded deployment, in this process: what the command and the Python API share.

explanation = slipway.explain("web")
[(segment.seconds, segment.sentence) for segment in explanation.ledger.segments]
"""

from functools import partial
from pathlib import Path

from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError
from slipway.cli.planning import taken_fork
from slipway.cli.recorded import file_named, find_recording
from slipway.cli.resolve import ServiceName
from slipway.core.arns import cluster_name, resource_name
from slipway.foresight.advise_service import longest_seen
from slipway.foresight.advise_subject import RequestSeen
from slipway.foresight.explain import Explanation
from slipway.foresight.explain import explain as explain_recording
from slipway.foresight.recording import Recording
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
    if file_named(str(subject)) is not None:
        return explain_recording(recording, savings=savings)
    endpoint = Endpoint(find_access(place))
    if not recording.is_over:
        return explain_recording(recording, now=float(endpoint.overview()["at"]))
    return explain_recording(recording, savings=partial(savings, longest_request=_longest_request(endpoint, recording)))


def _longest_request(endpoint: Endpoint, recording: Recording) -> RequestSeen | None:
    """The longest request that the service's balancer saw; None: it saw none, or the service is gone."""
    arn = recording.service_arn
    try:
        return longest_seen(taken_fork(endpoint, ServiceName(cluster=cluster_name(arn), service=resource_name(arn))))
    except CliError:
        return None  # of a service that was deleted, what is recorded is still told
