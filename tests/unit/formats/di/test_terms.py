"""What a context says of its terms is read as JSON-LD 1.1 says, and what one protects no other changes."""

from __future__ import annotations

from typing import Any

import pytest

from eigendata.errors import Malformed
from eigendata.formats.di import terms
from eigendata.formats.di.jsonld import canonical_nquads
from eigendata.formats.di.terms import Contexts

from .samples import KNOWN, credential


def lines(context: Any, **members: Any) -> list[str]:
    """Give the statements of a document whose only context is this one."""
    return several([context], **members)


def several(contexts: list[Any], **members: Any) -> list[str]:
    known = Contexts({f"urn:c:{place}": {"@context": one} for place, one in enumerate(contexts)})
    return canonical_nquads({"@context": list(known), **members}, contexts=known).decode().splitlines()


def refused(contexts: list[Any], match: str, **members: Any) -> None:
    with pytest.raises(Malformed, match=match):
        several(contexts, **(members or {"a": "x"}))


# -- terms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "context",
    [
        {"a": "urn:v#a"},
        {"a": {"@id": "urn:v#a"}},
        {"@vocab": "urn:v#"},
        {"@vocab": "urn:v#", "a": {"@type": "@none"}},
        {"v": "urn:v#", "a": "v:a"},
        {"v": {"@id": "urn:v#", "@prefix": True}, "a": "v:a"},
        {"a": "b", "b": "urn:v#a"},
        [{"v": "urn:v#"}, {"a": {"@id": "v:a"}}],
        [{"a": "urn:other"}, {"a": "urn:v#a"}],
        {
            "@version": 1.1,
            "@base": None,
            "@language": None,
            "@direction": None,
            "a": {"@id": "urn:v#a", "@language": None},
        },
        {"a": {"@id": "urn:v#a", "@container": []}},
        {"a": {"@id": "urn:v#a", "@container": ["@set"]}},
    ],
)
def test_a_term_stands_for_the_iri_that_its_context_gives_it(context: Any) -> None:
    assert lines(context, a="x") == ['_:c14n0 <urn:v#a> "x" .']


@pytest.mark.parametrize(
    ("context", "match"),
    [
        ({"a": None}, "no context defines"),
        ({"a": {"@id": None}}, "no context defines"),
        ([{"a": "urn:a"}, {"a": None}], "no context defines"),
        ([{"a": "urn:a"}, None], "no context defines"),
        ([{"@vocab": "urn:v#"}, {"@vocab": None}], "no context defines"),
        ({"v": {"@id": "urn:v"}, "a": "v:a", "b": {"@id": "urn:v", "@prefix": False}}, ""),
        ({"a": "_:b"}, "it stands for a blank node$"),
        ({"a": {"@id": "urn:a", "@type": "@json"}}, "JSON literals"),
        ({"a": {"@id": "urn:a", "@container": "@index"}}, "map of another kind"),
        ({"a": {"@id": "urn:a", "@container": ["@graph", "@id"]}}, "map of another kind"),
        ({"a": {"@id": "urn:a", "@container": 7}}, "map of another kind"),
        ({"a": {"@reverse": "urn:a"}}, "defined with @reverse"),
        ({"a": {"@id": "urn:a", "@index": "urn:b"}}, "defined with @index"),
        ({"a": {"@id": "urn:a", "@language": "nl"}}, "defined with @language"),
        ({"a": "@type"}, "a name, or a list"),
        ({"a": "@graph"}, "keyword"),
    ],
)
def test_a_term_that_stands_for_nothing_or_is_not_read_is_refused_where_it_is_used(context: Any, match: str) -> None:
    if match:
        refused([context], match, **({"a": 7} if match.startswith("a name") else {"a": "x"}))
    assert lines([context, {"other": "urn:other"}], other="x")


def test_a_term_that_is_switched_off_switches_off_no_other() -> None:
    context = {"off": None, "id": "@id", "a": "urn:a"}
    assert lines(context, id="urn:x", a="x") == ['<urn:x> <urn:a> "x" .']
    refused([context], "a keyword that a term stands for", **{"@id": "urn:x", "a": "x"})


@pytest.mark.parametrize("end", list(":/?#[]@"))
def test_a_term_whose_iri_ends_as_a_prefix_does_is_one(end: str) -> None:
    assert lines({"v": f"urn:v{end}", "a": "v:a"}, a="x") == [f'_:c14n0 <urn:v{end}a> "x" .']


