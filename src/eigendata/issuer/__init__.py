"""The issuer: signs what the record holds, for residents of its own, to keys that were shown.

    challenge --> proofs --proven--> ProvenKey
    record --facts--> claims + envelope + set --schema--> Attestation --format--> n copies, a key each

It keeps to itself how copies are tied: copy k of every type and format of one session carries the same random `set`,
new for each k, so that facts of several credentials can be added up for one person, while no key is ever shared between
types, formats or copies. It keeps nothing about the people it issues to: challenges are authenticated instead of
remembered, and of the used ones only a digest stays until they expire.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final

from eigendata import late, schemas
from eigendata.crypto.jose import parse_jws
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json, b64url_decode, b64url_encode, freeze, json_object
from eigendata.errors import Check, Declined, Malformed, Misuse, Reason, Rejected, Trail, within
from eigendata.formats import FORMATS
from eigendata.issuer.standing import CHALLENGE_KEY_SIZE, Category, SourceRole
from eigendata.model import (
    Attestation,
    Claims,
    CredentialType,
    Facts,
    Issuance,
    Issued,
    Once,
    ProvenKey,
    Record,
    Refusal,
    Seal,
    legal_day,
    utc,
)
from eigendata.registers.catalogue import CATALOGUE

if TYPE_CHECKING:
    from eigendata.issuer.directory import (
        create_authority,
        create_controller,
        create_document_signer,
        create_issuer,
        create_issuing_authority,
    )
    from eigendata.proofs import Challenge

__all__ = [
    "CHECKS",
    "Category",
    "Issuer",
    "SourceRole",
    "UnprovenKeys",
    "create_authority",
    "create_controller",
    "create_document_signer",
    "create_issuer",
    "create_issuing_authority",
]

if not TYPE_CHECKING:
    __getattr__ = late.names(
        __name__,
        {
            "directory": (
                "create_authority",
                "create_controller",
                "create_document_signer",
                "create_issuer",
                "create_issuing_authority",
            )
        },
    )

CHALLENGE_LIFETIME: Final = timedelta(minutes=15)
"""Long enough for a resident and a clerk at a counter; a stolen proof is worthless after it."""
MAX_COPIES: Final = 100
"""Copies of one credential in one session: ten visits' worth of a fortnight's ten."""
COUNTRY: Final = "NL"
NONCE_OURS: Final = Check(
    name="NONCE_OURS",
    clause="OpenID4VCI 1.0 F.4 (6)",
    reason=Reason.NONCE_INVALID,
    rule="The nonce in the key proof is one that this issuer gave.",
)
NONCE_FRESH: Final = Check(
    name="NONCE_FRESH",
    clause="OpenID4VCI 1.0 F.4 (7)",
    reason=Reason.NONCE_INVALID,
    rule="The nonce has not expired.",
)
CHECKS: Final = (NONCE_OURS, NONCE_FRESH)
"""Besides these, `eigendata.proofs` checks each proof, and `Once` that the nonce was not used before."""

_NONCE = "c_nonce"
_SECONDS = 8  # octets that hold the moment of expiry
_RANDOM = 16
_SET = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovenKeys:
    """Holder keys, one a copy, that nobody showed to hold: the way around `Issuer.proven`.

    Who issues to them says that someone else saw to it. As nothing is proven of them, a key serves every type of the
    session, and may serve several copies.
    """

    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A municipality, or whoever else issues.

    Attributes:
        id: the issuer's URL: the `iss` of its credentials, the audience of proofs, and a URI name of its certificate.
        name: what people call it; `issuing_authority`.
        seals: format -> its key and chain.
        types: what it may issue.
        jurisdictions: the municipality codes whose residents it speaks for.
        once: remembers used challenges.
        challenge_key: 32 secret octets that authenticate its challenges.
    """

    id: str
    name: str
    seals: Mapping[str, Seal]
    types: tuple[CredentialType, ...]
    jurisdictions: tuple[str, ...]
    once: Once = field(repr=False)
    challenge_key: bytes = field(repr=False)
    category: Category = Category.EAA
    source_role: SourceRole = SourceRole.SOURCE_HOLDER

    def __post_init__(self) -> None:
        if len(self.challenge_key) < CHALLENGE_KEY_SIZE:
            raise Misuse(f"a challenge key has {CHALLENGE_KEY_SIZE} octets at least")
        for name in self.seals:
            if name not in FORMATS:
                raise Misuse(f"the format {name} is not known here")
        for one in self.types:
            if not one.register:
                raise Misuse(f"{one.id} is a type that others issue: no register feeds it here")

    @classmethod
    def open(cls, directory: str | Path, *, known: Mapping[str, CredentialType] = CATALOGUE) -> Issuer:
        """Open the issuer that a directory holds, as `create_issuer` made it.

        Args:
            known: the types that its settings may name, by their identifiers.

        Raises:
            Misuse: a file is missing or open to others, or key, certificate and settings do not fit together.
            Malformed: a file does not hold what it should.
        """
        from eigendata.issuer.directory import read  # late, as all that only one method needs
        from eigendata.once import SqliteOnce

        settings = read(Path(directory))
        for name in settings.types:
            if name not in known:
                raise Misuse(f"the issuer's settings name the type {name}, which is not known here")
        return cls(
            id=settings.id,
            name=settings.name,
            seals=settings.seals,
            types=tuple(known[name] for name in settings.types),
            jurisdictions=settings.municipalities,
            once=SqliteOnce(settings.used),
            challenge_key=settings.challenge_key,
            category=settings.category,
            source_role=settings.source_role,
        )

    # -- the holder's keys --------------------------------------------------------------------------------------------

    def challenge(self, *, at: datetime, formats: Sequence[str] = ()) -> Challenge:
        """Give a fresh challenge that proofs of keys must answer.

        Args:
            formats: in which each type is to be issued, where that is more than one, each with keys of its own, or one
                that is particular about its keys.

        Nothing is stored: the nonce holds its own moment of expiry, random octets, and a code that only this issuer
        can make over both.

        Source: OpenID4VCI 1.0 sections 7.2 and 13.8.
        """
        from eigendata.proofs import Challenge

        expires_at = utc(at).replace(microsecond=0) + CHALLENGE_LIFETIME
        stated = int(expires_at.timestamp()).to_bytes(_SECONDS, "big") + os.urandom(_RANDOM)
        nonce = b64url_encode(stated + self._code(stated))
        return Challenge(
            audience=self.id,
            nonce=nonce,
            types=tuple(one.id for one in self.types),
            formats=tuple(dict.fromkeys(formats)),
            expires_at=expires_at,
        )

    def proven(self, proven_by: Sequence[bytes], *, at: datetime) -> tuple[ProvenKey, ...]:
        """Verify proofs of keys, and use up the challenge that they answer.

        The challenge is used up last, so that a proof that fails costs the holder nothing.

        Raises:
            Malformed: a proof is not what it claims to be.
            Rejected: a proof fails, or its nonce is not this issuer's, has expired, or was used before.
            Unavailable: the memory of used challenges did not answer.
        """
        from eigendata import proofs

        at = utc(at)
        trail = Trail()
        nonce = trail.some(NONCE_OURS, _nonce_stated(proven_by))
        expires_at = trail.some(NONCE_OURS, self._expiry(nonce))
        trail.require(NONCE_FRESH, at < expires_at)
        keys = proofs.verify_proofs(proven_by, self.id, nonce, at=at)
        self.once.take(_NONCE, nonce, expires_at)
        return keys

    def _code(self, stated: bytes) -> bytes:
        return hmac.digest(self.challenge_key, b"c_nonce\x00" + self.id.encode() + b"\x00" + stated, hashlib.sha256)

    def _expiry(self, nonce: str) -> datetime | None:
        try:
            octets = b64url_decode(nonce)
        except Malformed:
            return None
        stated, code = octets[: _SECONDS + _RANDOM], octets[_SECONDS + _RANDOM :]
        if not hmac.compare_digest(code, self._code(stated)):
            return None
        return datetime.fromtimestamp(int.from_bytes(stated[:_SECONDS], "big"), UTC)

    # -- credentials --------------------------------------------------------------------------------------------------

    def issue(
        self,
        record: Record,
        *,
        format: str | Sequence[str],
        to: Sequence[ProvenKey] | UnprovenKeys,
        at: datetime,
        types: Sequence[str] | None = None,
        copies: int | None = None,
    ) -> Issuance:
        """Issue one session's credentials about one person: every type asked, in n copies, and what was refused.

        Args:
            format: or several: then every type comes in each of them. Copies of one number carry the same `set`,
                whatever their type and format, so that an answer may mix them.
            types: identifiers of the types; all that the issuer may issue and the record feeds where None.
            copies: of each type; as many as the keys allow where None.

        Raises:
            Declined: nothing is left to issue; the reason is the first type's.
            Misuse: the issuer may not issue this, the keys do not suffice, or the claims break their schema.
        """
        formats = (format,) if isinstance(format, str) else tuple(dict.fromkeys(format))
        seals = self._seals(formats)
        at = utc(at)
        wanted = self._wanted(record, types)
        copies = _copies(copies, to, len(wanted) * len(formats))
        facts, refused = self._facts(record, wanted, at)
        sets = tuple(b64url_encode(os.urandom(_SET)) for _ in range(copies))
        credentials = tuple(product(facts, formats))
        keys = _keys(to, [name for _, name in credentials], copies)
        attestations = [
            (name, self._attestations(one, sets, own, at)) for (one, name), own in zip(credentials, keys, strict=True)
        ]
        issued: list[Issued] = []
        unfit: list[Declined] = []
        for name, copied in attestations:
            try:
                issued.append(Issued(type=copied[0].type, format=name, copies=_signed(copied, name, seals[name])))
            except Declined as closed:  # the record holds it, and this format cannot
                unfit.append(closed)
                refused = (*refused, Refusal(type=copied[0].type, reason=closed.reason))
        if not issued:
            raise unfit[0]
        return Issuance(issued=tuple(issued), refused=refused)

    def _seals(self, formats: Sequence[str]) -> Mapping[str, Seal]:
        if not formats:
            raise Misuse("credentials are issued in one format at least")
        for name in formats:
            if name not in self.seals:
                raise Misuse(f"this issuer has no key for the format {name}")
        return {name: self.seals[name] for name in formats}

    def _attestations(
        self, facts: Facts, sets: Sequence[str], keys: Sequence[PublicKey], at: datetime
    ) -> tuple[Attestation, ...]:
        """Make the copies of one attestation. All say the same day, so that times do not tell copies apart."""
        issued_at = at.replace(hour=0, minute=0, second=0, microsecond=0)
        copies = tuple(
            Attestation(
                type=facts.type,
                issuer=self.id,
                claims=self._claims(facts, tie),
                holder=key,
                issued_at=issued_at,
                expires_at=issued_at + facts.type.validity,
            )
            for tie, key in zip(sets, keys, strict=True)
        )
        try:
            schemas.validate(facts.type, copies[0].claims)
        except Rejected as broken:
            raise Misuse(f"nothing was signed: {broken.message}") from broken
        return copies

    def _wanted(self, record: Record, types: Sequence[str] | None) -> tuple[CredentialType, ...]:
        ours = {one.id: one for one in self.types}
        if types is None:
            fed = {one.id for one in record.types}
            wanted = tuple(one for one in self.types if one.id in fed)
        else:
            for name in types:
                if name not in ours:
                    raise Misuse(f"this issuer may not issue {name}")
            wanted = tuple(ours[name] for name in dict.fromkeys(types))
        if not wanted:
            raise Misuse("this record feeds nothing that this issuer may issue")
        return wanted

    def _facts(
        self, record: Record, wanted: tuple[CredentialType, ...], at: datetime
    ) -> tuple[tuple[Facts, ...], tuple[Refusal, ...]]:
        facts: list[Facts] = []
        refused: list[Refusal] = []
        first: Declined | None = None
        for one in wanted:
            try:
                with within(one.short):
                    found = record.facts(one, jurisdictions=self.jurisdictions, at=at)
            except Declined as closed:
                first = first or closed
                refused.append(Refusal(type=one, reason=closed.reason))
            else:
                if found.type.id != one.id:
                    raise Misuse(f"this record was asked about {one.short}, and told of {found.type.short}")
                facts.append(found)
                refused.extend(found.left_out)
        if first is not None and not facts:
            raise first
        return tuple(facts), tuple(refused)

    def _claims(self, facts: Facts, tie: str) -> Claims:
        claims: dict[str, Json] = {
            **facts.claims,
            "issuing_authority": self.name,
            "issuing_country": COUNTRY,
            "attestation_legal_category": str(self.category),
            "source_role": str(self.source_role),
            "as_of": legal_day(facts.as_of).isoformat(),
            "set": tie,
        }
        frozen = freeze(claims)
        assert isinstance(frozen, Mapping)
        return frozen


