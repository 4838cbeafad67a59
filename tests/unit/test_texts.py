"""Every sentence exists in every language, says something, and is used."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import eigendata
from eigendata import texts
from eigendata.cli import speaking
from eigendata.errors import Misuse, Outcome, Reason
from eigendata.model import Advice
from eigendata.web import html

SOURCE = Path(eigendata.__file__).parent
BY_ENUM = (
    {f"reason.{one.value}" for one in Reason}
    | {f"advice.{one.value}" for one in Advice}
    | {f"outcome.{one.value}" for one in Outcome}
)


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
    for key in set(texts.sentences("nl")) - BY_ENUM:
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
