"""`python -m slipway.sim`: random trials of the control plane in virtual time, and one of them again by its seed."""

import argparse
import json
import logging
import os
import sys
import time
from dataclasses import replace
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from slipway.sim.campaign import Campaign, run_campaign
from slipway.sim.trial import STEPS, Failure, Outcome, Trial, shrunk

#: Trials of a campaign where nobody says how many.
SEEDS = 1000

#: Columns of the closing table where it is not written to a terminal.
WIDTH = 100

#: Lines of a failure's transcript that a campaign shows; the replay shows all.
SHOWN = 60


def main() -> int:
    """Run a campaign, or one seed; 0 if nothing broke."""
    options = _read_options()
    logging.disable(logging.ERROR)  # failed commits are part of the play
    if options.seed is not None:
        return _replay(options)
    return _campaign(options)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m slipway.sim", description=__doc__)
    seeds, first = os.environ.get("SLIPWAY_SIM_SEEDS", str(SEEDS)), os.environ.get("SLIPWAY_SIM_FIRST", "1")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"how many trials (SLIPWAY_SIM_SEEDS; {SEEDS})")
    parser.add_argument("--first", type=int, default=first, help="the first seed (SLIPWAY_SIM_FIRST; 1)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"steps of each trial ({STEPS})")
    parser.add_argument("--failures", type=int, default=5, help="end after so many trials have failed (5)")
    parser.add_argument("--workers", type=int, default=None, help="processes side by side (one for each core)")
    parser.add_argument("--seed", type=int, default=None, help="tell this one trial again, and nothing else")
    parser.add_argument("--only", default=None, help="with --seed: only these of its steps, numbers with commas")
    parser.add_argument("--shrink", action="store_true", help="with --seed: find few steps that still break it")
    parser.add_argument("--json", action="store_true", help="write the outcome as JSON")
    return parser.parse_args()


# One seed


def _replay(options: argparse.Namespace) -> int:
    only = None if options.only is None else [int(number) for number in options.only.split(",") if number]
    if options.shrink:
        if Trial(seed=options.seed, count=options.steps, only=only).run().failure is None:
            print(f"seed {options.seed}: nothing broke, there is nothing to make shorter", file=sys.stderr)
            return 0
        only = list(shrunk(options.seed, options.steps))
    trial = Trial(seed=options.seed, count=options.steps, only=only)
    outcome = trial.run()
    if options.json:
        _print_json({**msgspec.to_builtins(outcome), "told": trial.told})
    else:
        transcript = trial.told if outcome.failure is None else outcome.failure.transcript
        print("\n".join((*map(str, trial.setting.hosts), *map(str, trial.setting.services), "", *transcript)))
        print(_verdict(outcome))
        if only is not None:
            print(f"the steps: --only {','.join(map(str, only))}")
    return 0 if outcome.failure is None else 1


def _verdict(outcome: Outcome) -> str:
    if outcome.failure is None:
        return f"\nseed {outcome.seed}: nothing broke in {outcome.steps} steps and {outcome.commits} commits"
    failure = outcome.failure
    return f"\nseed {outcome.seed}, step {failure.step}: {failure.rule}\n{failure.sentence}"


# Many seeds


def _campaign(options: argparse.Namespace) -> int:
    began = time.monotonic()
    seeds = range(options.first, options.first + options.seeds)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal or options.json) as progress:
        bar = progress.add_task("trials", total=len(seeds))
        campaign = run_campaign(
            seeds,
            count=options.steps,
            workers=options.workers,
            told=lambda outcome: progress.advance(bar),
            failures_most=options.failures,
        )
    took_s = time.monotonic() - began
    if options.json:
        _print_json({**msgspec.to_builtins(campaign), "took_s": round(took_s, 1)})
    else:
        _print(campaign, took_s)
    for outcome in () if options.json else campaign.failed:
        print(_verdict(_short(outcome)))
        print("\n".join(_short(outcome).failure.transcript))  # type: ignore[union-attr]  # a failed one has a failure
        print(f"\nagain: python -m slipway.sim --seed {outcome.seed}{_steps(options)}   (--shrink makes it short)")
    return 1 if campaign.failed else 0


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2))


def _steps(options: argparse.Namespace) -> str:
    return "" if options.steps == STEPS else f" --steps {options.steps}"


def _short(outcome: Outcome) -> Outcome:
    """The outcome with the end of its transcript."""
    failure: Failure | None = outcome.failure
    assert failure is not None, "only failures are told"
    return replace(outcome, failure=replace(failure, transcript=failure.transcript[-SHOWN:]))


def _print(campaign: Campaign, took_s: float) -> None:
    """The closing table: what was done to the control plane, what was looked at, and what became of it."""
    table = Table(title=f"{campaign.seeds} trials, {campaign.steps} steps, in {took_s:.0f} s", title_justify="left")
    table.add_column("what")
    table.add_column("how often", justify="right")
    table.add_row("commits", f"{campaign.commits:,}")
    table.add_row("hours of virtual time", f"{campaign.virtual_s / 3600:,.0f}")
    table.add_section()
    for name, count in sorted(campaign.faults.items()):
        survived = campaign.survived[name]
        table.add_row(f"fault: {name}", f"{count:,}" if survived == count else f"{count:,} ({survived:,} survived)")
    table.add_row("faults", f"{campaign.faults.total():,} ({campaign.survived.total():,} survived)")
    table.add_section()
    for name, count in campaign.endings.most_common():
        table.add_row(f"service at the end: {name}", f"{count:,}")
    table.add_section()
    for name, count in sorted(campaign.checks.items()):
        table.add_row(f"checked: {name}", f"{count:,}")
    table.add_section()
    table.add_row("trials in which something broke", f"{len(campaign.failed)}")
    console = Console()
    console.print(table, width=None if console.is_terminal else WIDTH)


if __name__ == "__main__":
    sys.exit(main())
