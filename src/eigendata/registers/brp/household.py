"""Huishouden: how many people live at the holder's address, of those the register ties to the holder.

Counted are the holder, a partner and children, each only if their own address is the holder's. So it is not who lives
in the house: an unmarried partner, a lodger and a grandmother are not the register's to tell here.

    first question   who are partner and children, and when were they born
    second question  where does each of them live

Someone whose address cannot be told makes the count untellable, never smaller. Where anyone of them asked for
confidentiality only counts are told: a partner, and the birth years of the children, would speak of one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from eigendata.errors import Reason
from eigendata.model import legal_day
from eigendata.registers import tables
from eigendata.registers.brp.address import bag_number, is_doubted
from eigendata.registers.brp.dates import Datum, of_age
from eigendata.registers.brp.gates import MAJORITY
from eigendata.registers.brp.names import UNKNOWN
from eigendata.registers.brp.persoon import passes_elfproef
from eigendata.registers.brp.reading import Gegeven
from eigendata.registers.brp.record import Bewoner, Gemeente, Gerelateerde, Persoonslijst, Verblijfplaats
from eigendata.registers.brp.telling import Telling, Told, first_doubt, first_reason

_GONE: Final = ("E", "O", "R")
"""Why a record is closed of someone who lives here no more: left the country, died, or is a non-resident.

Not so where a minister decided it (M: someone with the status of a diplomat, say), or the record was wrong (F).
"""


@dataclass(frozen=True, slots=True, repr=False)
class Members:
    """The people of one kind who live at the address, by their dates of birth; or why they cannot be told."""

    born: tuple[Gegeven[Datum], ...] = ()
    untold: Reason | None = None


def _numbers(person: Persoonslijst) -> list[str | None]:
    """Give the numbers of partners and children, but for those of bonds that have ended."""
    known = (*(person.partners.value or ()), *(person.kinderen.value or ()))
    return [one.bsn.value for one in known if not one.ontbonden.value]


def whom_to_ask(person: Persoonslijst) -> tuple[str, ...]:
    """Give the numbers of those whose address the second question asks; nobody's where nothing could be told.

    Not of a partner of a bond that has ended, and not a number that is none or is under investigation.
    """
    if person.opgeschort or person.overleden or _holder_untold(person):
        return ()
    known = (*(person.partners.value or ()), *(person.kinderen.value or ()))
    numbers = (one.bsn.value for one in known if one.bsn.left_out is None and not one.ontbonden.value)
    return tuple(dict.fromkeys(bsn for bsn in numbers if bsn and passes_elfproef(bsn)))


def tell_huishouden(telling: Telling, person: Persoonslijst, *, on: date) -> None:
    """The counts; and a partner and the children's birth years, if nobody asked for confidentiality."""
    partners, children = _partners(person), _children(person)
    untold = partners.untold or children.untold
    size = 1 + len(partners.born) + len(children.born)
    births = (person.geboortedatum, *partners.born, *children.born)
    telling.tell("household_size", untold or Gegeven(value=size))
    telling.tell("adults", untold or _count(births, on=on, of_age_is=True))
    telling.tell("minors", untold or _count(births, on=on, of_age_is=False))
    hidden = Reason.NOT_DERIVABLE if _confidential(person) else None
    telling.tell("has_partner", partners.untold or hidden or Gegeven(value=bool(partners.born)))
    telling.tell("child_birth_years", children.untold or hidden or _birth_years(children))


def _partners(person: Persoonslijst) -> Members:
    """The partner who lives at the address. A bond that has ended counts no more; one that may have, cannot be told."""
    if reason := first_doubt(*(one.ontbonden for one in person.partners.value or ())):
        return Members(untold=reason)
    return _at_home(person, person.partners)


def _children(person: Persoonslijst) -> Members:
    return _at_home(person, person.kinderen)


def _at_home(person: Persoonslijst, relatives: Gegeven[tuple[Gerelateerde, ...]]) -> Members:
    """Give those of the relatives who live where the holder lives, or the first reason why one cannot be placed."""
    if reason := relatives.doubted or _holder_untold(person):
        return Members(untold=reason)
    placed = [(one, _lives_with(person, one)) for one in relatives.value or () if not one.ontbonden.value]
    untold = next((lives_here for _, lives_here in placed if isinstance(lives_here, Reason)), None)
    return Members(born=tuple(one.geboortedatum for one, lives_here in placed if lives_here is True), untold=untold)


def _holder_untold(person: Persoonslijst) -> Reason | None:
    """Give why the holder has no address to live at with others: it is doubted, unknown, or only for their mail."""
    place = person.verblijfplaats
    if place.niet_op_adres:
        return Reason.NOT_AT_ADDRESS
    if is_doubted(place) or place.functie.in_onderzoek:
        return Reason.UNDER_INVESTIGATION
    return None if place.soort.value in ("Adres", "Locatie") and place.functie.value == "W" else Reason.NOT_DERIVABLE


