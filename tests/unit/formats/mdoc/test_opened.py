"""What an mdoc says is shown as it lies, and nothing but an mdoc is taken for one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from eigendata.encoding import b64url_encode, thaw
from eigendata.errors import Malformed
from eigendata.formats.mdoc.opened import look_inside
from tests.given import given

from .forge import NAME, NAMESPACE, OWN, SIGNER, cose_key, device, document, issued, response, tagged


def test_everything_that_is_in_an_mdoc_is_shown() -> None:
    shown: Any = look_inside(response())
    (inside,) = shown["documents"]
    auth = inside["issuerSigned"]["issuerAuth"]
    assert auth["protected"] == {"alg": -7}
    assert auth["unprotected"] == {"x5chain": b64url_encode(SIGNER)}
    assert auth["payload"]["validityInfo"]["validUntil"] == "2026-12-06T23:59:59Z"
    assert auth["payload"]["deviceKeyInfo"]["deviceKey"]["-2"] == b64url_encode(cose_key()[-2])
    items = inside["issuerSigned"]["nameSpaces"][NAMESPACE]
    assert [(one["elementIdentifier"], one["elementValue"]) for one in items] == [
        ("authority", "Gemeente Boxtel"),
        ("family_name", "Ummels"),
    ]
    assert inside["deviceSigned"]["deviceAuth"]["deviceSignature"]["payload"] is None
    assert (shown["status"], shown["version"]) == (0, "1.0")
    json.dumps(thaw(shown))


def test_a_credential_as_issued_and_a_code_are_shown_too() -> None:
    credential: Any = look_inside(cbor2.dumps(issued(OWN, NAME)))
    assert set(credential) == {"nameSpaces", "issuerAuth"}
    mac = device(deviceAuth={"deviceMac": [b"", {4: b"k"}, None, b"t" * 32]})
    shown: Any = look_inside(response(document(deviceSigned=mac)))
    code = shown["documents"][0]["deviceSigned"]["deviceAuth"]["deviceMac"]
    assert code == {"protected": {}, "unprotected": {"kid": "aw"}, "payload": None, "tag": b64url_encode(b"t" * 32)}


def test_the_example_of_annex_d_is_shown() -> None:
    values = json.loads(given("vectors/mdoc/annex-d/iso18013-5-annex-d.json").read_text("utf-8"))
    shown: Any = look_inside(bytes.fromhex(values["device_response"]))
    items = shown["documents"][0]["issuerSigned"]["nameSpaces"]["org.iso.18013.5.1"]
    assert {"elementIdentifier": "family_name", "elementValue": "Doe"}.items() <= items[0].items()


UNREADABLE = cbor2.dumps({"issuerAuth": [b"\xff", {}, b"", b""]})


@pytest.mark.parametrize("token", [b"", b"\xa0", b"\x80", b"\x01", b"\xa1\x61a\x01", UNREADABLE])
def test_what_is_no_mdoc_is_malformed(token: bytes) -> None:
    with pytest.raises(Malformed):
        look_inside(token)


def test_a_header_shows_the_names_of_its_labels_and_of_others_what_they_are() -> None:
    header = {1: -7, 2: [1], 4: b"k", 33: SIGNER, 34: [-16, b"t"], 99: 0, "own": "a"}
    names = {"alg", "crit", "kid", "x5chain", "x5t", "99", "own"}
    opened: Any = look_inside(cbor2.dumps({"issuerAuth": [cbor2.dumps(header), header, None, b"\0"]}))
    assert opened["issuerAuth"]["protected"].keys() == opened["issuerAuth"]["unprotected"].keys() == names


@pytest.mark.parametrize(
    ("name", "proof"), [("issuerAuth", "signature"), ("deviceSignature", "signature"), ("deviceMac", "tag")]
)
def test_a_cose_structure_is_opened_where_one_lies_and_nowhere_else(name: str, proof: str) -> None:
    cose: Any = [b"", {}, None, b"\0"]
    opened: Any = look_inside(cbor2.dumps({"documents": [], name: cose, "other": cose}))
    assert opened[name] == {"protected": {}, "unprotected": {}, "payload": None, proof: "AA"}
    assert opened["other"] == ["", {}, None, "AA"]


def in_protected(inside: bytes) -> bytes:
    return cbor2.dumps({"issuerAuth": [cbor2.dumps({1: tagged(inside)}), {}, None, b""]})


WRAPPINGS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "tag 24": (1, lambda inside: cbor2.dumps(tagged(inside))),
    "payloads": (1, lambda inside: cbor2.dumps({"issuerAuth": [b"", {}, inside, b""]})),
    "what nobody protected": (1, lambda inside: cbor2.dumps({"issuerAuth": [b"", {1: tagged(inside)}, None, b""]})),
    "protected buckets": (2, in_protected),
}
"""How many levels of encoded CBOR each adds, and how."""


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_encoded_cbor_is_opened_to_a_depth_and_what_lies_deeper_stays_octets(wrapping: str) -> None:
    levels, wrapped = WRAPPINGS[wrapping]
    for depth in range(1, 8):
        inside = cbor2.dumps({"found": True})
        for _ in range(depth):
            inside = wrapped(inside)
        shown = json.dumps(thaw(look_inside(cbor2.dumps({"documents": cbor2.loads(inside)}))))
        assert ("found" in shown) is (depth * levels <= 4)


@pytest.mark.cost
@pytest.mark.parametrize("cose", [False, True])
def test_encoded_cbor_in_encoded_cbor_without_end_costs_little(cose: bool) -> None:
    deep = b"\x00"
    while len(deep) < 20_000:
        deep = cbor2.dumps({"issuerAuth": [b"", {}, deep, b""]}) if cose else cbor2.dumps(tagged(deep))
    began = time.process_time()
    look_inside(cbor2.dumps({"issuerAuth": tagged(deep)}))
    assert time.process_time() - began < 0.5


def test_a_header_that_is_no_map_is_shown_as_it_is() -> None:
    opened: Any = look_inside(cbor2.dumps({"issuerAuth": [cbor2.dumps([1]), {}, None, b"\0"]}))
    assert opened["issuerAuth"]["protected"] == [1]
