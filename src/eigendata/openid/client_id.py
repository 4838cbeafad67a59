"""Who a verifier says that it is: the client identifier, whose prefix says how it must show that.

    text -> parse_client_id -> ClientId(prefix, name)

The identifier counts whole, with its prefix: two that differ in the prefix alone are two verifiers (section 14.8).
What is a prefix that is known here and what follows it is settled here, once; who then proves to be that verifier is
seen elsewhere: an unsigned request proves nothing, a signed one is in `openid.request_object`.

Source: OpenID4VP 1.0 sections 5.9 and 14.8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from eigendata.crypto.access import DNS_NAME, is_dns_name
from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.errors import Check, Malformed, Misuse, Reason, Trail

MAX_CLIENT_ID: Final = 2048
"""Characters of a client identifier: it may be a URI."""

CLIENT_PREFIX = Check(
    name="CLIENT_PREFIX",
    clause="OpenID4VP 1.0 5.9.3",
    reason=Reason.REQUEST_INVALID,
    rule="the client identifier has a prefix that is known here, written as the specification does",
)


class Prefix(StrEnum):
    """How a verifier shows that it is who its identifier says."""

    REDIRECT_URI = "redirect_uri"
    """Not at all: the answer goes to the URI that is its name. Its requests cannot be signed."""
    X509_HASH = "x509_hash"
    """Its certificate is the one with this hash."""
    X509_SAN_DNS = "x509_san_dns"
    """Its certificate bears this DNS name."""
    DECENTRALIZED_IDENTIFIER = "decentralized_identifier"
    """Its key is one of those of this DID."""

    @property
    def signs(self) -> bool:
        """Whether its requests are signed: all or none of them are."""
        return self is not Prefix.REDIRECT_URI


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientId:
    """A client identifier, taken apart.

    Attributes:
        name: what follows the prefix: a URI, a hash in base64url, a DNS name, a DID.
    """

    prefix: Prefix
    name: str

    def __str__(self) -> str:
        return f"{self.prefix}:{self.name}"


def parse_client_id(text: str, trail: Trail | None = None) -> ClientId:
    """Take a client identifier apart.

    Args:
        trail: what was checked before.

    Raises:
        Malformed: it is too long, or what follows the prefix is not what such an identifier holds.
        Rejected: its prefix is none that is known here: there are no verifiers without one, and `origin` is the
            browser's to say (`request_invalid`).
    """
    if len(text) > MAX_CLIENT_ID:
        raise Malformed(f"a client identifier has at most {MAX_CLIENT_ID} characters")
    before, colon, name = text.partition(":")
    known = next((one for one in Prefix if colon and one == before), None)
    prefix = (Trail() if trail is None else trail).some(CLIENT_PREFIX, known)
    if _NAMES[prefix].fullmatch(name) is None or (prefix is Prefix.X509_HASH and len(b64url_decode(name)) != _HASH):
        raise Malformed(f"what follows `{prefix}:` is not what such a client identifier holds")
    return ClientId(prefix=prefix, name=name)


def of_certificate(leaf: bytes) -> ClientId:
    """Give the `x509_hash` identifier of whose leaf certificate this is.

    Args:
        leaf: in DER.
    """
    return ClientId(prefix=Prefix.X509_HASH, name=b64url_encode(sha256(leaf).digest()))


def of_dns_name(name: str) -> ClientId:
    """Give the `x509_san_dns` identifier of a DNS name.

    Raises:
        Misuse: it is no DNS name in lower case with at least one dot (or `localhost`); a name with other letters is
            written as its A-labels (`xn--`).
    """
    if not is_dns_name(name):
        raise Misuse("not a DNS name in lower case, without a dot at its end")
    return ClientId(prefix=Prefix.X509_SAN_DNS, name=name)


_HASH: Final = sha256().digest_size
_NAMES: Final = {
    Prefix.REDIRECT_URI: re.compile(r"https?://[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+", re.ASCII),
    Prefix.X509_HASH: re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII),
    Prefix.X509_SAN_DNS: DNS_NAME,
    Prefix.DECENTRALIZED_IDENTIFIER: re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+", re.ASCII),
}
