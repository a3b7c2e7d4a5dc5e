"""Times as they are written on charts and pages, and the round ones that an axis marks."""

from math import floor, inf

#: Seconds between two marks of an axis: what people count in.
_ROUND = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 21_600.0, 43_200.0, 86_400.0),
)
_MINUTE, _HOUR = 60, 3600
#: Below so many seconds, tenths are told; below a second, milliseconds.
_TENTHS_BELOW = 10.0
#: Below so many seconds, just that it took some time.
_LEAST_TOLD = 0.0005


def clock_text(seconds: float) -> str:
    """`0:00.014`, `0:07`, `0:10.1`, `12:34`, `1:02:03`: instants, the short ones with tenths or milliseconds."""
    short = round(seconds, 1 if seconds >= 1 else 3)
    if short % 1 and short < _MINUTE:
        return f"0:0{short:.3f}".rstrip("0") if short < 1 else f"0:{short:04.1f}"
    minutes, rest = divmod(floor(seconds + 0.5), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def axis_text(at_s: float, *, of: float) -> str:
    """An instant on an axis that ends at `of` seconds: `1.5 s` on a short one, else `0:07`, `1:02:03`."""
    return f"{at_s:.3g} s" if of < _TENTHS_BELOW else clock_text(floor(at_s + 0.5))


def duration_text(seconds: float) -> str:
    """`0.014 s`, `7.5 s`, `51 s`, `13 m 30 s`, `1 h 2 m 3 s`; `never` of infinity."""
    if seconds == inf:
        return "never"
    if 0 < seconds < _LEAST_TOLD:
        return "<0.001 s"
    if seconds < 1:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = floor(seconds + 0.5)
    parts = ((whole // _HOUR, "h"), (whole % _HOUR // _MINUTE, "m"), (whole % _MINUTE, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def marks_of(seconds: float, *, most: int) -> tuple[float, ...]:
    """Round instants from 0 to `seconds`, at most `most` of them and 0; just 0 where there is no time."""
    if seconds <= 0:
        return (0.0,)
    step = next((one for one in _ROUND if seconds / one <= most), None)
    if step is None:
        days = -(-seconds // (_ROUND[-1] * most))
        step = days * _ROUND[-1]
    return tuple(round(index * step, 6) for index in range(floor(seconds / step + 1e-9) + 1))
