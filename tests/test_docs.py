"""The documentation says what is so: links lead somewhere, what is named exists, generated parts are current."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from botocore import xform_name

from slipway.api.operations import SERVICES, operations
from slipway.config import Settings
from slipway.core.observations import Observation
from slipway.core.plan import HostCommand, Record
from slipway.documentation.command_list import commands, options
from slipway.documentation.generated import pages, with_part

ROOT = Path(__file__).parent.parent
CORE = ROOT / "slipway" / "core"
PAGES = sorted(
    page
    for folder in (".", "docs", "docs/design", "examples", "examples/*", "bench")
    for page in ROOT.glob(f"{folder}/*.md")
)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def code_of(page: Path) -> Iterator[str]:
    """What a page shows as code: the lines of its shell blocks, joined and without remarks, and every code span."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^```sh[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield from (re.sub(r"(^|\s)#.*", "", line) for line in block.replace("\\\n", " ").splitlines())
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from (span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", prose))


def calls_of(page: Path, program: str) -> Iterator[list[str]]:
    """The command lines of `program` that a page shows, without its name; also those within others, as `$(…)`."""
    for code in code_of(page):
        for found in re.finditer(rf"(?<!slipway import)(?:^|[\s($])(?:\.venv/bin/)?{program}\s+([^)#;&|]*)", code):
            yield shlex.split(found[1].replace('"', " ").replace("'", " "))


# What is generated, and what has a form


def test_generated_parts_are_current() -> None:
    stale = [path.as_posix() for path, text in pages(ROOT).items() if text_of(path.as_posix()) != text]
    assert not stale, f"{', '.join(stale)}: run python -m slipway.documentation"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="generated: settings"):
        with_part("no marks here", "settings", "| a |")


def test_the_changelog_has_unreleased_changes_first() -> None:
    headings = re.findall(r"^## (.*)$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", heading) for heading in headings[1:]), headings


def test_readme_marks_its_quickstart() -> None:
    assert re.search(r"^<!-- quickstart -->$.*^<!-- /quickstart -->$", text_of("README.md"), re.DOTALL | re.MULTILINE)


# Everything is documented


def test_every_command_is_in_the_readme() -> None:
    listed = re.findall(r"^\| `slipway (\w+)", text_of("README.md"), re.MULTILINE)
    assert sorted(listed) == sorted({name.split()[0] for name in commands()})


def test_every_part_of_the_package_is_in_the_tree() -> None:
    tree = re.search(r"^slipway/\n(.*?)^```", text_of("ARCHITECTURE.md"), re.DOTALL | re.MULTILINE)
    assert tree is not None
    shown = {name.rstrip("/") for name in re.findall(r"^[├└]── (\S+)", tree[1], re.MULTILINE)}
    children = (child for child in (ROOT / "slipway").iterdir() if child.name not in ("__init__.py", "__pycache__"))
    assert shown == {child.name for child in children if child.suffix == ".py" or any(child.glob("*.py"))}


def test_every_module_of_the_core_is_in_the_tree() -> None:
    shown = set(re.findall(r"\w+\.py", text_of("ARCHITECTURE.md")))
    assert {path.name for path in CORE.rglob("*.py") if path.parent != CORE / "model"} - {"__init__.py"} <= shown


def test_every_record_has_its_word() -> None:
    glossary = text_of("docs/nomenclature.md").lower()
    kinds = [kind.__name__ for union in (Record, Observation, HostCommand) for kind in get_args(union)]
    for words in (re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower() for kind in kinds):
        assert all(word in glossary for word in words.split()), f"docs/nomenclature.md does not explain “{words}”"


def test_each_word_is_explained_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", text_of("docs/nomenclature.md"), re.MULTILINE)
    words = [word.strip() for row in rows if row not in ("word", "---") for word in row.split(",")]
    assert sorted(words) == sorted(set(words))


# What is named exists


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name} links to {link}, which does not exist"
        assert not anchor or anchor in anchors_of(target), f"{page.name} links to {link}, which is no heading there"


@each_page
def test_settings_named_exist(page: Path) -> None:
    variables = {f"SLIPWAY_{item.name.upper()}" for item in fields(Settings)}
    elsewhere = "".join(text_of(name) for name in ("Makefile", "tests/conftest.py"))
    for name in re.findall(r"SLIPWAY_[A-Z_]+", page.read_text("utf-8")):
        assert name in variables or name in elsewhere, f"{page.name} names {name}, which nothing reads"


#: The first words of commands that have several.
GROUPS = {name.split()[0] for name in commands() if " " in name}


@each_page
def test_commands_and_options_named_exist(page: Path) -> None:
    for call in calls_of(page, "slipway"):
        name = call[0] if call else "COMMAND"
        if name == "COMMAND" or name.startswith("-") or call in ([word] for word in GROUPS):
            continue
        name = " ".join(call[:2]) if name in GROUPS else name
        assert name in commands(), f"{page.name} shows `slipway {name}`, which is no command"
        known = {flag for option in options(name) for flag in option.flags} | {"--help", "-h"}
        given = {word.split("=")[0] for word in call if re.match(r"--?[a-z]", word)}
        assert given <= known, f"{page.name} shows `slipway {name}` with {sorted(given - known)}, no options of it"


@cache
def aws_commands() -> dict[str, frozenset[str]]:
    """The served operations as the AWS CLI names them, by its name of the service."""
    found = {
        service: frozenset(xform_name(operation, "-") for operation in operations(service) if operation in handlers)
        for service, handlers in SERVICES.items()
    }
    return found | {"ecs": found["ecs"] | {"wait"}, "elbv2": found["elbv2"] | {"wait"}}


@each_page
def test_calls_of_the_aws_cli_are_served(page: Path) -> None:
    for call in calls_of(page, "aws"):
        if len(call) > 1 and re.fullmatch(r"[a-z0-9]+", call[0]):
            served = aws_commands().get(call[0], frozenset())
            assert call[1] in served, f"{page.name} shows `aws {call[0]} {call[1]}`, which is not served"


@each_page
def test_make_targets_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    for call in calls_of(page, "make"):
        named = {word for word in call if re.fullmatch(r"[a-z]+", word)}
        assert named <= targets, f"{page.name} shows `make {' '.join(call)}`"


@cache
def defined_names() -> frozenset[str]:
    """The names of all functions, classes and fields of the package."""
    found: set[str] = set()
    for file in (ROOT / "slipway").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    found.add(name)
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                    found.add(name)
                case _:
                    pass
    return frozenset(found)


@each_page
def test_names_of_the_code_exist(page: Path) -> None:
    """`function()`, `Record.field` and paths of files: what pages about the code may name of it."""
    for code in code_of(page):
        if function := re.fullmatch(r"(?:\w+\.)*(\w+)\(\)", code):
            assert function[1] in defined_names(), f"{page.name} names {code}, which is not defined"
        if member := re.fullmatch(r"([A-Z][a-z]\w+)\.([a-z_]+)", code):
            assert set(member.groups()) <= defined_names(), f"{page.name} names {code}, which is not defined"
        if re.fullmatch(r"(?:\w[\w-]*/)+\w+\.(?:py|txt|json|md)", code):
            found = (ROOT / code).exists() or (ROOT / "slipway" / code).exists()
            assert found, f"{page.name} names {code}, which is no file"
