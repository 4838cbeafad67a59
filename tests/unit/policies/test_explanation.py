"""A policy says in plain words what it asks, why, from where, and how long anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from eigendata import policies, texts
from eigendata.encoding import Json, json_dumps
from eigendata.errors import Misuse
from eigendata.model import CredentialType
from eigendata.policies import Policy, explain, kept
from tests.unit.policies.samples import HOUSE, OWN_RULE, TYPES, changed, read


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("name", policies.shipped())
def test_every_shipped_policy_is_explained_in_every_language(name: str, language: str) -> None:
    policy = policies.load(name)
    told = explain(policy, language)
    assert json_dumps(told)
    assert told["purpose"] == policy.purpose[language]
    assert told["digest"] == policy.digest()
    questions = told["questions"]
    assert isinstance(questions, list)
    assert [one["id"] for one in questions] == [one.id for one in policy.questions]
    for question in questions:
        for claim in question["claims"]:
            assert claim["why"]
            assert claim["label"]


def test_the_explanation_says_when_and_why_the_local_tie_is_asked() -> None:
    told = explain(policies.load("woningcorporatie/B"), "en")
    questions = told["questions"]
    assert isinstance(questions, list)
    (tie,) = questions[1]["claims"]
    assert tie["only_if"] == ["home.binding"]
    assert tie["why"].endswith(texts.say("asked.only_if", "en"))
    assert len(tie["rules"]) == 1
    (name, *_) = questions[0]["claims"]
    assert (name["why"], name["only_if"], name["rules"]) == (texts.say("asked.identify", "en"), [], [])


def house_claim(policy: Policy, *path: str, types: Mapping[str, CredentialType] = TYPES) -> Mapping[str, Json]:
    """Give what is told of one claim of the house."""
    questions = explain(policy, "en", types=types)["questions"]
    assert isinstance(questions, list)
    (told,) = (one for one in questions[1]["claims"] if one["path"] == list(path))
    assert isinstance(told, dict)
    return told


def test_a_claim_is_said_to_be_asked_always_where_one_of_its_rules_always_counts() -> None:
    always = OWN_RULE.replace("is = true", "is = false").replace('only_if = "home.local"\n', "")
    for rules in (OWN_RULE + always, always + OWN_RULE):
        told = house_claim(read(changed((OWN_RULE, rules))), "own")
        assert (told["only_if"], told["why"]) == ([], texts.say("asked.matters", "en"))


def test_a_claim_that_identifies_is_said_to_be_asked_always_whatever_its_rules() -> None:
    text = changed(('ask = ["size", "own", "town"]', 'ask = ["size", "own", "town"]\nidentify = ["town"]'))
    told = house_claim(read(text), "town")
    assert (told["only_if"], told["why"]) == ([], texts.say("asked.identify", "en"))


def test_a_claim_that_its_type_no_longer_declares_is_told_by_its_path_and_as_sensitive() -> None:
    ask = 'ask = ["size", "own", "town", "lot.number"]\nidentify = ["lot.number"]'
    names = ('ask = ["family_name", "given_name", "birthdate"]', 'ask = ["family_name", "given_name"]')
    policy = read(changed(('ask = ["size", "own", "town"]', ask), names))
    assert house_claim(policy, "lot", "number")["label"] == "Claim"
    assert house_claim(policy, "lot", "number")["sensitive"] is False
    bare = replace(HOUSE, attributes=tuple(one for one in HOUSE.attributes if one.path != ("lot", "number")))
    told = house_claim(policy, "lot", "number", types={**TYPES, bare.id: bare})
    assert (told["label"], told["sensitive"]) == ("lot.number", True)


def test_a_language_that_does_not_exist_is_misuse() -> None:
    with pytest.raises(Misuse):
        explain(policies.load("woningcorporatie/B"), "xx")


def test_terms_of_keeping_are_told_in_plain_words() -> None:
    assert kept("0 days", "en") == "not kept"
    assert kept("90 days", "nl") == "90 dagen bewaard"
    assert "auditor" in kept("until audit", "en")
    assert "Archives" in kept("case file", "en")
    # another verifier's words are shown as they are
    assert kept("until the moon {days} falls", "en") == "until the moon {days} falls"


def test_an_explanation_says_all_that_a_policy_says() -> None:
    why, identify = texts.say("asked.matters", "en"), texts.say("asked.identify", "en")
    limited = f"{why} {texts.say('asked.only_if', 'en')}"

    def claim(name: str, why: str, *rules: str, only_if: tuple[str, ...] = ()) -> dict[str, object]:
        told = {"path": [name], "label": "Claim", "sensitive": False, "why": why}
        return {**told, "only_if": [f"home.{one}" for one in only_if], "rules": list(rules)}

    def question(name: str, *claims: dict[str, object]) -> dict[str, object]:
        kind = {"type": f"urn:test:{name}:1", "label": "Claim", "register": ""}
        return {"id": name, "optional": False, "from": [kind], "claims": list(claims)}

    def rule(name: str, because: str) -> dict[str, str]:
        advice = name.partition(": ")[2]
        return {"rule": name, "because": because, "advice": advice, "says": texts.advice(advice, "en")}

    policy = read()
    assert explain(policy, "en", types=TYPES) == {
        "id": "test/letting",
        "version": "1",
        "digest": policy.digest(),
        "use": "letting",
        "purpose": "Why",
        "legal_basis": ["AVG 6(1)(b)"],
        "keep": [
            {"outcome": "voldoet", "kept": kept("until audit", "en"), "term": "until audit"},
            {"outcome": "otherwise", "kept": kept("0 days", "en"), "term": "0 days"},
        ],
        "max_source_age_days": 14,
        "other_channel": texts.say("channel.balie", "en"),
        "home": {"size": "range", "local": "bool", "towns": "texts?"},
        "questions": [
            question("person", *(claim(name, identify) for name in ("family_name", "given_name", "birthdate"))),
            question(
                "house",
                claim("size", why, "b"),
                claim("own", limited, "c", only_if=("local",)),
                claim("town", limited, "d", only_if=("towns",)),
            ),
        ],
        "same_subject": ["person", "house"],
        "rules": [
            rule("absent any: niet_af_te_leiden", "a"),
            rule("house.size outside home.size: voldoet_niet", "b"),
            rule("house.own is true, only if home.local: voldoet_niet", "c"),
            rule("house.town outside home.towns, only if home.towns: niet_af_te_leiden", "d"),
            rule("otherwise: voldoet", "e"),
        ],
    }
