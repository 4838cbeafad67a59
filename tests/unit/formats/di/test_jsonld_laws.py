"""Two documents with one form say the same to a reader of their JSON: no change hides under a signature."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from eigendata.errors import Malformed
from eigendata.formats.di import contexts
from eigendata.formats.di.jsonld import canonical_nquads

from .samples import HOLDER, ISSUER, KNOWN, THING, credential, presentation, subject

LISTS = {"years", "nationalities"}
"""The claims that are arrays: in those, order and number are signed."""

REFERENCES = {"issuer", "holder", "credentialSubject", "relatedResource", "credentialStatus", "evidence"}

START = credential(
    issuer={"id": ISSUER, "name": "Boxtel"},
    name=["Kaart", {"@value": "Card", "@language": "en"}],
    credentialStatus={"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7"},
    credentialSubject=subject(absent={"born": True}),
    evidence=[{"name": "a"}, {"name": "b", "description": "a"}],
)
WORDS = st.sampled_from([
    "id", "type", "name", "nick", "born", "place", "street", "issuer", "evidence", "credentialSubject", "description",
    "relatedResource", "statusListIndex", "years", "absent", "unknown", "@id", "@type", "@value", "@graph", "@list",
    "@set", "@context", "https://www.w3.org/2018/credentials#issuer", "https://schema.org/name", f"{THING.id}#nick",
])  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.sampled_from([
    None, True, False, 1, 1.0, 2015, "", "x", "7", "true", "Aisha", "Thing", "VerifiableCredential", "_:b",
    THING.id, "urn:uuid:1", "https://www.w3.org/2018/credentials#VerifiableCredential", HOLDER, ISSUER,
    {"id": HOLDER}, {"id": ISSUER}, {"name": "a"}, {"@value": "Kaart"}, {"@list": ["x"]}, {"@set": ["x"]}, [], {}, [[]],
])  # fmt: skip


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from containers(one)


@st.composite
def changed(draw: st.DrawFn, start: dict[str, Any]) -> dict[str, Any]:
    """Change a document in some places: as who holds it under a signature could."""
    document = copy.deepcopy(start)
    for _ in range(draw(st.integers(1, 3))):
        places = [one for one in containers(document) if one]
        place = draw(st.sampled_from(places))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        match draw(st.sampled_from(["drop", "put", "rename", "move", "wrap", "unwrap", "repeat", "turn", "refer"])):
            case "drop":
                del place[key]
            case "put":
                place[key] = copy.deepcopy(draw(VALUES))
            case "rename" if isinstance(place, dict):
                place[draw(WORDS)] = place.pop(key)
            case "move":
                other = draw(st.sampled_from(places))
                value = copy.deepcopy(place.pop(key))
                if isinstance(other, dict):
                    other[key if isinstance(key, str) else draw(WORDS)] = value
                else:
                    other.append(value)
            case "wrap":
                place[key] = [place[key]]
            case "unwrap" if isinstance(place[key], list) and place[key]:
                place[key] = place[key][0]
            case "repeat" if isinstance(place, list):
                place.append(copy.deepcopy(place[key]))
            case "turn" if isinstance(place[key], list):
                place[key].reverse()
            case "refer":
                place[key] = {"id": place[key]}
    return document


def said(value: Any, name: str = "") -> Any:
    """Give what a document says, in a form that does not tell apart what no signature over RDF does.

    That is: the order of an array that is no list, whether one value stands in an array, whether a reference is a text
    or an object with an `id` alone, and which way a whole number is written.
    """
    if isinstance(value, dict):
        if value.keys() == {"id"} and name in REFERENCES:
            return ("text", value["id"])
        return (
            "object",
            tuple(sorted((member, said(one, member)) for member, one in value.items() if member != "@context")),
        )
    if isinstance(value, list):
        parts = [said(one, name) for one in value]
        if name in LISTS:
            return ("list", tuple(parts))
        return parts[0] if len(parts) == 1 else ("set", tuple(sorted(parts, key=repr)))
    return (
        ("text", value)
        if isinstance(value, str)
        else (type(value).__name__.replace("float", "int"), str(float(value or 0)))
    )


def form(document: Any) -> bytes | None:
    try:
        return canonical_nquads(document, contexts=KNOWN)
    except Malformed as error:
        event(str(error).rpartition(": ")[2])
        return None


@settings(max_examples=400)
@given(document=changed(START))
def test_a_credential_that_says_something_else_has_another_form(document: dict[str, Any]) -> None:
    made = form(document)
    if made is not None:
        event("read")
        assert (made == form(START)) == (said(document) == said(START))


@settings(max_examples=150)
@given(document=changed(presentation(START, credential(id="urn:uuid:2", credentialSubject=subject(nick="B")))))
def test_a_presentation_that_says_something_else_has_another_form(document: dict[str, Any]) -> None:
    start = presentation(START, credential(id="urn:uuid:2", credentialSubject=subject(nick="B")))
    made = form(document)
    if made is not None:
        assert (made == form(start)) == (said(document) == said(start))


def test_what_is_said_alike_has_one_form_and_each_sample_has_one() -> None:
    assert form(START) is not None
    again = copy.deepcopy(START)
    again["evidence"].reverse()
    again["credentialSubject"] = [again["credentialSubject"]]
    assert said(again) == said(START)
    assert form(again) == form(START)
    assert said(credential()) != said(credential(type=["VerifiableCredential"]))
    assert contexts.url(THING) in START["@context"]
