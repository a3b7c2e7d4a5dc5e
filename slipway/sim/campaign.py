"""A campaign: many trials, side by side on all cores, and a table of what they did and found."""

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

from slipway.controller import COLLECT_AFTER
from slipway.sim.trial import STEPS, Outcome, run_trial

#: Trials given out ahead of what is done, for each worker.
AHEAD = 4


@dataclass(slots=True, kw_only=True)
class Campaign:
    """What trials added up to."""

    seeds: int = 0
    steps: int = 0
    commits: int = 0
    virtual_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)  # the faults of trials in which nothing broke
    checks: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one trial."""
        self.seeds += 1
        self.steps += outcome.steps
        self.commits += outcome.commits
        self.virtual_s += outcome.virtual_s
        self.faults.update(outcome.faults)
        self.checks.update(outcome.checks)
        self.endings.update(outcome.endings)
        if outcome.failure is None:
            self.survived.update(outcome.faults)
        else:
            self.failed.append(outcome)


def run_campaign(
    seeds: Iterable[int],
    *,
    count: int = STEPS,
    workers: int | None = None,
    told: Callable[[Outcome], None] = lambda outcome: None,
    failures_most: int = 5,
) -> Campaign:
    """Run the trials of these seeds, of `count` steps each; `told` of each as it ends. None: a worker for each core.

    Ends early when so many have failed: they mostly fail alike.
    """
    campaign = Campaign()
    left = iter(seeds)
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, initializer=_prepare) as pool:
        for outcome in _outcomes(pool, left, count):
            campaign.add(outcome)
            told(outcome)
            if len(campaign.failed) >= failures_most:
                break
        pool.shutdown(cancel_futures=True)
    return campaign


def _prepare() -> None:
    """A worker collects garbage as a server does: records have no cycles."""
    gc.set_threshold(*COLLECT_AFTER)


def _outcomes(pool: ProcessPoolExecutor, seeds: Iterator[int], count: int) -> Iterator[Outcome]:
    """The outcomes as they come, with a few trials given out ahead."""
    ahead = AHEAD * (os.cpu_count() or 1)
    running: set[Future[Outcome]] = {pool.submit(run_trial, seed, count) for seed in islice(seeds, ahead)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        running |= {pool.submit(run_trial, seed, count) for seed in islice(seeds, len(done))}
        yield from sorted((future.result() for future in done), key=lambda outcome: outcome.seed)
