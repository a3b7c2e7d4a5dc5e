"""Fixed pictures of a service, as the picture route gives them, for the tests of what is drawn."""

from collections import Counter
from typing import Any

NOW = 1_700_000_100.0
GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/users/0123456789abcdef"
SERVICE = "arn:aws:ecs:us-east-1:000000000000:service/demo/users"
PHASES = ("starting", "running", "sick", "healthy", "stopping")
BROKEN = "Service deployment rolled back because the circuit breaker threshold was exceeded: 3 failures, threshold 3."
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
        "failure_count": 0,
        "bake_until": None,
        "deadline_at": None,
        "rolls_back": None,
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
    return {
        "started_at": NOW - 20,
        "deployment": f"ecs-svc/{number}",
        "task_definition": f"users:{number}",
        "reason": BROKEN,
    }


def failure(sentence: str, *, ago: float) -> dict[str, Any]:
    """A counted failure of the class crash."""
    return {"at": NOW - ago, "class": "crash", "sentence": sentence, "task": "00000009" + 24 * "0"}


def wait(kind: str, sentence: str, *, number: int | None = None) -> dict[str, Any]:
    """What the service waits for, or one of its tasks."""
    of_task = f"arn:aws:ecs:us-east-1:000000000000:task/demo/{number:08x}{24 * '0'}" if number is not None else SERVICE
    return {"kind": kind, "sentence": sentence, "since": None, "clears_at": None, "clears": None, "subject": of_task}


def picture(deployments: list[dict[str, Any]], tasks: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """A service of four tasks with these deployments and tasks."""
    states = Counter(target["state"] for one in tasks for target in one["targets"])
    counted = {phase: sum(one["counts"][phase] for one in deployments) for phase in PHASES}
    return {
        "at": NOW,
        "cluster": "demo",
        "service": "users",
        "arn": SERVICE,
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
        "slow_stops": [],
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
    counted = {"failure_count": 2, "threshold": 3, "failures": [failure("exit 137 after 31 s", ago=2)]}
    waits = [
        wait("throttle", "next start of users:2 in 8 s after 5 failures in a row"),
        wait("roll", "it is rolled to users:2: 0 of 4 tasks are healthy, 4 old ones are left"),
        wait("target health", "target health check 0 of 2 passed, next in 3 s", number=1),
    ]
    return picture(
        [
            deployment(2, {"sick": 1}, failed_tasks=5, failure_count=2),
            deployment(1, {"healthy": 4}, status="ACTIVE", rollout_state="COMPLETED", is_ended=True),
        ],
        [task(1, NEW, "sick"), *(task(number, OLD, "healthy") for number in range(2, 6)), gone, scaled],
        next_start_at=NOW + 8,
        roll_outs=[roll_out(2, "IN_PROGRESS", **counted), roll_out(1, "SUCCESSFUL")],
        waits=waits,
        rollback_estimate_s=0.0,
    )


def going_back() -> dict[str, Any]:
    """On the way back to users:1, of which three tasks had stopped already."""
    failures = [failure("exit 1 after 4 s", ago=21), failure("exit 1 after 3 s", ago=30)]
    roll = roll_out(
        2,
        "ROLLBACK_IN_PROGRESS",
        rollback=back_to(1),
        status_reason=BROKEN,
        detected_by="CIRCUIT_BREAKER",
        detected_at=NOW - 20,
        failure_count=3,
        threshold=3,
        failures=failures,
        triggered_alarms=["users-5xx"],
    )
    events = [
        event(3, f"has started 8 tasks: {' '.join(f'(task {number:032x})' for number in range(8))}.", ago=19),
        event(2, "rolling back to deployment ecs-svc/1.", ago=20),
        event(1, "(deployment ecs-svc/2) deployment failed: tasks failed to start.", ago=20),
    ]
    back = deployment(1, {"healthy": 1, "running": 3}, rolls_back=NEW, elapsed_s=20.0, failure_count=1)
    failed = deployment(2, {"healthy": 2, "stopping": 2}, status="ACTIVE", rollout_state="FAILED", is_ended=True)
    old = [task(1, OLD, "healthy"), *(task(number, OLD, "running") for number in range(2, 5))]
    new = [task(5, NEW, "healthy"), task(6, NEW, "healthy"), task(7, NEW, "stopping"), task(8, NEW, "stopping")]
    return picture(
        [back, failed],
        old + new,
        roll_outs=[roll, roll_out(1, "SUCCESSFUL")],
        rollback_estimate_s=10.0,
        events=events,
        waits=[
            wait("way back", "it has been going back to users:1 for 20 s, because …"),
            wait("target health", "target health check 1 of 2 passed, next in 3 s", number=2),
            wait("drain", "draining: 2 requests in flight, at most 41 s more", number=7),
        ],
    )


def rolled_back() -> dict[str, Any]:
    """At rest on users:1, for users:2 was taken back."""
    roll = roll_out(2, "ROLLBACK_SUCCESSFUL", rollback=back_to(1), status_reason=BROKEN, failure_count=3, threshold=3)
    good = deployment(1, {"healthy": 4}, rolls_back=NEW, rollout_state="COMPLETED", is_ended=True, elapsed_s=11.0)
    tasks = [task(number, OLD, "healthy") for number in range(4)]
    return picture([good], tasks, steady_at=NOW - 9, roll_outs=[roll, roll_out(1, "SUCCESSFUL")])


def back_failed() -> dict[str, Any]:
    """The way back failed too, and nothing moves."""
    reason = (
        f"{BROKEN} The way back failed because the circuit breaker threshold was exceeded: 3 failures, threshold 3."
    )
    roll = roll_out(2, "ROLLBACK_FAILED", rollback=back_to(1), status_reason=reason, failure_count=3, threshold=3)
    back = deployment(1, {"healthy": 1}, rolls_back=NEW, rollout_state="FAILED", is_ended=True, failure_count=3)
    failed = deployment(2, {"healthy": 1}, status="ACTIVE", rollout_state="FAILED", is_ended=True)
    return picture(
        [back, failed], [task(1, OLD, "healthy"), task(2, NEW, "healthy")], roll_outs=[roll, roll_out(1, "SUCCESSFUL")]
    )


def baking() -> dict[str, Any]:
    """Healthy on users:2, watched before it is complete, with a deadline."""
    done = deployment(2, {"healthy": 4}, bake_until=NOW + 42, deadline_at=NOW + 600, elapsed_s=78.0)
    waits = [wait("bake", "it is healthy and is watched for 42 s more (bake time); alarms users-5xx")]
    return picture([done], [task(number, NEW, "healthy") for number in range(4)], waits=waits)


def blocked() -> dict[str, Any]:
    """A first deployment without room."""
    because = "no room: a task needs 128 MiB, the host has 64 of 4096 free"
    waits = [wait("room", because), wait("roll", "it is rolled to users:2: 0 of 4 tasks are healthy")]
    return picture(
        [deployment(2, {"starting": 1})],
        [task(1, NEW, "starting")],
        blocked_because=because,
        waits=waits,
        roll_outs=[roll_out(2, "IN_PROGRESS")],
    )


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
    "going_back": going_back,
    "rolled_back": rolled_back,
    "back_failed": back_failed,
    "baking": baking,
    "blocked": blocked,
    "thousand": thousand,
    "deleted": deleted,
}
