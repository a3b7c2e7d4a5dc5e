"""`python -m tests.mutations`: plants each mistake in a copy of the package, and has the simulation find it.

Prints which rule broke at which seed and step, and ends with 1 if a mistake was not found. `--seeds` is how many trials
each may take; words after it choose mutants by a part of their name.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import slipway
from tests.mutations.mutants import MUTANTS, Mutant

#: Columns of the table where it is not written to a terminal.
WIDTH = 120

#: Trials each mistake may take to be found.
SEEDS = 1000


def main() -> int:
    """Plant and find; 0 if all were found."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"trials each mistake may take ({SEEDS})")
    parser.add_argument("names", nargs="*", help="parts of the names of the mutants to plant; none: all")
    options = parser.parse_args()
    chosen = [one for one in MUTANTS if not options.names or any(name in one.name for name in options.names)]
    table = Table(title="Planted mistakes", title_justify="left")
    for column in ("mistake", "found by the rule", "seed", "step"):
        table.add_column(column, justify="right" if column in ("seed", "step") else "left")
    missed = 0
    for mutant in chosen:
        found = _find(mutant, options.seeds)
        missed += found is None
        row = (mutant.name, f"not found in {options.seeds} trials", "", "")
        if found is not None:
            failure = found["failure"]
            row = (mutant.name, failure["rule"], str(found["seed"]), str(failure["step"]))
        table.add_row(*row)
        print("  ".join(filter(None, row)), file=sys.stderr)
    console = Console()
    console.print(table, width=None if console.is_terminal else WIDTH)
    return 1 if missed else 0


def _find(mutant: Mutant, seeds: int) -> dict[str, Any] | None:
    """The first trial that breaks with the mistake planted; None: none did. The working tree stays as it is."""
    with tempfile.TemporaryDirectory(prefix="slipway-mutant-") as folder:
        package = Path(folder) / "slipway"
        shutil.copytree(Path(slipway.__path__[0]), package, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.plant(package)
        command = [sys.executable, "-m", "slipway.sim", "--json", "--failures", "1", "--first", "1"]
        done = subprocess.run(
            [*command, "--seeds", str(seeds)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": folder},
            stdout=subprocess.PIPE,
            check=False,
        )
    failed: list[dict[str, Any]] = json.loads(done.stdout)["failed"]
    return failed[0] if failed else None


if __name__ == "__main__":
    sys.exit(main())
