"""The warnings of preflight, said in a service's events where a call asks for what will not go well."""

from slipway.api.call import Call
from slipway.core import events
from slipway.core.answers.preflight import preflight
from slipway.core.deployments.deploy import Workload
from slipway.core.model.services import Service


def warn(call: Call, service: Service, workload: Workload, *, before: Service | None = None) -> None:
    """Put an event for each warning about the service as it is to be. With `before`, the service as it was, only what
    was not amiss with that: a change that begins no deployment repeats nothing."""
    known: tuple[str, ...] = ()
    if before is not None:
        known = preflight(call.snapshot, before, workload, call.context, image_lacks={})
    found = preflight(call.snapshot, service, workload, call.context, image_lacks=call.image_lacks)
    for sentence in found:
        if sentence not in known:
            call.put(events.event(call.context, service, events.preflight(sentence)))