@pytest.mark.parametrize(
    ("prefix", "iri"),
    [
        ("urn:v", "v:a"),  # it does not end as a prefix does
        ("urn:vX", "v:a"),
        ({"@id": "urn:v#"}, "v:a"),  # nor is it said to be one
        ({"@id": "urn:v#", "@prefix": False}, "v:a"),
        ({"@id": None, "@prefix": True}, "v:a"),  # or it stands for nothing
        (None, "v:a"),
        ("urn:v#", "v://a"),  # what follows is an authority, as of a URL
    ],
)
def test_what_begins_with_a_term_that_is_no_prefix_is_an_iri_itself(prefix: Any, iri: str) -> None:
    assert lines({"v": prefix, "a": iri}, a="x") == [f'_:c14n0 <{iri}> "x" .']


def test_a_name_that_could_be_an_iri_is_never_a_term() -> None:
    for name in ("v:a", "./a"):
        with pytest.raises(Malformed):
            several([{name: "urn:a", "@vocab": "urn:v#"}], **{name: "x"})
    refused([{"v:a": {"@id": "urn:a"}, "a": {"@id": "urn:b", "@type": "v:a"}}], "@type of a term")


def test_a_name_that_looks_like_a_keyword_is_ignored_as_a_term() -> None:
    assert lines({"@vocab": "urn:v#", "@later": "urn:a", "a": "@later"}, a="x") == ['_:c14n0 <urn:v#a> "x" .']
    with pytest.raises(Malformed, match="keyword"):
        lines({"@later": "urn:a", "a": "urn:b"}, **{"@later": "x", "a": "y"})


OF_CONTEXTS = ["@base", "@direction", "@import", "@language", "@propagate", "@protected", "@version", "@vocab"]
KEYWORDS = [
    "@container", "@context", "@graph", "@id", "@included", "@index", "@json", "@list", "@nest", "@none", "@prefix",
    "@reverse", "@set", "@type", "@value",
]  # fmt: skip


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_a_keyword_is_never_defined_as_a_term(keyword: str) -> None:
    refused([{keyword: "urn:k", "a": "urn:a"}], "defines a keyword")


@pytest.mark.parametrize("keyword", [*OF_CONTEXTS, *KEYWORDS])
def test_a_term_may_stand_for_any_keyword_and_is_no_name_of_the_vocabulary_then(keyword: str) -> None:
    with pytest.raises(Malformed):
        lines({"@vocab": "urn:v#", "a": keyword}, a=[7], b="y")


@pytest.mark.parametrize(
    ("context", "match"),
    [
        ("urn:unknown", "not known"),
        (7, "neither a URL"),
        ([[[{"a": 7}]]], "neither text nor an object"),
        ({"@base": "urn:base"}, "sets @base"),
        ({"@language": "nl"}, "sets @language"),
        ({"@direction": "ltr"}, "sets @direction"),
        ({"@import": "urn:x"}, "uses @import"),
        ({"@propagate": True}, "uses @propagate"),
        ({"@version": 1.0}, "another version"),
        ({"@vocab": ""}, "@vocab"),
        ({"@vocab": "relative"}, "@vocab"),
        ({"@vocab": 7}, "@vocab"),
        ([{"v": "urn:v#"}, {"@vocab": "v:x"}], "@vocab"),
        ({"a": 7}, "neither text nor an object"),
        ({"": "urn:a"}, "or nothing, as a term"),
        ({"@type": {"@container": "@set"}}, "defines a keyword"),
        ({"a": {"@type": "@id"}}, "stands for nothing"),
        ({"a": "relative"}, "stands for nothing"),
        ({"a": "not:an iri"}, "no absolute IRI"),
        ({"b": None, "a": "b"}, "stands for nothing"),
        ({"a": {"@id": 7}}, "no text"),
        ({"a": {"@id": "urn:a", "@type": 7}}, "no text"),
        ({"a": {"@id": "urn:a", "@type": "relative"}}, "no absolute IRI"),
        ({"a": {"@id": "urn:a", "@type": "urn:a b"}}, "no absolute IRI"),
        ({"a": {"@id": "urn:a", "@type": "@set"}}, "no absolute IRI"),
        ({"a": {"@id": "urn:a", "@protected": "yes"}}, "neither true nor false"),
        ({"a": "b", "b": "a"}, "in a circle"),
        ({"a": "b:x", "b": "a:x"}, "in a circle"),
    ],
)
def test_a_context_that_is_none_is_refused(context: Any, match: str) -> None:
    refused([context], match)


