"""The nouns that the other rooms share. Data only: no format, no protocol and no register is known here.

    register answer -> record -> Attestation -> credential bytes -> Presentation -> Authentic -> Disclosure

`ProvenKey`, `Authentic`, `Disclosed` and `Disclosure` state that something was verified. Only the room that verifies
makes them: their constructors demand the witness, and a test lists the modules that may import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn, Protocol, TypeAlias

from eigendata.crypto.keys import PublicKey, Signer
from eigendata.encoding import Json
from eigendata.errors import Misuse, Reason, Step

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

ClaimPath: TypeAlias = tuple[str | int | None, ...]
"""A path into claims: a name, an index, or None for every element of an array (OpenID4VP 1.0 section 7)."""

Claims: TypeAlias = Mapping[str, Json]
"""Claims as read-only mappings; arrays are tuples."""


class Witness(Enum):
    """Held by the rooms that verify. Anything built with it states that the verification took place."""

    VERIFIED = "verified"


def _require_witness(witness: Witness) -> None:
    if witness is not Witness.VERIFIED:
        raise Misuse("this value states that something was verified, and is made only by the room that verifies")


class Unbound(Enum):
    """Stands where a holder's key or session would stand, for a credential that anyone may show."""

    UNBOUND = "unbound"


UNBOUND: Final = Unbound.UNBOUND


def utc(at: datetime) -> datetime:
    """Give an aware moment in UTC.

    Raises:
        Misuse: the moment is naive.
    """
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None or at.utcoffset() is None:
        raise Misuse("a moment without a time zone is refused: pass an aware datetime")
    return at.astimezone(UTC)


@cache
def legal_time() -> ZoneInfo:
    """Give the legal time of the Netherlands, by which its registers count days and its people read clocks."""
    from zoneinfo import ZoneInfo  # late: most of what knows these nouns never asks

    return ZoneInfo("Europe/Amsterdam")


def legal_day(at: datetime) -> date:
    """Give the day that it is in the Netherlands; a birthday begins there at 00:00.

    Raises:
        Misuse: the moment is naive.
    """
    return utc(at).astimezone(legal_time()).date()


# -- credential types -------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a claim's value is; from it follow its JSON Schema and how a screen shows it."""

    TEXT = "text"
    DATE = "date"  # full-date of RFC 3339
    YEAR = "year"  # integer
    YEAR_MONTH = "year_month"  # YYYY-MM
    INTEGER = "integer"
    BOOLEAN = "boolean"
    COUNTRY = "country"  # ISO 3166-1 alpha-2
    COUNTRIES = "countries"  # an array of them; QU unknown, QS stateless
    YEARS = "years"  # an array of integers
    BSN = "bsn"


