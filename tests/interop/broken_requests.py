"""Requests of OpenID4VP of which one thing is wrong, and some that are unusual and right.

Each is signed by the corporation of `town`, or unsigned and by nobody; the last OIDF module that is like it stands
beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import SoftwareKey
from eigendata.encoding import Json, b64url_encode, json_dumps
from eigendata.errors import Malformed, Rejected
from eigendata.openid import vp
from eigendata.openid.request_object import AUDIENCE, TYP
from eigendata.query import Request
from tests.interop.material import OTHER_KEY
from tests.interop.town import ANSWERS, CLIENTS, KEY, METHOD, REQUESTS, TRUST, X5C, Desk, clock

NONCE_OF_WALLET: Final = "qPmxiNFCR3QTm19POc8u"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A request as a wallet comes to it.

    Attributes:
        object: what lies where the link points to.
        posted: the wallet's nonce, where it is sent.
    """

    link: str
    object: str | None = None
    posted: str | None = None

    def read(self) -> Request:
        """Read it with eigendata."""
        fetched = None if self.object is None else self.object.encode("ascii")
        invitation = vp.parse_invitation(self.link.encode("ascii"))
        return invitation.receive(fetched, trust=TRUST, wallet_nonce=self.posted, at=clock())

    def refusal(self) -> str:
        """Give the name of the check by which eigendata refuses it, or of the error; empty: it is accepted."""
        try:
            self.read()
        except Rejected as rejected:
            return rejected.check.name
        except Malformed:
            return "Malformed"
        return ""


def _link(parameters: Mapping[str, str]) -> str:
    return "openid4vp://?" + urlencode(parameters, quote_via=quote)


def _parameters(prefix: str) -> dict[str, Json]:
    return vp.request_parameters(Desk(prefix=prefix).ask().request)


def _changed(parameters: Mapping[str, Json], changes: Mapping[str, Any]) -> dict[str, Json]:
    """Give parameters with other members; None takes one out."""
    return {name: value for name, value in {**parameters, **changes}.items() if value is not None}


def signed(
    prefix: str = "x509_hash",
    *,
    outside: Mapping[str, str | None] | None = None,
    header: Mapping[str, Any] | None = None,
    key: SoftwareKey = KEY,
    posted: str | None = None,
    by_value: bool = False,
    **changes: Any,
) -> Asking:
    """Ask by reference, or by value.

    Args:
        outside: parameters of the link.
        changes: claims of the request object.
    """
    now = int(clock().timestamp())
    timed: dict[str, Json] = {
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 300,
        **({"wallet_nonce": posted} if posted else {}),
    }
    claims = _changed({**_parameters(prefix), **timed}, changes)
    named: dict[str, Any] = {"kid": METHOD} if prefix == "decentralized_identifier" else {"x5c": X5C}
    token = sign_jws(_changed({"typ": TYP, **named}, header or {}), json_dumps(claims), key).decode()
    where = {"request": token} if by_value else {"request_uri": REQUESTS}
    method = {"request_uri_method": "post"} if posted else {}
    link = _changed({"client_id": CLIENTS[prefix], **where, **method}, outside or {})
    said = {name: value for name, value in link.items() if isinstance(value, str)}
    return Asking(link=_link(said), object=None if by_value else token, posted=posted)


def unsigned(**changes: Any) -> Asking:
    """Ask as nobody in particular, by value."""
    parameters = _changed(_parameters("redirect_uri"), changes)
    said = {name: one if isinstance(one, str) else json_dumps(one).decode() for name, one in parameters.items()}
    return Asking(link=_link(said))


def _bit_flipped() -> Asking:
    one = signed()
    assert one.object is not None
    head, dot, signature = one.object.rpartition(".")
    other = ("B" if signature[40] == "A" else "A").join((signature[:40], signature[41:]))
    return Asking(link=one.link, object=head + dot + other)


def _keys(first: Mapping[str, str]) -> Asking:
    """Put a key before the one that an answer can be sealed to."""
    metadata = _parameters("x509_hash")["client_metadata"]
    assert isinstance(metadata, dict)
    (own,) = metadata["jwks"]["keys"]
    return signed(client_metadata={**metadata, "jwks": {"keys": [first, own]}})


