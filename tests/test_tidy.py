"""The repository keeps its own rules, and each rule can fail. The rules are in `tidy.py`, told in CONTRIBUTING.md."""

from functools import cache
from pathlib import Path

import pytest

from tests.tidy import MAX_FILE_LINES, MAX_FUNCTION_LINES, RULES, Rule, Source

ROOT = Path(__file__).parent.parent
FOLDERS = ("slipway", "tests", "bench", "examples")
BY_NAME = {rule.__name__: rule for rule in RULES}

LONG_FUNCTION = "def f():\n" + "    x()\n" * MAX_FUNCTION_LINES
LOOP_TOP = "try:\n    step()\nexcept Exception:  # loop top\n    log()\n"


@cache
def sources() -> tuple[Source, ...]:
    files = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
    return tuple(Source(path=file.relative_to(ROOT).as_posix(), text=file.read_text("utf-8")) for file in files)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_repository_keeps(rule: Rule) -> None:
    found = [f"{source.path}:{line}: {sentence}" for source in sources() for line, sentence in rule(source)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("layers", "slipway/core/deployments/rolling.py", "from slipway.ports import Host"),
        ("layers", "slipway/core/deployments/rolling.py", "def f():\n    import slipway.api.errors"),
        ("layers", "slipway/controller.py", "from slipway.adapters.sql import SqlStore"),
        ("layers", "slipway/adapters/sql.py", "from slipway.api import errors"),
        ("layers", "slipway/api/ecs.py", "from slipway.wire.app import App"),
        ("layers", "slipway/wire/app.py", "from slipway import server"),
        ("layers", "slipway/novelty/app.py", ""),
        ("absolute_imports", "slipway/api/ecs.py", "from .errors import ApiError"),
        ("pure_core", "slipway/core/deployments/rolling.py", "import time"),
        ("pure_core", "slipway/core/deployments/rolling.py", "from datetime import UTC"),
        ("pure_core", "slipway/core/deployments/rolling.py", "import os.path"),
        ("pure_core", "slipway/core/deployments/rolling.py", "import msgspec"),
        ("pure_core", "slipway/core/deployments/rolling.py", "text = open('x')"),
        ("pure_core", "slipway/core/deployments/rolling.py", "order = hash('x')"),
        ("pure_core", "slipway/core/scaling.py", "now = datetime.now()"),
        ("pure_core", "slipway/core/scaling.py", "day = datetime.date.today()"),
        ("file_size", "slipway/core/deployments/rolling.py", "\n" * (MAX_FILE_LINES + 1)),
        ("function_size", "bench/store.py", LONG_FUNCTION),
        ("function_size", "bench/store.py", f"async {LONG_FUNCTION}"),
        ("positional_parameters", "slipway/api/ecs.py", "def f(a, b, c, d, e): ..."),
        ("positional_parameters", "slipway/api/ecs.py", "class A:\n    def f(self, a, b, c, d, e): ..."),
        ("names_of_files", "slipway/core/helpers.py", ""),
        ("names_of_files", "slipway/utils/text.py", ""),
        ("names_of_files", "tests/task_manager.py", ""),
        ("bare_packages", "slipway/api/__init__.py", "def handlers(): ..."),
        ("frozen_records", "slipway/core/model/tasks.py", "@dataclass\nclass Task: ..."),
        ("frozen_records", "slipway/core/model/tasks.py", "@dataclass(frozen=True, slots=True)\nclass Task: ..."),
        (
            "frozen_records",
            "slipway/core/model/tasks.py",
            "@dataclass(frozen=False, slots=True, kw_only=True)\nclass A: ...",
        ),
        ("no_sleeps", "tests/e2e/test_roll.py", "import time\ntime.sleep(1)"),
        ("no_sleeps", "tests/e2e/test_roll.py", "from time import sleep as rest\nrest(1)"),
        ("no_sleeps", "tests/e2e/test_roll.py", "import asyncio\nasync def f():\n    await asyncio.sleep(0.1)"),
        ("no_patching", "tests/e2e/test_roll.py", "from unittest.mock import patch"),
        ("no_patching", "tests/e2e/test_roll.py", "from unittest import mock"),
        ("no_patching", "tests/e2e/test_roll.py", "monkeypatch.setattr('slipway.x', 1)"),
        ("no_patching", "tests/e2e/test_roll.py", "from slipway import server\nserver.GRACE_S = 1"),
        ("narrow_excepts", "slipway/api/ecs.py", "try:\n    f()\nexcept Exception:\n    g()"),
        ("narrow_excepts", "slipway/api/ecs.py", "try:\n    f()\nexcept:\n    g()"),
        (
            "narrow_excepts",
            "slipway/api/ecs.py",
            "try:\n    f()\nexcept Exception as error:\n    raise KeyError from error",
        ),
        ("narrow_excepts", "tests/e2e/test_roll.py", "try:\n    f()\nexcept (OSError, BaseException):\n    g()"),
        ("narrow_excepts", "slipway/api/ecs.py", "with contextlib.suppress(Exception):\n    f()"),
        ("narrow_excepts", "slipway/api/ecs.py", LOOP_TOP),
        ("narrow_excepts", "slipway/adapters/docker.py", LOOP_TOP.replace("# loop top", "")),
        ("one_composition_root", "slipway/cli/up.py", "from slipway.adapters.sql import SqlStore\nstore = SqlStore()"),
        ("numbered_todos", "slipway/api/ecs.py", "x = 1  # TODO: tags"),
        ("numbered_todos", "slipway/api/ecs.py", "# FIXME"),
        ("held_tasks", "slipway/adapters/docker.py", "asyncio.create_task(watch())"),
        ("held_tasks", "slipway/adapters/docker.py", "loop.create_task(watch())"),
        ("held_tasks", "slipway/adapters/docker.py", "asyncio.get_running_loop().create_task(watch())"),
        ("held_tasks", "slipway/adapters/docker.py", "asyncio.ensure_future(watch())"),
    ],
)
def test_rule_finds(rule: str, path: str, text: str) -> None:
    assert len(list(BY_NAME[rule](Source(path=path, text=text)))) == 1


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("layers", "slipway/core/deployments/rolling.py", "from slipway.core.model.tasks import Task"),
        ("layers", "slipway/wire/app.py", "from slipway.api.errors import ApiError"),
        ("layers", "slipway/cli/up.py", "from slipway.server import run"),
        ("layers", "tests/e2e/test_roll.py", "from slipway.server import run"),
        ("layers", "slipway/__init__.py", ""),
        ("pure_core", "slipway/core/deployments/rolling.py", "import math\nfrom dataclasses import replace"),
        ("pure_core", "slipway/core/scaling.py", "from datetime import UTC"),
        ("pure_core", "slipway/adapters/sql.py", "import sqlite3"),
        ("file_size", "slipway/core/deployments/rolling.py", "\n" * MAX_FILE_LINES),
        ("function_size", "bench/store.py", LONG_FUNCTION.removesuffix("    x()\n")),
        ("positional_parameters", "slipway/api/ecs.py", "class A:\n    def f(self, a, b, c, d, *, e): ..."),
        ("positional_parameters", "tests/e2e/test_roll.py", "def test_roll(a, b, c, d, e): ..."),
        ("names_of_files", "slipway/adapters/database.py", ""),
        ("bare_packages", "slipway/api/__init__.py", '"""Doc."""\nfrom slipway.api.ecs import X\n__all__ = ["X"]'),
        (
            "frozen_records",
            "slipway/core/model/tasks.py",
            "@dataclass(frozen=True, slots=True, kw_only=True)\nclass A: ...",
        ),
        ("no_sleeps", "tests/e2e/test_roll.py", "import asyncio\nasync def f():\n    await asyncio.sleep(0)"),
        ("no_sleeps", "tests/waiting.py", "import asyncio\nasync def f():\n    await asyncio.sleep(1)"),
        ("no_patching", "tests/e2e/test_roll.py", "monkeypatch.setenv('PORT', '1')"),
        ("narrow_excepts", "slipway/controller.py", LOOP_TOP.replace("# loop top", "")),
        ("narrow_excepts", "slipway/adapters/docker.py", LOOP_TOP),
        ("narrow_excepts", "slipway/api/ecs.py", "try:\n    f()\nexcept (OSError, KeyError):\n    g()"),
        (
            "narrow_excepts",
            "tests/e2e/story.py",
            "try:\n    f()\nexcept BaseException as error:\n    g(error)\n    raise",
        ),
        ("one_composition_root", "slipway/server.py", "from slipway.adapters.sql import SqlStore\nstore = SqlStore()"),
        ("numbered_todos", "slipway/api/ecs.py", "# TODO (#12): tags"),
        ("held_tasks", "slipway/adapters/docker.py", "async def f(group):\n    group.create_task(watch())"),
        (
            "held_tasks",
            "slipway/adapters/docker.py",
            "task = asyncio.create_task(watch())",
        ),
    ],
)
def test_rule_lets_pass(rule: str, path: str, text: str) -> None:
    assert list(BY_NAME[rule](Source(path=path, text=text))) == []


def test_every_rule_is_seen_to_fail() -> None:
    rows = next(mark for mark in test_rule_finds.pytestmark if mark.name == "parametrize").args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in rows} == set(BY_NAME)
