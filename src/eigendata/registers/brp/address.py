"""Adres: where someone lives, since when, and whether they live there or only receive their mail.

    Adres                     street, number, postal code, town
    Locatie                   a described place in a municipality: a caravan, a boat
    VerblijfplaatsBuitenland  a country, and lines that nobody can take apart
    VerblijfplaatsOnbekend    nothing

Doubt about one part is doubt about the place: street, number, postal code and the two BAG numbers each give the others
away, so they are told together or not at all.
"""

from __future__ import annotations

import re
from datetime import date

from eigendata.errors import Declined, Reason
from eigendata.registers import tables
from eigendata.registers.brp.dates import Datum
from eigendata.registers.brp.names import UNKNOWN, known
from eigendata.registers.brp.reading import Gegeven
from eigendata.registers.brp.record import Gemeente, Persoonslijst, Verblijfplaats
from eigendata.registers.brp.telling import Telling, Told, first_doubt

_KINDS = {"W": "woon", "B": "brief"}
_BESIDE = {"by": "bij", "to": "t/o"}


def tell_adres(telling: Telling, person: Persoonslijst, *, municipality: str, on: date) -> None:
    """The address and what belongs to it.

    Raises:
        Declined: it has been established that the person does not live there.
    """
    place = person.verblijfplaats
    if place.niet_op_adres:
        raise Declined(Reason.NOT_AT_ADDRESS, "it has been established that this person does not live at the address")
    doubt = Reason.UNDER_INVESTIGATION if is_doubted(place) else None
    telling.tell("address.street_address", doubt or _street(place))
    telling.tell("address.house_number", doubt or _house_number(place))
    telling.tell("address.postal_code", doubt or _postal_code(place))
    telling.tell("address.locality", doubt or _locality(place, person.gemeente, municipality=municipality))
    telling.tell("address.country", doubt or _country(place))
    telling.tell("bag_vbo", doubt or bag_number(place.adresseerbaar_object))
    telling.tell("bag_num", doubt or bag_number(place.nummeraanduiding))
    tell_municipality(telling, person.gemeente, municipality=municipality)
    telling.tell("since", _since(place.datum_van, on=on))
    telling.tell("kind", place.functie.read(_KINDS.get))


def tell_municipality(telling: Telling, recorded: Gemeente, *, municipality: str) -> None:
    """The issuer's municipality where someone is registered; one that was merged away is told as its successor."""
    telling.tell("municipality.code", recorded.code.read(lambda _: municipality))
    telling.tell("municipality.name", municipality_name(recorded, municipality=municipality))


def municipality_name(recorded: Gemeente, *, municipality: str) -> Told | Reason:
    """The name as the register writes it; of a successor, or where it writes none, the name in table 33."""
    if reason := first_doubt(recorded.code, recorded.omschrijving):
        return reason
    if recorded.code.value == municipality and recorded.omschrijving.value is not None:
        return recorded.omschrijving
    row = tables.municipalities().get(municipality)
    return Gegeven(value=row.name) if row else Reason.NOT_RECORDED


def is_doubted(place: Verblijfplaats) -> bool:
    """Tell whether any part of where someone lives is under investigation."""
    parts: tuple[Gegeven[str] | Gegeven[int], ...] = (
        place.soort,
        place.adresseerbaar_object,
        place.nummeraanduiding,
        place.officiele_straatnaam,
        place.korte_straatnaam,
        place.huisnummer,
        place.huisletter,
        place.toevoeging,
        place.aanduiding,
        place.postcode,
        place.woonplaats,
        place.locatie,
        place.land,
    )
    return any(one.in_onderzoek for one in parts)


def bag_number(found: Gegeven[str]) -> Gegeven[str]:
    """Give a number of the BAG: sixteen digits; all zeroes is the register's way to say that there is none."""
    if found.value == "0" * 16:
        return Gegeven(in_onderzoek=found.in_onderzoek)
    return found.read(lambda number: number if re.fullmatch("[0-9]{16}", number) else None)


def _elsewhere(place: Verblijfplaats) -> Reason:
    """Give why a part of a Dutch address is not there, for a place of another kind."""
    if place.soort.value in ("Adres", "Locatie", "VerblijfplaatsOnbekend"):
        return Reason.NOT_RECORDED
    return place.soort.left_out or Reason.NOT_DERIVABLE


def _street(place: Verblijfplaats) -> Told | Reason:
    """The street by its full name, else by its short one; of a place without a street, its description."""
    if place.soort.value == "Locatie":
        return known(place.locatie)
    if place.soort.value != "Adres":
        return _elsewhere(place)
    full, short = known(place.officiele_straatnaam), known(place.korte_straatnaam)
    return full if full.value is not None else short if short.value is not None or not short.readable else full


def _house_number(place: Verblijfplaats) -> Told | Reason:
    """The number with letter and addition, as the register composes its address line (NEN 5825)."""
    if place.soort.value != "Adres":
        return _elsewhere(place)
    number = place.huisnummer
    if reason := first_doubt(number, place.huisletter, place.toevoeging, place.aanduiding):
        return reason
    if not number.value:  # 0: the register does not know it
        return Reason.NOT_RECORDED
    beside = place.aanduiding.read(_BESIDE.get)
    if not beside.readable or number.value < 0:
        return Reason.NOT_DERIVABLE
    composed = f"{beside.value} {number.value}" if beside.value else str(number.value)
    letter, addition = place.huisletter.value or "", place.toevoeging.value or ""
    if letter:
        return Gegeven(value=f"{composed} {letter}{addition}")
    if addition:
        return Gegeven(value=f"{composed}{'-' if addition[0].isdigit() else ' '}{addition}")
    return Gegeven(value=composed)


def _postal_code(place: Verblijfplaats) -> Told | Reason:
    if place.soort.value != "Adres":
        return _elsewhere(place)
    return place.postcode.read(lambda text: text if re.fullmatch("[1-9][0-9]{3} ?[A-Za-z]{2}", text) else None)


def _locality(place: Verblijfplaats, recorded: Gemeente, *, municipality: str) -> Told | Reason:
    """The town; an address without one, and a place without a street, lies in the municipality by name.

    So the register composes its own second address line (features/bevragen/persoon/adressering/adres-regels).
    """
    if place.soort.value not in ("Adres", "Locatie"):
        return _elsewhere(place)
    if place.woonplaats.value is not None and place.woonplaats.value != UNKNOWN:
        return place.woonplaats
    as_recorded = recorded.code.value or municipality  # the town did not change its name when its municipality went up
    return first_doubt(place.woonplaats) or municipality_name(recorded, municipality=as_recorded)


def _country(place: Verblijfplaats) -> Told | Reason:
    if place.soort.value in ("Adres", "Locatie"):
        return Gegeven(value="NL")
    if place.soort.value != "VerblijfplaatsBuitenland":
        return _elsewhere(place)
    return place.land.read(_iso)


def _iso(code: str) -> str | None:
    row = tables.countries().get(code)
    return row.iso if row else None


def _since(begun: Gegeven[Datum], *, on: date) -> Told:
    """The latest day on which it can have begun: at least since then."""
    return begun.read(lambda datum: min(datum.latest, on).isoformat() if datum.latest else None)
