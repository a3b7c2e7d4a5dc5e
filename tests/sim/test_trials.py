"""Random trials: a small part of `make sim`, and what the trials themselves promise."""

import json
import os
import subprocess
import sys

import pytest

from slipway.sim.campaign import run_campaign
from slipway.sim.trial import Trial

SEEDS = range(1, 26)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_breaks(seed: int) -> None:
    failure = Trial(seed=seed).run().failure
    assert failure is None, f"{failure.rule}: {failure.sentence}\n" + "\n".join(failure.transcript)


def test_the_same_seed_twice() -> None:
    """One number is all there is to a trial."""
    first, second = Trial(seed=7), Trial(seed=7)
    assert first.run() == second.run()
    assert first.told == second.told


def test_some_steps_alone() -> None:
    """What a step is does not depend on the steps before it."""
    whole, part = Trial(seed=7), Trial(seed=7, only=[3, 150])
    assert part.steps == {number: whole.steps[number] for number in (3, 150)}
    assert part.run().failure is None


def test_a_campaign_adds_up() -> None:
    campaign = run_campaign(range(1, 4), count=20, workers=2)
    assert (campaign.seeds, campaign.steps, campaign.failed) == (3, 60, [])
    assert campaign.survived == campaign.faults


def test_what_breaks_is_told() -> None:
    """A trial that breaks ends with its rule and all that led to it; here an operator that knows no service."""
    trial = Trial(seed=7)
    trial.setting = trial.setting.__class__(hosts=trial.setting.hosts, services=(), is_sequential=False)
    failure = trial.run().failure
    assert failure is not None
    assert (failure.rule, failure.step) == ("no error of ours", 0)
    assert "ZeroDivisionError" in failure.sentence
    assert failure.transcript[0].strip().startswith("0")


def test_one_seed_on_the_command_line() -> None:
    command = [sys.executable, "-m", "slipway.sim", "--seed", "7", "--steps", "30", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=os.environ, check=True)
    outcome = json.loads(done.stdout)
    assert (outcome["seed"], outcome["steps"], outcome["failure"]) == (7, 30, None)
    assert len(outcome["told"]) > 30
