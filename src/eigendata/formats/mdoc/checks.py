"""The rules of an mdoc verification as values, in the order they are taken.

Clauses are of ISO/IEC 18013-5 ("ISO"), whose text is not public: they were read in what implementers quote of it
(multipaz, isomdl, the EU's reference wallet), in OpenID4VP 1.0 appendix B.2, and in HAIP 1.0. What is not here is
structure: it is looked at in the parse, and what breaks it is malformed.
"""

from __future__ import annotations

from typing import Final

from eigendata.errors import Check, Reason

# -- what the issuer signed -------------------------------------------------------------------------------------------

MSO_VERSION: Final = Check(
    name="MSO_VERSION",
    clause="ISO 9.1.2.4",
    reason=Reason.TYPE_MISMATCH,
    rule="what the issuer signed is a mobile security object of version 1.0",
)
DOCTYPE: Final = Check(
    name="DOCTYPE",
    clause="ISO 9.3.1, OpenID4VP 1.0 B.2.3",
    reason=Reason.TYPE_MISMATCH,
    rule="the docType that the issuer signed is that of one of the types that were expected",
)
DOCTYPE_STATED: Final = Check(
    name="DOCTYPE_STATED",
    clause="ISO 9.3.1",
    reason=Reason.TYPE_MISMATCH,
    rule="the docType that the document states is the one that the issuer signed",
)
SIGNER_TRUSTED: Final = Check(
    name="SIGNER_TRUSTED",
    clause="ISO 9.3.1, 9.3.3",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="the document signer is one of an issuer that is trusted for this type",
)
ISSUER_ALGORITHM: Final = Check(
    name="ISSUER_ALGORITHM",
    clause="ISO 9.1.2.5, RFC 9052 3.1",
    reason=Reason.UNSUPPORTED_ALGORITHM,
    rule="the algorithm in the protected bucket is that of the document signer's key",
)
ISSUER_SIGNATURE: Final = Check(
    name="ISSUER_SIGNATURE",
    clause="ISO 9.3.1, RFC 9052 4.4",
    reason=Reason.SIGNATURE_INVALID,
    rule="the document signer's signature holds over the bytes as received",
)
SIGNED_WHILE_CERTIFIED: Final = Check(
    name="SIGNED_WHILE_CERTIFIED",
    clause="ISO 9.3.1",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="the mobile security object was signed while the document signer was certified",
)
DIGEST_ALGORITHM: Final = Check(
    name="DIGEST_ALGORITHM",
    clause="ISO 9.1.2.5",
    reason=Reason.UNSUPPORTED_ALGORITHM,
    rule="the digests are made by SHA-256, SHA-384 or SHA-512",
)

# -- the elements -----------------------------------------------------------------------------------------------------

DIGEST_ID_ONCE: Final = Check(
    name="DIGEST_ID_ONCE",
    clause="ISO 9.1.2.5",
    reason=Reason.DISCLOSURE_INVALID,
    rule="within a namespace no two elements have the same digest identifier",
)
ELEMENT_ONCE: Final = Check(
    name="ELEMENT_ONCE",
    clause="ISO 8.3.2.1.2.3",
    reason=Reason.DISCLOSURE_INVALID,
    rule="within a namespace no element is sent twice",
)
DIGESTS: Final = Check(
    name="DIGESTS",
    clause="ISO 9.3.1, 9.1.2.5",
    reason=Reason.DISCLOSURE_INVALID,
    rule="the digest of each element, over the bytes as received, is the one that the issuer signed for it",
)

# -- its validity -----------------------------------------------------------------------------------------------------

VALID_FROM: Final = Check(
    name="VALID_FROM",
    clause="ISO 9.3.1",
    reason=Reason.NOT_YET_VALID,
    rule="the mobile security object is valid already",
)
VALID_UNTIL: Final = Check(
    name="VALID_UNTIL",
    clause="ISO 9.3.1",
    reason=Reason.EXPIRED,
    rule="the mobile security object is still valid",
)
STATUS_KIND: Final = Check(
    name="STATUS_KIND",
    clause="draft-ietf-oauth-status-list-20 6.3",
    reason=Reason.STATUS_INVALID,
    rule="an mdoc that can be withdrawn says so by a status list",
)

# -- the holder -------------------------------------------------------------------------------------------------------

DEVICE_AUTH: Final = Check(
    name="DEVICE_AUTH",
    clause="ISO 9.1.3.4, 9.1.3.5, OpenID4VP 1.0 B.2.6",
    reason=Reason.KEY_BINDING_INVALID,
    rule="one proof of the holder came along: a signature, or a code where the session has a key of the reader's",
)
DEVICE_ALGORITHM: Final = Check(
    name="DEVICE_ALGORITHM",
    clause="ISO 9.1.3.6, RFC 9052 3.1",
    reason=Reason.UNSUPPORTED_ALGORITHM,
    rule="the algorithm in the protected bucket of the holder's proof is that of the key that the issuer signed; of a "
    "code, HMAC 256/256, with a key of the same curve as the reader's",
)
DEVICE_SIGNATURE: Final = Check(
    name="DEVICE_SIGNATURE",
    clause="ISO 9.1.3.4, OpenID4VP 1.0 B.2.6",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's signature holds for this session: verifier, nonce, where the answer goes and to whom it is "
    "encrypted",
)
DEVICE_MAC: Final = Check(
    name="DEVICE_MAC",
    clause="ISO 9.1.3.5",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's code holds for this session, by the key that the issuer signed and the reader's",
)
KEY_AUTHORIZED: Final = Check(
    name="KEY_AUTHORIZED",
    clause="ISO 9.1.2.4, 9.3.1",
    reason=Reason.POLICY_DENIED,
    rule="the holder states no elements but those that the issuer authorized the holder's key for",
)

ISSUER_SIGNED: Final = (DIGEST_ID_ONCE, ELEMENT_ONCE, DIGESTS)
DEVICE_SIGNED: Final = (DEVICE_AUTH, DEVICE_ALGORITHM, DEVICE_SIGNATURE, DEVICE_MAC, KEY_AUTHORIZED)

CHECKS: Final = (
    MSO_VERSION,
    DOCTYPE,
    DOCTYPE_STATED,
    SIGNER_TRUSTED,
    ISSUER_ALGORITHM,
    ISSUER_SIGNATURE,
    SIGNED_WHILE_CERTIFIED,
    DIGEST_ALGORITHM,
    *ISSUER_SIGNED,
    VALID_FROM,
    VALID_UNTIL,
    STATUS_KIND,
    *DEVICE_SIGNED,
)
"""Every check, in the order of a verification."""
