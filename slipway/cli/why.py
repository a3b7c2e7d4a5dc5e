"""`slipway why SERVICE|TASK`: what it waits for now, since when, and when that can clear."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.output import console, print_json
from slipway.cli.picture_words import clock_text, short_message
from slipway.cli.resolve import resolve_service

_TASK = re.compile(r"[0-9a-f]{8,32}|arn:[^ ]*:task/.*")


#: A sentence that says itself for how long it has been so.
_SAID = re.compile(r"\bfor [0-9.]+ s\b")


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
    waits = answer["waits"]
    for wait in waits:
        console().print(wait_line(wait, answer["at"], subject=answer["arn"]), soft_wrap=True, markup=False)
    if not waits:
        print("It waits for nothing.")


def _is_service(overview: Mapping[str, Any], name: str) -> bool:
    return any(name == one["name"] for cluster in overview["clusters"] for one in cluster["services"])


_CLEARS = {"at": "clears in", "earliest": "clears in at least", "latest": "clears within"}


def wait_line(wait: Mapping[str, Any], now: float, *, subject: str) -> str:
    """The sentence with its times, and with the task that waits where that is not the `subject` that was asked for."""
    times = []
    if wait["since"] is not None and not _SAID.search(wait["sentence"]):
        times.append(f"since {clock_text(now - wait['since'])}")
    if wait["clears_at"] is not None and wait["clears_at"] > now:
        times.append(f"{_CLEARS.get(wait['clears'], 'clears in')} {clock_text(wait['clears_at'] - now)}")
    task = "" if wait["subject"] == subject else f"task {wait['subject'].rpartition('/')[2][:8]}: "
    said = f"  ({', '.join(times)})" if times else ""
    return f"{task}{short_message(wait['sentence'])}{said}"
