"""`slipway up`: the whole server in the foreground."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from slipway.cli import options
from slipway.cli.failure import CliError, UsageError

_Listen = Annotated[
    str | None, typer.Option("--listen", metavar="HOST:PORT", help="Where the API listens (127.0.0.1:8400).")
]
_Runtime = Annotated[
    str | None,
    typer.Option(
        "--runtime", metavar="auto|docker|process", help="What runs containers (auto: docker if an engine answers)."
    ),
]
_Cpu = Annotated[int | None, typer.Option("--cpu", metavar="UNITS", help="CPU units to offer, 1024 a processor.")]
_Memory = Annotated[int | None, typer.Option("--memory", metavar="MIB", help="Memory to offer, in MiB.")]
_Pool = Annotated[
    str | None,
    typer.Option("--lb-address-pool", metavar="FIRST-LAST|CIDR|LIST", help="Addresses load balancers get, one each."),
]
_Account = Annotated[str | None, typer.Option("--account", metavar="ID", help="AWS account id in ARNs, 12 digits.")]
_Region = Annotated[str | None, typer.Option("--region", metavar="NAME", help="AWS region in ARNs.")]
_Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings in TOML; flags and environment win.")
]
_NoAuth = Annotated[bool | None, typer.Option("--no-auth", help="Take unsigned requests; on loopback only.")]
_StopTasks = Annotated[
    bool | None, typer.Option("--stop-tasks", help="Stop tasks and the load balancer when the server ends.")
]
_TUNING = "Less often needed"
_Pull = Annotated[
    str | None,
    typer.Option(
        "--image-pull-behavior",
        metavar="default|always|once|prefer-cached",
        help="When docker images are pulled, as the ECS agent has it.",
        rich_help_panel=_TUNING,
    ),
]
_HealthyAfter = Annotated[
    float | None,
    typer.Option(
        "--healthy-after-running-s",
        metavar="SECONDS",
        help="When a task without any health check counts as healthy (40).",
        rich_help_panel=_TUNING,
    ),
]
_NewTargetChecks = Annotated[
    int | None,
    typer.Option(
        "--new-target-checks",
        metavar="COUNT",
        help="Checks a new target must pass (its group's healthy threshold).",
        rich_help_panel=_TUNING,
    ),
]
_FailOnCertainty = Annotated[
    bool | None,
    typer.Option(
        "--fail-on-certainty/--no-fail-on-certainty",
        help="Whether failures that will come again for ever end a deployment at once (yes).",
        rich_help_panel=_TUNING,
    ),
]
_StoppedKept = Annotated[
    float | None,
    typer.Option(
        "--stopped-task-kept-s",
        metavar="SECONDS",
        help="How long a stopped task can be described (3600).",
        rich_help_panel=_TUNING,
    ),
]
_Concurrency = Annotated[
    int | None,
    typer.Option(
        "--envoy-concurrency",
        metavar="COUNT",
        help="Worker threads of Envoy (one a processor).",
        rich_help_panel=_TUNING,
    ),
]


def up(
    *,
    data: options.Data = None,
    listen: _Listen = None,
    runtime: _Runtime = None,
    cpu: _Cpu = None,
    memory: _Memory = None,
    lb_address_pool: _Pool = None,
    account: _Account = None,
    region: _Region = None,
    no_auth: _NoAuth = None,
    stop_tasks: _StopTasks = None,
    config: _Config = None,
    image_pull_behavior: _Pull = None,
    healthy_after_running_s: _HealthyAfter = None,
    new_target_checks: _NewTargetChecks = None,
    fail_on_certainty: _FailOnCertainty = None,
    stopped_task_kept_s: _StoppedKept = None,
    envoy_concurrency: _Concurrency = None,
) -> None:
    """Run the server: control plane, local host and load balancer. Ctrl-C ends it."""
    flags = {
        "data": data,
        "listen": listen,
        "runtime": runtime,
        "cpu": cpu,
        "memory": memory,
        "lb_address_pool": lb_address_pool,
        "account": account,
        "region": region,
        "no_auth": no_auth,
        "stop_tasks": stop_tasks,
        "image_pull_behavior": image_pull_behavior,
        "healthy_after_running_s": healthy_after_running_s,
        "new_target_checks": new_target_checks,
        "fail_on_certainty": fail_on_certainty,
        "stopped_task_kept_s": stopped_task_kept_s,
        "envoy_concurrency": envoy_concurrency,
    }
    _run(flags, config)


def _run(flags: Mapping[str, object], file: Path | None) -> None:
    import asyncio
    import logging

    from slipway.config import SettingsError, load_settings
    from slipway.serving import ServerError, serve

    try:
        settings = load_settings(flags, file=file)
    except SettingsError as error:
        raise UsageError(str(error)) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(serve(settings, say=lambda line: print(line, flush=True)))
    except ServerError as error:
        raise CliError(str(error)) from error
