"""What every test can ask for: the Docker marker, the seed, `--rewrite`, and Hypothesis's settings."""

import http.client
import json
import os
import socket
from functools import cache
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, settings

DOCKER_API = (1, 41)  # the oldest Engine API that the docker runtime speaks

settings.register_profile(
    "slipway",
    deadline=None,  # wall-clock time is never a failure
    max_examples=int(os.environ.get("SLIPWAY_SIM_EXAMPLES", "50")),
    derandomize="CI" in os.environ,  # CI tries the same examples each time; a developer's run looks for new ones
    print_blob=True,  # a failure prints what reproduces it
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("slipway")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write what was observed into the transcripts, to be reviewed"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "docker: needs a Docker Engine; skipped, with the reason, where none answers")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("docker") is None:
        return
    if refusal := no_docker():
        if os.environ.get("SLIPWAY_REQUIRE_DOCKER"):
            pytest.fail(f"SLIPWAY_REQUIRE_DOCKER is set, but {refusal}", pytrace=False)
        pytest.skip(refusal)


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are to be rewritten (`pytest --rewrite`) rather than compared."""
    return bool(request.config.getoption("--rewrite"))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of a test that draws by chance: SLIPWAY_SEED, or 1. A failure's report shows it."""
    value = int(os.environ.get("SLIPWAY_SEED", "1"))
    request.node.add_report_section("setup", "seed", f"run again with SLIPWAY_SEED={value}")
    return value


@cache
def no_docker() -> str:
    """Why docker tests cannot run here, one sentence; empty if an engine with a new enough API answers."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    try:
        version = json.loads(docker_version(address))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"no Docker Engine answers at {address}: {error}."
    api = tuple(int(part) for part in version["ApiVersion"].split("."))
    if api < DOCKER_API:
        needed = ".".join(map(str, DOCKER_API))
        return f"the Docker Engine at {address} speaks API {version['ApiVersion']}, and {needed} is needed."
    return ""


def docker_version(address: str) -> bytes:
    """The body of the engine's GET /version at a DOCKER_HOST address, `unix://PATH` or `tcp://HOST:PORT`."""
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname or "docker", url.port or 2375, timeout=5)
    try:
        if url.scheme == "unix":
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(5)
            connection.sock.connect(url.path)
        connection.request("GET", "/version")
        return connection.getresponse().read()
    finally:
        connection.close()
