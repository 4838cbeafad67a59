"""HAIP 1.0 as a value that narrows both sides of OpenID4VP: what a profile demands beyond the specification.

    wallet     parse_invitation -> profile.require_invitation -> receive -> profile.require_request
    verifier   Request          -> profile.require_invitation, profile.require_request, before it is published

A profile takes away and never adds: what it lets through, the specification lets through. Without one, all of OpenID4VP
that is read here is read.

Source: OpenID4VC High Assurance Interoperability Profile 1.0 sections 5 and 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eigendata.crypto.jwe import ContentEncryption
from eigendata.errors import Check, Reason, Trail
from eigendata.openid.client_id import Prefix
from eigendata.openid.requests import Invitation
from eigendata.query import Request

HAIP_PREFIX: Final = Check(
    name="HAIP_PREFIX",
    clause="HAIP 1.0 5",
    reason=Reason.REQUEST_INVALID,
    rule="The verifier is named by the hash of its certificate.",
)
HAIP_REFERENCE: Final = Check(
    name="HAIP_REFERENCE",
    clause="HAIP 1.0 5.1",
    reason=Reason.REQUEST_INVALID,
    rule="The request is signed, and is fetched.",
)
HAIP_SEALED: Final = Check(
    name="HAIP_SEALED",
    clause="HAIP 1.0 5.1",
    reason=Reason.REQUEST_INVALID,
    rule="The answer is encrypted to a key of this one request.",
)
HAIP_ENCRYPTIONS: Final = Check(
    name="HAIP_ENCRYPTIONS",
    clause="HAIP 1.0 5",
    reason=Reason.REQUEST_INVALID,
    rule="The verifier offers both A128GCM and A256GCM.",
)
HAIP_FORMATS: Final = Check(
    name="HAIP_FORMATS",
    clause="HAIP 1.0 5.3",
    reason=Reason.REQUEST_INVALID,
    rule="Every credential is asked in a format of the profile.",
)

CHECKS: Final = (HAIP_PREFIX, HAIP_REFERENCE, HAIP_SEALED, HAIP_ENCRYPTIONS, HAIP_FORMATS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a profile demands of a request.

    Attributes:
        prefixes: how a verifier may be named.
        encryptions: the content encryptions of which each is offered for the answer.
        formats: the formats in which credentials may be asked.
    """

    name: str
    prefixes: frozenset[Prefix]
    encryptions: frozenset[ContentEncryption]
    formats: frozenset[str]

    def require_invitation(self, invitation: Invitation, trail: Trail) -> None:
        """Require what can be seen before anything is fetched.

        Raises:
            Rejected: it is not as the profile demands (`request_invalid`).
        """
        trail.require(HAIP_PREFIX, invitation.client_id.prefix in self.prefixes)
        trail.require(HAIP_REFERENCE, invitation.reference is not None)

    def require_request(self, request: Request, trail: Trail) -> None:
        """Require what can be seen of a request itself, on either side.

        Raises:
            Rejected: it is not as the profile demands (`request_invalid`).
        """
        encryption = trail.some(HAIP_SEALED, request.encryption)
        trail.require(HAIP_ENCRYPTIONS, self.encryptions.issubset(encryption.encryptions))
        trail.require(HAIP_FORMATS, all(one.format in self.formats for one in request.query.credentials))


HAIP_1_0: Final = Profile(
    name="haip-1.0",
    prefixes=frozenset({Prefix.X509_HASH}),
    encryptions=frozenset(ContentEncryption),
    formats=frozenset({"dc+sd-jwt", "mso_mdoc"}),
)

PROFILES: Final[Mapping[str, Profile]] = {HAIP_1_0.name: HAIP_1_0}
"""The profiles that there are, by the names under which they are asked for."""
