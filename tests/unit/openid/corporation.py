"""A corporation that asks a resident's wallet in every way of OpenID4VP, and reads what it answers: without HTTP.

    Asked -> link, object -> received (the wallet) -> Request -> sent -> form -> opened, believed (the corporation)

The wallet is `tests.unit.wallet.town`'s; its trust file knows the corporation by its certificate and by its DID.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode

from eigendata import did
from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.jwe import ContentEncryption, Recipient, decrypt, parse_jwe, write_recipient
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Trail
from eigendata.model import Authentic
from eigendata.openid import vp
from eigendata.openid.client_id import ClientId, Prefix, of_certificate, of_dns_name
from eigendata.openid.request_object import sign_request_object
from eigendata.query import Request
from eigendata.registers.catalogue import BSN
from eigendata.trust import Trust, VerifierEntry
from eigendata.wallet import Wallet
from tests.unit.wallet.town import NOW, TRUST, authentic

HOST: Final = "wonen.corporation.example"
URI: Final = f"https://{HOST}/answers"
REQUESTS: Final = f"https://{HOST}/requests/8a1f"
NONCE: Final = "n-0S6_WzA2Mj.n-0S6~WzA2Mj"
NAME: Final = "Woonstichting de Linde"
DID: Final = f"did:web:{HOST}"
METHOD: Final = f"{DID}#key-1"

ROOT_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
ROOT: Final = make_authority("Access certificates", ROOT_KEY, at=NOW)
KEY: Final = SoftwareKey.generate(Algorithm.ES256)
OTHERS_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
LEAF: Final = make_access_certificate(
    KEY.public_key, name=NAME, dns_names=[HOST], authority=ROOT, authority_key=ROOT_KEY, at=NOW
)
ONCE: Final = SoftwareKey.generate(Algorithm.ES256)
CLIENTS: Final[Mapping[str, ClientId]] = {
    "hash": of_certificate(LEAF),
    "name": of_dns_name(HOST),
    "did": ClientId(prefix=Prefix.DECENTRALIZED_IDENTIFIER, name=DID),
    "unsigned": ClientId(prefix=Prefix.REDIRECT_URI, name=URI),
}
ENTITLED: Final = VerifierEntry(name=NAME, anchors=(ROOT,), entitled=(BSN.id,))
KNOWN: Final = Trust(
    issuers=TRUST.issuers,
    verifiers={
        HOST: ENTITLED,
        DID: VerifierEntry(
            name=NAME,
            document=did.write_document(DID, METHOD, KEY.public_key, purpose=did.AUTHENTICATION).decode(),
        ),
    },
)
"""What the wallet's trust file says."""


def to_seal(**members: Json) -> dict[str, Json]:
    """The one-time key that answers are sealed to, as it is published; None takes a member out."""
    jwk: dict[str, Json] = {**write_recipient(Recipient(ONCE.public_key, "once")), **members}
    return {name: value for name, value in jwk.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request.

    Attributes:
        query: DCQL.
        changes: members of the request instead of its own, or beside them; None takes one out.
        header: the same for the header of a signed one.
        keys: what answers may be sealed to; empty: they are not.
    """

    query: Mapping[str, Json]
    client: str = "hash"
    keys: tuple[Json, ...] = field(default_factory=lambda: (to_seal(),))
    changes: Mapping[str, Json] = field(default_factory=dict)
    signer: SoftwareKey = KEY

    @property
    def client_id(self) -> str:
        return str(CLIENTS[self.client])

    def parameters(self) -> dict[str, Any]:
        sealed: dict[str, Json] = {
            "jwks": {"keys": list(self.keys)},
            "encrypted_response_enc_values_supported": ["A128GCM", "A256GCM"],
        }
        stated: dict[str, Json] = {
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt" if self.keys else "direct_post",
            "client_id": self.client_id,
            "response_uri": URI,
            "nonce": NONCE,
            "dcql_query": dict(self.query),
            "client_metadata": {"vp_formats_supported": {"dc+sd-jwt": {}}, **(sealed if self.keys else {})},
            **self.changes,
        }
        return {name: value for name, value in stated.items() if value is not None}

    def object(self, wallet_nonce: str | None = None) -> bytes:
        how: dict[str, Any] = {"method": METHOD} if self.client == "did" else {"chain": [LEAF]}
        return sign_request_object(self.parameters(), self.signer, wallet_nonce=wallet_nonce, at=NOW, **how)

    def link(self, **beside: str) -> bytes:
        if self.client == "unsigned":
            stated = {
                name: value if isinstance(value, str) else json_dumps(value).decode()
                for name, value in self.parameters().items()
            }
        else:
            stated = {"client_id": self.client_id, "request_uri": REQUESTS}
        return ("openid4vp://?" + urlencode({**stated, **beside}, quote_via=quote)).encode()

    def received(self, *, post: bool = False, **beside: str) -> Request:
        """Read it as a wallet does, by reference where it is signed."""
        if post:
            beside["request_uri_method"] = "post"
        invitation = vp.parse_invitation(self.link(**beside))
        if invitation.reference is None:
            return invitation.receive(None, trust=KNOWN, wallet_nonce=None, at=NOW)
        order = invitation.reference.order("the wallet's own")
        assert (order.url, order.body is None) == (REQUESTS, not post)
        told = None if order.body is None else parse_qs(order.body.decode())["wallet_nonce"][0]
        return invitation.receive(self.object(told), trust=KNOWN, wallet_nonce="the wallet's own", at=NOW)


def sent(wallet: Wallet, request: Request) -> bytes:
    """Agree to what is asked, and give the form that is posted."""
    consent = wallet.consider(request, at=NOW, verifiers=KNOWN).accept()
    return vp.answer_form(wallet.disclose(consent, at=NOW), request)


def opened(form: bytes) -> Mapping[str, Any]:
    """Open a sealed answer, and give the parameters that it holds."""
    token = parse_jwe(parse_qs(form.decode(), strict_parsing=True)["response"][0].encode())
    return json_object(decrypt(token, ONCE, kid="once", encryptions=tuple(ContentEncryption), trail=Trail()))


def believed(form: bytes, request: Request) -> dict[str, Authentic]:
    """Read an answer as the corporation does, and verify each credential in it."""
    key = None if request.encryption is None else ONCE
    return authentic(vp.parse_answer(form, request, key=key), request)
