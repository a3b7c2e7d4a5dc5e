"""Mistakes that the simulation must find: each is a change of the source's text, planted in a copy of the package."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One planted mistake: in `file` of the package, `old` becomes `new` where it stands, which is once."""

    name: str
    file: str
    old: str
    new: str

    def plant(self, package: Path) -> None:
        """Change the copy of the package. Raises AssertionError where the text is not there any more."""
        path = package / self.file
        text = path.read_text("utf-8")
        found = text.count(self.old)
        assert found == 1, f"{self.name}: {found} times in {self.file}, not once: {self.old}"
        path.write_text(text.replace(self.old, self.new), "utf-8")


MUTANTS = (
    Mutant(
        name="the lower bound is one too low",
        file="core/deployments/rolling.py",
        old="lower=ceil(desired * minimum_healthy_percent / 100)",
        new="lower=floor(desired * minimum_healthy_percent / 100)",
    ),
    Mutant(
        name="the upper bound is one too high",
        file="core/deployments/rolling.py",
        old="upper=floor(desired * maximum_percent / 100)",
        new="upper=ceil(desired * maximum_percent / 100)",
    ),
    Mutant(
        name="tasks that are stopping hold no room",
        file="core/snapshot.py",
        old="room.replace(old, new)",
        new='room.replace(*(one if one and one.desired_status == "RUNNING" else None for one in (old, new)))',
    ),
    Mutant(
        name="failures of the old deployment count for the new one",
        file="core/deployments/failures.py",
        old="        _count(account, deployment_id, list(pairs))",
        new="        primary = account.snapshot.primary(account.service.arn)\n"
        "        _count(account, deployment_id if primary is None else primary.id, list(pairs))",
    ),
    Mutant(
        name="a stop does not drain",
        file="core/tasks/task_steps.py",
        old='step.changes.append(Put(record=deregister(target, group, now=context.now), cause="deregistered"))',
        new='step.changes.append(Remove(record=deregister(target, group, now=context.now), cause="deregistered"))',
    ),
    Mutant(
        name="a stop is ordered before the targets are gone",
        file="core/tasks/task_steps.py",
        old="if not targets and task.stop_ordered_at is None:",
        new="if task.stop_ordered_at is None:",
    ),
    Mutant(
        name="a roll-back goes to a deployment that never completed",
        file="core/deployments/roll_back.py",
        old="    return last if last is not None and last.rollout_state is RolloutState.COMPLETED else None",
        new="    return last",
    ),
    Mutant(
        name="a FAILED deployment starts tasks",
        file="core/deployments/roll.py",
        old="new_waits=(has_failed and not primary.is_proven) or _waits(primary, context)",
        new="new_waits=_waits(primary, context)",
    ),
    Mutant(
        name="a report that comes twice moves a status back",
        file="core/observe.py",
        old="status = report.last_status if may_move(task.last_status, report.last_status) else task.last_status",
        new="status = report.last_status",
    ),
    Mutant(
        name="a start that was lost is not commanded again",
        file="core/observe.py",
        old="commands.append(start_command(snapshot, task))",
        new="continue",
    ),
    Mutant(
        name="a stop that was lost is not commanded again",
        file="core/observe.py",
        old="commands.append(StopTask(host_id=task.host_id, task_arn=arn, ordered_at=task.stop_ordered_at))",
        new="continue",
    ),
    Mutant(
        name="a task that is gone from its host is not ended",
        file="core/observe.py",
        old='changes.append(Put(record=_vanished(task, report, context), cause="not on its host any more"))',
        new="continue",
    ),
    Mutant(
        name="commands are performed though their commit failed",
        file="controller.py",
        old="        self._changes, self._commands = [], []\n        self._inbox = folded",
        new="        self._changes = []\n        self._inbox = folded",
    ),
    Mutant(
        name="protection holds nothing back",
        file="core/tasks/service_tasks.py",
        old="            if task.protected_until is not None:\n                self._protected",
        new="            if task.protected_until == 0.0:\n                self._protected",
    ),
    Mutant(
        name="the circuit breaker trips one failure late",
        file="core/deployments/detection.py",
        old="if primary.failure_count < threshold or",
        new="if primary.failure_count <= threshold or",
    ),
    Mutant(
        name="a host that leaves gets tasks",
        file="core/placing/placement.py",
        old="if standing.is_draining:",
        new="if standing.is_draining and False:",
    ),
    Mutant(
        name="container health is not asked",
        file="core/tasks/task_steps.py",
        old="passes = not is_checked or task.health_status is HealthStatus.HEALTHY",
        new="passes = True",
    ),
    Mutant(
        name="sick tasks are replaced within their grace period",
        file="core/tasks/task_steps.py",
        old="elif sickness is not None and context.now >= grace_ends:",
        new="elif sickness is not None:",
    ),
    Mutant(
        name="a task's removal has nothing decided",
        file="core/snapshot.py",
        old="self.dirty_services.add(task.service_arn)  # a task's end and its removal may come at one instant",
        new="self.dirty_services |= set() if new is None else {task.service_arn}",
    ),
    Mutant(
        name="every old deployment that completed keeps its tasks",
        file="core/deployments/roll.py",
        old="is_good = good is not None and deployment.id == good.id",
        new="is_good = deployment.completed_at is not None",
    ),
)
