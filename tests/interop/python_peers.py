"""Libraries of PyPI, in an environment of their own: asked on stdin, answering on stdout.

One line of JSON each: {call, ...} -> {answer} | {refused}: the library's own error, whose name and words the tests
look at. Nothing of eigendata is imported here.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Asked = Mapping[str, Any]


def _certificate(der: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes.fromhex(der))


def _number(jwk: Mapping[str, str], name: str) -> int:
    return int.from_bytes(_octets(jwk[name]), "big")


def _octets(text: str) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _value(value: Any, dated: Callable[[str], Any]) -> Any:
    """Give the value of an element, whose dates and octets are said to be so."""
    match value:
        case {"date": str(date)}:
            return dated(date)
        case {"octets": str(octets)}:
            return bytes.fromhex(octets)
        case dict():
            return {name: _value(member, dated) for name, member in value.items()}
        case list():
            return [_value(member, dated) for member in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    if isinstance(value, cbor2.CBORTag):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value if value is None or isinstance(value, str | int) else str(value)


# -- openvc-core: verifies alone ---------------------------------------------------------------------------------------


def openvc_transcript(asked: Asked) -> Any:
    from openvc.openid4vp import dcapi_session_transcript

    session = asked["session"]
    thumbprint = bytes.fromhex(session["jwkThumbprint"]) if session.get("jwkThumbprint") else None
    made = dcapi_session_transcript(session["origin"], session["nonce"], jwk_thumbprint=thumbprint)
    return bytes(made).hex()


def openvc_verify(asked: Asked) -> Any:
    from openvc.mdoc import verify_device_response

    (one,) = verify_device_response(
        bytes.fromhex(asked["token"]),
        trust_anchors=[_certificate(asked["anchor"])],
        session_transcript=bytes.fromhex(asked["session"]["transcript"]),
        now=datetime.fromisoformat(asked["at"]),
        expected_doc_type=asked["doctype"],
        device_mac_key=bytes.fromhex(asked["codeKey"]) if "codeKey" in asked else None,
    )
    return _plain(one.namespaces)


# -- isomdoc -----------------------------------------------------------------------------------------------------------


def isomdoc_verify(asked: Asked) -> Any:
    from isomdoc import verify_device_response

    transcript = cbor2.loads(bytes.fromhex(asked["session"]["transcript"]))
    (one,) = verify_device_response(bytes.fromhex(asked["token"]), transcript).documents
    namespaces = one.issuer_signed.namespaces
    return {
        namespace: {item.element_identifier: _plain(item.element_value) for item in items}
        for namespace, items in namespaces.items()
    }


def isomdoc_issue(asked: Asked) -> Any:
    from isomdoc import create_mdoc

    key = ec.derive_private_key(_number(asked["key"], "d"), ec.SECP256R1())
    holder = ec.EllipticCurvePublicNumbers(_number(asked["holder"], "x"), _number(asked["holder"], "y"), key.curve)
    mdoc = create_mdoc(asked["doctype"], [_certificate(asked["certificate"])], key)
    for name, value in asked["values"].items():
        mdoc.add_data_item(asked["namespace"], name, _value(value, lambda date: cbor2.CBORTag(1004, date)))
    signed, until = datetime.fromisoformat(asked["signed"]), datetime.fromisoformat(asked["validUntil"])
    made: bytes = mdoc.generate_credential(holder.public_key(), signed, signed, until)
    return made.hex()


# -- pymdoccbor: what the issuer signed, alone -------------------------------------------------------------------------


def pymdoccbor_verify(asked: Asked) -> Any:
    from pymdoccbor.mdoc.verifier import MdocCbor

    mdoc = MdocCbor()
    mdoc.loads(bytes.fromhex(asked["token"]))
    if not mdoc.verify(trusted_root_certs=[_certificate(asked["anchor"])]):
        found = [one.hash_verification for one in mdoc.documents_invalid if hasattr(one, "hash_verification")]
        failed = [one["failed"][0].get("reason") for one in found if one and one["failed"]]
        raise ValueError(f"verify() says no: {failed[0] if failed else 'a signature or a certificate'}")
    return _plain(mdoc.disclosure_map)


def pymdoccbor_issue(asked: Asked) -> Any:
    from pymdoccbor.mdoc.issuer import MdocCborIssuer

    key, holder = asked["key"], asked["holder"]
    private = {"KTY": "EC2", "CURVE": "P_256", "ALG": "ES256", "D": _octets(key["d"]), "KID": b"issuer"}
    values = {name: _value(one, lambda date: date) for name, one in asked["values"].items()}
    issuer = MdocCborIssuer(private_key=private, alg="ES256")
    made = issuer.new(
        data={asked["namespace"]: values},
        doctype=asked["doctype"],
        validity={"issuance_date": asked["signed"][:10], "expiry_date": asked["validUntil"][:10]},
        devicekeyinfo={1: 2, -1: 1, -2: _octets(holder["x"]), -3: _octets(holder["y"])},
        x509_chain=[_certificate(asked["certificate"]).public_bytes(Encoding.DER)],
    )
    written: bytes = cbor2.dumps(made["documents"][0]["issuerSigned"])
    return written.hex()


# -- polaris-oid4vp: a verifier under HAIP, of SD-JWT VC ---------------------------------------------------------------

_VERIFIERS: dict[str, Any] = {}
_HEARD: dict[str, list[Any]] = {}


def polaris_ask(asked: Asked) -> Any:
    """Begin a request; it is known by its state from then on."""
    from polaris_oid4vp.verifier import Verifier

    key = ec.derive_private_key(_number(asked["key"], "d"), ec.SECP256R1())
    verifier = Verifier(
        client_cert_pem=_certificate(asked["certificate"]).public_bytes(Encoding.PEM),
        client_key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        request_uri=asked["request_uri"],
        response_uri=asked["response_uri"],
        issuer_trust_anchors=[_certificate(asked["anchor"])],
        vct_values=[asked["vct"]],
        claims=asked["claims"],
    )
    session, _ = verifier.new_request(asked.get("transaction_data"))
    _VERIFIERS[session.state] = verifier
    return {"state": session.state, "parameters": verifier.authorization_request_params(session)}


def polaris_object(asked: Asked) -> Any:
    return _VERIFIERS[asked["state"]].request_object(asked["state"], wallet_nonce=asked.get("wallet_nonce"))


def polaris_read(asked: Asked) -> Any:
    status, body, verdict = _VERIFIERS[asked["state"]].handle_direct_post(parse_qs(asked["body"]))
    return {"status": status, "said": body, **_verdict(verdict)}


def polaris_serve(asked: Asked) -> Any:
    """Begin a request over HTTP, on this machine alone; without TLS, which is its caller's to have."""
    from polaris_oid4vp.serve import REQUEST_PATH, RESPONSE_PATH, serve

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    told = {"request_uri": address + REQUEST_PATH, "response_uri": address + RESPONSE_PATH}
    said = polaris_ask({**asked, **told})
    heard = _HEARD.setdefault(said["state"], [])
    serve(
        _VERIFIERS[said["state"]],
        host="127.0.0.1",
        port=port,
        on_verdict=lambda status, body, verdict: heard.append({"status": status, "said": body, **_verdict(verdict)}),
    )
    return said


