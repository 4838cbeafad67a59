"""Nothing of a document is lost on its way to what is signed, and nothing has a second spelling under a signature."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha384
from types import MappingProxyType
from typing import Any

import pytest

from eigendata.encoding import JSON_DEPTH, freeze
from eigendata.errors import Malformed
from eigendata.formats.di import contexts, jsonld
from eigendata.formats.di.jsonld import canonical_nquads, to_quads
from eigendata.formats.di.terms import Contexts
from tests.negatives import negative

from .samples import HOLDER, ISSUER, KNOWN, THING, credential, presentation, subject, with_context

XSD = "http://www.w3.org/2001/XMLSchema#"


def form(document: Mapping[str, Any], known: Mapping[str, Any] = KNOWN) -> bytes:
    return canonical_nquads(document, contexts=known)


def refused(document: Mapping[str, Any], match: str | None = None, known: Mapping[str, Any] = KNOWN) -> None:
    with pytest.raises(Malformed, match=match):
        form(document, known)


def lines(document: Mapping[str, Any], known: Mapping[str, Any] = KNOWN) -> list[str]:
    return form(document, known).decode().splitlines()


def tiny(terms: dict[str, Any], **members: Any) -> tuple[dict[str, Any], Contexts]:
    """Give a document of these members, and the context of these terms that it names."""
    known, named = with_context(terms)
    return {"@context": named, **members}, known


# -- what is accepted -------------------------------------------------------------------------------------------------


def test_a_credential_and_a_presentation_have_a_form() -> None:
    assert len(lines(credential())) == 22
    assert len(lines(presentation())) == 25


def test_the_form_is_that_of_the_value_however_its_members_and_sets_are_ordered() -> None:
    turned = dict(reversed(credential(type=["Thing", "VerifiableCredential"]).items()))
    turned["credentialSubject"] = dict(reversed(turned["credentialSubject"].items()))
    assert form(turned) == form(credential())


def test_a_frozen_document_has_the_same_form() -> None:
    frozen = freeze(credential())
    assert isinstance(frozen, MappingProxyType)
    assert form(frozen) == form(credential())


def test_any_mapping_of_contexts_gives_the_same_form() -> None:
    assert form(credential(), dict(KNOWN)) == form(credential())


def test_the_hash_function_is_passed_on() -> None:
    alike = presentation(credential(id="urn:a"), credential(id="urn:b"))
    assert canonical_nquads(alike, contexts=KNOWN, hash=sha384) != form(alike)


def test_a_text_in_a_language_is_kept() -> None:
    named = credential(name={"@value": "Kaart", "@language": "nl-nl"})
    assert '<urn:uuid:1> <https://schema.org/name> "Kaart"@nl-nl .' in lines(named)
    none = {"t": {"@id": "urn:t", "@type": "@none"}}
    assert lines(*tiny(none, t={"@value": "Kaart", "@language": "nl"})) == ['_:c14n0 <urn:t> "Kaart"@nl .']


def test_a_text_in_a_language_is_no_graph() -> None:
    document, known = tiny({"g": {"@id": "urn:g", "@container": "@graph"}}, g={"@value": "x", "@language": "nl"})
    refused(document, None, known)


def test_every_credential_of_a_presentation_lies_in_a_graph_of_its_own() -> None:
    quads = to_quads(presentation(credential(), credential()), contexts=KNOWN)
    assert len({graph for _, _, _, graph in quads}) == 3


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, f'"0"^^<{XSD}integer>'),
        (-7, f'"-7"^^<{XSD}integer>'),
        (2.0, f'"2"^^<{XSD}integer>'),
        (2**53 - 1, f'"9007199254740991"^^<{XSD}integer>'),
        (1.5, f'"1.5E0"^^<{XSD}double>'),
        (-0.001, f'"-1.0E-3"^^<{XSD}double>'),
        (1e21, f'"1.0E21"^^<{XSD}double>'),
        (5e-324, f'"4.940656458412465E-324"^^<{XSD}double>'),
        (True, f'"true"^^<{XSD}boolean>'),
        (False, f'"false"^^<{XSD}boolean>'),
    ],
)
def test_a_number_is_written_as_json_ld_says(number: Any, written: str) -> None:
    assert lines(*tiny({"n": "urn:n"}, n=number)) == [f"_:c14n0 <urn:n> {written} ."]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('"\\\n\r\t\b\f', '\\"\\\\\\n\\r\\t\\b\\f'),
        ("\x00\x1f\x7f", "\\u0000\\u001F\\u007F"),
        ("\x80é\u2028𝒶", "\x80é\u2028𝒶"),
    ],
)
def test_a_text_is_written_as_canonical_n_quads_says(text: str, written: str) -> None:
    assert form(*tiny({"t": "urn:t"}, t=text)).decode() == f'_:c14n0 <urn:t> "{written}" .\n'


# -- contexts ---------------------------------------------------------------------------------------------------------


@negative("NEG-JSONLD-001")
@pytest.mark.parametrize(
    "named",
    [
        ["https://www.w3.org/ns/credentials/v2", "https://unknown.example/context"],
        "https://unknown.example/context",
        ["https://www.w3.org/ns/credentials/v2#"],
        ["HTTPS://www.w3.org/ns/credentials/v2"],
        [], "", None, True, 7, {}, [[]], [None],
    ],
)  # fmt: skip
def test_a_context_that_is_not_known_is_refused_and_never_fetched(named: Any) -> None:
    refused(credential(**{"@context": named}), "@context")


def test_a_document_without_a_context_is_refused() -> None:
    refused({"id": "urn:uuid:1", "type": "VerifiableCredential"}, "@context")


@negative("NEG-DI-001")
def test_a_context_of_the_documents_own_is_refused_wherever_it_redefines_terms() -> None:
    for inline in ({"@vocab": "https://attacker.example/"}, {"@base": "https://attacker.example/"}, {"nick": "urn:x"}):
        refused(credential(**{"@context": [*credential()["@context"], inline]}), "holds a context itself")
        refused(credential(**{"@context": inline}), "@context")


@negative("NEG-DI-011")
@pytest.mark.parametrize(
    "inner",
    [{"@import": "urn:x"}, {"@propagate": False}, {}, None, "https://www.w3.org/ns/credentials/v2", {"nick": "urn:x"}],
)
def test_a_context_inside_the_document_is_refused(inner: Any) -> None:
    refused(credential(credentialSubject=subject(**{"@context": inner})), "keyword")
    place = {"street": "Markt", "town": "Boxtel", "@context": inner}
    refused(credential(credentialSubject=subject(place=place)), "keyword")


def test_contexts_in_another_order_or_named_twice_make_the_same_statements_so_that_the_verifier_must_tell() -> None:
    both = credential()["@context"]
    for named in (list(reversed(both)), [*both, *both]):
        assert form(credential(**{"@context": named})) == form(credential())


def test_a_credential_inside_a_presentation_states_its_own_context() -> None:
    bare = {name: value for name, value in credential().items() if name != "@context"}
    refused(presentation(bare), "@context of its own")
    refused(presentation({"@id": "urn:uuid:1", "@type": "urn:type"}), "@context of its own")
    refused(presentation(credential(**{"@context": [{"nick": "urn:x"}]})), "@context")


# -- nothing is lost --------------------------------------------------------------------------------------------------


@negative("NEG-DI-002")
@pytest.mark.parametrize("name", ["unknown", "birthDate", "foo:bar", "https://schema.org/name", "@unknown", "", "a b"])
def test_a_member_that_no_context_defines_is_refused(name: str) -> None:
    refused(credential(**{name: "x"}))
    refused(credential(credentialSubject=subject(**{name: "x"})))
    refused(credential(credentialSubject=subject(place={"street": "Markt", name: "x"})))


@pytest.mark.parametrize("nothing", [None, [], [None], [[]], [["x"]], ["x", "x"], [subject(), subject()]])
def test_a_value_of_which_nothing_would_be_left_is_refused(nothing: Any) -> None:
    refused(credential(name=nothing))
    refused(credential(credentialSubject=subject(nick=nothing)))


def test_a_null_is_refused_for_what_it_is() -> None:
    refused(credential(name=None), "a null")
    refused(credential(credentialSubject=subject(years=[None])), "a null")


def test_an_object_is_named_once_and_its_types_are_stated_where_they_are_read() -> None:
    document, known = tiny({"id": "@id", "called": "@id", "a": "urn:a"}, id="urn:x", called="urn:y", a="x")
    refused(document, "called: a keyword", known)
    terms = {"type": "@type", "T": {"@id": "urn:T", "@context": {"kind": "@type"}}, "a": "urn:a"}
    document, known = tiny(terms, type="T", kind="T", a="x")
    refused(document, "kind: a keyword", known)
    document, known = tiny({"type": "@type", "kind": "@type"}, type="urn:T", kind="urn:U")
    refused(document, "stated twice", known)


def test_what_has_no_term_is_put_behind_the_vocabulary_unless_that_would_be_a_second_spelling() -> None:
    vocabulary = {"@vocab": "urn:v#", "a": "urn:v#b"}
    assert lines(*tiny(vocabulary, c="x")) == ['_:c14n0 <urn:v#c> "x" .']
    for name, why in (("b", "no term of its own"), ("c d", "no term of its own"), ("c:d", "no context defines")):
        document, known = tiny(vocabulary, **{name: "x"})
        refused(document, why, known)
    assert form(*tiny(vocabulary, **{"@type": "urn:T"})) == form(*tiny({}, **{"@type": "urn:T"}))


def test_a_value_object_is_called_by_its_keywords() -> None:
    document, known = tiny({"value": "@value", "a": "urn:a"}, a={"value": "x"})
    refused(document, "called otherwise", known)


@pytest.mark.parametrize("term", [None, "@id", "_:b", {"@id": "urn:T", "@container": "@index"}, {"@reverse": "urn:T"}])
def test_a_type_is_no_term_that_stands_for_nothing_or_is_not_read(term: Any) -> None:
    document, known = tiny({"T": term, "a": "urn:a"}, **{"@type": "T", "a": "x"})
    refused(document, "names nothing", known)


def test_a_type_that_looks_like_a_keyword_is_no_name_of_the_vocabulary() -> None:
    assert form(*tiny({"@vocab": "urn:v#"}, **{"@type": "later"})) == (
        b"_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:v#later> .\n"
    )
    for name in ("@id", "@later"):
        document, known = tiny({"@vocab": "urn:v#"}, **{"@type": name})
        refused(document, "no absolute IRI", known)


def test_a_type_or_reference_that_stands_there_twice_is_refused() -> None:
    refused(credential(type=["VerifiableCredential", "VerifiableCredential", "Thing"]), "twice")
    refused(credential(relatedResource=["urn:a", "urn:a"]), "twice")


@negative("NEG-DI-010")
@pytest.mark.parametrize(
    "relative", ["x", "/x", "#x", "?x", "", "//host/x", "x y:z", "urn:x y", "urn:<x>", ":x", "1:x", 7]
)
def test_a_relative_or_broken_identifier_is_refused(relative: Any) -> None:
    refused(credential(id=relative))
    refused(credential(issuer=relative))
    refused(credential(credentialSubject=subject(id=relative)))


@negative("NEG-DI-010")
@pytest.mark.parametrize("relative", ["Unknown", "#Thing", "/Thing", "", "foo:bar baz", 7, None, "id", "@id"])
def test_a_relative_or_undefined_type_is_refused(relative: Any) -> None:
    refused(credential(type=["VerifiableCredential", relative]))
    refused(credential(type=["VerifiableCredential", "Thing"], credentialSubject=subject(type=relative)))


@pytest.mark.parametrize("types", [[], {}, None, True, 3, {"@value": "Thing"}, [f"urn:{n}" for n in range(100)]])
def test_types_that_are_no_names_are_refused(types: Any) -> None:
    refused(credential(type=types))


@negative("NEG-DI-010")
def test_an_identifier_that_is_left_out_is_another_statement() -> None:
    without = {name: value for name, value in subject().items() if name != "id"}
    assert form(credential(credentialSubject=without)) != form(credential())


def test_a_document_that_states_nothing_is_refused() -> None:
    refused({"@context": [contexts.CREDENTIALS_V2]}, "states nothing")
    refused({"@context": [contexts.CREDENTIALS_V2], "id": "urn:uuid:1"}, "states nothing")
    refused(presentation({"@context": [contexts.CREDENTIALS_V2], "id": "urn:uuid:1"}), "nothing would be left")
    refused(presentation("urn:uuid:1"), "no object")
    refused(presentation({"@context": [contexts.CREDENTIALS_V2]}), "nothing would be left")


@pytest.mark.parametrize("number", [float("inf"), float("nan"), 0.1 + 0.2, 2**53, -(10**400)])
def test_a_number_of_which_digits_would_be_lost_is_refused(number: float) -> None:
    document, known = tiny({"n": "urn:n"}, n=number)
    refused(document, None, known)


@pytest.mark.parametrize("value", [True, 1, 1.5, "x"])
def test_of_a_term_that_has_no_type_on_purpose_any_plain_value_is_read(value: Any) -> None:
    none = {"n": {"@id": "urn:n", "@type": "@none"}}
    assert lines(*tiny(none, n=value)) == lines(*tiny({"n": "urn:n"}, n=value))


def test_half_a_surrogate_pair_is_refused() -> None:
    refused(credential(name="\ud800"))
    refused(credential(id="urn:\ud800"))


# -- one spelling -----------------------------------------------------------------------------------------------------


KEYWORDS = """
    @any @base @direction @graph @import @included @index @json @language @list @nest @none @propagate @reverse @set
    @value @version @vocab
