"""How long a healthy deployment is watched before it is complete."""

from typing import Any

import pytest

from slipway.core.deployments.bake_time import bake_time_s
from slipway.core.model.alarms import Alarm
from slipway.core.model.deployment_configuration import DeploymentAlarms
from tests.core.records import a_deployment, a_revision, a_roll_out, a_service, an_alarm, snapshot_of

WATCHED = DeploymentAlarms(names=("errors", "latency"), is_enabled=True)
ERRORS = an_alarm("errors", period_s=60, evaluation_periods=3)
LATENCY = an_alarm("latency", period_s=10, evaluation_periods=5)
LONG = an_alarm("errors", period_s=3600, evaluation_periods=24)
OTHER = an_alarm("other", period_s=60, evaluation_periods=5)


@pytest.mark.parametrize(
    ("alarms", "service", "roll_out", "expected"),
    [
        pytest.param([], {}, {}, 0, id="no alarms, no time given"),
        pytest.param([], {"bake_time_s": 120.0}, {}, 120, id="a time given"),
        pytest.param([ERRORS, LATENCY], {"alarms": WATCHED}, {}, 180, id="the longest range of the alarms"),
        pytest.param([LATENCY, OTHER], {"alarms": WATCHED}, {}, 50, id="only those it names"),
        pytest.param([LONG], {"alarms": WATCHED}, {}, 300, id="at most five minutes"),
        pytest.param([], {"alarms": WATCHED}, {}, 0, id="alarms that are not there"),
        pytest.param([ERRORS], {"alarms": WATCHED, "bake_time_s": 0.0}, {}, 0, id="given as nothing"),
        pytest.param([ERRORS], {"alarms": WATCHED, "bake_time_s": 900.0}, {}, 900, id="given, longer than automatic"),
        pytest.param([ERRORS], {"alarms": WATCHED}, {"ignores_alarms": True}, 0, id="alarms ignored"),
        pytest.param(
            [ERRORS], {"alarms": DeploymentAlarms(names=("errors",), is_enabled=False)}, {}, 0, id="alarms off"
        ),
    ],
)
def test_bake_time(alarms: list[Alarm], service: dict[str, Any], roll_out: dict[str, Any], expected: float) -> None:
    known, deployment = a_service(**service), a_deployment()
    snapshot = snapshot_of(known, a_revision(), a_roll_out(**roll_out), deployment, *alarms)
    assert bake_time_s(snapshot, known, deployment) == expected


def test_a_way_back_never_bakes() -> None:
    service = a_service(bake_time_s=600.0)
    back = a_deployment(rolls_back="service-deployment/2")
    snapshot = snapshot_of(service, a_revision(), a_roll_out(), a_roll_out(2), back)
    assert bake_time_s(snapshot, service, back) == 0