def test_contexts_that_name_one_another_are_read_and_end() -> None:
    known = Contexts({"urn:a": {"@context": "urn:b"}, "urn:b": {"@context": {"a": "urn:v#a"}}})
    assert canonical_nquads({"@context": "urn:a", "a": "x"}, contexts=known) == b'_:c14n0 <urn:v#a> "x" .\n'
    wrong: list[dict[str, Any]] = [
        {"urn:a": {"@context": "urn:a"}},
        {"urn:a": {"@context": ["urn:a"]}},
        {"urn:a": {}},
        {"urn:a": "urn:b"},
    ]
    for broken in wrong:
        with pytest.raises(Malformed):
            canonical_nquads({"@context": "urn:a", "a": "x"}, contexts=Contexts(broken))


def test_contexts_name_one_another_eight_times_at_most() -> None:
    def named(times: int) -> Contexts:
        row: dict[str, Any] = {f"urn:{at}": {"@context": f"urn:{at + 1}"} for at in range(times - 1)}
        return Contexts({**row, f"urn:{times - 1}": {"@context": {"a": "urn:a"}}})

    def listed(times: int) -> Contexts:
        inner: Any = {"a": "urn:a"}
        for _ in range(times):
            inner = [inner]
        return Contexts({"urn:0": {"@context": inner}})

    for known in (named(8), listed(7)):
        assert canonical_nquads({"@context": "urn:0", "a": "x"}, contexts=known)
    for known in (named(9), listed(8)):
        with pytest.raises(Malformed, match="without end"):
            canonical_nquads({"@context": "urn:0", "a": "x"}, contexts=known)


def test_a_document_names_sixteen_contexts_at_most() -> None:
    assert several([{"a": "urn:a"}] * 16, a="x")
    refused([{"a": "urn:a"}] * 17, "endless")


# -- protection -------------------------------------------------------------------------------------------------------


def test_what_a_context_protects_no_other_changes() -> None:
    protected = {"@protected": True, "a": "urn:a", "free": {"@id": "urn:f", "@protected": False}}
    for other in ({"a": "urn:b"}, {"a": None}, {"a": {"@id": "urn:a", "@type": "@id"}}, None, [None]):
        refused([protected, other], "protects")
    assert several([protected, {"a": "urn:a", "free": "urn:g"}], a="x", free="y") == [
        '_:c14n0 <urn:a> "x" .',
        '_:c14n0 <urn:g> "y" .',
    ]
    refused([protected, {"a": "urn:a"}, {"a": "urn:b"}], "protects")  # what repeats it leaves it protected


def test_a_type_changes_nothing_that_is_protected_and_a_property_does() -> None:
    protected: dict[str, Any] = {"@protected": True, "type": "@type", "a": "urn:a", "in": {"@id": "urn:in"}}
    typed = {**protected, "T": {"@id": "urn:T", "@context": {"a": "urn:b"}}}
    refused([typed], "protects", type="T", a="x")
    inside = {**protected, "in": {"@id": "urn:in", "@context": {"a": "urn:b"}}}
    made = lines(inside, **{"a": "x", "in": {"a": "y"}})
    assert sorted(line.split(maxsplit=1)[1] for line in made if '"' in line) == ['<urn:a> "x" .', '<urn:b> "y" .']


# -- contexts of types and properties ---------------------------------------------------------------------------------

SCOPED: dict[str, Any] = {
    "id": "@id",
    "type": "@type",
    "in": {"@id": "urn:in", "@type": "@id"},
    "a": "urn:a",
    "T": {"@id": "urn:T", "@context": {"a": "urn:T#a", "b": "urn:T#b", "id": "@id"}},
    "U": {"@id": "urn:U", "@context": {"b": "urn:U#b"}},
    "deep": {"@id": "urn:deep", "@context": {"a": "urn:deep#a"}},
    "one": {"@id": "urn:one", "@type": "@vocab", "@context": {"first": "urn:first"}},
    "ended": {"@id": "urn:ended", "@context": None},
}


