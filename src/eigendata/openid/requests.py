"""The request of OpenID4VP 1.0: written by a verifier, and read by a wallet, by value or by reference, signed or not.

    verifier   Request -> request_parameters -> write_request | request_link          unsigned, by value
                                             -> sign_request  | reference_link        signed, by value or by reference
    wallet     bytes -> parse_invitation -> Invitation -> (reference.order -> fetched bytes) -> receive -> Request
               bytes -> parse_request    -> Request                                    unsigned, by value, and only so

No I/O: an invitation says what is to be fetched and how, and takes what came. An unsigned request proves nothing about
who asks, except where its answer goes: its client identifier is the prefix `redirect_uri:` and that URI. Of a signed
one only what stands inside counts. What is not read is refused, not skipped: scopes, transaction data, and the
parameters of drafts before 1.0. Unknown parameters are ignored, as the specification demands.

Source: OpenID4VP 1.0 sections 5, 8 and 14. Sizes and counts are bounded before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log2
from typing import Final
from urllib.parse import quote, urlencode

from eigendata.channel import openid4vp_redirect
from eigendata.crypto.jwe import ContentEncryption, Recipient, parse_recipient
from eigendata.crypto.keys import Signer
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Check, Malformed, Misuse, Reason, Rejected, Step, Trail, within
from eigendata.model import Party, utc
from eigendata.openid.client_id import CLIENT_PREFIX, ClientId, Prefix, parse_client_id
from eigendata.openid.forms import CUSTOM_SCHEME, MAX_URI, host_of, is_link, read_link, write_link
from eigendata.openid.request_object import (
    TYP,
    UnverifiedRequestObject,
    VerifierSource,
    parse_request_object,
    sign_request_object,
)
from eigendata.openid.statement import Statement, read_statement, write_statement
from eigendata.query import Asker, Encryption, Request, parse_query

MAX_REQUEST: Final = 262_144
"""Bytes of a request. Our largest is some 20 kB."""

MAX_SECRET: Final = 512
"""Characters of a nonce or state."""

MAX_KEYS: Final = 16
"""Keys that a request offers to encrypt the answer to."""

MIN_ENTROPY: Final = 128
"""Bits that a nonce must be able to hold (section 5.2), and so must a state where no nonce comes back (section 5.3)."""

UNSIGNED_BY_VALUE = Check(
    name="UNSIGNED_BY_VALUE",
    clause="OpenID4VP 1.0 5.9.3",
    reason=Reason.REQUEST_INVALID,
    rule="a request by the prefix redirect_uri is unsigned and comes by value, and no other does",
)
OWN_RESPONSE_URI = Check(
    name="OWN_RESPONSE_URI",
    clause="OpenID4VP 1.0 8.2",
    reason=Reason.REQUEST_INVALID,
    rule="the answer to an unsigned request goes to the URI that is the client identifier",
)

REQUEST_CHECKS: Final = (CLIENT_PREFIX, UNSIGNED_BY_VALUE, OWN_RESPONSE_URI)
"""What reading an unsigned request takes, in this order, beside the structure."""

_OBJECTS: Final = ("dcql_query", "client_metadata", "verifier_info", "transaction_data")


# -- writing ----------------------------------------------------------------------------------------------------------


def request_parameters(request: Request) -> dict[str, Json]:
    """Give the parameters of the authorization request, objects as objects.

    Raises:
        Misuse: no wallet could accept it, or it points to one claim twice.
    """
    for one in request.query.credentials:
        if len({claim.path for claim in one.claims}) != len(one.claims):
            raise Misuse(f"the credential query {one.id!r} points to one claim twice (section 6.1)")
    metadata: dict[str, Json] = {
        "vp_formats_supported": {one.format: _ALGORITHMS.get(one.format, {}) for one in request.query.credentials}
    }
    if request.encryption is not None:
        metadata["jwks"] = {"keys": [dict(request.encryption.jwk)]}
        metadata["encrypted_response_enc_values_supported"] = list(request.encryption.encryptions)
    state: dict[str, Json] = {} if request.state is None else {"state": request.state}
    parameters: dict[str, Json] = {
        "response_type": "vp_token",
        "response_mode": "direct_post" if request.encryption is None else "direct_post.jwt",
        "client_id": request.binding.audience,
        "response_uri": request.response_uri,
        "nonce": request.binding.nonce,
        **state,
        "dcql_query": request.query.to_json(),
        "client_metadata": metadata,
        "verifier_info": [write_statement(request)],
    }
    try:
        client_id = parse_client_id(request.binding.audience)
        _request(parameters, client_id, None, Trail(), allow_loopback_http=True)
    except (Malformed, Rejected) as error:
        raise Misuse(f"no wallet could accept this request: {error}") from error
    return parameters


def write_request(request: Request) -> bytes:
    """Write an unsigned request as a file: a JSON object of the parameters.

    Raises:
        Misuse: see `request_parameters`.
    """
    return json_dumps(request_parameters(request))


def request_link(request: Request, *, endpoint: str = CUSTOM_SCHEME) -> str:
    """Write an unsigned request as a link that opens a wallet on the same device.

    Args:
        endpoint: where the wallet is invoked (section 9).

    Raises:
        Misuse: see `request_parameters`; or no wallet is invoked there.
    """
    parameters = {
        name: value if isinstance(value, str) else json_dumps(value).decode()
        for name, value in request_parameters(request).items()
    }
    return write_link(endpoint, urlencode(parameters, quote_via=quote))


def sign_request(
    request: Request,
    signer: Signer,
    *,
    chain: Sequence[bytes] = (),
    method: str | None = None,
    wallet_nonce: str | None,
    at: datetime,
) -> bytes:
    """Sign a request; the other arguments are those of `request_object.sign_request_object`.

    Raises:
        Misuse: see `request_parameters`; or requests of this client identifier cannot be signed, or its key is named
            in another way than the identifier says.
    """
    parameters = request_parameters(request)
    prefix = parse_client_id(request.binding.audience).prefix
    if not prefix.signs or (prefix is Prefix.DECENTRALIZED_IDENTIFIER) != (method is not None):
        raise Misuse(f"a request by the prefix {prefix} is not signed in this way")
    return sign_request_object(parameters, signer, chain=chain, method=method, wallet_nonce=wallet_nonce, at=at)


def reference_link(client_id: str, request_uri: str, *, post: bool, endpoint: str = CUSTOM_SCHEME) -> str:
    """Write a link to a signed request, which a wallet fetches.

    Args:
        post: whether the wallet may send a nonce of its own when it does (section 5.10).
        endpoint: where the wallet is invoked (section 9).

    Raises:
        Misuse: no wallet is invoked there.
    """
    method = {"request_uri_method": "post"} if post else {}
    parameters = {"client_id": client_id, "request_uri": request_uri, **method}
    return write_link(endpoint, urlencode(parameters, quote_via=quote))


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One HTTP exchange that fetches a request: no redirect is followed (section 14.7).

    Attributes:
        body: posted as a form; None: the address is got.
        accept: the media type that the answer has.
    """

    url: str
    body: bytes | None
    accept: str = f"application/{TYP}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a signed request lies.

    Attributes:
        post: whether it is asked for by POST, with the wallet's own nonce.
    """

    uri: str
    post: bool

    def order(self, wallet_nonce: str) -> Order:
        """Say what is to be fetched, with a nonce that was made for this one exchange."""
        body = urlencode({"wallet_nonce": wallet_nonce}).encode("ascii") if self.post else None
        return Order(url=self.uri, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a wallet was opened with: a request, or where one lies. Nothing of it is shown to anyone yet.

    Attributes:
        client_id: who is said to ask.
        reference: where the request is fetched first; None: it is here.
    """

    client_id: ClientId
    reference: Reference | None
    _here: Mapping[str, Json] | UnverifiedRequestObject | None
    _steps: tuple[Step, ...]
    _allow_loopback_http: bool

    def __repr__(self) -> str:
        return f"<an invitation by {self.client_id.prefix}>"

    def receive(
        self, fetched: bytes | None, *, trust: VerifierSource, wallet_nonce: str | None, at: datetime
    ) -> Request:
        """Give the request, with who proved to ask.

        Args:
            fetched: what lay at the reference; None where there was none.
            wallet_nonce: the one of the `order`, where it was posted.

        Raises:
            Malformed: it is not a request that OpenID4VP 1.0 allows, or holds what is not read here.
            Rejected: it is not by who is said to ask, or not for this exchange (`request_invalid`), or the trust file
                does not know who asks.
            Unavailable: the verifier's key could not be had.
            Misuse: something was fetched without a reference, or nothing where there is one; the nonce that was posted
                is not given; or `at` is naive.
        """
        at = utc(at)
        if (fetched is None) != (self.reference is None):
            raise Misuse("what was fetched belongs to an invitation with a reference, and to no other")
        posted = self.reference is not None and self.reference.post
        if posted and wallet_nonce is None:
            raise Misuse("what was asked for by POST is for the nonce that was sent along: pass it")
        here = self._here if fetched is None else parse_request_object(fetched)
        trail, asker = Trail(self._steps), None
        if isinstance(here, UnverifiedRequestObject):
            read = here.verify(self.client_id, trust=trust, wallet_nonce=wallet_nonce if posted else None, at=at)
            here, asker = read.parameters, read.asker
        return _request(here or {}, self.client_id, asker, trail, allow_loopback_http=self._allow_loopback_http)


