"""Attacks on a verifier that has just accepted an honest answer, and on the vault that gave it.

The attackers hold real credentials with real keys: a stranger without any fails at the first signature, which shows
little. Each attack breaks one rule, so that the reason of its refusal is that rule.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cbor2 import CBORTag

from eigendata import proofs
from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import PublicKey, SoftwareKey
from eigendata.encoding import (
    Json,
    b64url_decode,
    b64url_encode,
    cbor_dumps,
    cbor_loads,
    json_dumps,
    json_loads,
    json_object,
)
from eigendata.errors import Misuse, Rejected
from eigendata.formats import FORMATS
from eigendata.formats.protocol import OpenedCredential
from eigendata.issuer import Issuer
from eigendata.model import Answer, Binding, ClaimPath, CredentialType, Holding, Issued, Presentation
from eigendata.query import CredentialQuery
from eigendata.registers.brp import BrpRecord
from eigendata.story.counter import Asked, Counter, Refusal
from eigendata.trust import Trust
from eigendata.wallet import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the attackers find: an issuer that serves them too, and a corporation that has just been answered.

    Attributes:
        policy, home: what the corporation asks by.
        record: of the applicant; `neighbour`: of someone else of the same municipality, where there is one.
        answer: the honest one, accepted already.
    """

    issuer: Issuer
    trust: Trust
    counter: Counter
    policy: str
    home: Mapping[str, Json]
    asked: Asked
    answer: Answer
    record: BrpRecord
    neighbour: BrpRecord | None
    vault: Path
    passphrase: str
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack and what came of it; `refused` is None where it succeeded, or was not tried for want of a victim."""

    name: str
    tried: bool = True
    refused: Refusal | None


def attacks(stage: Stage) -> Iterator[Attack]:
    """Try them, each in its turn: those that the formats of the request leave something to try."""
    own = _Cards(stage, stage.record)
    other = None if stage.neighbour is None else _Cards(stage, stage.neighbour)
    on_cards: tuple[tuple[str, Callable[[], Refusal | None]], ...] = (
        ("swapped", lambda: _submit(stage, _swap(stage, own))),
        ("withheld", lambda: _submit(stage, own.answer(_fresh(stage), without=("local_tie_6y",)))),
        ("household", lambda: _submit(stage, own.answer(_fresh(stage), beside=("huishouden", other)))),
    )
    if any(one.format in SHOWS_ALL for one in stage.asked.request.query.credentials):
        on_cards = (
            ("swapped_card", lambda: _submit(stage, _rewritten(stage, own, {"family_name": "Ander"}))),
            ("withheld_card", lambda: _submit(stage, _rewritten(stage, own, {"resident": None}))),
        )
    attempts: tuple[tuple[str, Callable[[], Refusal | None]], ...] = (
        ("replay", lambda: stage.counter.submit(stage.asked, stage.answer)),
        ("other_verifier", lambda: stage.counter.relay(stage.asked, stage.answer)),
        *on_cards,
        ("vault", lambda: _open_damaged(stage)),
    )
    for name, attempt in attempts:
        if name == "household" and other is None:
            yield Attack(name=name, tried=False, refused=None)
        else:
            yield Attack(name=name, refused=attempt())


class _Cards:
    """One attacker's credentials, a copy of each type, with keys that the attacker has at hand."""

    def __init__(self, stage: Stage, record: BrpRecord) -> None:
        at = stage.clock()
        challenge = stage.issuer.challenge(at=at)
        formats = stage.counter.formats
        algorithms = [FORMATS[one].holder_algorithms[0] for one in formats] * len(challenge.types)
        keys = [SoftwareKey.generate(one) for one in algorithms]
        to = stage.issuer.proven(proofs.prove(challenge, keys, at=at), at=at)
        issued = stage.issuer.issue(record, format=formats, to=to, copies=1, at=at).issued
        self._clock = stage.clock
        self._answered = stage.answer.presentations.keys()
        own = {key.public_key: key for key in keys}
        self._held: Mapping[tuple[str, str], tuple[CredentialType, bytes, SoftwareKey]] = {
            (one.type.id, one.format): (one.type, one.copies[0], own[_holder(one, stage, at)]) for one in issued
        }

    def held(self, asked: CredentialQuery) -> tuple[CredentialType, bytes, SoftwareKey]:
        return self._held[asked.type_ids[0], asked.format]

    def key(self, asked: CredentialQuery) -> SoftwareKey:
        return self._held[asked.type_ids[0], asked.format][2]

    def answer(
        self, asking: Asked, *, without: tuple[str, ...] = (), beside: tuple[str, _Cards | None] | None = None
    ) -> tuple[Asked, Answer]:
        """Answer as the honest answer did, some claims left out, or one card of somebody else's beside these."""
        request = asking.request
        presentations: dict[str, tuple[Presentation, ...]] = {}
        for asked in request.query.credentials:
            if asked.id not in self._answered:
                continue
            lent = beside[1] if beside is not None and asked.type_ids[0].split(":")[-2] == beside[0] else None
            owner = lent or self
            declared, copy, key = owner._held[asked.type_ids[0], asked.format]
            holding = Holding(key=key, binding=request.binding)
            opened = FORMATS[asked.format].open(copy, declared)
            token = _first_possible(opened, _options(asked, without), holding, at=self._clock())
            presentations[asked.id] = (Presentation(format=asked.format, token=token),)
        return asking, Answer(presentations=presentations)


