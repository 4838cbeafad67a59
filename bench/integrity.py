"""What is measured of W3C Data Integrity: verifying a credential of 20 claims, shown whole, by either suite.

Nobody saw a presentation before, and every holder's key is new. The issuer's controller document is pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bench.measure import cpu, forget
from eigendata import did
from eigendata.channel import openid4vp_redirect
from eigendata.crypto import multikey
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, json_dumps
from eigendata.formats.di import LDP_VC, LdpVc
from eigendata.formats.di.proofs import SUITES, Suite
from eigendata.model import Attestation, Attribute, Authentic, CredentialType, Holding, Kind, Method, Seal
from eigendata.trust import IssuerEntry, Trust

TWO_VERIFICATIONS: Final = "two bare verifications, Ed25519"
ONE_SIGNATURE: Final = "one bare signature, Ed25519"
VERIFY: Final[Mapping[str, str]] = {suite.name: f"verify {suite.name}" for suite in SUITES}
ISSUE: Final[Mapping[str, str]] = {suite.name: f"issue {suite.name}" for suite in SUITES}
PRESENT: Final[Mapping[str, str]] = {suite.name: f"present {suite.name}" for suite in SUITES}
NAMES: Final = (TWO_VERIFICATIONS, ONE_SIGNATURE, *VERIFY.values(), *ISSUE.values(), *PRESENT.values())

ISSUER: Final = "https://boxtel.example"
CONTROLLER: Final = "did:web:boxtel.example"
METHOD: Final = f"{CONTROLLER}#key-1"
CLAIMS: Final = {f"claim_{number}": f"the value of claim {number}" for number in range(20)}
TYPE: Final = CredentialType(
    id="urn:eigendata:bench:w3c:1",
    short="bench",
    label={"nl": "Proef", "en": "Trial"},
    attributes=tuple(Attribute(path=(name,), kind=Kind.TEXT, label={"nl": name, "en": name}) for name in CLAIMS),
)
_URI: Final = "https://corporation.example/answer"
BINDING: Final = openid4vp_redirect(client_id=f"redirect_uri:{_URI}", nonce="n-0S6_WzA2Mj", response_uri=_URI)
_MESSAGE: Final = b"m" * 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An issuer with a controller document, and who trusts it; the same in every round."""

    at: datetime
    key: SoftwareKey
    trust: Trust

    @classmethod
    def make(cls) -> Setting:
        key = SoftwareKey.generate(Algorithm.EDDSA)
        method: Json = {
            "id": METHOD,
            "type": "Multikey",
            "controller": CONTROLLER,
            "publicKeyMultibase": multikey.write(key.public_key),
        }
        document: Json = {"id": CONTROLLER, "verificationMethod": [method], did.ASSERTION: [METHOD]}
        entry = IssuerEntry(
            name="Boxtel",
            types=(TYPE.id,),
            controllers=(CONTROLLER,),
            documents={CONTROLLER: json_dumps(document).decode()},
        )
        return cls(at=datetime.now(UTC), key=key, trust=Trust(issuers={ISSUER: entry}))

    @property
    def seal(self) -> Seal:
        return Seal(signer=self.key, origin=Method(issuer=ISSUER, controller=CONTROLLER, id=METHOD))

    def verify(self, token: bytes) -> Authentic:
        return LDP_VC.parse_presentation(token).verify([TYPE], BINDING, trust=self.trust, at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One holder, and what the holder shows by each suite."""

    key: SoftwareKey
    attestation: Attestation
    credentials: Mapping[str, bytes]
    presentations: Mapping[str, bytes]

    @classmethod
    def make(cls, setting: Setting) -> Shown:
        key = SoftwareKey.generate(Algorithm.EDDSA)
        issued_at = setting.at.replace(hour=0, minute=0, second=0, microsecond=0)
        attestation = Attestation(
            type=TYPE,
            issuer=ISSUER,
            claims=CLAIMS,
            holder=key.public_key,
            issued_at=issued_at,
            expires_at=issued_at + timedelta(days=14),
        )
        credentials = {suite.name: LdpVc(suite=suite).issue(attestation, setting.seal) for suite in SUITES}
        holding = Holding(key=key, binding=BINDING)
        presentations = {
            name: LDP_VC.present(credential, TYPE, (), holding, at=setting.at)
            for name, credential in credentials.items()
        }
        return cls(key=key, attestation=attestation, credentials=credentials, presentations=presentations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """The material of one round: each of these is used once by each case."""

    setting: Setting
    shown: Sequence[Shown]
    other: Shown

    @classmethod
    def make(cls, setting: Setting, *, size: int) -> Proofs:
        return cls(setting=setting, shown=tuple(Shown.make(setting) for _ in range(size)), other=Shown.make(setting))


def costs() -> Mapping[str, Callable[[Proofs], float]]:
    """Give what is measured, by its name in the table."""
    found: dict[str, Callable[[Proofs], float]] = {
        TWO_VERIFICATIONS: _two_verifications,
        ONE_SIGNATURE: lambda made: cpu(lambda one: one.key.sign(_MESSAGE), made.shown),
    }
    for suite in SUITES:
        found |= {
            VERIFY[suite.name]: _verify(suite),
            ISSUE[suite.name]: _issue(suite),
            PRESENT[suite.name]: _present(suite),
        }
    return found


def _two_verifications(made: Proofs) -> float:
    signed = [(one.key.public_key, one.key.sign(_MESSAGE)) for one in made.shown]
    return 2 * cpu(lambda one: one[0].verifies(one[1], _MESSAGE), signed)


def _verify(suite: Suite) -> Callable[[Proofs], float]:
    def cost(made: Proofs) -> float:
        forget()
        made.setting.verify(made.other.presentations[suite.name])
        return cpu(made.setting.verify, [one.presentations[suite.name] for one in made.shown])

    return cost


def _issue(suite: Suite) -> Callable[[Proofs], float]:
    def cost(made: Proofs) -> float:
        issuing, seal = LdpVc(suite=suite), made.setting.seal
        return cpu(lambda one: issuing.issue(one.attestation, seal), made.shown)

    return cost


def _present(suite: Suite) -> Callable[[Proofs], float]:
    def cost(made: Proofs) -> float:
        at = made.setting.at
        opened = [
            (LDP_VC.open(one.credentials[suite.name], TYPE), Holding(key=one.key, binding=BINDING))
            for one in made.shown
        ]
        return cpu(lambda one: one[0].present((), one[1], at=at), opened)

    return cost
