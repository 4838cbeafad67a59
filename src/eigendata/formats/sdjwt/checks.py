"""The rules of an SD-JWT VC verification as values, in the order they are taken.

Clauses are of RFC 9901 (SD-JWT), of draft-ietf-oauth-sd-jwt-vc-19 ("SD-JWT VC") and of the RFCs that these build on.
What is not here is structure: it is looked at in the parse, and what breaks it is malformed.
"""

from __future__ import annotations

from typing import Final

from eigendata.errors import Check, Reason

# -- the issuer-signed JWT --------------------------------------------------------------------------------------------

TYP: Final = Check(
    name="TYP",
    clause="SD-JWT VC 2.2.1",
    reason=Reason.TYPE_MISMATCH,
    rule="the issuer-signed JWT states that it is a dc+sd-jwt",
)
VCT: Final = Check(
    name="VCT",
    clause="SD-JWT VC 2.2.2.1",
    reason=Reason.TYPE_MISMATCH,
    rule="the credential is of one of the types that were expected",
)
ISSUER_NAMED: Final = Check(
    name="ISSUER_NAMED",
    clause="SD-JWT VC 2.5",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="the credential says whose it is, by a certificate chain or by iss",
)
ISSUER_TRUSTED: Final = Check(
    name="ISSUER_TRUSTED",
    clause="RFC 9901 7.1 (2.3)",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="the issuer is trusted for this type, and the key is that issuer's",
)
ALGORITHM: Final = Check(
    name="ALGORITHM",
    clause="RFC 9901 7.1 (2.1)",
    reason=Reason.UNSUPPORTED_ALGORITHM,
    rule="the stated algorithm is that of the issuer's key",
)
SIGNATURE: Final = Check(
    name="SIGNATURE",
    clause="RFC 9901 7.1 (2.2)",
    reason=Reason.SIGNATURE_INVALID,
    rule="the issuer's signature holds over the bytes as received",
)
HASH_ALGORITHM: Final = Check(
    name="HASH_ALGORITHM",
    clause="RFC 9901 7.1 (2.4)",
    reason=Reason.UNSUPPORTED_ALGORITHM,
    rule="the digests are made by a hash algorithm that counts as secure",
)

# -- the disclosures --------------------------------------------------------------------------------------------------

DISCLOSURE_FORM: Final = Check(
    name="DISCLOSURE_FORM",
    clause="RFC 9901 4.2.1, 4.2.2",
    reason=Reason.DISCLOSURE_INVALID,
    rule="each disclosure is a salt, a claim name and a value, or a salt and a value",
)
DISCLOSURE_ONCE: Final = Check(
    name="DISCLOSURE_ONCE",
    clause="RFC 9901 4",
    reason=Reason.DISCLOSURE_INVALID,
    rule="no disclosure is sent twice",
)
OBJECT_DISCLOSURE: Final = Check(
    name="OBJECT_DISCLOSURE",
    clause="RFC 9901 7.1 (3.3.2.1)",
    reason=Reason.DISCLOSURE_INVALID,
    rule="a disclosure whose digest stands in an _sd array has three elements",
)
RESERVED_NAME: Final = Check(
    name="RESERVED_NAME",
    clause="RFC 9901 7.1 (3.3.2.2), 4.1.1",
    reason=Reason.DISCLOSURE_INVALID,
    rule="no disclosure names a claim _sd, ... or _sd_alg",
)
NAME_FREE: Final = Check(
    name="NAME_FREE",
    clause="RFC 9901 7.1 (3.3.2.3)",
    reason=Reason.DISCLOSURE_INVALID,
    rule="a disclosed claim does not stand there already",
)
ARRAY_DISCLOSURE: Final = Check(
    name="ARRAY_DISCLOSURE",
    clause="RFC 9901 7.1 (3.3.3.1)",
    reason=Reason.DISCLOSURE_INVALID,
    rule="a disclosure whose digest stands for an array element has two elements",
)
DIGEST_ONCE: Final = Check(
    name="DIGEST_ONCE",
    clause="RFC 9901 7.1 (4)",
    reason=Reason.DISCLOSURE_INVALID,
    rule="no digest stands twice in the credential, nor in what is disclosed",
)
DISCLOSURE_REFERENCED: Final = Check(
    name="DISCLOSURE_REFERENCED",
    clause="RFC 9901 7.1 (5)",
    reason=Reason.DISCLOSURE_INVALID,
    rule="every disclosure has its digest in the credential or in another disclosure",
)
PROTECTED_CLAIMS: Final = Check(
    name="PROTECTED_CLAIMS",
    clause="SD-JWT VC 2.2.2.3, RFC 9901 9.7",
    reason=Reason.DISCLOSURE_INVALID,
    rule="nothing that decides on validity is selectively disclosable, nor anything inside it",
)
SD_WITHOUT_CLAIMS: Final = Check(
    name="SD_WITHOUT_CLAIMS",
    clause="SD-JWT VC 2.2.2.5",
    reason=Reason.DISCLOSURE_INVALID,
    rule="a credential in which nothing is selectively disclosable holds no _sd",
)

# -- its validity -----------------------------------------------------------------------------------------------------

