"""`slipway demo`, word for word what `make demo` runs: no request fails, and nothing is left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_fails_no_request_and_leaves_nothing_behind(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "slipway", "demo", "--json", "--svg", str(tmp_path / "watch.svg")],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["failed"] == 0, report["faults"]
    assert report["requests"] > 100
    assert set(report["versions"]) == {"v1", "v2"}, "users were answered by a version that was never healthy"
    assert report["least_healthy"] == 4
    assert report["rounds"] >= 2
    assert report["way_back"]["left"] == "users:3"
    assert report["way_back"]["restored"] == "users:2"
    assert "circuit breaker" in report["way_back"]["reason"]
    assert report["duration_s"] > 0
    assert (tmp_path / "watch.svg").read_text().startswith("<svg")
    assert [file.name for file in tmp_path.iterdir()] == ["watch.svg"]
    assert not _processes_that_name(str(tmp_path))


def _processes_that_name(text: str) -> list[str]:
    """The command lines of running processes with `text` in them, such as the demo's data directory."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue  # it has ended
            found += [line] if text in line else []
    return found
