"""The way back on both runtimes: it survives SIGKILL of the server, and starts the missing tasks only.

Targets are healthy at their first good check: 20 s each on the process runtime, 25 to 30 s on docker.
"""

from pathlib import Path
from typing import Any

from tests.e2e.balanced_service import STEADY_S, BalancedService, Shape
from tests.e2e.programs import users
from tests.e2e.request_stream import RequestStream
from tests.e2e.server_process import serving
from tests.e2e.story import explained
from tests.waiting import wait_until

MANY = 20


def test_a_server_killed_on_the_way_back_goes_on_with_it(runtime: str, tmp_path: Path, pool: str) -> None:
    with (
        serving(tmp_path / "data", runtime=runtime, lb_address_pool=pool, new_target_checks=1) as server,
        explained(server),
    ):
        service = BalancedService(server, "back", users(runtime), Shape(tasks=4, maximum_percent=150))
        service.await_steady()
        with RequestStream(service.address, service.port, slow_s=1) as stream:
            stream.await_answers(version="v1")
            service.roll("v2")
            _await_half_way(service, at_least=1)
            _stop(service)
            wait_until(
                lambda: service.roll_out()["status"] == "ROLLBACK_IN_PROGRESS",
                timeout_s=STEADY_S,
                what="the way back to begin",
            )
            server.kill9()
            stream.await_answers()
            server.restart()
            verdict = service.await_verdict()
            service.await_steady()
            stream.await_answers(version="v1")
        assert verdict["status"] == "ROLLBACK_SUCCESSFUL", verdict
        assert not stream.failures, stream.report()
        assert {task["taskDefinitionArn"].rpartition(":")[2] for task in _alive(service)} == {"1"}


def test_a_way_back_starts_the_missing_tasks_only(runtime: str, tmp_path: Path, pool: str) -> None:
    with (
        serving(tmp_path / "data", runtime=runtime, lb_address_pool=pool, new_target_checks=1) as server,
        explained(server),
    ):
        service = BalancedService(server, "many", users(runtime), Shape(tasks=MANY, maximum_percent=140))
        service.await_steady()
        before = {task["taskArn"] for task in service.tasks()}
        service.roll("v2")
        _await_half_way(service, at_least=8)
        _stop(service)
        verdict = service.await_verdict()
        service.await_steady()
        old = [task for task in service.tasks() if task["taskDefinitionArn"].endswith(":1")]
        lost = {task["taskArn"] for task in old if task["taskArn"] in before and task["lastStatus"] == "STOPPED"}
        started = {task["taskArn"] for task in old} - before
        assert verdict["status"] == "ROLLBACK_SUCCESSFUL", verdict
        assert 8 <= len(lost) < MANY
        assert len(started) == len(lost), f"{len(lost)} of {MANY} were missing, and {len(started)} were started"


def _await_half_way(service: BalancedService, *, at_least: int) -> None:
    """Wait until so many old tasks are gone, and some are left."""

    def is_half_way() -> bool:
        counts = {one["status"]: one["runningCount"] for one in service.describe()["deployments"]}
        return bool(0 < counts.get("ACTIVE", 0) <= service.shape.tasks - at_least)

    wait_until(is_half_way, timeout_s=STEADY_S, what=f"{at_least} old tasks to be gone")


def _stop(service: BalancedService) -> None:
    service.ecs.stop_service_deployment(serviceDeploymentArn=service.roll_out()["serviceDeploymentArn"])


def _alive(service: BalancedService) -> list[dict[str, Any]]:
    return [task for task in service.tasks() if task["lastStatus"] != "STOPPED"]
