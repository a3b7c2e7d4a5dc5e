"""`slipway up` takes every setting as a flag."""

import inspect
from dataclasses import fields

from slipway.cli.up import up
from slipway.config import Settings


def test_every_setting_is_a_flag() -> None:
    flags = set(inspect.signature(up).parameters)
    assert flags == {setting.name for setting in fields(Settings)} | {"config"}
