"""The translation of a payload into the engine's create body, option by option."""

from typing import Any

import msgspec
import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.docker_labels import labels_of, payload_in
from slipway.adapters.docker_spec import Place, create_body
from slipway.core.model.task_definitions import ContainerHealthCheck, NetworkMode, PortMapping
from slipway.core.plan import ContainerPayload, TaskPayload

MIB = 1024 * 1024
TASK_ID = "0123456789abcdef0123456789abcdef"
DEFAULT_LOG = {"Type": "json-file", "Config": {"max-size": "16m", "max-file": "2"}}


def container(**fields: Any) -> ContainerPayload:
    return ContainerPayload(
        **{"name": "app", "arn": "arn:c", "image": "users:v1", "essential": True, "memory": 64, **fields}
    )


def task(*containers: ContainerPayload, **fields: Any) -> TaskPayload:
    return TaskPayload(
        **{
            "task_arn": f"arn:aws:ecs:local:000000000000:task/default/{TASK_ID}",
            "cluster_name": "default",
            "family": "users",
            "revision": 3,
            "service_name": "users",
            "network_mode": NetworkMode.BRIDGE,
            "cpu": 0,
            "memory": 64,
            "containers": containers,
            **fields,
        }
    )


def body_of(each: ContainerPayload, *, network: str = "bridge", cpus: int = 4, **task_fields: Any) -> dict[str, Any]:
    return create_body(task(each, **task_fields), each, Place(data_id="d1", network=network, cpus=cpus))