class Presence(StrEnum):
    """Whether a claim is in every attestation of its type."""

    ALWAYS = "always"  # and visible in every presentation
    PROMISED = "promised"  # selectively disclosable; left out only with its `absent` sibling
    OPTIONAL = "optional"  # selectively disclosable; there where the register has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One claim of a credential type.

    Attributes:
        path: strings only; `("address", "postal_code")`.
        label: language -> what a consent screen calls it; `nl` and `en` at least.
        source: the fields of the register that it is made from, as the register's query spells them.
        sensitive: a wallet warns before it is shown.
        names: format -> where the claim lies in that format, where others chose the place.
    """

    path: tuple[str, ...]
    kind: Kind
    label: Mapping[str, str]
    source: tuple[str, ...] = ()
    presence: Presence = Presence.PROMISED
    sensitive: bool = False
    names: Mapping[str, ClaimPath] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialType:
    """One kind of credential, declared once; register query, schemas, labels and reference pages follow from it.

    Attributes:
        id: its name everywhere (the `vct` of SD-JWT VC): `urn:eigendata:nl:brp:persoon:1`.
        short: its short name on the command line and in policies: `persoon`.
        register: the register that feeds it: `brp`; empty for a type that others issue.
        gates: the register's fields that decide whether it may be issued at all.
        validity: how long a copy is valid.
        jurisdiction: where the claim lies that must name a municipality of the issuer's own, if there is one.
        withdrawn_on: the register's events after which it is no longer true.
        by_law_only: shown only to a verifier that a law entitles to it.
        names: format -> type name in that format, where others chose it.
        formats: the formats in which it exists, by their identifiers; empty where it exists in every one.
    """

    id: str
    short: str
    label: Mapping[str, str]
    attributes: tuple[Attribute, ...]
    register: str = ""
    gates: tuple[str, ...] = ()
    validity: timedelta = timedelta(days=14)
    jurisdiction: tuple[str, ...] | None = None
    withdrawn_on: tuple[str, ...] = ()
    by_law_only: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = ()

    @classmethod
    def foreign(cls, id: str) -> CredentialType:
        """Give a type that others declare, of which only the name is known; its paths are those of its tokens."""
        return cls(id=id, short=id, label={"nl": id, "en": id}, attributes=())

    @property
    def fields(self) -> tuple[str, ...]:
        """The register fields that this type needs, sorted: the whole of its question to the register."""
        return tuple(sorted({*self.gates, *(name for attribute in self.attributes for name in attribute.source)}))

    def exists_in(self, format: str) -> bool:
        """Tell whether there is such a credential in this format."""
        return not self.formats or format in self.formats

    def attribute(self, path: ClaimPath) -> Attribute | None:
        return next((one for one in self.attributes if one.path == path), None)

    def called(self, place: ClaimPath) -> Mapping[str, str]:
        """Give what a claim is called, by language, that is none of `attributes`; empty where nothing is known of it.

        Args:
            place: where it lies in the type's tokens.
        """
        return {}


# -- records: what a register said, parsed ----------------------------------------------------------------------------


Types: TypeAlias = Mapping[str, CredentialType]
"""Types by their ids; where a role is told of them, those that others declare."""

NO_OTHERS: Final[Types] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A credential that was not issued, or a claim that was left out, and why."""

    type: CredentialType
    reason: Reason
    claim: tuple[str, ...] | None = None  # None: the whole credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one record supports of one credential type.

    Attributes:
        claims: the subject's claims, `absent` siblings included; without envelope facts and without `set`.
        as_of: the day on which the register answered.
        left_out: the claims that are absent, and why. For the holder alone.
    """

    type: CredentialType
    claims: Claims = field(repr=False)
    as_of: datetime
    left_out: tuple[Refusal, ...] = ()


class Record(Protocol):
    """A register's answer about one subject, parsed."""

    @property
    def types(self) -> tuple[CredentialType, ...]:
        """The credential types it can feed."""

    def facts(self, type: CredentialType, /, *, jurisdictions: tuple[str, ...], at: datetime) -> Facts:
        """Give what this record supports of one type.

        Raises:
            Declined: a gate of the type is closed.
            Misuse: the type is not fed by this record.
        """


# -- issuing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An issuer found by its X.509 chain. DER, leaf first, without the anchor."""

    certificates: tuple[bytes, ...]
    issuer: str | None = None  # the `iss` that the token states, if it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An issuer found by its name, with a key that was pinned beforehand."""

    issuer: str
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSigner:
    """An issuer found by the X.509 chain of its document signer, up to an issuing authority (ISO/IEC 18013-5 annex B).

    Attributes:
        certificates: DER, leaf first, without the anchor.
        issuer: the identifier of the issuer whose signer it is, where that is known beforehand. No token states it.
    """

    certificates: tuple[bytes, ...]
    issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """An issuer found by its controller document (Controlled Identifiers 1.0): a DID, or an https address.

    Attributes:
        controller: who the token says issued it, and whose document holds the verification method.
        id: the verification method, by its absolute identifier.
        issuer: the identifier of the issuer whose controller it is, where that is known beforehand. No token states it.
    """

    controller: str
    id: str
    issuer: str | None = None


Origin: TypeAlias = Chain | Named | DocumentSigner | Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """An issuer's key and how it is found."""

    signer: Signer
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Someone who issues or asks, whatever a format or protocol calls them."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """An issuer whom the verifier trusts for the type at hand.

    Attributes:
        jurisdictions: the municipality codes it speaks for; empty where the type knows none.
        authority_key_ids: the key identifiers of its chain, for `trusted_authorities` of type `aki`.
    """

    party: Party
    key: PublicKey
    jurisdictions: tuple[str, ...] = ()
    authority_key_ids: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReference:
    """Where a credential's withdrawal is published."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """One copy of one credential, before a format signs it.

    Attributes:
        issuer: the issuer's identifier, the `iss` of SD-JWT VC.
        claims: every claim, under the type's own paths, envelope facts and `set` included.
        issued_at, expires_at: aware, whole days in UTC.
    """

    type: CredentialType
    issuer: str
    claims: Claims = field(repr=False)
    holder: PublicKey | Unbound
    issued_at: datetime
    expires_at: datetime
    status: StatusReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One attestation in n copies, each for its own holder key. A wallet takes it as a whole or not at all."""

    type: CredentialType
    format: str
    copies: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuance:
    """What one session of issuing gave: the credentials, and what was refused."""

    issued: tuple[Issued, ...]
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenKey:
    """A key whose holder showed that they hold it. Made by `eigendata.proofs` alone."""

    key: PublicKey
    witness: InitVar[Witness]

    def __post_init__(self, witness: Witness) -> None:
        _require_witness(witness)


