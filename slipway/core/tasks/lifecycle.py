"""The life of a task: which moves of `last_status` are legal, and how its containers end.

Theory of operation. A task's `last_status` is what its host observed, and only moves forward. Reports are coalesced and
may be lost with a connection, so a later state may follow any earlier one: a task that ran for a second while nobody
listened goes from PENDING to STOPPED. What may not happen is a move back, a move out of STOPPED, and draining
(DEACTIVATING) of a task that was never activated. A task is as far as its slowest container: its status is the minimum
over them, which makes RUNNING mean "all have started" (one that has ended already among them) and STOPPED "all have
ended".

Source: Amazon ECS Developer Guide, "Amazon ECS task lifecycle"; the minimum and the rule of restarts are the public ECS
agent's.
"""

from collections.abc import Iterable, Mapping

from slipway.core.model.task_definitions import RestartPolicy
from slipway.core.model.tasks import TaskStatus
from slipway.core.plan import ContainerPayload

#: The states in their order.
ORDER: tuple[TaskStatus, ...] = tuple(TaskStatus)

_RANK: Mapping[TaskStatus, int] = {status: rank for rank, status in enumerate(ORDER)}

#: From each state, the states that may follow it.
MOVES: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.PROVISIONING: frozenset(ORDER[1:]) - {TaskStatus.DEACTIVATING},
    TaskStatus.PENDING: frozenset(ORDER[2:]) - {TaskStatus.DEACTIVATING},
    TaskStatus.ACTIVATING: frozenset(ORDER[3:]),
    TaskStatus.RUNNING: frozenset(ORDER[4:]),
    TaskStatus.DEACTIVATING: frozenset(ORDER[5:]),
    TaskStatus.STOPPING: frozenset(ORDER[6:]),
    TaskStatus.DEPROVISIONING: frozenset(ORDER[7:]),
    TaskStatus.STOPPED: frozenset(),
}


def may_move(old: TaskStatus, new: TaskStatus) -> bool:
    """Whether a task, or a container, in `old` may be observed in `new`; staying where it is, is no move."""
    return new in MOVES[old]


def status_of(containers: Iterable[TaskStatus]) -> TaskStatus:
    """The status of a task whose containers have these: the earliest. A task of no containers has STOPPED."""
    return min(containers, key=_RANK.__getitem__, default=TaskStatus.STOPPED)


def stop_grace_s(container: ContainerPayload, *, turn_at: float, now: float) -> float:
    """Seconds from `now` to SIGKILL for a container whose turn to stop came at `turn_at`; never negative.

    `turn_at` is when the stop was ordered, or when the last container that depends on it ended, whichever is later.
    Both are recorded facts, so the time limit goes on where it was after a restart of the control plane.
    """
    return max(0.0, turn_at + container.stop_timeout_s - now)


def may_restart(policy: RestartPolicy | None, *, exit_code: int | None, started_at: float, ended_at: float) -> bool:
    """Whether a container that ended by itself is started again; `started_at` is its last start, or restart.

    `exit_code` None, an end that nobody knows, is not followed by a start (public ECS agent).
    """
    if policy is None or exit_code is None or exit_code in policy.ignored_exit_codes:
        return False
    return ended_at - started_at >= policy.attempt_period_s
