"""A municipality, a resident and two verifiers in memory, made of formats, proofs and trust alone."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from eigendata.channel import openid4vp_redirect
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import make_authority, make_issuer_certificate
from eigendata.encoding import Json, freeze
from eigendata.formats import FORMATS
from eigendata.model import Answer, Attestation, Authentic, Chain, Claims, CredentialType, Issuance, Issued, Party, Seal
from eigendata.proofs import Challenge, verify_proofs
from eigendata.query import Asker, PolicyReference, Request, parse_query
from eigendata.registers.catalogue import ADRES, BSN, HUISHOUDEN, INWONER, PERSOON
from eigendata.trust import IssuerEntry, Trust
from eigendata.wallet import Wallet

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
TODAY = NOW.replace(hour=0, minute=0)
FORMAT = "dc+sd-jwt"
TYPES = (PERSOON, BSN, ADRES, INWONER, HUISHOUDEN)

AISHA: Mapping[str, Json] = {"family_name": "van den Berg", "given_name": "Aisha", "birthdate": "1990-04-03"}
BOB: Mapping[str, Json] = {"family_name": "Bakker", "given_name": "Bob", "birthdate": "1971-12-30"}
OWN: Mapping[str, Mapping[str, Json]] = {
    "persoon": {
        "name_in_use": "A. van den Berg",
        "place_of_birth": "Tilburg",
        "nationalities": ["NL", "SY"],
        **{f"age_over_{age}": age < 36 for age in (12, 16, 18, 21, 65)},
    },
    "bsn": {"bsn": "999990639"},
    "adres": {
        "address": {
            "street_address": "Dorpsstraat",
            "house_number": "12a",
            "postal_code": "5281AB",
            "locality": "Boxtel",
            "country": "NL",
        },
        "absent": {"bag_num": True, "since": True},
        "bag_vbo": "0757010000000001",
        "municipality": {"code": "0757", "name": "Boxtel"},
        "kind": "woonadres",
    },
    "inwoner": {
        "resident": True,
        "municipality": {"code": "0757", "name": "Boxtel"},
        "resident_since_year": 2014,
        "residence_years_min": 11,
        "local_tie_6y": True,
        "local_tie_basis": "current",
    },
    "huishouden": {
        "household_size": 3,
        "adults": 2,
        "minors": 1,
        "has_partner": True,
        "child_birth_years": [2019],
    },
}


@dataclass(frozen=True, kw_only=True)
class Town:
    """An issuer that signs whatever it is told."""

    id: str = "https://boxtel.example"
    name: str = "Gemeente Boxtel"
    municipality: str = "0757"
    key: SoftwareKey = field(default_factory=lambda: SoftwareKey.generate(Algorithm.ES256))
    root_key: SoftwareKey = field(default_factory=lambda: SoftwareKey.generate(Algorithm.ES256))
    chain: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        root = make_authority(f"{self.name} root", self.root_key, at=NOW - timedelta(days=30))
        leaf = make_issuer_certificate(
            self.key.public_key,
            name=self.name,
            uri=self.id,
            authority=root,
            authority_key=self.root_key,
            at=NOW - timedelta(days=30),
            municipality=self.municipality,
        )
        self.chain.extend((leaf, root))

    @property
    def entry(self) -> IssuerEntry:
        return IssuerEntry(
            name=self.name,
            anchors=(self.chain[1],),
            types=(*(one.id for one in TYPES), "urn:example:library:1"),
            municipalities=(self.municipality,),
        )

    def challenge(self, *types: CredentialType, expires_at: datetime | None = None) -> Challenge:
        return Challenge(
            audience=self.id,
            nonce=secrets.token_urlsafe(16),
            types=tuple(one.id for one in types or TYPES),
            expires_at=expires_at or NOW + timedelta(days=365),
        )

    def attestation(
        self, type: CredentialType, holder: PublicKey, tie: str | None, changes: Mapping[str, Json], at: datetime
    ) -> Attestation:
        claims = {
            "issuing_authority": self.name,
            "issuing_country": "NL",
            "attestation_legal_category": "EAA",
            "source_role": "bronhouder",
            "as_of": at.date().isoformat(),
            **AISHA,
            **OWN.get(type.short, {}),
            **({} if tie is None else {"set": tie}),
            **changes,
        }
        declared = {one.path[0] for one in type.attributes}
        issued_at = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return Attestation(
            type=type,
            issuer=self.id,
            claims=cast(Claims, freeze({name: claims[name] for name in declared if claims.get(name) is not None})),
            holder=holder,
            issued_at=issued_at,
            expires_at=issued_at + type.validity,
        )

    def sign(self, attestation: Attestation) -> bytes:
        seal = Seal(signer=self.key, origin=Chain(certificates=(self.chain[0],), issuer=self.id))
        return FORMATS[FORMAT].issue(attestation, seal)

    def issue(
        self,
        keys: Sequence[PublicKey],
        *types: CredentialType,
        at: datetime = NOW,
        sets: Sequence[str] | None = None,
        changes: Mapping[str, Json] | None = None,
    ) -> Issuance:
        """Sign as many copies of each type as there are keys for; changes to the claims go into every copy."""
        types = types or TYPES
        copies = len(keys) // len(types)
        ties = sets or [secrets.token_urlsafe(16) for _ in range(copies)]
        issued = []
        for place, one in enumerate(types):
            own = keys[place * copies : (place + 1) * copies]
            tokens = (
                self.sign(self.attestation(one, key, tie, changes or {}, at))
                for key, tie in zip(own, ties, strict=True)
            )
            issued.append(Issued(type=one, format=FORMAT, copies=tuple(tokens)))
        return Issuance(issued=tuple(issued))


BOXTEL = Town()
VUGHT = Town(id="https://vught.example", name="Gemeente Vught", municipality="0865")
TRUST = Trust(issuers={one.id: one.entry for one in (BOXTEL, VUGHT)})


def proven(wallet: Wallet, challenge: Challenge, *, copies: int, at: datetime = NOW) -> tuple[PublicKey, ...]:
    made = wallet.prove_new_keys(challenge, copies=copies, at=at)
    return tuple(one.key for one in verify_proofs(made, challenge.audience, challenge.nonce, at=at))


def collected(
    wallet: Wallet,
    *types: CredentialType,
    copies: int = 3,
    at: datetime = NOW,
    town: Town = BOXTEL,
    changes: Mapping[str, Json] | None = None,
) -> None:
    """Fill a wallet with a session's cards."""
    types = types or TYPES
    keys = proven(wallet, town.challenge(*types), copies=copies, at=at)
    wallet.add(town.issue(keys, *types, at=at, changes=changes), trust=TRUST, at=at)


