"""(d) Requests a second through the load balancer, beside a bare Envoy of the same binary.

The bare one has the smallest static configuration that spreads requests over the same targets. Both have one worker,
the same wrk, the same targets (a third Envoy that answers by itself); they are put under load in turn. Slipway's does
more a request: it adds X-Forwarded-For and X-Forwarded-Port, retries what no target has begun to receive, and takes
its endpoints from files that it watches; its targets are under health checks meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.envoys import ADDRESS, Proxy, answering, forwarding
from bench.fleet import fresh_server, until
from bench.load import Load, find_wrk, put_load, taken
from bench.procfs import cpu_seconds
from bench.result import Row, Target
from slipway.cli.free_port import free_port
from tests.e2e.server_process import ServerProcess

TARGETS = 2
CONNECTIONS = 16
ROUNDS, QUICK_ROUNDS = 16, 2
SECONDS, QUICK_SECONDS = 2.0, 1.0
TIMES_ENVOY = 0.95  # what is promised: docs/benchmarks.md
CHECK_INTERVAL_S = 5
POOL = "127.0.77.1-127.0.77.9"
#: Where the server keeps Envoy's pid, below its data.
PID_FILE = Path("envoy/envoy.pid")
_PATH = "/user/42"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server with one load balancer whose targets are all healthy."""

    server: ServerProcess
    proxy: Proxy


@contextmanager
def balanced(ports: Sequence[int], *, interval_s: int) -> Iterator[Site]:
    """A server whose load balancer spreads requests over `ports` of this machine, each checked every `interval_s`."""
    with fresh_server({"lb_address_pool": POOL, "envoy_concurrency": 1}) as server:
        elb = server.client("elbv2")
        (balancer,) = elb.create_load_balancer(Name="bench", Subnets=["subnet-1"])["LoadBalancers"]
        (zone,) = balancer["AvailabilityZones"]
        address = zone["LoadBalancerAddresses"][0]["IpAddress"]
        (group,) = elb.create_target_group(
            Name="bench",
            Protocol="HTTP",
            Port=80,
            VpcId="vpc-1",
            TargetType="ip",
            HealthCheckIntervalSeconds=interval_s,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
        )["TargetGroups"]
        arn, port = group["TargetGroupArn"], free_port(address)
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
        )
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": ADDRESS, "Port": each} for each in ports])
        until(lambda: _healthy(elb, arn) == len(ports), f"{len(ports)} targets to be healthy")
        pid = int((server.data / PID_FILE).read_text())
        yield Site(server=server, proxy=Proxy(url=f"http://{address}:{port}/", pid=pid))


def _healthy(elb: object, arn: str) -> int:
    shown = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]  # type: ignore[attr-defined]
    return sum(target["TargetHealth"]["State"] == "healthy" for target in shown)


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: requests a second, latency at the median and the 99th percentile, the proxy's processor time a request."""
    find_wrk()
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if is_quick else (ROUNDS, SECONDS)
    loads: dict[str, list[Load]] = {}
    spent: dict[str, float] = {}
    with (
        answering(TARGETS) as ports,
        forwarding(ports) as bare,
        balanced(ports, interval_s=CHECK_INTERVAL_S) as site,
    ):
        both = {"ours": site.proxy, "bare": bare}
        for turn in range(rounds):
            for side, proxy in sorted(both.items(), reverse=turn % 2 == 0):  # each follows itself as often as the other
                before = cpu_seconds(proxy.pid)
                loads.setdefault(side, []).append(_load(proxy, seconds))
                spent[side] = spent.get(side, 0.0) + cpu_seconds(proxy.pid) - before
    ours, envoy = taken(loads["ours"]), taken(loads["bare"])
    cost = {side: 1e6 * spent[side] / sum(load.requests for load in loads[side]) for side in both}
    target = Target(limit=TIMES_ENVOY, is_floor=True)
    rows = (
        _row("requests", ours.rate, envoy.rate, unit="/s", target=target),
        _row("latency, median", ours.p50_ms, envoy.p50_ms, unit="ms"),
        _row("latency, p99", ours.p99_ms, envoy.p99_ms, unit="ms"),
        _row("proxy's CPU a request", cost["ours"], cost["bare"], unit="µs"),
    )
    note = (
        f"medians of {rounds} rounds of {seconds:g} s, in turn; {CONNECTIONS} kept-alive connections; one worker each"
    )
    return rows, (note,)


def _row(measure: str, ours: float, bare: float, *, unit: str, target: Target | None = None) -> Row:
    return Row(measure=measure, ours=ours, unit=unit, reference=bare, against="bare Envoy", target=target)


def _load(proxy: Proxy, seconds: float) -> Load:
    request = f"GET {_PATH} HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n".encode()
    return put_load(proxy.url, request, connections=CONNECTIONS, seconds=seconds)
