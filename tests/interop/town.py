"""A municipality, a resident's cards and a corporation that asks for them, now: foreign libraries look at the clock.

The corporation has one key and one certificate, under two names: the certificate's hash, and the host in it. It has a
DID, and can ask as nobody in particular too (`redirect_uri:`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.jwe import Recipient, write_recipient
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.encoding import Json, b64_encode, json_dumps
from eigendata.errors import Malformed, Rejected
from eigendata.formats import FORMATS
from eigendata.issuer import Issuer
from eigendata.model import (
    NO_STATUS_CHECK,
    Chain,
    Disclosure,
    DocumentSigner,
    Seal,
)
from eigendata.once import MemoryOnce
from eigendata.openid import vp
from eigendata.openid.client_id import of_certificate, of_dns_name
from eigendata.query import Encryption, Request, parse_query
from eigendata.registers.catalogue import CATALOGUE, HUISHOUDEN, PERSOON
from eigendata.trust import Trust
from eigendata.verifier import Verifier
from tests.interop.material import CERTIFIED, TODAY
from tests.world import AISHA, BOXTEL, FORMAT, MDOC, Holder, municipality

URL: Final = "https://boxtel.example"
HOST: Final = "wonen.corporation.example"
ANSWERS: Final = f"https://{HOST}/answers"
REQUESTS: Final = f"https://{HOST}/requests/8a1f"
NAME: Final = "Woonstichting De Linde"


def clock() -> datetime:
    return datetime.now(UTC)


# -- the municipality -------------------------------------------------------------------------------------------------

_ROOT_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
ROOT: Final = make_authority("Uitgevers", _ROOT_KEY, at=CERTIFIED)


def seals(key: SoftwareKey) -> Mapping[str, Seal]:
    """Certify a key of the municipality for both formats."""
    above: dict[str, Any] = {"authority": ROOT, "authority_key": _ROOT_KEY, "at": CERTIFIED}
    known: dict[str, Any] = {"name": "Gemeente Boxtel", "uri": URL}
    leaf = make_issuer_certificate(key.public_key, **known, **above, municipality=BOXTEL)
    signer = make_document_signer(key.public_key, **known, **above)
    return {
        FORMAT: Seal(signer=key, origin=Chain(certificates=(leaf,), issuer=URL)),
        MDOC: Seal(signer=key, origin=DocumentSigner(certificates=(signer,), issuer=URL)),
    }


SEALS: Final = seals(SoftwareKey.generate(Algorithm.ES256))
TOWN: Final[Issuer] = municipality(URL, "Gemeente Boxtel", BOXTEL, seals=SEALS)


def holder(format: str, *, of: Issuer = TOWN, at: datetime = TODAY) -> Holder:
    """Issue everything about Aisha in a format."""
    one = Holder(trust=TRUST, format=format)
    one.fetch(of, AISHA.record(at=at), copies=1, at=at)
    return one


# -- the corporation --------------------------------------------------------------------------------------------------

_ACCESS_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
ACCESS: Final = make_authority("Toegang", _ACCESS_KEY, at=CERTIFIED)
KEY: Final = SoftwareKey.generate(Algorithm.ES256)
LEAF: Final = make_access_certificate(
    KEY.public_key, name=NAME, dns_names=[HOST], authority=ACCESS, authority_key=_ACCESS_KEY, at=CERTIFIED
)
X5C: Final = [b64_encode(LEAF)]
DID: Final = "did:web:corporation.example"
METHOD: Final = f"{DID}#key-1"
CLIENTS: Final[Mapping[str, str]] = {
    "x509_hash": str(of_certificate(LEAF)),
    "x509_san_dns": str(of_dns_name(HOST)),
    "decentralized_identifier": f"decentralized_identifier:{DID}",
    "redirect_uri": f"redirect_uri:{ANSWERS}",
}
SIGNED: Final = tuple(name for name in CLIENTS if name != "redirect_uri")


# -- who trusts whom --------------------------------------------------------------------------------------------------

_DOCUMENT: Final[Mapping[str, Json]] = {
    "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
    "id": DID,
    "verificationMethod": [
        {"id": METHOD, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": KEY.public_key.jwk()},
    ],
    "authentication": [METHOD],
}
ISSUERS: Final = (
    f'[issuers."{URL}"]\nname = "Gemeente Boxtel"\nanchors = ["""{dump_pem_chain([ROOT]).decode()}"""]\n'
    f'types = {list(CATALOGUE)}\nmunicipalities = ["{BOXTEL}"]\n'
)
"""What the trust file says of the municipality."""
TRUST: Final = Trust.loads(
    f'{ISSUERS}[verifiers."{HOST}"]\nname = "{NAME}"\nanchors = ["""{dump_pem_chain([ACCESS]).decode()}"""]\n'
    f'[verifiers."{DID}"]\nname = "{NAME}"\ndocument = \'{json_dumps(_DOCUMENT).decode()}\'\n'
)


BOTH: Final = parse_query(
    {
        "credentials": [
            {
                "id": "person",
                "format": FORMAT,
                "meta": {"vct_values": [PERSOON.id]},
                "claims": [{"path": ["family_name"]}, {"path": ["birthdate"]}],
            },
            {
                "id": "household",
                "format": MDOC,
                "meta": {"doctype_value": HUISHOUDEN.id},
                "claims": [{"path": [HUISHOUDEN.id, "household_size"]}],
            },
        ]
    }
)
"""A question in each format."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, with what the corporation keeps of it."""

    desk: Desk
    request: Request
    one_time: SoftwareKey | None

    @property
    def client_id(self) -> str:
        return self.request.binding.audience

    def link(self, *, post: bool = False) -> str:
        """Give what a wallet is opened with."""
        if self.desk.prefix == "redirect_uri":
            return vp.request_link(self.request)
        return vp.reference_link(self.client_id, REQUESTS, post=post)

    def object(self, wallet_nonce: str | None = None, *, at: datetime | None = None) -> str:
        """Sign the request, as the one that lies at `REQUESTS`."""
        by_did = self.desk.prefix == "decentralized_identifier"
        how: dict[str, Any] = {"method": METHOD} if by_did else {"chain": [LEAF]}
        return vp.sign_request(self.request, KEY, wallet_nonce=wallet_nonce, at=at or clock(), **how).decode()

    def read(self, body: str) -> Disclosure:
        """Verify an answer, as the service does that finds this request by it."""
        answer = vp.parse_answer(body.encode("ascii"), self.request, key=self.one_time)
        return self.desk.verifier.verify(answer, self.request, at=clock())

    def refusal(self, body: str) -> str:
        """Give the name of the check by which an answer is refused, or of the error; empty: it is accepted."""
        try:
            self.read(body)
        except Rejected as rejected:
            return rejected.check.name
        except Malformed:
            return "Malformed"
        return ""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The corporation under one of its names."""

    prefix: str
    verifier: Verifier = field(init=False)

    def __post_init__(self) -> None:
        where = {} if self.prefix == "redirect_uri" else {"answer_uri": ANSWERS}
        settings: dict[str, Any] = {
            "trust": TRUST,
            "status": NO_STATUS_CHECK,
            "once": MemoryOnce(),
            "name": NAME,
            "formats": FORMATS,
            **where,
        }
        object.__setattr__(self, "verifier", Verifier(CLIENTS[self.prefix], **settings))

    def ask(self, *, sealed: bool = True, **policy: Any) -> Asked:
        """Ask `BOTH`, or what a policy asks."""
        one_time = SoftwareKey.generate(Algorithm.ES256) if sealed else None
        encryption = None
        if one_time is not None:
            recipient = write_recipient(Recipient(one_time.public_key, "key-of-this-request"))
            encryption = Encryption(jwk=recipient, encryptions=("A128GCM", "A256GCM"))
        settings: dict[str, Any] = {"at": clock(), "encryption": encryption}
        request = self.verifier.ask(**policy, **settings) if policy else self.verifier.ask_query(BOTH, **settings)
        return Asked(desk=self, request=request, one_time=one_time)
