"""One API call, as its handler sees it: a consistent snapshot to read, and changes to leave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids
from slipway.core.monitoring.metrics import Bucket, Metric, MetricDatum
from slipway.core.plan import Change, HostCommand, Put, Record, Remove
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot


class Balancer(Protocol):
    """What handlers ask of the load balancer's data plane."""

    def bind_error(self, address: str, port: int) -> str | None:
        """Why `address`:`port` cannot be bound, as a sentence; None if it can."""


class Metrics(Protocol):
    """What handlers ask of the metric data."""

    def put(self, datum: MetricDatum) -> None:
        """Take one value."""

    def read(
        self, metric: Metric, *, begin: float, end: float, period_s: int, unit: str | None = None, singly: bool = False
    ) -> dict[float, Bucket]:
        """What is known of `metric` from `begin` to before `end`, by the first instants of the periods with data.

        Periods are counted from `begin`, which is a multiple of 10 s, or of 60 s where `period_s` is. `unit` None takes
        data of any unit. `singly`: with what percentiles need.
        """

    def units(self, metric: Metric) -> list[str]:
        """The units that `metric` has data in, sorted."""

    def metrics(self, *, since: float) -> list[Metric]:
        """The metrics with data from `since` on, in the order of their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is the same for all calls of one server."""

    arns: Arns
    rules: Rules
    balancer: Balancer
    metrics: Metrics
    address_pool: tuple[str, ...] = ()  # addresses load balancers may have, in the order they are given out


@dataclass(slots=True, kw_only=True)
class Call:
    """A call in progress. Handlers read `snapshot`, check `params`, `put` and `remove`, and return the answer.

    The changes are applied and committed together if the handler returns, and none of them if it raises `ApiError`. The
    answer is sent after the commit.
    """

    snapshot: Snapshot
    params: Mapping[str, Any]
    now: float
    ids: Ids
    site: Site
    image_lacks: Mapping[str, str] = field(default_factory=dict)  # why images cannot be had, as far as was asked
    changes: list[Change] = field(default_factory=list)
    commands: list[HostCommand] = field(default_factory=list)

    def put(self, record: Record, cause: str = "") -> None:
        """Have `record` written; `cause` is a sentence for its story."""
        self.changes.append(Put(record=record, cause=cause))

    def remove(self, record: Record, cause: str = "") -> None:
        """Have `record` removed."""
        self.changes.append(Remove(record=record, cause=cause))

    @property
    def context(self) -> Context:
        """The circumstances of a decision the handler asks the core for."""
        return Context(now=self.now, ids=self.ids, arns=self.site.arns, rules=self.site.rules)

    @property
    def arns(self) -> Arns:
        """Builds ARNs of this account and region."""
        return self.site.arns


Answer = dict[str, Any]

#: A handler's answer, or a function that makes it after the commit, when it shows what the call changed.
Handler = Callable[[Call], Answer | Callable[[], Answer]]
