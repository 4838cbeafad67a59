"""Types that others declare and issue, and that a policy of ours can accept: EU person identification, proof of age.

They are what their publishers say they are, in as far as a question here can be about them: claims with one value, at
one place. What is an object as a whole in mdoc (`place_of_birth`) or a picture is left out. Nobody issues them here: no
register feeds them, and `Issuer` refuses them. Whether all that is in one is as its publisher wants is not looked at.

Sources: PID Rulebook 1.4 sections 2 to 4 (elements, claims, and that a text has 150 characters at most); ARF annex 2
topic 3, PID_02 and PID_14 (docType, namespace, `vct`); the Dutch PID as MinBZK's nl-wallet describes it; annex A of the
EU's age verification specification (mdoc alone, `age_over_18`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from eigendata.model import Attribute, CredentialType, Kind, Presence

_SD_JWT: Final = "dc+sd-jwt"
_MDOC: Final = "mso_mdoc"
_PID: Final = "eu.europa.ec.eudi.pid.1"
_AGE: Final = "eu.europa.ec.av.1"

# path in SD-JWT VC, element in mdoc, kind, label
_SHARED: Final[tuple[tuple[tuple[str, ...], str, Kind, str, str], ...]] = (
    (("family_name",), "family_name", Kind.TEXT, "Achternaam", "Family name"),
    (("given_name",), "given_name", Kind.TEXT, "Voornamen", "First names"),
    (("birthdate",), "birth_date", Kind.DATE, "Geboortedatum", "Date of birth"),
    (("nationalities",), "nationality", Kind.COUNTRIES, "Nationaliteiten", "Nationalities"),
    (("birth_family_name",), "family_name_birth", Kind.TEXT, "Geboortenaam", "Family name at birth"),
    (("birth_given_name",), "given_name_birth", Kind.TEXT, "Voornamen bij geboorte", "First names at birth"),
    (("address", "formatted"), "resident_address", Kind.TEXT, "Adres", "Address"),
    (("address", "street_address"), "resident_street", Kind.TEXT, "Straat", "Street"),
    (("address", "house_number"), "resident_house_number", Kind.TEXT, "Huisnummer", "House number"),
    (("address", "postal_code"), "resident_postal_code", Kind.TEXT, "Postcode", "Postal code"),
    (("address", "locality"), "resident_city", Kind.TEXT, "Woonplaats", "City or town"),
    (("address", "region"), "resident_state", Kind.TEXT, "Provincie of staat", "State or province"),
    (("address", "country"), "resident_country", Kind.COUNTRY, "Land van verblijf", "Country of residence"),
    (("sex",), "sex", Kind.INTEGER, "Geslacht, als getal", "Sex, as a number"),
    (("email",), "email_address", Kind.TEXT, "E-mailadres", "E-mail address"),
    (("phone_number",), "mobile_phone_number", Kind.TEXT, "Mobiel nummer", "Mobile number"),
    (
        ("personal_administrative_number",),
        "personal_administrative_number",
        *(Kind.TEXT, "Administratief nummer", "Personal administrative number"),
    ),
    (("date_of_expiry",), "expiry_date", Kind.DATE, "Verloopt op", "Date of expiry"),
    (("date_of_issuance",), "issuance_date", Kind.DATE, "Gegeven op", "Date of issuance"),
    (("issuing_authority",), "issuing_authority", Kind.TEXT, "Wie dit bewijs geeft", "Who issues this"),
    (("issuing_country",), "issuing_country", Kind.COUNTRY, "Land dat dit bewijs geeft", "Country that issues this"),
    (("document_number",), "document_number", Kind.TEXT, "Nummer van het bewijs", "Number of the document"),
    (("issuing_jurisdiction",), "issuing_jurisdiction", Kind.TEXT, "Gebied van de uitgever", "Issuing jurisdiction"),
)
_MANDATORY: Final = frozenset(
    (
        *("family_name", "given_name", "birthdate", "nationalities"),
        *("date_of_expiry", "issuing_authority", "issuing_country", "age_over_18"),
    )
)
"""What each of them holds (PID Rulebook 2.2 and 2.4): a policy asks nothing else. Each can be withheld."""

_SENSITIVE: Final = frozenset(("personal_administrative_number",))


def _label(nl: str, en: str) -> Mapping[str, str]:
    return MappingProxyType({"nl": nl, "en": en})


def _attribute(
    path: tuple[str, ...], kind: Kind, nl: str, en: str, *, names: Mapping[str, tuple[str, str]] = MappingProxyType({})
) -> Attribute:
    return Attribute(
        path=path,
        kind=kind,
        label=_label(nl, en),
        presence=Presence.PROMISED if path[-1] in _MANDATORY else Presence.OPTIONAL,
        sensitive=path[-1] in _SENSITIVE,
        names=names,
    )


PID: Final = CredentialType(
    id="urn:eudi:pid:1",
    short="pid",
    label=_label("Persoonsgegevens (EU)", "Person identification data (EU)"),
    attributes=tuple(
        _attribute(path, kind, nl, en, names={_MDOC: (_PID, element)}) for path, element, kind, nl, en in _SHARED
    ),
    names={_MDOC: _PID},
    formats=(_SD_JWT, _MDOC),
)
"""EU person identification data, in SD-JWT VC and in mdoc."""

PID_NL: Final = CredentialType(
    id="urn:eudi:pid:nl:1",
    short="pid_nl",
    label=_label("Persoonsgegevens (Nederland)", "Person identification data (Netherlands)"),
    attributes=tuple(_attribute(path, kind, nl, en) for path, _, kind, nl, en in _SHARED),
    formats=(_SD_JWT,),
)
"""The Dutch one, which extends the EU's. Its `bsn` and `recovery_code` are left out: they are asked by law alone."""

PROOF_OF_AGE: Final = CredentialType(
    id=_AGE,
    short="proof_of_age",
    label=_label("Leeftijdsbewijs (EU)", "Proof of age (EU)"),
    attributes=(_attribute(("age_over_18",), Kind.BOOLEAN, "Is 18 jaar of ouder", "Is 18 or older"),),
    formats=(_MDOC,),
)
"""That somebody is old enough, and nothing else; in mdoc alone."""

FOREIGN: Final[Mapping[str, CredentialType]] = MappingProxyType({one.id: one for one in (PID, PID_NL, PROOF_OF_AGE)})
