"""Ctrl-C while a deployment is followed: the person is asked what is to become of it, and nobody else is."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import typer

from slipway.cli.output import say
from slipway.cli.picture_words import Picture, clock_text


class Choice(StrEnum):
    """What is to become of a deployment that was interrupted here."""

    ROLL_BACK = "r"
    KEEP_GOING = "k"
    DETACH = "d"


def way_back_of(picture: Picture, roll_out: Mapping[str, Any] | None) -> str | None:
    """What a roll-back would take, as a sentence; None where none can be asked for: it goes back already, or ended."""
    if roll_out is None or roll_out["status"] not in ("PENDING", "IN_PROGRESS"):
        return None
    others = (one for one in picture["roll_outs"] if one["arn"] != roll_out["arn"])
    was_good = any(one["status"] == "SUCCESSFUL" for one in others)
    if not was_good and not any(one["rollout_state"] == "COMPLETED" for one in picture["deployments"]):
        return "There is nothing to go back to: rolling back only ends it."
    seconds = picture["rollback_estimate_s"]
    if seconds is None:
        return "How long the way back takes is not known."
    if seconds < 1:
        return "The way back takes about a second, for the old tasks still run."
    return f"The way back takes about {clock_text(seconds)} (m:ss)."


def ask_choice(service: str, way_back: str | None) -> Choice:
    """What the person at the terminal wants; DETACH where there is none, or at a second Ctrl-C.

    `way_back` says what rolling back takes; None: it cannot be asked for.
    """
    if not sys.stdin.isatty():
        return Choice.DETACH
    if way_back is not None:
        say(f"\nThe deployment of {service} goes on. {way_back}")
        question, allowed = "[r]oll back, [k]eep following, or [d]etach?", tuple(Choice)
    else:
        say(f"\nThe deployment of {service} is on its way back, or has ended.")
        question, allowed = "[k]eep following, or [d]etach?", (Choice.KEEP_GOING, Choice.DETACH)
    try:
        while True:
            answer = typer.prompt(question, default=Choice.KEEP_GOING.value, err=True).strip().lower()[:1]
            if answer in allowed:
                return Choice(answer)
            say(f"{answer!r} is none of {', '.join(allowed)}.")
    except typer.Abort:  # Ctrl-C again, or the end of what is typed
        say("")
        return Choice.DETACH
