"""A small world in memory: a register's answers, a municipality, residents, and a housing corporation.

    world = World.make()
    aisha = world.holder(AISHA)                        # ten copies of everything Boxtel issues about her
    request = world.corporation.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
    disclosure = world.corporation.verify(aisha.answer(request), request, at=AT)

Every name, number and address is invented; the BSNs are in the range of test numbers. `Holder` is a wallet without a
vault or a conscience: it answers honestly, or shows whatever it is told to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from eigendata import proofs
from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.formats import FORMATS
from eigendata.issuer import Issuer
from eigendata.model import (
    NO_STATUS_CHECK,
    UNBOUND,
    Answer,
    Authentic,
    Binding,
    Chain,
    ClaimPath,
    DocumentSigner,
    Holding,
    Issuance,
    Presentation,
    Seal,
)
from eigendata.once import MemoryOnce
from eigendata.query import Held, Request, match
from eigendata.registers import brp
from eigendata.registers.catalogue import ADRES, BSN, CATALOGUE, HUISHOUDEN, INWONER, PERSOON
from eigendata.trust import Trust
from eigendata.verifier import Verifier

AT: Final = datetime(2026, 5, 4, 14, 30, 17, tzinfo=UTC)
"""Now, in this world: a Monday afternoon."""
TODAY: Final = datetime(2026, 5, 4, tzinfo=UTC)
FORMAT: Final = "dc+sd-jwt"
MDOC: Final = "mso_mdoc"
BOXTEL: Final = "0757"
GESTEL: Final = "0845"
CORPORATION: Final = "redirect_uri:https://woonstichting.example/answer"
OTHER_VERIFIER: Final = "redirect_uri:https://webwinkel.example/answer"
HOME: Final[Mapping[str, Any]] = {"household_size": [2, 4], "binding": True}
"""What woningcorporatie/B is told of a home for two to four people, with priority for local people."""


# -- the register -----------------------------------------------------------------------------------------------------


def day(text: str) -> dict[str, Any]:
    """Give a full date as the register writes it."""
    return {"type": "Datum", "datum": text, "langFormaat": text}


def dwelling(number: int, vbo: str, since: str = "2015-03-01") -> dict[str, Any]:
    return {
        "type": "Adres",
        "adresseerbaarObjectIdentificatie": vbo,
        "nummeraanduidingIdentificatie": f"{vbo[:4]}20{vbo[6:]}",
        "functieAdres": {"code": "W", "omschrijving": "woonadres"},
        "datumVan": day(since),
        "verblijfadres": {
            "officieleStraatnaam": "Kleine Lindenlaan",
            "korteStraatnaam": "Kl Lindenln",
            "huisnummer": number,
            "postcode": "5281AB",
            "woonplaats": "Boxtel",
        },
    }


@dataclass(frozen=True)
class Resident:
    """What the register answers about someone, to each of its questions."""

    bsn: str
    person: Mapping[str, Any]
    stays: tuple[Mapping[str, Any], ...]
    relatives: tuple[Mapping[str, Any], ...] = ()

    def changed(self, **members: Any) -> Resident:
        """Give the same resident with other members in the answer; None takes one out."""
        person = {name: value for name, value in {**self.person, **members}.items() if value is not None}
        return replace(self, person=person)

    def record(self, *, at: datetime = AT) -> brp.BrpRecord:
        return brp.parse(
            {"type": "RaadpleegMetBurgerservicenummer", "personen": [self.person]},
            bsn=self.bsn,
            history={"verblijfplaatsen": list(self.stays)},
            relatives={"type": "RaadpleegMetBurgerservicenummer", "personen": list(self.relatives)},
            at=at,
        )


def resident(bsn: str, given: str, family: str, born: str, home: Mapping[str, Any], **members: Any) -> Resident:
    municipality = {"code": BOXTEL, "omschrijving": "Boxtel"}
    return Resident(
        bsn=bsn,
        person={
            "burgerservicenummer": bsn,
            "naam": {"voornamen": given, "geslachtsnaam": family},
            "geboorte": {"datum": day(born), "plaats": {"code": "0772", "omschrijving": "Eindhoven"}},
            "nationaliteiten": [
                {"type": "Nationaliteit", "nationaliteit": {"code": "0001", "omschrijving": "Nederlandse"}}
            ],
            "adressering": {"aanschrijfwijze": {"naam": f"{given[0]}. {family}"}},
            "gemeenteVanInschrijving": municipality,
            "datumInschrijvingInGemeente": day("2015-03-01"),
            "verblijfplaats": home,
            **members,
        },
        stays=({"type": "Adres", "gemeenteVanInschrijving": municipality, "datumVan": day("2015-03-01")},),
    )


_LINDENLAAN_7: Final = dwelling(7, "0757010000000007")
_LINDENLAAN_9: Final = dwelling(9, "0757010000000009")
_CHILD: Final = "999900122"

AISHA: Final = replace(
    resident(
        "999900109",
        "Aisha",
        "Zandstra",
        "1984-02-29",
        _LINDENLAAN_7,
        kinderen=[{"burgerservicenummer": _CHILD, "geboorte": {"datum": day("2016-07-12")}}],
    ),
    relatives=(
        {
            "burgerservicenummer": _CHILD,
            "gemeenteVanInschrijving": {"code": BOXTEL, "omschrijving": "Boxtel"},
            "verblijfplaats": _LINDENLAAN_7,
        },
    ),
)
"""Lives with her daughter: a household of two, and in Boxtel for eleven years."""

BRAM: Final = resident("999900110", "Bram", "Verwey", "1979-11-03", _LINDENLAAN_9)
"""Her neighbour, who lives alone."""


# -- the municipality, and who trusts it ------------------------------------------------------------------------------

EVERYTHING: Final = (PERSOON, BSN, ADRES, INWONER, HUISHOUDEN)


@cache
def _authority(name: str) -> tuple[SoftwareKey, bytes]:
    key = SoftwareKey.generate(Algorithm.ES256)
    return key, make_authority(name, key, at=AT)


@cache
def _seal(url: str, name: str, municipality: str) -> Seal:
    authority_key, authority = _authority("Een eigen autoriteit")
    key = SoftwareKey.generate(Algorithm.ES256)
    leaf = make_issuer_certificate(
        key.public_key,
        name=name,
        uri=url,
        authority=authority,
        authority_key=authority_key,
        at=AT,
        municipality=municipality,
    )
    return Seal(signer=key, origin=Chain(certificates=(leaf,), issuer=url))


@cache
def _document_signer(url: str, name: str) -> Seal:
    authority_key, authority = _authority("Een eigen autoriteit")
    key = SoftwareKey.generate(Algorithm.ES256)
    leaf = make_document_signer(
        key.public_key, name=name, uri=url, authority=authority, authority_key=authority_key, at=AT
    )
    return Seal(signer=key, origin=DocumentSigner(certificates=(leaf,), issuer=url))


def municipality(url: str, name: str, code: str, **changes: Any) -> Issuer:
    """Make a municipality that issues everything about its own residents."""
    settings: dict[str, Any] = {
        "id": url,
        "name": name,
        "seals": {FORMAT: _seal(url, name, code), MDOC: _document_signer(url, name)},
        "types": EVERYTHING,
        "jurisdictions": (code,),
        "once": MemoryOnce(),
        "challenge_key": b"k" * 32,
        **changes,
    }
    return Issuer(**settings)


def trust_in(*issuers: tuple[Issuer, Iterable[str]]) -> Trust:
    """Trust issuers, each for all types and for the municipalities named with it."""
    pem = dump_pem_chain((_authority("Een eigen autoriteit")[1],)).decode()
    return Trust.loads(
        "\n".join(
            f'[issuers."{issuer.id}"]\nname = "{issuer.name}"\nanchors = ["""{pem}"""]\n'
            f"types = {list(CATALOGUE)}\nmunicipalities = {list(codes)}"
            for issuer, codes in issuers
        )
    )


@dataclass(frozen=True)
class World:
    """Who takes part. Gestel is a municipality next door, trusted for its own residents."""

    boxtel: Issuer
    gestel: Issuer
    trust: Trust
    corporation: Verifier

    @classmethod
    def make(cls) -> World:
        boxtel = municipality("https://boxtel.example", "Gemeente Boxtel", BOXTEL)
        gestel = municipality("https://gestel.example", "Gemeente Sint-Michielsgestel", GESTEL)
        trust = trust_in((boxtel, (BOXTEL,)), (gestel, (GESTEL,)))
        corporation = Verifier(
            CORPORATION, trust=trust, status=NO_STATUS_CHECK, once=MemoryOnce(), name="Woonstichting De Linde"
        )
        return cls(boxtel=boxtel, gestel=gestel, trust=trust, corporation=corporation)

    def verifier(self, client_id: str = CORPORATION, **changes: Any) -> Verifier:
        """Give another verifier, or this one with other settings."""
        settings = {"trust": self.trust, "status": NO_STATUS_CHECK, "once": MemoryOnce(), **changes}
        return Verifier(client_id, **settings)

    def holder(
        self,
        of: Resident = AISHA,
        *,
        issuer: Issuer | None = None,
        copies: int = 2,
        at: datetime = AT,
        format: str = FORMAT,
    ) -> Holder:
        """Issue everything about someone to a holder of their own."""
        holder = Holder(trust=self.trust, format=format)
        holder.fetch(issuer or self.boxtel, of.record(at=at), copies=copies, at=at)
        return holder


# -- a holder ---------------------------------------------------------------------------------------------------------


@dataclass
class Holder:
    """Keys and credentials, and no rules.

    Attributes:
        format: in which credentials are fetched and shown.
        cards: type id -> the copies that were issued.
    """

    trust: Trust
    format: str = FORMAT
    keys: dict[PublicKey, SoftwareKey] = field(default_factory=dict)
    cards: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    def prove(self, issuer: Issuer, copies: int, at: datetime = AT) -> tuple[bytes, ...]:
        challenge = issuer.challenge(at=at)
        made = [SoftwareKey.generate(Algorithm.ES256) for _ in range(copies * len(challenge.types))]
        self.keys |= {key.public_key: key for key in made}
        return proofs.prove(challenge, made, at=at)

    def fetch(self, issuer: Issuer, record: brp.BrpRecord, *, copies: int = 2, at: datetime = AT) -> Issuance:
        to = issuer.proven(self.prove(issuer, copies, at), at=at)
        issuance = issuer.issue(record, format=self.format, to=to, at=at)
        self.cards |= {one.type.id: one.copies for one in issuance.issued}
        return issuance

    def authentic(self, type_id: str, k: int = 0, at: datetime = AT) -> Authentic:
        """Open a copy as its holder sees it: everything that it says."""
        unverified = FORMATS[self.format].parse_credential(self.cards[type_id][k])
        return unverified.verify((CATALOGUE[type_id],), trust=self.trust, at=at)

    def show(
        self, type_id: str, paths: Iterable[ClaimPath], binding: Binding, *, k: int = 0, at: datetime = AT
    ) -> Presentation:
        """Show these claims of a copy to whoever the binding names, asked or not."""
        holder = self.authentic(type_id, k, at).holder
        assert holder is not UNBOUND
        token = FORMATS[self.format].present(
            self.cards[type_id][k],
            CATALOGUE[type_id],
            paths,
            Holding(key=self.keys[holder], binding=binding),
            at=at,
        )
        return Presentation(format=self.format, token=token)

    def answer(self, request: Request, *, k: int = 0, at: datetime = AT) -> Answer:
        """Answer honestly: the least that satisfies the request, with copies number k."""
        held = [
            Held(
                id=type_id,
                format=self.format,
                type_id=type_id,
                document=self.authentic(type_id, k, at).document,
                authority_key_ids=self.authentic(type_id, k, at).issuer.authority_key_ids,
                bound=True,
            )
            for type_id in self.cards
        ]
        chosen = match(request.query, held).select()
        return Answer(
            presentations={
                query: tuple(self.show(type_id, paths, request.binding, k=k, at=at) for type_id, paths in shown)
                for query, shown in chosen.items()
            }
        )
