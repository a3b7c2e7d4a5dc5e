"""The steps of a random trial: what users do, what goes wrong, and time that passes. Drawn from the seed beforehand,
whatever comes of them, so that a trial can be told again without some of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

#: Numbers of steps are drawn below this; who performs a step takes what it needs by remainders.
NUMBERS = 1 << 20


class What(StrEnum):
    """What happens in a step."""

    PASS = "time passes"
    DEPLOY = "deploy"
    DEPLOY_BAD = "deploy a bad revision"
    FORCE = "force a new deployment"
    SCALE = "scale"
    PERCENTAGES = "change the percentages"
    GRACE = "change the grace period"
    BREAKER = "change the circuit breaker"
    ROLL_BACK = "stop the service deployment"
    PROTECT = "protect a task"
    UNPROTECT = "protect a task no more"
    STOP_TASK = "stop a task"
    JOB = "run a job"
    DELETE = "delete"
    CREATE = "create again"
    KILL = "task killed"
    ILL = "targets ill"
    SICK = "containers sick"
    WELL = "well again"
    ALARM = "alarm goes off"
    ALARM_OVER = "alarm is over"
    HOST_LEAVES = "host leaves"
    HOST_RESTARTS = "host restarts"
    HOST_DIES = "host dies"
    HOST_LOST = "host lost"
    HOST_BACK = "host back"
    ENGINE_FAILS = "engine fails to start"
    ENGINE_HANGS = "engine hangs on stop"
    ENGINE_WORKS = "engine works again"
    REPORTS_LATE = "reports delayed"
    REPORTS_TWICE = "reports doubled"
    REPORTS_GOOD = "reports on time again"
    COMMIT_FAILS = "commit fails"
    DIES_BEFORE_COMMIT = "killed before a commit"
    DIES_AFTER_COMMIT = "killed after a commit"
    DIES_IN_DISPATCH = "killed between two commands"
    DOWN = "control plane down"


#: How often each is drawn.
WEIGHTS: Mapping[What, int] = {
    What.PASS: 70,
    What.DEPLOY: 7,
    What.DEPLOY_BAD: 9,
    What.FORCE: 3,
    What.SCALE: 9,
    What.PERCENTAGES: 4,
    What.GRACE: 1,
    What.BREAKER: 2,
    What.ROLL_BACK: 2,
    What.PROTECT: 3,
    What.UNPROTECT: 2,
    What.STOP_TASK: 4,
    What.JOB: 2,
    What.DELETE: 1,
    What.CREATE: 2,
    What.KILL: 6,
    What.ILL: 4,
    What.SICK: 3,
    What.WELL: 4,
    What.ALARM: 2,
    What.ALARM_OVER: 4,
    What.HOST_LEAVES: 1,
    What.HOST_RESTARTS: 2,
    What.HOST_DIES: 1,
    What.HOST_LOST: 2,
    What.HOST_BACK: 6,
    What.ENGINE_FAILS: 2,
    What.ENGINE_HANGS: 2,
    What.ENGINE_WORKS: 5,
    What.REPORTS_LATE: 2,
    What.REPORTS_TWICE: 2,
    What.REPORTS_GOOD: 4,
    What.COMMIT_FAILS: 4,
    What.DIES_BEFORE_COMMIT: 3,
    What.DIES_AFTER_COMMIT: 4,
    What.DIES_IN_DISPATCH: 4,
    What.DOWN: 2,
}

#: The steps that are faults of the world; the rest are calls of users, and mends.
FAULTS = (
    What.DEPLOY_BAD,
    What.KILL,
    What.ILL,
    What.SICK,
    What.ALARM,
    What.HOST_LEAVES,
    What.HOST_RESTARTS,
    What.HOST_DIES,
    What.HOST_LOST,
    What.ENGINE_FAILS,
    What.ENGINE_HANGS,
    What.REPORTS_LATE,
    What.REPORTS_TWICE,
    What.COMMIT_FAILS,
    What.DIES_BEFORE_COMMIT,
    What.DIES_AFTER_COMMIT,
    What.DIES_IN_DISPATCH,
    What.DOWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `which` and `number` say to whom and how, by whatever remainder fits."""

    what: What
    which: int
    number: int


def draw_steps(random: Random, count: int) -> tuple[Step, ...]:
    """So many steps."""
    kinds = random.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=count)
    return tuple(Step(what=what, which=random.randrange(NUMBERS), number=random.randrange(NUMBERS)) for what in kinds)
