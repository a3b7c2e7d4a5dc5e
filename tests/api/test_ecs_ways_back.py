"""Deployments that fail, are stopped or superseded, as ECS's answers tell them while it happens and afterwards."""

from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.model.alarms import AlarmState
from slipway.sim.behaviours import Behaviour
from slipway.wire.models import load_service_model
from tests.api.ecs_world import BREAKER, STOP_FIRST, EcsWorld

#: Members of a service deployment that rolling ones have none of.
OF_OTHER_STRATEGIES = ("lifecycleStage", "lifecycleHookDetails")

BROKEN = Behaviour(start_error="CannotPullContainerError: no such image")
SLOW = Behaviour(exits_in_s=20.0)


def broken_service(**breaker: Any) -> EcsWorld:
    """A service whose old tasks are gone, and whose way back from a broken version takes a while."""
    ecs = EcsWorld(deploymentConfiguration={**STOP_FIRST, "deploymentCircuitBreaker": {**BREAKER, **breaker}})
    ecs.world.behaviours["web:1"] = Behaviour(launch_s=10.0)
    ecs.register(BROKEN)
    return ecs


def test_a_way_back_is_shown_while_it_goes_and_its_verdict_afterwards() -> None:
    ecs = broken_service()
    source = ecs.service["currentServiceRevisions"][0]["arn"]
    ecs.update(taskDefinition="web:2")
    shown = ecs.run_until("ROLLBACK_IN_PROGRESS")
    assert ecs.deployments == [("web:1", "PRIMARY", "IN_PROGRESS"), ("web:2", "ACTIVE", "FAILED")]
    old, failed = ecs.service["deployments"]
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert old["rolloutStateReason"] == f"ECS deployment circuit breaker: rolling back to deploymentId {old['id']}."
    assert ecs.service["currentServiceDeployment"] == shown["serviceDeploymentArn"]
    assert ecs.service["currentServiceRevisions"][0]["arn"] == source
    assert shown["rollback"]["serviceRevisionArn"] == source
    assert shown["rollback"]["reason"] == shown["statusReason"]
    assert shown["statusReason"].startswith("Service deployment rolled back because it was certain to fail")
    assert shown["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 2, "threshold": 3}
    assert shown["sourceServiceRevisions"][0]["requestedTaskCount"] == 2
    assert "finishedAt" not in shown
    ecs.settle()
    ended = ecs.roll_outs[0]
    known = load_service_model("ecs").shape_for("ServiceDeployment").members
    assert known.keys() - ended.keys() == {"stoppedAt", *OF_OTHER_STRATEGIES}
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert ended["finishedAt"] > shown["rollback"]["startedAt"]
    assert ecs.deployments == [("web:1", "PRIMARY", "COMPLETED")]


def test_counts_of_what_has_ended_are_kept_and_do_not_follow_what_comes_after() -> None:
    ecs = broken_service()
    ecs.update(taskDefinition="web:2")
    ecs.settle()
    ended = ecs.roll_outs[0]
    assert [item["runningTaskCount"] for item in ended["sourceServiceRevisions"]] == [2]
    ecs.register()
    ecs.update(taskDefinition="web:3", desiredCount=4)
    ecs.settle()
    done, before, _ = ecs.roll_outs
    assert before == ended
    assert done["targetServiceRevision"]["runningTaskCount"] == 4
    assert [item["runningTaskCount"] for item in done["sourceServiceRevisions"]] == [0]
    assert done["deploymentCircuitBreaker"] == {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}


def test_the_threshold_follows_the_desired_count_while_a_deployment_goes_on() -> None:
    configuration = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    ecs = EcsWorld(deploymentConfiguration=configuration)
    ecs.register(Behaviour(launch_s=100.0))
    ecs.update(taskDefinition="web:2")
    assert ecs.roll_outs[0]["deploymentCircuitBreaker"] == {"status": "MONITORING", "failureCount": 0, "threshold": 3}
    ecs.update(desiredCount=8)
    assert ecs.roll_outs[0]["deploymentCircuitBreaker"]["threshold"] == 4


def test_a_failed_deployment_with_nothing_to_go_back_to_stays_and_is_said_again() -> None:
    ecs = broken_service(rollback=False)
    ecs.update(taskDefinition="web:2")
    stopped = ecs.run_until("STOPPED")
    assert ("stoppedAt" in stopped, "finishedAt" in stopped, "rollback" in stopped) == (True, False, False)
    assert ecs.deployments == [("web:2", "PRIMARY", "FAILED")]
    again = ecs.update(taskDefinition="web:2")
    assert again["deployments"][0]["rolloutState"] == "FAILED"
    assert len(ecs.roll_outs) == 2
    ecs.world.behaviours["web:2"] = Behaviour()
    forced = ecs.update(forceNewDeployment=True)
    assert forced["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert len(ecs.roll_outs) == 3


def test_a_newer_update_during_a_way_back_ends_it_and_may_bring_what_was_being_rolled_back() -> None:
    ecs = broken_service()
    ecs.update(taskDefinition="web:2")
    ecs.run_until("ROLLBACK_IN_PROGRESS")
    ecs.world.behaviours["web:2"] = Behaviour()
    service = ecs.update(taskDefinition="web:2")
    newest, given_up, _ = ecs.roll_outs
    assert service["currentServiceDeployment"] == newest["serviceDeploymentArn"]
    assert (newest["status"], given_up["status"]) == ("IN_PROGRESS", "ROLLBACK_FAILED")
    assert given_up["statusReason"].endswith("The way back was given up: superseded by a newer deployment.")
    ecs.settle()
    assert [item["status"] for item in ecs.roll_outs] == ["SUCCESSFUL", "ROLLBACK_FAILED", "SUCCESSFUL"]
    assert ecs.deployments == [("web:2", "PRIMARY", "COMPLETED")]


def test_an_update_to_what_a_way_back_goes_to_begins_nothing() -> None:
    ecs = broken_service()
    ecs.update(taskDefinition="web:2")
    ecs.run_until("ROLLBACK_IN_PROGRESS")
    ecs.update(taskDefinition="web:1", desiredCount=3)
    assert [item["status"] for item in ecs.roll_outs] == ["ROLLBACK_IN_PROGRESS", "SUCCESSFUL"]
    ecs.settle()
    assert (ecs.roll_outs[0]["status"], ecs.service["runningCount"]) == ("ROLLBACK_SUCCESSFUL", 3)


def test_of_several_updates_in_a_row_only_the_last_goes_on() -> None:
    ecs = EcsWorld()
    for _ in range(3):
        ecs.register(Behaviour(launch_s=10.0))
    for revision in (2, 3, 4):
        ecs.update(taskDefinition=f"web:{revision}")
    assert [item["status"] for item in ecs.roll_outs] == ["IN_PROGRESS", "STOPPED", "STOPPED", "SUCCESSFUL"]
    assert {item["statusReason"] for item in ecs.roll_outs[1:3]} == {
        "Service deployment stopped because a newer deployment started."
    }
    ecs.settle()
    assert ecs.deployments == [("web:4", "PRIMARY", "COMPLETED")]
    assert ecs.roll_outs[0]["status"] == "SUCCESSFUL"


def test_a_forced_deployment_has_a_revision_of_its_own_and_no_digests_of_the_one_before() -> None:
    ecs = EcsWorld()
    before = ecs.service["deployments"][0]["id"]
    after = ecs.update(forceNewDeployment=True)["deployments"][0]["id"]
    deployments = ecs.world.snapshot.deployments
    assert deployments[after].revision_arn != deployments[before].revision_arn
    assert not deployments[after].image_digests
    ecs.settle()
    assert ecs.deployments == [("web:1", "PRIMARY", "COMPLETED")]


@pytest.fixture
def half_rolled() -> EcsWorld:
    """A service on its way to `web:2`, whose tasks take their time to start and to end."""
    ecs = EcsWorld()
    ecs.register(Behaviour(launch_s=30.0, exits_in_s=20.0))
    ecs.update(taskDefinition="web:2")
    return ecs


def test_a_stopped_deployment_goes_back_and_a_second_call_changes_nothing(half_rolled: EcsWorld) -> None:
    arn = half_rolled.roll_outs[0]["serviceDeploymentArn"]
    half_rolled.world.run_for(30.5)
    answer = half_rolled.caller.call("StopServiceDeployment", serviceDeploymentArn=arn)
    assert answer == {"serviceDeploymentArn": arn}
    shown = half_rolled.roll_outs[0]
    assert shown["status"] == "ROLLBACK_IN_PROGRESS"
    assert shown["deploymentCircuitBreaker"]["status"] == "DISABLED"
    assert half_rolled.caller.call("StopServiceDeployment", serviceDeploymentArn=arn, stopType="ROLLBACK") == answer
    assert not half_rolled.caller.changes
    half_rolled.settle()
    assert half_rolled.roll_outs[0]["status"] == "ROLLBACK_SUCCESSFUL"
    with pytest.raises(ApiError, match="it is ROLLBACK_SUCCESSFUL") as refused:
        half_rolled.caller.call("StopServiceDeployment", serviceDeploymentArn=arn)
    assert (refused.value.code, refused.value.fields) == ("ConflictException", {"resourceIds": [arn]})


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        pytest.param({"stopType": "ABORT"}, "InvalidParameterException", "use ROLLBACK", id="abort"),
        pytest.param({"stopType": "NOW"}, "InvalidParameterException", "stopType 'NOW' is not known", id="type"),
        pytest.param(
            {"serviceDeploymentArn": "web"}, "InvalidParameterException", "not the ARN of a service-dep", id="name"
        ),
        pytest.param(
            {"serviceDeploymentArn": "arn:aws:ecs:local:000000000000:service/default/web"},
            "InvalidParameterException",
            "not the ARN of a service-deployment",
            id="service",
        ),
        pytest.param(
            {"serviceDeploymentArn": "arn:aws:ecs:local:000000000000:service-deployment/default/web/x"},
            "ServiceDeploymentNotFoundException",
            "was not found",
            id="unknown",
        ),
    ],
)
def test_a_stop_that_cannot_be_is_refused(half_rolled: EcsWorld, params: dict[str, Any], code: str, words: str) -> None:
    given = {"serviceDeploymentArn": half_rolled.roll_outs[0]["serviceDeploymentArn"], **params}
    with pytest.raises(ApiError, match=words) as refused:
        half_rolled.caller.call("StopServiceDeployment", **given)
    assert refused.value.code == code
    assert half_rolled.roll_outs[0]["status"] == "IN_PROGRESS"


