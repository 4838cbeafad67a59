"""The closed rule table: what a rule may test, which rule applies, and which claims can change the outcome.

    rules + claims + home -> decide -> Advised (the first rule that applies)

A rule tests one thing: that any asked claim was said to be absent, that a claim lies outside what the home allows,
that a claim is one given value, or nothing (`otherwise`). It may be limited to homes for which a condition holds.
There are no other operators, and rules are data, never code.

Deny by default: a rule whose claim is not there, or is not of the kind that the rule compares, is never skipped; the
outcome is then that nothing can be derived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Final, TypeAlias

from eigendata.encoding import SAFE_INTEGER, Json
from eigendata.errors import Misuse
from eigendata.model import Advice, Advised, Claims

Path: TypeAlias = tuple[str, ...]
"""A claim's path under its type's own names."""

ABSENT: Final = "absent"
"""The claim whose members say which promised claims were left out."""


# -- the home's conditions --------------------------------------------------------------------------------------------


class HomeKind(StrEnum):
    """What is given per check, about the home and not about the person."""

    BOOL = "bool"
    RANGE = "range"  # [lowest, highest], both included
    TEXTS = "texts"  # a list of texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that is given per check. `optional`: it may be left out, and is then a condition that does not hold."""

    kind: HomeKind
    optional: bool


