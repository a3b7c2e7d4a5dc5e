"""`python -m bench [NAME…]`: measure, and print each number beside what it is compared with in the same run.

Ends with 0, also where a target was missed; with 3 for that under --strict. A bench that crashes ends the run with its
traceback and 1; what was found before is still written to --json.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.catalogue import BENCHES, Bench
from bench.machine import describe_machine, load_average
from bench.result import CannotRun, Result, Row
from bench.table import render

#: The exit status under --strict where a target was missed.
MISSED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benches named, or all; the exit status."""
    asked = _parser().parse_args(arguments)
    facts = describe_machine()
    print("\n".join(f"- {name}: {value}" for name, value in facts.items()), end="\n\n", flush=True)
    results: list[Result] = []
    try:
        for bench in BENCHES:
            if bench.name in asked.names or not asked.names:
                results.append(run(bench, is_quick=asked.quick))
                print(render(results[-1]), flush=True)
    finally:
        if asked.json:
            asked.json.write_text(json.dumps(document(facts, results, is_quick=asked.quick), indent=2) + "\n")
    for what, names in _summary(results).items():
        print(f"{what}: {', '.join(names)}")
    return MISSED if asked.strict and any(result.is_missed for result in results) else 0


def run(bench: Bench, *, is_quick: bool) -> Result:
    """Run one bench. One that cannot run here gives a result that says why; a quick one is not held to the targets."""
    before, began = load_average(), time.monotonic()
    try:
        rows, notes = bench.measure(is_quick)
    except CannotRun as reason:
        return Result(name=bench.name, title=bench.title, skipped=str(reason))
    if is_quick:
        rows = tuple(replace(row, target=None) for row in rows)
    return Result(
        name=bench.name,
        title=bench.title,
        rows=rows,
        notes=notes,
        took_s=time.monotonic() - began,
        load=(before, load_average()),
    )


def document(facts: dict[str, str], results: Sequence[Result], *, is_quick: bool) -> dict[str, Any]:
    """All results as `--json` writes them: the records, with the ratio and verdict of each row."""
    return {
        "machine": facts,
        "quick": is_quick,
        "benches": [asdict(result) | {"rows": [_row(row) for row in result.rows]} for result in results],
    }


def _row(row: Row) -> dict[str, Any]:
    return asdict(row) | {"ratio": row.ratio, "verdict": row.verdict.value}


def _summary(results: Sequence[Result]) -> dict[str, list[str]]:
    """The names of the benches that call for a look, by what happened to them."""
    skipped = [result.name for result in results if result.skipped]
    missed = [result.name for result in results if result.is_missed]
    return {what: names for what, names in (("skipped", skipped), ("missed a target", missed)) if names}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Slipway beside what it replaces.")
    names = [bench.name for bench in BENCHES]
    parser.add_argument(
        "names", nargs="*", metavar="NAME", type=_known, help=f"of {', '.join(names)}; all if none is named"
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes, not held to the targets")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--strict", action="store_true", help=f"end with {MISSED} where a target was missed")
    return parser


def _known(name: str) -> str:
    if name not in {bench.name for bench in BENCHES}:
        raise argparse.ArgumentTypeError(f"there is no bench {name}: {', '.join(bench.name for bench in BENCHES)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
