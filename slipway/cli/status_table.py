"""The tables of `slipway status`: pure functions over the overview and the picture of a service."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.picture_facts import waits_of
from slipway.cli.picture_words import (
    clock_text,
    counts_text,
    newest_roll_out,
    short_message,
    state_of,
    telling_stops,
    verdict_text,
)


def render_overview(overview: Mapping[str, Any], endpoint: str) -> RenderableType:
    """Services by cluster, standalone tasks, hosts."""
    parts: list[RenderableType] = [_services(overview)]
    if verdicts := list(_verdicts(overview)):
        parts += [Text(), *verdicts]
    if any(one["tasks"] for one in overview["clusters"]):
        parts.append(_standalone(overview))
    if not any(one["services"] for one in overview["clusters"]):
        parts = [
            Text("No services yet. Make one with `aws ecs create-service`, or see it all with `slipway demo`."),
            *parts[1:],
        ]
    return Group(Text(f"Slipway at {endpoint}", style="dim"), Text(), *parts, _hosts(overview))


def render_service(picture: Mapping[str, Any]) -> RenderableType:
    """A service's deployments and each of its tasks; of those that stopped, the ones that were not scaled in."""
    title = Text.assemble((picture["service"], "bold"), f" in {picture['cluster']}: {state_of(picture)}")
    deployments = _table("DEPLOYMENT", "STATUS", "ROLLOUT", "REVISION", "TASKS", "AGE")
    for one in picture["deployments"]:
        age = clock_text(picture["at"] - one["created_at"])
        deployments.add_row(
            one["id"], one["status"], one["rollout_state"], one["task_definition"], counts_text(one), age
        )
    tasks = _table("TASK", "REVISION", "STATUS", "PHASE", "TARGETS", "AGE")
    alive = [task for task in picture["tasks"] if task["phase"] != "stopped"]
    for task in (*alive, *telling_stops(picture)):
        targets = ", ".join(f"{one['port']} {one['state']}" for one in task["targets"])
        age = clock_text(picture["at"] - task["created_at"])
        tasks.add_row(task["id"][:8], task["task_definition"], task["last_status"], task["phase"], targets or "-", age)
    reasons = list(_reasons((*alive, *telling_stops(picture))))
    return Group(
        title, *_remarks(picture), Text(), deployments, Text(), tasks, *([Text()] if reasons else []), *reasons
    )


def _reasons(tasks: Iterable[Mapping[str, Any]]) -> Iterable[Text]:
    """Why tasks stopped or are to be replaced; lines of their own, for they are long."""
    for task in tasks:
        if why := task["stopped_reason"] or task["unhealthy_reason"]:
            end = "stopped" if task["phase"] == "stopped" else "is unhealthy" if task["unhealthy_reason"] else "stops"
            yield Text(f"{task['id'][:8]} {end}: {short_message(why)}", style="red")


def _remarks(picture: Mapping[str, Any]) -> Iterable[Text]:
    """The verdict of the last deployment where that is not success, what the service waits for, and what is slow."""
    newest = newest_roll_out(picture)
    verdict = None if newest is None else verdict_text(newest, picture["at"])
    if verdict is not None:
        yield Text(f"last deployment: {verdict}", style="red")
    for wait in waits_of(picture):
        yield Text(f"waiting: {wait}", style="yellow")
    for sentence in picture["slow_stops"]:
        yield Text(f"slow to stop: {sentence}", style="yellow")


def _services(overview: Mapping[str, Any]) -> Table:
    table = _table("CLUSTER", "SERVICE", "STATE", "REVISION", "HEALTHY", "ADDRESS")
    for cluster in overview["clusters"]:
        for one in cluster["services"]:
            revision = one["task_definition"] or "-"
            healthy = f"{one['healthy']}/{one['desired_count']}"
            address = ", ".join(one["addresses"]) or "-"
            table.add_row(cluster["name"], one["name"], _state(one), revision, healthy, address)
    return table


def _verdicts(overview: Mapping[str, Any]) -> Iterable[Text]:
    """A line for each service whose last deployment ended without success."""
    for cluster in overview["clusters"]:
        for one in cluster["services"]:
            last = one["last_deployment"]
            verdict = None if last is None else verdict_text(last, overview["at"])
            if verdict is not None:
                yield Text(f"{one['name']} in {cluster['name']}: {verdict}", style="red")


def _state(service: Mapping[str, Any]) -> Text:
    if service["status"] != "ACTIVE":
        return Text(service["status"].lower(), style="yellow")
    if service["blocked_by"]:
        return Text(f"waiting ({service['blocked_by'].split()[0]})", style="red")
    primary = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), None)
    last = service["last_deployment"]
    state = None if primary is None else primary["rollout_state"]
    if state == "FAILED":
        return Text("failed", style="red")
    if state == "IN_PROGRESS":
        if last is not None and last["rollback"] is not None:
            return Text("going back", style="yellow")
        return Text("rolling" if len(service["deployments"]) > 1 else "starting", style="yellow")
    if not service["is_steady"]:
        return Text("mending", style="yellow")
    if last is not None and last["status"] == "ROLLBACK_SUCCESSFUL":
        return Text("steady, rolled back", style="yellow")
    return Text("steady", style="green")


def _standalone(overview: Mapping[str, Any]) -> RenderableType:
    table = _table("CLUSTER", "TASK", "REVISION", "STATUS", "AGE")
    for cluster in overview["clusters"]:
        for task in cluster["tasks"]:
            age = clock_text(overview["at"] - task["created_at"])
            table.add_row(cluster["name"], task["id"][:8], task["task_definition"], task["last_status"], age)
    return Group(Text(), table)


def _hosts(overview: Mapping[str, Any]) -> RenderableType:
    table = _table("HOST", "RUNTIME", "TASKS", "CPU UNITS FREE", "MIB FREE", "STATE")
    for host in overview["hosts"]:
        table.add_row(
            host["id"][:8],
            host["runtime"],
            str(host["tasks"]),
            f"{host['cpu_left']} of {host['cpu']}",
            f"{host['memory_left']} of {host['memory']}",
            Text("connected", style="green") if host["is_connected"] else Text("lost", style="red"),
        )
    return Group(Text(), table)


#: Columns of names, which go on in the next line where the screen is too narrow; none is cut.
_FOLDED = frozenset({"CLUSTER", "SERVICE", "REVISION", "ADDRESS", "DEPLOYMENT", "TARGETS", "TASKS"})


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=column not in _FOLDED, overflow="fold")
    return table