def _options(asked: CredentialQuery, without: tuple[str, ...]) -> Iterator[list[ClaimPath]]:
    """Give the claims of each option of a question, in order, some of them left out."""
    claims = asked.claims or ()
    for listed in asked.claim_sets or (tuple(one.id or "" for one in claims),):
        yield [one.path for one in claims if (one.id or "") in listed and one.path[-1] not in without]


def _holder(issued: Issued, stage: Stage, at: datetime) -> PublicKey:
    """Read which key a copy is for: where a type was refused, the keys that came after it move up."""
    unverified = FORMATS[issued.format].parse_credential(issued.copies[0])
    holder = unverified.verify([issued.type], trust=stage.trust, at=at).holder
    assert isinstance(holder, PublicKey)
    return holder


def _first_possible(
    opened: OpenedCredential, options: Iterator[list[ClaimPath]], holding: Holding, *, at: datetime
) -> bytes:
    for reveal in options:
        with suppress(Misuse):  # this credential does not hold what the option asks
            return opened.present(reveal, holding, at=at)
    raise Misuse("these cards cannot answer the request")


def _fresh(stage: Stage) -> Asked:
    """Let the corporation ask the same again: an attack on a used request would fail for that alone."""
    return stage.counter.ask(stage.policy, stage.home)


def _submit(stage: Stage, answered: tuple[Asked, Answer]) -> Refusal | None:
    asked, answer = answered
    return stage.counter.submit(asked, answer)


def _swap(stage: Stage, cards: _Cards) -> tuple[Asked, Answer]:
    """Write another household size into one's own card, and prove oneself anew where the proof is over that."""
    asking, answer = cards.answer(_fresh(stage))
    request = asking.request
    asked = next(
        one
        for one in request.query.credentials
        if one.id in answer.presentations and one.type_ids[0].split(":")[-2] == "huishouden"
    )
    token = answer.presentations[asked.id][0].token
    swapped = _SWAPPED[asked.format](token, cards.key(asked), request.binding, stage.clock())
    forged = Presentation(format=asked.format, token=swapped)
    return asking, Answer(presentations={**answer.presentations, asked.id: (forged,)})


