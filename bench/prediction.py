"""(i) Prediction against reality: deployments planned beforehand, then rolled, explained and replayed.

Each is planned on the live server right before it begins, as `slipway plan` does, from the times that the service's own
tasks took; then it is rolled by the AWS API, and its recording is explained and replayed. Predicted and real rounds are
to be the same, the predicted time within 5 % or 1 s of the real one, the ledger to add up to the wall time, and every
decision to be the same in the replay.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from bench.engine import Engine
from bench.fleet import fresh_server
from bench.prediction_cases import DOCKER, HOST_CPU, PROCESS, Roll, Subject
from bench.result import CannotRun, Of, Row, Target
from bench.rolled_service import RolledService
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.moves import rounds_of
from slipway.core.explaining.segment import SegmentKind
from slipway.foresight.assumption import Failure
from slipway.foresight.explain import chronicle_of, explain
from slipway.foresight.fork import fork_of
from slipway.foresight.fork_roll import PlannedChange
from slipway.foresight.plan import plan_change
from slipway.foresight.recording_file import decode_recording
from slipway.foresight.replay import replay
from tests.e2e.server_process import ServerProcess

#: How far a prediction may be off: the larger of a share of the real time, and seconds.
OFF_SHARE, OFF_S = 0.05, 1.0

#: Moves so close together are one instant, in the prediction as in what came: nearer than a prediction may be off,
#: which of two comes first is not predicted. Tasks that start together are healthy some milliseconds apart.
TOGETHER_S = OFF_S

#: Subjects rolled at once, each on a server of its own. They wait most of the time.
AT_ONCE = 4
QUICK = 2  # subjects of a quick run

MEMORY = 8192  # MiB of the host


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One deployment, as it was predicted and as it was. Times are seconds."""

    title: str
    predicted: tuple[int, ...]  # rounds: +2 starts two tasks, -2 stops two
    rounds: tuple[int, ...]
    predicted_s: float
    seconds: float
    verdicts: tuple[str, str]  # predicted, and real
    ledger_off_s: float  # by how much the ledger differs from the wall time
    overhead_s: float  # of the ledger, what is owed to no setting
    is_replayed: bool  # every decision was the same
    is_race: bool  # chance decides its rounds: it is told, and not counted among those that are to be the same

    @property
    def is_same(self) -> bool:
        """Whether rounds and verdict came as predicted."""
        return self.predicted == self.rounds and self.verdicts[0] == self.verdicts[1]

    @property
    def is_near(self) -> bool:
        """Whether the time came as predicted."""
        return abs(self.predicted_s - self.seconds) <= max(OFF_SHARE * self.seconds, OFF_S)

    def told(self) -> str:
        """The deployment as a line."""
        same = "" if self.is_same else f", predicted {_signed(self.predicted)} {self.verdicts[0]}"
        near = "" if self.is_near else ": MISS"
        return (
            f"{self.title}: {_signed(self.rounds)} {self.verdicts[1]}{same}; predicted {self.predicted_s:.2f} s, "
            f"took {self.seconds:.2f} s{near}; overhead {100 * self.overhead_s / self.seconds:.1f} %"
            f"{'' if self.is_replayed else '; NOT replayed'}"
        )


