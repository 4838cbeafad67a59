"""Every sentence exists in every language, says something, and is used."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from string import Formatter

import pytest

import eigendata
from eigendata import texts
from eigendata.cli import speaking
from eigendata.doctor.findings import FAMILIES, Became, Cause, Finding, Gap, Kind, Role, Verdict, remedies
from eigendata.errors import Check, Misuse, Outcome, Reason
from eigendata.model import Advice
from eigendata.web import html

SOURCE = Path(eigendata.__file__).parent
BY_ENUM = (
    {f"reason.{one.value}" for one in Reason}
    | {f"advice.{one.value}" for one in Advice}
    | {f"outcome.{one.value}" for one in Outcome}
)


CHECKS = tuple(
    dict.fromkeys(
        value
        for module in walk_packages(eigendata.__path__, "eigendata.")
        if not module.name.endswith("__main__")
        for value in vars(import_module(module.name)).values()
        if isinstance(value, Check)
    )
)
OF_DOCTOR = {
    *(f"check.{one.name}" for one in CHECKS),
    *(f"{family}.{name}" for family in FAMILIES.values() for name in {*Cause, *Reason, *(one.name for one in CHECKS)}),
    *(f"kind.{one}" for one in Kind),
    *(f"cause.{one}" for one in Cause),
    *(f"gap.{one}" for one in Gap),
    *(f"became.{one}" for one in Became),
    *(f"verdict.{one}" for one in Verdict),
    *(f"role.{one}" for one in Role),
}
"""What the doctor may say; each is looked at by the tests below."""


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_check_says_in_plain_words_what_it_means_and_what_to_do(language: str) -> None:
    for one in CHECKS:
        assert texts.say(f"check.{one.name}", language).endswith("."), one.name
        assert remedies(Finding(cause=Cause.CHECK, check=one), language), one.name


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_reason_says_what_to_do(language: str) -> None:
    for one in Reason:
        check = Check(name="NEW", clause="", reason=one, rule="a rule that nobody wrote a sentence for")
        assert remedies(Finding(cause=Cause.CHECK, check=check), language), one


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_cause_says_what_is_the_matter_and_what_to_do(language: str) -> None:
    for one in Cause:
        assert texts.sentences(language)[f"cause.{one}"].endswith("."), one
        assert one is Cause.CHECK or remedies(Finding(cause=one), language), one


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_everything_that_the_doctor_finds_has_a_sentence(language: str) -> None:
    said = set(texts.sentences(language))
    for family, values in (("kind", Kind), ("gap", Gap), ("verdict", Verdict), ("role", Role)):
        assert {key for key in said if key.startswith(f"{family}.")} == {f"{family}.{one}" for one in values}
    assert {key for key in said if key.startswith("cause.")} == {f"cause.{one}" for one in Cause}
    assert {key for key in said if key.startswith("check.")} == {f"check.{one.name}" for one in CHECKS}
    assert f"became.{Became.NOT_REACHED}" in said


def test_a_remedy_is_said_in_every_language_to_the_same_roles() -> None:
    for one in (
        *(Finding(cause=cause) for cause in Cause),
        *(Finding(cause=Cause.CHECK, check=check) for check in CHECKS),
    ):
        assert remedies(one, "nl") == remedies(one, "en")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_reason_advice_and_outcome_has_a_sentence_in_each_language(language: str) -> None:
    for one in Reason:
        assert texts.reason(one, language).endswith(".")
    for advised in Advice:
        assert texts.advice(advised, language).endswith(".")
    for became in Outcome:
        assert texts.outcome(became, language).endswith(".")


def test_every_language_has_the_same_keys() -> None:
    first, *others = [set(texts.sentences(language)) for language in texts.LANGUAGES]
    assert all(other == first for other in others)


def test_no_sentence_is_unused() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    families = set(re.findall(r'"([a-z_]+)\.\{', code))  # a key made from a closed list: f"channel.{...}"
    for key in set(texts.sentences("nl")) - BY_ENUM - OF_DOCTOR:
        assert f'"{key}"' in code or key.partition(".")[0] in families, key


def test_sentences_of_reasons_advice_and_outcomes_belong_to_one() -> None:
    of_enums = {key for key in texts.sentences("en") if key.startswith(("reason.", "advice.", "outcome."))}
    assert of_enums == BY_ENUM


def test_languages_fill_in_the_same_names() -> None:
    def names(sentence: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}

    for key, sentence in texts.sentences("nl").items():
        assert names(sentence) == names(texts.sentences("en")[key]), key


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_sentences_are_short(language: str) -> None:
    for key, text in texts.sentences(language).items():
        for sentence in re.split(r"(?<=[.:?]) ", text):
            assert len(sentence.split()) <= 20, key


def test_an_unknown_language_key_or_blank_is_misuse() -> None:
    with pytest.raises(Misuse):
        texts.say("join.set", "xx")
    with pytest.raises(Misuse):
        texts.say("join.nothing", "nl")
    with pytest.raises(Misuse):
        texts.say("keep.days", "nl")


@pytest.mark.parametrize("character", [*"\x1b\x07\x9b\u200b\u202e\u2066\ufeff\u115f\u2800\u3164\uffa0\u2028\x7f"])
def test_what_steers_turns_or_is_not_seen_reaches_neither_a_terminal_nor_a_page(character: str) -> None:
    for shown in (texts.visible, speaking.printable, html.visible):
        assert shown(f"a{character}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_what_can_be_seen_stays_as_it_is() -> None:
    for text in ("Żółć 北京 😀 — ümlaut", ""):
        assert texts.visible(text) == text
    assert (html.visible("a\nb"), speaking.printable("a\nb")) == ("a\nb", "a\ufffdb")
