"""The benches by name, in the order they run."""

from collections.abc import Callable
from dataclasses import dataclass

from bench import (
    balancer,
    containers,
    describe,
    foresight_scale,
    idle,
    memory,
    placement,
    prediction,
    processes,
    rollout,
    way_back,
)
from bench.result import Row

#: What a bench measures (rows and notes) at full size, or at the small one if asked for the quick one.
#: Raises `CannotRun`.
Measure = Callable[[bool], tuple[tuple[Row, ...], tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One bench."""

    name: str
    title: str
    measure: Measure


BENCHES = (
    Bench(name="processes", title="a service of 1,000 processes, from nothing to steady", measure=processes.measure),
    Bench(
        name="containers",
        title="a service of 60 Docker containers, from nothing to running",
        measure=containers.measure,
    ),
    Bench(name="describe", title="DescribeServices", measure=describe.measure),
    Bench(name="balancer", title="requests through the load balancer", measure=balancer.measure),
    Bench(name="memory", title="resident memory of the control plane", measure=memory.measure),
    Bench(name="rollout", title="processor time of a rollout, by its size", measure=rollout.measure),
    Bench(name="idle", title="processor time of a control plane with nothing to do", measure=idle.measure),
    Bench(name="way_back", title="how long a bad version lasts", measure=way_back.measure),
    Bench(name="placement", title="placement decisions a second, by the number of hosts", measure=placement.measure),
    Bench(
        name="foresight_scale", title="what it costs to foresee a roll, by its size", measure=foresight_scale.measure
    ),
    Bench(name="prediction", title="deployments predicted, then rolled", measure=prediction.measure),
)
