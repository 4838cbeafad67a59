"""Verifiers of foreign libraries, that ask our wallet: @openid4vc/openid4vp, and one library for each format behind it.

ask -> link, request object -> (our wallet) -> what it posts -> read -> the claims, as the libraries found them
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eigendata.crypto.jwe import Recipient, write_recipient
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_decode
from eigendata.errors import Rejected
from eigendata.openid import vp
from eigendata.query import Request
from eigendata.registers.catalogue import HUISHOUDEN, INWONER
from eigendata.wallet import Wallet
from tests.interop.material import jwk
from tests.interop.mdocs import Oracles
from tests.interop.town import ANSWERS, BOTH, CLIENTS, KEY, REQUESTS, ROOT, SEALS, TRUST, X5C, clock
from tests.interop.wallets import SCRIPT
from tests.world import FORMAT, MDOC

ENCRYPTIONS: Final = ("A128GCM", "A256GCM")
AUDIENCE: Final = "https://self-issued.me/v2"
NONCE: Final = "vGy0eJd3fE8mYcQm1l5u3QJ0yq5iXn1h"
STATE: Final = "hB2cRBn3tPkC9gGJ0C5t1w"


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A request of theirs.

    Attributes:
        one_time: the key that the answer is sealed to.
    """

    link: str
    object: str | None
    parameters: Mapping[str, Any]
    one_time: SoftwareKey | None

    def received(self, *, posted: str | None = None) -> Request:
        """Read it as our wallet does."""
        invitation = vp.parse_invitation(self.link.encode("ascii"))
        by_reference = invitation.reference is not None
        fetched = self.object.encode("ascii") if by_reference and self.object is not None else None
        return invitation.receive(fetched, trust=TRUST, wallet_nonce=posted, at=clock())

    def refusal(self, *, posted: str | None = None) -> str:
        try:
            self.received(posted=posted)
        except Rejected as rejected:
            return rejected.check.name
        return ""


def answer(wallet: Wallet, request: Request) -> str:
    """Answer as our wallet does whose holder agrees, and give the body that is posted."""
    at = clock()
    return vp.answer_form(wallet.disclose(wallet.consider(request, at=at).accept(), at=at), request).decode("ascii")


