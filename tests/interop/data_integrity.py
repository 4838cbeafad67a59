"""W3C Data Integrity as ours and as @digitalbazaar/vc have it: one issuer and one holder, each named by its key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from eigendata import did
from eigendata.channel import openid4vp_redirect
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import multibase_encode, thaw
from eigendata.errors import Check, Malformed, Reason, Rejected
from eigendata.formats.di import LdpVc, contexts
from eigendata.formats.di.proofs import SUITES
from eigendata.model import (
    Attestation,
    Binding,
    CredentialType,
    Holding,
    Method,
    Origin,
    Party,
    Seal,
    TrustedIssuer,
)
from tests.interop import material
from tests.interop.material import CLAIMS, NOW, TODAY, UNTIL
from tests.interop.mdocs import Oracles
from tests.interop.oracles import Refused

PERSON: Final = replace(material.PERSON, id="urn:example:person:1")
"""In JSON-LD a type is named by an IRI."""
ISSUER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
HOLDER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
OTHER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
ISSUER: Final = did.key_did(ISSUER_KEY.public_key)
HOLDER: Final = did.key_did(HOLDER_KEY.public_key)
CLIENT_ID: Final = "redirect_uri:https://corporation.example/answer"
NONCE: Final = "nonce-of-this-session"
FORMATS: Final = {one.name: LdpVc(suite=one) for one in SUITES}
DOCUMENTS: Final = {contexts.url(PERSON): thaw(contexts.document(PERSON))}
"""What a library would fetch: our context."""

_SECRET: Final = b"\x80\x26"  # ed25519-priv of multicodec
_UNKNOWN: Final = Check(name="UNKNOWN", clause="", reason=Reason.UNTRUSTED_ISSUER, rule="the issuer is known")


class Issuers:
    """Believes one issuer, by the key that it is named by."""

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        if origin != Method(controller=ISSUER, id=did.key_method(ISSUER_KEY.public_key)):
            raise Rejected(_UNKNOWN)
        return TrustedIssuer(party=Party(id=ISSUER, name="Gemeente Boxtel"), key=ISSUER_KEY.public_key)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a verifier asked."""

    client_id: str = CLIENT_ID
    nonce: str = NONCE

    @property
    def binding(self) -> Binding:
        return openid4vp_redirect(client_id=self.client_id, nonce=self.nonce, response_uri="https://c.example")


ASKED: Final = Asked()


def multikey(key: SoftwareKey) -> dict[str, str]:
    """Give a key as the library takes it, private part included."""
    method = did.key_method(key.public_key)
    did_key = did.key_did(key.public_key)
    return {
        "id": method,
        "controller": did_key,
        "publicKeyMultibase": did_key.removeprefix("did:key:"),
        "secretKeyMultibase": multibase_encode(_SECRET + key.secret()),
    }


def document(**changes: Any) -> dict[str, Any]:
    """Give the credential without its proof, as the library is told to sign it."""
    return {
        "@context": [contexts.CREDENTIALS_V2, contexts.url(PERSON)],
        "type": ["VerifiableCredential", contexts.name(PERSON)],
        "issuer": ISSUER,
        "validFrom": _written(TODAY),
        "validUntil": _written(UNTIL),
        "credentialSubject": {"id": HOLDER, **CLAIMS, "nationality": list(CLAIMS["nationality"])},
        **changes,
    }


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ours(
    suite: str, *, key: SoftwareKey = ISSUER_KEY, issued: datetime = TODAY, expires: datetime = UNTIL, **claims: Any
) -> bytes:
    """Issue with eigendata."""
    seal = Seal(signer=key, origin=Method(controller=ISSUER, id=did.key_method(ISSUER_KEY.public_key)))
    attestation = Attestation(
        type=PERSON,
        issuer=ISSUER,
        claims={**CLAIMS, **claims},
        holder=HOLDER_KEY.public_key,
        issued_at=issued,
        expires_at=expires,
    )
    return FORMATS[suite].issue(attestation, seal)


