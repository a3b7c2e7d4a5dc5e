"""The rules of the code's shape, each a function over one parsed file that yields what breaks it and the mend.

`test_tidy.py` runs every rule over the repository, and over small sources that break it on purpose.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_POSITIONAL = 4

# What each part of the package may import of the others: inward only. A part is a package or a module below `slipway`.
_INNER = frozenset({"core", "ports", "config", "journal", "controller"})
MAY_IMPORT: dict[str, frozenset[str]] = {
    "core": frozenset(),
    "ports": frozenset({"core"}),
    "config": frozenset({"core"}),
    "journal": frozenset({"core", "ports"}),
    "controller": _INNER,
    "adapters": _INNER,
    "api": _INNER,
    "wire": _INNER | {"api"},
    "sim": _INNER | {"api", "adapters"},
    "foresight": _INNER | {"api", "sim"},
    "data_directory": frozenset(),
    "server": _INNER | {"adapters", "api", "wire", "sim", "foresight", "console", "data_directory"},
    "serving": _INNER | {"adapters", "server", "data_directory"},
    "console": _INNER | {"adapters", "api", "wire", "sim"},
    "cli": _INNER | {"adapters", "api", "wire", "sim", "foresight", "server", "serving", "console", "data_directory"},
    "documentation": _INNER | {"api", "cli"},
    "__main__": frozenset({"cli"}),
}

# fmt: off
CLOCKS_AND_CHANCE = frozenset({
    "asyncio", "datetime", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess",
    "threading", "time", "uuid",
})
PURE_STDLIB = frozenset({
    "__future__", "abc", "base64", "binascii", "bisect", "collections", "copy", "dataclasses", "decimal", "difflib",
    "enum", "fractions", "functools", "graphlib", "hashlib", "heapq", "hmac", "ipaddress", "itertools", "json",
    "keyword", "math", "operator", "re", "statistics", "string", "struct", "textwrap", "types", "typing", "zlib",
})
# fmt: on
IMPURE_BUILTINS = frozenset({"breakpoint", "eval", "exec", "hash", "id", "input", "open", "print"})
CALENDAR = "slipway/core/scaling.py"  # schedules are written in calendar time

BANNED_NAMES = frozenset({"base", "common", "helper", "helpers", "manager", "managers", "util", "utils"})
LOOP_TOPS = ("slipway/wire/app.py", "slipway/controller.py")
WATCHERS = "slipway/adapters/*.py"  # here a loop's top says so: `except Exception:  # loop top`
COMPOSERS = ("slipway/server.py", "slipway/adapters/*", "slipway/sim/*", "slipway/cli/demo.py")
SLEEPER = "tests/waiting.py"
MONKEYPATCH_MAY = frozenset({"chdir", "delenv", "setenv"})


@dataclass(frozen=True, kw_only=True)
class Source:
    """One Python file; `path` is relative to the repository's root, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def comments(self) -> dict[int, str]:
        """The comments by line."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @cached_property
    def imports(self) -> tuple[tuple[int, str, str], ...]:
        """(line, dotted name imported, name it is bound to) of every import, also those inside functions."""
        found: list[tuple[int, str, str]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(node.lineno, name.name, name.asname or name.name.split(".")[0]) for name in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found += [(node.lineno, f"{node.module}.{name.name}", name.asname or name.name) for name in node.names]
        return tuple(found)

    @property
    def part(self) -> str:
        """The part of the package this file belongs to (`core`, `server`); empty outside it and for its root."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return parts[1] if parts[0] == "slipway" and parts[1] != "__init__" else ""

    def is_in(self, *patterns: str) -> bool:
        return any(PurePosixPath(self.path).match(pattern) for pattern in patterns)

    def calls(self) -> Iterator[tuple[int, str, ast.Call]]:
        """(line, dotted name called, call): `asyncio.sleep`, `self.tasks.create_task`, `().now` of what has no name."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield node.lineno, dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """`a.b.c` of such an expression; what is neither a name nor an attribute shows as `()`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case _:
            return "()"


