"""The arithmetic of a bench's rows, and how they are shown. No bench is run here: times are nothing to assert."""

import json
from itertools import count

import pytest

from bench.__main__ import document, main
from bench.catalogue import BENCHES
from bench.result import Of, Result, Row, Target, Verdict, interleaved
from bench.table import number, render


def row(ours: float, reference: float | None = None, target: Target | None = None) -> Row:
    return Row(measure="starts", ours=ours, unit="/s", reference=reference, against="asyncio", target=target)


@pytest.mark.parametrize(
    ("found", "ratio", "verdict"),
    [
        pytest.param(row(30, 20), 1.5, Verdict.TOLD, id="no target"),
        pytest.param(row(30), None, Verdict.TOLD, id="no reference"),
        pytest.param(row(30, 0), None, Verdict.TOLD, id="nothing measured beside"),
        pytest.param(row(30, 20, Target(limit=1.5)), 1.5, Verdict.PASS, id="at most: the bound itself"),
        pytest.param(row(31, 20, Target(limit=1.5)), 1.55, Verdict.MISS, id="at most: above"),
        pytest.param(
            row(19, 20, Target(limit=0.95, is_floor=True)), 0.95, Verdict.PASS, id="at least: the bound itself"
        ),
        pytest.param(row(18, 20, Target(limit=0.95, is_floor=True)), 0.9, Verdict.MISS, id="at least: below"),
        pytest.param(row(9, 1, Target(limit=10, of=Of.OURS)), 9, Verdict.PASS, id="of our own number"),
        pytest.param(row(9, 0, Target(limit=10)), None, Verdict.MISS, id="of a ratio that could not be taken"),
    ],
)
def test_row_is_judged(found: Row, ratio: float | None, verdict: Verdict) -> None:
    assert (found.ratio, found.verdict) == (ratio, verdict)


def test_sides_are_taken_in_turn_and_by_their_medians() -> None:
    turn = count(1)
    order: list[str] = []

    def side(name: str, factor: float) -> float:
        order.append(name)
        return factor * next(turn)

    assert interleaved(3, lambda: side("a", 1), lambda: side("b", 10), pause_s=0) == (3, 40)
    assert order == ["a", "b"] * 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.0621, "0.062"), (0.95, "0.95"), (4.0, "4"), (4.064, "4.06"), (43.26, "43.3"), (12345.6, "12,346")],
)
def test_number_keeps_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_table_shows_each_row_with_its_target_and_verdict() -> None:
    rows = (row(9.5, 10, Target(limit=0.95, is_floor=True)), row(12, None, Target(limit=10, of=Of.OURS)))
    shown = render(Result(name="light", title="a title", rows=rows, notes=("by wrk",), took_s=2.4, load=(0.5, 1.25)))
    assert shown.splitlines() == [
        "## light: a title",
        "",
        "| measure | Slipway | compared with  |  ratio | target   |      |",
        "| ------- | ------: | -------------- | -----: | -------- | ---- |",
        "| starts  |  9.5 /s | 10 /s, asyncio | 0.95 × | ≥ 0.95 × | pass |",
        "| starts  |   12 /s |                |        | ≤ 10 /s  | MISS |",
        "",
        "- by wrk",
        "- took 2 s; load average 0.50 before, 1.25 after",
    ]


def test_skipped_bench_says_why() -> None:
    assert render(Result(name="light", title="a title", skipped="there is no wrk")).splitlines() == [
        "## light: a title",
        "",
        "Skipped: there is no wrk",
    ]


def test_document_is_json_with_ratios_and_verdicts() -> None:
    result = Result(name="light", title="a title", rows=(row(9, 10, Target(limit=1)),))
    written = json.loads(json.dumps(document({"cpu": "2"}, [result], is_quick=True)))
    (bench,) = written["benches"]
    assert (written["machine"], written["quick"], bench["name"]) == ({"cpu": "2"}, True, "light")
    assert (bench["rows"][0]["ratio"], bench["rows"][0]["verdict"]) == (0.9, "pass")


def test_unknown_bench_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lightest"])
    assert ended.value.code == 2
    assert "there is no bench lightest" in capsys.readouterr().err


def test_names_are_unique() -> None:
    names = [bench.name for bench in BENCHES]
    assert sorted(set(names)) == sorted(names)
