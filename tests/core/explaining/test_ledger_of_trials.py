"""Every deployment of random trials has a ledger that adds up: with faults, restarts, ways back and superseded ones."""

from itertools import pairwise
from random import Random

import pytest

from slipway.core.explaining.absence import Absence
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.ledger import check_sum, check_touching, ledger_of
from slipway.core.model.services import Service
from slipway.core.snapshot import Snapshot
from slipway.ports import Commit
from slipway.sim import liveness
from slipway.sim.clock import BEGINNING
from slipway.sim.setting import draw_setting
from slipway.sim.stage import Stage
from slipway.sim.steps import draw_steps

STEPS = 150

#: Of the times between two commits, those in which the control plane is said to have been away.
AWAY_SHARE = 0.2


class Chronicles:
    """The chronicle of each service of a world, from the world's beginning on."""

    def __init__(self) -> None:
        self.by_service: dict[str, Chronicle] = {}
        self._commits: list[Commit] = []

    def __call__(self, snapshot: Snapshot, commit: Commit) -> None:
        """Take one commit; a new service is told of all that was before it."""
        for change in commit.changes:
            if isinstance(change.record, Service) and change.record.arn not in self.by_service:
                chronicle = Chronicle(change.record.arn, (), at=BEGINNING)
                for earlier in self._commits:
                    chronicle.tell(earlier.at, earlier.changes)
                self.by_service[change.record.arn] = chronicle
        self._commits.append(commit)
        for chronicle in self.by_service.values():
            chronicle.tell(commit.at, commit.changes)


@pytest.mark.parametrize("seed", range(24))
def test_every_deployment_of_a_trial(seed: int) -> None:
    random = Random(f"slipway {seed}")
    setting = draw_setting(random)
    steps = draw_steps(random, STEPS)
    told = Chronicles()
    stage = Stage(setting, seed=str(seed), watch=told)
    for step in steps:
        stage.perform(step)
    now = stage.world.clock.now()
    count = sum(_check(chronicle, now) for chronicle in told.by_service.values())
    assert count == sum(len(one.service_deployments) for one in told.by_service.values()) > 0
    liveness.bring_to_rest(stage)
    liveness.mend(stage)
    for chronicle in told.by_service.values():
        _check(chronicle, stage.world.clock.now())
        _be_away(chronicle, random)
        _check(chronicle, stage.world.clock.now())
        assert any(one.status.is_verdict for one in chronicle.service_deployments.values())


def _be_away(chronicle: Chronicle, random: Random) -> None:
    """As if the control plane had been away between commits, here and there."""
    instants = [sample.at for sample in chronicle.samples]
    for from_at, to_at in pairwise(instants):
        if to_at > from_at and random.random() < AWAY_SHARE:
            chronicle.miss(Absence(from_at=from_at, to_at=to_at, sentence="the server was not running"))


def _check(chronicle: Chronicle, now: float) -> int:
    """Check the ledgers of all service deployments that the chronicle tells of, and how many those are."""
    for roll_out in chronicle.service_deployments.values():
        ledger = ledger_of(chronicle, roll_out.arn, now=now)
        check_touching(ledger)
        check_sum(ledger)
        ended_at = roll_out.finished_at or roll_out.stopped_at or now
        assert (ledger.began_at, ledger.ended_at) == (roll_out.created_at, ended_at)
    return len(chronicle.service_deployments)
