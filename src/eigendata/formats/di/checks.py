"""The rules of a Data Integrity verification as values, in the order they are taken.

Clauses are of VC Data Integrity 1.0 ("VC-DI"), VCDM 2.0, VC-DI-EdDSA 1.0 and OpenID4VP 1.0. What is not here is
structure: it is looked at in the parse, and what breaks it is malformed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from eigendata.errors import Check, Reason

# -- what the credential says, before any signature -------------------------------------------------------------------

TYPE: Final = Check(
    name="DI_TYPE",
    clause="VCDM 2.0 4.5",
    reason=Reason.TYPE_MISMATCH,
    rule="it is a verifiable credential of one of the types that were expected, and of no other beside it",
)
CONTEXTS_KNOWN: Final = Check(
    name="CONTEXTS_KNOWN",
    clause="VC-DI 2.4.1",
    reason=Reason.CONTEXT_NOT_ALLOWED,
    rule="every context that is named is one that is known here; none is ever fetched",
)
ONE_SUBJECT: Final = Check(
    name="DI_ONE_SUBJECT",
    clause="VCDM 2.0 4.8, VC-DI 2.4.3",
    reason=Reason.TYPE_MISMATCH,
    rule="the credential is about one subject, and no other graph is hung in it",
)
NOTHING_LOST: Final = Check(
    name="NOTHING_LOST",
    clause="VC-DI 2.4.3",
    reason=Reason.DATA_LOSS,
    rule="each member is one that the contexts define, with a value of its kind: nothing is dropped or read otherwise",
)
SUBJECT_KEY: Final = Check(
    name="SUBJECT_KEY",
    clause="VCDM 2.0 4.8, did:key 3.1",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the subject is named by the did:key of its own key, or not named at all",
)

# -- proofs -----------------------------------------------------------------------------------------------------------


class OfProof(NamedTuple):
    """The checks of one proof: the issuer's, or the holder's."""

    there: Check
    members: Check
    suite: Check
    purpose: Check
    alone: Check
    controller: Check
    key: Check
    context: Check
    signature: Check


def _of_proof(
    prefix: str, whose: str, purpose: str, *, reason: Reason, signature: Reason, controller: Reason
) -> OfProof:
    return OfProof(
        there=Check(
            name=f"{prefix}_PROOF",
            clause="VC-DI 4.4 (2)",
            reason=reason,
            rule=f"there is a proof of {whose}",
        ),
        members=Check(
            name=f"{prefix}_PROOF_MEMBERS",
            clause="VC-DI 4.4 (4)",
            reason=reason,
            rule=f"the proof of {whose} states its type, its verification method, its purpose and its value",
        ),
        suite=Check(
            name=f"{prefix}_SUITE",
            clause="VC-DI-EdDSA 3.1",
            reason=Reason.UNSUPPORTED_ALGORITHM,
            rule=f"the proof of {whose} is a DataIntegrityProof of eddsa-jcs-2022 or eddsa-rdfc-2022",
        ),
        purpose=Check(
            name=f"{prefix}_PURPOSE",
            clause="VC-DI 4.4 (5)",
            reason=reason,
            rule=f"the proof of {whose} is made for the purpose of {purpose}",
        ),
        alone=Check(
            name=f"{prefix}_PREVIOUS",
            clause="VC-DI 4.5 (3.2)",
            reason=reason,
            rule=f"the proof of {whose} rests on no other proof, for there is none",
        ),
        controller=Check(
            name=f"{prefix}_CONTROLLER",
            clause="VC-DI 5.9, CID 1.0 3.3 (10)",
            reason=controller,
            rule=f"the verification method of the proof is of {whose}, and of nobody else",
        ),
        key=Check(
            name=f"{prefix}_KEY",
            clause="VC-DI-EdDSA 2.1.1",
            reason=Reason.UNSUPPORTED_ALGORITHM,
            rule=f"the key of {whose} is of the algorithm of the suite",
        ),
        context=Check(
            name=f"{prefix}_PROOF_CONTEXT",
            clause="VC-DI-EdDSA 3.3.2 (4.1)",
            reason=reason,
            rule=f"the contexts that the proof of {whose} states are those with which the document begins",
        ),
        signature=Check(
            name=f"{prefix}_SIGNATURE",
            clause="VC-DI-EdDSA 3.2.7, 3.3.7",
            reason=signature,
            rule=f"the signature of {whose} holds over the canonical forms of the proof and of the document",
        ),
    )  # fmt: skip


HOLDER: Final = _of_proof(
    "DI_HOLDER",
    "the holder",
    "authentication",
    reason=Reason.KEY_BINDING_INVALID,
    signature=Reason.KEY_BINDING_INVALID,
    controller=Reason.UNTRUSTED_ISSUER,
)
(
    HOLDER_PROOF,
    HOLDER_MEMBERS,
    HOLDER_SUITE,
    HOLDER_PURPOSE,
    HOLDER_PREVIOUS,
    HOLDER_CONTROLLER,
    HOLDER_KEY,
    HOLDER_CONTEXT,
    HOLDER_SIGNATURE,
) = HOLDER
HOLDER_NAMED: Final = Check(
    name="HOLDER_NAMED",
    clause="VCDM 2.0 4.13",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the holder whom the presentation names, if it names one, is the subject of the credential",
)
DOMAIN: Final = Check(
    name="DOMAIN",
    clause="VC-DI 4.4 (6), OpenID4VP 1.0 B.1.3.2.5",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the proof of the holder names this verifier as its domain, and no other",
)
CHALLENGE: Final = Check(
    name="CHALLENGE",
    clause="VC-DI 4.4 (7), OpenID4VP 1.0 B.1.3.2.5",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the proof of the holder repeats the nonce of this session as its challenge",
)
HOLDER_CREATED: Final = Check(
    name="HOLDER_CREATED",
    clause="VC-DI 2.1",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the proof of the holder was made within the last 300 seconds, and not in the future",
)
HOLDER_EXPIRES: Final = Check(
    name="HOLDER_EXPIRES",
    clause="VC-DI 2.1",
    reason=Reason.KEY_BINDING_INVALID,
    rule="the proof of the holder has not expired",
)
PRESENTATION_CONTEXTS: Final = Check(
    name="PRESENTATION_CONTEXTS",
    clause="VC-DI 4.6",
    reason=Reason.CONTEXT_NOT_ALLOWED,
    rule="the presentation is in the contexts of the W3C for credentials, in their order, and in no other",
)

ISSUER: Final = _of_proof(
    "DI_ISSUER",
    "the issuer",
    "assertionMethod",
    reason=Reason.PROOF_INVALID,
    signature=Reason.SIGNATURE_INVALID,
    controller=Reason.UNTRUSTED_ISSUER,
)
(
    ISSUER_PROOF,
    ISSUER_MEMBERS,
    ISSUER_SUITE,
    ISSUER_PURPOSE,
    ISSUER_PREVIOUS,
    ISSUER_CONTROLLER,
    ISSUER_KEY,
    ISSUER_CONTEXT,
    ISSUER_SIGNATURE,
) = ISSUER
METHOD_TRUSTED: Final = Check(
    name="METHOD_TRUSTED",
    clause="CID 1.0 3.3, VC-DI 5.10",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="the verification method is one with which an issuer that is trusted for this type makes assertions",
)
ISSUER_CREATED: Final = Check(
    name="ISSUER_CREATED",
    clause="VC-DI 2.1",
    reason=Reason.PROOF_INVALID,
    rule="the proof of the issuer was not made in the future",
)
ISSUER_EXPIRES: Final = Check(
    name="ISSUER_EXPIRES",
    clause="VC-DI 2.1",
    reason=Reason.EXPIRED,
    rule="the proof of the issuer has not expired",
)

# -- what was signed --------------------------------------------------------------------------------------------------

CONTEXTS: Final = Check(
    name="CONTEXTS",
    clause="VC-DI 4.6",
    reason=Reason.CONTEXT_NOT_ALLOWED,
    rule="what was signed is in the contexts of its type, all of them, in their order, and in no other",
)
STATUS_KIND: Final = Check(
    name="DI_STATUS_KIND",
    clause="VCDM 2.0 4.10",
    reason=Reason.STATUS_INVALID,
    rule="withdrawal is published in a way that is known here, or not at all",
)
VALID_FROM: Final = Check(
    name="DI_VALID_FROM",
    clause="VCDM 2.0 4.9",
    reason=Reason.NOT_YET_VALID,
    rule="the credential is valid already",
)
VALID_UNTIL: Final = Check(
    name="DI_VALID_UNTIL",
    clause="VCDM 2.0 4.9",
    reason=Reason.EXPIRED,
    rule="the credential says until when it is valid, and is valid still",
)

OF_HOLDER: Final = (
    HOLDER.there,
    HOLDER.members,
    HOLDER.suite,
    HOLDER.purpose,
    HOLDER.alone,
    HOLDER.controller,
    HOLDER.key,
    HOLDER.context,
    HOLDER.signature,
    PRESENTATION_CONTEXTS,
    HOLDER_NAMED,
    DOMAIN,
    CHALLENGE,
    HOLDER_CREATED,
    HOLDER_EXPIRES,
)
"""What is looked at where a holder shows a credential in a session."""

CHECKS: Final = (
    TYPE,
    CONTEXTS_KNOWN,
    ONE_SUBJECT,
    NOTHING_LOST,
    SUBJECT_KEY,
    *OF_HOLDER,
    ISSUER.there,
    ISSUER.members,
    ISSUER.suite,
    ISSUER.purpose,
    ISSUER.alone,
    ISSUER.controller,
    METHOD_TRUSTED,
    ISSUER.key,
    ISSUER.context,
    ISSUER.signature,
    CONTEXTS,
    STATUS_KIND,
    VALID_FROM,
    VALID_UNTIL,
    ISSUER_CREATED,
    ISSUER_EXPIRES,
)
