"""What watches a service deployment, as DescribeServiceDeployments shows it: the circuit breaker and the alarms."""

from typing import Any

from slipway.core.model.deployments import Detector, ServiceDeployment
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.task_counts import threshold_now

#: Certainty is a rule of the circuit breaker.
_BREAKER = (Detector.CIRCUIT_BREAKER, Detector.CERTAINTY)


def circuit_breaker_view(snapshot: Snapshot, roll_out: ServiceDeployment) -> dict[str, Any]:
    """`ServiceDeployment.deploymentCircuitBreaker`: count and threshold are live while it watches, and then kept."""
    service, deployment = snapshot.services.get(roll_out.service_arn), snapshot.deployment_of(roll_out)
    count, threshold = roll_out.failure_count, roll_out.threshold
    if _is_watched(roll_out) and service is not None and deployment is not None:
        count, threshold = deployment.failure_count, threshold_now(snapshot, service)
    is_triggered = roll_out.detected_by in _BREAKER
    status = _status(roll_out, is_enabled=threshold > 0, is_triggered=is_triggered)
    return {"status": status, "failureCount": count, "threshold": threshold}


def alarms_view(snapshot: Snapshot, roll_out: ServiceDeployment) -> dict[str, Any]:
    """`ServiceDeployment.alarms`; DISABLED too where one was in ALARM when it began, for then all are ignored."""
    given = roll_out.document.get("alarms", {})
    service = snapshot.services.get(roll_out.service_arn)
    names, is_enabled = given.get("alarmNames", []), given.get("enable", False)
    if _is_watched(roll_out) and service is not None:
        names, is_enabled = list(service.alarms.names), service.alarms.is_enabled
    is_triggered = roll_out.detected_by is Detector.ALARM
    view = {
        "status": _status(roll_out, is_enabled=is_enabled and not roll_out.ignores_alarms, is_triggered=is_triggered),
        "alarmNames": names,
    }
    if roll_out.triggered_alarms:
        view["triggeredAlarmNames"] = list(roll_out.triggered_alarms)
    return view


def _status(roll_out: ServiceDeployment, *, is_enabled: bool, is_triggered: bool) -> str:
    if is_triggered:
        return "TRIGGERED"
    if not is_enabled:
        return "DISABLED"
    return "MONITORING" if _is_watched(roll_out) else "MONITORING_COMPLETE"


def _is_watched(roll_out: ServiceDeployment) -> bool:
    """Whether a detector can still end the deployment: it has not ended, and does not go back."""
    return roll_out.detected_by is None and not roll_out.status.is_verdict
