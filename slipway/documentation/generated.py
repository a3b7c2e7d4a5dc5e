"""The parts of the documentation that are written from the code, each between two marks in its page.

`python -m slipway.documentation`, in the repository's root, writes them all anew.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from slipway.api.operations import TABLE_PATH, operations_table
from slipway.documentation.command_list import command_list
from slipway.documentation.settings_table import settings_table
from slipway.documentation.state_diagram import state_diagram

#: The page of each part, and what writes it; the part's name is in its marks.
PARTS: Mapping[str, tuple[Path, Callable[[], str]]] = {
    "settings": (Path("docs/settings.md"), settings_table),
    "commands": (Path("docs/cli.md"), command_list),
    "task status": (Path("docs/design/task-model.md"), state_diagram),
}


def with_part(page: str, name: str, content: str) -> str:
    """The page with `content` between the marks of the part `name`. Raises `ValueError` where it has no such marks."""
    begin, end = f"<!-- generated: {name} -->", f"<!-- /generated: {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"the page needs {begin} and {end}, once each and in this order")
    return pattern.sub(lambda _: f"{begin}\n\n{content}\n\n{end}", page)


def pages(root: Path) -> dict[Path, str]:
    """Every page with generated parts, as it is to be. `root` is the repository's. Raises `OSError`, `ValueError`."""
    found: dict[Path, str] = {TABLE_PATH: operations_table()}
    for name, (path, write) in PARTS.items():
        page = found.get(path) or (root / path).read_text("utf-8")
        found[path] = with_part(page, name, write())
    return found
