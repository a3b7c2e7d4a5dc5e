"""A request is carried out as a transaction; what must be waited for is asked before it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.adapters.metric_store import MetricStore
from slipway.api.call import Site
from slipway.api.image_lacks import ImageLacks
from slipway.api.invocation import invoker
from slipway.controller import Controller
from slipway.core.rules import Rules
from slipway.sim.clock import Agenda, VirtualClock
from slipway.sim.store import MemoryStore
from slipway.sim.targets import SimLoadBalancer
from slipway.sim.world import ARNS
from tests.api.calls import FakeBalancer
from tests.core.records import a_host


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as the wire gives it."""

    operation: str
    params: Mapping[str, Any]
    service: str = "ecs"


def a_controller(clock: VirtualClock) -> Controller:
    balancer = SimLoadBalancer(clock=clock, agenda=Agenda(), report=lambda seen: None, task_of=lambda arn: None)
    store = MemoryStore(seed="1", records=[a_host()])
    return Controller(store=store, load_balancer=balancer, clock=clock, arns=ARNS, rules=Rules())


def test_an_image_is_asked_for_before_the_call_and_other_calls_go_on_meanwhile() -> None:
    async def story() -> None:
        clock, asked, answer = VirtualClock(), asyncio.Event(), asyncio.Event()
        controller = a_controller(clock)

        async def lack(image: str) -> str | None:
            asked.set()
            await answer.wait()
            return f"{image} is nowhere"

        site = Site(arns=ARNS, rules=Rules(), balancer=FakeBalancer(), metrics=MetricStore(None, clock))
        invoke = invoker(controller, site, ImageLacks(lack, clock.now))
        async with asyncio.TaskGroup() as group:
            loop = group.create_task(controller.run())
            app = {"name": "app", "image": "web:1", "memory": 64}
            await invoke(Asked(operation="CreateCluster", params={}))
            await invoke(
                Asked(operation="RegisterTaskDefinition", params={"family": "web", "containerDefinitions": [app]})
            )
            params = {"serviceName": "web", "taskDefinition": "web", "desiredCount": 0}
            creation = asyncio.ensure_future(invoke(Asked(operation="CreateService", params=params)))
            await asked.wait()
            assert (await invoke(Asked(operation="ListServices", params={})))["serviceArns"] == []
            answer.set()
            events = (await creation)["service"]["events"]
            loop.cancel()
        assert [event["message"] for event in events if "preflight" in event["message"]] == [
            "(service web) preflight: web:1 is nowhere; push or build that image, or name another one in the task "
            "definition."
        ]

    asyncio.run(story())
