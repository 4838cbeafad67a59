"""A signed request (RFC 9101): who asks is proven by the key that its client identifier leads to.

    verifier   parameters -> sign_request_object -> bytes -> parse_request_object -> UnverifiedRequestObject    wallet
    UnverifiedRequestObject.verify(client_id, trust=, wallet_nonce=, at=) -> SignedRequest(parameters, asker)

What stands outside the signed object counts for nothing but to find it: the client identifier outside must be the one
inside, and everything else is taken from inside. Nobody's parameters can be read before the signature held.

Source: OpenID4VP 1.0 sections 5, 5.8, 5.9.3 and 5.10; RFC 9101 sections 4 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol
from urllib.parse import urlsplit

from eigendata.crypto.jose import Jws, parse_jws, sign_jws
from eigendata.crypto.keys import PublicKey, Signer
from eigendata.crypto.x509 import Leaf, parse_x5c, stated_dns_names
from eigendata.encoding import Json, b64_encode, b64url_encode, json_dumps, json_object
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Step, Trail
from eigendata.model import Party, utc
from eigendata.openid.client_id import ClientId, Prefix

TYP: Final = "oauth-authz-req+jwt"
"""The `typ` of a request object, and its media type below `application/`."""

AUDIENCE: Final = "https://self-issued.me/v2"
"""Who a request is for when the verifier does not know the wallet: any (section 5.8)."""

MAX_REQUEST_OBJECT: Final = 262_144
"""Bytes of a request object. Our largest is some 30 kB."""

LIFETIME: Final = timedelta(minutes=5)
"""How long a request object that we sign may be used. A wallet fetches it at once."""

MAX_AHEAD: Final = timedelta(seconds=60)
"""How far a verifier's clock may be ahead."""

_LAST_MOMENT: Final = 253_402_300_799  # the last second of the year 9999, in seconds since 1970


def _check(name: str, clause: str, rule: str, reason: Reason = Reason.REQUEST_INVALID) -> Check:
    return Check(name=name, clause=clause, reason=reason, rule=rule)


REQUEST_TYP = _check("REQUEST_TYP", "OpenID4VP 1.0 5", "The request object states that it is an oauth-authz-req+jwt.")
REQUEST_SIGNABLE = _check(
    "REQUEST_SIGNABLE", "OpenID4VP 1.0 5.9.3", "The client identifier is of a kind whose requests can be signed."
)
REQUEST_KEY_NAMED = _check(
    "REQUEST_KEY_NAMED",
    "OpenID4VP 1.0 5.9.3",
    "The header names the key in the way of the client identifier: by certificates, or by a method of the DID.",
)
REQUEST_CERTIFICATE = _check(
    "REQUEST_CERTIFICATE",
    "OpenID4VP 1.0 5.9.3",
    "The certificate is the one of which the client identifier is the hash, or bears the DNS name that it is.",
)
REQUEST_SIGNATURE = _check(
    "REQUEST_SIGNATURE", "RFC 9101 6.2", "The signature is by that key, with the key's own algorithm."
)
REQUEST_CLIENT = _check(
    "REQUEST_CLIENT",
    "OpenID4VP 1.0 5.10.1",
    "The client identifier in the request object is the one that led to it, letter by letter.",
)
REQUEST_AUDIENCE = _check(
    "REQUEST_AUDIENCE", "OpenID4VP 1.0 5.8", "The request object is meant for wallets: https://self-issued.me/v2."
)
REQUEST_IN_TIME = _check(
    "REQUEST_IN_TIME", "RFC 9101 4", "The request object is in time, by its iat, nbf and exp as far as it has them."
)
REQUEST_WALLET_NONCE = _check(
    "REQUEST_WALLET_NONCE", "OpenID4VP 1.0 5.10.1", "The request object repeats the wallet's own nonce, if it sent one."
)
REQUEST_RESPONSE_HOST = _check(
    "REQUEST_RESPONSE_HOST",
    "OpenID4VP 1.0 5.9.3",
    "The answer goes to the host that a client identifier names, where it does.",
)