def _signed(rounds: tuple[int, ...]) -> str:
    return " ".join(f"{one:+d}" for one in rounds)


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: for each runtime, how many deployments came as predicted; notes: every deployment."""
    rows: list[Row] = []
    notes: list[str] = []
    for runtime, subjects in _runtimes():
        outcomes = _all_outcomes(subjects[:QUICK] if is_quick else subjects, runtime)
        rows += _rows(runtime, outcomes)
        notes += [one.told() for one in outcomes]
    return tuple(rows), tuple(notes)


def _runtimes() -> Iterator[tuple[str, tuple[Subject, ...]]]:
    yield "process", PROCESS
    try:
        Engine()
    except CannotRun:
        return
    yield "docker", DOCKER


def _all_outcomes(subjects: Iterable[Subject], runtime: str) -> list[Outcome]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        futures = [
            threads.submit(_outcomes, subject, runtime, number=number) for number, subject in zip(count(), subjects)
        ]
        return [outcome for future in futures for outcome in future.result()]


def _outcomes(subject: Subject, runtime: str, *, number: int) -> list[Outcome]:
    """The deployments of one subject, on a server of its own, after one that is not measured."""
    settings: dict[str, str | int] = {
        "cpu": HOST_CPU,
        "memory": MEMORY,
        "lb_address_pool": f"127.0.{80 + number}.1-127.0.{80 + number}.20",
        "new_target_checks": subject.new_target_checks,
    }
    with fresh_server(settings, runtime=runtime) as server:
        service = RolledService(server, subject, runtime)
        with service.held():
            service.roll(service.register(None))
            service.await_verdict()
        found = [_outcome(server, service, roll) for roll in subject.rolls]
        service.leave()
        return found


def _outcome(server: ServerProcess, service: RolledService, roll: Roll) -> Outcome:
    """One deployment: planned, rolled, explained, replayed."""
    endpoint = Endpoint(find_access(server.data))
    service.configure(roll)
    definition = service.register(roll.fails)
    with service.held():
        change = PlannedChange(task_definition=definition, assume=None if roll.fails is None else Failure(roll.fails))
        answer = endpoint.fork(service.name, service.name, task_definition=definition)
        forecast = plan_change(fork_of(answer), change, ways_back=False).forecast_p50
        service.roll(definition)
        verdict = service.await_verdict()
    content = endpoint.recording(service.name, service.name, verdict["serviceDeploymentArn"])
    recording = decode_recording(content, name="the recording")
    explanation = explain(recording)
    wall_s = (verdict["finishedAt"] - verdict["createdAt"]).total_seconds()
    ledger = explanation.ledger
    overhead = (one.seconds for one in ledger.segments if one.kind is SegmentKind.OVERHEAD)
    return Outcome(
        title=_title(service.subject, roll),
        predicted=_rounds(forecast.chronicle),
        rounds=_rounds(chronicle_of(recording)),
        predicted_s=forecast.duration_s,
        seconds=wall_s,
        verdicts=(forecast.verdict.value, verdict["status"]),
        ledger_off_s=abs(sum(one.seconds for one in ledger.segments) - wall_s),
        overhead_s=sum(overhead),
        is_replayed=replay(recording).is_identical,
        is_race=service.subject.is_race,
    )


def _rounds(chronicle: Chronicle) -> tuple[int, ...]:
    return tuple(one.signed for one in rounds_of(chronicle.moves, together_s=TOGETHER_S))


def _title(subject: Subject, roll: Roll) -> str:
    checks = subject.new_target_checks or roll.threshold
    fails = f", {roll.fails}" if roll.fails else ""
    return (
        f"{subject.name}, {subject.tasks} tasks, room {subject.room}, {roll.minimum}/{roll.maximum} %, "
        f"checks {roll.interval} s x {checks}, drain {roll.drain} s{fails}"
    )


def _rows(runtime: str, outcomes: list[Outcome]) -> Iterator[Row]:
    whole = len(outcomes)
    seconds = sum(one.seconds for one in outcomes)

    def counted(what: str, number: int, *, least: float) -> Row:
        target = Target(limit=least, is_floor=True)
        return Row(
            measure=f"{runtime}: {what}", ours=number, unit="", reference=whole, against="deployments", target=target
        )

    fair = [one for one in outcomes if not one.is_race]
    races = [one for one in outcomes if one.is_race]
    same = Target(limit=1, is_floor=True)
    yield Row(
        measure=f"{runtime}: rounds and verdict as predicted",
        ours=sum(one.is_same for one in fair),
        unit="",
        reference=len(fair),
        against="deployments",
        target=same,
    )
    if races:
        yield Row(
            measure=f"{runtime}: the same, of several tasks that crash at one time",
            ours=sum(one.is_same for one in races),
            unit="",
            reference=len(races),
            against="deployments",
        )
    yield counted("time within 5 % or 1 s", sum(one.is_near for one in outcomes), least=0.9)
    yield counted("replayed with the same decisions", sum(one.is_replayed for one in outcomes), least=1)
    off_ms = 1000 * max(one.ledger_off_s for one in outcomes)
    yield Row(
        measure=f"{runtime}: ledger beside wall time, the worst",
        ours=off_ms,
        unit="ms",
        target=Target(limit=10, of=Of.OURS),
    )
    yield Row(
        measure=f"{runtime}: owed to no setting",
        ours=sum(one.overhead_s for one in outcomes),
        unit="s",
        reference=seconds,
        against="all deployments",
        target=Target(limit=0.05),
    )
