"""A picture as an SVG file, as the README shows it."""

import io
import re
from pathlib import Path

from rich.console import Console

from slipway.cli.output import write_file
from slipway.cli.picture import render_picture
from slipway.cli.picture_words import Picture

COLUMNS = 100
#: Fonts that are there already: rich's own template loads one from a server, which a README's images may not.
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def write_svg(picture: Picture, file: Path) -> None:
    """Write a picture as the window of a terminal, 100 columns wide. Raises `CliError` where it cannot be written."""
    screen = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    screen.print(render_picture(picture, width=COLUMNS))
    title = f"slipway watch {picture['service']}"
    write_file(file, _without_web_fonts(screen.export_svg(title=title, unique_id="slipway-watch")))


def _without_web_fonts(svg: str) -> str:
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", FONTS).replace("font-family: arial", "font-family: sans-serif")
