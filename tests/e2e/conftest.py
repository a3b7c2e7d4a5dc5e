"""The runtimes an end-to-end test is run on, and an address pool that no other server of this machine uses."""

import os

import pytest

RUNTIMES = (pytest.param("process", id="process"), pytest.param("docker", id="docker", marks=pytest.mark.docker))


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> str:
    """Each runtime in turn; docker where an engine answers."""
    return str(request.param)


@pytest.fixture
def pool() -> str:
    """Loopback addresses for load balancers, told apart from those of other test runs by the process id."""
    number = os.getpid() % (250 * 250)
    return f"127.{1 + number // 250}.{1 + number % 250}.1-127.{1 + number // 250}.{1 + number % 250}.20"