AUDIENCE: Final = Check(
    name="AUDIENCE",
    clause="RFC 9901 7.1 (6), RFC 7519 4.1.3",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="a credential that is meant for certain verifiers names this one",
)
EXPIRY_STATED: Final = Check(
    name="EXPIRY_STATED",
    clause="RFC 9901 9.7",
    reason=Reason.EXPIRED,
    rule="the credential says until when it is valid",
)
NOT_EXPIRED: Final = Check(
    name="NOT_EXPIRED",
    clause="RFC 9901 7.1 (6), RFC 7519 4.1.4",
    reason=Reason.EXPIRED,
    rule="the credential has not expired",
)
NOT_BEFORE: Final = Check(
    name="NOT_BEFORE",
    clause="RFC 9901 7.1 (6), RFC 7519 4.1.5",
    reason=Reason.NOT_YET_VALID,
    rule="the credential is valid already",
)
ISSUED_BEFORE: Final = Check(
    name="ISSUED_BEFORE",
    clause="RFC 7519 4.1.6",
    reason=Reason.NOT_YET_VALID,
    rule="the credential was not issued in the future",
)
STATUS_KIND: Final = Check(
    name="STATUS_KIND",
    clause="SD-JWT VC 2.2.2.3",
    reason=Reason.STATUS_INVALID,
    rule="a credential that can be withdrawn says so by a status list",
)
METADATA_INTEGRITY: Final = Check(
    name="METADATA_INTEGRITY",
    clause="SD-JWT VC 6",
    reason=Reason.TYPE_MISMATCH,
    rule="the type metadata that the issuer meant is, byte for byte, the one known here",
)
CLAIM_PATHS: Final = Check(
    name="CLAIM_PATHS",
    clause="SD-JWT VC 5.6.1, 5.7",
    reason=Reason.TYPE_MISMATCH,
    rule="objects and arrays lie where the type metadata says that there are some",
)
CLAIM_MANDATORY: Final = Check(
    name="CLAIM_MANDATORY",
    clause="SD-JWT VC 5.6.3, 5.7",
    reason=Reason.TYPE_MISMATCH,
    rule="no claim that the type demands was left out by the issuer, as far as that can be seen",
)
CLAIM_DISCLOSABLE: Final = Check(
    name="CLAIM_DISCLOSABLE",
    clause="SD-JWT VC 5.6.4, 5.7",
    reason=Reason.TYPE_MISMATCH,
    rule="each claim can or cannot be withheld as its type says",
)

# -- the holder -------------------------------------------------------------------------------------------------------

KB_PRESENT: Final = Check(
    name="KB_PRESENT",
    clause="RFC 9901 7.3 (2)",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's proof came along",
)
HOLDER_KEY: Final = Check(
    name="HOLDER_KEY",
    clause="RFC 9901 7.3 (5.1), RFC 7800 3.2",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the issuer-signed JWT names the holder's key, as cnf with a jwk and nothing else",
)
KB_ALGORITHM: Final = Check(
    name="KB_ALGORITHM",
    clause="RFC 9901 7.3 (5.2)",
    reason=Reason.UNSUPPORTED_ALGORITHM,
    rule="the stated algorithm of the holder's proof is that of the holder's key",
)
KB_SIGNATURE: Final = Check(
    name="KB_SIGNATURE",
    clause="RFC 9901 7.3 (5.3)",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's signature holds over the bytes as received",
)
KB_TYP: Final = Check(
    name="KB_TYP",
    clause="RFC 9901 7.3 (5.4)",
    reason=Reason.TYPE_MISMATCH,
    rule="the holder's proof states that it is a kb+jwt",
)
KB_IAT: Final = Check(
    name="KB_IAT",
    clause="RFC 9901 7.3 (5.5)",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's proof was made just now",
)
KB_NONCE: Final = Check(
    name="KB_NONCE",
    clause="RFC 9901 7.3 (5.6)",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's proof repeats the nonce of this request",
)
KB_AUDIENCE: Final = Check(
    name="KB_AUDIENCE",
    clause="RFC 9901 7.3 (5.6), 4.3",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's proof is for this verifier and no other",
)
SD_HASH: Final = Check(
    name="SD_HASH",
    clause="RFC 9901 7.3 (5.7)",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's proof is over exactly these disclosures, in this order",
)
KB_IN_TIME: Final = Check(
    name="KB_IN_TIME",
    clause="RFC 9901 7.3 (5.8)",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder's proof is within the times that it states itself",
)

DISCLOSURES: Final = (
    DISCLOSURE_FORM,
    DISCLOSURE_ONCE,
    OBJECT_DISCLOSURE,
    RESERVED_NAME,
    NAME_FREE,
    ARRAY_DISCLOSURE,
    DIGEST_ONCE,
    DISCLOSURE_REFERENCED,
    PROTECTED_CLAIMS,
    SD_WITHOUT_CLAIMS,
)
"""What the parse finds out about the disclosures, and `verify` judges once the issuer's signature has held."""

KEY_BINDING: Final = (
    KB_PRESENT,
    HOLDER_KEY,
    KB_ALGORITHM,
    KB_SIGNATURE,
    KB_TYP,
    KB_IAT,
    KB_NONCE,
    KB_AUDIENCE,
    SD_HASH,
    KB_IN_TIME,
)

CLAIM_METADATA: Final = (CLAIM_PATHS, CLAIM_MANDATORY, CLAIM_DISCLOSABLE)
"""What is held against the type metadata, where it is at hand."""

CHECKS: Final = (
    TYP,
    VCT,
    ISSUER_NAMED,
    ISSUER_TRUSTED,
    ALGORITHM,
    SIGNATURE,
    HASH_ALGORITHM,
    *DISCLOSURES,
    AUDIENCE,
    EXPIRY_STATED,
    NOT_EXPIRED,
    NOT_BEFORE,
    ISSUED_BEFORE,
    STATUS_KIND,
    METADATA_INTEGRITY,
    *CLAIM_METADATA,
    *KEY_BINDING,
)
"""Every check, in the order of a verification."""
