"""Failures of a deployment's tasks, as they were counted."""

from dataclasses import dataclass
from enum import StrEnum


class FailureClass(StrEnum):
    """What kind of failure it was. HOOK is for lifecycle hooks, which rolling deployments have none of; HOST is one of
    the host's engine, and is not the revision's: it is told and delays the next start, and is not counted."""

    IMAGE = "image"
    CONFIGURATION = "configuration"
    CRASH = "crash"
    HEALTH = "health"
    PLACEMENT = "placement"
    HOOK = "hook"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task failed."""

    failure_class: FailureClass
    sentence: str  # "exit 1 after 4 s"
    signature: str | None = None  # two failures of one signature will go on for ever; None: it may pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedFailure:
    """One failure as its deployment counted it."""

    deployment_id: str
    at: float
    failure: Failure
    task_arn: str | None = None  # None: no task could be placed
