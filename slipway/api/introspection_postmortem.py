"""The post-mortem of a deployment as Slipway's own routes tell it: the core's, with the story and the last words."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from slipway.core.answers.postmortem import Postmortem, StoryLine, postmortem
from slipway.core.answers.postmortem_tasks import Tail
from slipway.core.arns import deployment_id_of
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.services import Service
from slipway.core.model.tasks import Task
from slipway.core.snapshot import Snapshot
from slipway.ports import StoryRow

#: Where the last words of a task are read, by container. It may read files.
LastWords = Callable[[Task], Mapping[str, Tail]]


async def told_postmortem(
    snapshot: Snapshot,
    service: Service,
    roll_out: ServiceDeployment,
    *,
    now: float,
    story: Callable[[str], tuple[StoryRow, ...]],
    last_words: LastWords,
) -> Postmortem:
    """The post-mortem, its fields as `core.postmortem` has them; files are read beside the event loop."""
    arns = [one.task_arn for one in roll_out.failures if one.task_arn is not None]
    tasks = [snapshot.tasks[arn] for arn in arns if arn in snapshot.tasks]
    tails = await asyncio.to_thread(lambda: {task.arn: last_words(task) for task in tasks})
    return postmortem(snapshot, service, roll_out, now=now, story=_lines(roll_out, story), tails=tails)


def _lines(roll_out: ServiceDeployment, story: Callable[[str], tuple[StoryRow, ...]]) -> Iterator[StoryLine]:
    """What was committed of the service deployment and of its deployment."""
    for key in (roll_out.arn, deployment_id_of(roll_out.target_revision_arn)):
        for row in story(key):
            if row.cause:
                yield StoryLine(at=row.at, cause=row.cause)
