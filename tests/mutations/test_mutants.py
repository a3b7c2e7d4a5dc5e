"""The planted mistakes can still be planted, and nothing else is changed by them."""

import shutil
from pathlib import Path

import pytest

import slipway
from tests.mutations.mutants import MUTANTS, Mutant

PACKAGE = Path(slipway.__path__[0])


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_can_be_planted(mutant: Mutant, tmp_path: Path) -> None:
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(PACKAGE / mutant.file, copy)
    mutant.plant(tmp_path)
    changed = copy.read_text("utf-8")
    assert changed != (PACKAGE / mutant.file).read_text("utf-8")
    compile(changed, mutant.file, "exec")
