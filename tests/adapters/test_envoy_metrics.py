"""What Envoy counts of requests: reading its statistics, and what was counted between two readings."""

import msgspec
import pytest

from slipway.adapters.envoy_admin import read_stats
from slipway.adapters.envoy_metrics import (
    EnvoyStats,
    RequestKind,
    dimension,
    grown,
    of_balancers,
    of_groups,
    request_times,
    requests,
    response_times,
)

LISTENER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/web/50dc6c495c0c9188/0000000000001f90"
CLUSTER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/000000000000013e"
ROUTE = "app/web/50dc6c495c0c9188"
GROUP = "targetgroup/web/000000000000013e"
IN_NAMES = CLUSTER.replace(":", "_")

#: As Envoy 1.40 answers, shortened.
PAGE = f"""{{"stats":[
{{"name":"cluster.{IN_NAMES}.upstream_cx_connect_fail","value":2}},
{{"name":"cluster.{IN_NAMES}.upstream_cx_total","value":7}},
{{"name":"http.{ROUTE}.downstream_cx_active","value":1}},
{{"name":"slipway.requests.of.{ROUTE}|{LISTENER}|{CLUSTER}|200|-","value":40}},
{{"name":"server.version","value":"1.40.0"}},
{{"histograms":{{"supported_percentiles":[0,50,100],"details":[
{{"name":"slipway.response_time.of.{ROUTE}|{CLUSTER}",
"totals":[{{"lower_bound":75,"width":1,"count":1}},{{"lower_bound":740,"width":10,"count":39}}],
"intervals":[{{"lower_bound":75,"width":1,"count":1}}],
"percentiles":[{{"cumulative":75.5,"interval":75.5}}]}}]}}}}]}}"""


def test_a_page_of_statistics_is_read() -> None:
    stats = read_stats(PAGE.encode(), 7)
    answered = RequestKind(load_balancer=ROUTE, target_group=GROUP, status=200, is_by_target=True, has_target=True)
    assert stats.pid == 7
    assert list(requests(stats)) == [(answered, 40)]
    assert list(of_groups(stats, "upstream_cx_connect_fail")) == [(GROUP, 2)]
    assert list(of_groups(stats, "upstream_cx_total")) == [(GROUP, 7)]
    assert list(of_balancers(stats, "downstream_cx_active")) == [(ROUTE, 1)]
    assert list(response_times(stats)) == [(ROUTE, GROUP, {75.5e-6: 1, 745e-6: 39})]


def test_an_envoy_that_counted_nothing_has_an_empty_page() -> None:
    assert read_stats(b'{"stats":[]}', 7) == EnvoyStats(pid=7)


def test_a_page_that_is_no_json_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        read_stats(b"invalid path", 7)


@pytest.mark.parametrize(
    ("kind", "status", "is_by_target", "has_target"),
    [
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|200|-", 200, True, True, id="an answer of the target"),
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|503|-", 503, True, True, id="a 503 of the target"),
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|200|UC", 200, True, True, id="an answer cut by the target"),
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|200|DC", 200, True, True, id="an answer the client did not await"),
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|0|DC", 460, False, True, id="a client that left"),
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|502|UC", 502, False, True, id="cut before the answer"),
        pytest.param(
            f"{ROUTE}|{LISTENER}|{CLUSTER}|502|UF,URX", 502, False, True, id="no target could be connected to"
        ),
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|504|SI", 504, False, True, id="idle timeout"),
        pytest.param(f"{ROUTE}|{LISTENER}|{CLUSTER}|503|UH", 503, False, False, id="no target"),
        pytest.param(f"{ROUTE}|{LISTENER}||503|-", 503, False, False, id="no group has weight"),
        pytest.param(f"|{LISTENER}||400|DPE", 400, False, False, id="a malformed request"),
    ],
)
def test_requests_are_told_apart_by_how_they_ended(
    kind: str, status: int, is_by_target: bool, has_target: bool
) -> None:
    stats = EnvoyStats(pid=1, values={f"slipway.requests.of.{kind}": 3})
    [(found, count)] = requests(stats)
    assert count == 3
    assert found.load_balancer == ROUTE
    assert (found.status, found.is_by_target, found.has_target) == (status, is_by_target, has_target)


def test_a_request_that_names_no_load_balancer_is_nobody_s() -> None:
    stats = EnvoyStats(pid=1, values={"slipway.requests.of.|names:80||404|-": 3})
    assert list(requests(stats)) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param(None, EnvoyStats(pid=1, values={"a": 5}), {}, id="the first reading tells nothing"),
        pytest.param(EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=1, values={"a": 7}), {"a": 2}, id="growth"),
        pytest.param(EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=1, values={"a": 5}), {}, id="no growth"),
        pytest.param(EnvoyStats(pid=1), EnvoyStats(pid=1, values={"a": 5}), {"a": 5}, id="a new counter"),
        pytest.param(EnvoyStats(pid=None), EnvoyStats(pid=1, values={"a": 5}), {"a": 5}, id="the first Envoy"),
        pytest.param(
            EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=2, values={"a": 7}), {"a": 7}, id="another Envoy"
        ),
        pytest.param(EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=1, values={"a": 3}), {"a": 3}, id="a fall"),
        pytest.param(EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=None), {}, id="no Envoy runs"),
    ],
)
def test_what_was_counted_between_two_readings(
    before: EnvoyStats | None, after: EnvoyStats, found: dict[str, int]
) -> None:
    assert grown(before, after).values == found


def test_histograms_grow_bin_by_bin() -> None:
    before = EnvoyStats(pid=1, histograms={"a": {0.5: 2, 1.5: 1}, "still": {0.5: 1}})
    after = EnvoyStats(pid=1, histograms={"a": {0.5: 2, 1.5: 4, 2.5: 1}, "still": {0.5: 1}})
    assert grown(before, after).histograms == {"a": {1.5: 3, 2.5: 1}}
    assert grown(before, EnvoyStats(pid=2, histograms=after.histograms)).histograms == after.histograms


def test_dimensions_are_the_last_parts_of_arns() -> None:
    assert dimension("arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/50dc") == "app/web/50dc"
    assert dimension(CLUSTER) == GROUP


@pytest.mark.parametrize(
    ("middle", "seconds"),
    [
        pytest.param(0, 0, id="within a millisecond"),
        pytest.param(3.05, 0.0031, id="3 ms"),
        pytest.param(995, 1.0, id="990 ms"),
        pytest.param(8050, 8.1, id="8 s"),
        pytest.param(10500, 11, id="10 s"),
        pytest.param(615000, 620, id="10 minutes"),
    ],
)
def test_how_long_a_request_lasted_is_rounded_up(middle: float, seconds: float) -> None:
    stats = EnvoyStats(pid=1, histograms={f"slipway.request_time.of.{CLUSTER}": {middle: 2}})
    assert list(request_times(stats)) == [(GROUP, {seconds: 2})]


def test_a_request_that_went_to_no_group_has_no_time() -> None:
    assert not list(request_times(EnvoyStats(pid=1, histograms={"slipway.request_time.of.": {8050: 2}})))
