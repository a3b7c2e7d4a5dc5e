"""The legal moves of a task, its status over its containers, and how they are stopped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.model.task_definitions import RestartPolicy
from slipway.core.model.tasks import TaskStatus
from slipway.core.plan import ContainerPayload
from slipway.core.tasks.lifecycle import MOVES, ORDER, may_move, may_restart, status_of, stop_grace_s

PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED = TaskStatus

STATUSES = st.sampled_from(TaskStatus)


@pytest.mark.parametrize(
    ("old", "new", "is_legal"),
    [
        pytest.param(PROVISIONING, PENDING, True, id="placed"),
        pytest.param(PENDING, ACTIVATING, True, id="pulling"),
        pytest.param(ACTIVATING, RUNNING, True, id="started"),
        pytest.param(RUNNING, DEACTIVATING, True, id="draining"),
        pytest.param(DEACTIVATING, STOPPING, True, id="drained"),
        pytest.param(STOPPING, DEPROVISIONING, True, id="ended"),
        pytest.param(DEPROVISIONING, STOPPED, True, id="gone"),
        pytest.param(PENDING, RUNNING, True, id="reports-coalesced"),
        pytest.param(PENDING, STOPPED, True, id="failed-to-start"),
        pytest.param(RUNNING, STOPPED, True, id="exited"),
        pytest.param(RUNNING, RUNNING, False, id="no-move"),
        pytest.param(RUNNING, ACTIVATING, False, id="back"),
        pytest.param(STOPPED, RUNNING, False, id="resurrection"),
        pytest.param(STOPPED, STOPPED, False, id="stopped-for-good"),
        pytest.param(PENDING, DEACTIVATING, False, id="drained-before-activated"),
    ],
)
def test_moves(old: TaskStatus, new: TaskStatus, is_legal: bool) -> None:
    assert may_move(old, new) is is_legal


def test_the_table_names_every_state() -> None:
    assert set(MOVES) == set(TaskStatus)


@given(st.lists(STATUSES, max_size=20))
def test_a_task_never_goes_back(reported: list[TaskStatus]) -> None:
    seen = [PROVISIONING]
    for status in reported:
        if may_move(seen[-1], status):
            seen.append(status)
    assert seen == sorted(set(seen), key=ORDER.index)


@pytest.mark.parametrize(
    ("containers", "status"),
    [
        pytest.param((RUNNING, RUNNING), RUNNING, id="all-started"),
        pytest.param((RUNNING, PENDING), PENDING, id="one-not-started"),
        pytest.param((RUNNING, STOPPED), RUNNING, id="one-ended"),
        pytest.param((STOPPING, STOPPED), STOPPING, id="one-left"),
        pytest.param((STOPPED, ACTIVATING), ACTIVATING, id="one-ended-one-not-started"),
        pytest.param((STOPPED, STOPPED), STOPPED, id="all-ended"),
        pytest.param((), STOPPED, id="none"),
    ],
)
def test_a_task_is_as_far_as_its_slowest_container(containers: tuple[TaskStatus, ...], status: TaskStatus) -> None:
    assert status_of(containers) is status


@pytest.mark.parametrize(
    ("turn_at", "now", "grace_s"),
    [
        pytest.param(100, 100, 30, id="just-ordered"),
        pytest.param(100, 112, 18, id="ordered-before-a-restart"),
        pytest.param(100, 200, 0, id="overdue"),
    ],
)
def test_the_stop_timeout_runs_on_over_a_restart(turn_at: float, now: float, grace_s: float) -> None:
    container = ContainerPayload(name="app", arn="app", image="image", essential=True, stop_timeout_s=30)
    assert stop_grace_s(container, turn_at=turn_at, now=now) == grace_s


@pytest.mark.parametrize(
    ("policy", "exit_code", "ran_s", "is_started_again"),
    [
        pytest.param(None, 1, 1000, False, id="no-policy"),
        pytest.param(RestartPolicy(), 1, 300, True, id="ran-the-attempt-period"),
        pytest.param(RestartPolicy(), 0, 300, True, id="also-after-success"),
        pytest.param(RestartPolicy(), 1, 299, False, id="ended-within-the-attempt-period"),
        pytest.param(RestartPolicy(attempt_period_s=60), 1, 60, True, id="another-period"),
        pytest.param(RestartPolicy(ignored_exit_codes=(0, 3)), 3, 300, False, id="ignored-exit-code"),
        pytest.param(RestartPolicy(ignored_exit_codes=(0, 3)), 4, 300, True, id="not-ignored-exit-code"),
        pytest.param(RestartPolicy(), None, 300, False, id="unknown-exit-code"),
    ],
)
def test_restarts(policy: RestartPolicy | None, exit_code: int | None, ran_s: float, is_started_again: bool) -> None:
    assert may_restart(policy, exit_code=exit_code, started_at=1000, ended_at=1000 + ran_s) is is_started_again