def test_the_least_container_asks_for_nothing_more() -> None:
    body = body_of(container())
    del body["Labels"]
    assert body == {
        "Image": "users:v1",
        "Env": [],
        "StopTimeout": 30,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {"NetworkMode": "bridge", "LogConfig": DEFAULT_LOG, "CpuShares": 2, "Memory": 64 * MIB},
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"command": ("serve", "--now")}, {"Cmd": ["serve", "--now"]}, id="command"),
        pytest.param({"entry_point": ("/init", "-q")}, {"Entrypoint": ["/init", "-q"]}, id="entry point"),
        pytest.param({"working_directory": "/srv"}, {"WorkingDir": "/srv"}, id="working directory"),
        pytest.param({"user": "1000:50"}, {"User": "1000:50"}, id="user"),
        pytest.param({"environment": {"A": "1", "B": "x=y"}}, {"Env": ["A=1", "B=x=y"]}, id="environment"),
        pytest.param({"stop_timeout_s": 2.1}, {"StopTimeout": 3}, id="stop timeout, rounded up"),
        pytest.param({"stop_timeout_s": 3600}, {"StopTimeout": 3600}, id="stop timeout above the 120 s of Fargate"),
        pytest.param({"document": {"hostname": "one"}}, {"Hostname": "one"}, id="hostname"),
        pytest.param({"document": {"pseudoTerminal": True}}, {"Tty": True}, id="terminal"),
        pytest.param({"document": {"interactive": True}}, {"OpenStdin": True}, id="interactive"),
        pytest.param({"document": {"disableNetworking": True}}, {"NetworkDisabled": True}, id="no network"),
        pytest.param(
            {"health_check": ContainerHealthCheck(command=("CMD", "ok"), interval_s=7)},
            {
                "Healthcheck": {
                    "Test": ["CMD", "ok"],
                    "Interval": 7_000_000_000,
                    "StartInterval": 7_000_000_000,
                    "Timeout": 5_000_000_000,
                    "Retries": 3,
                    "StartPeriod": 0,
                }
            },
            id="health check",
        ),
        pytest.param(
            {"port_mappings": (PortMapping(container_port=80), PortMapping(container_port=53, protocol="udp"))},
            {
                "Env": ["PORT=80", "PORT_80=80", "PORT_53=53"],
                "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
            },
            id="ports are told to the program",
        ),
        pytest.param(
            {"port_mappings": (PortMapping(container_port=80),), "environment": {"PORT": "81"}},
            {"Env": ["PORT=81", "PORT_80=80"]},
            id="the definition's own PORT wins",
        ),
    ],
)
def test_container_fields(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    body = body_of(container(**fields))
    assert {name: body[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"privileged": True}, {"Privileged": True}, id="privileged"),
        pytest.param({"readonlyRootFilesystem": True}, {"ReadonlyRootfs": True}, id="read-only root"),
        pytest.param({"dnsServers": ["10.0.0.2"]}, {"Dns": ["10.0.0.2"]}, id="dns servers"),
        pytest.param({"dnsSearchDomains": ["corp"]}, {"DnsSearch": ["corp"]}, id="dns search"),
        pytest.param(
            {"extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.9"}]}, {"ExtraHosts": ["db:10.0.0.9"]}, id="hosts"
        ),
        pytest.param({"dockerSecurityOptions": ["label:x"]}, {"SecurityOpt": ["label:x"]}, id="security options"),
        pytest.param(
            {"systemControls": [{"namespace": "net.core.somaxconn", "value": "512"}]},
            {"Sysctls": {"net.core.somaxconn": "512"}},
            id="system controls",
        ),
        pytest.param({"links": ["db:database"]}, {"Links": [f"slipway-{TASK_ID}-db:database"]}, id="links"),
        pytest.param(
            {"volumesFrom": [{"sourceContainer": "data", "readOnly": True}]},
            {"VolumesFrom": [f"slipway-{TASK_ID}-data:ro"]},
            id="volumes from",
        ),
        pytest.param({"linuxParameters": {"initProcessEnabled": True}}, {"Init": True}, id="init process"),
        pytest.param({"linuxParameters": {"sharedMemorySize": 8}}, {"ShmSize": 8 * MIB}, id="shared memory"),
        pytest.param(
            {"linuxParameters": {"capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}}},
            {"CapAdd": ["NET_ADMIN"], "CapDrop": ["ALL"]},
            id="capabilities",
        ),
        pytest.param(
            {"linuxParameters": {"tmpfs": [{"containerPath": "/run", "size": 9, "mountOptions": ["noexec"]}]}},
            {"Tmpfs": {"/run": "noexec,size=9m"}},
            id="tmpfs",
        ),
        pytest.param(
            {"linuxParameters": {"devices": [{"hostPath": "/dev/fuse", "permissions": ["read", "mknod"]}]}},
            {"Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rm"}]},
            id="devices",
        ),
        pytest.param(
            {"linuxParameters": {"maxSwap": 16, "swappiness": 5}},
            {"MemorySwap": 80 * MIB, "MemorySwappiness": 5},
            id="swap",
        ),
        pytest.param(
            {"logConfiguration": {"logDriver": "json-file", "options": {"max-size": "1m"}}},
            {"LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}},
            id="log options",
        ),
        pytest.param(
            {"logConfiguration": {"logDriver": "journald", "options": {"tag": "t"}}},
            {"LogConfig": {"Type": "journald", "Config": {"tag": "t"}}},
            id="another log driver",
        ),
        pytest.param(
            {"logConfiguration": {"logDriver": "none"}}, {"LogConfig": {"Type": "none", "Config": {}}}, id="none"
        ),
        pytest.param(
            {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}},
            {"LogConfig": DEFAULT_LOG},
            id="awslogs stay on this machine",
        ),
    ],
)
def test_host_options(document: dict[str, Any], expected: dict[str, Any]) -> None:
    config = body_of(container(document=document))["HostConfig"]
    assert {name: config[name] for name in expected} == expected


def test_ulimits() -> None:
    config = body_of(container(ulimits=(("nofile", 1024, 4096),)))["HostConfig"]
    assert config["Ulimits"] == [{"Name": "nofile", "Soft": 1024, "Hard": 4096}]


@pytest.mark.parametrize(
    ("task_cpu", "own", "others", "expected"),
    [
        pytest.param(256, 256, (), {"CpuShares": 256}, id="named by the container: it may burst"),
        pytest.param(256, 0, (), {"CpuShares": 256, "NanoCpus": 250_000_000}, id="named by the task: a quota"),
        pytest.param(
            512, 128, (), {"CpuShares": 128, "NanoCpus": 500_000_000}, id="both: own shares, the task's quota"
        ),
        pytest.param(512, 0, (256, 0), {"CpuShares": 128, "NanoCpus": 500_000_000}, id="the rest is split evenly"),
        pytest.param(0, 0, (), {"CpuShares": 2}, id="nothing named: the least"),
        pytest.param(8192, 0, (), {"CpuShares": 8192, "NanoCpus": 4_000_000_000}, id="no more than the machine has"),
    ],
)
def test_cpu(task_cpu: int, own: int, others: tuple[int, ...], expected: dict[str, int]) -> None:
    mine = container(cpu=own)
    all_of_it = task(mine, *(container(name=f"o{n}", cpu=cpu) for n, cpu in enumerate(others)), cpu=task_cpu)
    config = create_body(all_of_it, mine, Place(data_id="d1", network="bridge", cpus=4))["HostConfig"]
    assert {name: config.get(name) for name in ("CpuShares", "NanoCpus") if name in config} == expected


