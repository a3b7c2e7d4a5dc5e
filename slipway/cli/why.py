"""`slipway why SERVICE|TASK`: what it waits for now, since when, and when that can clear."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.output import console, print_json
from slipway.cli.picture_words import clock_text
from slipway.cli.resolve import resolve_service

_TASK = re.compile(r"[0-9a-f]{8,32}|arn:[^ ]*:task/.*")


def why(
    subject: Annotated[str, typer.Argument(metavar="SERVICE|TASK", help="Name or ARN of a service, or id of a task.")],
    *,
    cluster: options.Cluster = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Say what a service or a task waits for now, since when, and when that can clear."""
    endpoint = Endpoint(find_access(data))
    overview = endpoint.overview()
    if _TASK.fullmatch(subject) and not _is_service(overview, subject):
        answer = endpoint.why_task(subject)
    else:
        name = resolve_service(overview, subject, cluster)
        answer = endpoint.why_service(name.cluster, name.service)
    if as_json:
        print_json(answer)
        return
    for wait in answer["waits"]:
        console().print(_line(wait, answer["at"]), soft_wrap=True, markup=False)


def _is_service(overview: Mapping[str, Any], name: str) -> bool:
    return any(name == one["name"] for cluster in overview["clusters"] for one in cluster["services"])


def _line(wait: Mapping[str, Any], now: float) -> str:
    """The sentence with its times: how long it has been so, and when it can be over."""
    times = []
    if wait["since"] is not None:
        times.append(f"since {clock_text(now - wait['since'])}")
    if wait["clears_at"] is not None and wait["clears_at"] > now:
        times.append(f"until {clock_text(wait['clears_at'] - now)} from now")
    said = f"  ({', '.join(times)})" if times else ""
    return f"{wait['sentence']}{said}"