def asked(type: CredentialType, *paths: str, id: str | None = None, **members: Json) -> dict[str, Json]:
    """Write one credential query; a path is spelled with dots, `*` for every element."""
    claims = [{"path": [None if part == "*" else part for part in path.split(".")]} for path in paths]
    return {
        "id": id or type.short,
        "format": FORMAT,
        "meta": {"vct_values": [type.id]},
        **({"claims": claims} if claims else {}),
        **members,
    }


def request(
    *credentials: Mapping[str, Json],
    verifier: str = "https://woonstichting.example/answer",
    nonce: str | None = None,
    proven: bool = False,
    policy: str | None = None,
    keep: Mapping[str, str] | None = None,
    sets: Sequence[Mapping[str, Json]] = (),
) -> Request:
    client_id = f"redirect_uri:{verifier}"
    query: dict[str, Json] = {"credentials": list(credentials)}
    if sets:
        query["credential_sets"] = list(sets)
    return Request(
        asker=Asker(party=Party(id=client_id, name="Woonstichting"), proven=proven),
        response_uri=verifier,
        state="s",
        query=parse_query(query),
        binding=openid4vp_redirect(
            client_id=client_id, nonce=nonce or secrets.token_urlsafe(16), response_uri=verifier
        ),
        purpose={"nl": "Bepalen of u in aanmerking komt", "en": "To see whether you qualify"},
        legal_basis=("AVG 6(1)(b)",),
        keep={"voldoet": "until audit", "otherwise": "0 days"} if keep is None else keep,
        policy=None if policy is None else PolicyReference(id=policy, version="2026-01"),
    )


def answered(wallet: Wallet, request: Request, *, at: datetime = NOW) -> Answer:
    return wallet.disclose(wallet.consider(request, at=at).accept(), at=at)


def authentic(answer: Answer, request: Request, *types: CredentialType, at: datetime = NOW) -> dict[str, Authentic]:
    """Verify an answer as its verifier would, credential by credential."""
    found = {}
    for query, presentations in answer.presentations.items():
        (one,) = presentations
        parsed = FORMATS[one.format].parse_presentation(one.token)
        found[query] = parsed.verify(types or TYPES, request.binding, trust=TRUST, at=at)
    return found
