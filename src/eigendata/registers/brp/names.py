"""Dutch names: what stands before a surname, a title's place in a name, and the name that someone goes by.

    voorvoegsel + geslachtsnaam                  van den Aedel
    title      VL AT VV GN                       A. barones van den Aedel
    predicate  PK VL VV GN                       Jonkheer J.A. van den Aedel
    naamgebruik E own | P partner | V partner-own | N own-partner

The register composes the name that someone goes by itself (`adressering.aanschrijfwijze.naam`), so that nobody needs
the partner's name to be sent; a credential takes it from there. `aanschrijfwijze` below is that same composition, for
the simulator that stands in for the register (BRP API Personen 2.7.0, features/bevragen/persoon/adressering/
aanschrijfwijze: niet-adellijk, adellijk, hoffelijkheidstitel, dev/geslachtswijziging; features/bevragen/persoon/naam/
voorletters).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from eigendata.encoding import Json
from eigendata.registers.brp.dates import Datum
from eigendata.registers.brp.reading import Gegeven, Group
from eigendata.registers.tables import titles

UNKNOWN: Final = "."
"""The register's sign for a name that is not known (the point name)."""

_COURTESY: Final[Mapping[str, str]] = {"B": "BS", "G": "GI", "H": "HI", "M": "MI", "P": "PS"}
"""The title that a woman may bear by her partner's: its female form."""

_FEMALE: Final[Mapping[str, str]] = {**_COURTESY, "JH": "JV"}
_MALE: Final = {female: male for male, female in _FEMALE.items()}


def known(name: Gegeven[str]) -> Gegeven[str]:
    """Give the same field, empty where the register writes that the name is unknown."""
    return Gegeven(in_onderzoek=name.in_onderzoek) if name.value == UNKNOWN else name


def joined(voorvoegsel: str | None, geslachtsnaam: str) -> str:
    """Give a surname with what stands before it, as the register's own full name has it: parted by one space."""
    return f"{voorvoegsel} {geslachtsnaam}" if voorvoegsel else geslachtsnaam


def voorletters(voornamen: str) -> str:
    """Give the initials: one letter and a point for each name; a name of one letter has no point and stands apart."""
    initials = "".join(f"{name} " if len(name) == 1 else f"{name[0]}." for name in voornamen.split())
    return initials.strip()


def aanschrijfwijze(persoon: Mapping[str, Json]) -> str | None:
    """Compose the name that someone goes by, from a `Persoon` with all of their own and their partners' names.

    None where the surname that would be used is not known; then the register gives none either.
    """
    whole = Group(persoon)
    naam, geslacht = whole.group("naam"), whole.table("geslacht", "code").value
    partner, is_current = _partner(whole)
    use = naam.table("aanduidingNaamgebruik", "code").value or "E"
    their_name = known(partner.group("naam").text("geslachtsnaam")).value
    if their_name is None:
        use = "E"
    own_name = known(naam.text("geslachtsnaam")).value
    if own_name is None and use != "P":
        return None
    title = _title(naam, geslacht=geslacht, use=use, has_partner=is_current)
    before, between = _placed(title)
    own = _words(between, naam.text("voorvoegsel").value, own_name)
    theirs = _words(
        _courtesy(partner.group("naam"), geslacht), partner.group("naam").text("voorvoegsel").value, their_name
    )
    initials = naam.text("voorletters").value or voorletters(naam.text("voornamen").value or "")
    match use:
        case "P":
            composed = _words(initials, theirs)
        case "V":
            composed = _words(initials, f"{theirs}-{_words(before, own)}")
        case "N":
            composed = _words(before, initials, f"{own}-{theirs}")
        case _:
            composed = _words(before, initials, own)
    composed = re.sub(" *- *", "-", re.sub(" +", " ", composed)).strip()
    return composed[:1].upper() + composed[1:]


def _words(*words: str | None) -> str:
    return " ".join(word for word in words if word)


def _partner(whole: Group) -> tuple[Group, bool]:
    """Give the partner whose name counts: of several the first one married, else the one who was last; and whether
    that bond still stands."""
    partners = whole.groups("partners").value or ()
    current = [one for one in partners if "ontbindingHuwelijkPartnerschap" not in one]

    def began(one: Group) -> str:
        datum = one.group("aangaanHuwelijkPartnerschap").datum("datum").value or Datum()
        return str(datum.earliest or "9999-12-31")

    if current:
        return min(current, key=began), True
    return (partners[-1] if partners else Group(None)), False


def _title(naam: Group, *, geslacht: str | None, use: str, has_partner: bool) -> str | None:
    """Give the code of the title or predicate that someone bears in their own name, in the form of their sex.

    Where there is no such form they bear none: a woman is no `ridder`, and of a sex that is not known there are none.
    """
    code = naam.table("adellijkeTitelPredicaat", "code").value
    if code is None or code not in titles() or use == "P":
        return None
    match geslacht:
        case "M":
            return _MALE.get(code, code)
        case "V":
            code = _FEMALE.get(code, code)
            if code not in _MALE or (titles()[code].is_predicate and (has_partner or use != "E")):
                return None
        case "O":
            return None
    return code


def _placed(code: str | None) -> tuple[str | None, str | None]:
    """Give what stands before the initials, and what between the initials and the surname."""
    if code is None:
        return None, None
    title = titles()[code]
    return (title.name, None) if title.is_predicate else (None, title.name)


def _courtesy(partner: Group, geslacht: str | None) -> str | None:
    """Give the title that a woman bears by her partner's, if there is one."""
    code = _COURTESY.get(partner.table("adellijkeTitelPredicaat", "code").value or "")
    return titles()[code].name if code and geslacht == "V" else None