Finding = tuple[int, str]  # (line, what is wrong and the mend)
Rule = Callable[[Source], Iterator[Finding]]


def layers(source: Source) -> Iterator[Finding]:
    if not source.part:
        return
    if source.part not in MAY_IMPORT:
        yield 1, f"slipway.{source.part} has no layer: give it a row in MAY_IMPORT of tests/tidy.py"
        return
    for line, name, _ in source.imports:
        package, _, rest = name.partition(".")
        other = rest.split(".")[0]
        allowed = MAY_IMPORT[source.part] | {source.part}
        if package == "slipway" and other in MAY_IMPORT and other not in allowed:
            yield line, f"{source.part} may not import {name}: imports point inward; pass it in, or move it inward"


def absolute_imports(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "a relative import: write it from `slipway.` on"


def pure_core(source: Source) -> Iterator[Finding]:
    if source.part != "core":
        return
    for line, name, _ in source.imports:
        module = name.split(".")[0]
        if module == "datetime" and source.path == CALENDAR:
            continue
        if module in CLOCKS_AND_CHANCE:
            yield line, f"core may not import {module}: take `now`, a seed, or the value as an argument"
        elif module not in PURE_STDLIB and module != "slipway":
            yield line, f"core may not import {module}: only the pure parts of the standard library, and slipway.core"
    for line, name, _ in source.calls():
        if name in IMPURE_BUILTINS:
            yield line, f"core may not call {name}(): it gives something else in every process, or does I/O"
        elif name.endswith((".now", ".today", ".utcnow")):
            yield line, f"core may not call {name}(): take `now` as an argument"


def file_size(source: Source) -> Iterator[Finding]:
    if (lines := source.text.count("\n")) > MAX_FILE_LINES:
        yield MAX_FILE_LINES + 1, f"{lines} lines, {MAX_FILE_LINES} at most: one noun per file; give the second its own"


def function_size(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines, {MAX_FUNCTION_LINES} at most: take a step out of it"


def positional_parameters(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        decorators = {dotted(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list}
        if node.name.startswith("test_") or "pytest.fixture" in decorators:
            continue  # pytest gives these by name
        names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > MAX_POSITIONAL:
            sentence = f"{node.name} takes {count} positional parameters, {MAX_POSITIONAL} at most"
            yield node.lineno, f"{sentence}: put `*` before those that a caller should name"


def names_of_files(source: Source) -> Iterator[Finding]:
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if banned := BANNED_NAMES.intersection(part.split("_")):
            yield 1, f"a file or folder named {min(banned)} gathers anything: name it after the one noun it holds"


def bare_packages(source: Source) -> Iterator[Finding]:
    if not source.path.endswith("__init__.py"):
        return
    for node in source.tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_list = isinstance(node, ast.Assign) and dotted(node.targets[0]) in ("__all__", "__version__")
        if not (is_docstring or is_list or isinstance(node, ast.Import | ast.ImportFrom)):
            yield node.lineno, "an __init__.py is empty or a list of names: move this to a file of its own"


def frozen_records(source: Source) -> Iterator[Finding]:
    if not source.is_in("slipway/core/model/*.py"):
        return
    wanted = {"frozen", "slots", "kw_only"}
    for node in source.nodes:
        for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            call = decorator if isinstance(decorator, ast.Call) else None
            if dotted(call.func if call else decorator) not in ("dataclass", "dataclasses.dataclass"):
                continue
            if wanted - {one.arg for one in (call.keywords if call else ()) if dotted_true(one.value)}:
                yield decorator.lineno, "a record is @dataclass(frozen=True, slots=True, kw_only=True)"


def dotted_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def no_sleeps(source: Source) -> Iterator[Finding]:
    if not source.path.startswith("tests/") or source.path == SLEEPER:
        return
    bound = {name: full for _, full, name in source.imports}
    for line, name, call in source.calls():
        head, _, rest = name.partition(".")
        full = ".".join(filter(None, (bound.get(head, head), rest)))
        yields_only = bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
        if full == "time.sleep" or (full in ("asyncio.sleep", "anyio.sleep") and not yields_only):
            yield line, f"{full} in a test: wait on the condition with `tests.waiting.wait_for`, or use virtual time"


def no_patching(source: Source) -> Iterator[Finding]:
    if not source.path.startswith("tests/"):
        return
    mend = "give the part another port, clock or setting instead"
    for line, full, _ in source.imports:
        if re.match(r"(unittest\.)?mock(\.|$)", full):
            yield line, f"{full} patches our own code: {mend}"
    for line, name, _ in source.calls():
        owner, _, method = name.rpartition(".")
        if owner.split(".")[-1] in ("monkeypatch", "mocker") and method not in MONKEYPATCH_MAY:
            yield line, f"{name} patches our own code: {mend}"
    ours = {name for _, full, name in source.imports if full.startswith("slipway") and name.islower()}
    for node in source.nodes:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and dotted(target).split(".")[0] in ours:
                yield target.lineno, f"{dotted(target)} = … patches our own code: {mend}"


def passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether what was caught is raised again in the end, as it was."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def narrow_excepts(source: Source) -> Iterator[Finding]:
    if source.is_in(*LOOP_TOPS):
        return
    mend = "name the errors; of adapters only a watcher's loop may catch all, on a line marked `# loop top`"
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            caught = [] if node.type is None else node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            line, all_of_them = node.lineno, node.type is None or any(map(catches_all, caught))
            all_of_them = all_of_them and not passes_on(node)
        elif isinstance(node, ast.Call) and dotted(node.func) in ("suppress", "contextlib.suppress"):
            line, all_of_them = node.lineno, any(map(catches_all, node.args))
        else:
            continue
        is_loop_top = source.is_in(WATCHERS) and "loop top" in source.comments.get(line, "")
        if all_of_them and not is_loop_top:
            yield line, f"catches everything, our own defects too: {mend}"


def catches_all(node: ast.expr) -> bool:
    return dotted(node) in ("Exception", "BaseException")


def one_composition_root(source: Source) -> Iterator[Finding]:
    if not source.part or source.is_in(*COMPOSERS):
        return
    adapters = {name: full for _, full, name in source.imports if full.startswith("slipway.adapters.")}
    for line, name, _ in source.calls():
        if name in adapters and name[0].isupper():
            yield line, f"constructs {adapters[name]}: only slipway/server.py does; take it as an argument"


def numbered_todos(source: Source) -> Iterator[Finding]:
    for line, comment in source.comments.items():
        if re.search(r"\b(TODO|FIXME|XXX)\b(?!\s*\(?(issue )?#\d+)", comment):
            yield line, "a TODO without an issue: do it, or file it and write `TODO (#12): …`"


def held_tasks(source: Source) -> Iterator[Finding]:
    if not source.part:
        return
    kept = {id(node.value) for node in source.nodes if isinstance(node, ast.Assign | ast.AnnAssign)}
    for line, name, call in source.calls():
        owner, _, method = name.rpartition(".")
        is_loose = method == "ensure_future" or (method == "create_task" and re.search(r"asyncio$|loop$|^\(\)$", owner))
        if is_loose and id(call) not in kept:
            yield line, f"{name} whose task nobody holds: use a TaskGroup's, or keep the task and await it at the end"


RULES: tuple[Rule, ...] = (
    layers,
    absolute_imports,
    pure_core,
    file_size,
    function_size,
    positional_parameters,
    names_of_files,
    bare_packages,
    frozen_records,
    no_sleeps,
    no_patching,
    narrow_excepts,
    one_composition_root,
    numbered_todos,
    held_tasks,
)
