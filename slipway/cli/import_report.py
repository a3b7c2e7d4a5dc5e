"""What the import of a service tells: its rollout file, what was assumed, and what deployments took."""

from pathlib import Path
from typing import Any

from slipway.cli.output import print_json, refuse_existing, say, write_file
from slipway.foresight.forecast_view import rollout_view, seconds
from slipway.foresight.imports import Imported, rollout_toml
from slipway.foresight.imports_deployments import Compared


def tell_import(
    imported: Imported, compared: tuple[Compared, ...], *, output: Path | None, force: bool, as_json: bool
) -> None:
    """Write the rollout file, or print it; the rest is for people, on stderr where stdout has the file. Raises
    `CliError` for a file that is there, which may have been edited, without `force`."""
    refuse_existing(output, force=force)
    toml = rollout_toml(imported)
    if output is not None:
        write_file(output, toml)
    if as_json:
        print_json(_document(imported, compared))
        return
    if output is None:
        print(toml, end="")
    told = print if output is not None else say
    for line in _lines(imported, compared, output):
        told(line)


def _lines(imported: Imported, compared: tuple[Compared, ...], output: Path | None) -> list[str]:
    lines = [f"{imported.title[0].upper()}{imported.title[1:]} is in {output}."] if output is not None else [""]
    assumptions = imported.assumptions()
    if assumptions:
        lines += ["", "Assumed, for nobody says so; change them in the file:", *(f"  {one}" for one in assumptions)]
    if imported.notes:
        lines += ["", *imported.notes]
    if compared:
        lines += ["", "Recent deployments, about:", *(f"  {one.id}: {one.sentence}" for one in compared)]
    if output is not None:
        lines += ["", f"Next: slipway simulate {output}; slipway advise --rollout {output}"]
    return lines


def _document(imported: Imported, compared: tuple[Compared, ...]) -> dict[str, Any]:
    return {
        "title": imported.title,
        "rollout": rollout_view(imported.rollout()),
        "sources": {fact.name: fact.source for fact in imported.facts if fact.is_known},
        "assumed": {fact.name: fact.source for fact in imported.facts if not fact.is_known},
        "notes": list(imported.notes),
        "deployments": [
            {
                "id": one.id,
                "began_at": one.began_at,
                "measured_s": seconds(one.measured_s),
                "simulated_s": seconds(one.forecast.duration_s) if one.forecast.has_ended else None,
                "kinds": {str(kind): seconds(total) for kind, total in one.kinds},
                "sentence": one.sentence,
            }
            for one in compared
        ],
    }
