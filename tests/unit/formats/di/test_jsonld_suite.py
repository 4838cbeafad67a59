"""The W3C's tests of JSON-LD 1.1: what we read comes out as it says, and what we do not read is counted by its reason.

A test's context stands in its document. It is handed over as a known one here, as no document brings its own; one that
brings none gets an empty one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from eigendata.encoding import json_loads
from eigendata.errors import Malformed
from eigendata.formats.di import jsonld
from eigendata.formats.di.rdfc import canonicalize
from tests.given import given

from .nquads import parse

READ = 43
OF_1_0 = 5
REFUSED = {
    # a base IRI, and what is relative to one
    "a context sets @base, which is not read": 42,
    "an identifier that is no absolute IRI": 20,
    "@vocab of a context is no absolute IRI": 3,
    # contexts that lie elsewhere, or in the document
    "@context names a context that is not known; none is ever fetched": 3,
    "a context names a context that is not known; none is ever fetched": 1,
    "a context uses @import, which is not read": 5,
    "@context is no list of URLs, or an endless one": 2,
    "an object that needs an @context of its own": 1,
    # several things side by side
    "the document has no @context": 2,
    "a keyword that is not read here": 59,
    # what would be lost
    "a member that no context defines": 45,
    "a value that stands there twice": 1,
    "an array inside an array": 6,
    "the document states nothing about anything": 1,
    # a second spelling
    "a member whose name is no term of its own": 1,
    "a single value where a list stands": 1,
    "a value object that is anything but a text and its language, in small letters": 3,
    "a value object whose members are called otherwise": 2,
    "an identifier that begins with a term": 12,
    "a number where its context wants something else": 2,
    "the types of one object are stated twice": 1,
    # terms that no context of a credential has
    "a term that is not read: its values are JSON literals": 16,
    "a term that is not read: its values are a map of another kind": 36,
    "a term that is not read: it is defined with @direction": 2,
    "a term that is not read: it is defined with @index": 1,
    "a term that is not read: it is defined with @language": 1,
    "a term that is not read: it is defined with @reverse": 8,
    "a term that is not read: its name could be an IRI": 5,
    "a term of a context stands for nothing": 1,
    "a context sets @direction, which is not read": 4,
    "a context sets @language, which is not read": 5,
    "a context uses @propagate, which is not read": 2,
    "a context defines a keyword, or nothing, as a term": 1,
    "the terms of a context are defined by one another in a circle": 1,
    # no JSON of ours
    "a JSON number is not finite, or a negative zero": 1,
}
"""Why we refuse what the W3C gives statements for -> in how many of its tests."""

TAKEN = {"toRdf": set[str](), "expand": {"#tes01"}}
"""Tests whose document the W3C has refused and we read: this one is an error in JSON-LD 1.0 alone."""


def entries(name: str, kind: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Give the tests of one kind in a bundle: entry, input, expected output."""
    bundle: dict[str, str] = json.loads(given(f"vectors/jsonld/{name}.bundle.json").read_text(encoding="utf-8"))
    manifest = json.loads(next(text for path, text in bundle.items() if path.endswith("manifest.jsonld")))
    for entry in manifest["sequence"]:
        if f"jld:{kind}" in entry["@type"]:
            expected = bundle.get(entry.get("expect", "").rpartition("/")[2], "")
            yield entry, bundle[entry["input"].rpartition("/")[2]], expected


def of_1_0(entry: dict[str, Any]) -> bool:
    return bool(entry.get("option", {}).get("specVersion") == "json-ld-1.0")


def read(text: str) -> bytes:
    """Give the form of a document whose contexts, where they stand in it, are known."""
    document = json_loads(text.encode())
    if not isinstance(document, dict):
        raise Malformed("the document has no @context")
    stated = document.get("@context", {})
    listed = stated if isinstance(stated, list) else [stated]
    known = {f"urn:test:{place}": {"@context": one} for place, one in enumerate(listed) if isinstance(one, dict)}
    named = [f"urn:test:{place}" if isinstance(one, dict) else one for place, one in enumerate(listed)]
    return jsonld.canonical_nquads({**document, "@context": named}, contexts=known)


def test_what_is_read_makes_the_statements_that_the_w3c_says_and_the_rest_is_refused_for_these_reasons() -> None:
    right, wrong, old, refused = 0, [], 0, Counter[str]()
    for entry, document, expected in entries("toRdf", "PositiveEvaluationTest"):
        if of_1_0(entry):
            old += 1
            continue
        try:
            form = read(document)
        except Malformed as error:
            refused[str(error).split(": ", 1)[-1]] += 1
            continue
        if form == canonicalize(parse(expected)).nquads:
            right += 1
        else:
            wrong.append(entry["@id"])
    assert wrong == []
    assert refused == Counter(REFUSED)
    assert (right, old) == (READ, OF_1_0)
    assert right + old + refused.total() == 345


def test_what_the_w3c_has_refused_is_refused() -> None:
    for name, number in (("toRdf", 100), ("expand", 103)):
        refused = [one for one in entries(name, "NegativeEvaluationTest") if not of_1_0(one[0])]
        assert len(refused) == number
        accepted = set()
        for entry, document, _ in refused:
            try:
                read(document)
            except Malformed:
                continue
            accepted.add(entry["@id"])
        assert accepted == TAKEN[name]


def test_what_the_w3c_wants_read_without_an_outcome_is_refused() -> None:
    """They are documents of blank nodes and broken IRIs, of which statements would be dropped."""
    for _, document, _ in entries("toRdf", "PositiveSyntaxTest"):
        try:
            read(document)
        except Malformed:
            continue
        raise AssertionError