def _signed(copied: Sequence[Attestation], format: str, seal: Seal) -> tuple[bytes, ...]:
    made = []
    for number, attestation in enumerate(copied):
        with within(attestation.type.short, number):
            made.append(FORMATS[format].issue(attestation, seal))
    return tuple(made)


def _nonce_stated(proven_by: Sequence[bytes]) -> str | None:
    """Read which challenge a bundle of proofs says it answers; every proof is then held to this one."""
    if not proven_by:
        raise Malformed("there is no proof of a key")
    nonce = json_object(parse_jws(proven_by[0]).payload).get("nonce")
    return nonce if isinstance(nonce, str) else None


def _copies(copies: int | None, to: Sequence[ProvenKey] | UnprovenKeys, credentials: int) -> int:
    """Settle the number of copies, and that there are keys for them.

    Raises:
        Misuse: there are too few keys, a key comes twice among the proven, or the number is out of bounds.
    """
    if isinstance(to, UnprovenKeys):
        possible = len(to.keys)
    else:
        possible = len(to) // credentials
        if len({one.key for one in to}) != len(to):
            raise Misuse("a key comes twice: keys are never shared between types or copies")
    wanted = possible if copies is None else copies
    if not 1 <= wanted <= MAX_COPIES:
        raise Misuse(f"copies are made from 1 to {MAX_COPIES} at a time")
    if wanted > possible:
        raise Misuse(
            f"{wanted} copies of {credentials} credentials need more keys than the {possible} copies there are keys for"
        )
    return wanted


def _keys(
    to: Sequence[ProvenKey] | UnprovenKeys, formats: Sequence[str], copies: int
) -> tuple[tuple[PublicKey, ...], ...]:
    """Give each credential the next keys that its format takes, in whatever order the challenge named the formats.

    Raises:
        Misuse: too few are of a kind that its format takes.
    """
    if isinstance(to, UnprovenKeys):
        return tuple(to.keys[:copies] for _ in formats)
    left = [one.key for one in to]
    found: dict[int, tuple[PublicKey, ...]] = {}
    # a format that takes few kinds of keys chooses before one that takes any
    for place in sorted(range(len(formats)), key=lambda each: len(FORMATS[formats[each]].holder_algorithms)):
        kinds = FORMATS[formats[place]].holder_algorithms
        found[place] = tuple([key for key in left if key.algorithm in kinds][:copies])
        if len(found[place]) < copies:
            raise Misuse(
                f"{formats[place]} takes keys of {', '.join(kinds)}, and too few are: name it in the challenge"
            )
        taken = set(found[place])
        left = [key for key in left if key not in taken]
    return tuple(found[place] for place in range(len(formats)))
