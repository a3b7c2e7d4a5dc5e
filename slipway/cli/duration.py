"""Durations that are given on the command line, as `90`, `90s`, `1m30s` or `10m`."""

from slipway.cli.failure import UsageError


def duration_given(text: str, flag: str) -> float:
    """The seconds given with a flag. Raises `UsageError`, which names it."""
    from slipway.foresight.rollout_file import DURATION_WORDS, parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{flag} is '{text}'; it takes {DURATION_WORDS}.") from error
