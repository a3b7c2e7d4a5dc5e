"""A random trial: one seed, one world, some two hundred steps, every rule checked after each, and a good end.

    Trial(seed=4711).run().failure

Everything follows from the seed. `only` tells the trial with some of its steps alone, which is how a failure is made
short (`shrunk`): steps are drawn beforehand, so that leaving one out changes none of the others.
"""

import traceback
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from types import TracebackType

from slipway.ports import Store
from slipway.sim import liveness
from slipway.sim.safety import Broken, Safety
from slipway.sim.setting import draw_setting
from slipway.sim.stage import Stage
from slipway.sim.steps import FAULTS, Step, draw_steps
from slipway.sim.truth import check_agreement, check_truth, check_whole, check_why

#: Steps of a trial.
STEPS = 200

#: Seconds after which nothing is on its way any more: reports, stops, deregistration delays.
SETTLES_S = 300.0

#: Lines of the world's timeline that a failure shows, the last.
TIMELINE_SHOWN = 80

#: Runs that making a failure short may take.
SHRINKING_MOST = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What broke in a trial: which rule, and after which step: its number, from 0; their count: after all of them."""

    rule: str
    sentence: str
    step: int
    transcript: tuple[str, ...]  # the steps told, and the end of the timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a trial. Counts are by name; `endings` of the services that were there at the end."""

    seed: int
    steps: int
    commits: int
    virtual_s: float
    faults: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[str, int] = field(default_factory=dict)
    endings: Mapping[str, int] = field(default_factory=dict)
    failure: Failure | None = None


class Trial:
    """One seed's story. It is told once, by `run`."""

    def __init__(
        self, *, seed: int, count: int = STEPS, only: Iterable[int] | None = None, store: Store | None = None
    ) -> None:
        """`store`: what its world is kept in; None: in memory, without a journal."""
        random = Random(f"slipway {seed}")
        self.seed = seed
        self._store = store
        self._count = count
        self.setting = draw_setting(random)
        drawn = draw_steps(random, count)
        self.steps: dict[int, Step] = dict(enumerate(drawn))
        if only is not None:
            wanted = set(only)
            self.steps = {number: step for number, step in self.steps.items() if number in wanted}
        self.failure: Failure | None = None
        self.told: list[str] = []
        self._safety = Safety()
        self._stage: Stage | None = None
        self._faults: Counter[str] = Counter()
        self._endings: Counter[str] = Counter()
        self._at = -1

    def run(self) -> Outcome:
        """Tell the story to its end, or to where something breaks."""
        with self:
            self._stage = stage = Stage(self.setting, seed=str(self.seed), watch=self._safety, store=self._store)
            for number, step in self.steps.items():
                self._at = number
                self._tell(stage, number, step)
            self._end(stage)
        world = None if self._stage is None else self._stage.world
        return Outcome(
            seed=self.seed,
            steps=len(self.steps),
            commits=0 if world is None else world.store.commits,
            virtual_s=0.0 if world is None else world.elapsed_s,
            faults=dict(self._faults),
            checks=dict(self._safety.checks),
            endings=dict(self._endings),
            failure=self.failure,
        )

    def _tell(self, stage: Stage, number: int, step: Step) -> None:
        at = stage.world.elapsed_s
        self.told.append(f"{number:>4}  {at:>8g} s  {step.what}")
        said = stage.perform(step)
        self.told[-1] += f": {said}"
        if step.what in FAULTS and said != stage.NOTHING:
            self._faults[step.what] += 1
        self._check(stage)

    def _check(self, stage: Stage) -> None:
        check_truth(stage.world, self._safety.checks)
        check_whole(stage.world, self._safety.checks)
        check_why(stage.world, self._safety.checks)

    def _end(self, stage: Stage) -> None:
        """The faults end; services come to rest, are mended, and go."""
        self._at = self._count
        self.told.append("      all faults end")
        self._safety.checks["settles, or says why not"] += len(stage.active())
        self._endings += liveness.bring_to_rest(stage)
        self._check(stage)
        self.told.append("      every service gets a sound revision")
        liveness.mend(stage)
        self._check(stage)
        stage.world.run_for(SETTLES_S)
        check_agreement(stage.world, self._safety.checks)
        self.told.append("      every service is deleted")
        liveness.clear(stage)
        self._check(stage)

    # What breaks is the trial's result: told with all that led to it, whatever it is

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        """Take what broke as the trial's failure; an interruption is none."""
        if not isinstance(error, Exception):
            return False
        if isinstance(error, Broken):
            rule, sentence = error.rule, error.sentence
        else:
            frames = traceback.extract_tb(at)
            rule = "records, indexes and decisions agree" if isinstance(error, AssertionError) else "no error of ours"
            sentence = f"{type(error).__name__}: {error} ({frames[-1].filename}:{frames[-1].lineno})"
        lines = [] if self._stage is None else self._stage.world.timeline.story().splitlines()
        transcript = (*self.told, "", *lines[-TIMELINE_SHOWN:])
        self.failure = Failure(rule=rule, sentence=sentence, step=self._at, transcript=transcript)
        return True


def run_trial(seed: int, count: int = STEPS) -> Outcome:
    """The outcome of a seed: what a campaign's workers do."""
    return Trial(seed=seed, count=count).run()


def shrunk(seed: int, count: int = STEPS) -> tuple[int, ...]:
    """The steps of a trial that breaks which are enough to break the same rule: greedily, halves first, then less."""
    first = Trial(seed=seed, count=count).run().failure
    assert first is not None, f"the trial of seed {seed} does not fail"
    kept = tuple(number for number in range(count) if number <= first.step)
    size, runs = max(len(kept) // 2, 1), 0
    while size and runs < SHRINKING_MOST:
        start = 0
        while start < len(kept) and runs < SHRINKING_MOST:
            tried = kept[:start] + kept[start + size :]
            runs += 1
            failure = Trial(seed=seed, count=count, only=tried).run().failure
            if failure is not None and failure.rule == first.rule:
                kept = tried
            else:
                start += size
        size //= 2
    return kept
