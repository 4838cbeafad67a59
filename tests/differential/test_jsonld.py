"""What PyLD and we both read as JSON-LD, both canonicalize alike; any dataset gets the same form from pyoxigraph.

PyLD canonicalizes by URDNA2015, the draft of RDFC-1.0, in which two things are otherwise: it writes control characters
as they are, and counts a quad twice that mentions a blank node twice. Neither occurs in the documents here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from pyld import jsonld as pyld
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse

from eigendata.errors import Malformed
from eigendata.formats.di import contexts
from eigendata.formats.di.jsonld import canonical_nquads
from eigendata.formats.di.rdfc import Quad, canonicalize
from eigendata.formats.di.terms import Contexts
from eigendata.model import Attribute, CredentialType, Kind
from eigendata.registers.catalogue import CATALOGUE

EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
URDNA2015 = {"algorithm": "URDNA2015", "format": "application/n-quads"}

# -- datasets ---------------------------------------------------------------------------------------------------------

NODES = st.integers(0, 7).map("_:n{}".format)
PLACES = NODES | st.sampled_from(["<urn:a>", "<urn:b>"])
LITERALS = st.sampled_from(['"x"', '"x"@nl', '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'])
DATASETS = st.lists(
    st.tuples(
        PLACES, st.sampled_from(["<urn:p>", "<urn:q>"]), PLACES | LITERALS, NODES | st.sampled_from(["", "<urn:g>"])
    ),
    max_size=20,
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(quads=DATASETS)
def test_a_dataset_has_the_form_that_pyoxigraph_gives_it(quads: list[Quad]) -> None:
    try:
        ours = canonicalize(quads).nquads.decode()
    except Malformed:
        event("too much work")
        return
    assert ours == by_pyoxigraph(quads)
    if all(sum(term == node for term in quad) == 1 for quad in quads for node in quad if node.startswith("_:")):
        assert ours == pyld.normalize(written(quads), {**URDNA2015, "inputFormat": "application/n-quads"})


def test_pyld_counts_a_quad_twice_that_mentions_a_blank_node_twice() -> None:
    """RDFC-1.0 4.4.3 (2): each blank node that is a component of a quad, not each place where it stands."""
    quads = [("_:n0", "<urn:p>", "_:n0", "_:n0"), ("_:n0", "<urn:p>", "_:n0", "_:n1")]
    ours = canonicalize(quads).nquads.decode()
    assert ours == by_pyoxigraph(quads)
    assert ours != pyld.normalize(written(quads), {**URDNA2015, "inputFormat": "application/n-quads"})


def written(quads: list[Quad]) -> str:
    return "".join(f"{' '.join(filter(None, quad))} .\n" for quad in quads)


def by_pyoxigraph(quads: list[Quad]) -> str:
    dataset = Dataset(parse(written(quads).encode(), format=RdfFormat.N_QUADS))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset))


# -- documents --------------------------------------------------------------------------------------------------------


def by_pyld(document: Any, known: Mapping[str, Any]) -> str:
    def load(url: str, options: Any) -> dict[str, Any]:
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": known[url]}

    return str(pyld.normalize(document, {**URDNA2015, "documentLoader": load}))


def agree(document: Any, known: Contexts) -> bool:
    """Compare the two forms of a document; tell whether we read it."""
    try:
        ours = canonical_nquads(document, contexts=known).decode()
    except Malformed as error:
        event(str(error).split(": ", 1)[-1])
        return False
    assert ours == by_pyld(document, known), (document, dict(known))
    event("read")
    return True


VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1),
    Kind.DATE: st.dates().map(str),
    Kind.YEAR: st.integers(1, 9999),
    Kind.YEAR_MONTH: st.just("1984-02"),
    Kind.INTEGER: st.integers(-(2**53) + 1, 2**53 - 1),
    Kind.BOOLEAN: st.booleans(),
    Kind.COUNTRY: st.sampled_from(["NL", "SY"]),
    Kind.COUNTRIES: st.lists(st.sampled_from(["NL", "SY"]), min_size=1, max_size=3),
    Kind.YEARS: st.lists(st.sampled_from([2015, 2016]), max_size=5),
    Kind.BSN: st.just("999990019"),
}


@st.composite
def claims(draw: st.DrawFn, attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for one in draw(st.lists(st.sampled_from(attributes), unique_by=lambda one: one.path)):
        inner = made
        for name in one.path[:-1]:
            inner = inner.setdefault(name, {})
        inner[one.path[-1]] = draw(VALUES[one.kind])
    return made


@st.composite
def credentials(draw: st.DrawFn, type: CredentialType) -> dict[str, Any]:
    subject = {"id": "did:example:holder", **draw(claims(type.attributes))}
    return {
        "@context": [contexts.CREDENTIALS_V2, contexts.url(type)],
        "type": ["VerifiableCredential", contexts.name(type)],
        "issuer": draw(st.sampled_from(["did:web:a.example", {"id": "did:web:a.example", "name": "A"}])),
        "credentialSubject": subject,
        **draw(st.sampled_from([{}, {"id": "urn:uuid:1"}])),
        **draw(st.sampled_from([{}, {"name": {"@value": "Kaart", "@language": "nl"}}])),
    }


@pytest.mark.parametrize("type", CATALOGUE.values(), ids=CATALOGUE)
@given(data=st.data())
def test_a_credential_of_ours_has_the_form_that_pyld_gives_it(type: CredentialType, data: st.DataObject) -> None:
    known = contexts.known(type)
    credential = data.draw(credentials(type))
    assert agree(credential, known)
    shown = {"@context": [contexts.CREDENTIALS_V2], "type": "VerifiablePresentation", "holder": "did:example:holder"}
    assert agree({**shown, "verifiableCredential": [credential]}, known)


# -- any documents, of any contexts -----------------------------------------------------------------------------------

IRIS = st.sampled_from(["urn:p#a", "urn:p#b", "urn:p#", "v:x", "a", "http://x.example/y", "@id", "@type"])
TYPES = st.sampled_from(["@id", "@vocab", "@none", "urn:p#type", "http://www.w3.org/2001/XMLSchema#integer"])
CONTAINERS = st.sampled_from(["@set", "@list", "@graph", ["@graph", "@set"]])
TERMS = st.sampled_from(["a", "b", "c", "T", "U", "v"])


def definitions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    optional = {"@type": TYPES, "@container": CONTAINERS, "@context": inner, "@protected": st.booleans()}
    return st.fixed_dictionaries({"@id": IRIS}, optional=optional)


def context(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    more = st.fixed_dictionaries({}, optional={"@vocab": st.just("urn:v#"), "@protected": st.just(True)})
    return st.tuples(st.dictionaries(TERMS, IRIS | definitions(inner), max_size=6), more).map(
        lambda two: two[0] | two[1]
    )


CONTEXTS: st.SearchStrategy[Any] = st.recursive(st.none() | st.just({}), context, max_leaves=6)
SCALARS = st.sampled_from(["x", "urn:i", "urn:j", "a", "T", 1, 2.5, 3.0, True, "2015"])


def node(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    values = inner | st.lists(inner, min_size=1, max_size=3)
    named = st.fixed_dictionaries(
        {},
        optional={
            "id": st.integers(0, 99).map("urn:node:{}".format),
            "type": st.lists(st.sampled_from(["T", "U", "urn:type"]), min_size=1, unique=True),
            "@context": st.just("urn:c:0"),
        },
    )
    return st.tuples(named, st.dictionaries(TERMS, values, max_size=3)).map(lambda two: two[0] | two[1])


SPOKEN = st.just({"@value": "x", "@language": "nl"})
BODY = node(st.recursive(SCALARS | SPOKEN, node, max_leaves=6))
SOUND: dict[str, Any] = {
    "id": "@id",
    "type": "@type",
    "a": "urn:p#a",
    "b": {"@id": "urn:p#b", "@type": "@id"},
    "c": {"@id": "urn:p#c", "@context": {"a": "urn:p#inner"}},
    "T": {"@id": "urn:p#T", "@context": {"a": "urn:p#typed"}},
    "U": "urn:p#U",
}


@settings(max_examples=5 * EXAMPLES, deadline=None)
@given(made=st.lists(CONTEXTS, max_size=2), body=BODY)
def test_any_document_that_is_read_has_the_form_that_pyld_gives_it(made: list[Any], body: dict[str, Any]) -> None:
    known = Contexts({f"urn:c:{place}": {"@context": one} for place, one in enumerate([SOUND, *made])})
    try:
        agree({**body, "@context": list(known)}, known)
    except (pyld.JsonLdError, KeyError) as error:  # of the context, or PyLD's own: some sound contexts break it
        event(f"PyLD does not read it: {code(error)}")


def code(error: BaseException) -> str:
    """Give the innermost reason of PyLD."""
    inner = error.__cause__
    return code(inner) if inner is not None else str(getattr(error, "code", None) or type(error).__name__)
