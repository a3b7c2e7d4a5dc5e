"""The tables of `slipway status`: pure functions over the overview and the picture of a service."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.picture import clock_text, counts_text, short_message, state_of, telling_stops


def render_overview(overview: Mapping[str, Any], endpoint: str) -> RenderableType:
    """Services by cluster, standalone tasks, hosts."""
    parts: list[RenderableType] = [_services(overview)]
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
    tasks = _table("TASK", "REVISION", "STATUS", "PHASE", "TARGETS", "AGE", "WHY")
    alive = [task for task in picture["tasks"] if task["phase"] != "stopped"]
    for task in (*alive, *telling_stops(picture)):
        targets = ", ".join(f"{one['port']} {one['state']}" for one in task["targets"])
        why = short_message(task["stopped_reason"] or task["unhealthy_reason"] or "")
        age = clock_text(picture["at"] - task["created_at"])
        tasks.add_row(
            task["id"][:8], task["task_definition"], task["last_status"], task["phase"], targets or "-", age, why
        )
    waiting = [Text(f"waiting: {picture['blocked_because']}", style="yellow")] if picture["blocked_because"] else []
    return Group(title, *waiting, Text(), deployments, Text(), tasks)


def _services(overview: Mapping[str, Any]) -> Table:
    table = _table("CLUSTER", "SERVICE", "STATE", "REVISION", "HEALTHY", "ADDRESS")
    for cluster in overview["clusters"]:
        for one in cluster["services"]:
            revision = one["task_definition"] or "-"
            healthy = f"{one['healthy']}/{one['desired_count']}"
            address = ", ".join(one["addresses"]) or "-"
            table.add_row(cluster["name"], one["name"], _state(one), revision, healthy, address)
    return table


def _state(service: Mapping[str, Any]) -> Text:
    if service["status"] != "ACTIVE":
        return Text(service["status"].lower(), style="yellow")
    if service["blocked_by"]:
        return Text(f"waiting ({service['blocked_by'].split()[0]})", style="red")
    primary = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), None)
    if primary is not None and primary["rollout_state"] == "IN_PROGRESS":
        return Text("rolling" if len(service["deployments"]) > 1 else "starting", style="yellow")
    return Text("steady", style="green") if service["is_steady"] else Text("mending", style="yellow")


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
_FOLDED = frozenset({"CLUSTER", "SERVICE", "REVISION", "ADDRESS", "DEPLOYMENT", "TARGETS", "TASKS", "WHY"})


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=column not in _FOLDED, overflow="fold")
    return table
