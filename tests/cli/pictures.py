"""Fixed pictures of a service, as the picture route gives them, for the tests of what is drawn."""

from collections import Counter
from typing import Any

NOW = 1_700_000_100.0
GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/users/0123456789abcdef"
PHASES = ("starting", "running", "sick", "healthy", "stopping")
OLD, NEW = "ecs-svc/1", "ecs-svc/2"


def task(number: int, deployment: str, phase: str, **changes: Any) -> dict[str, Any]:
    """A task in a phase, with a target where it has one then."""
    state = {"running": "initial", "healthy": "healthy", "sick": "unhealthy", "stopping": "draining"}.get(phase)
    target = {"target_group": "users", "id": "i-1", "port": 30000 + number, "state": state}
    return {
        "id": f"{number:08x}" + 24 * "0",
        "deployment": deployment,
        "task_definition": "users:1" if deployment == OLD else "users:2",
        "phase": phase,
        "last_status": "STOPPED" if phase == "stopped" else "RUNNING",
        "created_at": NOW - 90,
        "started_at": None if phase == "starting" else NOW - 89,
        "stop_ordered_at": None,
        "stopped_reason": None,
        "unhealthy_reason": None,
        "exit_codes": {},
        "containers": ["app"],
        "targets": [target] if state else [],
        **changes,
    }


def deployment(number: int, counts: dict[str, int], **changes: Any) -> dict[str, Any]:
    """A deployment of users:<number> with so many tasks by phase; PRIMARY and in progress unless said otherwise."""
    return {
        "id": f"ecs-svc/{number}",
        "status": "PRIMARY",
        "rollout_state": "IN_PROGRESS",
        "rollout_state_reason": "",
        "task_definition": f"users:{number}",
        "created_at": NOW - 7,
        "elapsed_s": 7.4,
        "is_ended": False,
        "failed_tasks": 0,
        "counts": {phase: counts.get(phase, 0) for phase in PHASES},
        "rounds": [],
        **changes,
    }


def roll_out(number: int, status: str, **changes: Any) -> dict[str, Any]:
    """The service deployment of users:<number>, begun 51 s before it ended; no reason unless said otherwise."""
    is_verdict = status in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
    return {
        "deployment": f"ecs-svc/{number}",
        "arn": f"arn:aws:ecs:us-east-1:000000000000:service-deployment/demo/users/{number:021}",
        "task_definition": f"users:{number}",
        "status": status,
        "status_reason": None,
        "is_verdict": is_verdict,
        "created_at": NOW - 60,
        "finished_at": NOW - 9 if is_verdict else None,
        "detected_by": None,
        "detected_at": None,
        "failure_count": 0,
        "threshold": None,
        "triggered_alarms": [],
        "rollback": None,
        "failures": [],
        **changes,
    }


def back_to(number: int) -> dict[str, Any]:
    """The way back to users:<number>, begun 20 s ago."""
    deployment_id, definition = f"ecs-svc/{number}", f"users:{number}"
    return {"started_at": NOW - 20, "deployment": deployment_id, "task_definition": definition, "reason": ""}


