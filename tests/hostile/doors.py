"""Every door that takes bytes from strangers, by name, as a function of those bytes.

Each is called once with something small before anything is measured, so that what it loads is loaded. The keys are
always the same: who makes the input and who measures are two processes.
"""

from __future__ import annotations

import json
import mmap
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from eigendata.channel import openid4vp_redirect
from eigendata.crypto.cose import parse_key, parse_sign1, x5chain
from eigendata.crypto.jose import parse_jws
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import load_pem_chain, parse_x5c, verify_chain
from eigendata.encoding import (
    b64_decode,
    b64url_decode,
    cbor_loads,
    json_dumps,
    json_loads,
    json_object,
    toml_loads,
)
from eigendata.errors import Malformed, Trail
from eigendata.fetch import Reply
from eigendata.formats.di import contexts
from eigendata.formats.di.jsonld import canonical_nquads
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.formats.mdoc.opened import look_inside
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.metadata import has_integrity
from eigendata.formats.sdjwt.type_metadata import DescribedType, TypeMetadata
from eigendata.model import (
    NO_REPLAY_CHECK,
    NO_STATUS_CHECK,
    Binding,
    CredentialType,
    Holding,
    Origin,
    Party,
    TrustedIssuer,
)
from eigendata.openid import vp
from eigendata.policies.loader import read_policy
from eigendata.policies.uses import read_uses
from eigendata.proofs import Challenge, verify_proofs
from eigendata.query import Asker, Held, Request, match, parse_query, require_answered, require_fits
from eigendata.registers import brp
from eigendata.registers.catalogue import CATALOGUE
from eigendata.registers.population import Population
from eigendata.trust import Trust
from eigendata.trust.published import PublishedKeys
from eigendata.verifier import Verifier

AT: Final = datetime(2026, 5, 4, 14, 30, tzinfo=UTC)
ISSUER: Final = "https://issuer.example"
URI: Final = "https://verifier.example/answer"
ISSUER_KEY: Final = SoftwareKey.from_secret(Algorithm.ES256, b"\1" * 32)
HOLDER_KEY: Final = SoftwareKey.from_secret(Algorithm.ES256, b"\2" * 32)
BINDING: Final = openid4vp_redirect(client_id=f"redirect_uri:{URI}", nonce="n" * 43, response_uri=URI)
ANY: Final = CredentialType.foreign("https://type.example/any")
BSN: Final = "999900109"
HOUSEHOLD: Final = CATALOGUE["urn:eigendata:nl:brp:huishouden:1"]
CONTEXTS: Final = contexts.known(HOUSEHOLD)
NUMBERED: Final = {"code": "0757", "omschrijving": "Boxtel"}


class Believes:
    """A trust source that believes one key, whoever it is said to be of."""

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        return TrustedIssuer(party=Party(id=ISSUER, name="Issuer"), key=ISSUER_KEY.public_key)


class Publishes:
    """A server that answers anything with these bytes."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get(self, url: str, *, accept: Sequence[str]) -> Reply:
        return Reply(status=200, headers={}, body=self._body)


def wide_claims(number: int = 0) -> dict[str, Any]:
    """A document in which a path with None goes many ways, and not the same as in that of another number."""
    inner = {f"x{index}": 1 for index in range(16)}
    widths = [8 + (number >> place & 1) for place in range(8)]
    return {"a": tuple(tuple(dict(inner) for _ in range(width)) for width in widths), **inner}


CARDS: Final = tuple(
    Held(
        id=f"card-{number}",
        format="dc+sd-jwt",
        type_id=ANY.id,
        document=wide_claims(number),
        authority_key_ids=(),
        bound=True,
    )
    for number in range(50)
)


def question(**members: Any) -> dict[str, Any]:
    return {"id": "q", "format": "dc+sd-jwt", "meta": {"vct_values": [ANY.id]}, **members}


def request(query: Any = None) -> Request:
    return Request(
        asker=Asker(party=Party(id=f"redirect_uri:{URI}", name="Verifier"), proven=False),
        response_uri=URI,
        state="s" * 43,
        query=parse_query(query or {"credentials": [question(multiple=True)]}),
        binding=BINDING,
    )


def _with(data: bytes, *names: str) -> Mapping[str, Any]:
    """Give what our own inputs wrap into one text for a door that takes several things."""
    given = json_object(data)
    if not given.keys() >= set(names):
        raise Malformed("not one of our own inputs")
    return given


def _answered(data: bytes) -> object:
    given = _with(data, "query", "presentations")
    presentations = {name: tuple(map(str, several)) for name, several in given["presentations"].items()}
    require_answered(parse_query(given["query"]), presentations, Trail())
    return presentations


def _fits(data: bytes) -> object:
    given = _with(data, "query", "document", "revealed")
    query = parse_query(given["query"]).credentials[0]
    revealed = [tuple(path) for path in given["revealed"]]
    return require_fits(query, given["document"], revealed, ANY.id, (), Trail())


def _chain(data: bytes) -> object:
    given = _with(data, "x5c", "anchors")
    return verify_chain(parse_x5c(given["x5c"]), [b64_decode(one) for one in given["anchors"]], at=AT)


def _presented(token: bytes) -> object:
    return SD_JWT_VC.parse_presentation(token).verify([ANY], BINDING, trust=Believes(), at=AT)


def _received(token: bytes) -> object:
    return SD_JWT_VC.parse_credential(token).verify([ANY], trust=Believes(), at=AT)


def _verified_mdoc(token: bytes) -> object:
    return MSO_MDOC.parse_presentation(token).verify([ANY], BINDING, trust=Believes(), at=AT)


def _described(data: bytes) -> object:
    given = _with(data, "metadata", "token")
    metadata = TypeMetadata.read(ANY.id, {ANY.id: json_dumps(given["metadata"])})
    token = SD_JWT_VC.parse_credential(str(given["token"]).encode())
    return token.verify([DescribedType.of(metadata)], trust=Believes(), at=AT)


def _opened(token: bytes) -> object:
    return SD_JWT_VC.open(token, ANY).present(
        [("a",), ("a", None), ("a", None, "a"), ("a", None, None)],
        Holding(key=HOLDER_KEY, binding=Binding(audience="a", nonce="n")),
        at=AT,
    )


def _told(data: bytes, *, history: bytes | None = None, relatives: bytes | None = None) -> object:
    record = brp.parse(data, bsn=BSN, at=AT, history=history, relatives=relatives)
    return [record.facts(one, jurisdictions=("0757",), at=AT) for one in record.types]


def person(**members: Any) -> dict[str, Any]:
    """The register's answer about one person, with these members besides."""
    return {
        "type": "RaadpleegMetBurgerservicenummer",
        "personen": [
            {
                "burgerservicenummer": BSN,
                "naam": {"voornamen": "Aisha", "geslachtsnaam": "Zandstra"},
                "geboorte": {"datum": {"type": "Datum", "datum": "1984-02-29", "langFormaat": "x"}},
                "gemeenteVanInschrijving": NUMBERED,
                "datumInschrijvingInGemeente": {"type": "Datum", "datum": "2015-03-01", "langFormaat": "x"},
                **members,
            }
        ],
    }