CHECKS: Final = (
    REQUEST_TYP,
    REQUEST_SIGNABLE,
    REQUEST_KEY_NAMED,
    REQUEST_CERTIFICATE,
    REQUEST_SIGNATURE,
    REQUEST_CLIENT,
    REQUEST_AUDIENCE,
    REQUEST_IN_TIME,
    REQUEST_WALLET_NONCE,
    REQUEST_RESPONSE_HOST,
)
"""What `UnverifiedRequestObject.verify` takes, in this order."""


class VerifierSource(Protocol):
    """Knows whose certificates and DIDs are a verifier's. `eigendata.trust.Trust` is one."""

    def certified_verifier(self, chain: Sequence[bytes], /, *, named: str | None, at: datetime) -> tuple[Party, Leaf]:
        """Give the verifier that a chain of certificates leads to, and what its leaf says.

        Args:
            chain: DER, leaf first, without the anchor.
            named: the DNS name that the verifier goes by; None where any that the leaf bears will do.

        Raises:
            Rejected: it leads to none of the trust file, or is not valid at this moment.
        """

    def did_verifier(self, controller: str, method: str, /, *, at: datetime) -> tuple[Party, PublicKey]:
        """Give the verifier of a DID, and the key of one of its verification methods.

        Args:
            method: the method's whole URL, as the header names it.

        Raises:
            Rejected: the trust file does not know the DID, or it has no such method for authentication.
            Unavailable: its document could not be had.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The parameters of a request whose signature held, and who signed it.

    Attributes:
        asker: as the trust file names it.
        trail: every check that was taken.
    """

    parameters: Mapping[str, Json] = field(repr=False)
    client_id: ClientId
    asker: Party
    trail: tuple[Step, ...]


class UnverifiedRequestObject:
    """A request object that nobody verified: one door, and nothing to read."""

    __slots__ = ("_jws", "_parameters")

    def __init__(self, jws: Jws, parameters: Mapping[str, Json]) -> None:
        self._jws = jws
        self._parameters = parameters

    def __repr__(self) -> str:
        return "<an unverified request object>"

    def verify(
        self, client_id: ClientId, *, trust: VerifierSource, wallet_nonce: str | None, at: datetime
    ) -> SignedRequest:
        """Check that it is by the verifier of this client identifier, for wallets, in time, and for this exchange.

        Args:
            client_id: the one that stood beside the object or its address.
            wallet_nonce: what the wallet sent along when it fetched it; None where it sent none.

        Raises:
            Rejected: one of `CHECKS` does not hold, or the trust file does not know the verifier.
            Unavailable: the verifier's key could not be had.
            Malformed: the certificates in the header cannot be read.
            Misuse: `at` is naive.
        """
        at, trail, told = utc(at), Trail(), self._parameters
        trail.require(REQUEST_TYP, self._jws.typ == TYP)
        trail.require(REQUEST_SIGNABLE, client_id.prefix.signs)
        if client_id.prefix is Prefix.DECENTRALIZED_IDENTIFIER:
            asker, key = self._by_did(client_id, trust, trail, at)
        else:
            asker, key = self._by_certificate(client_id, trust, trail, at)
        trail.require(REQUEST_SIGNATURE, self._jws.is_by(key))
        trail.require(REQUEST_CLIENT, told.get("client_id") == str(client_id))
        trail.require(REQUEST_AUDIENCE, told.get("aud") in (AUDIENCE, [AUDIENCE]))
        trail.require(REQUEST_IN_TIME, _is_in_time(told, at.timestamp()))
        trail.require(REQUEST_WALLET_NONCE, wallet_nonce is None or told.get("wallet_nonce") == wallet_nonce)
        if client_id.prefix is Prefix.X509_SAN_DNS:
            trail.require(REQUEST_RESPONSE_HOST, _host(told.get("response_uri")) == client_id.name)
        else:
            trail.skip(REQUEST_RESPONSE_HOST, Outcome.NOT_APPLICABLE)
        return SignedRequest(parameters=told, client_id=client_id, asker=asker, trail=trail.done())

    def _by_certificate(
        self, client_id: ClientId, trust: VerifierSource, trail: Trail, at: datetime
    ) -> tuple[Party, PublicKey]:
        stated = self._jws.header.get("x5c")
        trail.require(REQUEST_KEY_NAMED, stated is not None)
        chain = parse_x5c(stated)
        named = client_id.name if client_id.prefix is Prefix.X509_SAN_DNS else None
        if named is None:
            fits = b64url_encode(sha256(chain[0]).digest()) == client_id.name
        else:
            fits = named in stated_dns_names(chain)
        trail.require(REQUEST_CERTIFICATE, fits)
        verifier, leaf = trust.certified_verifier(chain, named=named, at=at)
        return verifier, leaf.key

    def _by_did(
        self, client_id: ClientId, trust: VerifierSource, trail: Trail, at: datetime
    ) -> tuple[Party, PublicKey]:
        header = self._jws.header
        stated = header.get("kid")
        did, _, fragment = stated.partition("#") if isinstance(stated, str) else ("", "", "")
        of_did = bool(fragment) and did in ("", client_id.name)  # relative, or whole
        trail.require(REQUEST_KEY_NAMED, of_did and "x5c" not in header)
        trail.skip(REQUEST_CERTIFICATE, Outcome.NOT_APPLICABLE)
        return trust.did_verifier(client_id.name, f"{client_id.name}#{fragment}", at=at)