def picture(deployments: list[dict[str, Any]], tasks: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """A service of four tasks with these deployments and tasks."""
    states = Counter(target["state"] for one in tasks for target in one["targets"])
    counted = {phase: sum(one["counts"][phase] for one in deployments) for phase in PHASES}
    return {
        "at": NOW,
        "cluster": "demo",
        "service": "users",
        "status": "ACTIVE",
        "desired_count": 4,
        "bounds": {"lower": 4, "upper": 8},
        "healthy": counted["healthy"],
        "wanted": sum(counted.values()) - counted["stopping"],
        "alive": sum(counted.values()),
        "steady_at": None,
        "blocked_by": None,
        "blocked_because": None,
        "next_start_at": None,
        "deployments": deployments,
        "tasks": tasks,
        "targets": [{"target_group": "users", "states": dict(sorted(states.items()))}] if states else [],
        "events": [],
        "waits": [],
        "roll_outs": [roll_out(2, "IN_PROGRESS"), roll_out(1, "SUCCESSFUL")],
        "rollback_estimate_s": None,
        **changes,
    }


def event(number: int, message: str, *, ago: float) -> dict[str, Any]:
    """An event of the service."""
    return {"id": f"e{number}", "at": NOW - ago, "message": f"(service users) {message}"}


def rolling() -> dict[str, Any]:
    """Half-way from users:1 to users:2: new tasks in three phases, an old one draining and one stopping."""
    rounds = [{"kind": "START", "count": 4, "at": NOW - 7}, {"kind": "STOP", "count": 2, "at": NOW - 1}]
    new = [task(1, NEW, "healthy"), task(2, NEW, "healthy"), task(3, NEW, "running"), task(4, NEW, "starting")]
    old = [task(5, OLD, "healthy"), task(6, OLD, "healthy"), task(7, OLD, "stopping")]
    old.append(task(8, OLD, "stopping", stop_ordered_at=NOW - 1, targets=[]))
    events = [
        event(3, "has begun draining connections on 2 tasks.", ago=1),
        event(2, f"registered 3 targets in (target-group {GROUP})", ago=6),
        event(1, f"has started 2 tasks: (task {'0' * 31}1) (task {'0' * 31}2).", ago=7),
    ]
    return picture(
        [
            deployment(2, {"healthy": 2, "running": 1, "starting": 1}, rounds=rounds),
            deployment(1, {"healthy": 2, "stopping": 2}, status="ACTIVE", rollout_state="COMPLETED", is_ended=True),
        ],
        new + old,
        events=events,
    )


def steady() -> dict[str, Any]:
    """At rest on users:2."""
    done = deployment(2, {"healthy": 4}, rollout_state="COMPLETED", is_ended=True, elapsed_s=3723)
    return picture(
        [done],
        [task(number, NEW, "healthy") for number in range(4)],
        steady_at=NOW - 60,
        roll_outs=[roll_out(2, "SUCCESSFUL"), roll_out(1, "SUCCESSFUL")],
    )


def failing() -> dict[str, Any]:
    """A version that is never healthy, waiting before the next start."""
    reason = f"Task failed ELB health checks in (target-group {GROUP})"
    gone = task(9, NEW, "stopped", stopped_reason=reason, exit_codes={"app": 137}, targets=[])
    scaled = task(8, NEW, "stopped", stopped_reason="Scaling activity initiated by (deployment ecs-svc/2)")
    return picture(
        [
            deployment(2, {"sick": 1}, failed_tasks=5),
            deployment(1, {"healthy": 4}, status="ACTIVE", rollout_state="COMPLETED", is_ended=True),
        ],
        [task(1, NEW, "sick"), *(task(number, OLD, "healthy") for number in range(2, 6)), gone, scaled],
        next_start_at=NOW + 8,
    )


def blocked() -> dict[str, Any]:
    """A first deployment without room."""
    because = "no room: not enough MEMORY on the host (0 of 2048 CPU units and 64 of 4096 MiB are free)"
    return picture([deployment(2, {"starting": 1})], [task(1, NEW, "starting")], blocked_because=because)


def thousand() -> dict[str, Any]:
    """So many tasks that they are counted, not drawn one by one; of many rounds the last are told."""
    rounds = [{"kind": kind, "count": 50, "at": NOW} for _ in range(6) for kind in ("START", "STOP")]
    return picture(
        [
            deployment(2, {"healthy": 550, "starting": 50}, rounds=rounds),
            deployment(1, {"healthy": 380, "stopping": 20}, status="ACTIVE", rollout_state="COMPLETED"),
        ],
        [task(number, NEW, "healthy") for number in range(200)],
        bounds={"lower": 900, "upper": 1100},
    )


def deleted() -> dict[str, Any]:
    """A service that is going away."""
    return picture([deployment(2, {"stopping": 1})], [task(1, NEW, "stopping")], status="DRAINING")


PICTURES = {
    "rolling": rolling,
    "steady": steady,
    "failing": failing,
    "blocked": blocked,
    "thousand": thousand,
    "deleted": deleted,
}
