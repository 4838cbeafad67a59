"""What is measured of our own, and the bare signatures beside it.

A round has presentations that nobody saw before, each of another holder with a key of its own. Before a verifier's turn
every cache is emptied, and one other presentation of the same issuer is verified: what is known then is the issuer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.pwhash import argon2id

from bench import floor, integrity, mdoc
from bench.measure import Case, cpu, forget
from eigendata import schemas
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority, make_issuer_certificate
from eigendata.encoding import Json, freeze
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.present import Opened
from eigendata.model import (
    Answer,
    Attestation,
    Attribute,
    Authentic,
    Binding,
    Chain,
    ClaimPath,
    CredentialType,
    Holding,
    Kind,
    Party,
    Presentation,
    Seal,
)
from eigendata.query import Held, match, parse_query
from eigendata.registers.catalogue import PERSOON
from eigendata.trust import IssuerEntry, Trust
from eigendata.wallet import Wallet, records
from eigendata.wallet.sealing import LEAST
from eigendata.wallet.vault import Vault

TWO_VERIFICATIONS: Final = "two bare verifications"
AND_A_NEW_KEY: Final = "two bare verifications, one key new"
ONE_SIGNATURE: Final = "one bare signature"
VERIFY: Final = "verify"
ISSUE: Final = "issue"
SCHEMA: Final = "schema check"
PRESENT: Final = "present"
DCQL: Final = "DCQL"
IMPORT: Final = "import"
INTERPRETER: Final = "interpreter"
VAULT_OPEN: Final = "vault, open"
VAULT_LIST: Final = "vault, list"
VAULT_WRITE: Final = "vault, write"
LEAST_TO_VERIFY: Final = "the least to verify"
LEAST_TO_ISSUE: Final = "the least to issue"
LEAST_TO_PRESENT: Final = "the least to present"

ISSUER: Final = "https://boxtel.example"
BINDING: Final = Binding(audience="redirect_uri:https://corporation.example/answer", nonce="n-0S6_WzA2Mj")
CLAIMS: Final = {f"claim_{number}": f"the value of claim {number}" for number in range(20)}
SHOWN: Final = ("claim_1", "claim_7", "claim_13")
PATHS: Final[tuple[ClaimPath, ...]] = tuple((name,) for name in SHOWN)
TYPE: Final = CredentialType(
    id="urn:eigendata:bench:1",
    short="bench",
    label={"nl": "Proef", "en": "Trial"},
    attributes=tuple(Attribute(path=(name,), kind=Kind.TEXT, label={"nl": name, "en": name}) for name in CLAIMS),
)
COPIES: Final = 10
_P256: Final = ec.SECP256R1()
_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_MESSAGE: Final = 600  # bytes; what a bare signature is over
_IMPORT: Final = "from eigendata import Issuer, Wallet, Verifier"
_VALUES: Final[Mapping[Kind, Json]] = {
    Kind.TEXT: "Zandstra",
    Kind.DATE: "1984-02-29",
    Kind.YEAR: 1984,
    Kind.YEAR_MONTH: "1984-02",
    Kind.INTEGER: 2,
    Kind.BOOLEAN: True,
    Kind.COUNTRY: "NL",
    Kind.COUNTRIES: ("NL",),
    Kind.YEARS: (2012, 2016),
    Kind.BSN: "999900109",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Who issues, and whom a verifier trusts; the same in every round."""

    at: datetime
    key: SoftwareKey
    seal: Seal
    trust: Trust
    mdoc: mdoc.Setting
    integrity: integrity.Setting

    @classmethod
    def make(cls) -> Setting:
        at = datetime.now(UTC)
        root, key = SoftwareKey.generate(Algorithm.ES256), SoftwareKey.generate(Algorithm.ES256)
        anchor = make_authority("Bench", root, at=at)
        leaf = make_issuer_certificate(
            key.public_key, name="Boxtel", uri=ISSUER, authority=anchor, authority_key=root, at=at, municipality=None
        )
        entry = IssuerEntry(name="Boxtel", anchors=(anchor,), types=(TYPE.id,))
        seal = Seal(signer=key, origin=Chain(certificates=(leaf,), issuer=ISSUER))
        return cls(
            at=at,
            key=key,
            seal=seal,
            trust=Trust(issuers={ISSUER: entry}),
            mdoc=mdoc.Setting.make(),
            integrity=integrity.Setting.make(),
        )

    def attestation(self, holder: SoftwareKey) -> Attestation:
        issued_at = self.at.replace(hour=0, minute=0, second=0, microsecond=0)
        return Attestation(
            type=TYPE,
            issuer=ISSUER,
            claims=CLAIMS,
            holder=holder.public_key,
            issued_at=issued_at,
            expires_at=issued_at + timedelta(days=14),
        )

    def verify(self, token: bytes) -> Authentic:
        return SD_JWT_VC.parse_presentation(token).verify([TYPE], BINDING, trust=self.trust, at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One holder with one credential, and what the holder shows of it."""

    key: SoftwareKey
    attestation: Attestation
    credential: bytes
    opened: Opened
    presentation: bytes

    @classmethod
    def make(cls, setting: Setting) -> Shown:
        key = SoftwareKey.generate(Algorithm.ES256)
        attestation = setting.attestation(key)
        credential = SD_JWT_VC.issue(attestation, setting.seal)
        opened = SD_JWT_VC.open(credential, TYPE)
        presentation = opened.present(PATHS, Holding(key=key, binding=BINDING), at=setting.at)
        return cls(key=key, attestation=attestation, credential=credential, opened=opened, presentation=presentation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The material of one round: each of these is used once by each case."""

    setting: Setting
    shown: Sequence[Shown]
    other: Shown
    mdocs: mdoc.Mdocs
    proofs: integrity.Proofs

    @classmethod
    def make(cls, setting: Setting, *, size: int) -> Round:
        return cls(
            setting=setting,
            shown=tuple(Shown.make(setting) for _ in range(size)),
            other=Shown.make(setting),
            mdocs=mdoc.Mdocs.make(setting.mdoc, size=size),
            proofs=integrity.Proofs.make(setting.integrity, size=size),
        )


@contextmanager
def our_cases() -> Iterator[tuple[Case[Round], ...]]:
    """Give the cases; while they are in use there is a vault on the disk."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "wallet"
        _fill_vault(path)
        yield (
            Case(name=TWO_VERIFICATIONS, cost=_two_verifications),
            Case(name=AND_A_NEW_KEY, cost=_two_verifications_and_a_new_key),
            Case(name=ONE_SIGNATURE, cost=_one_signature),
            Case(name=VERIFY, cost=_verify),
            Case(name=ISSUE, cost=_issue),
            Case(name=SCHEMA, cost=_schema_check),
            Case(name=PRESENT, cost=_present),
            Case(name=DCQL, cost=_dcql()),
            Case(name=VAULT_OPEN, cost=lambda _: _vault(path)[0]),
            Case(name=VAULT_LIST, cost=lambda _: _vault(path)[1]),
            Case(name=VAULT_WRITE, cost=lambda made: _vault_write(path, made)),
            *(Case(name=name, cost=_of_mdocs(cost)) for name, cost in mdoc.costs().items()),
            *(Case(name=name, cost=_of_proofs(cost)) for name, cost in integrity.costs().items()),
            Case(name=LEAST_TO_VERIFY, cost=floor.verify),
            Case(name=LEAST_TO_ISSUE, cost=floor.issue),
            Case(name=LEAST_TO_PRESENT, cost=floor.present),
            Case(name=IMPORT, cost=lambda _: _subprocess(_IMPORT)),
            Case(name=INTERPRETER, cost=lambda _: _subprocess("pass")),
        )


def _of_mdocs(cost: Callable[[mdoc.Mdocs], float]) -> Callable[[Round], float]:
    return lambda made: cost(made.mdocs)


def _of_proofs(cost: Callable[[integrity.Proofs], float]) -> Callable[[Round], float]:
    return lambda made: cost(made.proofs)


# -- the bare signatures ----------------------------------------------------------------------------------------------


def _two_verifications(round: Round) -> float:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    messages = [os.urandom(_MESSAGE) for _ in range(2 * len(round.shown))]
    signed = [(private.sign(message, _ECDSA), message) for message in messages]
    return 2 * cpu(lambda one: public.verify(one[0], one[1], _ECDSA), signed)


def _two_verifications_and_a_new_key(round: Round) -> float:
    return two_verifications_and_a_new_key(len(round.shown))


def two_verifications_and_a_new_key(count: int) -> float:
    """Do what nobody who is shown a credential can do without: the issuer's key is known, the holder's never is."""
    message = os.urandom(_MESSAGE)
    issuer, *holders = (ec.generate_private_key(_P256) for _ in range(1 + count))
    public, signature = issuer.public_key(), issuer.sign(message, _ECDSA)

    def verify(one: tuple[bytes, bytes]) -> None:
        public.verify(signature, message, _ECDSA)
        point, signed = one
        ec.EllipticCurvePublicKey.from_encoded_point(_P256, point).verify(signed, message, _ECDSA)

    encoding = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    shown = [(one.public_key().public_bytes(*encoding), one.sign(message, _ECDSA)) for one in holders]
    return cpu(verify, shown)


def _one_signature(round: Round) -> float:
    private = ec.generate_private_key(ec.SECP256R1())
    return cpu(lambda message: private.sign(message, _ECDSA), [os.urandom(_MESSAGE) for _ in round.shown])


# -- credentials ------------------------------------------------------------------------------------------------------


def _verify(round: Round) -> float:
    forget()
    round.setting.verify(round.other.presentation)
    return cpu(lambda one: round.setting.verify(one.presentation), round.shown)


def _issue(round: Round) -> float:
    forget()
    SD_JWT_VC.issue(round.other.attestation, round.setting.seal)
    copies = [
        [replace(round.other.attestation, holder=one.key.public_key) for one in round.shown[start : start + COPIES]]
        for start in range(0, len(round.shown), COPIES)
    ]
    return cpu(lambda one: SD_JWT_VC.issue(one, round.setting.seal), [one for some in copies for one in some])


def _present(round: Round) -> float:
    return cpu(
        lambda one: one.opened.present(PATHS, Holding(key=one.key, binding=BINDING), at=round.setting.at), round.shown
    )


def _schema_check(_: Round) -> float:
    claims = claims_of(PERSOON)
    schemas.validate(PERSOON, claims)
    return cpu(lambda one: schemas.validate(PERSOON, one), [claims] * 3)


def claims_of(type: CredentialType) -> Mapping[str, Json]:
    """Give claims that fit the declaration of a type, with everything in it."""
    claims: dict[str, Json] = {}
    for attribute in type.attributes:
        if attribute.path[0] == "absent":
            continue
        inside = claims
        for name in attribute.path[:-1]:
            below = inside.setdefault(name, {})
            assert isinstance(below, dict)
            inside = below
        inside[attribute.path[-1]] = _VALUES[attribute.kind]
    frozen = freeze(claims)
    assert isinstance(frozen, Mapping)
    return frozen


def _dcql() -> Callable[[Round], float]:
    """Ask for three claims of one type, of which 200 credentials are held: each of them has to be looked into."""
    held = tuple(
        Held(
            id=f"card {number}",
            format=SD_JWT_VC.name,
            type_id=TYPE.id,
            document={**CLAIMS, "number": number},
            authority_key_ids=(b"authority",),
            bound=True,
        )
        for number in range(200)
    )
    query = parse_query(
        {
            "credentials": [
                {
                    "id": "one",
                    "format": SD_JWT_VC.name,
                    "meta": {"vct_values": [TYPE.id]},
                    "claims": [{"path": [name]} for name in SHOWN],
                }
            ]
        }
    )
    assert len(match(query, held).fits["one"]) == len(held)
    return lambda _: cpu(lambda one: match(one, held), [query] * 5)


# -- a vault ----------------------------------------------------------------------------------------------------------

RECORDS: Final = 2000
_SESSIONS: Final = 20
_WRITES: Final = 5  # in each round: each of them waits for the disk
_CARDS: Final = 9  # of each session; with ten copies of each that makes 2,000 records
_PASSPHRASE: Final = b"correct horse battery staple"


def _fill_vault(path: Path) -> None:
    setting = Setting.make()
    shown = Shown.make(setting)
    copy = records.Copy(token=shown.credential, key=records.SealedKey.of(shown.key)).written(SD_JWT_VC.name)
    document = claims_of(PERSOON)
    vault = Vault.create(path, _PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for _ in range(_SESSIONS):
            session = writing.put(records.Kind.SESSION, records.Session(sets={}, spent={}).written())
            for _ in range(_CARDS):
                copies = {number: writing.put(records.Kind.COPY, copy) for number in range(COPIES)}
                holding = records.Holding(
                    session=session,
                    type=PERSOON,
                    format=SD_JWT_VC.name,
                    issuer=Party(id=ISSUER, name="Boxtel"),
                    authority_key_ids=(b"authority",),
                    document=document,
                    withheld=tuple((name,) for name in document),
                    added_at=setting.at,
                    expires_at=setting.at + timedelta(days=14),
                    copies=copies,
                )
                writing.put(records.Kind.HOLDING, holding.written())
    vault.close()


def _vault(path: Path) -> tuple[float, float]:
    """Give the seconds of opening a vault, without those of Argon2id, and of the first list of its cards."""
    derived = cpu(
        lambda salt: argon2id.kdf(32, _PASSPHRASE, salt, opslimit=LEAST.passes, memlimit=LEAST.memory),
        [os.urandom(argon2id.SALTBYTES)],
    )
    forget()
    began = time.thread_time()
    wallet = Wallet.open(path, _PASSPHRASE)
    opened = time.thread_time()
    cards = wallet.cards()
    listed = time.thread_time()
    wallet.close()
    assert len(cards) == _SESSIONS * _CARDS
    return opened - began - derived, listed - opened


def _vault_write(path: Path, round: Round) -> float:
    """Write what a wallet writes with an answer: which number is spent, the answer itself, and what was shown to whom.

    Of a disk that is waited for nothing is counted.
    """
    party = Party(id=BINDING.audience, name="A corporation")
    credential = records.ShownCredential(type=TYPE.id, label=TYPE.label, issuer=party, paths=PATHS)
    line = records.Shown(
        at=round.setting.at,
        asker=party,
        proven=False,
        purpose={"nl": "Proef", "en": "Trial"},
        legal_basis=(),
        policy=None,
        keep={},
        until=None,
        credentials=(credential,),
    )
    spent = records.Session(sets={}, spent=dict.fromkeys(range(COPIES), BINDING.audience))
    session, answer, shown = os.urandom(16), os.urandom(16), os.urandom(16)

    def write(token: bytes) -> None:
        presentation = Presentation(format=SD_JWT_VC.name, token=token)
        sent = records.Sent(at=round.setting.at, answer=Answer(presentations={"one": (presentation,)}))
        with vault.writing() as writing:
            writing.put(records.Kind.SESSION, spent.written(), id=session)
            writing.put(records.Kind.SENT, sent.written(), id=answer)
            writing.put(records.Kind.SHOWN, line.written(), id=shown)

    vault = Vault.open(path, _PASSPHRASE)
    try:
        cost = cpu(write, [one.presentation for one in round.shown[:_WRITES]])
        with vault.writing() as writing:
            for name in (session, answer, shown):
                writing.remove(name)
    finally:
        vault.close()
    return cost


# -- importing --------------------------------------------------------------------------------------------------------


def _subprocess(program: str) -> float:
    """Give the seconds of CPU of a Python that does this and no more, interpreter included.

    What an import compiles is kept, as it is wherever the package is installed.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen([sys.executable, "-c", program], env=kept)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime
