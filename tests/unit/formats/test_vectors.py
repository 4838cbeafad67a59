"""The figures of RFC 9901 and of SD-JWT VC: what they show is what comes out here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from eigendata.crypto.keys import PublicKey
from eigendata.encoding import b64url_encode
from eigendata.errors import Rejected
from eigendata.formats.sdjwt import SD_JWT_VC, checks
from eigendata.formats.sdjwt.parse import parse
from eigendata.model import UNBOUND, Binding, CredentialType, Origin, Party, TrustedIssuer
from tests.given import given

# The issuer's key of both specifications' examples.
ISSUER_KEY = PublicKey.from_jwk(
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    }
)
PID_LIKE = CredentialType(id="", short="", label={}, attributes=())


@dataclass
class Examples:
    """Trusts the examples' issuer for anything, under any name."""

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        return TrustedIssuer(party=Party(id="examples", name="Examples"), key=ISSUER_KEY)


def figures(area: str) -> list[dict[str, Any]]:
    return list(json.loads(given(f"vectors/{area}/spec-figures.json").read_text()))


def test_every_disclosure_of_the_rfc_has_the_digest_that_is_printed_beside_it() -> None:
    pairs = json.loads(given("vectors/sd-jwt/spec-disclosures.json").read_text())
    assert len(pairs) == 87
    for pair in pairs:
        encoded = pair["disclosure"].encode()
        assert b64url_encode(hashlib.sha256(encoded).digest()) == pair["sha256"]
        first = b".".join((b"eyJhbGciOiJFUzI1NiJ9", json_payload(pair), b"AA"))
        token = parse(b"~".join((first, encoded, b"")))
        assert not token.faults
        shown = token.document["a"] if len(pair["contents"]) == 2 else token.document
        assert len(token.placed) == 1
        assert isinstance(shown, tuple) == (len(pair["contents"]) == 2)


def json_payload(pair: dict[str, Any]) -> bytes:
    digest = pair["sha256"]
    payload = {"a": [{"...": digest}]} if len(pair["contents"]) == 2 else {"_sd": [digest]}
    return b64url_encode(json.dumps(payload).encode()).encode()


@pytest.mark.parametrize("area", ["sd-jwt", "sd-jwt-vc"])
def test_every_figure_is_taken_apart_without_a_fault_and_carries_its_issuers_signature(area: str) -> None:
    found = figures(area)
    assert len(found) == {"sd-jwt": 9, "sd-jwt-vc": 5}[area]
    for figure in found:
        text = figure["serialized"].encode()
        # the first figure of the RFC is the bare issuer-signed JWT
        token = parse(text if b"~" in text else text + b"~")
        if b"~" in text:
            assert not token.faults, figure["section"]
        assert ISSUER_KEY.verifies(token.jws.signature, token.jws.signing_input)
        assert token.payload == figure["payload"]


def of_credentials() -> list[Any]:
    found = [figure for area in ("sd-jwt", "sd-jwt-vc") for figure in figures(area)]
    return [figure for figure in found if figure["header"]["typ"] == "dc+sd-jwt"]


def moment(figure: dict[str, Any]) -> datetime:
    stated = (figure.get("kb_payload") or {}).get("iat") or figure["payload"].get("iat") or 1_700_000_000
    return datetime.fromtimestamp(stated, UTC)


def test_every_credential_among_the_figures_verifies_and_so_does_its_holders_proof() -> None:
    proven = 0
    for figure in of_credentials():
        presentation = SD_JWT_VC.parse_presentation(figure["serialized"].encode())
        kind = CredentialType(id=figure["payload"]["vct"], short="", label={}, attributes=())
        proof = figure.get("kb_payload")
        binding = Binding(audience=proof["aud"], nonce=proof["nonce"]) if "sd_hash" in (proof or {}) else UNBOUND
        if "exp" not in figure["payload"]:
            with pytest.raises(Rejected) as rejected:
                presentation.verify([kind], binding, trust=Examples(), at=moment(figure))
            assert rejected.value.check is checks.EXPIRY_STATED
            continue
        authentic = presentation.verify([kind], binding, trust=Examples(), at=moment(figure))
        assert tuple(step.check for step in authentic.trail) == SD_JWT_VC.checks
        proven += binding is not UNBOUND
        assert len(authentic.revealed) == figure["serialized"].count("~") - 1
    assert proven >= 2


def test_other_profiles_of_the_rfc_are_not_taken_for_a_credential() -> None:
    others = [one for one in figures("sd-jwt") if one["header"]["typ"] != "dc+sd-jwt" and "~" in one["serialized"]]
    assert others
    for figure in others:
        with pytest.raises(Rejected) as rejected:
            SD_JWT_VC.parse_presentation(figure["serialized"].encode()).verify(
                [PID_LIKE], UNBOUND, trust=Examples(), at=moment(figure)
            )
        assert rejected.value.check is checks.TYP
