"""A picture as an SVG file, as the README shows it."""

import io
from pathlib import Path

from rich.console import Console

from slipway.cli.failure import CliError
from slipway.cli.picture import Picture, render_picture

COLUMNS = 100


def write_svg(picture: Picture, file: Path) -> None:
    """Write a picture as the window of a terminal, 100 columns wide. Raises `CliError` where it cannot be written."""
    screen = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    screen.print(render_picture(picture, width=COLUMNS))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(screen.export_svg(title=f"slipway watch {picture['service']}", unique_id="slipway-watch"))
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error.strerror}.") from error