def theirs(
    oracle: Oracles, suite: str, *, key: SoftwareKey = ISSUER_KEY, at: datetime = TODAY, **changes: Any
) -> bytes:
    """Issue the same with the library."""
    own = {**multikey(ISSUER_KEY), "secretKeyMultibase": multikey(key)["secretKeyMultibase"]}
    asked = {"credential": document(**changes), "key": own, "date": _written(at), "documents": DOCUMENTS}
    issued = oracle("digitalbazaar.mjs").ask("issue", suite=suite, now=_written(at), **asked)
    return json.dumps(issued).encode()


def shown(suite: str, credential: bytes, *, asked: Asked = ASKED, at: datetime = NOW) -> bytes:
    """Show with eigendata."""
    return FORMATS[suite].present(credential, PERSON, [], Holding(key=HOLDER_KEY, binding=asked.binding), at=at)


def shown_by_them(
    oracle: Oracles,
    suite: str,
    credential: bytes,
    *,
    asked: Asked = ASKED,
    key: SoftwareKey = HOLDER_KEY,
    at: datetime = NOW,
) -> bytes:
    """Show the same with the library."""
    own = {**multikey(HOLDER_KEY), "secretKeyMultibase": multikey(key)["secretKeyMultibase"]}
    said = oracle("digitalbazaar.mjs").ask(
        "present",
        credential=json.loads(credential),
        holder=HOLDER,
        challenge=asked.nonce,
        domain=asked.client_id,
        suite=suite,
        key=own,
        date=_written(at),
        now=_written(at),
        documents=DOCUMENTS,
    )
    return json.dumps(said).encode()


def verified(token: bytes) -> Any:
    """Give the claims that eigendata reads."""
    unverified = FORMATS[SUITES[0].name].parse_presentation(token)
    authentic = unverified.verify([PERSON], ASKED.binding, trust=Issuers(), at=NOW)
    return thaw(authentic.document)


def answer(token: bytes) -> str:
    """Give the name of the check by which eigendata refuses, or of the error, with its message; empty: it accepts."""
    try:
        verified(token)
    except Rejected as rejected:
        return rejected.check.name
    except Malformed as malformed:
        return f"Malformed: {malformed.message}"
    return ""


def verify(oracle: Oracles, suite: str, token: bytes) -> None:
    """Let the library verify a presentation.

    Raises:
        Refused: it does not accept it.
    """
    oracle("digitalbazaar.mjs").ask(
        "verify",
        presentation=json.loads(token),
        challenge=NONCE,
        domain=CLIENT_ID,
        suite=suite,
        documents=DOCUMENTS,
        now=_written(NOW),
    )


def answer_of_them(oracle: Oracles, suite: str, token: bytes) -> str:
    """Give the words in which the library refuses; empty: it accepts."""
    try:
        verify(oracle, suite, token)
    except Refused as refused:
        return str(refused)
    return ""


