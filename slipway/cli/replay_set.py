"""`slipway replay … --set NAME=VALUE`: how long a recorded deployment would have taken with a setting changed."""

import time
from typing import TYPE_CHECKING, Any

from slipway.cli.failure import CliError, UsageError
from slipway.cli.recorded import recording_document

if TYPE_CHECKING:
    from slipway.foresight.advise_subject import Outcome
    from slipway.foresight.recording import Recording
    from slipway.foresight.what_if import WhatIf


def what_if(recording: "Recording", settings: list[str]) -> "WhatIf":
    """What became of the deployment, and what would have. Raises `CliError` and `UsageError`."""
    from slipway.foresight.knob import KnobError
    from slipway.foresight.knobs import parse_assignments
    from slipway.foresight.recording import RecordingError
    from slipway.foresight.what_if import replay_set

    try:
        return replay_set(recording, parse_assignments(settings))
    except KnobError as error:
        raise UsageError(str(error)) from error
    except RecordingError as error:
        raise CliError(str(error)) from error


def what_if_text(recording: "Recording", found: "WhatIf") -> list[str]:
    """It, for people: lines."""
    from slipway.foresight.pages.clock import duration_text

    began = time.strftime("%H:%M", time.localtime(recording.began_at))
    with_settings = ", ".join(str(one) for one in found.assignments)
    lines = [
        f"{began} deployment: {duration_text(found.real.duration_s)} as it was; "
        f"{duration_text(found.changed.duration_s) if found.changed.has_ended else 'no end'} with {with_settings}",
        f"Run again unchanged, in virtual time, it takes {duration_text(found.again.duration_s)}, {_share(found)} of "
        "what it took: so far can the rest be trusted.",
    ]
    if found.again.verdict is not found.real.verdict:
        lines.append(
            f"It ended {found.real.verdict}, and unchanged it now ends {found.again.verdict}: its tasks did what "
            "cannot be played again, so do not trust the rest."
        )
    elif found.changed.verdict is not found.real.verdict:
        lines.append(f"It ended {found.real.verdict}, and would have ended {found.changed.verdict}.")
    if found.changed.lowest_healthy != found.again.lowest_healthy:
        lines.append(
            f"At its lowest, {found.changed.lowest_healthy} of {found.changed.desired} tasks would have been healthy "
            f"instead of {found.again.lowest_healthy}."
        )
    return lines


def _share(found: "WhatIf") -> str:
    return f"{found.again.duration_s / found.real.duration_s:.1%}" if found.real.duration_s else "100.0%"


def what_if_document(recording: "Recording", found: "WhatIf") -> dict[str, Any]:
    """It, for programs. Instants are epoch seconds, durations seconds."""
    return {
        **recording_document(recording),
        "set": {one.name: one.value for one in found.assignments},
        "real": _outcome(found.real),
        "again": _outcome(found.again),
        "changed": _outcome(found.changed),
        "saved_s": found.saved_s if found.again.has_ended and found.changed.has_ended else None,
    }


def _outcome(outcome: "Outcome") -> dict[str, Any]:
    return {
        "verdict": outcome.verdict.value,
        "reason": outcome.reason,
        "duration_s": outcome.duration_s if outcome.has_ended else None,
        "desired": outcome.desired,
        "lowest_healthy": outcome.lowest_healthy,
        "peak_tasks": outcome.peak_tasks,
    }
