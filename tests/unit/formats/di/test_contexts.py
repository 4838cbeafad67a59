"""The contexts of the W3C are what the W3C publishes, and those of our types follow from their declarations."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from eigendata.errors import Malformed, Misuse
from eigendata.formats.di import contexts, jsonld
from eigendata.formats.di.terms import Contexts, Nothing
from eigendata.model import CredentialType
from eigendata.registers.catalogue import CATALOGUE
from tests.given import given
from tests.negatives import negative

from .samples import KNOWN, LABEL, THING, attribute, credential, subject

FILES = {
    contexts.CREDENTIALS_V2: "rec-2025/vc-data-model/contexts/credentials/v2",
    contexts.DATA_INTEGRITY_V2: "rec-2025/vc-data-integrity/contexts/data-integrity/v2",
}


# -- those of the W3C -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", FILES)
def test_a_context_of_the_w3c_is_the_very_value_that_the_w3c_publishes(url: str) -> None:
    folder = given("vectors/contexts")
    octets = (folder / FILES[url]).read_bytes()
    pins = json.loads((folder / "pinned-hashes.json").read_text(encoding="utf-8"))
    assert sha256(octets).hexdigest() == next(one["sha256"] for one in pins if one["url"] == url)
    assert contexts.w3c()[url] == json.loads(octets)
    assert contexts.digest(json.loads(octets)) == contexts.PINNED[url]


def test_every_context_of_the_w3c_is_pinned() -> None:
    assert set(contexts.w3c()) == set(contexts.PINNED) == set(FILES)


@negative("NEG-JSONLD-001")
def test_a_context_that_is_not_the_pinned_one_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        contexts, "_DATA_INTEGRITY", contexts._DATA_INTEGRITY.replace("sec:nonce", "sec:salt") + "x sec:"
    )
    contexts.w3c.cache_clear()
    try:
        with pytest.raises(Misuse, match="pinned"):
            contexts.w3c()
    finally:
        monkeypatch.undo()
        contexts.w3c.cache_clear()


# -- our own ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type", CATALOGUE.values(), ids=CATALOGUE)
def test_the_context_of_a_type_gives_each_claim_a_name_of_its_own(type: CredentialType) -> None:
    terms = leaves(contexts.document(type)["@context"])  # type: ignore[index, call-overload]
    claims = {f"{type.id}#{'.'.join(one.path)}" for one in type.attributes}
    assert claims <= set(terms)
    assert len(terms) == len(set(terms))


def leaves(context: Any) -> list[str]:
    found = []
    for name, value in context.items():
        if not name.startswith("@"):
            found.append(value if isinstance(value, str) else value["@id"])
            found += leaves(value["@context"]) if "@context" in value and not isinstance(value, str) else []
    return found


@pytest.mark.parametrize("type", CATALOGUE.values(), ids=CATALOGUE)
def test_no_two_terms_stand_for_one_thing_at_any_place_so_that_none_can_be_renamed(type: CredentialType) -> None:
    known = contexts.known(type)
    waiting = [known.named([contexts.CREDENTIALS_V2, contexts.url(type)]), known.named(contexts.DATA_INTEGRITY_V2)]
    for _ in range(4):
        for context in list(waiting):
            iris = [term.iri for term in context.terms.values()]
            assert len(iris) == len(set(iris))
            for term in context.terms.values():
                if not isinstance(term.scoped, Nothing) and not term.ends:
                    waiting.append(known.of_property(context, term))
        waiting = list({id(one): one for one in waiting}.values())
    assert len(waiting) > 10


def test_the_published_context_is_the_one_that_is_used() -> None:
    for one in CATALOGUE.values():
        assert json.loads(contexts.describe(one)) == contexts.known(one)[contexts.url(one)]


def test_contexts_are_made_once_for_a_type_and_anew_for_another_of_its_name() -> None:
    other = CredentialType(id=THING.id, short="thing", label=LABEL, attributes=(attribute("other"),))
    assert contexts.known(THING) is contexts.known(THING)
    assert contexts.known(other)[contexts.url(other)] == contexts.document(other) != contexts.document(THING)
    assert contexts.known(THING)[contexts.url(THING)] == KNOWN[contexts.url(THING)]


def test_the_contexts_of_any_number_of_types_are_not_all_kept() -> None:
    kept = []
    for number in range(600):
        contexts.known(CredentialType(id=f"urn:example:{number}", short="x", label=LABEL, attributes=()))
        kept.append(len(contexts._KNOWN))
    assert max(kept) == 256


def test_the_contexts_of_two_types_are_kept_side_by_side() -> None:
    one, other = (CredentialType(id=f"urn:example:{name}", short="x", label=LABEL, attributes=()) for name in "ab")
    first, second = contexts.known(one), contexts.known(other)
    assert contexts.known(one) is first
    assert contexts.known(other) is second


@pytest.mark.parametrize("taken", ["name", "id", "issuer", "VerifiableCredential", "Thing"])
def test_a_claim_is_never_called_as_a_term_is_that_every_credential_has(taken: str) -> None:
    made = CredentialType(id="urn:example:1", short="thing", label=LABEL, attributes=(attribute(taken),))
    with pytest.raises(Misuse):
        contexts.document(made)


@pytest.mark.parametrize("taken", ["", "@x", "a:b", "a/b", "a b", "a<b", "urn", "did", "http", "https"])
def test_a_claim_is_never_called_by_what_a_reader_of_its_context_would_drop(taken: str) -> None:
    made = CredentialType(id="urn:example:1", short="thing", label=LABEL, attributes=(attribute(taken),))
    with pytest.raises(Misuse, match="no term"):
        contexts.document(made)
    within = CredentialType(id="urn:example:1", short="thing", label=LABEL, attributes=(attribute("a", taken),))
    with pytest.raises(Misuse, match="no term"):
        contexts.known(within)


def test_a_type_of_several_words_is_one_term() -> None:
    made = CredentialType(id="urn:example:1", short="very_long name", label=LABEL, attributes=())
    assert contexts.name(made) == "VeryLongName"


def test_every_claim_is_signed_with_its_kind() -> None:
    lines = jsonld.canonical_nquads(credential(), contexts=KNOWN).decode().splitlines()
    xsd = "http://www.w3.org/2001/XMLSchema#"
    for line in (
        '<did:example:holder> <urn:example:thing:1#nick> "Aisha" .',
        f'<did:example:holder> <urn:example:thing:1#born> "1984-02-29"^^<{xsd}date> .',
        f'<did:example:holder> <urn:example:thing:1#since> "2015"^^<{xsd}integer> .',
        f'<did:example:holder> <urn:example:thing:1#adult> "true"^^<{xsd}boolean> .',
    ):
        assert line in lines
    assert sum('"2015"' in line and "#first>" in line for line in lines) == 2  # a list keeps what stands in it twice


def test_a_claim_within_an_object_is_another_than_the_one_of_that_name_outside() -> None:
    form = jsonld.canonical_nquads(credential(credentialSubject=subject(absent={"born": True})), contexts=KNOWN)
    assert b'<urn:example:thing:1#absent.born> "true"' in form
    with pytest.raises(Malformed):
        jsonld.canonical_nquads(credential(credentialSubject=subject(born=True)), contexts=KNOWN)


def test_what_a_mapping_of_contexts_holds_later_changes_nothing() -> None:
    documents: dict[str, Any] = {"urn:test:context": {"@context": {"a": "urn:test:a"}}}
    known = Contexts(documents)
    documents.clear()
    assert list(known) == ["urn:test:context"]
    assert len(known) == 1
    assert jsonld.canonical_nquads({"@context": "urn:test:context", "a": "x"}, contexts=known)