def test_a_deployment_of_a_service_that_is_deleted_cannot_go_back(half_rolled: EcsWorld) -> None:
    arn = half_rolled.roll_outs[0]["serviceDeploymentArn"]
    half_rolled.world.run_for(30.5)
    half_rolled.caller.call("DeleteService", service="web", force=True)
    with pytest.raises(ApiError, match="being deleted") as refused:
        half_rolled.caller.call("StopServiceDeployment", serviceDeploymentArn=arn)
    assert refused.value.code == "ConflictException"


ALARMS = {"alarmNames": ["errors", "slow"], "enable": True, "rollback": True}


def test_an_alarm_that_ends_a_deployment_is_named() -> None:
    ecs = EcsWorld(deploymentConfiguration={"alarms": ALARMS})
    ecs.operator.set_alarm("errors", AlarmState.OK)
    ecs.register(SLOW)
    ecs.update(taskDefinition="web:2")
    assert ecs.roll_outs[0]["alarms"] == {"status": "MONITORING", "alarmNames": ["errors", "slow"]}
    ecs.operator.set_alarm("errors", AlarmState.ALARM)
    ended = ecs.run_until("ROLLBACK_IN_PROGRESS")
    assert ended["alarms"] == {
        "status": "TRIGGERED",
        "alarmNames": ["errors", "slow"],
        "triggeredAlarmNames": ["errors"],
    }
    assert ended["deploymentCircuitBreaker"]["status"] == "DISABLED"
    ecs.settle()
    assert ecs.roll_outs[1]["alarms"]["status"] == "MONITORING_COMPLETE"


def test_alarms_that_were_firing_at_the_start_are_shown_as_disabled() -> None:
    ecs = EcsWorld(deploymentConfiguration={"alarms": ALARMS})
    ecs.operator.set_alarm("slow", AlarmState.ALARM)
    ecs.update(forceNewDeployment=True)
    assert ecs.roll_outs[0]["alarms"]["status"] == "DISABLED"
    ecs.settle()
    assert ecs.roll_outs[0]["status"] == "SUCCESSFUL"