def parse_invitation(data: bytes, *, allow_loopback_http: bool = False) -> Invitation:
    """Read what a wallet is opened with: a link (`openid4vp:`, `haip-vp:` or https), or a file.

    Args:
        allow_loopback_http: whether this machine may be asked and answered without TLS.

    Raises:
        Malformed: it is neither.
        Rejected: its client identifier has no prefix that is known here, or it is not signed where the prefix demands
            it, or the other way round (`request_invalid`).
    """
    if len(data) > MAX_REQUEST:
        raise Malformed(f"the request is {len(data)} bytes; at most {MAX_REQUEST} are read")
    parameters = read_link(data, _OBJECTS) if is_link(data) else json_object(data)
    _refuse_drafts(parameters)
    trail = Trail()
    client_id = parse_client_id(_text(parameters, "client_id", MAX_URI), trail)
    by_reference, signed = "request_uri" in parameters, "request" in parameters
    if by_reference and signed:
        raise Malformed("a request comes by value or by reference, not both (RFC 9101 section 5)")
    trail.require(UNSIGNED_BY_VALUE, client_id.prefix.signs == (by_reference or signed))
    here: Mapping[str, Json] | UnverifiedRequestObject | None = parameters
    if signed:
        here = parse_request_object(_text(parameters, "request", MAX_REQUEST).encode("utf-8"))
    return Invitation(
        client_id=client_id,
        reference=_reference(parameters, allow_loopback_http=allow_loopback_http),
        _here=None if by_reference else here,
        _steps=trail.done(),
        _allow_loopback_http=allow_loopback_http,
    )