"""


@pytest.mark.parametrize("keyword", KEYWORDS.split())
@pytest.mark.parametrize("value", ["x", {}, [], {"id": "urn:x", "nick": "x"}, None])
def test_a_keyword_is_refused_everywhere(keyword: str, value: Any) -> None:
    refused(credential(**{keyword: value}))
    refused(credential(credentialSubject=subject(**{keyword: value})))
    refused(credential(credentialSubject=subject(place={keyword: value})))


@pytest.mark.parametrize(("keyword", "term"), [("@id", "id"), ("@type", "type")])
def test_a_keyword_that_has_a_term_is_refused(keyword: str, term: str) -> None:
    document = credential()
    document[keyword] = document.pop(term)
    refused(document)
    refused(credential(**{keyword: "urn:other"}))


def test_a_property_or_type_written_out_as_its_iri_is_refused() -> None:
    document = credential()
    document["https://www.w3.org/2018/credentials#credentialSubject"] = document.pop("credentialSubject")
    refused(document)
    refused(credential(type=["VerifiableCredential", THING.id]), "has a term")
    refused(credential(type=["https://www.w3.org/2018/credentials#VerifiableCredential", "Thing"]), "has a term")
    assert form(credential(type=["VerifiableCredential", "Thing", "https://example.org/Other"]))


def test_an_identifier_or_type_that_begins_with_a_term_is_refused() -> None:
    refused(credential(id="name:x"), "begins with a term")
    refused(credential(type=["VerifiableCredential", "name:x"]), "begins with a term")


@pytest.mark.parametrize(
    "value",
    [
        {"@value": "x"},
        {"@value": "x", "@type": f"{XSD}string"},
        {"@value": "x", "@language": "nl", "@direction": "ltr"},
        {"@value": "x", "@direction": "ltr"},
        {"@value": "x", "@index": "1"},
        {"@value": "x", "@language": "NL"},
        {"@value": "x", "@language": ""},
        {"@value": "x", "@language": None},
        {"@value": 1, "@language": "nl"},
        {"@value": "x", "id": "urn:x"},
        {"@value": None},
        {"@list": ["x"]},
        {"@set": ["x"]},
    ],
)
def test_a_value_has_no_second_spelling(value: dict[str, Any]) -> None:
    refused(credential(name=value))
    refused(credential(credentialSubject=subject(nick=value)))
    refused(credential(credentialSubject=subject(years=[value])))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("born", 2000), ("born", True), ("born", {"@value": "2000-01-01", "@language": "nl"}),
        ("years", 2015), ("years", "2015"), ("years", [[2015]]), ("years", {}), ("years", [None]),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_than_its_context_wants_is_refused(claim: str, value: Any) -> None:
    refused(credential(credentialSubject=subject(**{claim: value})))


def test_a_number_or_truth_value_with_a_datatype_is_never_a_text() -> None:
    status = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusSize": 1}
    assert '"1"^^<https://www.w3.org/2001/XMLSchema#integer>' in form(credential(credentialStatus=status)).decode()
    refused(credential(credentialStatus={**status, "statusSize": "1"}), "wants a number")
    refused(credential(credentialStatus={**status, "statusSize": True}), "wants something else")
    for name in ["integer", "nonNegativeInteger", "positiveInteger", "long", "int", "short", "byte", "unsignedInt"]:
        for base in (XSD, "https://www.w3.org/2001/XMLSchema#"):
            whole = {"n": {"@id": "urn:n", "@type": f"{base}{name}"}}
            assert lines(*tiny(whole, n=1)) == [f'_:c14n0 <urn:n> "1"^^<{base}{name}> .']
            document, known = tiny(whole, n="1")
            refused(document, "wants a number", known)
    boolean = {"b": {"@id": "urn:b", "@type": f"{XSD}boolean"}}
    assert form(*tiny(boolean, b=True))
    for other in ("true", 1):
        document, known = tiny(boolean, b=other)
        refused(document, None, known)


def test_a_value_that_names_something_of_its_context_is_written_as_its_term() -> None:
    proof = {
        "@context": [contexts.CREDENTIALS_V2],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "proofPurpose": "assertionMethod",
    }
    assert "<https://w3id.org/security#assertionMethod>" in form(proof).decode()
    refused({**proof, "proofPurpose": "https://w3id.org/security#assertionMethod"}, "has a term")
    refused({**proof, "proofPurpose": "unknown"}, "no absolute IRI")
    refused({**proof, "proofPurpose": "type"}, "names nothing")


# -- one credential, and nothing beside it ----------------------------------------------------------------------------


@negative("NEG-DI-010")
def test_two_objects_about_one_thing_are_refused_as_their_members_could_be_swapped() -> None:
    refused(credential(issuer={"id": HOLDER, "name": "Issuer"}), "another place")
    refused(credential(credentialSubject=[subject(), {"id": HOLDER, "nick": "Other"}]), "another place")
    refused(credential(credentialSubject=subject(id="urn:uuid:1")), "another place")
    refused(credential(relatedResource=HOLDER), "another place")
    refused(credential(relatedResource="urn:x", evidence={"id": "urn:x", "type": "urn:type"}), "another place")
    refused(credential(evidence={"id": "urn:x", "type": "urn:type"}, relatedResource="urn:x"), "another place")


@negative("NEG-DI-010")
def test_an_issuer_that_is_its_own_subject_is_refused_as_claims_could_move_to_it() -> None:
    refused(credential(issuer=HOLDER), "another place")
    assert form(credential(issuer=ISSUER, relatedResource="urn:other"))


@negative("NEG-DI-013")
def test_a_second_credential_beside_the_first_is_refused() -> None:
    second = {name: value for name, value in credential(id="urn:uuid:2").items() if name != "@context"}
    refused({"@context": credential()["@context"], "@graph": [credential(), second]})
    refused(credential(**{"@graph": [second]}))
    refused(credential(**{"@included": [second]}))
    refused(presentation(credential(**{"@graph": [second]})))
    refused([credential(), second])  # type: ignore[arg-type]


@negative("NEG-DI-013")
def test_one_subject_in_an_array_or_alone_makes_the_same_statements_so_that_its_reader_must_tell() -> None:
    assert form(credential(credentialSubject=[subject()])) == form(credential())


@negative("NEG-DI-015")
@pytest.mark.parametrize("blank", ["_:c14n0", "_:b0", "_:", "_:b1"])
def test_a_blank_node_is_never_named_by_a_document(blank: str) -> None:
    refused(credential(id=blank))
    refused(credential(issuer=blank))
    refused(credential(credentialSubject=subject(id=blank)))
    refused(credential(credentialSubject=subject(**{blank: "x"})))
    refused(credential(type=["VerifiableCredential", blank]))


# -- bounds -----------------------------------------------------------------------------------------------------------


def test_objects_too_deep_inside_one_another_are_refused() -> None:
    known, named = with_context({"n": "urn:n"})
    deep: Any = {"n": "x"}
    for _ in range(200):
        deep = {"n": deep}
    refused({"@context": named, **deep}, "objects too deep", known)


def test_objects_are_read_as_deep_as_json_is() -> None:
    known, named = with_context({"n": "urn:n"})
    deep: Any = {"n": "x"}
    for _ in range(JSON_DEPTH):
        deep = {"n": deep}
    assert len(to_quads({"@context": named, **deep}, contexts=known)) == JSON_DEPTH + 1
    with pytest.raises(Malformed, match="objects too deep"):
        to_quads({"@context": named, "n": deep}, contexts=known)


def test_four_thousand_and_ninety_six_statements_are_the_most() -> None:
    document, known = tiny({"n": "urn:n"}, n=list(range(4096)))
    assert len(to_quads(document, contexts=known)) == 4096
    document["n"].append(4096)
    with pytest.raises(Malformed, match="more statements"):
        to_quads(document, contexts=known)


def test_statements_of_two_mebi_characters_are_the_most() -> None:
    around = len('<urn:i><urn:n>""')
    for more, least in ((0, True), (1, False)):
        text = "x" * (2**21 - around + more)
        document, known = tiny({"n": "urn:n"}, **{"@id": "urn:i", "n": text})
        if least:
            assert len(to_quads(document, contexts=known)) == 1
            continue
        with pytest.raises(Malformed, match="more statements"):
            to_quads(document, contexts=known)


def test_thirty_two_types_are_the_most() -> None:
    types = [f"urn:{number}" for number in range(32)]
    assert len(lines(*tiny({}, **{"@type": types}))) == 32
    document, known = tiny({}, **{"@type": [*types, "urn:other"]})
    refused(document, "endless", known)


def test_more_statements_than_any_credential_makes_are_refused() -> None:
    many = [f"urn:{number}" for number in range(jsonld.MOST_QUADS)]
    refused(credential(relatedResource=many), "more statements")
    refused(credential(id=f"urn:{'x' * 500_000}"), "more statements")


def test_an_error_names_the_place_and_never_the_value() -> None:
    with pytest.raises(Malformed) as caught:
        form(credential(credentialSubject=subject(place={"street": None, "town": "Geheimstraat"})))
    assert "credentialSubject.place.street" in str(caught.value)
    assert "Geheimstraat" not in str(caught.value)
    refused(credential(credentialSubject=subject(id="relative")), r"^credentialSubject\.id: an identifier")
    with pytest.raises(Malformed) as caught:
        form(credential(**{"x" * 1_000_000: "x"}))
    assert str(caught.value).startswith(f"{'x' * 80}: a member")