def test_the_context_of_a_type_holds_in_its_node_and_not_below() -> None:
    assert '_:c14n0 <urn:T#a> "x" .' in lines(SCOPED, type="T", a="x")
    below = lines(SCOPED, **{"type": "T", "in": {"a": "x"}})
    assert any('<urn:a> "x"' in line for line in below)
    refused([SCOPED], "no context defines", **{"type": "T", "in": {"b": "x"}})


def test_the_contexts_of_several_types_are_taken_in_the_order_of_their_names() -> None:
    for types in (["T", "U"], ["U", "T"]):
        assert any('<urn:U#b> "x"' in line for line in lines(SCOPED, type=types, b="x"))


def test_the_context_of_a_property_holds_all_the_way_down() -> None:
    deep = lines(SCOPED, deep={"a": "x", "in": {"a": "y"}})
    assert [line.split()[1] for line in deep if '"' in line] == ["<urn:deep#a>", "<urn:deep#a>"]


def test_the_context_of_a_property_holds_for_a_text_too() -> None:
    assert lines(SCOPED, one="first") == ["_:c14n0 <urn:one> <urn:first> ."]


def test_a_text_is_refused_where_the_context_of_its_property_reads_the_property_otherwise() -> None:
    for scoped in (None, {"p": "urn:p"}, {"p": {"@id": "urn:p", "@type": "@vocab"}}):
        refused([{"p": {"@id": "urn:p", "@type": "@id", "@context": scoped}}], "another kind", p="urn:x")
    same = {"p": {"@id": "urn:p", "@type": "@id", "@context": {"p": {"@id": "urn:q", "@type": "@id"}}}}
    assert lines(same, p="urn:x") == ["_:c14n0 <urn:p> <urn:x> ."]
    other = {"p": {"@id": "urn:p", "@type": "@id", "@context": {"p": "urn:q", "a": "urn:a"}}}
    assert any('<urn:a> "x"' in line for line in lines(other, p={"a": "x"}))  # of an object there is no doubt


def test_what_ends_all_contexts_for_a_property_does_not_for_a_type() -> None:
    """Nor does it matter which of them was met first: a property may end what is protected, a type may not."""
    context: dict[str, Any] = {"@protected": True, "in": "urn:in"} | {
        name: {"@id": f"urn:{name}", "@context": None} for name in "pT"
    }
    assert lines(context, **{"in": {"p": "x"}})
    refused([context], "would end terms", **{"in": [{"p": "x"}, {"@type": "T"}]})


def test_a_reference_keeps_the_context_of_the_node_it_stands_in() -> None:
    only_here = {**SCOPED, "T": {"@id": "urn:T", "@context": {"ref": "@id"}}}
    assert "_:c14n0 <urn:in> <urn:x> ." in lines(only_here, **{"type": "T", "in": {"ref": "urn:x"}})
    refused([only_here], "no context defines", **{"type": "T", "in": {"ref": "urn:x", "a": "x"}})
    assert "_:c14n0 <urn:in> <urn:x> ." in lines(SCOPED, **{"type": "T", "in": {"id": "urn:x"}})


def test_a_context_that_ends_within_a_property_needs_another() -> None:
    refused([SCOPED], "@context of its own", ended={"a": "x"})
    again = lines(SCOPED, ended={"@context": "urn:c:0", "a": "x"})
    assert any('<urn:a> "x"' in line for line in again)
    assert lines(SCOPED, ended="x") == ['_:c14n0 <urn:ended> "x" .']


def test_five_hundred_and_twelve_contexts_are_kept_at_most() -> None:
    known = Contexts({f"urn:{at}": {"@context": {"a": "urn:a"}} for at in range(600)})
    kept = []
    for url in known:
        known.named(url)
        kept.append(len(known._kept))
    assert max(kept) == 512


def test_contexts_are_read_once_and_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Contexts(KNOWN)
    canonical_nquads(credential(), contexts=known)
    kept = dict(known._kept)
    canonical_nquads(credential(), contexts=known)
    assert known._kept == kept
    monkeypatch.setattr(terms, "MOST_KEPT", 2)
    few = Contexts(KNOWN)
    assert canonical_nquads(credential(), contexts=few) == canonical_nquads(credential(), contexts=known)
    assert 0 < len(few._kept) <= 2 < len(kept)
