"""What a post-mortem says in words, for the terminal and for the page: pure functions over its JSON."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.cli.picture_words import clock_text, failures_text

#: What the route gives: `slipway.core.answers.postmortem.Postmortem` as JSON.
Report = Mapping[str, Any]
#: An instant (epoch seconds) as a person reads it.
Instant = Callable[[float], str]

DETECTORS = {
    "CIRCUIT_BREAKER": "the circuit breaker",
    "CERTAINTY": "certainty: it would have failed again for ever",
    "ALARM": "an alarm",
    "DEADLINE": "its deadline",
    "USER": "StopServiceDeployment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One of the instants that a post-mortem is measured by."""

    name: str
    at: float
    after_s: float  # since the update
    remark: str


def local_time(at: float) -> str:
    """`2026-11-22 14:02:03 CET`, in the time zone of this machine."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(at))


def after_text(seconds: float) -> str:
    """`0:07.4`: to a tenth, for what is compared here is often short."""
    tenths = round(max(seconds, 0.0) * 10)
    return f"{clock_text(tenths // 10)}.{tenths % 10}"


def title_of(report: Report) -> str:
    """`users:3 (ecs-svc/12) of users in demo`."""
    what = (
        f"{report['task_definition']} ({report['deployment']})" if report["task_definition"] else report["deployment"]
    )
    return f"{what} of {report['service']} in {report['cluster']}"


def milestones(report: Report) -> list[Milestone]:
    """The instants that are known, in their order."""
    times, began = report["times"], report["times"]["update_at"]
    share = times["detection_share"]
    by = "" if report["detected_by"] is None else f"by {DETECTORS.get(report['detected_by'], report['detected_by'])}"
    if report["triggered_alarms"]:
        by += f": {', '.join(report['triggered_alarms'])}"
    back = f"on {report['previous']}" if report["previous"] else ""
    detection = "" if share is None else f"{share:.0%} of the time was detection"
    named = (
        ("update", "update_at", ""),
        ("first failure", "first_failure_at", ""),
        ("detected", "detected_at", by),
        ("way back began", "way_back_at", f"to {report['previous']}" if report["previous"] else ""),
        ("restored", "restored_at", ", ".join(filter(None, (back, detection)))),
    )
    found = [(name, times[key], remark) for name, key, remark in named if times[key] is not None]
    return [Milestone(name=name, at=at, after_s=at - began, remark=remark) for name, at, remark in found]


def failures_line(report: Report) -> str:
    """`3 of 3: 2 crash, 1 health`; `none`. Where a healthy task ended the count, both numbers are told."""
    failures = report["failures"]
    if not failures["count"] and not failures["classes"]:
        return "none"
    classes = ", ".join(f"{count} {name}" for name, count in failures["classes"].items())
    told = failures_text(failures["count"], failures["threshold"])
    if sum(failures["classes"].values()) == failures["count"]:
        return f"{told}: {classes}"
    return f"{told} at its end" + (f"; told one by one: {classes}" if classes else "")


def task_ends(task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is known of a failed task's end, each with its name."""
    if not task["is_kept"]:
        yield "record", "it is not kept any more; only what was counted is known"
    if task["stopped_reason"]:
        code = f" ({task['stop_code']})" if task["stop_code"] else ""
        yield "stopped", f"{task['stopped_reason']}{code}"
    if task["unhealthy_reason"]:
        yield "unhealthy", task["unhealthy_reason"]
    if task["target_health"]:
        yield "target", task["target_health"]


def container_end(container: Mapping[str, Any]) -> str:
    """`exit code 1, health check UNHEALTHY, restarted 2 times, CannotPullContainerError: …` of a container."""
    code, restarts = container["exit_code"], container["restart_count"]
    parts = ["no exit code" if code is None else f"exit code {code}"]
    if container["health_status"] != "UNKNOWN":
        parts.append(f"health check {container['health_status']}")
    if restarts:
        parts.append(f"restarted {restarts} time{'' if restarts == 1 else 's'}")
    if container["reason"]:
        parts.append(container["reason"])
    return ", ".join(parts)


def probe_text(probe: Mapping[str, Any]) -> str:
    """`exit 1: curl: (7) Failed to connect` of one run of a health check."""
    end = "killed after its timeout" if probe["exit_code"] is None else f"exit {probe['exit_code']}"
    output = " / ".join(probe["output"].split("\n")).strip(" /")
    return f"{end}: {output}" if output else end


def last_lines(log: Mapping[str, Any], count: int) -> tuple[str, list[str]]:
    """How many lines these are, and the last `count` of them."""
    if not log["lines"]:
        return (log["lack"] or "it printed nothing").removeprefix("no log: "), []
    if not count:
        return "not shown", []
    lines: list[str] = log["lines"][-count:]
    which = f"last {len(lines)} lines" if len(lines) > 1 else "last line"
    lack = f" ({log['lack']})" if log["lack"] else ""
    return f"{which}{lack}", lines
