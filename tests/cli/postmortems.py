"""A fixed post-mortem, as its route gives it, for the tests of what is told; it has what HTML takes for its own."""

from typing import Any

from tests.cli.pictures import NOW

BEGAN = NOW - 60
NASTY = "<script>alert('1 & 2')</script>"


def moment(after_s: float, text: str) -> dict[str, Any]:
    """A line of the timeline."""
    return {"at": BEGAN + after_s, "after_s": after_s, "text": text}


def failed_task(number: int, **changes: Any) -> dict[str, Any]:
    """A task that crashed four seconds after its start, its record gone unless said otherwise."""
    return {
        "id": f"{number:08x}" + 24 * "0",
        "at": BEGAN + 5.0,
        "deployment": "ecs-svc/3",
        "failure_class": "crash",
        "sentence": "exit 1 after 4 s",
        "is_kept": False,
        "created_at": None,
        "started_at": None,
        "stopped_at": None,
        "stop_code": None,
        "stopped_reason": None,
        "unhealthy_reason": None,
        "target_health": None,
        "containers": [],
        **changes,
    }


def kept_task(number: int) -> dict[str, Any]:
    """One of which all is known."""
    container = {
        "name": "app",
        "image": "users:v3",
        "exit_code": 1,
        "reason": None,
        "restart_count": 2,
        "health_status": "UNHEALTHY",
        "health_probes": [
            {"at": BEGAN + 2.0, "exit_code": 7, "output": f"curl: (7) Failed\n{NASTY}\n"},
            {"at": BEGAN + 4.0, "exit_code": None, "output": ""},
        ],
        "log": {"lines": ["one", "two", f"three {NASTY}"], "lack": None},
    }
    sidecar = container | {
        "name": "log",
        "exit_code": None,
        "restart_count": 0,
        "health_status": "UNKNOWN",
        "health_probes": [],
        "reason": "CannotPullContainerError: no such image",
        "log": {"lines": [], "lack": "no log: it never ran"},
    }
    return failed_task(
        number,
        is_kept=True,
        created_at=BEGAN,
        started_at=BEGAN + 1.0,
        stopped_at=BEGAN + 4.9,
        stop_code="EssentialContainerExited",
        stopped_reason="Essential container in task exited",
        target_health="Health checks failed with these codes: [503]",
        containers=[container, sidecar],
    )


def postmortem(**changes: Any) -> dict[str, Any]:
    """users:3 crashed at its start and was taken back."""
    return {
        "at": NOW,
        "cluster": "demo",
        "service": "users",
        "deployment": "ecs-svc/3",
        "service_deployment": "arn:aws:ecs:us-east-1:000000000000:service-deployment/demo/users/abc",
        "task_definition": "users:3",
        "previous": "users:2",
        "verdict": "ROLLBACK_SUCCESSFUL",
        "is_verdict": True,
        "detected_by": "CIRCUIT_BREAKER",
        "triggered_alarms": [],
        "summary": "The deployment of users:3 failed and was taken back (ROLLBACK_SUCCESSFUL).",
        "times": {
            "update_at": BEGAN,
            "first_failure_at": BEGAN + 5.0,
            "detected_at": BEGAN + 12.0,
            "way_back_at": BEGAN + 12.0,
            "restored_at": BEGAN + 16.25,
            "detection_share": 0.738,
        },
        "failures": {"count": 3, "threshold": 3, "classes": {"crash": 2, "health": 1}},
        "timeline": [
            moment(0.0, f"has started 1 tasks: (task {'0' * 31}1)."),
            moment(5.0, "(deployment ecs-svc/3) failure 1 of 3: crash: exit 1 after 4 s; next start at once."),
            moment(12.0, "rolling back to deployment ecs-svc/2."),
        ],
        "difference": [
            "--- users:2",
            "+++ users:3",
            "@@ -1,3 +1,3 @@",
            " {",
            '-  "image": "users:v2"',
            f'+  "image": "{NASTY}"',
        ],
        "tasks": [kept_task(1), failed_task(2)],
        **changes,
    }


def going_on() -> dict[str, Any]:
    """One that has just failed, and of which little is known."""
    times = {"update_at": BEGAN, "first_failure_at": None, "detected_at": BEGAN + 12.0, "way_back_at": BEGAN + 12.0}
    return postmortem(
        task_definition=None,
        previous=None,
        verdict="ROLLBACK_IN_PROGRESS",
        is_verdict=False,
        detected_by="ALARM",
        triggered_alarms=["users-5xx"],
        times=times | {"restored_at": None, "detection_share": None},
        failures={"count": 0, "threshold": None, "classes": {}},
        difference=[],
        tasks=[],
    )