def parse_request(data: bytes, *, at: datetime, allow_loopback_http: bool = False) -> Request:
    """Read an unsigned request by value: the file of `write_request`, or the link of `request_link`.

    Args:
        at: now. An unsigned request states no time of its own; a naive moment is refused like everywhere.
        allow_loopback_http: whether the answer may go to this machine without TLS.

    Returns:
        A request whose asker is not proven: the name is what it calls itself, or else the host of its URI.

    Raises:
        Malformed: it is not a request that OpenID4VP 1.0 allows, or holds what is not read here.
        Rejected: it is one, and its asker would have to prove themselves, or is another than who gets the answer
            (`request_invalid`).
    """
    utc(at)
    invitation = parse_invitation(data, allow_loopback_http=allow_loopback_http)
    here = invitation._here
    if not isinstance(here, Mapping):
        raise Rejected(UNSIGNED_BY_VALUE, invitation._steps[:-1])
    return _request(here, invitation.client_id, None, Trail(invitation._steps), allow_loopback_http=allow_loopback_http)


def _reference(parameters: Mapping[str, Json], *, allow_loopback_http: bool) -> Reference | None:
    if "request_uri" not in parameters:
        if "request_uri_method" in parameters:
            raise Malformed("`request_uri_method` has no place without `request_uri` (section 5.1)")
        return None
    uri = _text(parameters, "request_uri", MAX_URI)
    host_of("request_uri", uri, allow_loopback_http=allow_loopback_http)
    method = parameters.get("request_uri_method", "get")
    if method not in ("get", "post"):
        raise Malformed("invalid_request_uri_method: it is `get` or `post`, in small letters (section 5.1)")
    return Reference(uri=uri, post=method == "post")


