"""`deploymentConfiguration`: what watches over a deployment, and what it then does. The percentages are the service's.

Source: `DeploymentCircuitBreaker`, `ThresholdConfiguration` and `DeploymentAlarms` of the ECS API.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

#: The bounds of BOUNDED_PERCENT (ECS Developer Guide, deployment circuit breaker).
THRESHOLD_LEAST = 3
THRESHOLD_MOST = 200


class ThresholdType(StrEnum):
    """How the number of failures that ends a deployment is found from the value given."""

    COUNT = "COUNT"
    BOUNDED_PERCENT = "BOUNDED_PERCENT"
    UNBOUNDED_PERCENT = "UNBOUNDED_PERCENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentCircuitBreaker:
    """Ends a deployment whose tasks fail; the defaults are ECS's."""

    is_enabled: bool = False
    rolls_back: bool = False
    is_reset_by_healthy_task: bool = True  # False: failures add up over the whole deployment
    threshold_type: ThresholdType = ThresholdType.BOUNDED_PERCENT
    threshold_value: int = 50  # failures (COUNT), or percent of the desired count

    def threshold(self, desired: int) -> int:
        """How many failures end a deployment of so many desired tasks."""
        if self.threshold_type is ThresholdType.COUNT:
            return self.threshold_value
        share = max(ceil(desired * self.threshold_value / 100), 1)
        if self.threshold_type is ThresholdType.UNBOUNDED_PERCENT:
            return share
        return min(max(share, THRESHOLD_LEAST), THRESHOLD_MOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentAlarms:
    """The CloudWatch alarms that end a deployment."""

    names: tuple[str, ...] = ()
    is_enabled: bool = False
    rolls_back: bool = False


#: What a service that asks for neither has.
NO_CIRCUIT_BREAKER = DeploymentCircuitBreaker()
NO_ALARMS = DeploymentAlarms()
