"""The bake time: how long a deployment is watched after its tasks are healthy and the old ones gone.

Source: ECS Developer Guide, deployment alarms: the time is computed from the alarms' settings where none is given, and
is usually less than five minutes. ECS does not say how; here it is the longest range that one of the alarms looks at.
"""

from slipway.core.model.deployments import Deployment
from slipway.core.model.services import Service
from slipway.core.snapshot import Snapshot

#: The longest bake time that alarms bring by themselves, seconds.
AUTOMATIC_MOST_S = 300.0


def bake_time_s(snapshot: Snapshot, service: Service, deployment: Deployment) -> float:
    """Seconds that the deployment bakes; 0: it is complete as soon as it is healthy. A way back never bakes."""
    if deployment.rolls_back is not None:
        return 0.0
    if service.bake_time_s is not None:
        return service.bake_time_s
    if not service.alarms.is_enabled or snapshot.roll_out(deployment).ignores_alarms:
        return 0.0
    watched = frozenset(service.alarms.names)
    ranges = (one.period_s * one.evaluation_periods for one in snapshot.alarms.values() if one.name in watched)
    return min(max(ranges, default=0.0), AUTOMATIC_MOST_S)
