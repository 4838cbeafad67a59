"""The plain sentences that people read, in each language: what something means and what they can do.

It keeps to itself where the sentences lie: one TOML file for each language, with the same keys. The sentences are at
language level B1. Errors and logs are for developers and stay in English; what a resident, a clerk or an employee of a
housing corporation sees comes from here. So does the rule for what strangers wrote, before it is shown to anyone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from eigendata.errors import Misuse, Outcome, Reason

LANGUAGES: Final = ("nl", "en")
"""The languages in which every sentence exists."""


def say(key: str, language: str, /, **filled: str | int) -> str:
    """Give the sentence of a key, such as `join.set`; `filled` takes the place of the names in braces.

    Raises:
        Misuse: there is no such language or sentence, or a name in braces was not filled.
    """
    sentence = sentences(language).get(key)
    if sentence is None:
        raise Misuse(f"there is no sentence {key!r} in {language!r}")
    try:
        return sentence.format_map(filled)
    except KeyError as error:
        raise Misuse(f"the sentence {key!r} needs {error}") from error


def reason(reason: Reason, language: str) -> str:
    """Give what a reason means and what the person can do."""
    return say(f"reason.{reason.value}", language)


def advice(advice: str, language: str) -> str:
    """Give what an advice means for the person; `advice` is a value of `eigendata.model.Advice`."""
    return say(f"advice.{advice}", language)


def outcome(outcome: Outcome, language: str) -> str:
    """Give what became of a check."""
    return say(f"outcome.{outcome.value}", language)


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Give every sentence of a language by its key.

    Raises:
        Misuse: there is no such language.
    """
    require_language(language)
    tables = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text("utf-8"))
    return {f"{family}.{name}": sentence for family, table in tables.items() for name, sentence in table.items()}


def visible(text: str, *, spaces: str = "") -> str:
    """Give a text of strangers as it may be shown: what steers a terminal, turns the direction of what follows, or is
    not to be seen at all, becomes U+FFFD.

    Args:
        spaces: blank characters other than the plain space that may stand.
    """
    if _is_seen(text):
        return text
    return "".join(one if _is_seen(one) or one in spaces else _REPLACED for one in text)


_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
# Letters, signs and marks by their category, and nothing to be seen: a name of these alone is an empty one.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def _is_seen(text: str) -> bool:
    return text.isprintable() and _BLANK.isdisjoint(text)


def require_language(language: str) -> None:
    """Refuse a language that has no sentences.

    Raises:
        Misuse: there is no such language.
    """
    if language not in LANGUAGES:
        raise Misuse(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