def _request(
    parameters: Mapping[str, Json],
    client_id: ClientId,
    asker: Party | None,
    trail: Trail,
    *,
    allow_loopback_http: bool,
) -> Request:
    """Read the parameters of a request; `asker` is who proved to ask, or None."""
    _refuse_what_is_not_read(parameters)
    unsigned = not client_id.prefix.signs
    implied = unsigned and "response_uri" not in parameters
    response_uri = client_id.name if implied else _text(parameters, "response_uri", MAX_URI)
    trail.require(OWN_RESPONSE_URI, not unsigned or response_uri == client_id.name)
    host = host_of("response_uri", response_uri, allow_loopback_http=allow_loopback_http)
    nonce = _secret(parameters, "nonce", least=MIN_ENTROPY)
    with within("dcql_query"):
        query = parse_query(parameters["dcql_query"])
    proofless = any(not one.require_cryptographic_holder_binding for one in query.credentials)
    if proofless and "state" not in parameters:
        raise Malformed("without a proof of the holder the answer needs a `state` (section 5.3)")
    state = _secret(parameters, "state", least=MIN_ENTROPY if proofless else 0) if "state" in parameters else None
    with within("verifier_info"):
        said = read_statement(parameters["verifier_info"], query) if "verifier_info" in parameters else Statement()
    with within("client_metadata"):
        recipient, encryption = _encryption(parameters)
    party = asker or Party(id=str(client_id), name=said.name or host)
    return Request(
        asker=Asker(party=party, proven=asker is not None),
        response_uri=response_uri,
        encryption=encryption,
        state=state,
        query=query,
        binding=openid4vp_redirect(
            client_id=str(client_id),
            nonce=nonce,
            response_uri=response_uri,
            encryption_key=None if recipient is None else recipient.key.thumbprint(),
        ),
        purpose=said.purpose,
        legal_basis=said.legal_basis,
        keep=said.keep,
        policy=said.policy,
    )


_ALGORITHMS: Final[Mapping[str, Json]] = {
    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256", "ES384"], "kb-jwt_alg_values": ["ES256", "ES384"]},
    "ldp_vc": {
        "proof_type_values": ["DataIntegrityProof"],
        "cryptosuite_values": ["eddsa-jcs-2022", "eddsa-rdfc-2022"],
    },
    "mso_mdoc": {"issuerauth_alg_values": [-7, -9, -35, -51], "deviceauth_alg_values": [-7, -9, -35, -51]},
}

_BEFORE_1_0: Final = ("presentation_definition", "presentation_definition_uri", "client_id_scheme")
_SECRET: Final = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)


def _refuse_drafts(parameters: Mapping[str, Json]) -> None:
    for name in _BEFORE_1_0:
        if name in parameters:
            raise Malformed(f"`{name}` is of drafts before OpenID4VP 1.0")


