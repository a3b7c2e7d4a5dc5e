"""The picture as lines, for logs and pipes: a line for every change, and one for every new event."""

from typing import Any

from slipway.cli.picture_words import (
    Picture,
    bounds_text,
    clock_text,
    counts_text,
    failures_text,
    newest_roll_out,
    short_message,
    state_of,
)


def summary_line(picture: Picture) -> str:
    """All that changes in a roll but the time: `rolling users:1 → users:2 | users:2 2 healthy | … | healthy 4 of …`."""
    deployments = " | ".join(f"{one['task_definition']} {counts_text(one)}" for one in picture["deployments"])
    waiting = f" | waiting: {picture['blocked_because']}" if picture["blocked_because"] else ""
    return f"{state_of(picture)} | {deployments} | {bounds_text(picture)}{_failures(picture)}{waiting}"


def _failures(picture: Picture) -> str:
    newest = newest_roll_out(picture)
    if newest is None or newest["is_verdict"] or not newest["failure_count"]:
        return ""
    return f" | failures {failures_text(newest['failure_count'], newest['threshold'])}"


class PictureLines:
    """Turns a sequence of pictures into lines; remembers what was said."""

    def __init__(self, *, has_events: bool = True) -> None:
        self._has_events = has_events
        self._summary = ""
        self._told: set[str] | None = None  # ids of the events told; None: no picture seen yet

    def new(self, picture: Picture) -> list[str]:
        """The lines that this picture adds: its new events, the oldest first, and the summary where it changed.

        Of the first picture, only events of a deployment under way are told. The clock is that of the last deployment,
        forth and back.
        """
        newest = newest_roll_out(picture)
        at = clock_text(0 if newest is None else picture["at"] - newest["created_at"])
        lines = [f"{at} {short_message(one['message'])}" for one in self._new_events(picture)]
        summary = summary_line(picture)
        if summary != self._summary:
            self._summary = summary
            lines.append(f"{at} {summary}")
        return lines

    def _new_events(self, picture: Picture) -> list[Any]:
        events: list[Any] = list(reversed(picture["events"])) if self._has_events else []
        told, self._told = self._told, {one["id"] for one in events}
        if told is not None:
            return [one for one in events if one["id"] not in told]
        newest = newest_roll_out(picture)
        if newest is None or newest["is_verdict"]:
            return []
        return [one for one in events if one["at"] >= newest["created_at"]]
