"""Advice: which settings to change to have a roll take less time, how much less, and what that risks.

    advice = advise(RolloutSubject(Rollout(room=8)))
    [(one.name, one.saved_s) for one in advice.singles]

Every number is that of a roll which the production controller has made in virtual time, with the change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from slipway.foresight.advise_levers import Candidate, Lever, floor_notes, levers_of
from slipway.foresight.advise_subject import Outcome, Subject, Trial
from slipway.foresight.knob_lines import aws_lines, terraform_lines
from slipway.foresight.knobs import Assignment
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.trade import TradePoint, with_front

#: What has to be saved at least for a change to be worth it: this share of the time, and so many seconds.
WORTH_SHARE = 0.05
WORTH_S = 1.0

#: Tasks that are rolled for one advice, about: beyond them only the last candidate of each lever is tried, of the pairs
#: only that of the two which save most, and nothing else for the picture of the trade.
TASKS_ROLLED = 15_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One setting that is changed."""

    name: str  # AWS's
    now: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A change, of one lever or of several, and what it comes to."""

    name: str  # of its levers: `health checks`, `drain and stop`
    shifts: tuple[Shift, ...]
    cost: str  # what has to be done beside the settings; empty: nothing
    saved_s: float  # a deployment
    outcome: Outcome
    risks: tuple[str, ...]
    is_harmless: bool
    rests_on: tuple[str, ...]  # what was never measured and is taken to last to its limit: less may be saved
    aws: tuple[str, ...]  # the lines that make the change, in order; one that begins with # is said to a person
    terraform: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """All that is advised for one service or rollout."""

    subject: str
    today: Outcome  # where something was never measured: at worst
    prompt_s: float | None  # how long it takes today if that ends at once, as `plan` takes it; None: all is measured
    verdict: str  # in a sentence: what to change first, or that nothing is worth it, and why
    singles: tuple[Suggestion, ...]  # the best of each lever, the harmless ones first
    pair: Suggestion | None  # the best two levers together; None: not worth more than the best alone
    together: Suggestion | None  # all harmless ones; None: there are fewer than two
    notes: tuple[str, ...]  # what held a setting where it is
    trade: tuple[TradePoint, ...]  # every roll that was made, the fastest first


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A candidate of a lever, or of several together, and what it came to."""

    levers: tuple[Lever, ...]
    candidates: tuple[Candidate, ...]
    outcome: Outcome

    @property
    def trial(self) -> Trial:
        return sum((one.trial for one in self.candidates), Trial())


def advise(subject: Subject) -> Advice:
    """Which settings to change. Raises what the subject's `roll` raises for what it is today."""
    study = _Study(subject)
    today = study.today
    if not today.is_success:
        return study.advice(f"A roll of {subject.name} does not succeed as it is set: {_why(today)}", ())
    worth = study.worth()
    if not worth:
        return study.advice(
            f"Nothing is worth changing: a deployment takes {duration_text(today.duration_s)}, and no setting saves "
            f"{WORTH_SHARE:.0%} of it and {WORTH_S:g} s.",
            (),
        )
    study.explore(worth)
    return study.advice(study.verdict(worth), worth)


def _rank(tried: "_Tried") -> tuple[bool, float]:
    """The harmless ones first, and of each kind what saves most."""
    return not tried.levers[0].is_harmless, tried.outcome.duration_s


def _duration_s(tried: "_Tried") -> float:
    return tried.outcome.duration_s


def _why(outcome: Outcome) -> str:
    return outcome.reason or f"it is {outcome.verdict} after {duration_text(outcome.duration_s)}."


