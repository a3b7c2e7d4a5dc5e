"""How a bench is run: what becomes of one that cannot run here, and of a quick one."""

import pytest

from bench.__main__ import run
from bench.catalogue import Bench
from bench.result import CannotRun, Row, Target, Verdict


def test_bench_that_cannot_run_is_skipped_with_its_reason() -> None:
    def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        raise CannotRun("wrk is not installed: apt-get install wrk")

    result = run(Bench(name="light", title="a title", measure=measure), is_quick=False)
    assert (result.skipped, result.rows, result.is_missed) == ("wrk is not installed: apt-get install wrk", (), False)


@pytest.mark.parametrize(("is_quick", "verdict"), [(True, Verdict.TOLD), (False, Verdict.MISS)])
def test_quick_bench_is_not_held_to_targets(is_quick: bool, verdict: Verdict) -> None:
    def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        row = Row(measure="starts", ours=1, unit="/s", reference=2, against="asyncio", target=Target(limit=0.1))
        return (row,), (f"quick: {is_quick}",)

    result = run(Bench(name="light", title="a title", measure=measure), is_quick=is_quick)
    assert (result.rows[0].verdict, result.notes) == (verdict, (f"quick: {is_quick}",))
    assert result.is_missed is not is_quick
