"""How many failures end a deployment: the table of the ECS Developer Guide, deployment circuit breaker."""

import pytest

from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker, ThresholdType

BOUNDED, UNBOUNDED = ThresholdType.BOUNDED_PERCENT, ThresholdType.UNBOUNDED_PERCENT


@pytest.mark.parametrize(
    ("desired", "threshold"),
    [
        pytest.param(0, 3, id="nothing wanted"),
        pytest.param(1, 3, id="guide: 1, the least"),
        pytest.param(6, 3, id="half is the least"),
        pytest.param(7, 4, id="half, rounded up"),
        pytest.param(25, 13, id="guide: 25"),
        pytest.param(400, 200, id="guide: 400"),
        pytest.param(800, 200, id="guide: 800, the most"),
    ],
)
def test_default_threshold(desired: int, threshold: int) -> None:
    assert DeploymentCircuitBreaker().threshold(desired) == threshold


@pytest.mark.parametrize(
    ("kind", "value", "desired", "threshold"),
    [
        pytest.param(UNBOUNDED, 50, 800, 400, id="guide: unbounded 800"),
        pytest.param(UNBOUNDED, 50, 1, 1, id="unbounded: one failure may be enough"),
        pytest.param(UNBOUNDED, 10, 0, 1, id="unbounded: never without a failure"),
        pytest.param(UNBOUNDED, 34, 3, 2, id="unbounded: rounded up"),
        pytest.param(BOUNDED, 100, 10, 10, id="bounded: all of them"),
        pytest.param(BOUNDED, 1, 1000, 10, id="bounded: one in a hundred"),
        pytest.param(BOUNDED, 10, 10, 3, id="bounded: at least three"),
        pytest.param(BOUNDED, 100, 1000, 200, id="bounded: at most two hundred"),
        pytest.param(ThresholdType.COUNT, 1, 800, 1, id="a count, whatever is desired"),
        pytest.param(ThresholdType.COUNT, 500, 1, 500, id="a count is not bounded"),
    ],
)
def test_threshold(kind: ThresholdType, value: int, desired: int, threshold: int) -> None:
    breaker = DeploymentCircuitBreaker(threshold_type=kind, threshold_value=value)
    assert breaker.threshold(desired) == threshold
