"""Rules of mdoc at their edges: what is no object, what is no code of an error, and texts of another length."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import cbor2
import pytest

from eigendata.encoding import thaw
from eigendata.errors import Malformed, Misuse
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.formats.mdoc.parse import parse_issuer_signed
from eigendata.model import Attestation, DocumentSigner, Seal
from tests.unit.formats.forge import attribute

from .forge import (
    DAY,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    NAMESPACE,
    NOW,
    PERSON,
    SIGNER,
    TRUST,
    document,
    issued,
    item,
    mso,
    response,
)

SEAL = Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(SIGNER,)))


def made(claims: dict[str, Any]) -> bytes:
    attestation = Attestation(
        type=PERSON,
        issuer=ISSUER,
        claims={"authority": "Gemeente Boxtel", **claims},
        holder=HOLDER_KEY.public_key,
        issued_at=DAY,
        expires_at=DAY + timedelta(days=14),
    )
    return MSO_MDOC.issue(attestation, SEAL)


@pytest.mark.parametrize("instead", ["town", "a town", ["town"], 1, None, True], ids=str)
def test_what_holds_the_name_of_a_claim_is_no_object_that_holds_the_claim(instead: Any) -> None:
    with pytest.raises(Misuse):
        made({"address": instead})


@pytest.mark.parametrize("value", [{"a": 1, "b": 2}, {"a": {"b": 1, "c": 2}}, {}], ids=["two", "deeper", "none"])
def test_a_claim_that_is_itself_an_object_is_one_claim_whatever_it_holds(value: Any) -> None:
    for claims in ({"family_name": value}, {"family_name": value, "address": {"town": "Boxtel"}}):
        authentic = MSO_MDOC.parse_credential(made(claims)).verify([PERSON], trust=TRUST, at=NOW)
        seen: Any = authentic.document[NAMESPACE]
        assert thaw(seen["family_name"]) == value


@pytest.mark.parametrize("place", [("", "a"), (NAMESPACE, ""), ("", "")], ids=["no namespace", "no name", "neither"])
def test_an_element_and_its_namespace_both_have_a_name(place: tuple[str, str]) -> None:
    moved = replace(attribute("a"), names={"mso_mdoc": place})
    with pytest.raises(Misuse):
        MSO_MDOC.schema(replace(PERSON, id="urn:example:nameless:1", attributes=(moved,)))


@pytest.mark.parametrize("other", [{}, 1, "x", True, [0]], ids=str)
def test_every_namespace_of_errors_holds_codes_by_element(other: Any) -> None:
    MSO_MDOC.parse_presentation(response(document(errors={NAMESPACE: {"a": 0}, "b": {"c": 1}})))
    with pytest.raises(Malformed):
        MSO_MDOC.parse_presentation(response(document(errors={NAMESPACE: {"a": 0}, "b": other})))


@pytest.mark.parametrize("size", [1, 10, 23, 24, 25, 150])
def test_a_text_ends_where_its_element_does(size: int) -> None:
    good = item(0, "family_name", "x" * size)
    text = cbor2.dumps("x" * size)
    parse_issuer_signed(cbor2.dumps(issued(good, of=mso())))
    for other in (size - 1, size + 1):
        head = cbor2.dumps("x" * other)[: len(cbor2.dumps("x" * other)) - other]
        spoilt = good.replace(text, head + b"x" * size)
        with pytest.raises(Malformed):
            parse_issuer_signed(
                cbor2.dumps(issued(good, nameSpaces={NAMESPACE: [cbor2.CBORTag(24, spoilt)]}, of=mso()))
            )