def _lives_with(person: Persoonslijst, relative: Gerelateerde) -> bool | Reason:
    """Tell whether a relative lives at the holder's address, by the relative's own record."""
    if (reason := first_reason(relative.bsn)) or relative.bsn.value is None:
        return Reason.UNDER_INVESTIGATION if reason is Reason.UNDER_INVESTIGATION else Reason.NOT_DERIVABLE
    resident = (person.bewoners or {}).get(relative.bsn.value)
    if resident is None or _numbers(person).count(relative.bsn.value) > 1:
        return Reason.NOT_DERIVABLE  # a number that stands for two people says of neither where they live
    place = resident.verblijfplaats
    if resident.opgeschort:
        return False if resident.opschorting.value in _GONE else Reason.NOT_DERIVABLE
    if place.niet_op_adres:
        return False  # is known not to live where they are registered
    if is_doubted(place) or place.functie.in_onderzoek:
        return Reason.UNDER_INVESTIGATION
    if place.soort.value == "VerblijfplaatsBuitenland" or place.functie.value == "B":
        return False
    if place.functie.value != "W":
        return Reason.NOT_DERIVABLE
    same = same_address(person.verblijfplaats, person.gemeente, resident, on=legal_day(person.peildatum))
    return Reason.NOT_DERIVABLE if same is None else same


def same_address(place: Verblijfplaats, gemeente: Gemeente, other: Bewoner, *, on: date) -> bool | None:
    """Tell whether two people are registered at one address; None where the record does not tell.

    Not where they are registered in two municipalities, as these count on a day. Else by the number of the dwelling in
    the BAG where both have it; else by postal code and house number; and a place without a street by its description,
    which only counts when it is the very same in the same municipality.
    """
    theirs = other.verblijfplaats
    town, their_town = _municipality(gemeente, on=on), _municipality(other.gemeente, on=on)
    elsewhere = town is not None and their_town is not None and town != their_town
    dwelling, their_dwelling = bag_number(place.adresseerbaar_object), bag_number(theirs.adresseerbaar_object)
    if dwelling.value and their_dwelling.value:
        return None if elsewhere and dwelling.value == their_dwelling.value else dwelling.value == their_dwelling.value
    if elsewhere:
        return False
    if place.soort.value != theirs.soort.value:
        return None
    if place.soort.value == "Locatie":
        if first_reason(place.locatie, theirs.locatie) or None in (town, their_town) or place.locatie.value == UNKNOWN:
            return None
        return True if place.locatie.value == theirs.locatie.value else None
    here, there = _numbered(place), _numbered(theirs)
    return None if here is None or there is None else here == there


def _municipality(recorded: Gemeente, *, on: date) -> str | None:
    """Give where someone is registered as it counts on a day; None where that is doubted or not known."""
    code = recorded.code.value
    return None if recorded.code.left_out or code in (None, tables.UNKNOWN) else tables.successor(code, on=on)


def _numbered(place: Verblijfplaats) -> tuple[str | int, ...] | None:
    """Give what tells an address from its neighbours; None where postal code or number is not known."""
    parts = (place.huisletter, place.toevoeging, place.aanduiding)
    if first_doubt(place.postcode, place.huisnummer, *parts) or not place.postcode.value or not place.huisnummer.value:
        return None
    return (
        place.postcode.value.replace(" ", "").upper(),
        place.huisnummer.value,
        *(part.value.upper() if part.value else "" for part in parts),
    )


def _count(births: Iterable[Gegeven[Datum]], *, on: date, of_age_is: bool) -> Told | Reason:
    """Count those of age, or those who are not; one whose age cannot be told makes both untellable."""
    counted = 0
    for born in births:
        if (reason := first_reason(born)) or born.value is None:
            return Reason.UNDER_INVESTIGATION if reason is Reason.UNDER_INVESTIGATION else Reason.NOT_DERIVABLE
        reached = of_age(born.value, MAJORITY, on=on)
        if reached is None:
            return Reason.NOT_DERIVABLE
        counted += reached is of_age_is
    return Gegeven(value=counted)


def _confidential(person: Persoonslijst) -> bool:
    """Tell whether the holder, or any partner or child wherever they live, asked for confidentiality.

    What is left out for it is left out for the same reason as where the register does not tell.
    """
    return person.geheimhouding or any(one.geheimhouding for one in (person.bewoners or {}).values())


def _birth_years(children: Members) -> Told | Reason:
    """The birth years of the children at home, oldest first."""
    if reason := first_reason(*children.born):
        return Reason.UNDER_INVESTIGATION if reason is Reason.UNDER_INVESTIGATION else Reason.NOT_DERIVABLE
    years = [born.value.year for born in children.born if born.value]
    if None in years:
        return Reason.NOT_DERIVABLE
    return Gegeven(value=tuple(sorted(year for year in years if year is not None)))
