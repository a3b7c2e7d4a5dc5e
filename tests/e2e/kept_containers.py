"""Ended containers that a server keeps for their logs, also after its end: a test's are removed with its data."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from slipway.adapters.docker_labels import DATA
from slipway.core.ids import stable_hex


def remove_kept_containers(data: Path) -> None:
    """Remove every container that the ended server of a data directory has left on the engine."""
    with closing(sqlite3.connect(data / "slipway.db")) as store:
        ((seed,),) = store.execute("SELECT value FROM meta WHERE name = 'seed'")
    label = f"label={DATA}={stable_hex(seed, 'docker', length=12)}"
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", label], check=True, capture_output=True, text=True
    )
    if ids := listed.stdout.split():
        subprocess.run(["docker", "rm", "--force", "--volumes", *ids], check=True, capture_output=True)
