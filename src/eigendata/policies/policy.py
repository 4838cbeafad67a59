"""What a policy is once it was loaded: what is asked, why, what is kept, and the rules of its advice.

    Policy + home -> compile -> the query and its questions
    Policy + answers + home -> advise -> Advised

It keeps to itself which claims are asked under which conditions: those marked to identify the person, and those for
which some answer would change the advice given these conditions. Nothing else ever leaves a question.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from eigendata import texts
from eigendata.encoding import Json, json_dumps
from eigendata.errors import Misuse
from eigendata.formats.protocol import Format
from eigendata.model import Advice, Advised, Claims, CredentialType, legal_day
from eigendata.policies.compile import AS_OF, MATCHING, SET, Compiled, Wanted, compile_query, siblings
from eigendata.policies.rules import (
    AnyAbsent,
    Condition,
    Is,
    Otherwise,
    Outside,
    Path,
    Rule,
    Subject,
    decide,
    given,
    holding,
    matters,
)

CHANNELS: Final = ("balie", "telefoon", "brief")
"""How else than with a wallet a person may apply, with the same weight. Each has a sentence in `eigendata.texts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One claim that a question may ask. `identify`: it says who the person is, and no rule needs to look at it."""

    path: Path
    identify: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyQuestion:
    """One question of a policy.

    Attributes:
        types: ids of the credential types of which any may answer it.
        optional: the person may leave it unanswered.
        only_if: the condition of the home without which it is not asked.
        undated: types that do not say how old their source is are accepted here.
        whole: a credential may be shown whole, in a format in which nothing of it can be withheld.
    """

    id: str
    types: tuple[str, ...]
    ask: tuple[Ask, ...]
    optional: bool = False
    only_if: str | None = None
    undated: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One stage of one process at a verifier. Made by `load`, which refuses what may not be asked or explained.

    Attributes:
        use: the intended use, whose list says what may be asked at most.
        purpose: language -> why it is asked.
        keep: outcome, or `otherwise` -> how long what follows from it is kept: `0 days`, `until audit`, `case file`.
        max_source_age_days: how old a register's answer may be; None: any age.
        home: what is given per check, about the home and not about the person.
        same_subject: the questions whose answers must be about one person.
    """

    id: str
    version: str
    use: str
    purpose: Mapping[str, str] = field(hash=False)
    legal_basis: tuple[str, ...]
    keep: Mapping[str, str] = field(hash=False)
    max_source_age_days: int | None
    other_channel: str
    home: Mapping[str, Condition] = field(hash=False)
    questions: tuple[PolicyQuestion, ...]
    same_subject: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def limits(self) -> frozenset[str]:
        """Give the conditions that decide whether a rule or a question counts."""
        named = (*(rule.only_if for rule in self.rules), *(question.only_if for question in self.questions))
        return frozenset(name for name in named if name is not None)

    def conditions(self, home: Mapping[str, Json]) -> Mapping[str, Json]:
        """Give the home's conditions in their one form and order.

        Raises:
            Misuse: one is missing, unknown, or not of its kind.
        """
        return given(self.home, home)

    def asked(self, home: Mapping[str, Json]) -> Mapping[str, tuple[Path, ...]]:
        """Give what is asked under these conditions, by question: only what identifies or can change the outcome.

        Raises:
            Misuse: the conditions are not what this policy needs.
        """
        return self.asked_where(holding(self.home, self.conditions(home)))

    def asked_where(self, conditions: frozenset[str]) -> Mapping[str, tuple[Path, ...]]:
        """Give what is asked where exactly these conditions hold."""
        rules = self.rules_where(conditions)
        found: dict[str, tuple[Path, ...]] = {}
        for question in self.questions:
            if question.only_if is not None and question.only_if not in conditions:
                continue
            paths = tuple(
                one.path
                for one in question.ask
                if one.identify or matters(rules, Subject(question=question.id, path=one.path))
            )
            if paths:
                found[question.id] = paths
        return found

    def rules_where(self, conditions: frozenset[str]) -> tuple[Rule, ...]:
        """Give the rules that are left where exactly these conditions hold."""
        closed = {one.id for one in self.questions if one.only_if is not None and one.only_if not in conditions}
        return tuple(
            rule
            for rule in self.rules
            if (rule.only_if is None or rule.only_if in conditions)
            and (rule.claim is None or rule.claim.question not in closed)
        )

    def compile(
        self, home: Mapping[str, Json], *, types: Mapping[str, CredentialType], formats: Mapping[str, Format]
    ) -> Compiled:
        """Write the policy's questions as DCQL. The same policy and conditions always give the same query.

        Args:
            home: the conditions of this one check.
            types: the credential types by id; formats: the formats by name, each of which is asked.

        Raises:
            Declined: in none of the formats a question is asked without that more is shown (`over_asked`).
            Misuse: the conditions are not what this policy needs, or a type is not there.
        """
        return compile_query(self.wanted(self.asked(home), types), formats)

    def wanted(self, asked: Mapping[str, tuple[Path, ...]], types: Mapping[str, CredentialType]) -> tuple[Wanted, ...]:
        """Add to what is asked what ties the answers to one person and says how old they are."""
        left = [one for one in self.questions if one.id in asked]
        known = {one.id: tuple(known_type(types, name) for name in one.types) for one in left}
        # all of them are about one person, or there is only one (ONE_SUBJECT)
        tied = len(left) > 1
        foreign = any(one.attribute(SET) is None for answering in known.values() for one in answering)
        asked_anyway = {path for paths in asked.values() for path in paths}.issuperset(MATCHING)
        matching = MATCHING if tied and (foreign or asked_anyway) else ()
        return tuple(
            Wanted(
                id=one.id,
                types=known[one.id],
                paths=asked[one.id],
                matching=tuple(path for path in matching if path not in asked[one.id]),
                tied=tied,
                dated=self.max_source_age_days is not None,
                optional=one.optional,
                whole=one.whole,
            )
            for one in left
        )

    def usable(self, question: str, types: Mapping[str, CredentialType]) -> tuple[Path, ...]:
        """Give what a verifier may keep of an answer: the claims asked, their absences and the age of the source.

        What was only asked to tie the answers together (`set`, matching claims) is for `join` and then dropped.
        """
        one = next((one for one in self.questions if one.id == question), None)
        if one is None:
            raise Misuse(f"this policy has no question {question!r}")
        paths = tuple(ask.path for ask in one.ask)
        absences = (path for name in one.types for path in siblings(known_type(types, name), paths))
        return tuple(dict.fromkeys((*paths, *absences, AS_OF)))

    def because(self, advised: Advised, language: str) -> str:
        """Give the plain sentence that belongs to an advice of this policy.

        Raises:
            Misuse: the advice names no rule of this policy, or there is no such language.
        """
        texts.require_language(language)
        if advised.rule == self._age_rule:
            return texts.say("rule.source_too_old", language)
        for rule in self.rules:
            if rule.statement == advised.rule:
                if rule.advice is not advised.advice:
                    return texts.say("rule.claim_missing", language)
                return rule.because[language]
        raise Misuse("this advice names no rule of this policy")

    @property
    def _age_rule(self) -> str:
        return f"max_source_age_days = {self.max_source_age_days}: {Advice.NOT_DERIVABLE.value}"

    def to_json(self) -> dict[str, Json]:
        """Give the policy's whole content in one form: names of tables sorted, lists in their order."""
        return {
            "id": self.id,
            "version": self.version,
            "use": self.use,
            "purpose": _sorted(self.purpose),
            "legal_basis": list(self.legal_basis),
            "keep": _sorted(self.keep),
            "max_source_age_days": self.max_source_age_days,
            "other_channel": self.other_channel,
            "home": _sorted({name: one.kind.value + "?" * one.optional for name, one in self.home.items()}),
            "questions": [
                {
                    "id": one.id,
                    "types": list(one.types),
                    "ask": [".".join(ask.path) for ask in one.ask],
                    "identify": [".".join(ask.path) for ask in one.ask if ask.identify],
                    "optional": one.optional,
                    "only_if": one.only_if,
                    "undated": one.undated,
                    **({"whole": True} if one.whole else {}),  # what said nothing of it keeps its digest
                }
                for one in self.questions
            ],
            "same_subject": list(self.same_subject),
            "rules": [_rule_to_json(one) for one in self.rules],
        }

    def digest(self) -> str:
        """Give the SHA-256 of the policy's content, in hexadecimal: two files that say the same have one digest."""
        return hashlib.sha256(json_dumps(self.to_json())).hexdigest()


def advise(policy: Policy, answers: Mapping[str, Claims], home: Mapping[str, Json], *, at: datetime) -> Advised:
    """Give the advice of the first rule that applies, and that rule.

    Before the rules: an answer whose source is older than the policy allows, or that does not say how old it is, gives
    that nothing can be derived. An old fact is no ground to refuse anyone.

    Args:
        answers: by question, the claims under the type's own paths, `absent` and `as_of` included; a question that was
            optional and not answered is not there.

    Raises:
        Misuse: the conditions are not what this policy needs.
    """
    home = policy.conditions(home)
    conditions = holding(policy.home, home)
    asked = policy.asked_where(conditions)
    if policy.max_source_age_days is not None:
        undated = {one.id for one in policy.questions if one.undated}
        for question in asked:
            if question in answers and not _fresh(
                answers[question].get(*AS_OF), policy.max_source_age_days, at, undated=question in undated
            ):
                return Advised(advice=Advice.NOT_DERIVABLE, rule=policy._age_rule)
    subjects = tuple(Subject(question=question, path=path) for question, paths in asked.items() for path in paths)
    return decide(policy.rules_where(conditions), answers, subjects, home)


_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _fresh(as_of: Json, days: int, at: datetime, *, undated: bool) -> bool:
    if as_of is None:
        return undated
    if not isinstance(as_of, str) or _DATE.fullmatch(as_of) is None:
        return False
    try:
        source = date.fromisoformat(as_of)
    except ValueError:
        return False
    # a day ahead: the issuer's clock may pass midnight before ours
    return -1 <= (legal_day(at) - source).days <= days


_DAYS: Final = re.compile(r"(0|[1-9]\d{0,4}) days", re.ASCII)
_UNTIL: Final = {"until audit": "keep.until_audit", "case file": "keep.case_file"}


def is_term(term: str) -> bool:
    """Say whether a policy may state how long it keeps something in these words."""
    return term in _UNTIL or _DAYS.fullmatch(term) is not None


def kept(term: str, language: str) -> str:
    """Give a term of keeping in plain words. Words that another verifier chose come back as they are."""
    if term in _UNTIL:
        return texts.say(_UNTIL[term], language)
    days = _DAYS.fullmatch(term)
    if days is None:
        return term
    return texts.say("keep.days", language, days=days[1]) if days[1] != "0" else texts.say("keep.none", language)


def days_kept(keep: Mapping[str, str], advice: Advice | None) -> int | None:
    """Give for how many days a policy keeps something after this advice; None where its term ends with an event."""
    term = keep.get(str(advice), keep.get("otherwise", "0 days"))
    days = _DAYS.fullmatch(term)
    return None if days is None else int(days[1])


_OUTCOMES: Final = (*(str(one) for one in Advice), "otherwise")


def kept_lines(keep: Mapping[str, str], language: str) -> tuple[str, ...]:
    """Give how long something is kept, a plain line for each outcome. An outcome we do not know stands as it is."""
    if keep.keys() == {"otherwise"}:
        return (texts.say("kept_if.always", language, term=kept(keep["otherwise"], language)),)
    return tuple(
        texts.say(f"kept_if.{outcome}", language, term=kept(term, language))
        if outcome in _OUTCOMES
        else f"{outcome}: {kept(term, language)}"
        for outcome, term in keep.items()
    )


def known_type(types: Mapping[str, CredentialType], id: str) -> CredentialType:
    """Give a type by its id.

    Raises:
        Misuse: it is not there.
    """
    if id not in types:
        raise Misuse(f"the policy asks the credential type {id!r}, which is not among the types")
    return types[id]


def _sorted(table: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(table.items()))


def _rule_to_json(rule: Rule) -> dict[str, Json]:
    match rule.test:
        case AnyAbsent():
            written: dict[str, Json] = {"absent": "any"}
        case Outside(claim=claim, home=home):
            written = {"claim": str(claim), "outside": f"home.{home}"}
        case Is(claim=claim, value=value):
            written = {"claim": str(claim), "is": value}
        case Otherwise():  # pragma: no branch - there is no other test
            written = {"otherwise": True}
    if rule.only_if is not None:
        written["only_if"] = f"home.{rule.only_if}"
    return {**written, "advice": rule.advice.value, "because": _sorted(rule.because)}
