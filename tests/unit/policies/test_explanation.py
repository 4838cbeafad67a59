"""A policy says in plain words what it asks, why, from where, and how long anything is kept."""

from __future__ import annotations

import pytest

from eigendata import policies, texts
from eigendata.encoding import json_dumps
from eigendata.errors import Misuse
from eigendata.policies import explain, kept


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
