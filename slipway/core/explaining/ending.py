"""What ended a deployment before it was complete, as the path tells it: in words, and the settings that had it end."""

from slipway.core.deployments.extensions import DEADLINE
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.leg import Leg
from slipway.core.explaining.segment import SegmentKind, Setting
from slipway.core.model.deployments import Detector, ServiceDeployment, ServiceDeploymentStatus
from slipway.core.records import replace


def cut_off(leg: Leg, chronicle: Chronicle, roll_out: ServiceDeployment, *, at: float) -> Leg:
    """The leg with what ended the deployment at `at`: the last of its segments that is no overhead says so."""
    words, settings = _ended_by(chronicle, roll_out, at)
    last = max((i for i, one in enumerate(leg.segments) if one.kind is not SegmentKind.OVERHEAD), default=None)
    if not words or last is None:
        return leg
    told = leg.segments[last]
    told = replace(told, sentence=f"{told.sentence}; {words}", settings=(*told.settings, *settings))
    return replace(leg, segments=(*leg.segments[:last], told, *leg.segments[last + 1 :]))


def _ended_by(chronicle: Chronicle, roll_out: ServiceDeployment, at: float) -> tuple[str, tuple[Setting, ...]]:
    service = chronicle.service_before(at)
    if roll_out.status.is_verdict and roll_out.detected_by is None:
        return "then it was given up", ()
    if roll_out.status is ServiceDeploymentStatus.ROLLBACK_FAILED and at != roll_out.detected_at:
        return "then the way back failed, too", ()
    if service is None or roll_out.detected_by is None:
        return "", ()
    of = f"service {service.name}"
    match roll_out.detected_by:
        case Detector.CIRCUIT_BREAKER:
            breaker = service.circuit_breaker
            value = f"{breaker.threshold_type} {breaker.threshold_value}"
            threshold = Setting(name="deploymentCircuitBreaker.thresholdConfiguration", value=value, of=of)
            count, most = roll_out.failure_count, roll_out.threshold
            limit = f"of {most}" if count <= most else f"({most} end it)"
            return f"that was failure {count} {limit}", (threshold,)
        case Detector.CERTAINTY:
            return "it was certain to fail again", ()
        case Detector.ALARM:
            names = ", ".join(roll_out.triggered_alarms)
            return "then an alarm ended it", (Setting(name="alarms.alarmNames", value=names, of=of),)
        case Detector.DEADLINE:
            value = next((tag.value for tag in service.tags if tag.key == DEADLINE), "")
            return "then its deadline had come", (Setting(name=DEADLINE, value=value, of=of),)
        case Detector.USER:
            return "then StopServiceDeployment ended it", ()
