"""The transcripts in this folder are what the world says. `pytest --rewrite` writes them anew, to be reviewed."""

from pathlib import Path

import pytest

from tests.scenarios.interpreter import rewritten

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, rewrite: bool) -> None:
    said = rewritten(path.read_text("utf-8"))
    if rewrite:
        path.write_text(said, "utf-8")
    assert path.read_text("utf-8") == said