def _swapped_disclosure(token: bytes, key: SoftwareKey, binding: Binding, at: datetime) -> bytes:
    issued, *disclosures, _ = token.split(b"~")
    swapped = b"~".join([issued, *(_enlarged(one) for one in disclosures), b""])
    return swapped + _bind(swapped, key, binding, at=at)


def _swapped_element(token: bytes, key: SoftwareKey, binding: Binding, at: datetime) -> bytes:
    """Change an element of an mdoc. Its holder's signature is over the session, and holds as it is."""
    response = cbor_loads(token)
    match response:
        case {"documents": [{"issuerSigned": {"nameSpaces": dict(name_spaces)}}]}:
            for several in name_spaces.values():
                several[:] = [CBORTag(one.tag, _enlarged_item(one.value)) for one in several]
        case _:
            raise Misuse("there is no element to change")
    return cbor_dumps(response)


def _enlarged_item(encoded: bytes) -> bytes:
    item = cbor_loads(encoded)
    match item:
        case {"elementIdentifier": "household_size", "elementValue": int(size)}:
            assert isinstance(item, Mapping)
            return cbor_dumps({**item, "elementValue": size + 1})
        case _:
            return encoded


_SWAPPED: Final[Mapping[str, Callable[[bytes, SoftwareKey, Binding, datetime], bytes]]] = {
    "dc+sd-jwt": _swapped_disclosure,
    "mso_mdoc": _swapped_element,
}
"""Format -> how a claim in a presentation is changed by whoever holds its key."""


SHOWS_ALL: Final = frozenset({"ldp_vc"})
"""Formats in which nothing is withheld: whoever cheats with a card of theirs changes the card itself."""


def _rewritten(stage: Stage, cards: _Cards, changes: Mapping[str, str | None]) -> tuple[Asked, Answer]:
    """Change facts of one's own card, or cut them out, and sign the whole anew as its holder."""
    asking = _fresh(stage)
    request = asking.request
    asked = request.query.credentials[0]
    declared, copy, key = cards.held(asked)
    card = json_object(copy)
    match card:
        case {"credentialSubject": dict(subject)}:
            changed = {name: value for name, value in {**subject, **changes}.items() if value is not None}
        case _:
            raise Misuse("there is no fact to change")
    token = FORMATS[asked.format].present(
        json_dumps({**card, "credentialSubject": changed}),
        declared,
        [],
        Holding(key=key, binding=request.binding),
        at=stage.clock(),
    )
    return asking, Answer(presentations={asked.id: (Presentation(format=asked.format, token=token),)})


def _enlarged(disclosure: bytes) -> bytes:
    match json_loads(b64url_decode(disclosure)):
        case [salt, "household_size", int(size)]:
            return b64url_encode(json_dumps([salt, "household_size", size + 1])).encode()
        case _:
            return disclosure


def _bind(token: bytes, key: SoftwareKey, binding: Binding, *, at: datetime) -> bytes:
    payload: Json = {
        "iat": int(at.timestamp()),
        "aud": binding.audience,
        "nonce": binding.nonce,
        "sd_hash": b64url_encode(hashlib.sha256(token).digest()),
    }
    return sign_jws({"typ": "kb+jwt"}, json_dumps(payload), key)


def _open_damaged(stage: Stage) -> Refusal | None:
    """Change one byte of one card in a copy of the vault, and open it with the right passphrase."""
    damaged = stage.vault.with_suffix(".damaged")
    damaged.touch(mode=0o600)
    damaged.write_bytes(stage.vault.read_bytes())
    with closing(sqlite3.connect(damaged)) as database, database:
        name, sealed = database.execute("SELECT id, sealed FROM record ORDER BY id LIMIT 1").fetchone()
        changed = bytes([sealed[0] ^ 1]) + sealed[1:]
        database.execute("UPDATE record SET sealed = ? WHERE id = ?", (changed, name))
    try:
        Wallet.open(damaged, stage.passphrase).close()
    except Rejected as refused:
        return Refusal.of(refused)
    return None
