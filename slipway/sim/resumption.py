"""Resumption: a virtual world that goes on from where another world, or a real cluster, stands.

The records say what there is, but not what is under way: when a task that starts will run, when one that was told to
stop will end, when a target is checked next. The first two follow from the records and from how tasks behave; the
checks are told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from slipway.core.model.tasks import DesiredStatus, Task, TaskStatus
from slipway.core.plan import TaskPayload
from slipway.sim.behaviours import Behaviour
from slipway.sim.tasks import SimTask

#: How a task behaves of which more is known than of its task definition; None: it behaves as that says.
Cast = Callable[[TaskPayload], Behaviour | None]

#: What a host has of a task by its record's status: draining is nothing a host knows of. Of one that is not among them
#: it was not told yet, and is told again.
_HELD: Mapping[TaskStatus, TaskStatus] = {
    TaskStatus.PENDING: TaskStatus.PENDING,
    TaskStatus.ACTIVATING: TaskStatus.ACTIVATING,
    TaskStatus.RUNNING: TaskStatus.RUNNING,
    TaskStatus.DEACTIVATING: TaskStatus.RUNNING,
    TaskStatus.STOPPING: TaskStatus.STOPPING,
    TaskStatus.DEPROVISIONING: TaskStatus.STOPPING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """Where a world begins that goes on from another: its records are in the store it is given."""

    at: float  # epoch seconds
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)  # by task definition, `family:revision`
    next_checks: Mapping[str, float] = field(default_factory=dict)  # when targets are checked next, by their keys
    cast: Cast = lambda payload: None  # how a single task behaves; None: as its task definition does


def is_held(task: Task) -> bool:
    """Whether the task's host has taken it up, and not let go of it. What was only just commanded is commanded again by
    the control plane when the host reports."""
    if task.last_status is TaskStatus.PENDING and task.pull_started_at is None:
        return False
    return task.last_status in _HELD


def held_task(task: Task, payload: TaskPayload, behaviour: Behaviour) -> SimTask:
    """The task as its host has it, by its record. `behaviour` is its own, as drawn."""
    signalled_at = [one.signalled_at for one in task.containers if one.signalled_at is not None]
    status = _HELD[task.last_status]
    is_told = status is TaskStatus.STOPPING and task.desired_status is DesiredStatus.STOPPED
    return SimTask(
        payload=payload,
        behaviour=behaviour,
        run=0,
        status=status,
        pull_started_at=task.created_at if task.pull_started_at is None else task.pull_started_at,
        pull_stopped_at=task.pull_stopped_at,
        started_at=task.started_at,
        signalled_at=min(signalled_at, default=task.stopping_at),
        stop_ordered_at=task.stop_ordered_at if is_told else None,
        ip_address=task.ip_address,
        health=task.health_status,
        bindings=tuple((one.name, binding) for one in task.containers for binding in one.network_bindings),
        known=task.containers,
    )
