"""One person behind one answer: facts of several credentials may be added up only if they are about one person.

    equal `set` of one issuer -> Join.SET     else three equal claims -> Join.CLAIMS     else different_subjects

The copies that one session issued carry one random `set` for each number k, so a wallet that answers with copies of
one k shows that they belong together. A wallet that mixes copies, or credentials of several issuers, is tied by family
name, given name and birth date, each of which must be there and be equal to the letter. Two people of one name born on
one day would pass that second way, so the trail says which way was used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from eigendata import texts
from eigendata.encoding import Json
from eigendata.errors import Check, Outcome, Reason, Trail
from eigendata.model import Claims
from eigendata.registers import catalogue

if TYPE_CHECKING:
    from eigendata.policies.policy import Policy

ONE_SET = Check(
    name="ONE_SET",
    clause="policy file, same_subject (1)",
    reason=Reason.DIFFERENT_SUBJECTS,
    rule="All credentials are of one issuer and carry one `set`.",
)
ONE_NAME_AND_BIRTH = Check(
    name="ONE_NAME_AND_BIRTH",
    clause="policy file, same_subject (2)",
    reason=Reason.DIFFERENT_SUBJECTS,
    rule="All credentials state one family name, given name and birth date.",
)
JOIN_CHECKS: Final = (ONE_SET, ONE_NAME_AND_BIRTH)


class Join(StrEnum):
    """How it was shown that an answer is about one person."""

    SET = "set"
    CLAIMS = "claims"
    SINGLE = "single"  # there was one credential

    def says(self, language: str) -> str:
        return texts.say(f"join.{self.value}", language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One credential of an answer.

    Attributes:
        issuer: the identifier of the trusted issuer.
        claims: under the type's own paths, with `set` and matching claims as far as they were shown.
    """

    issuer: str
    claims: Claims = field(repr=False)


def join(policy: Policy, answers: Mapping[str, Sequence[Shown]], trail: Trail) -> Join:
    """Require that the answers to a policy's `same_subject` questions are about one person.

    Args:
        answers: by question, every credential that answered it.
        trail: the trail of the whole answer; takes the steps of `JOIN_CHECKS`.

    Raises:
        Rejected: they are not shown to be (`different_subjects`).
    """
    shown = [one for question in policy.same_subject for one in answers.get(question, ())]
    if len(shown) < 2:
        trail.skip(ONE_SET, Outcome.NOT_APPLICABLE)
        trail.skip(ONE_NAME_AND_BIRTH, Outcome.NOT_APPLICABLE)
        return Join.SINGLE
    named = [tuple(_text(one.claims, *own.path) for own in catalogue.SUBJECT) for one in shown]
    if _one_set(shown) or not all(None not in claims for claims in named):
        trail.require(ONE_SET, _one_set(shown))
        trail.skip(ONE_NAME_AND_BIRTH, Outcome.NOT_APPLICABLE)
        return Join.SET
    trail.skip(ONE_SET, Outcome.NOT_APPLICABLE)
    trail.require(ONE_NAME_AND_BIRTH, len(set(named)) == 1)
    return Join.CLAIMS


def _one_set(shown: Sequence[Shown]) -> bool:
    sets = {_text(one.claims, *catalogue.SET.path) for one in shown}
    return len(sets) == 1 and None not in sets and len({one.issuer for one in shown}) == 1


def _text(claims: Claims, name: str) -> str | None:
    value: Json = claims.get(name)
    return value if isinstance(value, str) and value else None
