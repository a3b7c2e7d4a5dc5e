"""What the runs of a container's health check add up to."""

import pytest

from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthProbe, HealthStatus
from slipway.core.tasks.container_health import KEPT_PROBES, MAX_OUTPUT, ContainerHealth, fold_probe

HEALTHY, UNHEALTHY, UNKNOWN = HealthStatus

STARTED_AT = 1000.0

#: What runs ended with, as a sign: passed, failed, did not end within the timeout.
SIGNS: dict[str, int | None] = {"+": 0, "-": 1, "t": None}


def check(*, start_period_s: int = 0, retries: int = 3) -> ContainerHealthCheck:
    return ContainerHealthCheck(command=("CMD", "true"), start_period_s=start_period_s, retries=retries)


def probe(at: float, exit_code: int | None = 0, output: str = "") -> HealthProbe:
    return HealthProbe(at=at, exit_code=exit_code, output=output)


def fold(check: ContainerHealthCheck, signs: str) -> ContainerHealth:
    """The health after runs that ended 10, 20 … seconds after the start."""
    health = ContainerHealth()
    for number, sign in enumerate(signs, start=1):
        told = probe(STARTED_AT + 10 * number, SIGNS[sign])
        health = fold_probe(health, told, check, started_at=STARTED_AT)
    return health


@pytest.mark.parametrize(
    ("signs", "start_period_s", "status"),
    [
        pytest.param("", 0, UNKNOWN, id="no-run"),
        pytest.param("+", 0, HEALTHY, id="one-success"),
        pytest.param("--", 0, UNKNOWN, id="fewer-failures-than-retries"),
        pytest.param("---", 0, UNHEALTHY, id="retries"),
        pytest.param("-t-", 0, UNHEALTHY, id="a-timeout-is-a-failure"),
        pytest.param("+--", 0, HEALTHY, id="healthy-until-the-retries"),
        pytest.param("+---", 0, UNHEALTHY, id="healthy-then-not"),
        pytest.param("--+--", 0, HEALTHY, id="a-success-begins-the-count-anew"),
        pytest.param("---+", 0, HEALTHY, id="well-again"),
        pytest.param("---", 31, UNKNOWN, id="failures-within-the-start-period"),
        pytest.param("---", 30, UNKNOWN, id="the-last-failure-after-the-start-period"),
        pytest.param("-----", 30, UNHEALTHY, id="retries-after-the-start-period"),
        pytest.param("+", 60, HEALTHY, id="a-success-within-the-start-period"),
        pytest.param("+---", 60, UNHEALTHY, id="failures-after-a-success-count-within-the-start-period"),
    ],
)
def test_health(signs: str, start_period_s: int, status: HealthStatus) -> None:
    assert fold(check(start_period_s=start_period_s), signs).status is status


def test_retries_are_the_checks() -> None:
    assert fold(check(retries=1), "-").status is UNHEALTHY
    assert fold(check(retries=5), "----").status is UNKNOWN


def test_the_latest_runs_are_kept() -> None:
    health = fold(check(), "-" * (KEPT_PROBES + 2))
    assert [one.at for one in health.probes] == [1030, 1040, 1050, 1060, 1070]


def test_output_is_kept_to_its_end() -> None:
    told = probe(1010, output="x" * 100 + "y" * MAX_OUTPUT)
    health = fold_probe(ContainerHealth(), told, check(), started_at=STARTED_AT)
    assert health.probes[0].output == "y" * MAX_OUTPUT


@pytest.mark.parametrize("at", [1010, 1005])
def test_a_run_told_again_changes_nothing(at: float) -> None:
    health = fold_probe(ContainerHealth(), probe(1010, 1), check(retries=2), started_at=STARTED_AT)
    assert fold_probe(health, probe(at, 1), check(retries=2), started_at=STARTED_AT) is health
