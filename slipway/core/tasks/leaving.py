"""A host that leaves at once: it gets no more tasks, and those it has are stopped, each drained before it is signalled.

It is for a host that goes whatever becomes of its services, as with the server that runs it: their minimum of healthy
tasks is not waited for.
"""

from slipway.core.decision import Context
from slipway.core.model.tasks import StopCode
from slipway.core.plan import Change, Plan, Put
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.stopping import decide_stop

#: What the tasks of a host that leaves are told.
REASON = "Host leaves: the server that runs its tasks is stopping"


def decide_leave(snapshot: Snapshot, host_id: str, context: Context) -> Plan:
    """The host on its way out, and the decision to stop its tasks; a task that is to stop already goes on stopping.

    It takes tasks again when it reports anew (`HostReport`).
    """
    host = snapshot.hosts.get(host_id)
    if host is None:
        return Plan()
    changes: list[Change] = [Put(record=replace(host, is_draining=True), cause="leaves")]
    for arn in sorted(snapshot.room(host_id).tasks):
        task = snapshot.tasks[arn]
        stopped = decide_stop(task, code=StopCode.TERMINATION_NOTICE, reason=REASON, now=context.now)
        if stopped is not task:
            changes.append(Put(record=stopped, cause="its host leaves"))
    return Plan(changes=tuple(changes))
