"""SD-JWT VC with @sd-jwt/sd-jwt-vc: what either issues and shows is read by both.

The other libraries of SD-JWT are asked far more by `make differential`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from eigendata.crypto.keys import SoftwareKey
from eigendata.encoding import b64url_decode, b64url_encode, thaw
from eigendata.errors import Check, Malformed, Reason, Rejected
from eigendata.formats import FORMATS
from eigendata.formats.sdjwt import checks
from eigendata.model import Attestation, CredentialType, Holding, Named, Origin, Party, Seal, TrustedIssuer
from tests.interop.deviations import SD_JWT, of, rows
from tests.interop.material import (
    CLAIMS,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    NOW,
    OTHER_KEY,
    PERSON,
    TODAY,
    UNTIL,
    Session,
    jwk,
    redirect,
)
from tests.interop.mdocs import Oracles
from tests.interop.oracles import Refused

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "peers.md"
SD_JWT_VC: Final = FORMATS["dc+sd-jwt"]
SESSION: Final = redirect()
SHOWN: Final = (("family_name",), ("birth_date",), ("age_over_18",), ("address", "locality"), ("nationality", None))
EXPECTED: Final = {
    **{name: CLAIMS[name] for name in ("issuing_authority", "family_name", "birth_date", "age_over_18", "address")},
    "nationality": ["NL", "TR"],
}
_CLAIMS: Final = {**CLAIMS, "nationality": list(CLAIMS["nationality"])}
_WITHHELD: Final = [name for name in _CLAIMS if name != "issuing_authority"]
_FRAME: Final = {"_sd": _WITHHELD, "address": {"_sd": ["locality"]}, "nationality": {"_sd": [0, 1]}, "_sd_decoy": 2}
_UNKNOWN: Final = Check(name="UNKNOWN", clause="", reason=Reason.UNTRUSTED_ISSUER, rule="the issuer is known")


class Issuers:
    """Believes one issuer, by a pinned key."""

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        if origin != Named(issuer=ISSUER):
            raise Rejected(_UNKNOWN)
        return TrustedIssuer(party=Party(id=ISSUER, name="Gemeente Boxtel"), key=ISSUER_KEY.public_key)


def ours(*, key: SoftwareKey = ISSUER_KEY, issued: datetime = TODAY, expires: datetime = UNTIL) -> bytes:
    attestation = Attestation(
        type=PERSON,
        issuer=ISSUER,
        claims=CLAIMS,
        holder=HOLDER_KEY.public_key,
        issued_at=issued,
        expires_at=expires,
    )
    return SD_JWT_VC.issue(attestation, Seal(signer=key, origin=Named(issuer=ISSUER)))


def theirs(oracle: Oracles, *, key: SoftwareKey = ISSUER_KEY, expires: datetime = UNTIL, **changes: Any) -> bytes:
    payload = {
        "iss": ISSUER,
        "vct": PERSON.id,
        "iat": int(TODAY.timestamp()) - 86_400,
        "exp": int(expires.timestamp()),
        "cnf": {"jwk": jwk(HOLDER_KEY)},
        **_CLAIMS,
        **changes,
    }
    asked = {"payload": payload, "frame": _FRAME, "header": {}, "key": jwk(key, private=True)}
    return str(oracle("sd_jwt.mjs").ask("issue", **asked)).encode()


def shown(credential: bytes, *, session: Session = SESSION, at: datetime = NOW) -> bytes:
    return SD_JWT_VC.present(credential, PERSON, SHOWN, Holding(key=HOLDER_KEY, binding=session.binding), at=at)


def shown_by_them(
    oracle: Oracles, credential: bytes, *, session: Session = SESSION, key: SoftwareKey = HOLDER_KEY, at: datetime = NOW
) -> bytes:
    proof = {"iat": int(at.timestamp()), "aud": session.binding.audience, "nonce": session.binding.nonce}
    asked = {
        "credential": credential.decode(),
        "names": [path[0] for path in SHOWN],
        "proof": proof,
        "key": jwk(key, private=True),
    }
    return str(oracle("sd_jwt.mjs").ask("present", **asked)).encode()


def verified(token: bytes) -> Any:
    unverified = SD_JWT_VC.parse_presentation(token)
    return thaw(unverified.verify([PERSON], SESSION.binding, trust=Issuers(), at=NOW).document)


def verified_by_them(oracle: Oracles, token: bytes) -> Any:
    asked = {"token": token.decode(), "key": jwk(ISSUER_KEY), "nonce": SESSION.binding.nonce}
    return oracle("sd_jwt.mjs").ask("verify", **asked, now=int(NOW.timestamp()))


def answer(token: bytes) -> str:
    try:
        verified(token)
    except Rejected as rejected:
        return rejected.check.name
    except Malformed as malformed:
        return f"Malformed: {malformed.message}"
    return ""


def answer_of_them(oracle: Oracles, token: bytes) -> str:
    try:
        verified_by_them(oracle, token)
    except Refused as refused:
        return str(refused)
    return ""


def _claims(payload: Any) -> Any:
    return {name: payload[name] for name in EXPECTED}


# -- what is good ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("holder", ["eigendata", "sd-jwt-vc"])
@pytest.mark.parametrize("issuer", ["eigendata", "sd-jwt-vc"])
def test_what_anyone_issues_and_anyone_shows_is_read_by_both(oracle: Oracles, issuer: str, holder: str) -> None:
    credential = ours() if issuer == "eigendata" else theirs(oracle)
    SD_JWT_VC.parse_credential(credential).verify([PERSON], trust=Issuers(), at=NOW)
    token = shown(credential) if holder == "eigendata" else shown_by_them(oracle, credential)
    for payload in (verified(token), verified_by_them(oracle, token)):
        assert _claims(payload) == EXPECTED
        assert "given_name" not in payload


# -- what is broken ----------------------------------------------------------------------------------------------------


def _changed(token: bytes) -> bytes:
    """Write another value in a disclosure."""
    parts = token.split(b"~")
    place = next(
        number for number, one in enumerate(parts[1:-1], 1) if json.loads(b64url_decode(one))[1] == "family_name"
    )
    disclosure = json.loads(b64url_decode(parts[place]))
    parts[place] = b64url_encode(json.dumps([*disclosure[:2], "Ummels"]).encode()).encode()
    return b"~".join(parts)


def _unproved(token: bytes) -> bytes:
    return token[: token.rindex(b"~") + 1]


def _without_one(token: bytes) -> bytes:
    issued, *disclosures, proof = token.split(b"~")
    return b"~".join((issued, *disclosures[1:], proof))


_NONCE: Final = redirect(nonce="nonce-of-another-session")
_CLIENT: Final = redirect(client_id="x509_hash:webshop")
_DAY: Final = timedelta(days=1)

BROKEN: Final[Mapping[str, tuple[Callable[[Oracles], bytes], str, str]]] = {
    "a value changed": (lambda _: _changed(shown(ours())), checks.DISCLOSURE_REFERENCED.name, "sd_hash"),
    "a value changed, of theirs": (
        lambda oracle: _changed(shown_by_them(oracle, theirs(oracle))),
        checks.DISCLOSURE_REFERENCED.name,
        "sd_hash",
    ),
    "a disclosure taken out": (lambda _: _without_one(shown(ours())), checks.SD_HASH.name, "sd_hash"),
    "another nonce": (lambda _: shown(ours(), session=_NONCE), checks.KB_NONCE.name, "Invalid Nonce"),
    "another nonce, of theirs": (
        lambda oracle: shown_by_them(oracle, theirs(oracle), session=_NONCE),
        checks.KB_NONCE.name,
        "Invalid Nonce",
    ),
    "another client_id": (lambda _: shown(ours(), session=_CLIENT), checks.KB_AUDIENCE.name, ""),
    "another client_id, of theirs": (
        lambda oracle: shown_by_them(oracle, theirs(oracle), session=_CLIENT),
        checks.KB_AUDIENCE.name,
        "",
    ),
    "proof of an hour ago": (lambda _: shown(ours(), at=NOW - timedelta(hours=1)), checks.KB_IAT.name, ""),
    "proof left out": (lambda _: _unproved(shown(ours())), checks.KB_PRESENT.name, "Key Binding JWT not exist"),
    "another holder's key": (
        lambda oracle: shown_by_them(oracle, ours(), key=OTHER_KEY),
        checks.KB_SIGNATURE.name,
        "Invalid JWT Signature",
    ),
    "another issuer's key": (
        lambda _: shown(ours(key=OTHER_KEY)),
        checks.SIGNATURE.name,
        "Invalid JWT Signature",
    ),
    "another issuer's key, of theirs": (
        lambda oracle: shown(theirs(oracle, key=OTHER_KEY)),
        checks.SIGNATURE.name,
        "Invalid JWT Signature",
    ),
    "expired": (
        lambda _: shown(ours(issued=TODAY - 30 * _DAY, expires=TODAY - _DAY)),
        checks.NOT_EXPIRED.name,
        "expired",
    ),
    "expired, of theirs": (lambda oracle: shown(theirs(oracle, expires=TODAY)), checks.NOT_EXPIRED.name, "expired"),
    "vct of another": (
        lambda oracle: shown_by_them(oracle, theirs(oracle, vct="urn:example:other:1")),
        checks.VCT.name,
        "",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_breaks_a_rule_is_refused_by_us_and_by_them_but_for_the_named(oracle: Oracles, case: str) -> None:
    make, by_us, by_them = BROKEN[case]
    token = make(oracle)
    assert answer(token) == by_us
    refusal = answer_of_them(oracle, token)
    assert bool(refusal) is not bool(of(SD_JWT, case))
    assert re.search(by_them, refusal)


# -- the table ---------------------------------------------------------------------------------------------------------


def test_every_case_of_the_table_is_tried() -> None:
    assert {case for one in SD_JWT for case in one.cases} <= BROKEN.keys()


def test_the_page_about_the_peers_holds_the_table() -> None:
    assert rows(SD_JWT, "who accepts") in PAGE.read_text("utf-8")
