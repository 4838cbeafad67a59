"""Asks an implementation about each case, and judges what it answers.

    Case -> Implementation.answer -> Answer(verdict, claims) -> Outcome, with the answers about the good twins at hand

A refusal counts only where the good twin was accepted: an implementation that cannot read a kind of token at all, or
that was given the wrong key, shows nothing by refusing the broken ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from eigendata.encoding import Json
from eigendata.errors import EigendataError
from eigendata.testkit import own
from eigendata.testkit.case import ENVELOPE, Case, Expect, Severity


class Verdict(StrEnum):
    """What an implementation made of a token."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNSUPPORTED = "unsupported"  # it says of itself that this is nothing for it
    CRASHED = "crashed"  # it ended, or answered what is no answer
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An implementation's answer about one case.

    Attributes:
        claims: the processed payload, where it gave one.
        said: what it said beside, or the end of what it wrote before it crashed; anybody's text.
    """

    verdict: Verdict
    claims: Mapping[str, Json] | None = field(default=None, repr=False)
    said: str = ""


class Implementation(Protocol):
    def answer(self, case: Case, /) -> Answer:
        """Say what becomes of a case.

        Raises:
            Misuse: it cannot be asked at all.
        """


class Outcome(StrEnum):
    """How an answer compares with what must be; the worst first."""

    WRONGLY_ACCEPTED = "wrongly_accepted"
    WRONG_CLAIMS = "wrong_claims"  # rightly accepted, and other claims were handed out
    WRONGLY_REFUSED = "wrongly_refused"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    NOT_SHOWN = "not_shown"  # rightly refused, and so was the good twin
    UNSUPPORTED = "unsupported"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    case: Case
    answer: Answer
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came out for one implementation."""

    implementation: str
    results: tuple[Result, ...]

    @property
    def conforms(self) -> bool:
        """Tell whether every case of severity `must` passed, and there was one."""
        musts = [one.outcome for one in self.results if one.case.severity is Severity.MUST]
        return bool(musts) and set(musts) == {Outcome.PASSED}

    def counted(self, severity: Severity | None = None) -> Counter[Outcome]:
        return Counter(one.outcome for one in self.results if severity in (None, one.case.severity))

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        """Give the results of one kind, the cases of severity `must` first."""
        found = (one for one in self.results if one.outcome is outcome)
        return tuple(sorted(found, key=lambda one: one.case.severity is Severity.SHOULD))


def run(cases: Iterable[Case], implementation: Implementation, *, name: str) -> Report:
    """Ask an implementation about every case, in their order.

    Raises:
        Misuse: the implementation cannot be asked at all.
    """
    answers = tuple((case, implementation.answer(case)) for case in cases)
    accepted = {case.id for case, answer in answers if _judged(case, answer) is Outcome.PASSED}
    return Report(implementation=name, results=tuple(_results(answers, accepted)))


def _results(answers: Iterable[tuple[Case, Answer]], passed: set[str]) -> Iterator[Result]:
    for case, answer in answers:
        outcome = _judged(case, answer)
        if outcome is Outcome.PASSED and case.twin is not None and case.twin not in passed:
            outcome = Outcome.NOT_SHOWN
        yield Result(case=case, answer=answer, outcome=outcome)


_PLAIN: Final = {
    Verdict.UNSUPPORTED: Outcome.UNSUPPORTED,
    Verdict.CRASHED: Outcome.CRASHED,
    Verdict.TIMED_OUT: Outcome.TIMED_OUT,
}


def _judged(case: Case, answer: Answer) -> Outcome:
    if answer.verdict in _PLAIN:
        return _PLAIN[answer.verdict]
    if case.expect is Expect.REJECT:
        return Outcome.PASSED if answer.verdict is Verdict.REJECT else Outcome.WRONGLY_ACCEPTED
    if answer.verdict is Verdict.REJECT:
        return Outcome.WRONGLY_REFUSED
    if answer.claims is not None and not same(_without_envelope(answer.claims), case.claims or {}):
        return Outcome.WRONG_CLAIMS
    return Outcome.PASSED


def _without_envelope(claims: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in claims.items() if name not in ENVELOPE}


def same(one: object, other: object) -> bool:
    """Tell whether two JSON values are the same: `true` is not 1, and 1 is 1.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


@dataclass(frozen=True, slots=True)
class Own:
    """This library, asked in this process."""

    def answer(self, case: Case, /) -> Answer:
        try:
            return Answer(verdict=Verdict.ACCEPT, claims=own.verify(case))
        except EigendataError as error:
            return Answer(verdict=Verdict.REJECT, said=error.message)
