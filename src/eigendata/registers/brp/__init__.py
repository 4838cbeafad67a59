"""BRP, the register of persons: an answer becomes a record, and a record says what it supports of each type.

    answer -> parse -> BrpRecord -> facts(type) -> claims, and what is left out with its reason

    dates      partial dates, ages, years           names      Dutch names
    reading    lenient reading, field by field      record     the persoonslijst
    parsing    the official answers                 gates      who gets nothing, and why
    persoon    name, birth, nationality, number     address    where someone lives
    residence  residents and the local tie          household  who lives together
    telling    a claim is told, or left out

Reading is lenient, signing is strict: what cannot be read or is under investigation is never stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from eigendata.encoding import Json
from eigendata.errors import Misuse
from eigendata.model import CredentialType, Facts, legal_day
from eigendata.registers.brp.address import tell_adres
from eigendata.registers.brp.dates import years_before
from eigendata.registers.brp.gates import require_open
from eigendata.registers.brp.household import tell_huishouden, whom_to_ask
from eigendata.registers.brp.names import aanschrijfwijze
from eigendata.registers.brp.parsing import parse_list
from eigendata.registers.brp.persoon import passes_elfproef, tell_bsn, tell_persoon, tell_subject
from eigendata.registers.brp.record import Persoonslijst
from eigendata.registers.brp.residence import LOOK_BACK_YEARS, tell_inwoner
from eigendata.registers.brp.telling import Telling
from eigendata.registers.catalogue import ADRES, BSN, CATALOGUE, HUISHOUDEN, INWONER, PERSOON, RELATIVE_FIELDS

__all__ = [
    "BSN_PER_QUESTION",
    "RELATIVE_FIELDS",
    "BrpRecord",
    "aanschrijfwijze",
    "asks_history",
    "asks_relatives",
    "history_period",
    "parse",
    "passes_elfproef",
    "questions",
    "relatives",
]

BSN_PER_QUESTION: Final = 20
"""How many numbers one question may name (BRP API Personen 2.7.0, RaadpleegMetBurgerservicenummer)."""

TYPES: Final = tuple(one for one in CATALOGUE.values() if one.register == "brp")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrpRecord:
    """What the register answered about one person, parsed. Satisfies `model.Record`.

    Attributes:
        bsn: whom the question was about.
        types: the types that the question was asked for.
    """

    bsn: str | None = field(repr=False)
    person: Persoonslijst = field(repr=False)
    types: tuple[CredentialType, ...]

    def facts(self, type: CredentialType, /, *, jurisdictions: tuple[str, ...], at: datetime) -> Facts:
        """Give what this record supports of one type.

        Args:
            jurisdictions: codes of table 33: the municipalities that the issuer speaks for.
            at: the moment of issuing, on whose Dutch day the ages count. Residence counts as of the answer.

        Raises:
            Declined: a gate is closed (`gates`), or the holder does not live at the address (`not_at_address`).
            Misuse: the question was not asked for this type, or `at` is naive.
        """
        if type.id not in {one.id for one in self.types}:
            raise Misuse(f"this record was not asked for the type {type.short}")
        person, on, registered_on = self.person, legal_day(at), legal_day(self.person.peildatum)
        municipality = require_open(person, jurisdictions=jurisdictions, registered_on=registered_on, on=on)
        telling = Telling(type)
        tell_subject(telling, person)
        match type.id:
            case PERSOON.id:
                tell_persoon(telling, person, on=on)
            case BSN.id:
                tell_bsn(telling, person)
            case ADRES.id:
                tell_adres(telling, person, municipality=municipality, on=registered_on)
            case INWONER.id:
                tell_inwoner(telling, person, municipality=municipality)
            case HUISHOUDEN.id:
                tell_huishouden(telling, person, on=on)
        return telling.facts(person.peildatum)


def parse(
    answer: bytes | Json,
    *,
    bsn: str | None = None,
    history: bytes | Json = None,
    relatives: bytes | Json = None,
    types: Sequence[CredentialType] = TYPES,
    at: datetime,
) -> BrpRecord:
    """Read the register's answers about one person.

    Args:
        answer: of `POST /personen`, as bytes or read.
        bsn: whom was asked about; needed where the answer is about several.
        history: the answer of `POST /verblijfplaatshistorie`, or its list of stays.
        relatives: the answer, or the answers, of the second question: partner and children.
        types: what was asked for; the record then gives facts of these types only.
        at: when the register answered; aware.

    Raises:
        Declined: the register knows nobody by this number (`not_registered`).
        Malformed: an answer is not of the official shape at all, or not about this person.
        Misuse: `at` is naive.
    """
    person = parse_list(answer, bsn=bsn, history=history, relatives=relatives, at=at)
    return BrpRecord(bsn=bsn or person.bsn.value, person=person, types=tuple(types))


# -- what to ask ------------------------------------------------------------------------------------------------------


def questions(types: Iterable[CredentialType]) -> tuple[str, ...]:
    """Give the `fields` of the first question: what these types need and nothing else, sorted."""
    return tuple(sorted({name for one in types for name in one.fields}))


def asks_history(types: Iterable[CredentialType]) -> bool:
    """Tell whether one of these types needs the history of residence."""
    return any(one.id == INWONER.id for one in types)


def history_period(at: datetime) -> tuple[date, date]:
    """Give `datumVan` and `datumTot` of the question for the history: the years that the local tie looks back."""
    now = legal_day(at)
    return years_before(now, LOOK_BACK_YEARS), now


def asks_relatives(types: Iterable[CredentialType]) -> bool:
    """Tell whether one of these types needs the second question, about partner and children."""
    return any(one.id == HUISHOUDEN.id for one in types)


def relatives(record: BrpRecord) -> tuple[str, ...]:
    """Give the numbers of partner and children whose address must be asked, with `RELATIVE_FIELDS`.

    At most `BSN_PER_QUESTION` go in one question. Nobody is asked about where nothing could be told anyway.
    """
    return whom_to_ask(record.person)
