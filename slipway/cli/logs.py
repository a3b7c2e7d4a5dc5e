"""`slipway logs SERVICE|TASK`: what containers print."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.access import Access, find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError
from slipway.cli.output import print_json
from slipway.cli.resolve import resolve_service

_TASK = re.compile(r"[0-9a-f]{4,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One container of one task."""

    task: str
    container: str

    @property
    def prefix(self) -> str:
        """`container/task8`, as copilot writes it."""
        return f"{self.container}/{self.task[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a source printed; `text` None: it ended, for `fault` if that is not None."""

    source: Source
    text: str | None
    fault: CliError | None = None


def logs(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SERVICE|TASK", help="A service, or a task's id, its first 4 characters or more, or ARN."
        ),
    ],
    *,
    cluster: options.Cluster = None,
    container: Annotated[
        str | None, typer.Option("--container", metavar="NAME", help="Only this container; all by default.")
    ] = None,
    tail: Annotated[
        int | None, typer.Option("--tail", metavar="LINES", min=0, help="Only the last so many lines of each.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is printed until Ctrl-C.")] = False,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Print what containers print; several are told apart by the prefix container/task. --json: one object a line."""
    access = find_access(data)
    endpoint = Endpoint(access)
    sources = _sources(endpoint, subject, cluster, container)
    for line in _merged(access, sources, tail=tail, follow=follow):
        assert line.text is not None, "ends are not lines"
        if as_json:
            print_json({"task": line.source.task, "container": line.source.container, "line": line.text})
        elif len(sources) > 1:
            print(f"{line.source.prefix} {line.text}", flush=follow)
        else:
            print(line.text, flush=follow)


def _sources(endpoint: Endpoint, subject: str, cluster: str | None, container: str | None) -> tuple[Source, ...]:
    """The containers that are meant: of one task, or of every task of a service, stopped ones of late among them."""
    overview = endpoint.overview()
    is_service = any(subject == one["name"] for each in overview["clusters"] for one in each["services"])
    if not is_service and (":task/" in subject or _TASK.fullmatch(subject)):
        task = subject.rpartition("/")[2]
        return (Source(task=task, container=container or ""),)
    name = resolve_service(overview, subject, cluster)
    picture = endpoint.picture(name.cluster, name.service)
    stopped = [task for task in picture["tasks"] if task["phase"] == "stopped"]
    alive = [task for task in picture["tasks"] if task["phase"] != "stopped"]
    found = tuple(
        Source(task=task["id"], container=one)
        for task in (*reversed(stopped), *alive)
        for one in task["containers"]
        if task["started_at"] is not None and container in (None, one)
    )
    if not found:
        raise CliError(_nothing(picture, name.service, container))
    return found


def _nothing(picture: Mapping[str, Any], service: str, container: str | None) -> str:
    names = sorted({one for task in picture["tasks"] for one in task["containers"]})
    if container is not None and names and container not in names:
        return f"No task of service {service} has a container {container}; they have {', '.join(names)}."
    return f"No task of service {service} has started yet; see `slipway events {service}`."


def _merged(access: Access, sources: tuple[Source, ...], *, tail: int | None, follow: bool) -> Iterator[Line]:
    """The lines of all sources: one source after another, or, following, as they come."""
    if not follow:
        endpoint = Endpoint(access)
        for source in sources:
            for text in endpoint.lines(source.task, source.container, tail=tail, follow=False):
                yield Line(source=source, text=text)
        return
    arrived: SimpleQueue[Line] = SimpleQueue()
    for source in sources:
        Thread(target=_follow, args=(access, source, tail, arrived), daemon=True).start()
    open_sources, faults = len(sources), 0
    while open_sources:
        line = arrived.get()
        if line.text is not None:
            yield line
            continue
        open_sources -= 1
        if line.fault is not None and len(sources) == 1:
            raise line.fault
        if line.fault is not None:
            faults += 1
            print(f"slipway: {line.source.prefix}: {line.fault}", file=sys.stderr)
    if faults:
        raise CliError(f"{faults} of {len(sources)} containers could not be followed to their end.")


def _follow(access: Access, source: Source, tail: int | None, arrived: "SimpleQueue[Line]") -> None:
    """One source's thread; what it cannot read ends it and is told."""
    try:
        for text in Endpoint(access).lines(source.task, source.container, tail=tail, follow=True):
            arrived.put(Line(source=source, text=text))
        arrived.put(Line(source=source, text=None))
    except CliError as error:
        arrived.put(Line(source=source, text=None, fault=error))
