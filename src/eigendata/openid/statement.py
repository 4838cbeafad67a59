"""What an asker says of a request in its own words: its name, why it asks, on what ground, what is kept how long.

    Request -> write_statement -> an entry of `verifier_info` -> read_statement -> Statement

Nobody vouches for it; it is bound to the request by standing in it. It is shown to people before they agree, so every
text is short and holds only characters that show what they are: no control characters, no line breaks, nothing that
turns the direction of writing or has no width.

Source: OpenID4VP 1.0 sections 5.1 (`verifier_info`) and 5.11; entries of other formats are ignored.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from eigendata.encoding import Json
from eigendata.errors import Malformed, within
from eigendata.query import PolicyReference, Query, Request

FORMAT: Final = "urn:eigendata:statement:1"
"""Our entry's `format` in `verifier_info`."""

MAX_ENTRIES: Final = 32
"""Entries of `verifier_info`, ours and others'."""

MAX_PURPOSE: Final = 500
"""Characters of a purpose: three sentences on a screen."""

MAX_LINE: Final = 200
"""Characters of every other text: a name, an article of law, a term of keeping."""

MAX_LINES: Final = 16
"""Languages of a purpose, legal grounds, terms of keeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An asker's own words.

    Attributes:
        name: what the asker calls itself; empty where it does not say.
        purpose: language -> why it is asked.
        keep: outcome -> how long what follows from it is kept.
    """

    name: str = ""
    purpose: Mapping[str, str] = field(default_factory=dict, hash=False)
    legal_basis: tuple[str, ...] = ()
    keep: Mapping[str, str] = field(default_factory=dict, hash=False)
    policy: PolicyReference | None = None


def write_statement(request: Request) -> dict[str, Json]:
    """Write the entry of `verifier_info` for a request; the conditions of its policy stay with the verifier."""
    data: dict[str, Json] = {"name": request.asker.party.name}
    if request.purpose:
        data["purpose"] = dict(request.purpose)
    if request.legal_basis:
        data["legal_basis"] = list(request.legal_basis)
    if request.keep:
        data["keep"] = dict(request.keep)
    if request.policy is not None:
        use: dict[str, Json] = {} if request.policy.use is None else {"use": request.policy.use}
        data["policy"] = {"id": request.policy.id, "version": request.policy.version, **use}
    return {"format": FORMAT, "data": data}


def read_statement(value: Json, query: Query) -> Statement:
    """Find our entry in `verifier_info` and read it; without one the statement is empty.

    Raises:
        Malformed: `verifier_info` is not what the specification says, our entry is there twice, or it holds a text
            that is not fit to be shown.
    """
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MAX_ENTRIES:
        raise Malformed(f"`verifier_info` is an array of 1 to {MAX_ENTRIES} entries")
    known = {one.id for one in query.credentials}
    ours: list[Json] = []
    for entry in value:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("data"), Mapping | str):
            raise Malformed("an entry of `verifier_info` is an object with `data`, an object or a string")
        if not isinstance(entry.get("format"), str):
            raise Malformed("an entry of `verifier_info` has a `format`, a string")
        if "credential_ids" in entry and not _refers(entry["credential_ids"], known):
            raise Malformed("an entry of `verifier_info` names a credential query that is not there")
        if entry["format"] == FORMAT:
            if "credential_ids" in entry:
                raise Malformed("a statement is about the whole request, and names no `credential_ids`")
            ours.append(entry["data"])
    if len(ours) > 1:
        raise Malformed("a request makes one statement")
    with within(FORMAT):
        return _statement(ours[0]) if ours else Statement()


# -- reading ----------------------------------------------------------------------------------------------------------

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}", re.ASCII)
# control, format (bidi controls, zero width), surrogate, private use, line and paragraph separators
_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _refers(value: Json, known: set[str]) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(one, str) and one in known for one in value)
    )


def _statement(value: Json) -> Statement:
    if not isinstance(value, Mapping):
        raise Malformed("a statement is an object")
    purpose = _texts(value.get("purpose", {}), MAX_PURPOSE)
    if not all(_LANGUAGE.fullmatch(language) for language in purpose):
        raise Malformed("a purpose is given for a language that is none")
    legal_basis = value.get("legal_basis", ())
    if not isinstance(legal_basis, list | tuple) or len(legal_basis) > MAX_LINES:
        raise Malformed(f"`legal_basis` is an array of at most {MAX_LINES} texts")
    return Statement(
        name=_shown(value["name"], MAX_LINE) if "name" in value else "",
        purpose=purpose,
        legal_basis=tuple(_shown(one, MAX_LINE) for one in legal_basis),
        keep=_texts(value.get("keep", {}), MAX_LINE),
        policy=_policy(value["policy"]) if "policy" in value else None,
    )


def _policy(value: Json) -> PolicyReference:
    if not isinstance(value, Mapping) or not {"id", "version"} <= value.keys():
        raise Malformed("a policy is named by `id` and `version`")
    return PolicyReference(
        id=_shown(value["id"], MAX_LINE),
        version=_shown(value["version"], MAX_LINE),
        use=_shown(value["use"], MAX_LINE) if "use" in value else None,
    )


def _texts(value: Json, most: int) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MAX_LINES:
        raise Malformed(f"an object of at most {MAX_LINES} texts is expected here")
    return {_shown(name, MAX_LINE): _shown(text, most) for name, text in value.items()}


def _shown(value: Json, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise Malformed(f"a text of 1 to {most} characters is expected here")
    if any(unicodedata.category(character) in _UNSHOWABLE for character in value) or not value.strip():
        raise Malformed("a text that is shown to people holds a character that does not show what it is")
    return value
