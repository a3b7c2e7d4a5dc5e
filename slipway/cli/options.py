"""Options that several commands take, each written once."""

from pathlib import Path
from typing import Annotated

import typer

#: Seconds a deployment is followed where no other bound is given.
FOLLOWED_S = 1800

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="SLIPWAY_DATA",
        help="Data directory of the server (~/.local/share/slipway).",
        show_default=False,
        show_envvar=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout.")]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="NAME", help="Cluster of the service; needed if several have one of its name."),
]
Service = Annotated[str, typer.Argument(metavar="SERVICE", help="Name or ARN of the service.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the rollout file there instead of printing it."),
]

Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]

Image = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="CONTAINER=REF", help="New image of a container; may be repeated."),
]
Environment = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="CONTAINER:KEY=VALUE", help="Environment variable to set; may be repeated."),
]
TaskDefinition = Annotated[
    str | None,
    typer.Option("--task-definition", metavar="FAMILY[:REVISION]", help="Deploy this revision, or copy it."),
]
