"""What has the form of an mdoc and what has not: structure is looked at whole, before anything is verified."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from eigendata.errors import Malformed
from eigendata.formats import FORMATS, only
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.formats.mdoc.parse import ELEMENTS_LIMIT, parse_device_response, parse_issuer_signed
from tests.negatives import negative

from .forge import (
    ABSENT,
    NAME,
    NAMESPACE,
    OWN,
    PERSON,
    SIGNER,
    cose_key,
    device,
    device_auth,
    document,
    issued,
    issuer_auth,
    item,
    mso,
    response,
    sign1,
    tagged,
    tdate,
    validity,
    verified,
)


def of(**changes: Any) -> bytes:
    return response(document(issued(NAME, of=mso(NAME, **changes))))


def holding(one: Any) -> bytes:
    """A presentation in which this stands where an encoded element should."""
    return response(document(issued(nameSpaces={NAMESPACE: [one]}, of=mso(NAME))))


def element(value: Any) -> bytes:
    return response(document(issued(item(1, "x", value), of=mso())))


def authorizing(value: Any) -> bytes:
    return of(deviceKeyInfo={"deviceKey": cose_key(), "keyAuthorizations": value})


def proven(value: Any) -> bytes:
    return response(document(deviceSigned=device(deviceAuth=value)))


WITHIN = cbor2.dumps(cbor2.dumps(mso(NAME)))
MALFORMED: dict[str, bytes] = {
    "no map": cbor2.dumps([]),
    "no documents": response(documents=ABSENT),
    "documents that are none": response(documents=["x"]),
    "an empty array of documents": response(documents=[]),
    "another version": response(version="1.1"),
    "no version": response(version=ABSENT),
    "no status": response(status=ABSENT),
    "a status that is false": response(status=False),
    "errors by document": response(documentErrors=[{PERSON.id: 0}]),
    "errors that are none": response(document(errors=[])),
    "an error that is no number beside one that is": response(document(errors={NAMESPACE: {"a": 0, "b": "x"}})),
    "errors of nothing": response(document(errors={})),
    "errors of no element": response(document(errors={NAMESPACE: {}})),
    "errors beside a namespace without": response(document(errors={NAMESPACE: {"a": 0}, "b": []})),
    "an error that is text": response(document(errors={NAMESPACE: {"a": "x"}})),
    "no docType": response(document(docType=ABSENT)),
    "a docType that is a number": response(document(docType=1)),
    "no IssuerSigned": response(document(issuerSigned=ABSENT)),
    "an IssuerSigned with more": response(document(issued(NAME, more=1))),
    "no namespace": response(document(issued(NAME, nameSpaces={}))),
    "namespaces in an array": response(document(issued(NAME, nameSpaces=[NAMESPACE]))),
    "a namespace that is a number": response(document(issued(NAME, nameSpaces={1: [tagged(NAME)]}))),
    "a namespace without elements": response(document(issued(NAME, nameSpaces={NAMESPACE: []}))),
    "a namespace that is one element": response(document(issued(NAME, nameSpaces={NAMESPACE: tagged(NAME)}))),
    "too many elements": response(
        document(issued(nameSpaces={NAMESPACE: [tagged(NAME)] * (ELEMENTS_LIMIT + 1)}, of=mso()))
    ),
    "an element that is an array": holding(tagged(cbor2.dumps([]))),
    "an element without a number": holding(tagged(item(ABSENT, "x", 1))),
    "an element with a text as number": holding(tagged(item("1", "x", 1))),
    "an element with true as number": holding(tagged(item(True, "x", 1))),
    "an element with a negative number": holding(tagged(item(-1, "x", 1))),
    "an element with too high a number": holding(tagged(item(2**31, "x", 1))),
    "an element without a name": holding(tagged(item(1, ABSENT, 1))),
    "an element without a value": holding(tagged(item(1, "x", ABSENT))),
    "an element without randomness": holding(tagged(item(1, "x", 1, random=ABSENT))),
    "a value with a float": element(1.5),
    "a value beyond what JSON holds": element(2**53),
    "a value below what JSON holds": element(-(2**53)),
    "a value with NUL": element("a\0b"),
    "a value with a number as key": element({1: "x"}),
    "a value with NUL in a key": element({"a\0": 1}),
    "a value with encoded CBOR": element(tagged(b"\x01")),
    "no payload": response(document(issued(NAME, auth=sign1(b"x", unprotected={33: SIGNER}, detached=True)))),
    "a payload that is no CBOR": response(document(issued(NAME, auth=sign1(b"\xff", unprotected={33: SIGNER})))),
    "digests that are no map": of(valueDigests=[]),
    "a namespace of digests that is a number": of(valueDigests={1: {0: b"x"}}),
    "digests of a namespace in an array": of(valueDigests={NAMESPACE: [b"x"]}),
    "a digest that is text": of(valueDigests={NAMESPACE: {1: "x"}}),
    "a digest under a text": of(valueDigests={NAMESPACE: {"1": b"x"}}),
    "a digest under too high a number": of(valueDigests={NAMESPACE: {2**31: b"x"}}),
    "a digest under a negative number": of(valueDigests={NAMESPACE: {-1: b"x"}}),
    "a hash that is a number": of(digestAlgorithm=-16),
    "no key": of(deviceKeyInfo={}),
    "a private key": of(deviceKeyInfo={"deviceKey": {**cose_key(), -4: b"d" * 32}}),
    "a key of another curve": of(deviceKeyInfo={"deviceKey": {**cose_key(), -1: 3}}),
    "authorizations in an array": authorizing([]),
    "authorized namespaces in a map": authorizing({"nameSpaces": {}}),
    "an authorized namespace that is a number": authorizing({"nameSpaces": [1]}),
    "authorized elements in an array": authorizing({"dataElements": []}),
    "authorized elements that are text": authorizing({"dataElements": {NAMESPACE: "x"}}),
    "an authorized element that is a number": authorizing({"dataElements": {NAMESPACE: [1]}}),
    "authorized elements of a number": authorizing({"dataElements": {1: ["x"]}}),
    "it ends before it begins": of(validityInfo=validity(validUntil=tdate("2026-11-22T00:00:00Z"))),
    "it ends when it begins": of(validityInfo=validity(validUntil=tdate("2026-11-23T00:00:00Z"))),
    "it begins before it was signed": of(validityInfo=validity(validFrom=tdate("2026-11-22T00:00:00Z"))),
    "no end": of(validityInfo=validity(validUntil=ABSENT)),
    "an update that is no moment": of(validityInfo=validity(expectedUpdate="2026-11-30T00:00:00Z")),
    "a status that is text": of(status="x"),
    "a status list without an index": of(status={"status_list": {"uri": "https://a"}}),
    "a status list with true as index": of(status={"status_list": {"uri": "https://a", "idx": True}}),
    "a status list with a negative index": of(status={"status_list": {"uri": "https://a", "idx": -1}}),
    "a DeviceSigned in an array": response(document(deviceSigned=[])),
    "a DeviceSigned without namespaces": response(document(deviceSigned=device(nameSpaces=ABSENT))),
    "a DeviceSigned without a proof": response(document(deviceSigned=device(deviceAuth=ABSENT))),
    "a proof that is none": proven({"deviceSignature": b"x"}),
    "a MAC that is none": proven({"deviceMac": b"x"}),
    "a proof with its payload": proven({"deviceSignature": device_auth(detached=False)}),
    "a MAC with its payload": proven({"deviceMac": [b"\xa1\x01\x05", {}, b"x", b"t"]}),
    "what the holder states in an array": response(document(deviceSigned=device(cbor2.dumps([])))),
    "a namespace of the holder in an array": response(document(deviceSigned=device(cbor2.dumps({"a": []})))),
    "an empty namespace of the holder": response(document(deviceSigned=device(cbor2.dumps({"a": {}})))),
    "a namespace of the holder under a number": response(document(deviceSigned=device(cbor2.dumps({1: {"a": 1}})))),
    "an element of the holder under a number": response(document(deviceSigned=device(cbor2.dumps({"a": {1: 1}})))),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_has_not_the_form_of_an_mdoc_is_malformed(case: str) -> None:
    with pytest.raises(Malformed):
        parse_device_response(MALFORMED[case])


def test_errors_of_elements_that_are_not_there_change_nothing() -> None:
    errors = {NAMESPACE: {"birthdate": 0}}
    assert verified(response(document(errors=errors))).document == verified(response()).document


def test_a_document_has_so_many_elements_and_no_more() -> None:
    def with_elements(count: int) -> bytes:
        return cbor2.dumps(issued(*(item(number, f"e{number}", number) for number in range(count)), of=mso()))

    assert len(parse_issuer_signed(with_elements(ELEMENTS_LIMIT)).items) == ELEMENTS_LIMIT
    with pytest.raises(Malformed):
        parse_issuer_signed(with_elements(ELEMENTS_LIMIT + 1))


def test_the_first_place_of_a_status_list_is_one() -> None:
    status = {"status_list": {"uri": "https://boxtel.example/1", "idx": 0}}
    found = parse_issuer_signed(cbor2.dumps(issued(of=mso(status=status), nameSpaces=ABSENT))).mso.status
    assert found is not None
    assert found.index == 0


def test_members_that_nobody_defined_are_ignored_where_the_standard_leaves_room() -> None:
    token = response(document(more=1), more=2)
    assert verified(token).document == verified(response()).document
    verified(of(more=1, validityInfo=validity(expectedUpdate=tdate("2026-11-30T00:00:00Z"))))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Ümmels ğ 中", "Ümmels ğ 中"),
        (True, True),
        (None, None),
        (-5, -5),
        (2**53 - 1, 2**53 - 1),
        (1 - 2**53, 1 - 2**53),
        (b"\xff\xd8\xff", "_9j_"),
        (cbor2.CBORTag(1004, "1987-02-13"), "1987-02-13"),
        (cbor2.CBORTag(0, "2026-11-23T14:03:00Z"), "2026-11-23T14:03:00Z"),
        (["NL", {"code": "B", "on": cbor2.CBORTag(1004, "2019-01-01")}], ("NL", {"code": "B", "on": "2019-01-01"})),
    ],
)  # fmt: skip
def test_a_value_becomes_the_json_that_stands_for_it(value: Any, read: Any) -> None:
    token = cbor2.dumps(issued(item(1, "x", value), of=mso()))
    (one,) = parse_issuer_signed(token).items
    assert one.value == read
    assert type(one.value) is type(read) or isinstance(value, list)


def test_a_format_says_what_it_is_called() -> None:
    assert (MSO_MDOC.name, FORMATS["mso_mdoc"], only("mso_mdoc")["mso_mdoc"]) == ("mso_mdoc", MSO_MDOC, MSO_MDOC)
    assert (list(only("mso_mdoc")), len(only("mso_mdoc"))) == (["mso_mdoc"], 1)
    assert "dc+sd-jwt" not in only("mso_mdoc")


def test_nothing_of_what_was_taken_apart_is_printed() -> None:
    parsed = parse_device_response(response())
    assert repr(parsed) == "<a document>"
    assert repr(MSO_MDOC.parse_presentation(response())) == "<an unverified presentation>"
    assert repr(MSO_MDOC.parse_credential(cbor2.dumps(issued(NAME)))) == "<an unverified credential>"
    assert repr(parsed.issued) == "<an IssuerSigned>"
    assert repr(parsed.issued.items[0]) == "<an element>"


# -- the catalogue ----------------------------------------------------------------------------------------------------


@negative("NEG-MDOC-013")
@pytest.mark.parametrize(
    "token",
    [
        holding(NAME),
        holding(cbor2.loads(NAME)),
        holding(tagged(cbor2.dumps(tagged(NAME)))),
        holding(cbor2.CBORTag(24, "text")),
        holding(cbor2.CBORTag(0, "2026-11-23T14:03:00Z")),
        response(document(issued(NAME, auth=sign1(cbor2.dumps(mso(NAME)), unprotected={33: SIGNER})))),
        response(document(issued(NAME, auth=sign1(WITHIN, unprotected={33: SIGNER})))),
        response(
            document(issued(NAME, auth=issuer_auth({"x": tagged(WITHIN)}))),
        ),
        response(
            document(
                issued(NAME, auth=sign1(cbor2.dumps(tagged(cbor2.dumps(tagged(WITHIN)))), unprotected={33: SIGNER}))
            )
        ),
    ],
)
def test_encoded_cbor_stands_under_tag_24_once(token: bytes) -> None:
    with pytest.raises(Malformed):
        MSO_MDOC.parse_presentation(token)


@negative("NEG-MDOC-014")
@pytest.mark.parametrize(
    ("protected", "unprotected"),
    [
        ({1: -7, 33: SIGNER}, {}),
        ({1: -7}, {}),
        ({1: -7, 33: SIGNER}, {33: SIGNER}),
        ({1: -7}, {33: []}),
        ({1: -7}, {33: b""}),
        ({1: -7}, {33: [SIGNER]}),
        ({1: -7}, {33: [SIGNER] * 100}),
        ({1: -7}, {33: SIGNER[:-1]}),
        ({1: -7}, {33: [SIGNER, b"x"]}),
        ({1: -7}, {33: "x"}),
    ],
)
def test_the_chain_stands_in_the_unprotected_bucket_alone(protected: Any, unprotected: Any) -> None:
    auth = issuer_auth(mso(NAME), protected=protected, unprotected=unprotected)
    with pytest.raises(Malformed):
        MSO_MDOC.parse_credential(cbor2.dumps(issued(NAME, auth=auth)))


@negative("NEG-MDOC-020")
@pytest.mark.parametrize(
    "token",
    [
        response(document(), document()),
        response(documentErrors=[{PERSON.id: 0}]),
        response(status=10),
        response(status=20, documents=ABSENT),
    ],
)
def test_a_response_holds_one_document_and_no_failure(token: bytes) -> None:
    with pytest.raises(Malformed):
        MSO_MDOC.parse_presentation(token)


@negative("NEG-MDOC-023")
def test_an_element_has_sixteen_octets_of_randomness_at_least() -> None:
    for size in (0, 1, 15):
        with pytest.raises(Malformed):
            MSO_MDOC.parse_presentation(holding(tagged(item(1, "x", 1, random=b"r" * size))))
    verified(response(document(issued(item(1, "family_name", "Ummels", random=b"r" * 32)))))


@negative("NEG-MDOC-024")
@pytest.mark.parametrize(
    "moment",
    [
        tdate("2026-11-23T00:00:00.5Z"),
        tdate("2026-11-23T00:00:00+00:00"),
        tdate("2026-11-23T01:00:00+01:00"),
        tdate("2026-11-23T23:59:60Z"),
        tdate("10000-01-01T00:00:00Z"),
        tdate("2026-02-29T00:00:00Z"),
        tdate("2026-11-23"),
        tdate("2026-11-23t00:00:00z"),
        tdate("2026-11-23T00:00:00Z\n"),
        tdate("٢٠٢٦-11-23T00:00:00Z"),
        cbor2.CBORTag(1004, "2026-11-23"),
        cbor2.CBORTag(1, 1795392000),
        "2026-11-23T00:00:00Z",
        1795392000,
    ],
)
def test_a_moment_has_one_form(moment: Any) -> None:
    with pytest.raises(Malformed):
        MSO_MDOC.parse_presentation(of(validityInfo=validity(signed=moment)))


@negative("NEG-MDOC-024")
@pytest.mark.parametrize(
    "date",
    [
        cbor2.CBORTag(1004, "2026-11-23T00:00:00Z"),
        cbor2.CBORTag(1004, "2026-02-29"),
        cbor2.CBORTag(1004, "2026-1-1"),
        cbor2.CBORTag(1004, "20261123"),
        cbor2.CBORTag(1004, "2026-W01-1"),
        cbor2.CBORTag(0, "2026-11-23"),
        cbor2.CBORTag(0, "2026-11-23T00:00:00.5Z"),
        cbor2.CBORTag(100, 20000),
    ],
)
def test_a_date_has_one_form(date: Any) -> None:
    with pytest.raises(Malformed):
        MSO_MDOC.parse_presentation(element(date))


def test_what_an_issuer_sends_is_no_presentation_and_the_other_way_round() -> None:
    with pytest.raises(Malformed):
        MSO_MDOC.parse_presentation(cbor2.dumps(issued(OWN, NAME)))
    with pytest.raises(Malformed):
        MSO_MDOC.parse_credential(response())
    values: list[Any] = [None, 5, {}, ["x"], "a=", "+/"]
    for value in values:
        with pytest.raises(Malformed):
            MSO_MDOC.from_wire(value)


def test_a_chain_of_more_certificates_than_are_looked_at_is_malformed_before_anything_is_verified() -> None:
    for count in (6, 16):
        auth = issuer_auth(mso(NAME), unprotected={33: [SIGNER] * count})
        with pytest.raises(Malformed, match="1 to 5"):
            MSO_MDOC.parse_presentation(response(document(issued(NAME, auth=auth))))


@pytest.mark.parametrize("more", [{"bsn": "999900109"}, {0: 1}])
def test_an_element_says_nothing_beside_its_value(more: Any) -> None:
    one = cbor2.dumps({**cbor2.loads(NAME), **more})
    with pytest.raises(Malformed, match="no IssuerSignedItem"):
        verified(response(document(issued(one))))
