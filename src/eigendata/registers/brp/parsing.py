"""From the register's answers to a persoonslijst.

    POST /personen                  -> the person
    POST /verblijfplaatshistorie    -> their stays, where the local tie is asked
    POST /personen, second question -> where partner and children live

An answer that is not of the official shape at all is Malformed: it is not from a register. Everything less than that
is read leniently (`reading`). Source: BRP API Personen 2.7.0 and BRP API Verblijfplaatshistorie 2.0.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from eigendata.encoding import Json, json_loads
from eigendata.errors import Declined, Malformed, Reason, within
from eigendata.model import utc
from eigendata.registers import tables
from eigendata.registers.brp.reading import Gegeven, Group
from eigendata.registers.brp.record import (
    Bewoner,
    Gemeente,
    Gerelateerde,
    Naam,
    Nationaliteit,
    Persoonslijst,
    Verblijf,
    Verblijfplaats,
)

ANSWER_BYTES: Final = 4 << 20
"""The largest answer that is read: twenty persons with every field come to some 200 kB."""

LIST_LIMIT: Final = 500
"""Persons or stays in one list: no life has as many, and each stay is held against every other."""


def parse_list(
    answer: bytes | Json, *, bsn: str | None, history: bytes | Json, relatives: bytes | Json, at: datetime
) -> Persoonslijst:
    """Read the answers about one person; see `brp.parse`."""
    with within("personen"):
        whole = Group(_the_one(_persons(answer), bsn))
    with within("verblijfplaatshistorie"):
        stays = None if history is None else _stays(history)
    with within("relatives"):
        residents = None if relatives is None else _residents(relatives)
    return Persoonslijst(
        bsn=whole.text("burgerservicenummer"),
        naam=_naam(whole),
        geboortedatum=whole.group("geboorte").datum("datum"),
        geboorteplaats=_plaats(whole.group("geboorte")),
        nationaliteiten=_nationaliteiten(whole),
        gemeente=_gemeente(whole),
        inschrijving_in_gemeente=whole.datum("datumInschrijvingInGemeente"),
        curatele=whole.flag("indicatieCurateleRegister"),
        opgeschort=_raised(whole, "opschortingBijhouding") or (history is not None and _suspended(history)),
        overleden=_raised(whole, "overlijden"),
        geheimhouding=_raised(whole, "geheimhoudingPersoonsgegevens"),
        verblijfplaats=_verblijfplaats(whole),
        partners=_gerelateerden(whole, "partners"),
        kinderen=_gerelateerden(whole, "kinderen"),
        historie=stays,
        bewoners=residents,
        peildatum=utc(at),
    )


# -- the shape of an answer -------------------------------------------------------------------------------------------


def _loaded(answer: bytes | Json) -> Json:
    return json_loads(answer, limit=ANSWER_BYTES) if isinstance(answer, bytes) else answer


def _listed(answer: bytes | Json, name: str) -> Sequence[Mapping[str, Json]]:
    """Give the objects that an answer lists under a name.

    Raises:
        Malformed: it does not, or they are no objects.
    """
    loaded = _loaded(answer)
    found = loaded.get(name) if isinstance(loaded, Mapping) else None
    if not isinstance(found, list | tuple):
        raise Malformed(f"the register's answer holds no list {name!r}")
    if len(found) > LIST_LIMIT:
        raise Malformed(f"the list {name!r} in the register's answer is longer than {LIST_LIMIT}")
    objects = [one for one in found if isinstance(one, Mapping)]
    if len(objects) < len(found):
        raise Malformed(f"the list {name!r} in the register's answer holds something else than objects")
    return objects


def _persons(answer: bytes | Json) -> Sequence[Mapping[str, Json]]:
    return _listed(answer, "personen")


def _the_one(persons: Sequence[Mapping[str, Json]], bsn: str | None) -> Mapping[str, Json]:
    """Give the person that was asked for.

    Raises:
        Declined: the register knows none (`not_registered`).
        Malformed: the answer is about others, or about several.
    """
    if not persons:
        raise Declined(Reason.NOT_REGISTERED, "the register knows nobody by this number")
    asked = [one for one in persons if bsn is None or one.get("burgerservicenummer", bsn) == bsn]
    if len(asked) != 1:
        raise Malformed(f"the register's answer holds {len(asked)} persons where one was asked for")
    return asked[0]


def _raised(group: Group, name: str) -> bool:
    """Tell whether a warning is raised; one that we cannot read is."""
    return name in group and group.any(name).value is not False


# -- the person -------------------------------------------------------------------------------------------------------


def _naam(whole: Group) -> Naam:
    naam, adressering = whole.group("naam"), whole.group("adressering")
    wording = adressering.group("aanschrijfwijze").text("naam")
    parts = (naam.text("voornamen"), naam.text("voorvoegsel"), naam.text("geslachtsnaam"))
    doubts = (wording, adressering.any("aanschrijfwijze"), *parts)
    return Naam(
        voornamen=parts[0],
        voorvoegsel=parts[1],
        geslachtsnaam=parts[2],
        aanschrijfwijze=Gegeven(
            value=wording.value,
            in_onderzoek=any(one.in_onderzoek for one in doubts),  # it is made of them
            readable=wording.readable,
        ),
    )


def _plaats(geboorte: Group) -> Gegeven[str]:
    """Read where someone was born: a municipality of table 33, or a place abroad, which has no code."""
    code, name = geboorte.table("plaats", "code"), geboorte.table("plaats", "omschrijving")
    return Gegeven(in_onderzoek=name.in_onderzoek) if code.value == tables.UNKNOWN else name


def _gemeente(whole: Group) -> Gemeente:
    return Gemeente(
        code=whole.table("gemeenteVanInschrijving", "code"),
        omschrijving=whole.table("gemeenteVanInschrijving", "omschrijving"),
    )


def _nationaliteiten(whole: Group) -> Gegeven[tuple[Nationaliteit, ...]]:
    found = whole.groups("nationaliteiten")
    return Gegeven(
        value=tuple(
            Nationaliteit(soort=one.text("type"), code=one.table("nationaliteit", "code")) for one in found.value or ()
        ),
        in_onderzoek=found.in_onderzoek,
        readable=found.readable,
    )


def _gerelateerden(whole: Group, name: str) -> Gegeven[tuple[Gerelateerde, ...]]:
    found = whole.groups(name)
    return Gegeven(
        value=tuple(
            Gerelateerde(
                bsn=one.text("burgerservicenummer"),
                geboortedatum=one.group("geboorte").datum("datum"),
                ontbonden=_ended(one),
            )
            for one in found.value or ()
        ),
        in_onderzoek=found.in_onderzoek,
        readable=found.readable,
    )


def _ended(partner: Group) -> Gegeven[bool]:
    """Tell whether a bond has ended: the register then says when, or that it does not know when."""
    datum = partner.group("ontbindingHuwelijkPartnerschap").datum("datum")
    ended = datum.value is not None
    silent = "ontbindingHuwelijkPartnerschap" in partner and not ended  # neither ended nor not
    return Gegeven(value=ended, in_onderzoek=datum.in_onderzoek, readable=datum.readable and not silent)


# -- where they live --------------------------------------------------------------------------------------------------


def _verblijfplaats(whole: Group) -> Verblijfplaats:
    place = whole.group("verblijfplaats")
    address = place.group("verblijfadres")
    warning = "indicatieVastgesteldVerblijftNietOpAdres"
    return Verblijfplaats(
        soort=place.text("type"),
        datum_van=place.datum("datumVan"),
        functie=place.table("functieAdres", "code"),
        adresseerbaar_object=place.text("adresseerbaarObjectIdentificatie"),
        nummeraanduiding=place.text("nummeraanduidingIdentificatie"),
        officiele_straatnaam=address.text("officieleStraatnaam"),
        korte_straatnaam=address.text("korteStraatnaam"),
        huisnummer=address.number("huisnummer"),
        huisletter=address.text("huisletter"),
        toevoeging=address.text("huisnummertoevoeging"),
        aanduiding=address.table("aanduidingBijHuisnummer", "code"),
        postcode=address.text("postcode"),
        woonplaats=address.text("woonplaats"),
        locatie=address.text("locatiebeschrijving"),
        land=address.table("land", "code"),
        niet_op_adres=_raised(place, warning) or _raised(whole.group("adressering"), warning),
    )


def _residents(answers: bytes | Json) -> Mapping[str, Bewoner]:
    """Read the second question: one answer, or several where it had to be asked in parts of twenty."""
    loaded = _loaded(answers)
    parts = loaded if isinstance(loaded, list | tuple) else (loaded,)
    found: dict[str, Bewoner] = {}
    for part in parts:
        for person in _persons(part):
            whole = Group(person)
            bsn = whole.text("burgerservicenummer").value
            if bsn is not None:
                found[bsn] = _either(found[bsn], _bewoner(whole)) if bsn in found else _bewoner(whole)
    return found


def _bewoner(whole: Group) -> Bewoner:
    return Bewoner(
        gemeente=_gemeente(whole),
        verblijfplaats=_verblijfplaats(whole),
        opgeschort=_raised(whole, "opschortingBijhouding"),
        opschorting=whole.group("opschortingBijhouding").table("reden", "code"),
        geheimhouding=_raised(whole, "geheimhoudingPersoonsgegevens"),
    )


def _either(one: Bewoner, other: Bewoner) -> Bewoner:
    """Give whoever of two bears a number that was given twice: where they live cannot be told."""
    nobody = _bewoner(Group(None))
    return replace(nobody, geheimhouding=one.geheimhouding or other.geheimhouding)


def _stays(history: bytes | Json) -> tuple[Verblijf, ...]:
    """Read the history of residence: the official answer, or the bare list of stays inside it."""
    loaded = _loaded(history)
    listed = _listed({"verblijfplaatsen": loaded} if isinstance(loaded, list | tuple) else loaded, "verblijfplaatsen")
    return tuple(
        Verblijf(
            soort=one.text("type"),
            gemeente=one.table("gemeenteVanInschrijving", "code"),
            van=one.datum("datumVan"),
            tot=one.datum("datumTot"),
        )
        for one in map(Group, listed)
    )


def _suspended(history: bytes | Json) -> bool:
    loaded = _loaded(history)
    return isinstance(loaded, Mapping) and _raised(Group(loaded), "opschortingBijhouding")
