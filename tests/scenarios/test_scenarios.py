"""The transcripts in this folder are what the world says. `pytest --rewrite` writes them anew, to be reviewed."""

import re
from pathlib import Path

import pytest

from tests.scenarios.interpreter import rewritten

FOLDER = Path(__file__).parent
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, rewrite: bool) -> None:
    said = rewritten(path.read_text("utf-8"))
    if rewrite:
        path.write_text(said, "utf-8")
    assert path.read_text("utf-8") == said


def test_every_transcript_is_listed() -> None:
    """README.md lists them by rule, each once."""
    listed = re.findall(r"^- \[\w+\]\((\w+)\.txt\)", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == [path.stem for path in TRANSCRIPTS]


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_begins_with_its_rule(path: Path) -> None:
    assert path.read_text("utf-8").startswith("# ")
