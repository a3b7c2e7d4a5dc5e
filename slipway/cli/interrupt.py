"""Ctrl-C while a deployment is followed: the person is asked what is to become of it, and nobody else is."""

import sys
from enum import StrEnum

import typer

from slipway.cli.output import say
from slipway.cli.picture_words import clock_text


class Choice(StrEnum):
    """What is to become of a deployment that was interrupted here."""

    ROLL_BACK = "r"
    KEEP_GOING = "k"
    DETACH = "d"


def ask_choice(service: str, *, rollback_estimate_s: float | None, may_roll_back: bool) -> Choice:
    """What the person at the terminal wants; DETACH where there is none, or at a second Ctrl-C.

    `rollback_estimate_s` is about how long the way back takes, seconds; None: nobody knows.
    """
    if not sys.stdin.isatty():
        return Choice.DETACH
    if may_roll_back:
        say(f"\nThe deployment of {service} goes on. Rolling back takes {_about(rollback_estimate_s)}.")
        question, allowed = "[r]oll back, [k]eep following, or [d]etach?", tuple(Choice)
    else:
        say(f"\n{service} is on its way back already.")
        question, allowed = "[k]eep following, or [d]etach?", (Choice.KEEP_GOING, Choice.DETACH)
    try:
        while True:
            answer = typer.prompt(question, default="k", show_default=True, err=True).strip().lower()[:1]
            if answer in allowed:
                return Choice(answer)
            say(f"'{answer}' is none of {', '.join(allowed)}.")
    except (KeyboardInterrupt, typer.Abort):
        return Choice.DETACH


def _about(seconds: float | None) -> str:
    if seconds is None:
        return "a time that is not known yet"
    return f"about {clock_text(seconds)} (m:ss)" if seconds >= 1 else "about a second, for the old tasks still run"
