"""What a credential format is to everything above it: one value with all its verbs.

    Attestation --issue--> credential bytes --parse_credential--> UnverifiedCredential --verify--> Authentic
                           credential bytes --present--> presentation bytes
    presentation bytes --parse_presentation--> UnverifiedPresentation --verify--> Authentic

A parse looks at structure and raises Malformed; what it gives has one method and nothing to read. `verify` asks the
trust that it is handed for the issuer's key, and takes the format's checks in their order: the trail of a good one is
exactly `Format.checks`. A credential as issued has a door of its own, so that holder binding cannot be skipped by
forgetting an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json
from eigendata.errors import Check
from eigendata.model import (
    Attestation,
    Attribute,
    Authentic,
    Binding,
    ClaimPath,
    Claims,
    CredentialType,
    Holding,
    Origin,
    Seal,
    TrustedIssuer,
    Unbound,
)


class IssuerSource(Protocol):
    """Knows whose key is to be believed for which type. `eigendata.trust.Trust` is one."""

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        """Give the issuer that a token names, if it is trusted for this type at this moment.

        Raises:
            Rejected: it is not (`untrusted_issuer`).
            Unavailable: it could not be found out.
        """


class UnverifiedCredential(Protocol):
    """A credential as issued: it names a holder and does not show one. One door, and nothing to read."""

    def verify(self, types: Sequence[CredentialType], /, *, trust: IssuerSource, at: datetime) -> Authentic:
        """Check all that can be checked without the holder.

        Raises:
            Rejected: it is not genuine, not in time, or not of one of these types.
            Unavailable: the issuer's key could not be found out.
        """


class UnverifiedPresentation(Protocol):
    """A credential as shown to a verifier. One door, and nothing to read."""

    def verify(
        self, types: Sequence[CredentialType], binding: Binding | Unbound, /, *, trust: IssuerSource, at: datetime
    ) -> Authentic:
        """Check that it is genuine, in time, of one of these types, and bound to this session.

        With UNBOUND no proof of the holder is demanded; one that came along is checked all the same, as far as it can
        be without knowing for which session it was made.

        Raises:
            Rejected: it is not.
            Unavailable: the issuer's key could not be found out.
            Misuse: the binding names no audience or no nonce.
        """


class OpenedCredential(Protocol):
    """A holder's own credential, opened once to be shown many times. One door, and nothing to read."""

    def present(self, reveal: Iterable[ClaimPath], holding: Holding | Unbound, /, *, at: datetime) -> bytes:
        """Show the claims at these paths, with what they cannot be shown without, and nothing else.

        A path that ends at an object or array shows everything below it; `None` in a path means every element. What
        the type has visible in every presentation is shown along, also where the format could withhold it.

        Raises:
            Misuse: a path leads nowhere, or the holding is not this credential's.
        """


class Format(Protocol):
    """One credential format. A value in the literal table `eigendata.formats.FORMATS`."""

    @property
    def name(self) -> str:
        """Give the format's identifier in OpenID4VCI and OpenID4VP: `dc+sd-jwt`."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """Give every check of a verification, in the order they are taken."""

    @property
    def holder_algorithms(self) -> tuple[Algorithm, ...]:
        """Give the algorithms of the holders' keys to which it can be issued, the preferred one first."""

    @property
    def technical(self) -> frozenset[str]:
        """Give the members at the top of a document that hold a token together; every other one is a claim."""

    def withholds(self, type: CredentialType, attribute: Attribute, /) -> bool:
        """Tell whether a holder can show a credential without this claim of it."""

    def type_id(self, type: CredentialType, /) -> str:
        """Give a type's name in this format."""

    def place(self, type: CredentialType, attribute: Attribute, /) -> ClaimPath:
        """Give where an attribute lies in this format's `Authentic.document`."""

    def schema(self, type: CredentialType, /) -> bytes:
        """Give the format's own description of a type, as the bytes that are published."""

    def issue(self, attestation: Attestation, seal: Seal, /) -> bytes:
        """Sign one copy.

        Raises:
            Declined: the format cannot hold one of its values, and none is cut short (`value_too_long`).
            Misuse: the attestation breaks its type's rules, or the seal is not this issuer's or not for this format.
        """

    def parse_credential(self, token: bytes, /) -> UnverifiedCredential:
        """Read a credential as an issuer sends it.

        Raises:
            Malformed: it is none; a presentation is none either.
        """

    def open(self, credential: bytes, type: CredentialType, /) -> OpenedCredential:
        """Open a credential that was verified when it was stored, to show it.

        Raises:
            Malformed: it is none.
            Misuse: it is of another type.
        """

    def present(
        self,
        credential: bytes,
        type: CredentialType,
        reveal: Iterable[ClaimPath],
        holding: Holding | Unbound,
        /,
        *,
        at: datetime,
    ) -> bytes:
        """Open a credential and show it once; see `OpenedCredential.present`."""

    def parse_presentation(self, token: bytes, /) -> UnverifiedPresentation:
        """Read a presentation as a wallet sends it.

        Raises:
            Malformed: it is none.
        """

    def to_wire(self, token: bytes, /) -> Json:
        """Give a token as it stands in a `vp_token` or credential response."""

    def from_wire(self, value: Json, /) -> bytes:
        """Take a token out of a `vp_token` or credential response.

        Raises:
            Malformed: the value cannot hold one.
        """


def canonical(format: Format, type: CredentialType, document: Claims, only: Iterable[ClaimPath]) -> Claims:
    """Give the claims at these own paths of a type, out of a document in which the format may place them elsewhere.

    What the document does not hold is left out. A path of a type without declared attributes lies where it says.
    """
    claims: dict[str, Json] = {}
    for path in only:
        attribute = type.attribute(path)
        place = path if attribute is None else format.place(type, attribute)
        found = _at(document, place)
        if found is not _NOWHERE:
            _put(claims, tuple(part for part in path if isinstance(part, str)), found)
    return claims


_NOWHERE: Json = object()  # type: ignore[assignment]  # no JSON value is it


def _at(value: Json, path: ClaimPath) -> Json:
    """Give what lies at a path; an index or None ends the walk at the whole array."""
    for part in path:
        if not isinstance(part, str):
            return value
        if not isinstance(value, Mapping) or part not in value:
            return _NOWHERE
        value = value[part]
    return value


def _put(claims: dict[str, Json], path: tuple[str, ...], value: Json) -> None:
    *parents, last = path
    for name in parents:
        inner = claims.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        claims = inner
    claims[last] = value