def _query(changes: Mapping[str, Any]) -> Asking:
    """Ask a query with one credential query, of which some members are others."""
    query = _parameters("x509_hash")["dcql_query"]
    assert isinstance(query, dict)
    return signed(dcql_query={"credentials": [_changed(query["credentials"][0], changes)]})


_TYPE: Final = {"type": "org.example.payment", "credential_ids": ["person"]}
_SHORT: Final = "only-80-bits"
_IN_AN_HOUR: Final = 3600

_OF_X448: Final = {"kty": "OKP", "crv": "X448", "x": "A" * 75, "use": "enc", "alg": "ECDH-ES", "kid": "of-another-kind"}
_TO_SIGN: Final = {**OTHER_KEY.public_key.jwk(), "use": "sig", "alg": "ES256", "kid": "to-sign"}
_OF_RSA: Final = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc", "alg": "RSA-OAEP-256", "kid": "of-rsa"}

BROKEN: Final[Mapping[str, tuple[Callable[[], Asking], str]]] = {
    # who asks
    "a bit of the signature flipped": (_bit_flipped, "REQUEST_SIGNATURE"),  # invalid-request-object-signature
    "signed by another key": (lambda: signed(key=OTHER_KEY), "REQUEST_SIGNATURE"),
    "signed by another key of a DID": (lambda: signed("decentralized_identifier", key=OTHER_KEY), "REQUEST_SIGNATURE"),
    "another client_id outside": (  # mismatched-client-id
        lambda: signed(outside={"client_id": "x509_hash:" + "A" * 43}),
        "REQUEST_CERTIFICATE",
    ),
    "another client_id inside": (lambda: signed(client_id=CLIENTS["x509_san_dns"]), "REQUEST_CLIENT"),
    "a client_id without its prefix": (  # invalid-client-id-prefix
        lambda: signed(outside={"client_id": CLIENTS["x509_hash"][10:]}, client_id=CLIENTS["x509_hash"][10:]),
        "CLIENT_PREFIX",
    ),
    "a client_id with an unknown prefix": (
        lambda: signed(outside={"client_id": "x509_hush:abc"}, client_id="x509_hush:abc"),
        "CLIENT_PREFIX",
    ),
    "a name that is not in the certificate": (
        lambda: signed(
            "x509_san_dns",
            outside={"client_id": "x509_san_dns:webshop.example"},
            client_id="x509_san_dns:webshop.example",
        ),
        "REQUEST_CERTIFICATE",
    ),
    "answers to another host than the name": (
        lambda: signed("x509_san_dns", response_uri="https://webshop.example/answers"),
        "REQUEST_RESPONSE_HOST",
    ),
    "another response_uri than the client_id": (  # response-uri-not-client-id
        lambda: unsigned(response_uri="https://webshop.example/answers"),
        "OWN_RESPONSE_URI",
    ),
    "unsigned by a verifier that signs": (lambda: unsigned(client_id=CLIENTS["x509_hash"]), "UNSIGNED_BY_VALUE"),
    "signed by one that does not": (
        lambda: signed(outside={"client_id": CLIENTS["redirect_uri"]}, client_id=CLIENTS["redirect_uri"]),
        "UNSIGNED_BY_VALUE",
    ),
    "certificates where a method belongs": (
        lambda: signed("decentralized_identifier", header={"kid": None, "x5c": X5C}),
        "REQUEST_KEY_NAMED",
    ),
    # for whom and when
    "typ left out": (lambda: signed(header={"typ": None}), "REQUEST_TYP"),
    "typ of another JWT": (lambda: signed(header={"typ": "JWT"}), "REQUEST_TYP"),
    "aud of another": (lambda: signed(aud="https://webshop.example"), "REQUEST_AUDIENCE"),
    "aud left out": (lambda: signed(aud=None), "REQUEST_AUDIENCE"),
    "expired": (lambda: signed(exp=int(clock().timestamp()) - 60), "REQUEST_IN_TIME"),
    "signed in an hour": (lambda: signed(iat=int(clock().timestamp()) + _IN_AN_HOUR, exp=None), "REQUEST_IN_TIME"),
    "valid in an hour": (lambda: signed(nbf=int(clock().timestamp()) + _IN_AN_HOUR, exp=None), "REQUEST_IN_TIME"),
    "the wallet's nonce of another": (
        lambda: signed(posted=NONCE_OF_WALLET, wallet_nonce="another"),
        "REQUEST_WALLET_NONCE",
    ),
    "the wallet's nonce left out": (lambda: signed(posted=NONCE_OF_WALLET, wallet_nonce=None), "REQUEST_WALLET_NONCE"),
    # what is asked
    "nonce left out": (lambda: signed(nonce=None), "Malformed"),  # missing-nonce
    "nonce too short": (lambda: signed(nonce=_SHORT), "Malformed"),
    "nonce with other characters": (lambda: signed(nonce="n 0S6/WzA2Mj+n 0S6/WzA2Mj"), "Malformed"),
    "response_uri left out": (lambda: signed(response_uri=None), "Malformed"),
    "response_uri without TLS": (lambda: signed(response_uri=ANSWERS.replace("https", "http")), "Malformed"),
    "redirect_uri beside it": (lambda: signed(redirect_uri=ANSWERS), "Malformed"),  # redirect-uri-with-direct-post
    "redirect_uri beside answers to another host": (
        lambda: signed("x509_san_dns", redirect_uri=ANSWERS, response_uri="https://webshop.example/answers"),
        "REQUEST_RESPONSE_HOST",
    ),
    "response_mode left out": (lambda: signed(response_mode=None), "Malformed"),
    "response_type of another": (lambda: signed(response_type="code"), "Malformed"),
    "no query": (lambda: signed(dcql_query=None), "Malformed"),
    "a query and a scope": (lambda: signed(scope="org.example.person"), "Malformed"),
    "transaction data of an unknown type": (  # unknown-transaction-data-type
        lambda: signed(transaction_data=[_transaction()]),
        "Malformed",
    ),
    "no key to seal to": (lambda: signed(client_metadata={"vp_formats_supported": {}}), "Malformed"),
    "a query without credentials": (lambda: signed(dcql_query={"credentials": []}), "Malformed"),
    "a query with an id that is none": (lambda: _query({"id": "person+"}), "Malformed"),
    "a query without meta": (lambda: _query({"meta": None}), "Malformed"),
    "a claim set of no claim": (lambda: _query({"claim_sets": [["a"]]}), "Malformed"),
    # how it is said
    "request and request_uri": (lambda: signed(by_value=True, outside={"request_uri": REQUESTS}), "Malformed"),
    "request_uri without TLS": (
        lambda: signed(outside={"request_uri": REQUESTS.replace("https", "http")}),
        "Malformed",
    ),
    "request_uri_method in capitals": (lambda: signed(outside={"request_uri_method": "POST"}), "Malformed"),
    "a request in the request": (lambda: signed(request_uri=REQUESTS), "Malformed"),
    "a parameter twice": (lambda: _twice(unsigned()), "Malformed"),
}
"""Case -> how it is made, and the check by which eigendata refuses it."""


