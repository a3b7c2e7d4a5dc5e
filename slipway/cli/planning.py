"""Planning by a server's fork, in this process: what the commands and the Python API share.

plan = slipway.plan("web", image={"app": "users:v2"}, settings={"minimumHealthyPercent": 50})
assert plan.forecast_p90.total_s <= 600
"""

from collections.abc import Mapping
from pathlib import Path

from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError
from slipway.cli.resolve import ServiceName, resolve_service
from slipway.foresight.assumption import Failure
from slipway.foresight.fork import Fork, ForkError, fork_of
from slipway.foresight.fork_roll import PlanError, PlannedChange
from slipway.foresight.knobs import parse_assignments
from slipway.foresight.plan import Plan, plan_change


def plan(
    service: str,
    *,
    data: Path | str | None = None,
    cluster: str | None = None,
    image: Mapping[str, str] | None = None,
    environment: Mapping[str, Mapping[str, str]] | None = None,
    task_definition: str | None = None,
    settings: Mapping[str, object] | None = None,
    assume: str | None = None,
    ways_back: bool = True,
) -> Plan:
    """What a change of a live service will do, by its own measured times. Nothing is changed.

    `data` is the server's data directory, None: as the `slipway` command finds it. `image` and `environment` are by
    container; `task_definition` a family, `family:revision` or ARN; `settings` by AWS's names, as `{"stopTimeout": 2}`;
    `assume` what goes wrong: `crashes`, `never-healthy` or `slow`. Nothing at all given: what is left of the deployment
    in progress, or else a new deployment of the same revision.

    Of the answer, names that end in `_s` are seconds, counts are tasks. Raises `CliError` where no server answers or
    the service is not there, `PlanError` for what the API would refuse, and `KnobError` for a setting that cannot be.
    """
    endpoint = Endpoint(find_access(None if data is None else Path(data)))
    name = resolve_service(endpoint.overview(), service, cluster)
    change = PlannedChange(
        images=dict(image or {}),
        environment=dict(environment or {}),
        task_definition=task_definition,
        settings=parse_assignments(f"{key}={_spelled(value)}" for key, value in (settings or {}).items()),
        assume=None if assume is None else Failure(assume),
    )
    return planned(endpoint, name, change, ways_back=ways_back)


def planned(endpoint: Endpoint, name: ServiceName, change: PlannedChange, *, ways_back: bool = True) -> Plan:
    """The plan of a change. Raises as `plan`."""
    fork = taken_fork(endpoint, name, change.task_definition, images=change.images)
    return plan_change(fork, change, ways_back=ways_back)


def taken_fork(
    endpoint: Endpoint,
    name: ServiceName,
    task_definition: str | None = None,
    *,
    images: Mapping[str, str] | None = None,
) -> Fork:
    """The fork of a service as it stands now; arguments as those of `Endpoint.fork`. Raises `CliError`."""
    try:
        return fork_of(endpoint.fork(name.cluster, name.service, task_definition=task_definition, images=images))
    except ForkError as error:
        raise CliError(str(error)) from error


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


__all__ = ["PlanError", "plan", "planned", "taken_fork"]