def demand(
    oracle: Oracles,
    prefix: str,
    *,
    sealed: bool = True,
    encryptions: Sequence[str] | None = ENCRYPTIONS,
    query: Any = None,
    by_value: bool = False,
    wallet_nonce: str | None = None,
    aud: str | None = AUDIENCE,
    key: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Demand:
    """Let the library make a request.

    Args:
        encryptions: those that are offered; None: it says nothing of them.
        aud: None: what the library writes by itself.
        key: members of the published key that are others; None takes one out.
    """
    parameters, one_time = _parameters(CLIENTS[prefix], sealed=sealed, encryptions=encryptions, query=query, key=key)
    parameters |= {**({} if wallet_nonce is None else {"wallet_nonce": wallet_nonce}), **changes}
    signing = _SIGNING if prefix.startswith("x509_") else {}
    where = {} if by_value else {"request_uri": REQUESTS}
    said = oracle(SCRIPT).ask("ask", parameters=parameters, aud=aud, wallet_nonce=wallet_nonce, **signing, **where)
    return Demand(link=said["link"], object=said.get("object"), parameters=parameters, one_time=one_time)


def published(oracle: Oracles, *, post: bool) -> tuple[Demand, bytes]:
    """Let the library's process publish a request over HTTP, and give the link to it.

    Args:
        post: whether a wallet may post its nonce; the library has no place to say so.
    """
    address = oracle(SCRIPT).ask("listen")
    parameters, one_time = _parameters(CLIENTS["x509_hash"], sealed=True, encryptions=ENCRYPTIONS, query=None, key=None)
    parameters["response_uri"] = f"{address}/answers"
    assert one_time is not None
    link = oracle(SCRIPT).ask(
        "publish",
        parameters=parameters,
        aud=AUDIENCE,
        request_uri=f"{address}/requests/8a1f",
        opens=jwk(one_time, private=True),
        **_SIGNING,
    )
    method = "&request_uri_method=post" if post else ""
    return Demand(link="", object=None, parameters=parameters, one_time=one_time), f"{link}{method}".encode("ascii")


_SIGNING: Final[Mapping[str, Any]] = {"x5c": X5C, "key": jwk(KEY, private=True)}


def _parameters(
    client_id: str, *, sealed: bool, encryptions: Sequence[str] | None, query: Any, key: Mapping[str, Any] | None
) -> tuple[dict[str, Any], SoftwareKey | None]:
    one_time = SoftwareKey.generate(Algorithm.ES256) if sealed else None
    metadata: dict[str, Any] = {"vp_formats_supported": {"dc+sd-jwt": {}, "mso_mdoc": {}}}
    if one_time is not None:
        published = {**write_recipient(Recipient(one_time.public_key, "of-this-request")), **(key or {})}
        metadata["jwks"] = {"keys": [{name: one for name, one in published.items() if one is not None}]}
        if encryptions is not None:
            metadata["encrypted_response_enc_values_supported"] = list(encryptions)
    parameters: dict[str, Any] = {
        "response_type": "vp_token",
        "response_mode": "direct_post" if one_time is None else "direct_post.jwt",
        "client_id": client_id,
        "response_uri": ANSWERS,
        "nonce": NONCE,
        "state": STATE,
        "dcql_query": BOTH.to_json() if query is None else query,
        "client_metadata": metadata,
    }
    return parameters, one_time


def read(oracle: Oracles, one: Demand, body: str) -> Any:
    """Give what the library takes out of an answer.

    Raises:
        Refused: it takes nothing.
    """
    key = None if one.one_time is None else jwk(one.one_time, private=True)
    return oracle(SCRIPT).ask("read", body=body, parameters=dict(one.parameters), key=key)


def verified(oracle: Oracles, one: Demand, presentations: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Verify presentations, each with the library of its format, and give the claims of each.

    Raises:
        Refused: one is not accepted.
    """
    formats = {query["id"]: query["format"] for query in one.parameters["dcql_query"]["credentials"]}
    return {
        name: (_sd_jwt if formats[name] == FORMAT else _mdoc)(oracle, one, several[0])
        for name, several in presentations.items()
    }


def _sd_jwt(oracle: Oracles, one: Demand, token: str) -> Any:
    asked = {"token": token, "key": jwk_of_issuer(), "nonce": one.parameters["nonce"]}
    return oracle("sd_jwt.mjs").ask("verify", **asked, now=int(clock().timestamp()))


def _mdoc(oracle: Oracles, one: Demand, token: str) -> Any:
    thumbprint = None if one.one_time is None else one.one_time.public_key.thumbprint().hex()
    session = {
        "clientId": one.parameters["client_id"],
        "nonce": one.parameters["nonce"],
        "responseUri": one.parameters["response_uri"],
        **({} if thumbprint is None else {"jwkThumbprint": thumbprint}),
    }
    asked = {"token": b64url_decode(token.encode("ascii")).hex(), "anchor": ROOT.hex(), "at": clock().isoformat()}
    return oracle("owf.mjs").ask("verify", **asked, session=session)


def jwk_of_issuer() -> dict[str, Any]:
    return dict(SEALS[FORMAT].signer.public_key.jwk())


def satisfied(oracle: Oracles, one: Demand, claims: Mapping[str, Any]) -> bool:
    """Ask dcql whether what is shown is what was asked."""
    queries = {query["id"]: query for query in one.parameters["dcql_query"]["credentials"]}
    shown = {name: [_told(queries[name], said)] for name, said in claims.items()}
    return bool(oracle(SCRIPT).ask("satisfied", query=one.parameters["dcql_query"], shown=shown))


def _told(query: Mapping[str, Any], claims: Any) -> dict[str, Any]:
    bound = {"credential_format": query["format"], "cryptographic_holder_binding": True}
    if query["format"] == MDOC:
        return {**bound, "doctype": query["meta"]["doctype_value"], "namespaces": claims}
    return {**bound, "vct": claims["vct"], "claims": claims}


RESIDENT: Final = {
    "credentials": [
        {"id": "in-jwt", "format": FORMAT, "meta": {"vct_values": [INWONER.id]}, "claims": [{"path": ["resident"]}]},
        {
            "id": "in-cbor",
            "format": MDOC,
            "meta": {"doctype_value": INWONER.id},
            "claims": [{"path": [INWONER.id, "resident"], "intent_to_retain": False}],
        },
        {"id": "size", "format": FORMAT, "meta": {"vct_values": [HUISHOUDEN.id]}, "claims": [{"path": ["adults"]}]},
    ],
    "credential_sets": [{"options": [["in-cbor"], ["in-jwt"]]}, {"options": [["size"]], "required": False}],
}
"""A query with a choice, and with something that need not be answered."""
