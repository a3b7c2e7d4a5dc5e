"""Health: what checks of a target add up to, and when a task counts as healthy.

Source: ELB user guide, target group health checks (thresholds count consecutive checks); ECS `DeploymentConfiguration`
(a task with load balancers is healthy when all its targets are, one without any check some time after RUNNING).
"""

from collections.abc import Iterable

from slipway.core.model.load_balancing import HealthCheck, Target, TargetState
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Container, HealthStatus
from slipway.core.observations import CheckOutcome, TargetCheck
from slipway.core.records import replace
from slipway.core.rules import Rules


def task_health(definition: TaskDefinition, containers: Iterable[Container]) -> HealthStatus:
    """`healthStatus` of a task, from its essential containers with a health check: the worst of them, UNHEALTHY before
    UNKNOWN before HEALTHY; UNKNOWN where there is none (ECS Developer Guide, container health checks)."""
    checked = {one.name for one in definition.containers if one.essential and one.health_check is not None}
    found = {container.health_status for container in containers if container.name in checked}
    for status in (HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN, HealthStatus.HEALTHY):
        if status in found:
            return status
    return HealthStatus.UNKNOWN


def fold_check(target: Target, check: TargetCheck, health_check: HealthCheck, rules: Rules) -> Target:
    """The target after one more check; the same record where the check changes nothing."""
    if target.state is TargetState.DRAINING:
        return target
    if check.outcome is CheckOutcome.PASSED:
        return _passed(target, check, health_check, rules)
    return _failed(target, check, health_check)


def _passed(target: Target, check: TargetCheck, health_check: HealthCheck, rules: Rules) -> Target:
    since = check.at if target.passing_since is None else target.passing_since
    if target.state is TargetState.HEALTHY:
        return replace(target, failed_checks=0, passing_since=since) if target.failed_checks else target
    is_new = target.state is not TargetState.UNHEALTHY
    needed = health_check.healthy_threshold
    if is_new and rules.new_target_checks is not None:
        needed = rules.new_target_checks
    passed = target.passed_checks + 1
    if passed >= needed:
        return replace(
            target,
            state=TargetState.HEALTHY,
            reason=None,
            description=None,
            passed_checks=passed,
            failed_checks=0,
            passing_since=since,
        )
    return _still_checking(target, passed=passed, failed=0, since=since)


def _failed(target: Target, check: TargetCheck, health_check: HealthCheck) -> Target:
    failed = target.failed_checks + 1
    if target.state is TargetState.UNHEALTHY:
        failed = target.failed_checks
    elif failed < health_check.unhealthy_threshold:
        return _still_checking(target, passed=0, failed=failed, since=None)
    return replace(
        target,
        state=TargetState.UNHEALTHY,
        reason=check.outcome.value,
        description=_description(check),
        passed_checks=0,
        failed_checks=failed,
        passing_since=None,
    )


def _still_checking(target: Target, *, passed: int, failed: int, since: float | None) -> Target:
    if target.state is not TargetState.INITIAL:
        return replace(target, passed_checks=passed, failed_checks=failed, passing_since=since)
    return replace(
        target,
        passed_checks=passed,
        failed_checks=failed,
        passing_since=since,
        reason="Elb.InitialHealthChecking",
        description="Initial health checks in progress",
    )


def _description(check: TargetCheck) -> str:
    match check.outcome:
        case CheckOutcome.RESPONSE_CODE_MISMATCH:
            return f"Health checks failed with these codes: [{check.response_code}]"
        case CheckOutcome.TIMEOUT:
            return "Request timed out"
        case _:
            return "Health checks failed"
