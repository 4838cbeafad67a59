"""The libraries that know ISO mdoc, and ours, behind one face: each issues, shows and verifies as far as it can."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import cbor2

from eigendata.crypto.keys import SoftwareKey
from eigendata.encoding import thaw
from eigendata.errors import Malformed, Rejected
from eigendata.formats import FORMATS
from eigendata.model import Attestation, CredentialType, Holding, Seal
from tests.interop.material import (
    AUTHORITY,
    CLAIMS,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    NAMESPACE,
    PERSON,
    SEAL,
    SHOWN,
    SIGNER,
    TODAY,
    TRUST,
    UNTIL,
    VALUES,
    Session,
    jwk,
    now,
)
from tests.interop.oracles import Oracle, Refused

MDOC: Final = FORMATS["mso_mdoc"]
Oracles = Callable[[str], Oracle]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A library, and the process that answers for it.

    Attributes:
        prefix: before the names of its calls, where a process answers for several.
        makes_transcripts: it makes the transcript of a session by itself, and is told of its parts alone.
    """

    name: str
    version: str
    script: str
    prefix: str = ""
    makes_transcripts: bool = False
    issues: bool = False
    shows: bool = False

    def ask(self, oracle: Oracles, call: str, **asked: Any) -> Any:
        return oracle(self.script).ask(self.prefix + call, **asked)

    def session(self, session: Session) -> dict[str, str]:
        return dict(session.parts if self.makes_transcripts else session.transcript)


OWF: Final = Peer(name="@owf/mdoc", version="0.6.0", script="owf.mjs", makes_transcripts=True, issues=True, shows=True)
AUTH0: Final = Peer(name="@auth0/mdl", version="3.0.1", script="auth0.mjs", issues=True, shows=True)
OPENVC: Final = Peer(name="openvc-core", version="1.37.0", script="python_peers.py", prefix="openvc.")
ISOMDOC: Final = Peer(name="isomdoc", version="0.0.5", script="python_peers.py", prefix="isomdoc.", issues=True)
PYMDOCCBOR: Final = Peer(
    name="pymdoccbor", version="1.4.0", script="python_peers.py", prefix="pymdoccbor.", issues=True
)
PEERS: Final = (OWF, AUTH0, OPENVC, ISOMDOC, PYMDOCCBOR)


# -- issuing ----------------------------------------------------------------------------------------------------------


def ours(
    claims: Mapping[str, Any] = CLAIMS,
    *,
    type: CredentialType = PERSON,
    holder: SoftwareKey = HOLDER_KEY,
    seal: Seal = SEAL,
    issued: datetime = TODAY,
    expires: datetime = UNTIL,
) -> bytes:
    """Issue with eigendata."""
    return MDOC.issue(
        Attestation(
            type=type, issuer=ISSUER, claims=claims, holder=holder.public_key, issued_at=issued, expires_at=expires
        ),
        seal,
    )


def theirs(peer: Peer, oracle: Oracles, *, holder: SoftwareKey = HOLDER_KEY, **more: Any) -> bytes:
    """Issue the same with a library.

    auth0/mdl writes a `kid` whether it has one or not; without one, what it writes is no COSE (`kid-undefined`).
    """
    key = {**jwk(ISSUER_KEY, private=True), **({"kid": "issuer"} if peer is AUTH0 else {})}
    asked: dict[str, Any] = {
        "doctype": PERSON.id,
        "namespace": NAMESPACE,
        "values": dict(VALUES),
        "holder": jwk(holder),
        "key": key,
        "certificate": SIGNER.hex(),
        "signed": TODAY.isoformat(),
        "validUntil": (UNTIL - timedelta(seconds=1)).isoformat(),
        **more,
    }
    return bytes.fromhex(peer.ask(oracle, "issue", **asked))


# -- showing ----------------------------------------------------------------------------------------------------------


def shown(credential: bytes, session: Session, *, names: Iterable[str] = SHOWN, key: SoftwareKey = HOLDER_KEY) -> bytes:
    """Show with eigendata."""
    holding = Holding(key=key, binding=session.binding)
    return MDOC.present(credential, PERSON, [(NAMESPACE, name) for name in names], holding, at=now())


def shown_by(
    peer: Peer,
    oracle: Oracles,
    credential: bytes,
    session: Session,
    *,
    key: SoftwareKey = HOLDER_KEY,
    kid: str = "holder",
    **more: Any,
) -> bytes:
    """Show the same with a library. A `kid` is for auth0/mdl, as in `theirs`."""
    own = {**jwk(key, private=True), **({"kid": kid} if kid and peer is AUTH0 else {})}
    asked: dict[str, Any] = {
        "credential": credential.hex(),
        "doctype": PERSON.id,
        "namespace": NAMESPACE,
        "names": list(SHOWN),
        "key": own,
        "session": peer.session(session),
        **more,
    }
    return bytes.fromhex(peer.ask(oracle, "present", **asked))


# -- verifying --------------------------------------------------------------------------------------------------------


def verified(token: bytes, session: Session, *, type: CredentialType = PERSON) -> Any:
    """Give the elements that eigendata reads; the same that a library is asked for."""
    authentic = MDOC.parse_presentation(token).verify([type], session.binding, trust=TRUST, at=now())
    return thaw(authentic.document).get(type.id, {})  # type: ignore[union-attr]  # a document is an object


def verified_by(
    peer: Peer, oracle: Oracles, token: bytes, session: Session, *, type: CredentialType = PERSON, **more: Any
) -> Any:
    """Give the elements that a library reads.

    Raises:
        Refused: it does not accept the presentation.
    """
    asked = {"token": token.hex(), "anchor": AUTHORITY.hex(), "at": now().isoformat(), "doctype": type.id}
    return peer.ask(oracle, "verify", **asked, session=peer.session(session), **more).get(type.id, {})


def answer(token: bytes, session: Session) -> str:
    """Give the name of the check by which eigendata refuses, or of the error, with its message; empty: it accepts."""
    try:
        verified(token, session)
    except Rejected as rejected:
        return rejected.check.name
    except Malformed as malformed:
        return f"Malformed: {malformed.message}"
    return ""


def answer_of(peer: Peer, oracle: Oracles, token: bytes, session: Session) -> str:
    """Give the words in which a library refuses; empty: it accepts."""
    try:
        verified_by(peer, oracle, token, session)
    except Refused as refused:
        return str(refused)
    return ""


# -- changing ---------------------------------------------------------------------------------------------------------


def changed(token: bytes, change: Callable[[Any], None]) -> bytes:
    """Change the one document of a DeviceResponse, as someone can who has no key."""
    response = cbor2.loads(token, immutable=False)
    change(response["documents"][0])
    return cbor2.dumps(response)