def _transaction() -> str:
    return b64url_encode(json_dumps(_TYPE))


def _twice(one: Asking) -> Asking:
    return Asking(link=f"{one.link}&nonce=n-0S6_WzA2Mj.n-0S6~WzA2Mj")


UNUSUAL: Final[Mapping[str, Callable[[], Asking]]] = {
    "by value": lambda: signed(by_value=True),
    "aud in an array": lambda: signed(aud=[AUDIENCE]),
    "no exp": lambda: signed(exp=None),
    "no state": lambda: signed(state=None),
    "what is not known": lambda: signed(something_else={"a": 1}),
    "other words beside the reference": lambda: signed(
        outside={"nonce": "x", "response_uri": "https://webshop.example"}
    ),
    "a method named by its fragment": lambda: signed(
        "decentralized_identifier", header={"kid": "#" + METHOD.partition("#")[2]}
    ),
    "a key of another kind first": lambda: _keys(_OF_X448),  # ignores-unusable-encryption-key
    "a key of another use first": lambda: _keys(_TO_SIGN),
    "a key of RSA first": lambda: _keys(_OF_RSA),
    "the DID as iss": lambda: signed("decentralized_identifier", iss=METHOD.partition("#")[0]),
    "no claims asked": lambda: _query({"claims": None}),  # no-claims-in-dcql-query
}
"""Case -> how a request is made that eigendata and the specification accept."""
