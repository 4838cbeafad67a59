"""Persoon and BSN: the name, the birth, the nationalities, the ages, and the number."""

from __future__ import annotations

import re
from datetime import date

from eigendata.errors import Reason
from eigendata.registers import tables
from eigendata.registers.brp.dates import Datum, of_age
from eigendata.registers.brp.names import joined, known
from eigendata.registers.brp.reading import Gegeven
from eigendata.registers.brp.record import Naam, Nationaliteit, Persoonslijst
from eigendata.registers.brp.telling import Telling, Told, first_doubt
from eigendata.registers.catalogue import AGES


def tell_subject(telling: Telling, person: Persoonslijst) -> None:
    """The three claims by which two credentials are seen to be about one person."""
    telling.tell("family_name", family_name(person.naam))
    telling.tell("given_name", known(person.naam.voornamen))
    telling.tell("birthdate", _birthdate(person.geboortedatum))


def tell_persoon(telling: Telling, person: Persoonslijst, *, on: date) -> None:
    """Everything else about who someone is."""
    telling.tell("name_in_use", known(person.naam.aanschrijfwijze))
    telling.tell("birth_year", _birth_year(person.geboortedatum))
    telling.tell("birth_year_month", _birth_year_month(person.geboortedatum))
    telling.tell("place_of_birth", known(person.geboorteplaats))
    telling.tell("nationalities", nationalities(person.nationaliteiten))
    for age in AGES:
        telling.tell(f"age_over_{age}", _age_over(person.geboortedatum, age, on=on))


def tell_bsn(telling: Telling, person: Persoonslijst) -> None:
    """The number, if it is one."""
    telling.tell("bsn", person.bsn.read(lambda bsn: bsn if passes_elfproef(bsn) else None))


def passes_elfproef(bsn: str) -> bool:
    """Tell whether nine digits form a BSN: weighed 9 to 2 and -1, they add up to a multiple of eleven; not all zero."""
    if re.fullmatch(r"[0-9]{9}", bsn) is None or bsn == "000000000":
        return False
    return sum(weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), bsn, strict=True)) % 11 == 0


def family_name(naam: Naam) -> Told | Reason:
    """The surname with what stands before it. A title is no part of it; it stands in the name someone goes by."""
    surname = known(naam.geslachtsnaam)
    if (reason := first_doubt(naam.voorvoegsel, surname)) or surname.value is None:
        return reason or Reason.NOT_RECORDED
    return Gegeven(value=joined(naam.voorvoegsel.value, surname.value))


def _birthdate(born: Gegeven[Datum]) -> Told:
    """The date of birth, if all of it is known."""
    return born.read(lambda datum: datum.exact.isoformat() if datum.exact else None)


def _birth_year(born: Gegeven[Datum]) -> Told:
    """The year of birth, where nothing more is known."""
    return born.read(lambda datum: datum.year if datum.month is None else None)


def _birth_year_month(born: Gegeven[Datum]) -> Told:
    """The year and month of birth, where only the day is not known."""
    return born.read(lambda datum: f"{datum.year:04}-{datum.month:02}" if datum.month and not datum.day else None)


def _age_over(born: Gegeven[Datum], age: int, *, on: date) -> Told:
    """Whether an age is reached. Where the date leaves both possible, nothing is said."""
    return born.read(lambda datum: of_age(datum, age, on=on))


def nationalities(recorded: Gegeven[tuple[Nationaliteit, ...]]) -> Told | Reason:
    """The nationalities as ISO codes, all of them or none.

    Being treated as Dutch (Wet betreffende de positie van Molukkers) is no nationality, nor is having been found not
    to be Dutch: they add nothing to a list. Alone, the first leaves the nationality open, so nothing is said; the
    second says that it is unknown.
    """
    entries = recorded.value or ()
    if reason := first_doubt(recorded, *(field for one in entries for field in (one.soort, one.code))):
        return reason
    kinds = {one.soort.value for one in entries}
    codes: list[str] = []
    for one in entries:
        match one.soort.value:
            case "Nationaliteit":
                row = tables.nationalities().get(one.code.value or "")
                iso = row.iso if row else None
            case "Staatloos":
                iso = tables.STATELESS
            case "NationaliteitOnbekend":
                iso = tables.UNKNOWN_NATIONALITY
            case "BehandeldAlsNederlander" | "VastgesteldNietNederlander":
                continue
            case _:
                iso = None
        if iso is None:
            return Reason.NOT_DERIVABLE
        codes.append(iso)
    if codes:
        return Gegeven(value=tuple(dict.fromkeys(codes)))
    if "BehandeldAlsNederlander" in kinds:
        return Reason.NOT_DERIVABLE
    return Gegeven(value=(tables.UNKNOWN_NATIONALITY,)) if kinds else Reason.NOT_RECORDED