def _refuse_what_is_not_read(parameters: Mapping[str, Json]) -> None:
    _refuse_drafts(parameters)
    if parameters.get("response_type") != "vp_token":
        raise Malformed("`response_type` is not `vp_token`")
    if parameters.get("response_mode") not in ("direct_post", "direct_post.jwt"):
        raise Malformed("`response_mode` is neither `direct_post` nor `direct_post.jwt`")
    if "redirect_uri" in parameters:
        raise Malformed("`redirect_uri` has no place beside `direct_post` (section 8.2)")
    if "transaction_data" in parameters:
        raise Malformed("invalid_transaction_data: no type of it is known here (section 5.1)")
    if ("dcql_query" in parameters) == ("scope" in parameters):
        raise Malformed("a request asks by `dcql_query` or by `scope`, and not by both (section 5.1)")
    if "scope" in parameters:
        raise Malformed("no scope stands for a query here (section 5.5)")
    metadata = parameters.get("client_metadata", {})
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("vp_formats_supported", {}), Mapping):
        raise Malformed("`client_metadata` is an object, and so is `vp_formats_supported` in it")


def _encryption(parameters: Mapping[str, Json]) -> tuple[Recipient | None, Encryption | None]:
    """Choose the first key of the verifier that an answer can be encrypted to; others are passed over (8.3)."""
    if parameters["response_mode"] != "direct_post.jwt":
        return None, None
    metadata = parameters.get("client_metadata", {})
    jwks = metadata.get("jwks") if isinstance(metadata, Mapping) else None
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(metadata, Mapping) or not isinstance(keys, list | tuple) or not 0 < len(keys) <= MAX_KEYS:
        raise Malformed(f"an encrypted answer needs `jwks`, a set of 1 to {MAX_KEYS} keys (section 5.1)")
    offered = metadata.get("encrypted_response_enc_values_supported", [ContentEncryption.A128GCM.value])
    if not isinstance(offered, list | tuple) or not offered or not all(isinstance(one, str) for one in offered):
        raise Malformed("`encrypted_response_enc_values_supported` is an array of texts, not an empty one")
    known = tuple(str(one) for one in offered if one in set(ContentEncryption))
    for jwk in keys:
        try:
            recipient = parse_recipient(jwk)
        except Malformed:
            continue  # another purpose, another kind: it is for other wallets
        if known and isinstance(jwk, Mapping):
            return recipient, Encryption(jwk=jwk, encryptions=known)
    raise Malformed("none of the keys and encryptions that are offered for the answer can be used here")


def _text(parameters: Mapping[str, Json], name: str, most: int) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise Malformed(f"`{name}` is a text of 1 to {most} characters")
    return value


def _secret(parameters: Mapping[str, Json], name: str, *, least: int) -> str:
    value = _text(parameters, name, MAX_SECRET)
    if _SECRET.fullmatch(value) is None:
        raise Malformed(f"`{name}` holds a character that is not URL-safe (section 5.2)")
    if _capacity(value) < least:
        raise Malformed(f"`{name}` cannot hold {least} bits: too short for the characters it is made of (section 5.2)")
    return value


def _capacity(text: str) -> float:
    """Give the bits that a text of this length can hold, by the narrowest usual alphabet that has all its characters.

    How random it is cannot be seen from one text; that it is too short can. Judged by usual alphabets, and not by the
    kinds of characters that are there: 22 random characters of base64url often lack a kind.
    """
    size = next(size for alphabet, size in _ALPHABETS if alphabet.fullmatch(text))
    return len(text) * log2(size)


# decimal, hexadecimal, base 32 and 36, all that is URL-safe; an UUID's hyphens make it no richer
_ALPHABETS: Final = (
    (re.compile(r"[0-9._~-]+"), 10),
    (re.compile(r"[0-9a-f._~-]+|[0-9A-F._~-]+"), 16),
    (re.compile(r"[0-9a-z._~-]+|[0-9A-Z._~-]+"), 36),
    (re.compile(r".+"), 66),
)
