"""`slipway replay SERVICE [DEPLOYMENT] | FILE`: whether the same would be decided again."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.output import print_json
from slipway.cli.postmortem_words import after_text, local_time
from slipway.cli.printable import printable
from slipway.cli.recorded import Deployment, Subject, find_recording, recording_document

if TYPE_CHECKING:
    from slipway.foresight.difference import Difference
    from slipway.foresight.recording import Recording
    from slipway.foresight.replay import Replayed

#: Characters shown of a value that is another.
VALUE_SHOWN = 300


def replay(
    subject: Subject,
    deployment: Deployment = None,
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="With a setting changed, as stopTimeout=5: how long it would have taken; may be repeated.",
        ),
    ] = None,
    cluster: options.Cluster = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Run a deployment again, in virtual time, and check that every decision is the same.

    What hosts, health checks and callers did is taken from its recording; what is to be done is decided anew, by this
    version. Ends with 0 where all decisions are the same, and with 1 at the first that is another.

    With --set, tell instead how long it would have taken with a setting changed: tasks and callers do what they did.
    """
    from slipway.foresight.replay import replay as run_again

    recording = find_recording(subject, deployment, cluster=cluster, data=data)
    if settings:
        _replay_set(recording, settings, as_json=as_json)
        return
    replayed = run_again(recording)
    if as_json:
        print_json(replay_document(recording, replayed))
    else:
        for line in replay_text(recording, replayed):
            print(printable(line))
    if not replayed.is_identical:
        raise typer.Exit(1)


def _replay_set(recording: "Recording", settings: list[str], *, as_json: bool) -> None:
    from slipway.cli.replay_set import what_if, what_if_document, what_if_text

    found = what_if(recording, settings)
    if as_json:
        print_json(what_if_document(recording, found))
    else:
        for line in what_if_text(recording, found):
            print(printable(line))


def replay_document(recording: "Recording", replayed: "Replayed") -> dict[str, Any]:
    """What a replay found, for programs. Instants are epoch seconds."""
    import msgspec

    return {
        **recording_document(recording),
        "ended_at": recording.ended_at,
        "is_over": recording.is_over,
        "recorded_steps": len(recording.steps),
        "steps": replayed.steps,
        "decisions": replayed.decisions,
        "is_identical": replayed.is_identical,
        "version": replayed.version,
        "recorded_by": list(replayed.recorded_by),
        "difference": msgspec.to_builtins(replayed.difference),
    }


def replay_text(recording: "Recording", replayed: "Replayed") -> list[str]:
    """What a replay found, for people: lines."""
    from slipway.foresight.pages.clock import duration_text

    took = duration_text(recording.ended_at - recording.began_at)
    name = recording.service_arn.rpartition("/")[2]
    over = "" if recording.is_over else ", and still going on"
    lines = [f"{recording.deployment_id} of {name}, from {local_time(recording.began_at)} on, {took}{over}"]
    if replayed.difference is None:
        return [*lines, f"Replayed {_many(replayed.steps, 'step')}: all {replayed.decisions} decisions are the same."]
    lines += _difference_text(recording, replayed.difference)
    if replayed.recorded_by != (replayed.version,):
        by = " and ".join(replayed.recorded_by)
        lines.append(
            f"It was recorded by Slipway {by}, and replayed by {replayed.version}: versions may decide otherwise."
        )
    return lines


def _difference_text(recording: "Recording", difference: "Difference") -> list[str]:
    after = after_text(difference.at - recording.began_at)
    what = " ".join(part for part in (difference.kind, difference.key) if part)
    field = f", {difference.field}" if difference.field else ""
    return [
        f"Another decision in step {difference.step} of {len(recording.steps)}, {after} after the first: {what}{field}",
        f"  recorded  {_shown(difference.expected)}",
        f"  now       {_shown(difference.got)}",
        f"The {_many(difference.step - 1, 'step')} before it decided the same.",
    ]


def _shown(value: Any) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
