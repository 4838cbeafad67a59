"""Makes the inputs from which fuzzing starts: `python -m tests.fuzz.seeds`. Ours, small, and of every kind once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha512
from pathlib import Path
from typing import Any, Final

import cbor2

from eigendata.crypto.cose import write_key
from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority, make_issuer_certificate
from eigendata.encoding import json_dumps
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.formats.mdoc.verify import device_authentication
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import (
    Attestation,
    Attribute,
    Chain,
    CredentialType,
    DocumentSigner,
    Holding,
    Kind,
    Named,
    Seal,
    StatusReference,
)

from .targets import ANY, AT, BINDING, KEY

CORPUS: Final = Path(__file__).with_name("corpus")
ISSUER: Final = "https://issuer.example"
DAY: Final = AT.replace(hour=0, minute=0)


def _type(id: str) -> CredentialType:
    kinds = {"a": Kind.TEXT, "b": Kind.DATE, "c": Kind.BOOLEAN, "d": Kind.COUNTRIES, "e": Kind.YEAR}
    every = [((name,), kind) for name, kind in kinds.items()] + [(("f", "g"), Kind.TEXT), (("f", "h"), Kind.INTEGER)]
    label = {"nl": "x", "en": "x"}
    attributes = tuple(Attribute(path=path, kind=kind, label=label) for path, kind in every)
    return CredentialType(id=id, short="any", label=label, attributes=attributes)


def _attestation(type: CredentialType, status: StatusReference | None) -> Attestation:
    return Attestation(
        type=type,
        issuer=ISSUER,
        claims={
            "a": "Zandstra",
            "b": "1984-02-29",
            "c": True,
            "d": ("NL", "QU"),
            "e": 1984,
            "f": {"g": "Boxtel", "h": 300},
        },
        holder=KEY.public_key,
        issued_at=DAY,
        expires_at=DAY + timedelta(days=14),
        status=status,
    )


def _authority() -> tuple[SoftwareKey, bytes]:
    root = SoftwareKey.from_secret(Algorithm.ES256, b"\3" * 32)
    return root, make_authority("Authority", root, at=AT)


def mdocs() -> dict[str, bytes]:
    """Tokens of each kind; the first two as we spell them, the others by hand."""
    root, authority = _authority()
    signer = make_document_signer(
        KEY.public_key, name="Issuer", uri=ISSUER, authority=authority, authority_key=root, at=AT
    )
    seal = Seal(signer=KEY, origin=DocumentSigner(certificates=(signer,)))
    declared, holding = _type(ANY.id), Holding(key=KEY, binding=BINDING)
    made: dict[str, bytes] = {}
    for name, status in (("plain", None), ("status", StatusReference(uri="https://issuer.example/1", index=300))):
        credential = MSO_MDOC.issue(_attestation(declared, status), seal)
        made[f"credential-{name}"] = credential
        made[f"presentation-{name}"] = MSO_MDOC.present(
            credential, declared, [(ANY.id, "a"), (ANY.id, "f_g")], holding, at=AT
        )
    return {**made, **_by_hand(signer)}


def _by_hand(signer: bytes) -> dict[str, bytes]:
    """Spelt otherwise: two namespaces, values of every kind, authorizations, errors, a holder who states something."""

    def encoded(value: Any) -> Any:
        return cbor2.CBORTag(24, cbor2.dumps(value))

    values = [None, -5, b"portrait", [1, {"x": cbor2.CBORTag(0, "2026-05-04T00:00:00Z")}], {"k": "v"}]
    items = [
        encoded(
            {"random": b"r" * 20, "elementValue": value, "digestID": 1000 + number, "elementIdentifier": f"e{number}"}
        )
        for number, value in enumerate(values)
    ]
    names = {ANY.id: items[:3], "second": items[3:]}
    moment = cbor2.CBORTag(0, "2026-05-04T00:00:00Z")
    mso = {
        "docType": ANY.id,
        "version": "1.0",
        "digestAlgorithm": "SHA-512",
        "valueDigests": {
            name: {cbor2.loads(one.value)["digestID"]: _digest(one) for one in several}
            for name, several in names.items()
        },
        "deviceKeyInfo": {
            "deviceKey": write_key(KEY.public_key),
            "keyAuthorizations": {"nameSpaces": ["third"], "dataElements": {"second": ["x"]}},
        },
        "validityInfo": {
            "signed": moment,
            "validFrom": moment,
            "validUntil": cbor2.CBORTag(0, "2027-05-04T00:00:00Z"),
            "expectedUpdate": moment,
        },
        "status": {"identifier_list": {"id": b"x"}, "status_list": {"uri": "https://issuer.example/1", "idx": 7}},
    }
    auth = [b"\xa1\x01\x26", {33: [signer, signer]}, cbor2.dumps(encoded(mso)), bytes(64)]
    stated = cbor2.dumps({"third": {"y": 1}, "second": {"x": "z"}})
    signature = KEY.sign(device_authentication(BINDING.transcript, ANY.id, stated))
    proofs: dict[str, Any] = {
        "mac": {"deviceMac": [b"\xa1\x01\x05", {}, None, bytes(32)]},
        "signed": {"deviceSignature": [b"\xa1\x01\x26", {}, None, signature]},
    }
    issued = {"nameSpaces": names, "issuerAuth": auth}
    documents = {
        name: {
            "docType": ANY.id,
            "issuerSigned": issued,
            "deviceSigned": {"nameSpaces": cbor2.CBORTag(24, stated), "deviceAuth": proof},
            "errors": {"second": {"q": 10}},
        }
        for name, proof in proofs.items()
    }
    return {
        "credential-by-hand": cbor2.dumps(issued),
        **{
            f"presentation-{name}": cbor2.dumps({"status": 0, "version": "1.0", "documents": [one]})
            for name, one in documents.items()
        },
    }


def _digest(item: Any) -> bytes:
    return sha512(cbor2.dumps(item)).digest()


def sd_jwts() -> dict[str, bytes]:
    root, authority = _authority()
    leaf = make_issuer_certificate(
        KEY.public_key, name="Issuer", uri=ISSUER, authority=authority, authority_key=root, at=AT, municipality=None
    )
    holding = Holding(key=KEY, binding=BINDING)
    declared = _type(ANY.id)
    made: dict[str, bytes] = {}
    for name, origin in (("chain", Chain(certificates=(leaf,), issuer=ISSUER)), ("name", Named(issuer=ISSUER))):
        status = StatusReference(uri="https://issuer.example/1", index=300)
        credential = SD_JWT_VC.issue(_attestation(declared, status), Seal(signer=KEY, origin=origin))
        made[f"credential-{name}"] = credential
        made[f"presentation-{name}"] = SD_JWT_VC.present(
            credential, declared, [("a",), ("f", "g"), ("d",)], holding, at=AT
        )
    return {**made, "json": json_dumps(SD_JWT_VC.to_wire(made["presentation-name"]))}


def cbors() -> dict[str, bytes]:
    values: dict[str, Any] = {
        "number": -(2**40),
        "text": "é",
        "map": {1: b"x", "a": [None, True, {-1: 2}]},
        "tags": [cbor2.CBORTag(24, b"\xa0"), cbor2.CBORTag(0, "x"), cbor2.CBORTag(1004, "2026-01-01")],
        "key": write_key(KEY.public_key),
        "sign1": [b"\xa1\x01\x26", {33: b"x"}, None, bytes(64)],
        "mac0": [b"\xa1\x01\x05", {}, b"x", bytes(32)],
    }
    return {name: cbor2.dumps(value) for name, value in values.items()}


def main() -> None:
    for target, inputs in (("cbor", cbors()), ("mdoc", mdocs()), ("sd_jwt", sd_jwts())):
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in inputs.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
