"""What a wallet keeps, one kind of record each, and how it stands in the vault.

    PendingKey   a holder's key whose proof left, until a credential for it comes
    Session      one session of issuing: which of its numbers was spent at which verifier
    Holding      one credential of a session: what it says, and which copies of it there are
    Copy         one copy and its key
    Shown        what was shown to whom, when, why and until when; never a value
    Sent         an answer as it left, so that the very same bytes can be sent again
    Delivery     what is posted for it, to where, until somebody there took it
    Restored     that all of this came out of a backup, and what may have been shown since it was made

The vault authenticates what it gives, so what is read here is what an eigendata wrote; a wrong layout can only be of
another version of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Final, TypeVar

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, b64url_decode, b64url_encode, freeze, json_dumps, json_loads
from eigendata.errors import Declined, Malformed, Reason
from eigendata.formats import FORMATS
from eigendata.model import NO_OTHERS, Answer, ClaimPath, Claims, CredentialType, Party, Presentation, Types
from eigendata.registers.catalogue import CATALOGUE
from eigendata.wallet.vault import MAX_RECORD, Record

T = TypeVar("T")

MAX_TYPES: Final = 32  # credentials in one session; the catalogue will not outgrow it
MAX_COPIES: Final = 100  # of one credential in one session; an issuer gives ten


class Kind(IntEnum):
    """The kinds of record, as the vault knows them. A number is never given to another kind."""

    PENDING_KEY = 1
    SESSION = 2
    HOLDING = 3
    COPY = 4
    SHOWN = 5
    SENT = 6
    RESTORED = 7
    DELIVERY = 8


def type_of(id: str, types: Types = NO_OTHERS) -> CredentialType:
    """Give the type of this id by our own table, else as the wallet was told; else it has no label but its name."""
    return CATALOGUE.get(id) or types.get(id) or CredentialType.foreign(id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingKey:
    """A key that waits for its credential.

    Attributes:
        session: of the challenge that its proof answers.
        issuer: the audience of that challenge.
        types: what was offered.
    """

    session: bytes
    issuer: str
    types: tuple[str, ...]
    thumbprint: bytes
    made_at: datetime
    key: SealedKey

    def written(self) -> bytes:
        return json_dumps(
            {
                "session": b64url_encode(self.session),
                "issuer": self.issuer,
                "types": list(self.types),
                "thumbprint": b64url_encode(self.thumbprint),
                "made_at": _seconds(self.made_at),
                "key": self.key.written(),
            }
        )

    @classmethod
    def read(cls, body: bytes) -> PendingKey:
        data = _data(body)
        return cls(
            session=b64url_decode(data["session"]),
            issuer=data["issuer"],
            types=tuple(data["types"]),
            thumbprint=b64url_decode(data["thumbprint"]),
            made_at=_moment(data["made_at"]),
            key=SealedKey.read(data["key"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A private key as the vault holds it; the signer is made when it is used."""

    algorithm: Algorithm
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, key: SoftwareKey) -> SealedKey:
        return cls(algorithm=key.public_key.algorithm, secret=key.secret())

    def signer(self) -> SoftwareKey:
        return SoftwareKey.from_secret(self.algorithm, self.secret)

    def written(self) -> dict[str, Json]:
        return {"algorithm": str(self.algorithm), "secret": b64url_encode(self.secret)}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> SealedKey:
        return cls(algorithm=Algorithm(data["algorithm"]), secret=b64url_decode(data["secret"]))


