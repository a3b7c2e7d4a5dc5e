"""Calls handlers as the server does, without a wire: on a snapshot in memory, all changes of a call or none."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.adapters.metric_store import MetricStore
from slipway.api.call import Answer, Call, Handler, Site
from slipway.api.errors import ApiError
from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids
from slipway.core.plan import Change, Plan
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.sim.clock import VirtualClock
from slipway.sim.world import ARNS, World
from slipway.wire.models import load_service_model
from tests.api.shapes import mismatches

ACCOUNT = "000000000000"
REGION = "us-east-1"

#: Codes every service may answer that are no error shape of its model (ELBv2 API reference, Common Errors).
COMMON_ERRORS = frozenset({"ValidationError"})

_MODELS: dict[str, Any] = {}


@dataclass(slots=True, kw_only=True)
class FakeBalancer:
    """A balancer that can bind every address and port but those named in `errors`."""

    errors: dict[tuple[str, int], str] = field(default_factory=dict)

    def bind_error(self, address: str, port: int) -> str | None:
        """The sentence given for this address and port, None where there is none."""
        return self.errors.get((address, port))


class Caller:
    """Calls the handlers of one service. `service` is botocore's name (`ecs`, `elbv2`, `sts`).

    With a `world`, calls are that world's: it takes the changes and decides what follows from them at that instant, and
    it has the time. Without one, only the changes of the call itself are made.

    Every request and every answer is held against the botocore model of its operation, and every `ApiError` against
    the errors of the model: one that does not fit fails the test. `now` may be set between calls; `changes` are those
    of the last call that succeeded.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        service: str,
        *,
        snapshot: Snapshot | None = None,
        now: float = 1_700_000_000.0,
        site: Site | None = None,
        world: World | None = None,
    ) -> None:
        self.handlers = handlers
        self.world = world
        if world is not None:
            snapshot, now = world.snapshot, world.clock.now()
        self.snapshot = snapshot if snapshot is not None else Snapshot(seed="test")
        self.now = now
        self.balancer = FakeBalancer()
        self.site = site or Site(
            arns=Arns(account=ACCOUNT, region=REGION) if world is None else ARNS,
            rules=Rules() if world is None else world.rules,
            balancer=self.balancer,
            metrics=MetricStore(None, VirtualClock(now)),
            address_pool=("127.0.0.2", "127.0.0.3", "127.0.0.4"),
        )
        self.ids = Ids(seed=self.snapshot.seed)
        self.changes: tuple[Change, ...] = ()
        self._model = _model(service)

    def call(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """The answer to `operation`; its changes are applied. Raises ApiError, and then nothing is changed."""
        shapes = self._model.operation_model(operation)
        self._agree(operation, "request", mismatches(shapes.input_shape, params))
        try:
            answer = self._take(operation, params) if self.world is None else self._send(self.world, operation, params)
        except ApiError as error:
            self._know(operation, error)
            raise
        made = answer() if callable(answer) else answer
        self._agree(operation, "answer", mismatches(shapes.output_shape, made))
        return made

    def _take(self, operation: str, params: Mapping[str, Any]) -> Answer | Callable[[], Answer]:
        call = Call(snapshot=self.snapshot, params=params, now=self.now, ids=self.ids, site=self.site)
        answer = self.handlers[operation](call)
        self.changes = tuple(call.changes)
        self.snapshot.apply(self.changes)
        return answer

    def _send(self, world: World, operation: str, params: Mapping[str, Any]) -> Answer | Callable[[], Answer]:
        answers: list[Answer | Callable[[], Answer]] = []

        def transaction(snapshot: Snapshot, context: Context) -> Plan:
            call = Call(snapshot=snapshot, params=params, now=context.now, ids=context.ids, site=self.site)
            answers.append(self.handlers[operation](call))
            self.changes = tuple(call.changes)
            return Plan(changes=self.changes, commands=tuple(call.commands))

        world.apply(transaction)
        world.step()
        return answers[0]

    def _know(self, operation: str, error: ApiError) -> None:
        known = COMMON_ERRORS | {shape.name for shape in self._model.error_shapes}
        assert error.code in known, f"{operation} raised {error.code}, which the model does not have: {error.message}"

    @staticmethod
    def _agree(operation: str, part: str, found: Iterable[str]) -> None:
        sentences = "; ".join(found)
        assert not sentences, f"the {part} of {operation} does not fit the model: {sentences}"


def _model(service: str) -> Any:
    if service not in _MODELS:
        _MODELS[service] = load_service_model(service)
    return _MODELS[service]