def wrapped(suite: str, *credentials: bytes, key: SoftwareKey = HOLDER_KEY, holder: str = HOLDER, **how: Any) -> bytes:
    """Sign a presentation of anything, as if it were meant.

    Args:
        how: other members of the proof.
    """
    presentation: dict[str, Any] = {
        "@context": [contexts.CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": [json.loads(one) for one in credentials],
    }
    proof = {
        "created": _written(NOW),
        "verificationMethod": did.key_method(HOLDER_KEY.public_key),
        "proofPurpose": "authentication",
        "challenge": NONCE,
        "domain": CLIENT_ID,
        **how,
    }
    return json.dumps({**presentation, "proof": _proved(suite, presentation, proof, key)}).encode()


def signed(suite: str, credential: dict[str, Any], *, key: SoftwareKey = ISSUER_KEY, **how: Any) -> bytes:
    """Sign a credential with anything in it, as if it were meant."""
    method = did.key_method(ISSUER_KEY.public_key)
    proof = {"created": _written(TODAY), "verificationMethod": method, "proofPurpose": "assertionMethod", **how}
    return json.dumps({**credential, "proof": _proved(suite, credential, proof, key)}).encode()


def _proved(suite: str, of: dict[str, Any], proof: dict[str, Any], key: SoftwareKey) -> Any:
    (found,) = (one for one in SUITES if one.name == suite)
    return found.prove(of, proof, key, contexts.known(PERSON))


def changed(token: bytes, **members: Any) -> bytes:
    """Change members of the subject, in a credential or in the one of a presentation."""
    whole: dict[str, Any] = json.loads(token)
    (credential,) = whole.get("verifiableCredential", [whole])
    credential["credentialSubject"].update(members)
    return json.dumps(whole).encode()


# -- what breaks a rule -----------------------------------------------------------------------------------------------


def _without_end(suite: str) -> bytes:
    credential = document()
    del credential["validUntil"]
    return wrapped(suite, signed(suite, credential))


def _unproved(suite: str) -> bytes:
    whole = json.loads(shown(suite, ours(suite)))
    del whole["proof"]
    return json.dumps(whole).encode()


_DAYS: Final = timedelta(days=1)
_STRANGER: Final = did.key_did(OTHER_KEY.public_key)
_STRANGERS_METHOD: Final = did.key_method(OTHER_KEY.public_key)


def _with_more(oracle: Oracles, suite: str) -> bytes:
    """Add a context behind those that were signed: RDF says the same, and JCS takes those that the proof states."""
    credential = json.loads(ours(suite))
    credential["@context"].append({"nickname": "https://schema.org/alternateName"})
    return shown_by_them(oracle, suite, json.dumps(credential).encode())


BROKEN: Final[Mapping[str, Callable[[Oracles, str], bytes]]] = {
    "a value changed on the way": lambda _, suite: changed(shown(suite, ours(suite)), family_name="Ummels"),
    "a value changed by the holder": lambda _, suite: wrapped(suite, changed(ours(suite), family_name="Ummels")),
    "a claim that no context defines": lambda _, suite: changed(shown(suite, ours(suite)), nickname="Ais"),
    "another nonce": lambda _, suite: shown(suite, ours(suite), asked=Asked(nonce="nonce-of-another-session")),
    "another client_id": lambda _, suite: shown(suite, ours(suite), asked=Asked(client_id="x509_hash:webshop")),
    "holder's proof left out": lambda _, suite: _unproved(suite),
    "signed by another key than the holder's": lambda _, suite: wrapped(suite, ours(suite), key=OTHER_KEY),
    "shown by someone else": lambda _, suite: wrapped(
        suite, ours(suite), key=OTHER_KEY, holder=_STRANGER, verificationMethod=_STRANGERS_METHOD
    ),
    "proof of the holder for another purpose": lambda _, suite: wrapped(
        suite, ours(suite), proofPurpose="assertionMethod"
    ),
    "proof of an hour ago": lambda _, suite: shown(suite, ours(suite), at=NOW - timedelta(hours=1)),
    "signed by another key than the issuer's": lambda _, suite: wrapped(suite, ours(suite, key=OTHER_KEY)),
    "signed by another issuer": lambda _, suite: wrapped(
        suite, signed(suite, document(), key=OTHER_KEY, verificationMethod=_STRANGERS_METHOD)
    ),
    "proof of the issuer for another purpose": lambda _, suite: wrapped(
        suite, signed(suite, document(), proofPurpose="authentication")
    ),
    "expired": lambda _, suite: shown(suite, ours(suite, issued=TODAY - 30 * _DAYS, expires=TODAY - _DAYS)),
    "not valid yet": lambda _, suite: shown(suite, ours(suite, issued=TODAY + 2 * _DAYS)),
    "without an end": lambda _, suite: _without_end(suite),
    "two credentials": lambda _, suite: wrapped(
        suite, ours(suite), ours(suite, expires=UNTIL + _DAYS, address={"locality": "Esch"})
    ),
    "a context more": _with_more,
}
