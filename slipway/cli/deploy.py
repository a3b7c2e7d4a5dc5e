"""`slipway deploy SERVICE`: a new revision, rolled and followed to its end."""

import re
import sys
from collections.abc import Container, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.aws import aws_client, told_plainly
from slipway.cli.definition_change import Images, changed_definition, difference, parse_changes
from slipway.cli.deploy_plan import show_plan
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError, UsageError
from slipway.cli.output import console, print_json, say
from slipway.cli.planner import Planner
from slipway.cli.resolve import ServiceName, resolve_service

#: What begins an event by which the server warns of what will not go well (`slipway.core.events.preflight`).
PREFLIGHT = ") preflight: "
NOTHING = "Nothing to deploy: give --image CONTAINER=REF, --env CONTAINER:KEY=VALUE or --task-definition."


def deploy(
    service: options.Service,
    *,
    cluster: options.Cluster = None,
    image: options.Image = None,
    env: options.Environment = None,
    task_definition: options.TaskDefinition = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    plan_only: Annotated[bool, typer.Option("--plan-only", help="Show what it would do, and change nothing.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Follow so long; the deployment goes on.")
    ] = options.FOLLOWED_S,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Roll a service to a new revision and follow it to its verdict.

    With --image or --env, the service's task definition is copied with these changes and registered. What it will do is
    shown first, in a few lines; `slipway plan` shows more.

    Ends with 0 only if the verdict is SUCCESSFUL, and so not if it was rolled back. At Ctrl-C you are asked: roll back,
    keep following, or detach (130; the deployment goes on).
    """
    changes = parse_changes(image or (), env or ())
    if not (changes.images or changes.environment or task_definition):
        raise UsageError(NOTHING)
    endpoint = Endpoint(find_access(data))
    name = resolve_service(endpoint.overview(), service, cluster)
    with closing(Planner(endpoint.access, name)) as planner:
        with told_plainly():
            roll = _Roll(ecs=aws_client(endpoint.access, "ecs"), name=name)
            proposal = roll.propose(changes, task_definition)
            _show(proposal, name, is_shown=not as_json)
            if proposal.is_new:
                show_plan(planner, changes, task_definition, is_all=plan_only, as_json=as_json)
            if plan_only:
                return
            _agree(proposal, name, is_asked=not yes)
            deployment = roll.begin(proposal)
        begun = {"deployment_id": deployment["id"], "revision": deployment["taskDefinition"].rpartition("/")[2]}
        if not detach:
            from slipway.cli.following import follow_to_verdict

            follow_to_verdict(endpoint, name, **begun, timeout_s=timeout, as_json=as_json, planner=planner)
            return
    _tell_detached(name, **begun, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proposal:
    """What is to be deployed: an ARN that exists, or a definition to register (None: none)."""

    arn: str
    definition: Mapping[str, Any] | None
    title: str
    difference: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roll:
    """The AWS calls of a deploy."""

    ecs: Any
    name: ServiceName

    def propose(self, changes: Images, task_definition: str | None) -> _Proposal:
        """What the service would be rolled to. Raises `CliError` where the service is not ACTIVE."""
        service = self._service()
        now = self._described(service["taskDefinition"])
        source = self._described(task_definition) if task_definition is not None else now
        members = self.ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
        copy = changed_definition(source, changes, members=members)
        lines = difference(now, copy, members=members)
        if changes.images or changes.environment:
            if not difference(source, copy, members=members):
                return self._existing(source, now, lines)
            return _Proposal(
                arn="", definition=copy, title=f"a new revision of {copy['family']}", difference=lines, is_new=True
            )
        return self._existing(source, now, lines)

    @staticmethod
    def _existing(source: Mapping[str, Any], now: Mapping[str, Any], lines: tuple[str, ...]) -> _Proposal:
        arn = source["taskDefinitionArn"]
        title = f"{source['family']}:{source['revision']}"
        is_new = arn != now["taskDefinitionArn"]
        return _Proposal(arn=arn, definition=None, title=title, difference=lines, is_new=is_new)

    def _service(self) -> Mapping[str, Any]:
        answer = self.ecs.describe_services(cluster=self.name.cluster, services=[self.name.service])
        found = next((one for one in answer["services"] if one["status"] == "ACTIVE"), None)
        if found is None:
            raise CliError(f"There is no active service {self.name.service} in cluster {self.name.cluster}.")
        service: Mapping[str, Any] = found
        return service

    def _described(self, task_definition: str) -> Mapping[str, Any]:
        answer = self.ecs.describe_task_definition(taskDefinition=task_definition, include=["TAGS"])
        tags = {"tags": answer["tags"]} if answer.get("tags") else {}
        return {**answer["taskDefinition"], **tags}

    def begin(self, proposal: _Proposal) -> Mapping[str, Any]:
        """The PRIMARY deployment once the service was told; the one that is there where nothing is new. What the server
        warns of is said."""
        arn = proposal.arn
        if proposal.definition is not None:
            arn = self.ecs.register_task_definition(**proposal.definition)["taskDefinition"]["taskDefinitionArn"]
            say(f"Registered {arn.rpartition('/')[2]}.")
        service = self._service()
        if proposal.is_new:
            told = {event["id"] for event in service["events"]}
            answer = self.ecs.update_service(cluster=self.name.cluster, service=self.name.service, taskDefinition=arn)
            service = answer["service"]
            for warning in preflight_warnings(service["events"], told):
                say(f"Warning: {warning}")
        primary: Mapping[str, Any] = next(one for one in service["deployments"] if one["status"] == "PRIMARY")
        return primary


def preflight_warnings(events: Sequence[Mapping[str, Any]], told: Container[str]) -> tuple[str, ...]:
    """What the server warned of in `events` (newest first), in its order; those whose ids are `told` are not new."""
    marked = (event["message"].partition(PREFLIGHT) for event in reversed(events) if event["id"] not in told)
    return tuple(sentence for head, mark, sentence in marked if mark and re.fullmatch(r"\(service [^)]*", head))


def _show(proposal: _Proposal, name: ServiceName, *, is_shown: bool) -> None:
    """Show what is new."""
    if is_shown:
        from slipway.cli.difference_text import coloured

        screen = console()
        for line in coloured(proposal.difference):
            screen.print(line, soft_wrap=True)
    if not proposal.is_new:
        say(f"{name.service} is on {proposal.title} already.")


def _agree(proposal: _Proposal, name: ServiceName, *, is_asked: bool) -> None:
    """Ask. Raises `CliError` where the person does not want it, `UsageError` where nobody is there."""
    if proposal.is_new and is_asked:
        _ask(f"Roll {name.service} in cluster {name.cluster} to {proposal.title}?")


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("There is nobody to ask: give --yes to deploy without being asked.")
    if not typer.confirm(question, err=True):
        raise CliError("Nothing was changed.")


def _tell_detached(name: ServiceName, *, deployment_id: str, revision: str, as_json: bool) -> None:
    if as_json:
        told = {"deployment": deployment_id, "task_definition": revision}
        print_json({"service": name.service, "cluster": name.cluster, **told})
    else:
        print(f"{deployment_id} rolls {name.service} to {revision}; its verdict: `slipway wait {name.service}`.")
