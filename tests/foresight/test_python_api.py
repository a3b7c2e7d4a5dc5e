"""What `import slipway` gives to notebooks and pipelines."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import slipway
from slipway.cli.failure import CliError
from slipway.foresight.explain import Explanation
from slipway.foresight.forecast import Forecast
from slipway.foresight.forecast_view import seconds
from slipway.foresight.lazy_names import PLACES

RECORDED = Path(__file__).parent / "rolled_and_back.slipway.gz"


def test_a_rollout_is_simulated_by_keywords() -> None:
    forecast = slipway.simulate(desired=6, room=8, exit="ignores", health_interval="30s", ways_back=False)
    assert isinstance(forecast, Forecast)
    assert seconds(forecast.duration_s) == 1440
    assert slipway.simulate(slipway.Rollout(room=8), minimum_healthy_percent=50).lowest_healthy == 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"disired": 6}, "disired is no setting of a rollout; did you mean desired?"),
        ({"desired": "six"}, "--desired is 'six'; it takes a whole number."),
    ],
)
def test_what_cannot_be_simulated_is_told(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(slipway.RolloutError) as refused:
        slipway.simulate(**settings)
    assert str(refused.value) == sentence


def test_a_number_is_no_rollout() -> None:
    with pytest.raises(TypeError, match=r"takes a slipway\.Rollout, not 6; settings go by name"):
        slipway.simulate(6)  # type: ignore[arg-type]


def test_a_recording_is_explained() -> None:
    explanation = slipway.explain(RECORDED)
    assert isinstance(explanation, Explanation)
    assert sum(segment.seconds for segment in explanation.ledger.segments) == explanation.seconds


def test_a_recording_that_is_not_there_is_told() -> None:
    with pytest.raises(CliError, match=r"nowhere\.slipway\.gz"):
        slipway.explain("nowhere.slipway.gz")


def test_every_name_is_there_and_typed() -> None:
    stub = ast.parse(Path(slipway.__file__).with_suffix(".pyi").read_text())
    typed = {name.asname for node in stub.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert typed == set(slipway.__all__) == set(PLACES) == set(dir(slipway))
    assert all(getattr(slipway, name).__name__ == name for name in PLACES)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'slipway' has no attribute 'simulat'"):
        slipway.simulat  # noqa: B018


def test_importing_it_brings_nothing_along() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, slipway; print([one for one in sys.modules if one.startswith('slipway.')])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ast.literal_eval(told.stdout) == ["slipway.foresight", "slipway.foresight.lazy_names"]
