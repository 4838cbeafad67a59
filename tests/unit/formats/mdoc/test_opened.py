"""What an mdoc says is shown as it lies, and nothing but an mdoc is taken for one."""

from __future__ import annotations

import json
import time
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
