"""Results as tables: Markdown, aligned, so that a terminal and a page of the documentation show the same."""

from collections.abc import Sequence

from bench.result import Of, Result, Row

HEADER = ("measure", "Slipway", "compared with", "ratio", "target", "")
_RIGHT = (1, 3)  # columns of numbers


def render(result: Result) -> str:
    """A result: its title, its table, its notes, and how loaded the machine was."""
    lines = [f"## {result.name}: {result.title}", ""]
    if result.skipped:
        return "\n".join([*lines, f"Skipped: {result.skipped}", ""])
    lines += _aligned([HEADER, *(_cells(row) for row in result.rows)])
    lines += ["", *(f"- {note}" for note in result.notes)]
    before, after = result.load
    lines.append(f"- took {result.took_s:.0f} s; load average {before:.2f} before, {after:.2f} after")
    return "\n".join([*lines, ""])


def _cells(row: Row) -> tuple[str, ...]:
    reference = "" if row.reference is None else f"{quantity(row.reference, row.unit)}, {row.against}"
    ratio = "" if row.ratio is None else f"{number(row.ratio)} ×"
    return row.measure, quantity(row.ours, row.unit), reference, ratio, _target(row), row.verdict.value


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    sign = "≥" if row.target.is_floor else "≤"
    unit = "×" if row.target.of is Of.RATIO else row.unit
    return f"{sign} {quantity(row.target.limit, unit)}"


def quantity(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """A number to three digits that count, thousands apart: 12,300, 4.06, 0.951."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    whole = len(f"{abs(value):.0f}") if abs(value) >= 1 else 0
    text = f"{value:.{3 - whole}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = [
        "-" * (width - 1) + ":" if place in _RIGHT else "-" * width
        for place, width in enumerate(max(3, w) for w in widths)
    ]
    lines = [_line(rows[0], widths), "| " + " | ".join(rule) + " |"]
    return lines + [_line(row, widths) for row in rows[1:]]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(max(3, width)) if place in _RIGHT else cell.ljust(max(3, width))
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"
