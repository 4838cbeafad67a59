"""A policy in plain words: what is asked, why, from where, how long it is kept, and which rules decide."""

from __future__ import annotations

from collections.abc import Mapping

from eigendata import texts
from eigendata.encoding import Json
from eigendata.model import CredentialType
from eigendata.policies.policy import Ask, Policy, PolicyQuestion, kept, known_type
from eigendata.policies.rules import Subject
from eigendata.registers.catalogue import CATALOGUE


def explain(policy: Policy, language: str, *, types: Mapping[str, CredentialType] = CATALOGUE) -> dict[str, Json]:
    """Explain a policy as JSON, for a page or a consent screen.

    Raises:
        Misuse: there is no such language, or a type of the policy is not among `types`.
    """
    texts.require_language(language)
    return {
        "id": policy.id,
        "version": policy.version,
        "digest": policy.digest(),
        "use": policy.use,
        "purpose": policy.purpose[language],
        "legal_basis": list(policy.legal_basis),
        "keep": [
            {"outcome": outcome, "kept": kept(term, language), "term": term} for outcome, term in policy.keep.items()
        ],
        "max_source_age_days": policy.max_source_age_days,
        "other_channel": texts.say(f"channel.{policy.other_channel}", language),
        "home": {name: one.kind.value + "?" * one.optional for name, one in policy.home.items()},
        "questions": [_question(policy, one, language, types) for one in policy.questions],
        "same_subject": list(policy.same_subject),
        "rules": [
            {
                "rule": rule.statement,
                "because": rule.because[language],
                "advice": rule.advice.value,
                "says": texts.advice(rule.advice.value, language),
            }
            for rule in policy.rules
        ],
    }


def _question(
    policy: Policy, question: PolicyQuestion, language: str, types: Mapping[str, CredentialType]
) -> dict[str, Json]:
    return {
        "id": question.id,
        "optional": question.optional,
        "from": [
            {"type": one.id, "label": one.label[language], "register": one.register}
            for one in (known_type(types, name) for name in question.types)
        ],
        "claims": [
            _claim(policy, question, one, language, known_type(types, question.types[0])) for one in question.ask
        ],
    }


def _claim(
    policy: Policy, question: PolicyQuestion, ask: Ask, language: str, declared: CredentialType
) -> dict[str, Json]:
    subject = Subject(question=question.id, path=ask.path)
    rules = [rule for rule in policy.rules if rule.claim == subject]
    limits = {question.only_if}
    if not ask.identify and all(rule.only_if for rule in rules):
        limits.update(rule.only_if for rule in rules)
    only_if = sorted(one for one in limits if one is not None)
    attribute = declared.attribute(ask.path)
    why = texts.say("asked.identify" if ask.identify else "asked.matters", language)
    if only_if:
        limited = texts.say("asked.only_if", language)
        why = f"{why} {limited}"
    return {
        "path": list(ask.path),
        "label": attribute.label[language] if attribute else ".".join(ask.path),
        "sensitive": attribute.sensitive if attribute else True,
        "why": why,
        "only_if": [f"home.{one}" for one in only_if],
        "rules": [rule.because[language] for rule in rules],
    }