def polaris_heard(asked: Asked) -> Any:
    return _HEARD[asked["state"]]


def polaris_judge(asked: Asked) -> Any:
    from polaris_oid4vp.verifier import verify_response

    anchors = [_certificate(asked["anchor"])]
    said = verify_response(asked["request"], asked["vp_token"], trust_anchors=anchors)
    return {"accepted": said["accepted"], "problem": said["problem"]}


def polaris_seal(asked: Asked) -> Any:
    from polaris_oid4vp.jwe import encrypt_compact

    to = ec.EllipticCurvePublicNumbers(_number(asked["to"], "x"), _number(asked["to"], "y"), ec.SECP256R1())
    parties = {name: asked.get(name, "").encode() for name in ("apu", "apv")}
    named = {"kid": asked["to"]["kid"]}
    return encrypt_compact(asked["payload"].encode(), to.public_key(), asked["enc"], **parties, extra_header=named)


def _verdict(verdict: Any) -> dict[str, Any]:
    names = ("authentic", "code", "reason", "claims", "iss_bound", "wallet_error")
    return {name: _plain(getattr(verdict, name, None)) for name in names}


CALLS: Mapping[str, Callable[[Asked], Any]] = {
    "openvc.transcript": openvc_transcript,
    "openvc.verify": openvc_verify,
    "isomdoc.verify": isomdoc_verify,
    "isomdoc.issue": isomdoc_issue,
    "pymdoccbor.verify": pymdoccbor_verify,
    "pymdoccbor.issue": pymdoccbor_issue,
    "polaris.ask": polaris_ask,
    "polaris.object": polaris_object,
    "polaris.read": polaris_read,
    "polaris.serve": polaris_serve,
    "polaris.heard": polaris_heard,
    "polaris.judge": polaris_judge,
    "polaris.seal": polaris_seal,
}


def main() -> None:
    logging.disable()
    answers, sys.stdout = sys.stdout, sys.stderr  # stdout is for answers; some libraries print
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = {"answer": CALLS[asked["call"]](asked)}
        except Exception as error:  # noqa: BLE001  # whatever a library raises is its no, and the tests look at which
            said = {"refused": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), file=answers, flush=True)


if __name__ == "__main__":
    main()
