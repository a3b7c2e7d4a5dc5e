"""What the demo saw, as JSON and as a table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.demo_traffic import Tally
from slipway.cli.picture_words import because


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the demo. `rounds` None: it was no roll."""

    title: str
    duration_s: float
    rounds: int | None
    requests: int
    failed: int
    versions: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How a version that failed was taken back. Seconds count from the update."""

    left: str  # `family:revision` that failed
    restored: str  # that runs again
    found_out_s: float
    restored_s: float
    reason: str

    @property
    def sentence(self) -> str:
        """What became of it, for people."""
        back = f"{self.restored_s - self.found_out_s:.1f} s later the service was back on {self.restored}"
        return f"{self.left} was found out {self.found_out_s:.1f} s after the update: {self.reason}. {back}."


def way_back(roll_out: Mapping[str, Any]) -> WayBack:
    """From a service deployment that was taken back, as a picture has it."""
    began = roll_out["created_at"]
    return WayBack(
        left=roll_out["task_definition"],
        restored=roll_out["rollback"]["task_definition"],
        found_out_s=round(roll_out["detected_at"] - began, 1),
        restored_s=round(roll_out["finished_at"] - began, 1),
        reason=because(roll_out["status_reason"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole demo."""

    stages: tuple[Stage, ...]
    tally: Tally
    duration_s: float
    least_healthy: int  # the fewest healthy tasks since users came
    tasks: int
    way_back: WayBack | None  # of the bad version; None: it was not taken back

    @property
    def value(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "requests": self.tally.sent,
            "failed": self.tally.failed,
            "rounds": sum(stage.rounds or 0 for stage in self.stages),
            "duration_s": round(self.duration_s, 1),
            "versions": dict(sorted(self.tally.versions.items())),
            "p50_ms": self.tally.percentile_ms(0.5),
            "p99_ms": self.tally.percentile_ms(0.99),
            "least_healthy": self.least_healthy,
            "phases": [
                {
                    "title": stage.title,
                    "duration_s": round(stage.duration_s, 1),
                    "rounds": stage.rounds,
                    "requests": stage.requests,
                    "failed": stage.failed,
                    "versions": stage.versions,
                }
                for stage in self.stages
            ],
            "way_back": None if self.way_back is None else asdict(self.way_back),
            "faults": self.tally.faults,
        }


def versions_text(versions: dict[str, int]) -> str:
    """`v1 812, v2 1,533`"""
    return ", ".join(f"{version} {count:,}" for version, count in sorted(versions.items())) or "-"


def render_report(report: Report) -> RenderableType:
    """The summary table with what it comes to."""
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="dim")
    for name in ("", "SECONDS", "ROUNDS", "REQUESTS", "FAILED", "ANSWERED BY"):
        table.add_column(name, justify="left" if name in ("", "ANSWERED BY") else "right")
    for stage in report.stages:
        _row(table, stage.title, stage.duration_s, stage.rounds, stage.requests, stage.failed, stage.versions)
    table.add_section()
    rounds = sum(stage.rounds or 0 for stage in report.stages)
    tally = report.tally
    _row(table, "in all", report.duration_s, rounds, tally.sent, tally.failed, dict(tally.versions))
    half, most = tally.percentile_ms(0.5), tally.percentile_ms(0.99)
    quick = f"Half of the requests were answered within {half} ms, 99 % within {most} ms"
    healthy = f"never fewer than {report.least_healthy} of {report.tasks} tasks were healthy."
    faults = [Text(fault, style="red") for fault in tally.faults]
    verdict = _verdict(tally)
    found_out = [] if report.way_back is None else [Text(report.way_back.sentence)]
    return Group(Text(), table, Text(), *found_out, Text(f"{quick}; {healthy}"), verdict, *faults)


def _row(
    table: Table,
    title: str,
    duration_s: float,
    rounds: int | None,
    *counts: Any,
) -> None:
    requests, failed, versions = counts
    style = "red" if failed else "green"
    table.add_row(
        title,
        f"{duration_s:.1f}",
        "-" if rounds is None else str(rounds),
        f"{requests:,}",
        Text(f"{failed:,}", style=style if requests else ""),
        versions_text(versions),
    )


def _verdict(tally: Tally) -> Text:
    if tally.failed:
        return Text(f"{tally.failed:,} of {tally.sent:,} requests failed.", style="bold red")
    return Text(f"{tally.sent:,} requests, none failed.", style="bold green")
