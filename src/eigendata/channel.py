"""What binds an answer to its session, for each channel: the only makers of a `Binding` for a session that begins.

A holder's proof repeats the verifier's full identifier and the request's nonce, or signs the session transcript, which
is made of both and more. Who adds a channel adds one function here; the formats read the fields and know no protocol.
"""

from __future__ import annotations

import hashlib
from typing import Final

from eigendata.encoding import cbor_dumps
from eigendata.errors import Misuse
from eigendata.model import Binding

_ORIGIN: Final = "origin:"


def openid4vp_redirect(
    *, client_id: str, nonce: str, response_uri: str, encryption_key: bytes | None = None
) -> Binding:
    """Bind to an OpenID4VP session whose answer goes to a URI (redirects and `direct_post`).

    Args:
        client_id: the full client identifier, with its prefix: proofs name it whole (section 14.8).
        nonce: fresh for this request.
        response_uri: where the answer goes, the `redirect_uri` or the `response_uri` of the request.
        encryption_key: the RFC 7638 SHA-256 thumbprint of the key that the answer is encrypted to, if it is.

    Raises:
        Misuse: one of them is empty: what is bound to nothing can be shown to anyone.

    Source: OpenID4VP 1.0 sections 5.2, 14.1.2, B.2.6.1 and B.3.6.
    """
    if not client_id or not nonce or not response_uri:
        raise Misuse("a session is bound to a client identifier, a nonce and a response URI; one of them is empty")
    thumbprint = _thumbprint(encryption_key)
    transcript = session_transcript("OpenID4VPHandover", _hashed(client_id, nonce, thumbprint, response_uri))
    return Binding(audience=client_id, nonce=nonce, transcript=transcript)


def openid4vp_dc_api(*, origin: str, nonce: str, encryption_key: bytes | None = None) -> Binding:
    """Bind to an OpenID4VP session over the Digital Credentials API.

    Args:
        origin: as the browser vouches for it, without a prefix: a holder's proof names it with `origin:` before it, and
            the transcript holds it without.
        encryption_key: the RFC 7638 SHA-256 thumbprint of the key that the answer is encrypted to, if it is.

    Raises:
        Misuse: one of them is empty, or the origin has the prefix already.

    Source: OpenID4VP 1.0 appendices A.2, A.4 and B.2.6.2.
    """
    if not origin or not nonce or origin.startswith(_ORIGIN):
        raise Misuse("a session is bound to an origin without a prefix and a nonce; one of them is not there")
    transcript = session_transcript("OpenID4VPDCAPIHandover", _hashed(origin, nonce, _thumbprint(encryption_key)))
    return Binding(audience=_ORIGIN + origin, nonce=nonce, transcript=transcript)


def session_transcript(handover: str | bytes, *info: str | bytes | None) -> bytes:
    """Write a SessionTranscript (ISO 18013-5 9.1.5.1) with no engagement and no reader's key, for nobody is near."""
    return cbor_dumps([None, None, [handover, *info]])


def _hashed(*info: str | bytes | None) -> bytes:
    """Give the digest of what a handover of OpenID4VP is made of."""
    return hashlib.sha256(cbor_dumps(info)).digest()


def _thumbprint(key: bytes | None) -> bytes | None:
    if key is not None and len(key) != hashlib.sha256().digest_size:
        raise Misuse("the key that an answer is encrypted to is named by its SHA-256 thumbprint")
    return key