class _Study:
    """The rolls made for one advice, each once."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._rolls: dict[Trial, Outcome] = {}
        self._labels: dict[Trial, str] = {Trial(): "today"}
        self.today = self._roll(Trial())

    def _roll(self, trial: Trial) -> Outcome:
        if trial not in self._rolls:
            same = next((one for one in self._rolls if one.is_as(trial)), None)
            self._rolls[trial] = self._subject.roll(trial) if same is None else self._rolls[same]
        return self._rolls[trial]

    @property
    def _has_time(self) -> bool:
        return len(self._rolls) * max(self.today.desired, 1) <= TASKS_ROLLED

    def worth(self) -> list[_Tried]:
        """The best of each lever: those that are worth it, and with them every harmless one that saves anything, for a
        second is a larger share of what is left once the others are pulled."""
        best = [one for lever in levers_of(self._subject) if (one := self._best(lever)) is not None]
        harmless = [one for one in best if one.levers[0].is_harmless]
        costly = [one for one in best if one not in harmless and self._is_worth(one.outcome, self.today)]
        if harmless and not self._is_worth(self._joined(harmless).outcome, self.today):
            harmless = []
        return sorted([*harmless, *costly], key=_rank)

    def _best(self, lever: Lever) -> _Tried | None:
        """What saves most of a lever; None: nothing of it saves a second."""
        candidates = lever.candidates if self._has_time else lever.candidates[-1:]
        tried = [self._try((lever,), (candidate,)) for candidate in candidates]
        gains = [one for one in tried if one.outcome.is_success and self._saved_s(one.outcome) >= WORTH_S]
        return min(gains, key=_duration_s, default=None)

    def _saved_s(self, outcome: Outcome) -> float:
        return self.today.duration_s - outcome.duration_s

    def _try(self, levers: Sequence[Lever], candidates: Sequence[Candidate]) -> _Tried:
        trial = sum((one.trial for one in candidates), Trial())
        self._labels.setdefault(trial, ", ".join(one.label for one in candidates))
        return _Tried(levers=tuple(levers), candidates=tuple(candidates), outcome=self._roll(trial))

    def _is_worth(self, outcome: Outcome, before: Outcome) -> bool:
        saved = before.duration_s - outcome.duration_s
        return outcome.is_success and saved >= max(WORTH_S, WORTH_SHARE * self.today.duration_s)

    def _joined(self, tried: Sequence[_Tried]) -> _Tried:
        levers = [lever for one in tried for lever in one.levers]
        return self._try(levers, [candidate for one in tried for candidate in one.candidates])

    def explore(self, worth: Sequence[_Tried]) -> None:
        """Roll what else the picture of the trade shows: each way to gain by capacity, with all that is harmless."""
        harmless = [one for one in worth if one.levers[0].is_harmless]
        if harmless:
            self._joined(harmless)
        for lever in (lever for lever in levers_of(self._subject) if not lever.is_harmless):
            for candidate in lever.candidates:
                if self._has_time:
                    self._joined([*harmless, self._try((lever,), (candidate,))])

    def pair(self, worth: Sequence[_Tried]) -> _Tried | None:
        """The best two levers together, if they are worth more than the best alone."""
        ordered = sorted(worth, key=_duration_s)
        found: list[_Tried] = []
        for two in combinations(ordered, 2):
            if not found or self._has_time:
                found.append(self._joined(two))
        best = min((one for one in found if one.outcome.is_success), key=_duration_s, default=None)
        return best if best is not None and self._is_worth(best.outcome, ordered[0].outcome) else None

    def together(self, worth: Sequence[_Tried]) -> _Tried | None:
        """All harmless levers together, if there are several."""
        harmless = [one for one in worth if one.levers[0].is_harmless]
        if len(harmless) < 2:
            return None
        joined = self._joined(harmless)
        return joined if joined.outcome.is_success else None

    # What is told

    def verdict(self, worth: Sequence[_Tried]) -> str:
        """What to change first, in a sentence: all that is harmless, where anything is."""
        first = self.together(worth) or worth[0]
        times = f"{duration_text(first.outcome.duration_s)} instead of {duration_text(self.today.duration_s)}"
        free = "; no capacity is given up for it" if all(lever.is_harmless for lever in first.levers) else ""
        worst = " at worst" if self._rests_on(first) else ""
        return f"{_joined_names(first.levers).capitalize()}: a deployment takes {times}{worst}{free}."

    def advice(self, verdict: str, worth: Sequence[_Tried]) -> Advice:
        """All of it."""
        pair, together = (self.pair(worth), self.together(worth)) if worth else (None, None)
        return Advice(
            subject=self._subject.name,
            today=self.today,
            prompt_s=self._prompt_s(),
            verdict=verdict,
            singles=tuple(self._suggestion(one) for one in worth),
            pair=None if pair is None else self._suggestion(pair),
            together=None if together is None else self._suggestion(together),
            notes=(*floor_notes(self._subject), *self._subject.facts.notes),
            trade=with_front(self._points()),
        )

    def _suggestion(self, tried: _Tried) -> Suggestion:
        assignments = tried.trial.assignments
        return Suggestion(
            name=_joined_names(tried.levers),
            shifts=tuple(self._shift(one) for one in assignments),
            cost="; ".join(one.cost for one in tried.candidates if one.cost),
            saved_s=self._saved_s(tried.outcome),
            outcome=tried.outcome,
            risks=tuple(risk for one in tried.candidates for risk in one.risks(tried.outcome)),
            is_harmless=all(lever.is_harmless for lever in tried.levers),
            rests_on=self._rests_on(tried),
            aws=aws_lines(assignments, self._subject.place),
            terraform=terraform_lines(assignments, self._subject.place),
        )

    def _rests_on(self, tried: _Tried) -> tuple[str, ...]:
        parts = {lever.part for lever in tried.levers}
        return tuple(part for part in self._subject.facts.unmeasured if part in parts)

    def _prompt_s(self) -> float | None:
        if not self._subject.facts.unmeasured:
            return None
        prompt = self._subject.roll(Trial(is_prompt=True))
        return prompt.duration_s if prompt.has_ended else None

    def _shift(self, assignment: Assignment) -> Shift:
        now = self._subject.value(assignment.knob.name)
        assert now is not None, "only what means something here is changed"
        return Shift(name=assignment.name, now=assignment.knob.shown(now), then=assignment.knob.shown(assignment.value))

    def _points(self) -> Iterator[TradePoint]:
        for trial, outcome in self._rolls.items():
            if outcome.is_success:
                yield TradePoint(
                    label=self._labels[trial],
                    duration_s=outcome.duration_s,
                    lowest_healthy_percent=outcome.lowest_healthy_percent,
                    extra_room=outcome.extra_room,
                    is_today=trial == Trial(),
                )


def _joined_names(levers: Sequence[Lever]) -> str:
    """`drain, health checks and stop`."""
    names = [lever.name for lever in levers]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def guess(one: Suggestion) -> str:
    """What is to be said of a saving that rests on what was never measured; empty: it does not."""
    if not one.rests_on:
        return ""
    was, it = ("was", "it is") if len(one.rests_on) == 1 else ("were", "each is")
    return (
        f"{' and '.join(one.rests_on)} {was} never measured, and {it} taken to last to the limit: make one deployment "
        "first, and ask again"
    )