def parse_request_object(token: bytes) -> UnverifiedRequestObject:
    """Read a request object as a wallet receives it.

    Raises:
        Malformed: it is no compact JWS over a JSON object, or its times are no times, or it holds another request
            (`request`, `request_uri`), which RFC 9101 section 4 forbids; or it is too large.
    """
    jws = parse_jws(token, limit=MAX_REQUEST_OBJECT)
    parameters = json_object(jws.payload)
    if "request" in parameters or "request_uri" in parameters:
        raise Malformed("a request object holds no other request")
    for name in ("iat", "nbf", "exp"):
        value = parameters.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_MOMENT:
            raise Malformed(f"{name} of the request object is no time")
    return UnverifiedRequestObject(jws, parameters)


def sign_request_object(
    parameters: Mapping[str, Json],
    signer: Signer,
    *,
    chain: Sequence[bytes] = (),
    method: str | None = None,
    wallet_nonce: str | None,
    at: datetime,
) -> bytes:
    """Sign the parameters of a request.

    Args:
        chain: the signer's certificates in DER, leaf first, without the anchor.
        method: the signer's verification method, a DID URL; instead of `chain`.
        wallet_nonce: what the wallet sent along when it asked for the request.

    Raises:
        Misuse: both or none of `chain` and `method` are given, or `at` is naive.
    """
    if bool(chain) == (method is not None):
        raise Misuse("a request object names its key by certificates or by a method of a DID, one of the two")
    at = utc(at)
    named: dict[str, Json] = {"kid": method} if method is not None else {"x5c": [b64_encode(one) for one in chain]}
    moment = int(at.timestamp())
    timed: dict[str, Json] = {"aud": AUDIENCE, "iat": moment, "exp": moment + int(LIFETIME.total_seconds())}
    if wallet_nonce is not None:
        timed["wallet_nonce"] = wallet_nonce
    return sign_jws({"typ": TYP, **named}, json_dumps({**parameters, **timed}), signer)


def _is_in_time(told: Mapping[str, Json], now: float) -> bool:
    ahead = now + MAX_AHEAD.total_seconds()
    begins = max(_seconds(told, "iat", 0), _seconds(told, "nbf", 0))
    return begins <= ahead and now < _seconds(told, "exp", _LAST_MOMENT)


def _seconds(told: Mapping[str, Json], name: str, otherwise: float) -> float:
    value = told.get(name, otherwise)
    return value if isinstance(value, int | float) else otherwise


def _host(uri: Json) -> str | None:
    try:
        return urlsplit(uri).hostname if isinstance(uri, str) else None
    except ValueError:
        return None
