"""Making credentials and presentations in Data Integrity: what an issuer signs, and what a holder signs around it.

    Attestation + Seal -> issue -> credential, signed for assertion
    credential -> Opened -> present(holding) -> presentation of all of it, signed for authentication

Two copies share nothing but what they say: each has its own key, as the name of its subject, and no name of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, final

from eigendata import did
from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json, json_dumps, thaw
from eigendata.errors import Malformed, Misuse
from eigendata.formats.di import contexts
from eigendata.formats.di.parse import PRESENTATION_TYPE, PROOF, parse_credential
from eigendata.formats.di.proofs import EDDSA_JCS_2022, SUITES, Suite
from eigendata.formats.di.shape import CONTEXT, NAME, SUBJECT, contexts_of, is_whole, types_of
from eigendata.formats.di.terms import is_iri
from eigendata.formats.di.verify import ASSERTION, AUTHENTICATION
from eigendata.formats.session import require_session
from eigendata.model import Attestation, ClaimPath, CredentialType, Holding, Method, Presence, Seal, Unbound, utc

_DATE_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


def issue(attestation: Attestation, seal: Seal, *, suite: Suite) -> bytes:
    """Sign one copy of an attestation as a verifiable credential.

    Raises:
        Misuse: the attestation breaks its type's rules, or its type is not named by an IRI, or the seal is another
            issuer's or names no verification method, or its key or the holder's is not of the suite's algorithm.

    Source: VCDM 2.0 section 4; VC-DI 1.0 section 4.2.
    """
    origin = seal.origin
    if not isinstance(origin, Method) or did.controller_of(origin.id) != origin.controller:
        raise Misuse(f"this seal is for another format: {NAME} is signed with a verification method of the issuer's")
    if origin.issuer is not None and origin.issuer != attestation.issuer:
        raise Misuse("the seal is of another issuer than the attestation names")
    if isinstance(attestation.holder, Unbound) or attestation.holder.algorithm is not Algorithm.EDDSA:
        raise Misuse(f"a credential in {NAME} names an Ed25519 key of its holder")
    if not is_iri(attestation.type.id):  # its terms would stand for nothing, and what is signed would mean nothing
        raise Misuse(f"a type of {NAME} has an IRI for its id; {attestation.type.id} is none")
    if attestation.status is not None:
        raise Misuse(f"withdrawal of a credential in {NAME} cannot be published yet")
    issued, expires = _day(attestation.issued_at), _day(attestation.expires_at)
    if expires <= issued:
        raise Misuse("an attestation expires after it was issued")
    claims = thaw(attestation.claims)
    assert isinstance(claims, Mapping)
    if "id" in claims:
        raise Misuse(f"the subject of a credential in {NAME} is named by its key, and by no claim")
    document: dict[str, Json] = {
        CONTEXT: contexts_of(attestation.type),
        "type": list(types_of(attestation.type)),
        "issuer": origin.controller,
        "validFrom": issued.strftime(_DATE_TIME),
        "validUntil": expires.strftime(_DATE_TIME),
        SUBJECT: {"id": did.key_did(attestation.holder), **claims},
    }
    _require_whole(document, attestation.type)
    options: dict[str, Json] = {
        "created": issued.strftime(_DATE_TIME),
        "verificationMethod": origin.id,
        "proofPurpose": ASSERTION,
    }
    proof = suite.prove(document, options, seal.signer, contexts.known(attestation.type))
    return json_dumps({**document, PROOF: proof})


def _require_whole(document: Mapping[str, Json], type: CredentialType) -> None:
    """See that a credential holds what its type declares: all that is always there, and nothing besides."""
    try:
        credential = parse_credential(json_dumps(document))
    except Malformed as error:
        raise Misuse(f"this cannot be written in {NAME}: {error.message}") from error
    subject = credential.subject
    assert isinstance(subject, Mapping)
    if not is_whole(credential, subject, type):
        raise Misuse(f"a claim is not declared by type {type.id}, or is not of its kind")
    for attribute in type.attributes:
        if attribute.presence is Presence.ALWAYS and not _leads(subject, attribute.path):
            raise Misuse(f"claim {'.'.join(attribute.path)} is in every attestation of its type, and not in this one")


def _day(moment: datetime) -> datetime:
    # a time of day would tell the copies of one session from those of another
    moment = utc(moment)
    if moment != moment.replace(hour=0, minute=0, second=0, microsecond=0):
        raise Misuse("the times of an attestation are whole days in UTC")
    return moment


@final
class Opened:
    """A credential that was verified when it was stored, opened to be shown. It hands out nothing but presentations."""

    __slots__ = ("_claims", "_credential", "_holder", "_known", "_suite")

    def __init__(self, credential: bytes, type: CredentialType) -> None:
        parsed = parse_credential(credential)
        subject = parsed.subject
        if sorted(parsed.types) != sorted(types_of(type)) or not isinstance(subject, Mapping):
            raise Misuse(f"the credential is not of type {type.id}")
        proved = parsed.proof
        assert proved is not None  # it was verified
        proof: dict[str, Json] = {**proved.options, "proofValue": proved.written}
        self._credential: dict[str, Json] = {**parsed.document, PROOF: proof}
        self._claims: Json = {SUBJECT: {name: value for name, value in subject.items() if name != "id"}}
        self._holder = subject.get("id")
        self._known = contexts.known(type)
        # around a proof that states its contexts, as those of JCS do and any other may, none of RDFC is made: contexts
        # stand at the top alone there
        stated = CONTEXT in proved.options
        self._suite = EDDSA_JCS_2022 if stated else next(one for one in SUITES if one.name == proved.suite)

    def __repr__(self) -> str:
        return "<a credential>"

    def present(self, reveal: Iterable[ClaimPath], holding: Holding | Unbound, /, *, at: datetime) -> bytes:
        """Show the credential, which is all of it: what lies at no path that was chosen cannot be withheld.

        Raises:
            Misuse: a path leads nowhere, or the holding is not this credential's; the binding names no audience or no
                nonce, or the moment is naive.

        Source: VCDM 2.0 section 4.13; OpenID4VP 1.0 B.1.3.2.5.
        """
        at = utc(at)
        if not all(_leads(self._claims, path) for path in reveal):
            raise Misuse("a path leads to no claim of this credential")
        if isinstance(holding, Unbound):
            raise Misuse("the credential names a holder; it is not shown without that holder's proof")
        holder = holding.key.public_key
        if did.key_did(holder) != self._holder:
            raise Misuse("the key of this holding is not the one that the credential names")
        require_session(holding.binding)
        document: dict[str, Json] = {
            CONTEXT: [contexts.CREDENTIALS_V2],
            "type": [PRESENTATION_TYPE],
            "holder": did.key_did(holder),
            "verifiableCredential": [self._credential],
        }
        options: dict[str, Json] = {
            "created": at.strftime(_DATE_TIME),
            "verificationMethod": did.key_method(holder),
            "proofPurpose": AUTHENTICATION,
            "challenge": holding.binding.nonce,
            "domain": holding.binding.audience,
        }
        proof = self._suite.prove(document, options, holding.key, self._known)
        return json_dumps({**document, PROOF: proof})


def _leads(value: Json, path: Iterable[str | int | None]) -> bool:
    for place, part in enumerate(path := tuple(path)):
        if part is None:
            return isinstance(value, list) and all(_leads(one, path[place + 1 :]) for one in value)
        if isinstance(part, str):
            if not isinstance(value, Mapping) or part not in value:
                return False
            value = value[part]
        else:
            if not isinstance(value, list) or part >= len(value):
                return False
            value = value[part]
    return True