def given(conditions: Mapping[str, Condition], home: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give the home's conditions in their one form and order.

    Raises:
        Misuse: one is missing, unknown, or not of its kind.
    """
    if unknown := [name for name in home if name not in conditions]:
        raise Misuse(f"this policy knows no condition {', '.join(map(repr, unknown))}; it knows {_known(conditions)}")
    result: dict[str, Json] = {}
    for name, condition in conditions.items():
        if name in home:
            result[name] = _one_form(name, condition.kind, home[name])
        elif not condition.optional:
            raise Misuse(f"home.{name} ({condition.kind}) must be given")
    return result


def _known(conditions: Mapping[str, Condition]) -> str:
    return ", ".join(conditions) or "none"


def _one_form(name: str, kind: HomeKind, value: Json) -> Json:
    match kind, value:
        case HomeKind.BOOL, bool():
            return value
        case HomeKind.RANGE, [int(low), int(high)] if _whole(low) and _whole(high) and low <= high:
            return (low, high)
        case HomeKind.TEXTS, [*texts] if texts and all(isinstance(one, str) for one in texts):
            return tuple(texts)
    raise Misuse(f"home.{name} is not a {kind}: true or false, [lowest, highest], or a list of texts")


def _whole(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SAFE_INTEGER


def holding(conditions: Mapping[str, Condition], home: Mapping[str, Json]) -> frozenset[str]:
    """Give the names of the conditions that hold: true, or given where they may be left out."""
    return frozenset(name for name in conditions if name in home and home[name] is not False)


# -- rules ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Which claim a rule looks at: a question of the policy and a path in its answer."""

    question: str
    path: Path

    def __str__(self) -> str:
        return ".".join((self.question, *self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyAbsent:
    """Any asked claim was said to be absent, or is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A claim lies outside a range of the home, or is none of its texts."""

    claim: Subject
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Is:
    """A claim is this value, of this type."""

    claim: Subject
    value: bool | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """No rule before applied."""


Test: TypeAlias = AnyAbsent | Outside | Is | Otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a policy.

    Attributes:
        only_if: the condition of the home without which the rule is left out.
        because: language -> what the rule means for the person, in one plain sentence.
    """

    test: Test
    advice: Advice
    because: Mapping[str, str] = field(hash=False)
    only_if: str | None = None

    @property
    def claim(self) -> Subject | None:
        return self.test.claim if isinstance(self.test, Outside | Is) else None

    @property
    def statement(self) -> str:
        """Give the rule as the policy states it, in one line: the name it has in an advice."""
        match self.test:
            case AnyAbsent():
                said = "absent any"
            case Outside(claim=claim, home=home):
                said = f"{claim} outside home.{home}"
            case Is(claim=claim, value=value):
                said = f"{claim} is {str(value).lower() if isinstance(value, bool) else value}"
            case Otherwise():  # pragma: no branch - there is no other test
                said = "otherwise"
        condition = f", only if home.{self.only_if}" if self.only_if else ""
        return f"{said}{condition}: {self.advice.value}"


def decide(
    rules: Iterable[Rule], claims: Mapping[str, Claims], asked: Iterable[Subject], home: Mapping[str, Json]
) -> Advised:
    """Give the advice of the first rule that applies.

    `claims` holds the answer of each question; `rules` and `asked` are those that these conditions leave.

    Raises:
        Misuse: no rule applies, which a loaded policy never comes to.
    """
    absent = any(_is_absent(claims, one) for one in asked if one.question in claims)
    for rule in rules:
        applies = _applies(rule.test, claims, absent, home)
        if applies is None:
            return Advised(advice=Advice.NOT_DERIVABLE, rule=rule.statement)
        if applies:
            return Advised(advice=rule.advice, rule=rule.statement)
    raise Misuse("these rules do not end with `otherwise`")


def _applies(test: Test, claims: Mapping[str, Claims], absent: bool, home: Mapping[str, Json]) -> bool | None:
    """Say whether a test holds; None where its claim is not there or cannot be compared."""
    match test:
        case AnyAbsent():
            return absent
        case Otherwise():
            return True
        case Outside(claim=claim, home=name):
            return _outside(_lookup(claims, claim), home.get(name))
        case Is(claim=claim, value=wanted):  # pragma: no branch - there is no other test
            found = _lookup(claims, claim)
            return found == wanted if type(found) is type(wanted) else None


def _outside(found: Json, allowed: Json) -> bool | None:
    match found, allowed:
        case int(), [int(low), int(high)] if _whole(found):
            return not low <= found <= high
        case str(), ([str(), *_] as texts):
            return found not in texts
    return None


def _lookup(claims: Mapping[str, Claims], claim: Subject) -> Json:
    value: Json = claims.get(claim.question)
    for name in claim.path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _is_absent(claims: Mapping[str, Claims], claim: Subject) -> bool:
    """Say whether an answer lacks a claim: it says so, or does not hold it whatever it says."""
    siblings = claims[claim.question].get(ABSENT)
    stated = isinstance(siblings, Mapping) and siblings.get(claim.path[0]) is True
    return stated or _lookup(claims, claim) is None


# -- which claims can change the outcome ------------------------------------------------------------------------------
#
# A test looks at one claim, so after each rule that does not apply the values still possible are a set for each claim
# apart. Absence is left aside: whatever is asked can be absent, and that alone is no ground to ask it.

_Value: TypeAlias = tuple[bool | int | str | None, frozenset[str]]
"""As much of a value as the tests can tell: the named value it is (None: another), and the ranges it lies outside."""


def matters(rules: Sequence[Rule], claim: Subject) -> bool:
    """Say whether there are two answers that differ in this claim alone and get different advice."""
    first, *others = _values(rules, claim)
    return any(_told_apart(rules, claim, first, other) for other in others)


def _values(rules: Iterable[Rule], claim: Subject) -> list[_Value]:
    tests = [rule.test for rule in rules if rule.claim == claim]
    named = list(dict.fromkeys(test.value for test in tests if isinstance(test, Is)))
    ranges = list(dict.fromkeys(test.home for test in tests if isinstance(test, Outside)))
    values: list[bool | int | str | None] = [*named, None]
    if any(isinstance(one, bool) for one in named):
        values = [True, False]
    places = [frozenset(some) for count in range(len(ranges) + 1) for some in combinations(ranges, count)]
    return [(value, place) for value in values for place in places]


def _holds(test: Test, value: _Value) -> bool:
    named, outside = value
    if isinstance(test, Is):
        return type(named) is type(test.value) and named == test.value
    return isinstance(test, Outside) and test.home in outside


def _told_apart(rules: Sequence[Rule], claim: Subject, one: _Value, other: _Value) -> bool:
    """Say whether these two values of a claim can lead to different advice."""
    possible = {subject: _values(rules, subject) for rule in rules if (subject := rule.claim)}
    for number, rule in enumerate(rules):  # pragma: no branch - two values differ in what some rule of theirs looks at
        subject = rule.claim
        if subject == claim:
            with_one, with_other = _holds(rule.test, one), _holds(rule.test, other)
            if with_one and with_other:
                return False
            if with_one or with_other:
                passed = other if with_one else one
                later = _reachable(rules[number + 1 :], claim, passed, possible)
                return any(advice is not rule.advice for advice in later)
        elif subject is not None:
            possible[subject] = [value for value in possible[subject] if not _holds(rule.test, value)]
            if not possible[subject]:
                return False
    return False  # pragma: no cover - as above: the loop does not end by itself


def _reachable(
    rules: Sequence[Rule], claim: Subject, value: _Value, possible: Mapping[Subject, list[_Value]]
) -> set[Advice]:
    """Give every advice that these rules can still give where a claim has this value."""
    left = dict(possible)
    found: set[Advice] = set()
    for rule in rules:
        subject = rule.claim
        if subject is None:
            if isinstance(rule.test, Otherwise):
                found.add(rule.advice)  # the last of them
        elif subject == claim:
            if _holds(rule.test, value):
                return found | {rule.advice}
        else:
            kept = [one for one in left[subject] if not _holds(rule.test, one)]
            if len(kept) < len(left[subject]):
                found.add(rule.advice)
            if not kept:
                return found
            left[subject] = kept
    return found
