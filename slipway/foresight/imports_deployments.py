"""What deployments on AWS took, beside what the scheduler takes with the same settings: where their time went, about.

Of a deployment on AWS only its beginning and its end are known; its parts are those of the same roll in virtual time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slipway.core.explaining.segment import SegmentKind
from slipway.foresight.forecast import Forecast
from slipway.foresight.imports import ImportRefused
from slipway.foresight.imports_measured import instant
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.pages.kinds import kind_words
from slipway.foresight.rollout import Rollout, RolloutError
from slipway.foresight.simulate import simulate

Shape = Mapping[str, Any]

#: Deployments that are compared, the newest; and kinds of time that a sentence names.
COMPARED_MOST = 5
KINDS_TOLD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A deployment that succeeded, and the roll with its settings. Times are seconds."""

    id: str
    began_at: float  # epoch seconds
    measured_s: float  # from createdAt to finishedAt
    forecast: Forecast
    minimum_healthy_percent: int
    maximum_percent: int

    @property
    def sentence(self) -> str:
        """`AWS took 23 m 40 s; with these settings the scheduler needs 24 m: drain 15 m, health wait 7 m 30 s`."""
        needs = duration_text(self.forecast.duration_s)
        if not self.forecast.has_ended:
            return f"AWS took {duration_text(self.measured_s)}; in virtual time the roll {self.forecast.reason}."
        parts = ", ".join(
            f"{kind_words(kind)} {duration_text(seconds)}" for kind, seconds in self.kinds[:KINDS_TOLD] if seconds
        )
        took = f"AWS took {duration_text(self.measured_s)}"
        return f"{took}; with these settings the scheduler needs {needs}{f': {parts}' if parts else ''}."

    @property
    def kinds(self) -> tuple[tuple[SegmentKind, float], ...]:
        """What the simulated roll waited for, with the seconds of each, the longest first."""
        totals: dict[SegmentKind, float] = {}
        for one in self.forecast.ledger.segments:
            totals[one.kind] = totals.get(one.kind, 0.0) + one.seconds
        return tuple(sorted(totals.items(), key=lambda total: -total[1]))


def compare_deployments(deployments: Iterable[Shape], rollout: Rollout) -> tuple[Compared, ...]:
    """The newest deployments that succeeded, as DescribeServiceDeployments has them, the newest first."""
    ended = [
        (finished, began, one)
        for one in deployments
        if one.get("status") == "SUCCESSFUL"
        and one.get("sourceServiceRevisions", True)  # the first one of a service replaces nothing
        and (finished := instant(one.get("finishedAt"))) is not None
        and (began := instant(one.get("createdAt")) or instant(one.get("startedAt"))) is not None
    ]
    newest = sorted(ended, key=lambda one: one[0], reverse=True)[:COMPARED_MOST]
    forecasts: dict[Rollout, Forecast] = {}
    compared = []
    for finished, began, one in newest:
        its = _with_percentages(rollout, one)
        forecast = forecasts.get(its)
        if forecast is None:
            forecast = forecasts[its] = simulated(its)
        compared.append(
            Compared(
                id=str(one.get("serviceDeploymentArn", "")).rpartition("/")[2],
                began_at=began,
                measured_s=finished - began,
                forecast=forecast,
                minimum_healthy_percent=its.minimum_healthy_percent,
                maximum_percent=its.maximum_percent,
            )
        )
    return tuple(compared)


def simulated(rollout: Rollout) -> Forecast:
    """The roll without its ways back. Raises `ImportRefused` where the old version would not come up."""
    try:
        return simulate(rollout, ways_back=False)
    except RolloutError as error:
        raise ImportRefused(str(error)) from error


def _with_percentages(rollout: Rollout, deployment: Shape) -> Rollout:
    """The rollout with the percentages that the deployment had."""
    configuration = deployment.get("deploymentConfiguration") or {}
    minimum, maximum = configuration.get("minimumHealthyPercent"), configuration.get("maximumPercent")
    return replace(
        rollout,
        minimum_healthy_percent=rollout.minimum_healthy_percent if minimum is None else int(minimum),
        maximum_percent=rollout.maximum_percent if maximum is None else int(maximum),
    )