@pytest.mark.parametrize(
    ("task_memory", "hard", "soft", "expected"),
    [
        pytest.param(64, 64, None, {"Memory": 64 * MIB}, id="hard"),
        pytest.param(128, 64, 32, {"Memory": 64 * MIB, "MemoryReservation": 32 * MIB}, id="hard and soft"),
        pytest.param(32, None, 32, {"MemoryReservation": 32 * MIB}, id="soft only: no hard limit"),
        pytest.param(512, None, None, {"Memory": 512 * MIB}, id="the task's"),
        pytest.param(4, 4, None, {"Memory": 6 * MIB}, id="the engine's least"),
    ],
)
def test_memory(task_memory: int, hard: int | None, soft: int | None, expected: dict[str, int]) -> None:
    config = body_of(container(memory=hard, memory_reservation=soft), memory=task_memory)["HostConfig"]
    assert {name: config[name] for name in ("Memory", "MemoryReservation") if name in config} == expected


def test_bridge_publishes_on_loopback() -> None:
    ports = (PortMapping(container_port=80), PortMapping(container_port=81, host_port=8081))
    config = body_of(container(port_mappings=ports))["HostConfig"]
    assert config["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
        "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}],
    }


@pytest.mark.parametrize("mode", [NetworkMode.HOST, NetworkMode.AWSVPC, NetworkMode.NONE])
def test_other_modes_publish_nothing(mode: NetworkMode) -> None:
    body = body_of(container(port_mappings=(PortMapping(container_port=80),)), network_mode=mode, network="any")
    assert "PortBindings" not in body["HostConfig"]


def test_one_that_joins_a_network_gets_no_network_options() -> None:
    document = {"hostname": "h", "dnsServers": ["10.0.0.2"], "extraHosts": [{"hostname": "a", "ipAddress": "1.2.3.4"}]}
    joins = container(document=document, port_mappings=(PortMapping(container_port=80),))
    body = body_of(joins, network_mode=NetworkMode.AWSVPC, network="container:abc")
    assert not {"Hostname", "ExposedPorts"} & body.keys()
    assert not {"Dns", "ExtraHosts", "PortBindings"} & body["HostConfig"].keys()


def test_labels_are_ours_and_the_agents() -> None:
    labels = body_of(container(document={"dockerLabels": {"team": "a", "io.slipway.data": "stolen"}}))["Labels"]
    payload = labels.pop("io.slipway.payload")
    assert labels == {
        "team": "a",
        "io.slipway.data": "d1",
        "io.slipway.task-arn": f"arn:aws:ecs:local:000000000000:task/default/{TASK_ID}",
        "io.slipway.container": "app",
        "com.amazonaws.ecs.cluster": "default",
        "com.amazonaws.ecs.container-name": "app",
        "com.amazonaws.ecs.task-arn": f"arn:aws:ecs:local:000000000000:task/default/{TASK_ID}",
        "com.amazonaws.ecs.task-definition-family": "users",
        "com.amazonaws.ecs.task-definition-version": "3",
    }
    assert msgspec.json.decode(payload)["family"] == "users"


def test_the_payload_survives_its_label() -> None:
    ordered = task(
        container(environment={"A": "ü"}, ulimits=(("core", 0, -1),), document={"dockerLabels": {"a": "b"}}),
        container(name="side", essential=False, port_mappings=(PortMapping(container_port=80, name="http"),)),
    )
    assert payload_in(labels_of(ordered, ordered.containers[0], data_id="d1")) == ordered


def test_mount_points_are_refused_with_what_to_do() -> None:
    with pytest.raises(RuntimeFault, match=r"container app: mountPoints are not served .* remove them"):
        body_of(container(document={"mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]}))