NOBODY: Final = ""
"""Stands for a verifier in `Session.spent`; no client identifier is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session of issuing.

    Attributes:
        sets: number -> the random claim that ties the copies with this number together, where the types have one.
        spent: number -> the one verifier, by its client identifier, that sees copies with this number; `NOBODY` where
            it is not known who saw them.
    """

    sets: Mapping[int, str] = field(default_factory=dict, repr=False)
    spent: Mapping[int, str] = field(default_factory=dict)

    def spend(self, number: int, verifier: str) -> Session:
        return replace(self, spent={**self.spent, number: verifier})

    def withhold(self, numbers: Iterable[int]) -> Session:
        """Give these numbers to nobody, except those that a verifier has already."""
        return replace(self, spent={**dict.fromkeys(numbers, NOBODY), **self.spent})

    def written(self) -> bytes:
        return json_dumps({"sets": _numbered(self.sets), "spent": _numbered(self.spent)})

    @classmethod
    def read(cls, body: bytes) -> Session:
        data = _data(body)
        return cls(sets=_by_number(data["sets"]), spent=_by_number(data["spent"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One credential of one session.

    Attributes:
        document: its claims as the format holds them, of the copy with the lowest number.
        withheld: the paths in it that are shown only when they are chosen; the rest is visible in every presentation.
        copies: number -> the id of the copy's record; empty when they expired.
    """

    session: bytes
    type: CredentialType
    format: str
    issuer: Party
    authority_key_ids: tuple[bytes, ...]
    document: Claims = field(repr=False)
    withheld: tuple[ClaimPath, ...]
    added_at: datetime
    expires_at: datetime
    copies: Mapping[int, bytes]

    def written(self) -> bytes:
        return json_dumps(
            {
                "session": b64url_encode(self.session),
                "type": self.type.id,
                "format": self.format,
                "issuer": {"id": self.issuer.id, "name": self.issuer.name},
                "authority_key_ids": [b64url_encode(one) for one in self.authority_key_ids],
                "document": self.document,
                "withheld": [list(path) for path in self.withheld],
                "added_at": _seconds(self.added_at),
                "expires_at": _seconds(self.expires_at),
                "copies": _numbered({number: b64url_encode(copy) for number, copy in self.copies.items()}),
            }
        )

    @classmethod
    def read(cls, body: bytes, types: Types = NO_OTHERS) -> Holding:
        data = _data(body)
        document = freeze(data["document"])
        assert isinstance(document, Mapping)
        return cls(
            session=b64url_decode(data["session"]),
            type=type_of(data["type"], types),
            format=data["format"],
            issuer=Party(**data["issuer"]),
            authority_key_ids=tuple(b64url_decode(one) for one in data["authority_key_ids"]),
            document=document,
            withheld=tuple(tuple(path) for path in data["withheld"]),
            added_at=_moment(data["added_at"]),
            expires_at=_moment(data["expires_at"]),
            copies={number: b64url_decode(copy) for number, copy in _by_number(data["copies"]).items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy of a credential, and the key that it is bound to."""

    token: bytes = field(repr=False)
    key: SealedKey

    def written(self, format: str) -> bytes:
        return json_dumps({"format": format, "token": FORMATS[format].to_wire(self.token), "key": self.key.written()})

    @classmethod
    def read(cls, body: bytes) -> Copy:
        data = _data(body)
        return cls(token=FORMATS[data["format"]].from_wire(data["token"]), key=SealedKey.read(data["key"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCredential:
    """One credential's part of what was shown: which claims, never their values.

    Attributes:
        paths: all that was shown, also what is visible in every presentation.
    """

    type: str
    label: Mapping[str, str]
    issuer: Party
    paths: tuple[ClaimPath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of the history.

    Attributes:
        proven: whether the asker had shown to be who they say.
        keep: outcome -> how long, in the asker's own words.
        until: the day after which nothing should be left at the asker, where all of `keep` is in days.
    """

    at: datetime
    asker: Party
    proven: bool
    purpose: Mapping[str, str]
    legal_basis: tuple[str, ...]
    policy: str | None
    keep: Mapping[str, str]
    until: datetime | None
    credentials: tuple[ShownCredential, ...]

    def written(self) -> bytes:
        """Write the line; what a hostile request made too long for a record is cut, never refused silently."""
        body = json_dumps(self._json(self.purpose, self.legal_basis))
        if len(body) > MAX_RECORD:
            body = json_dumps(self._json({}, ()))
        return body

    def _json(self, purpose: Mapping[str, str], legal_basis: tuple[str, ...]) -> dict[str, Json]:
        return {
            "at": _seconds(self.at),
            "asker": {"id": self.asker.id, "name": self.asker.name},
            "proven": self.proven,
            "purpose": purpose,
            "legal_basis": list(legal_basis),
            "policy": self.policy,
            "keep": self.keep,
            "until": None if self.until is None else _seconds(self.until),
            "credentials": [
                {
                    "type": one.type,
                    "label": one.label,
                    "issuer": {"id": one.issuer.id, "name": one.issuer.name},
                    "paths": [list(path) for path in one.paths],
                }
                for one in self.credentials
            ],
        }

    @classmethod
    def read(cls, body: bytes) -> Shown:
        data = _data(body)
        return cls(
            at=_moment(data["at"]),
            asker=Party(**data["asker"]),
            proven=data["proven"],
            purpose=data["purpose"],
            legal_basis=tuple(data["legal_basis"]),
            policy=data["policy"],
            keep=data["keep"],
            until=None if data["until"] is None else _moment(data["until"]),
            credentials=tuple(
                ShownCredential(
                    type=one["type"],
                    label=one["label"],
                    issuer=Party(**one["issuer"]),
                    paths=tuple(tuple(path) for path in one["paths"]),
                )
                for one in data["credentials"]
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An answer that left."""

    at: datetime
    answer: Answer = field(repr=False)

    def written(self) -> bytes:
        return json_dumps(
            {
                "at": _seconds(self.at),
                "answer": {
                    query: [[one.format, FORMATS[one.format].to_wire(one.token)] for one in presentations]
                    for query, presentations in self.answer.presentations.items()
                },
            }
        )

    @classmethod
    def read(cls, body: bytes) -> Sent:
        data = _data(body)
        presentations = {
            query: tuple(Presentation(format=name, token=FORMATS[name].from_wire(wire)) for name, wire in several)
            for query, several in data["answer"].items()
        }
        return cls(at=_moment(data["at"]), answer=Answer(presentations=presentations))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An answer on its way: it is posted as it stands here, however often, until somebody took it.

    Attributes:
        id: of what was agreed to, in hexadecimal.
        at: when it was agreed to.
        to: where it is posted.
        form: what is posted.
    """

    id: str
    at: datetime
    asker: Party
    to: str
    form: bytes = field(repr=False)

    def written(self) -> bytes:
        return json_dumps(
            {
                "id": self.id,
                "at": _seconds(self.at),
                "asker": {"id": self.asker.id, "name": self.asker.name},
                "to": self.to,
                "form": self.form.decode("ascii"),
            }
        )

    @classmethod
    def read(cls, body: bytes) -> Delivery:
        data = _data(body)
        return cls(
            id=data["id"],
            at=_moment(data["at"]),
            asker=Party(**data["asker"]),
            to=data["to"],
            form=data["form"].encode("ascii"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A wallet was restored from a backup.

    Attributes:
        at: when.
        made_at: when the backup was made; of what was done after it, this wallet knows nothing.
        withheld: copies that are shown to nobody new, because they may have been shown since.
        keys: keys that were forgotten, because a credential for them may have come since.
    """

    at: datetime
    made_at: datetime
    withheld: int
    keys: int

    def written(self) -> bytes:
        return json_dumps(
            {
                "at": _seconds(self.at),
                "made_at": _seconds(self.made_at),
                "withheld": self.withheld,
                "keys": self.keys,
            }
        )

    @classmethod
    def read(cls, body: bytes) -> Restored:
        data = _data(body)
        return cls(
            at=_moment(data["at"]),
            made_at=_moment(data["made_at"]),
            withheld=data["withheld"],
            keys=data["keys"],
        )


_READERS: Final[Mapping[int, Callable[[bytes], object]]] = {
    Kind.PENDING_KEY: PendingKey.read,
    Kind.SESSION: Session.read,
    Kind.HOLDING: Holding.read,
    Kind.COPY: Copy.read,
    Kind.SHOWN: Shown.read,
    Kind.SENT: Sent.read,
    Kind.RESTORED: Restored.read,
    Kind.DELIVERY: Delivery.read,
}


def require_readable(records: Iterable[Record]) -> None:
    """Require that this version can read every record, and that no card lacks its session or a copy.

    Raises:
        Malformed: it cannot read one, or a card lacks what it leads to.
    """
    there: set[tuple[int, bytes]] = set()
    led_to: set[tuple[int, bytes]] = set()
    for record in records:
        try:
            read = _READERS[record.kind](record.body)
        except (LookupError, TypeError, ValueError, AttributeError, AssertionError, OverflowError, OSError) as error:
            raise Malformed("this holds a record of another version of eigendata: use the newest") from error
        there.add((record.kind, record.id))
        if isinstance(read, Holding):
            led_to |= {(Kind.SESSION, read.session), *((Kind.COPY, copy) for copy in read.copies.values())}
    if not led_to <= there:
        raise Malformed("this holds a card without its session or without one of its copies")


_DAYS: Final = re.compile(r"([0-9]{1,5}) days?", re.ASCII)


def kept_until(keep: Mapping[str, str], at: datetime) -> datetime | None:
    """Give the latest moment that `keep` allows, where each of its terms is a number of days."""
    terms = [_DAYS.fullmatch(term) for term in keep.values()]
    days = [int(term[1]) for term in terms if term is not None]
    return at + timedelta(days=max(days)) if days and len(days) == len(terms) else None


def available(numbers: Mapping[bytes, Mapping[int, str]], cards: Sequence[Holding]) -> Mapping[int, str | None]:
    """Give the numbers of which each of these cards of one session has a copy, and where each was spent."""
    spent = numbers[cards[0].session]
    whole = set.intersection(*(set(one.copies) for one in cards))
    return {number: spent.get(number) for number in sorted(whole)}


def all_spent() -> Declined:
    """Say that every copy went to another verifier. A copy is never shown to two: they could tell it is you."""
    message = "every copy of these cards was, or may have been, shown to someone else: collect them anew"
    return Declined(Reason.NOTHING_FITS, message)


# -- between bytes and values -----------------------------------------------------------------------------------------


def _data(body: bytes) -> dict[str, Any]:
    data: Any = json_loads(body, limit=MAX_RECORD)
    found: dict[str, Any] = data
    return found


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _numbered(values: Mapping[int, str]) -> dict[str, Json]:
    return {str(number): value for number, value in values.items()}


def _by_number(data: Mapping[str, T]) -> dict[int, T]:
    return {int(number): value for number, value in data.items()}
