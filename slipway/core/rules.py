"""The server's settings that decisions read; `config.py` fills them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Settings of the scheduler. The defaults are ECS's."""

    healthy_after_running_s: float = 40  # a task with no check counts as healthy so long after RUNNING (ECS: 40 s)
    new_target_checks: int | None = None  # checks a new target must pass; None: its group's healthy threshold
    is_sequential: bool = False  # a round waits until the one before it has settled; False: rounds overlap
    start_back_off_s: float = 1  # the first delay after tasks ended before they were healthy; doubles each time
    start_back_off_after: int = 3  # failures in a row that are retried at once
    start_back_off_max_s: float = 27 * 60  # ECS service throttle logic: at most 27 minutes
    placement_retry_s: float = 20  # the least delay after a start without room that its service counts as a failure
    fails_on_certainty: bool = True  # two failures that will come again for ever end a deployment its breaker watches
    stopped_task_kept_s: float = 3600  # a stopped task stays describable so long (DescribeTasks: at least an hour)