_SMALL_PERSON: Final = json.dumps(person()).encode()


def _verified(data: bytes) -> object:
    asked = request()
    verifier = Verifier(f"redirect_uri:{URI}", trust=Believes(), status=NO_STATUS_CHECK, once=NO_REPLAY_CHECK)
    return verifier.verify(vp.parse_answer(data, asked), asked, at=AT)


def _mapped(data: bytes) -> object:
    """Takes a hundred mebibytes that Python's own count of memory does not see."""
    taken = mmap.mmap(-1, 100 << 20)
    for place in range(0, len(taken), mmap.PAGESIZE):
        taken[place] = 1
    return taken


def _slow(data: bytes) -> object:
    end = time.process_time() + 1.5
    while time.process_time() < end:
        pass
    return None


def _broken(data: bytes) -> object:
    raise RecursionError


MEASURED: Final[dict[str, Callable[[bytes], object]]] = {"mapped": _mapped, "slow": _slow, "broken": _broken}
"""Doors that break the bounds, by which the measuring itself is tried."""

DOORS: Final[dict[str, Callable[[bytes], object]]] = {
    "json": json_loads,
    "toml": toml_loads,
    "cbor": cbor_loads,
    "COSE": lambda data: x5chain(parse_sign1(cbor_loads(data)).unprotected),
    "COSE key": lambda data: parse_key(cbor_loads(data)),
    "mdoc as shown": MSO_MDOC.parse_presentation,
    "mdoc as issued": MSO_MDOC.parse_credential,
    "mdoc verified": _verified_mdoc,
    "mdoc looked into": look_inside,
    "base64url": b64url_decode,
    "base64": lambda data: b64_decode(data.decode("latin-1")),
    "jws": parse_jws,
    "jwk": lambda data: PublicKey.from_jwk(json_loads(data)),
    "pem": load_pem_chain,
    "chain": _chain,
    "JSON-LD": lambda data: canonical_nquads(json_object(data), contexts=CONTEXTS),
    "presentation": _presented,
    "type metadata": lambda data: TypeMetadata.read(ANY.id, {ANY.id: data}),
    "described": _described,
    "credential": _received,
    "opened": _opened,
    "wire": lambda data: _presented(SD_JWT_VC.from_wire(json_loads(data))),
    "integrity": lambda data: has_integrity(data.decode("latin-1"), b"{}"),
    "published": lambda data: PublishedKeys(Publishes(data)).key(ISSUER, "1", at=AT),
    "query": lambda data: match(parse_query(json_loads(data)), CARDS).select(),
    "fits": _fits,
    "answered": _answered,
    "request": lambda data: vp.parse_request(data, at=AT),
    "answer": _verified,
    "answered state": vp.answered_state,
    "form": vp.read_form,
    "stored request": lambda data: Request.from_json(json_loads(data)),
    "policy": read_policy,
    "uses": lambda data: read_uses(data, types=CATALOGUE),
    "trust": Trust.loads,
    "challenge": lambda data: Challenge.from_json(json_loads(data)),
    "proofs": lambda data: verify_proofs(data.split(b"\n"), ISSUER, "nonce", at=AT),
    "register": _told,
    "register's history": lambda data: _told(_SMALL_PERSON, history=data),
    "register's relatives": lambda data: _told(_SMALL_PERSON, relatives=data),
    "population": Population.loads,
}
