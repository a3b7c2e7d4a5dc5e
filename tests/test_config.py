"""Settings: which of flag, environment and file wins, and what is refused."""

from pathlib import Path

import pytest

from slipway.config import POOL_LIMIT, Settings, SettingsError, load_settings


def refusal(**flags: object) -> str:
    """Why these flags cannot be."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"data": "data", **flags}, environment={})
    return str(caught.value)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "slipway.toml"
    file.write_text('data = "a"\nregion = "eu-north-1"\naccount = "111111111111"\ncpu = 1024\n')
    settings = load_settings(
        {"region": "us-west-2", "account": None},
        environment={"SLIPWAY_REGION": "eu-west-1", "SLIPWAY_ACCOUNT": "222222222222", "SLIPWAY_CPU": ""},
        file=file,
    )
    read = (settings.data, settings.region, settings.account, settings.cpu)
    assert read == (Path("a"), "us-west-2", "222222222222", 1024)


@pytest.mark.parametrize(
    ("flags", "start"),
    [
        pytest.param({"cpu": -1}, "--cpu is -1; give a number from 0 up.", id="negative"),
        pytest.param({"envoy_concurrency": -1}, "--envoy-concurrency is -1", id="negative threads"),
        pytest.param({"stopped_task_kept_s": "inf"}, "--stopped-task-kept-s is inf", id="for ever"),
        pytest.param({"healthy_after_running_s": "nan"}, "--healthy-after-running-s is nan", id="not a number"),
        pytest.param({"memory": "much"}, "--memory is 'much'; memory takes a whole number.", id="text for a number"),
        pytest.param({"cpu": True}, "--cpu is 'True'; cpu takes a whole number.", id="truth for a number"),
        pytest.param({"no_auth": "perhaps"}, "--no-auth is 'perhaps'; no_auth takes true or false.", id="no truth"),
        pytest.param({"account": "12345"}, "--account is '12345'; an AWS account id has 12 digits.", id="account"),
        pytest.param({"account": "١" * 12}, "--account is", id="account in other digits"),
        pytest.param({"region": ""}, "--region is ''; give one as us-east-1", id="no region"),
        pytest.param({"region": "us east"}, "--region is 'us east'", id="region with a space"),
        pytest.param({"runtime": "podman"}, "--runtime is 'podman'; use one of auto, docker, process.", id="runtime"),
        pytest.param({"listen": "8400"}, "--listen is '8400'; give HOST:PORT", id="listen without a host"),
        pytest.param({"listen": "127.0.0.1:70000"}, "--listen has port 70000", id="no such port"),
        pytest.param(
            {"listen": "0.0.0.0:8400", "no_auth": True}, "--no-auth with --listen 0.0.0.0:8400 would let", id="open"
        ),
        pytest.param({"lb_address_pool": " , "}, "--lb-address-pool is empty", id="empty pool"),
        pytest.param({"lb_address_pool": "10.0.0.0/8"}, "--lb-address-pool has '10.0.0.0/8'", id="pool too large"),
        pytest.param({"lb_address_pool": "127.0.0.9-127.0.0.2"}, "--lb-address-pool has", id="pool backwards"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(flags: dict[str, object], start: str) -> None:
    assert refusal(**flags).startswith(start)


def test_a_file_with_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "slipway.toml"
    file.write_text("colour = 1\n")
    with pytest.raises(SettingsError, match=r"colour is no setting; the settings are account, .*"):
        load_settings({}, environment={}, file=file)


@pytest.mark.parametrize(
    ("environment", "flag", "fails"),
    [
        pytest.param({}, None, True, id="default"),
        pytest.param({"SLIPWAY_FAIL_ON_CERTAINTY": "no"}, None, False, id="environment"),
        pytest.param({"SLIPWAY_FAIL_ON_CERTAINTY": "no"}, True, True, id="flag over environment"),
        pytest.param({}, False, False, id="flag that turns it off"),
    ],
)
def test_failing_on_certainty_can_be_turned_off(environment: dict[str, str], flag: bool | None, *, fails: bool) -> None:
    settings = load_settings({"data": "data", "fail_on_certainty": flag}, environment=environment)
    assert settings.fail_on_certainty is fails


@pytest.mark.parametrize(
    ("pool", "addresses"),
    [
        pytest.param("127.0.0.2-127.0.0.4", ("127.0.0.2", "127.0.0.3", "127.0.0.4"), id="range"),
        pytest.param("10.0.0.0/30", ("10.0.0.1", "10.0.0.2"), id="network"),
        pytest.param("10.0.0.9, 127.0.0.2", ("10.0.0.9", "127.0.0.2"), id="list"),
    ],
)
def test_a_pool_is_written_out(pool: str, addresses: tuple[str, ...]) -> None:
    assert Settings(data=Path("data"), lb_address_pool=pool).address_pool == addresses
    assert len(addresses) <= POOL_LIMIT
