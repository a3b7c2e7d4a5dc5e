"""Explanations of deployments whose server was away meanwhile: killed and started again, or unable to write."""

import pytest

from slipway.core.explaining.ledger import check_sum, check_touching
from slipway.core.explaining.segment import SegmentKind
from slipway.foresight.explain import Explanation, explain
from slipway.foresight.recording_cut import cut_recording
from slipway.foresight.recording_file import decode_recording, encode_recording
from slipway.foresight.replay import replay
from slipway.sim.behaviours import Behaviour
from slipway.sim.journal import MemoryJournal
from slipway.sim.operator import Operator
from slipway.sim.store import Faults, MemoryStore
from slipway.sim.world import World

HEALTH = SegmentKind.HEALTH_WAIT
DRAIN = SegmentKind.DRAIN
EXIT = SegmentKind.SIGTERM_TO_EXIT
AWAY = SegmentKind.SERVER_AWAY
SEED = "1"

#: It exits 20 s after SIGTERM, and a request of 10 s is open to it.
SLOW = Behaviour(exits_in_s=20, linger_s=10)


class Rolled:
    """One task behind a balancer that checks it every 30 s, healthy after five: 180 s of a roll, from 0 on."""

    def __init__(self) -> None:
        self._journal = MemoryJournal(seed=SEED)
        store = MemoryStore(seed=SEED, journal=self._journal)
        self.world = World(seed=SEED, store=store)
        self.world.add_host(cpu=2048, memory=2048)
        user = Operator(self.world)
        versions = [user.register("web", cpu=256, memory=256, behaviour=SLOW) for _ in range(2)]
        user.create_service("web", versions[0], target_group=user.create_target_group("web"))
        assert self.world.run(), self.world.timeline.story()
        user.deploy("web", versions[1])

    def explained(self) -> Explanation:
        """What became of it, read from its file."""
        assert self.world.run(), self.world.timeline.story()
        newest = self.world.snapshot.service_history(self.world.service("web").arn)[0]
        recording = cut_recording(self._journal, newest.arn)
        assert replay(recording).is_identical
        told = explain(decode_recording(encode_recording(recording), name="file"))
        check_touching(told.ledger)
        check_sum(told.ledger)
        return told


def account(told: Explanation) -> list[tuple[SegmentKind, float]]:
    return [(one.kind, round(one.seconds, 3)) for one in told.ledger.segments]


def test_it_was_never_away() -> None:
    assert account(Rolled().explained()) == [(HEALTH, 150), (DRAIN, 10), (EXIT, 20)]


@pytest.mark.parametrize(
    ("down_at_s", "up_at_s", "expected"),
    [
        pytest.param(
            65.0, 75.0, [(HEALTH, 60), (AWAY, 15), (HEALTH, 90), (DRAIN, 10), (EXIT, 20)], id="between checks"
        ),
        pytest.param(165.0, 220.0, [(HEALTH, 150), (DRAIN, 10), (EXIT, 20), (AWAY, 40)], id="as the old one ends"),
        pytest.param(165.0, 170.0, [(HEALTH, 150), (DRAIN, 10), (EXIT, 20)], id="where nothing was waited for"),
    ],
)
def test_killed_and_started_again(down_at_s: float, up_at_s: float, expected: list[tuple[SegmentKind, float]]) -> None:
    rolled = Rolled()
    rolled.world.run_for(down_at_s)
    rolled.world.crash()
    rolled.world.run_for(up_at_s - down_at_s)
    rolled.world.restart()
    told = rolled.explained()
    assert account(told) == expected
    assert {one.sentence for one in told.ledger.segments if one.kind is AWAY} <= {"the server was not running"}
    assert told.overhead_share == 0


def test_its_store_could_not_be_written() -> None:
    """Five commits fail, one each second, from the one on that has the old task's end."""
    rolled = Rolled()
    rolled.world.run_for(165)
    store = rolled.world.store
    store.faults = Faults(fails=frozenset(range(store.commits + 1, store.commits + 6)))
    told = rolled.explained()
    assert account(told) == [(HEALTH, 150), (DRAIN, 10), (EXIT, 20), (AWAY, 5)]
    assert told.ledger.segments[-1].sentence == "the server could not write its records"


def test_a_round_says_what_it_waited_for() -> None:
    rolled = Rolled()
    rolled.world.run_for(165)
    rolled.world.crash()
    rolled.world.run_for(100)
    rolled.world.restart()
    assert [one.cause for one in rolled.explained().rounds] == [HEALTH, AWAY]
