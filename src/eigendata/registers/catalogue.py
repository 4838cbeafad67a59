"""The catalogue: every credential type that the registers feed, each claim declared once.

    register field -> Attribute -> claim -> label on the screen

From these declarations follow the register's question (`CredentialType.fields`), the schemas, the labels and the
reference pages. A new claim is a new `Attribute` here and the sentence in its register's `facts` that fills it.

What every type about a person shares: the envelope facts, visible in every presentation; the three claims by which
two credentials are seen to be about one person; `set`, the random number that ties the copies of one session; and for
each promised claim its sibling `absent.<claim>`, true when it was left out, for whatever cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from eigendata.errors import Misuse
from eigendata.model import Attribute, CredentialType, Kind, Presence

_NAMESPACE: Final = "urn:eigendata:nl:brp"

VALIDITY: Final = timedelta(days=14)
"""How long a copy is valid: as long as a policy may trust a fact of the register without asking again."""

GATES: Final = ("gemeenteVanInschrijving.code", "geboorte.datum", "indicatieCurateleRegister", "overlijden.datum")
"""The BRP fields that decide whether anything at all may be issued: whose resident, of age, able to act alone, alive.

The suspension of a record decides too; it comes with every answer and may not be asked for.
"""


def _label(nl: str, en: str) -> Mapping[str, str]:
    return MappingProxyType({"nl": nl, "en": en})


# -- what every type about a person shares -----------------------------------------------------------------------------

ENVELOPE: Final = (
    Attribute(
        path=("issuing_authority",),
        kind=Kind.TEXT,
        label=_label("Wie dit bewijs geeft", "Who issues this"),
        presence=Presence.ALWAYS,
    ),
    Attribute(
        path=("issuing_country",),
        kind=Kind.COUNTRY,
        label=_label("Land dat dit bewijs geeft", "Country that issues this"),
        presence=Presence.ALWAYS,
    ),
    Attribute(
        path=("attestation_legal_category",),
        kind=Kind.TEXT,
        label=_label("Soort bewijs volgens de wet", "Kind of proof in law"),
        presence=Presence.ALWAYS,
    ),
    Attribute(
        path=("source_role",),
        kind=Kind.TEXT,
        label=_label("Rol van de uitgever bij het register", "The issuer's role at the register"),
        presence=Presence.ALWAYS,
    ),
    Attribute(
        path=("as_of",),
        kind=Kind.DATE,
        label=_label("Gegevens van", "Data as of"),
        presence=Presence.ALWAYS,
    ),
)

_FAMILY_NAME: Final = Attribute(
    path=("family_name",),
    kind=Kind.TEXT,
    label=_label("Achternaam", "Family name"),
    source=("naam.geslachtsnaam", "naam.voorvoegsel"),
)
_GIVEN_NAME: Final = Attribute(
    path=("given_name",),
    kind=Kind.TEXT,
    label=_label("Voornamen", "First names"),
    source=("naam.voornamen",),
)
_BIRTHDATE: Final = Attribute(
    path=("birthdate",),
    kind=Kind.DATE,
    label=_label("Geboortedatum", "Date of birth"),
    source=("geboorte.datum",),
)
SUBJECT: Final = (_FAMILY_NAME, _GIVEN_NAME, _BIRTHDATE)

SET: Final = Attribute(
    path=("set",),
    kind=Kind.TEXT,
    label=_label("Nummer dat uw bewijzen bij elkaar houdt", "Number that keeps your proofs together"),
    presence=Presence.OPTIONAL,
)

_MUNICIPALITY: Final = (
    Attribute(
        path=("municipality", "code"),
        kind=Kind.TEXT,
        label=_label("Code van de gemeente", "Code of the municipality"),
        source=("gemeenteVanInschrijving.code",),
    ),
    Attribute(
        path=("municipality", "name"),
        kind=Kind.TEXT,
        label=_label("Gemeente", "Municipality"),
        source=("gemeenteVanInschrijving.code", "gemeenteVanInschrijving.omschrijving"),
    ),
)

_ABSENT_LABEL: Final = _label("Gegeven ontbreekt", "Not stated")


def _absent(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """Declare `absent.<claim>` for the top-level name of each promised claim."""
    promised = dict.fromkeys(one.path[0] for one in attributes if one.presence is Presence.PROMISED)
    first = {one.path[0]: one for one in reversed(attributes)}
    return tuple(
        Attribute(
            path=("absent", name),
            kind=Kind.BOOLEAN,
            label=_label(
                *(f"{_ABSENT_LABEL[lang]}: {_GROUPS.get(name, first[name].label)[lang]}" for lang in ("nl", "en"))
            ),
            presence=Presence.OPTIONAL,
        )
        for name in promised
    )


_GROUPS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"address": _label("Adres", "Address"), "municipality": _label("Gemeente", "Municipality")}
)
"""Claims with parts: what the whole is called."""


def _about_a_person(
    short: str,
    label: Mapping[str, str],
    own: tuple[Attribute, ...],
    *,
    jurisdiction: tuple[str, ...] | None = None,
    withdrawn_on: tuple[str, ...],
    by_law_only: bool = False,
) -> CredentialType:
    """Put a type together: envelope, subject, its own claims, `set`, and the `absent` siblings."""
    told = (*SUBJECT, *(one for one in own if one not in SUBJECT))
    return CredentialType(
        id=f"{_NAMESPACE}:{short}:1",
        short=short,
        label=label,
        attributes=(*ENVELOPE, *told, SET, *_absent(told)),
        register="brp",
        gates=GATES,
        validity=VALIDITY,
        jurisdiction=jurisdiction,
        withdrawn_on=("overleden", "opgeschort", "gecorrigeerd", *withdrawn_on),
        by_law_only=by_law_only,
    )


# -- 1. persoon -------------------------------------------------------------------------------------------------------

AGES: Final = (12, 16, 18, 21, 65)
"""The ages, in years, at which Dutch law or practice draws a line."""

PERSOON: Final = _about_a_person(
    "persoon",
    _label("Persoon", "Person"),
    (
        Attribute(
            path=("name_in_use",),
            kind=Kind.TEXT,
            label=_label("Naam die u gebruikt", "Name you use"),
            source=("adressering.aanschrijfwijze.naam",),
        ),
        Attribute(
            path=("birth_year",),
            kind=Kind.YEAR,
            label=_label("Geboortejaar", "Year of birth"),
            source=("geboorte.datum",),
            presence=Presence.OPTIONAL,
        ),
        Attribute(
            path=("birth_year_month",),
            kind=Kind.YEAR_MONTH,
            label=_label("Geboortejaar en -maand", "Year and month of birth"),
            source=("geboorte.datum",),
            presence=Presence.OPTIONAL,
        ),
        Attribute(
            path=("place_of_birth",),
            kind=Kind.TEXT,
            label=_label("Geboorteplaats", "Place of birth"),
            source=("geboorte.plaats.omschrijving",),
        ),
        Attribute(
            path=("nationalities",),
            kind=Kind.COUNTRIES,
            label=_label("Nationaliteiten", "Nationalities"),
            source=("nationaliteiten.nationaliteit.code", "nationaliteiten.type"),
            sensitive=True,
        ),
        *(
            Attribute(
                path=(f"age_over_{age}",),
                kind=Kind.BOOLEAN,
                label=_label(f"{age} jaar of ouder", f"{age} years or older"),
                source=("geboorte.datum",),
            )
            for age in AGES
        ),
    ),
    withdrawn_on=("naam.gewijzigd",),
)

# -- 2. bsn -----------------------------------------------------------------------------------------------------------

BSN: Final = _about_a_person(
    "bsn",
    _label("Burgerservicenummer", "Citizen service number"),
    (
        Attribute(
            path=("bsn",),
            kind=Kind.BSN,
            label=_label("Burgerservicenummer (BSN)", "Citizen service number (BSN)"),
            source=("burgerservicenummer",),
            sensitive=True,
        ),
    ),
    withdrawn_on=("naam.gewijzigd",),
    by_law_only=True,
)

# -- 3. adres ---------------------------------------------------------------------------------------------------------

_RESIDENCE: Final = "verblijfplaats"
_ADDRESS: Final = "verblijfplaats.verblijfadres"

ADRES: Final = _about_a_person(
    "adres",
    _label("Adres", "Address"),
    (
        Attribute(
            path=("address", "street_address"),
            kind=Kind.TEXT,
            label=_label("Straat of plek", "Street or place"),
            source=(
                f"{_ADDRESS}.korteStraatnaam",
                f"{_ADDRESS}.locatiebeschrijving",
                f"{_ADDRESS}.officieleStraatnaam",
            ),
        ),
        Attribute(
            path=("address", "house_number"),
            kind=Kind.TEXT,
            label=_label("Huisnummer", "House number"),
            source=(
                f"{_ADDRESS}.aanduidingBijHuisnummer.code",
                f"{_ADDRESS}.huisletter",
                f"{_ADDRESS}.huisnummer",
                f"{_ADDRESS}.huisnummertoevoeging",
            ),
        ),
        Attribute(
            path=("address", "postal_code"),
            kind=Kind.TEXT,
            label=_label("Postcode", "Postal code"),
            source=(f"{_ADDRESS}.postcode",),
        ),
        Attribute(
            path=("address", "locality"),
            kind=Kind.TEXT,
            label=_label("Woonplaats", "Town"),
            source=(f"{_ADDRESS}.woonplaats", "gemeenteVanInschrijving.code", "gemeenteVanInschrijving.omschrijving"),
        ),
        Attribute(
            path=("address", "country"),
            kind=Kind.COUNTRY,
            label=_label("Land", "Country"),
            source=(f"{_RESIDENCE}.type", f"{_ADDRESS}.land.code"),
        ),
        Attribute(
            path=("bag_vbo",),
            kind=Kind.TEXT,
            label=_label("Nummer van de woning in de BAG", "Number of the dwelling in the BAG register"),
            source=(f"{_RESIDENCE}.adresseerbaarObjectIdentificatie",),
        ),
        Attribute(
            path=("bag_num",),
            kind=Kind.TEXT,
            label=_label("Nummer van het adres in de BAG", "Number of the address in the BAG register"),
            source=(f"{_RESIDENCE}.nummeraanduidingIdentificatie",),
        ),
        *_MUNICIPALITY,
        Attribute(
            path=("since",),
            kind=Kind.DATE,
            label=_label("Op dit adres sinds (of eerder)", "At this address since (or earlier)"),
            source=(f"{_RESIDENCE}.datumVan",),
        ),
        Attribute(
            path=("kind",),
            kind=Kind.TEXT,
            label=_label("Woonadres of briefadres", "Home address or postal address"),
            source=(f"{_RESIDENCE}.functieAdres.code",),
        ),
    ),
    jurisdiction=("municipality", "code"),
    withdrawn_on=(
        "verhuisd.binnengemeentelijk",
        "verhuisd.buitengemeentelijk",
        "verhuisd.emigratie",
        "verhuisd.immigratie",
        "verhuisd.in-buitenland",
    ),
)

# -- 4. inwoner -------------------------------------------------------------------------------------------------------

_TIE_SOURCE: Final = ("datumInschrijvingInGemeente", "gemeenteVanInschrijving.code")

INWONER: Final = _about_a_person(
    "inwoner",
    _label("Inwoner", "Resident"),
    (
        Attribute(
            path=("resident",),
            kind=Kind.BOOLEAN,
            label=_label("Inwoner van deze gemeente", "Resident of this municipality"),
            source=("gemeenteVanInschrijving.code",),
        ),
        *_MUNICIPALITY,
        Attribute(
            path=("resident_since_year",),
            kind=Kind.YEAR,
            label=_label("Inwoner sinds (jaar, of eerder)", "Resident since (year, or earlier)"),
            source=_TIE_SOURCE,
        ),
        Attribute(
            path=("residence_years_min",),
            kind=Kind.INTEGER,
            label=_label("Minstens zoveel jaar inwoner", "Resident for at least this many years"),
            source=_TIE_SOURCE,
        ),
        Attribute(
            path=("local_tie_6y",),
            kind=Kind.BOOLEAN,
            label=_label(
                "Zes jaar achter elkaar inwoner, nu of in de laatste 10 jaar",
                "Resident six years on end, now or in the last 10 years",
            ),
            source=_TIE_SOURCE,
        ),
        Attribute(
            path=("local_tie_basis",),
            kind=Kind.TEXT,
            label=_label("Die zes jaar: nu of eerder", "Those six years: now or earlier"),
            source=_TIE_SOURCE,
            presence=Presence.OPTIONAL,
        ),
    ),
    jurisdiction=("municipality", "code"),
    withdrawn_on=("verhuisd.buitengemeentelijk", "verhuisd.emigratie"),
)

# -- 6. huishouden ----------------------------------------------------------------------------------------------------

HOME_FIELDS: Final = (
    "gemeenteVanInschrijving.code",
    f"{_RESIDENCE}.adresseerbaarObjectIdentificatie",
    f"{_RESIDENCE}.functieAdres.code",
    f"{_RESIDENCE}.type",
    f"{_ADDRESS}.aanduidingBijHuisnummer.code",
    f"{_ADDRESS}.huisletter",
    f"{_ADDRESS}.huisnummer",
    f"{_ADDRESS}.huisnummertoevoeging",
    f"{_ADDRESS}.locatiebeschrijving",
    f"{_ADDRESS}.postcode",
)
"""What tells whether two people live at one address."""

RELATIVE_FIELDS: Final = ("burgerservicenummer", *HOME_FIELDS)
"""The whole of the second question, about partner and children."""

_PARTNERS: Final = ("partners.burgerservicenummer", "partners.ontbindingHuwelijkPartnerschap.datum")
_CHILDREN: Final = ("kinderen.burgerservicenummer",)
_BIRTHS: Final = ("geboorte.datum", "kinderen.geboorte.datum", "partners.geboorte.datum")

HUISHOUDEN: Final = _about_a_person(
    "huishouden",
    _label("Huishouden", "Household"),
    (
        Attribute(
            path=("household_size",),
            kind=Kind.INTEGER,
            label=_label("Aantal personen in uw huishouden", "Number of people in your household"),
            source=(*HOME_FIELDS, *_PARTNERS, *_CHILDREN),
        ),
        Attribute(
            path=("adults",),
            kind=Kind.INTEGER,
            label=_label("Aantal volwassenen", "Number of adults"),
            source=(*HOME_FIELDS, *_PARTNERS, *_CHILDREN, *_BIRTHS),
        ),
        Attribute(
            path=("minors",),
            kind=Kind.INTEGER,
            label=_label("Aantal kinderen onder 18 jaar", "Number of people under 18"),
            source=(*HOME_FIELDS, *_PARTNERS, *_CHILDREN, *_BIRTHS),
        ),
        Attribute(
            path=("has_partner",),
            kind=Kind.BOOLEAN,
            label=_label("Woont met een partner", "Lives with a partner"),
            source=(*HOME_FIELDS, *_PARTNERS),
        ),
        Attribute(
            path=("child_birth_years",),
            kind=Kind.YEARS,
            label=_label("Geboortejaren van kinderen in huis", "Birth years of children at home"),
            source=(*HOME_FIELDS, *_CHILDREN, "kinderen.geboorte.datum"),
            sensitive=True,
        ),
    ),
    withdrawn_on=("lid.verhuisd", "lid.geboren", "lid.overleden", "verbintenis.gewijzigd"),
)

# -- the table --------------------------------------------------------------------------------------------------------

CATALOGUE: Final[Mapping[str, CredentialType]] = MappingProxyType(
    {one.id: one for one in (PERSOON, BSN, ADRES, INWONER, HUISHOUDEN)}
)
"""Every type by its id."""


def by_name(name: str) -> CredentialType:
    """Give the type with this id, the tail of it (`brp:persoon:1`) or its short name.

    Raises:
        Misuse: the catalogue holds none.
    """
    for one in CATALOGUE.values():
        if name in (one.id, one.id.removeprefix("urn:eigendata:nl:"), one.short):
            return one
    raise Misuse(f"the catalogue has no type {name!r}; it has {', '.join(one.short for one in CATALOGUE.values())}")
