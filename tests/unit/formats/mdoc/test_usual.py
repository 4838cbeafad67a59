"""What is read in one pass comes to what the careful reader makes of it, and the rest is left to that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.crypto.cose import KNOWN_HEADERS, key_octets, write_key
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import cbor_dumps
from eigendata.errors import Malformed
from eigendata.formats.mdoc import MSO_MDOC, parse, usual
from eigendata.formats.mdoc.parts import Issued, Shown
from eigendata.model import Attestation, DocumentSigner, Seal, StatusReference

from .forge import (
    DAY,
    HOLDER_KEY,
    HOLDING,
    ISSUER,
    ISSUER_KEY,
    NAMESPACE,
    NOW,
    PERSON,
    SIGNER,
    changed,
    cose_key,
    device,
    device_auth,
    digest,
    document,
    issued,
    item,
    mso,
    response,
    sign1,
    tagged,
    tdate,
    validity,
)

SEAL = Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(SIGNER,)))
CLAIMS: dict[str, Any] = {
    "authority": "Gemeente Boxtel",
    "family_name": "Ümmels",
    "birthdate": "1984-02-29",
    "resident": True,
    "address": {"town": "Boxtel " * 20},
}


def ours(*, status: StatusReference | None = None, **claims: Any) -> bytes:
    attestation = Attestation(
        type=PERSON,
        issuer=ISSUER,
        claims={**CLAIMS, **claims},
        holder=HOLDER_KEY.public_key,
        issued_at=DAY,
        expires_at=DAY + timedelta(days=14),
        status=status,
    )
    return MSO_MDOC.issue(attestation, SEAL)


def shown(credential: bytes) -> bytes:
    return MSO_MDOC.open(credential, PERSON).present([(NAMESPACE,)], HOLDING, at=NOW)


@contextmanager
def carefully() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parse, "usual_issuer_signed", lambda token: None)
        patched.setattr(parse, "usual_device_response", lambda token: None)
        yield


def carefully_read(token: bytes) -> tuple[Issued | None, Shown | None]:
    with carefully():
        return read_by(parse.parse_issuer_signed, token), read_by(parse.parse_device_response, token)


def read_by(reader: Any, token: bytes) -> Any:
    try:
        return reader(token)
    except Malformed:
        return None


def require_same(token: bytes) -> None:
    credential, presentation = carefully_read(token)
    assert usual.usual_issuer_signed(token) in (None, credential)
    assert usual.usual_device_response(token) in (None, presentation)


CREDENTIAL = ours()
PRESENTATION = shown(CREDENTIAL)


@pytest.mark.parametrize("status", [None, StatusReference(uri="https://issuer.example/list/7", index=4_464)])
def test_what_is_issued_and_shown_here_has_the_usual_spelling(status: StatusReference | None) -> None:
    credential = ours(status=status)
    presentation = shown(credential)
    assert usual.usual_issuer_signed(credential) == carefully_read(credential)[0] is not None
    assert usual.usual_device_response(presentation) == carefully_read(presentation)[1] is not None


values = (
    st.text(max_size=300)
    | st.booleans()
    | st.integers(-(2**54), 2**54)
    | st.integers(0, 70_000)
    | st.none()
    | st.binary(max_size=5)
    | st.lists(st.integers(0, 30), max_size=3)
    | st.dates().map(lambda one: cbor2.CBORTag(1004, one.isoformat()))
    | st.sampled_from(["1984-02-30", "1984-2-29", "x" * 10]).map(lambda one: cbor2.CBORTag(1004, one))
    | st.just(tdate("2026-11-23T00:00:00Z"))
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 300) | st.integers(0, 2**31),
            st.sampled_from(["a", "elementValue", "lelementValue", "x" * 24, "y" * 300, ""]) | st.text(max_size=40),
            values,
            st.sampled_from([15, 16, 17, 24, 32, 33]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([0, 1, 22, 23, 30, 300]),
)
def test_both_ways_of_reading_come_to_the_same(elements: list[tuple[int, str, Any, int]], more: int) -> None:
    items = [item(number, name, value, random=b"r" * size) for number, name, value, size in elements]
    numbers = {number: digest(one) for (number, *_), one in zip(elements, items, strict=True)}
    numbers |= dict.fromkeys(range(more), b"d" * 32)
    signed = issued(*items, of=mso(valueDigests={NAMESPACE: numbers}))
    require_same(cbor2.dumps(signed))
    require_same(response(document(signed)))


@given(st.data())
def test_a_changed_octet_is_read_the_same_by_both_or_left_to_the_careful_reader(data: st.DataObject) -> None:
    token = bytearray(data.draw(st.sampled_from([CREDENTIAL, PRESENTATION])))
    for _ in range(data.draw(st.integers(1, 2))):
        token[data.draw(st.integers(0, len(token) - 1))] = data.draw(st.integers(0, 255))
    require_same(bytes(token))


@given(st.data())
def test_octets_left_out_or_put_in_are_never_read_in_one_pass_otherwise(data: st.DataObject) -> None:
    token = data.draw(st.sampled_from([CREDENTIAL, PRESENTATION]))
    start, size = data.draw(st.integers(0, len(token))), data.draw(st.integers(0, 40))
    require_same(token[:start] + data.draw(st.binary(max_size=40)) + token[start + size :])


ONE = item(1, "family_name", "Ummels")
SPELT_OTHERWISE = {
    "two namespaces": issued(nameSpaces={NAMESPACE: [tagged(ONE)], "b": [tagged(ONE)]}, of=mso(ONE)),
    "no namespaces": issued(nameSpaces={}, of=mso(ONE)),
    "members in another order": dict(reversed(issued(ONE).items())),
    "digests of no number": issued(ONE, of=mso(ONE, valueDigests={NAMESPACE: {True: b"d" * 32}})),
    "digests of other hashes": issued(ONE, of=mso(ONE, valueDigests={NAMESPACE: {1: b"d" * 48}})),
    "more digests than are told": issued(ONE, of=mso(ONE, valueDigests={NAMESPACE: {1: b"d", 2: b"d"}})),
    "another key": issued(ONE, of=mso(ONE, deviceKeyInfo={"deviceKey": {**cose_key(), 3: -7}})),
    "a key that states more": issued(
        ONE, of=mso(ONE, deviceKeyInfo={"deviceKey": cose_key(), "keyAuthorizations": {"nameSpaces": [NAMESPACE]}})
    ),
    "an end before the beginning": issued(
        ONE, of=mso(ONE, validityInfo=validity(validUntil=tdate("2026-11-22T00:00:00Z")))
    ),
    "a day that is none": issued(ONE, of=mso(ONE, validityInfo=validity(signed=tdate("2026-02-30T00:00:00Z")))),
    "an update": issued(ONE, of=mso(ONE, validityInfo=validity(expectedUpdate=tdate("2026-12-30T00:00:00Z")))),
    "another status": issued(ONE, of=mso(ONE, status={"identifier_list": {}})),
    "more than a status": issued(ONE, of=mso(ONE, status={"status_list": {"idx": 1, "uri": "u"}, "more": 1})),
    "256 elements": issued(*[ONE] * 256, of=mso(ONE)),
}


@pytest.mark.parametrize("what", SPELT_OTHERWISE)
def test_what_is_spelt_otherwise_is_left_to_the_careful_reader(what: str) -> None:
    for token in (cbor2.dumps(SPELT_OTHERWISE[what]), response(document(SPELT_OTHERWISE[what]))):
        assert usual.usual_issuer_signed(token) is None
        assert usual.usual_device_response(token) is None


def with_claim(value: Any, *, name: str = "x", number: int = 1, random: bytes = b"r" * 16) -> dict[str, Any]:
    return issued(item(number, name, value, random=random), of=mso())


def with_namespace(name: str) -> dict[str, Any]:
    return issued(nameSpaces={name: [tagged(ONE)]}, of=mso(valueDigests={name: {1: digest(ONE)}}))


def with_digests(count: int) -> dict[str, Any]:
    return issued(ONE, of=mso(valueDigests={NAMESPACE: dict.fromkeys(range(count), b"d" * 32)}))


def with_status(index: int, uri: str = "https://issuer.example/list/7") -> dict[str, Any]:
    return issued(ONE, of=mso(status={"status_list": {"idx": index, "uri": uri}}))


HEADS = (0, 1, 23, 24, 255, 256, 65_535)
"""The smallest and the largest number behind each head, which differ in length (RFC 8949 section 3)."""
OF_ANY_SIZE = {
    **{f"the number {one}": with_claim(one) for one in HEADS},
    **{f"the truth {one}": with_claim(one) for one in (False, True)},
    "a date": with_claim(cbor2.CBORTag(1004, "1984-02-29")),
    **{f"a text of {one}": with_claim("x" * one) for one in HEADS[:5]},
    **{f"a name of {one}": with_claim(True, name="x" * one) for one in HEADS[:5]},
    **{f"the digest {one}": with_claim("x", number=one) for one in HEADS},
    **{f"{one} of randomness": with_claim("x", random=b"r" * one) for one in (16, 32)},
    **{f"an element with texts of {one}": with_claim("x" * one, name="x" * one) for one in (92, 93, 255)},
    **{f"{one} elements": issued(*[ONE] * one, of=mso()) for one in HEADS[1:5]},
    **{f"a namespace of {one}": with_namespace("n" * one) for one in HEADS[:6]},
    **{f"{one} digests": with_digests(one) for one in HEADS[1:6]},
    "no digests": with_digests(0),
    "digests of high numbers alone": issued(ONE, of=mso(valueDigests={NAMESPACE: {24: b"d" * 32, 255: b"e" * 32}})),
    **{f"the status {one}": with_status(one) for one in HEADS},
    **{f"a status in a list of {one}": with_status(1, "u" * one) for one in HEADS[:6]},
    **{f"a docType of {one}": issued(ONE, of=mso(docType="d" * one)) for one in HEADS[:6]},
}


@pytest.mark.parametrize("what", OF_ANY_SIZE)
def test_what_is_usual_is_so_in_every_size(what: str) -> None:
    signed = OF_ANY_SIZE[what]
    credential, presentation = cbor2.dumps(signed), response(document(signed))
    assert usual.usual_issuer_signed(credential) == carefully_read(credential)[0] is not None
    assert usual.usual_device_response(presentation) == carefully_read(presentation)[1] is not None


@pytest.mark.parametrize("header", KNOWN_HEADERS)
def test_every_header_that_is_known_is_usual(header: bytes) -> None:
    signed = issued(
        ONE, auth=sign1(cbor2.dumps(tagged(cbor2.dumps(mso(ONE)))), protected=header, unprotected={33: SIGNER})
    )
    proof = device(deviceAuth={"deviceSignature": device_auth(protected=header)})
    token = response(document(signed, deviceSigned=proof))
    assert usual.usual_device_response(token) == carefully_read(token)[1] is not None


def test_a_name_is_as_long_as_it_says_whatever_stands_in_it() -> None:
    for name in ("lelementValue", "alelementValueq", "alelementValueq" * 10):
        token = cbor2.dumps(with_claim("abc", name=name))
        read = usual.usual_issuer_signed(token) or carefully_read(token)[0]
        assert read is not None
        assert [(one.name, one.value) for one in read.items] == [(name, "abc")]


LEFT_TO_THE_CAREFUL = {
    **{str(one): with_claim(one) for one in (-1, -24, -25, -257, -1_000, -70_000, 65_536, 2**32)},
    "nothing": with_claim(None),
    "numbers": with_claim([1, 2]),
    "octets": with_claim(b"ab"),
    "a map": with_claim({"a": 1}),
    "a text of 256": with_claim("x" * 256),
    "a name of 256": with_claim(True, name="x" * 256),
    "the digest 65,536": with_claim(True, number=65_536),
    "17 of randomness": with_claim(True, random=b"r" * 17),
    "a namespace of 65,536": with_namespace("n" * 65_536),
    "more digests": with_digests(257),
    "a status of a large number": with_status(65_536),
}


@pytest.mark.parametrize("what", LEFT_TO_THE_CAREFUL)
def test_what_is_seldom_there_is_left_to_the_careful_reader_who_reads_it(what: str) -> None:
    signed = LEFT_TO_THE_CAREFUL[what]
    credential, presentation = cbor2.dumps(signed), response(document(signed))
    assert usual.usual_issuer_signed(credential) is None is not carefully_read(credential)[0]
    assert usual.usual_device_response(presentation) is None is not carefully_read(presentation)[1]


HEAD = b"\x74" + NAMESPACE.encode()
DIGESTS_LONGER = cbor2.dumps(mso(ONE)).replace(HEAD + b"\xa1", HEAD + b"\xb8\x01")
SPELT_LONGER = {
    **{
        f"the number {spelt.hex()}": cbor2.dumps(issued(item(1, "x", 7)[:-1] + spelt, of=mso()))
        for spelt in (b"\x18\x07", b"\x18\x17", b"\x19\x00\x18", b"\x19\x00\xff", b"\x1a\x00\x00\x01\x00")
    },
    "the namespace": cbor2.dumps(issued(ONE)).replace(HEAD, b"\x78\x14" + HEAD[1:], 1),
    "the namespace in two octets": cbor2.dumps(issued(ONE)).replace(HEAD, b"\x79\x00\x14" + HEAD[1:], 1),
    "how many elements": cbor2.dumps(issued(ONE)).replace(HEAD + b"\x81", HEAD + b"\x98\x01", 1),
    "how many digests": cbor2.dumps(
        issued(ONE, auth=sign1(cbor2.dumps(tagged(DIGESTS_LONGER)), unprotected={33: SIGNER}))
    ),
    "the signature": cbor2.dumps(issued(ONE)).replace(b"\x58\x40", b"\x59\x00\x40"),
}


@pytest.mark.parametrize("what", SPELT_LONGER)
def test_what_is_not_in_its_shortest_form_is_left_to_the_careful_reader_who_refuses_it(what: str) -> None:
    assert usual.usual_issuer_signed(SPELT_LONGER[what]) is None
    with pytest.raises(Malformed):
        parse.parse_issuer_signed(SPELT_LONGER[what])


GOOD = response(document(issued(ONE)))
ON_NO_CURVE = {**cose_key(), -3: b"\1" * 32}
BROKEN = {
    "one digest more is told than there is": GOOD.replace(b"\xa1\x01\x58\x20", b"\xa2\x01\x58\x20"),
    "the mobile security object is longer than it says": GOOD.replace(b"\xd8\x18\x59\x01", b"\xd8\x18\x59\x02"),
    "a status that was not told": GOOD.replace(b"\xa6\x67version", b"\xa7\x67version"),
    "octets behind the mobile security object": response(
        document(issued(ONE, auth=sign1(cbor2.dumps(tagged(cbor2.dumps(mso(ONE)) + b"x")), unprotected={33: SIGNER})))
    ),
    "a certificate that is none": response(
        document(issued(ONE, auth=sign1(cbor2.dumps(tagged(cbor2.dumps(mso(ONE)))), unprotected={33: b"none"})))
    ),
    "a key on no curve": response(document(issued(ONE, of=mso(ONE, deviceKeyInfo={"deviceKey": ON_NO_CURVE})))),
    "a text that is no UTF-8": GOOD.replace(b"Ummels", b"Ummel\xff"),
    "it ends too soon": GOOD[: GOOD.index(b"docType") + len(b"docType")],
    "a date that is none": response(document(issued(item(1, "x", cbor2.CBORTag(1004, "1984-02-30")), of=mso()))),
}


def test_octets_behind_a_credential_are_left_to_the_careful_reader() -> None:
    assert usual.usual_issuer_signed(CREDENTIAL) is not None
    assert usual.usual_issuer_signed(CREDENTIAL + b"\0") is None


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_left_to_the_careful_reader_which_says_why(what: str) -> None:
    assert usual.usual_device_response(GOOD) is not None
    assert usual.usual_device_response(BROKEN[what]) is None
    with pytest.raises(Malformed):
        parse.parse_device_response(BROKEN[what])


@pytest.mark.parametrize(
    "other",
    [
        response(version="1.1"),
        response(status=10),
        response(documents=[]),
        response(document(), document()),
        response(document(errors={NAMESPACE: {"a": 0}})),
        response(document(deviceSigned=device(cbor2.dumps({NAMESPACE: {"a": 1}})))),
        cbor2.dumps(changed(cbor2.loads(response()), {"more": 1})),
    ],
)
def test_a_response_of_another_kind_is_left_to_the_careful_reader(other: bytes) -> None:
    assert usual.usual_device_response(response()) is not None
    assert usual.usual_device_response(other) is None


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_key_is_written_at_once_as_it_is_written_member_by_member(algorithm: Algorithm) -> None:
    key = SoftwareKey.generate(algorithm).public_key
    assert key_octets(key) == cbor_dumps(write_key(key))


def test_an_element_with_octets_behind_its_value_is_left_to_the_careful_reader_who_refuses_it() -> None:
    credential = ours()
    ends = credential.index(b"elementValue\xf5") + len(b"elementValue\xf5")  # resident: true
    head = credential.rindex(b"\xd8\x18\x58", 0, ends)
    size = credential[head + 3]
    assert head + 4 + size == ends
    longer = credential[: head + 3] + bytes([size + 1]) + credential[head + 4 : ends] + b"\0" + credential[ends:]
    assert usual.usual_issuer_signed(longer) is None
    with pytest.raises(Malformed):
        MSO_MDOC.parse_credential(longer)
