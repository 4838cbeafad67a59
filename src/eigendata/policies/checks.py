"""What a policy may not be: the checks that the loader takes, in their order.

A policy that asks outside the list of its use, that cannot be explained to the person, or that adds up credentials
without saying that they must be about one person, is refused before it asks anyone anything. The trail of a good one is
exactly `POLICY_CHECKS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from eigendata import texts
from eigendata.errors import Check, Reason, Step, Trail
from eigendata.model import Advice, CredentialType, Kind, Presence
from eigendata.policies.compile import AS_OF, MATCHING, MAX_OPTIONS, SET, count_options
from eigendata.policies.policy import CHANNELS, Policy, PolicyQuestion, is_term
from eigendata.policies.rules import ABSENT, AnyAbsent, HomeKind, Is, Otherwise, Outside, Path, Rule
from eigendata.policies.uses import Use


def _check(name: str, part: str, rule: str) -> Check:
    return Check(name=name, clause=f"policy file, {part}", reason=Reason.POLICY_DENIED, rule=rule)


EXPLAINED = _check("EXPLAINED", "purpose and because", "The purpose and every rule are explained in every language.")
GROUNDED = _check("GROUNDED", "legal_basis", "At least one legal ground is stated.")
KEEP_STATED = _check(
    "KEEP_STATED", "keep", "For every outcome it is stated, in one of the known terms, how long it is kept."
)
CHANNEL_STATED = _check("CHANNEL_STATED", "other_channel", "A known way without a wallet is stated.")
TYPES_KNOWN = _check("TYPES_KNOWN", "questions", "Each question names credential types that are declared.")
CLAIMS_LABELLED = _check(
    "CLAIMS_LABELLED", "ask", "Each asked claim is declared by its types and has a label in every language."
)
CLAIMS_PROMISED = _check(
    "CLAIMS_PROMISED", "ask", "Each asked claim is one that a credential holds or says to be absent."
)
USE_LISTED = _check("USE_LISTED", "use", "The intended use is listed.")
WITHIN_USE = _check("WITHIN_USE", "ask", "Each asked claim is on the list of the intended use.")
IDENTIFY_WITHIN_USE = _check(
    "IDENTIFY_WITHIN_USE", "identify", "Each claim marked `identify` is on the use's list of claims that identify."
)
WHOLE_WITHIN_USE = _check(
    "WHOLE_WITHIN_USE", "whole", "Of a credential that may be shown whole, each claim is on the list of the use."
)
LAW_NAMED = _check(
    "LAW_NAMED", "legal_basis", "A credential shown by law only is asked on the legal ground that the use names."
)
ONE_SUBJECT = _check(
    "ONE_SUBJECT", "same_subject", "A policy over several questions states that all of them are about one person."
)
CAN_BE_TIED = _check(
    "CAN_BE_TIED", "same_subject", "Each type that answers such a question holds what ties it to the others."
)
DATED = _check(
    "DATED",
    "max_source_age_days",
    "Where an age is set, each type says how old its source is, or its question says not.",
)
HOME_DECLARED = _check("HOME_DECLARED", "home", "Each condition that a rule or question names is declared.")
HOME_USED = _check("HOME_USED", "home", "Each declared condition is used.")
HOME_FITS = _check(
    "HOME_FITS",
    "only_if",
    "`only_if` names a condition that can fail; one that may be left out is used under it alone.",
)
RULES_OVER_ASKED = _check("RULES_OVER_ASKED", "rules", "Each rule looks at a claim that is asked.")
RULES_FIT = _check("RULES_FIT", "rules", "Each rule compares a claim with something of its own kind.")
RULES_DISTINCT = _check("RULES_DISTINCT", "rules", "No two rules make the same test under the same condition.")
RULES_END = _check("RULES_END", "rules", "The last rule, and no other, is `otherwise`, under no condition.")
ABSENCE_FIRST = _check(
    "ABSENCE_FIRST",
    "rules",
    "A rule for absent claims comes before any rule that advises `voldoet`, under no condition, and refuses nobody.",
)
A_PERSON_DECIDES = _check(
    "A_PERSON_DECIDES", "rules", "No rule advises `persoonlijk_contact`, which is given without rules."
)
CLAIMS_MATTER = _check("CLAIMS_MATTER", "ask", "Each asked claim can change the outcome, or is marked `identify`.")
OPTIONS_BOUNDED = _check(
    "OPTIONS_BOUNDED", "ask", f"No question has more than {MAX_OPTIONS} combinations of claims and absences."
)

POLICY_CHECKS: Final = (
    EXPLAINED,
    GROUNDED,
    KEEP_STATED,
    CHANNEL_STATED,
    TYPES_KNOWN,
    CLAIMS_LABELLED,
    CLAIMS_PROMISED,
    USE_LISTED,
    WITHIN_USE,
    IDENTIFY_WITHIN_USE,
    WHOLE_WITHIN_USE,
    LAW_NAMED,
    ONE_SUBJECT,
    CAN_BE_TIED,
    DATED,
    HOME_DECLARED,
    HOME_USED,
    HOME_FITS,
    RULES_OVER_ASKED,
    RULES_FIT,
    RULES_DISTINCT,
    RULES_END,
    ABSENCE_FIRST,
    A_PERSON_DECIDES,
    CLAIMS_MATTER,
    OPTIONS_BOUNDED,
)


def check(policy: Policy, *, types: Mapping[str, CredentialType], uses: Mapping[str, Use]) -> tuple[Step, ...]:
    """Take every check of a policy.

    Raises:
        Rejected: one of them fails (`policy_denied`).
    """
    trail = Trail()
    _explained(trail, policy)
    asked = _types(trail, policy, types)
    _use(trail, policy, asked, uses)
    _subjects(trail, policy, asked)
    _home(trail, policy)
    _rules(trail, policy, asked)
    _needed(trail, policy, types)
    return trail.done()


_Asked = Sequence[tuple[PolicyQuestion, tuple[CredentialType, ...]]]


def _explained(trail: Trail, policy: Policy) -> None:
    said = (policy.purpose, *(rule.because for rule in policy.rules))
    trail.require(EXPLAINED, all(_in_every_language(one) for one in said))
    trail.require(GROUNDED, bool(policy.legal_basis))
    outcomes = {one.value for one in Advice}
    stated = set(policy.keep)
    trail.require(
        KEEP_STATED,
        stated <= {*outcomes, "otherwise"}
        and ("otherwise" in stated or outcomes <= stated)
        and all(is_term(term) for term in policy.keep.values()),
    )
    trail.require(CHANNEL_STATED, policy.other_channel in CHANNELS)


def _in_every_language(said: Mapping[str, str]) -> bool:
    return set(texts.LANGUAGES) <= set(said)


def _types(trail: Trail, policy: Policy, types: Mapping[str, CredentialType]) -> _Asked:
    trail.require(TYPES_KNOWN, all(name in types for one in policy.questions for name in one.types))
    asked = [(one, tuple(types[name] for name in one.types)) for one in policy.questions]
    attributes = [one.attribute(path) for one, path in _pairs(asked)]
    trail.require(CLAIMS_LABELLED, all(one is not None and _in_every_language(one.label) for one in attributes))
    trail.require(CLAIMS_PROMISED, all(one is None or one.presence is not Presence.OPTIONAL for one in attributes))
    return asked


def _pairs(asked: _Asked) -> Iterator[tuple[CredentialType, Path]]:
    return ((one, ask.path) for question, alternatives in asked for one in alternatives for ask in question.ask)


def _use(trail: Trail, policy: Policy, asked: _Asked, uses: Mapping[str, Use]) -> None:
    use = trail.some(USE_LISTED, uses.get(policy.use))
    trail.require(WITHIN_USE, all(use.allows(one.id, path) for one, path in _pairs(asked)))
    trail.require(
        IDENTIFY_WITHIN_USE,
        all(
            use.identifies(one.id, ask.path)
            for question, alternatives in asked
            for one in alternatives
            for ask in question.ask
            if ask.identify
        ),
    )
    trail.require(
        WHOLE_WITHIN_USE,
        all(
            use.allows(one.id, path)
            for question, alternatives in asked
            for one in alternatives
            if question.whole
            for path in _said(one)
        ),
    )
    by_law = any(one.by_law_only for one, _ in _pairs(asked))
    trail.require(LAW_NAMED, not by_law or use.law in policy.legal_basis)


def _said(type: CredentialType) -> Iterator[Path]:
    """Give what a type says of a person that is not in every presentation: no numbers that tie, no absences."""
    paths = (one.path for one in type.attributes if one.presence is not Presence.ALWAYS)
    return (path for path in paths if path != SET and path[0] != ABSENT)


def _subjects(trail: Trail, policy: Policy, asked: _Asked) -> None:
    names = {one.id for one in policy.questions}
    trail.require(ONE_SUBJECT, set(policy.same_subject) == (names if len(names) > 1 else set()))
    foreign = any(one.attribute(SET) is None for one, _ in _pairs(asked))
    anyway = {path for _, path in _pairs(asked)}.issuperset(MATCHING)
    ties = MATCHING if foreign or anyway else (SET,)
    trail.require(
        CAN_BE_TIED,
        len(names) == 1 or all(one.attribute(path) is not None for one, _ in _pairs(asked) for path in ties),
    )
    trail.require(
        DATED,
        policy.max_source_age_days is None
        or all(question.undated or _all_have(alternatives, AS_OF) for question, alternatives in asked),
    )


def _all_have(alternatives: Sequence[CredentialType], path: Path) -> bool:
    return all(one.attribute(path) is not None for one in alternatives)


def _home(trail: Trail, policy: Policy) -> None:
    limits = policy.limits
    compared = {rule.test.home for rule in policy.rules if isinstance(rule.test, Outside)}
    trail.require(HOME_DECLARED, limits | compared <= set(policy.home))
    trail.require(HOME_USED, set(policy.home) <= limits | compared)
    may_fail = all(policy.home[name].optional or policy.home[name].kind is HomeKind.BOOL for name in limits)
    guarded = all(
        not policy.home[rule.test.home].optional or rule.only_if == rule.test.home
        for rule in policy.rules
        if isinstance(rule.test, Outside)
    )
    trail.require(HOME_FITS, may_fail and guarded)


def _rules(trail: Trail, policy: Policy, asked: _Asked) -> None:
    claims = {
        (question.id, ask.path): tuple(one.attribute(ask.path) for one in alternatives)
        for question, alternatives in asked
        for ask in question.ask
    }
    tests_of_claims = [rule.test for rule in policy.rules if isinstance(rule.test, Outside | Is)]
    looked_at = [(test, (test.claim.question, test.claim.path)) for test in tests_of_claims]
    trail.require(RULES_OVER_ASKED, all(claim in claims for _, claim in looked_at))
    trail.require(
        RULES_FIT,
        all(
            one is None or one.kind in _kinds(test, policy)
            for test, claim in looked_at
            for one in claims.get(claim, ())
        ),
    )
    tests = [(type(rule.test), rule.test, rule.only_if) for rule in policy.rules]
    trail.require(RULES_DISTINCT, not any(_same(one, other) for one, other in combinations(tests, 2)))
    ends = [isinstance(rule.test, Otherwise) and rule.only_if is None for rule in policy.rules]
    otherwise = sum(isinstance(rule.test, Otherwise) for rule in policy.rules)
    trail.require(RULES_END, otherwise == 1 and ends[-1])
    trail.require(ABSENCE_FIRST, _absence_first(policy.rules))
    trail.require(A_PERSON_DECIDES, all(rule.advice is not Advice.IN_PERSON for rule in policy.rules))


def _same(one: object, other: object) -> bool:
    # by what they say, for Python holds 1 == True
    return repr(one) == repr(other)


_WHOLE: Final = (Kind.INTEGER, Kind.YEAR)
_WRITTEN: Final = (Kind.TEXT, Kind.DATE, Kind.YEAR_MONTH, Kind.COUNTRY, Kind.BSN)


def _kinds(test: Outside | Is, policy: Policy) -> tuple[Kind, ...]:
    """Give the kinds of claims that a test can look at."""
    if isinstance(test, Outside):
        return {HomeKind.RANGE: _WHOLE, HomeKind.TEXTS: _WRITTEN, HomeKind.BOOL: ()}[policy.home[test.home].kind]
    if isinstance(test.value, bool):
        return (Kind.BOOLEAN,)
    return _WHOLE if isinstance(test.value, int) else _WRITTEN


def _absence_first(rules: Sequence[Rule]) -> bool:
    answered = False
    for rule in rules:
        if isinstance(rule.test, AnyAbsent):
            if rule.advice is not Advice.NOT_DERIVABLE:
                return False
            answered = answered or rule.only_if is None
        elif rule.advice is Advice.MEETS and not answered:
            return False
    return True


def _needed(trail: Trail, policy: Policy, types: Mapping[str, CredentialType]) -> None:
    """Look at every combination of conditions: a claim that is never asked has no place in the policy."""
    limits = sorted(policy.limits)
    always = frozenset(policy.home) - policy.limits
    asked_ever: set[tuple[str, Path]] = set()
    bounded = True
    for count in range(len(limits) + 1):
        for some in combinations(limits, count):
            asked = policy.asked_where(always | set(some))
            asked_ever.update((question, path) for question, paths in asked.items() for path in paths)
            bounded = bounded and all(
                count_options(wanted, one) <= MAX_OPTIONS
                for wanted in policy.wanted(asked, types)
                for one in wanted.types
            )
    declared = {(question.id, ask.path) for question in policy.questions for ask in question.ask}
    trail.require(CLAIMS_MATTER, asked_ever == declared)
    trail.require(OPTIONS_BOUNDED, bounded)
