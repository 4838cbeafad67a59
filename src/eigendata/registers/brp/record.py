"""A persoonslijst: what the register answered about one person, frozen, in the register's own words.

Each field is a `Gegeven`, so that its value, its doubt and its absence travel together. Nothing here decides anything,
and nothing prints: these are somebody's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from eigendata.registers.brp.dates import Datum
from eigendata.registers.brp.reading import Gegeven


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Naam:
    voornamen: Gegeven[str]
    voorvoegsel: Gegeven[str]
    geslachtsnaam: Gegeven[str]
    aanschrijfwijze: Gegeven[str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Nationaliteit:
    """`soort` is the discriminator: Nationaliteit, Staatloos, NationaliteitOnbekend ...; `code` is of table 32."""

    soort: Gegeven[str]
    code: Gegeven[str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gemeente:
    """The municipality where someone is registered; `code` is of table 33."""

    code: Gegeven[str]
    omschrijving: Gegeven[str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verblijfplaats:
    """Where someone lives, of any kind.

    Attributes:
        soort: the discriminator: Adres, Locatie, VerblijfplaatsBuitenland, VerblijfplaatsOnbekend.
        niet_op_adres: it has been established that the person does not live there.
    """

    soort: Gegeven[str]
    datum_van: Gegeven[Datum]
    functie: Gegeven[str]
    adresseerbaar_object: Gegeven[str]
    nummeraanduiding: Gegeven[str]
    officiele_straatnaam: Gegeven[str]
    korte_straatnaam: Gegeven[str]
    huisnummer: Gegeven[int]
    huisletter: Gegeven[str]
    toevoeging: Gegeven[str]
    aanduiding: Gegeven[str]
    postcode: Gegeven[str]
    woonplaats: Gegeven[str]
    locatie: Gegeven[str]
    land: Gegeven[str]
    niet_op_adres: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gerelateerde:
    """A partner or a child, as the person's own list knows them.

    Attributes:
        ontbonden: the marriage or partnership has ended; never so for a child.
    """

    bsn: Gegeven[str]
    geboortedatum: Gegeven[Datum]
    ontbonden: Gegeven[bool]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bewoner:
    """What the second question tells of a partner or child: where they live.

    Attributes:
        opschorting: why the record is no longer kept up; empty where it does not say so.
    """

    gemeente: Gemeente
    verblijfplaats: Verblijfplaats
    opgeschort: bool
    opschorting: Gegeven[str]
    geheimhouding: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verblijf:
    """One entry of the history of residence: a stay at one place.

    Attributes:
        tot: the day from which it was no longer so; empty for the stay that still lasts.
    """

    soort: Gegeven[str]
    gemeente: Gegeven[str]
    van: Gegeven[Datum]
    tot: Gegeven[Datum]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Persoonslijst:
    """Everything that the register answered about one person.

    Attributes:
        opgeschort: the record is no longer kept up, for whatever reason.
        overleden: a death is recorded, which a record that is still kept up may do.
        geheimhouding: the person asked that their data be given to no third party.
        historie: None where it was not asked.
        bewoners: partner and children by their BSN, from the second question; None where it was not asked.
        peildatum: when the register answered; aware.
    """

    bsn: Gegeven[str]
    naam: Naam
    geboortedatum: Gegeven[Datum]
    geboorteplaats: Gegeven[str]
    nationaliteiten: Gegeven[tuple[Nationaliteit, ...]]
    gemeente: Gemeente
    inschrijving_in_gemeente: Gegeven[Datum]
    curatele: Gegeven[bool]
    opgeschort: bool
    overleden: bool
    geheimhouding: bool
    verblijfplaats: Verblijfplaats
    partners: Gegeven[tuple[Gerelateerde, ...]]
    kinderen: Gegeven[tuple[Gerelateerde, ...]]
    historie: tuple[Verblijf, ...] | None
    bewoners: Mapping[str, Bewoner] | None
    peildatum: datetime