# -- presenting and verifying -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a holder's proof must repeat. Made by `eigendata.channel` alone, one function for each channel.

    Attributes:
        audience: the verifier as the holder's proof names it: the client identifier with its prefix.
        nonce: fresh for each request.
        transcript: the session transcript that mdoc signs, or empty.
    """

    audience: str
    nonce: str = field(repr=False)
    transcript: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A holder's key and the session it signs for, together: half of it cannot be passed."""

    key: Signer
    binding: Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    format: str
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A wallet's answer: for each credential query of the request, by its id, one or more presentations."""

    presentations: Mapping[str, tuple[Presentation, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentic:
    """A credential that is genuine, in time and bound to this session. Not yet: that it fits the question.

    Attributes:
        document: the claims as the format holds them, only those shown.
        revealed: the paths in `document` that the holder chose to show (elements that could have been withheld).
    """

    type: CredentialType
    issuer: TrustedIssuer
    document: Claims = field(repr=False)
    revealed: tuple[ClaimPath, ...]
    holder: PublicKey | Unbound
    status: StatusReference | None
    expires_at: datetime
    trail: tuple[Step, ...]
    witness: InitVar[Witness]

    def __post_init__(self, witness: Witness) -> None:
        _require_witness(witness)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """One credential's part of a disclosure: only the claims that were asked, under the type's own paths."""

    type: CredentialType
    issuer: Party
    claims: Claims = field(repr=False)
    trail: tuple[Step, ...]
    witness: InitVar[Witness]

    def __post_init__(self, witness: Witness) -> None:
        _require_witness(witness)


class Advice(StrEnum):
    """What a policy's rules make of a disclosure. Advice: software advises, a person rejects."""

    MEETS = "voldoet"
    DOES_NOT_MEET = "voldoet_niet"
    NOT_DERIVABLE = "niet_af_te_leiden"
    IN_PERSON = "persoonlijk_contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """An advice and the rule that gave it, as the policy states that rule."""

    advice: Advice
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """A whole answer, verified: what a verifier may use.

    Attributes:
        credentials: by question; a question that allows several holds them in the order of the answer.
        trail: the checks of the answer as a whole; each credential holds its own.
        advice: what the policy's rules say; None where the request came without a policy.
    """

    credentials: Mapping[str, tuple[Disclosed, ...]]
    trail: tuple[Step, ...]
    advice: Advised | None
    witness: InitVar[Witness]

    def __post_init__(self, witness: Witness) -> None:
        _require_witness(witness)

    def __getitem__(self, question: str) -> Disclosed:
        """Give the one credential that answers a question.

        Raises:
            Misuse: the question was not asked, was not answered, or was answered by several credentials.
        """
        found = self.credentials.get(question, ())
        if len(found) != 1:
            raise Misuse(f"question {question!r} has {len(found)} credentials in this disclosure")
        return found[0]

    def __bool__(self) -> NoReturn:
        """Refuse to be taken for yes or no.

        Raises:
            Misuse: always. A verification that failed gave no disclosure, and what is advised stands in `advice`.
        """
        raise Misuse("a disclosure is neither true nor false: one that failed raised, and the advice is in `advice`")


# -- one-time values --------------------------------------------------------------------------------------------------


class Once(Protocol):
    """Remembers one-time values, so that each is accepted once, whoever asks and however many ask at the same time."""

    def take(self, kind: str, value: str, until: datetime) -> None:
        """Take a value that nobody took before; it is remembered until `until` at least.

        Raises:
            Rejected: it was taken before (`replay_detected`).
            Unavailable: the memory did not answer.
        """


class NoReplayCheck(Enum):
    """Stands where a `Once` would stand, for a caller who accepts that a second showing goes unnoticed."""

    NO_REPLAY_CHECK = "no replay check"


NO_REPLAY_CHECK: Final = NoReplayCheck.NO_REPLAY_CHECK


class NoStatusCheck(Enum):
    """Stands where a status source would stand, for a caller who accepts that withdrawal goes unnoticed."""

    NO_STATUS_CHECK = "no status check"


NO_STATUS_CHECK: Final = NoStatusCheck.NO_STATUS_CHECK
