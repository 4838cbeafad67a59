"""A policy, types and uses of the tests' own, small enough to see which part a test breaks."""

from __future__ import annotations

from collections.abc import Mapping

from eigendata.model import Attribute, Claims, CredentialType, Kind, Presence
from eigendata.policies import Policy, Use, read_policy, read_uses

LABEL = {"nl": "Gegeven", "en": "Claim"}


def claim(path: str, kind: Kind = Kind.TEXT, presence: Presence = Presence.PROMISED) -> Attribute:
    return Attribute(path=tuple(path.split(".")), kind=kind, label=LABEL, presence=presence)


SUBJECT = (claim("family_name"), claim("given_name"), claim("birthdate", Kind.DATE))
AS_OF = claim("as_of", Kind.DATE, Presence.ALWAYS)


def own(short: str, *claims: Attribute, by_law_only: bool = False) -> CredentialType:
    promised = dict.fromkeys(one.path[0] for one in (*SUBJECT, *claims) if one.presence is Presence.PROMISED)
    return CredentialType(
        id=f"urn:test:{short}:1",
        short=short,
        label=LABEL,
        attributes=(
            AS_OF,
            *SUBJECT,
            *claims,
            claim("set", presence=Presence.OPTIONAL),
            *(claim(f"absent.{name}", Kind.BOOLEAN, Presence.OPTIONAL) for name in promised),
        ),
        by_law_only=by_law_only,
    )


PERSON = own("person", claim("nickname", presence=Presence.OPTIONAL), claim("adult", Kind.BOOLEAN))
HOUSE = own(
    "house",
    claim("size", Kind.INTEGER),
    claim("rooms", Kind.INTEGER),
    claim("town"),
    claim("own", Kind.BOOLEAN),
    claim("lot.number", Kind.INTEGER),
    claim("lot.letter"),
)
PLOT = CredentialType(
    id="urn:test:plot:1",
    short="plot",
    label=LABEL,
    attributes=tuple(one for one in HOUSE.attributes if one not in SUBJECT),
)
NUMBER = own("number", claim("number"), by_law_only=True)
FOREIGN = CredentialType(id="urn:foreign:pid:1", short="pid", label=LABEL, attributes=SUBJECT)
NAMELESS = CredentialType(
    id="urn:foreign:card:1", short="card", label=LABEL, attributes=(claim("adult", Kind.BOOLEAN),)
)
TYPES: Mapping[str, CredentialType] = {one.id: one for one in (PERSON, HOUSE, PLOT, NUMBER, FOREIGN, NAMELESS)}

USES_TOML = """
[uses.letting]
label = { nl = "Verhuren", en = "Let" }
law = "Test Act"
may.person = ["adult", "nickname", "age"]
may.card = ["adult"]
may.house = ["size", "town", "own", "lot"]
may.plot = ["size", "town", "own", "lot"]
identify.person = ["family_name", "given_name", "birthdate"]
identify.house = ["town", "lot"]
identify.pid = ["family_name", "given_name", "birthdate"]
identify.number = ["number"]
"""
USES: Mapping[str, Use] = read_uses(USES_TOML.encode(), types=TYPES)

HEAD = """
id = "test/letting"
version = "1"
use = "letting"
legal_basis = ["AVG 6(1)(b)"]
max_source_age_days = 14
other_channel = "balie"
same_subject = ["person", "house"]
purpose = { nl = "Waarom", en = "Why" }
keep = { voldoet = "until audit", otherwise = "0 days" }
home = { size = "range", local = "bool", towns = "texts?" }
"""
PERSON_QUESTION = """
[[questions]]
id = "person"
types = ["person"]
ask = ["family_name", "given_name", "birthdate"]
identify = true
"""
HOUSE_QUESTION = """
[[questions]]
id = "house"
types = ["house"]
ask = ["size", "own", "town"]
"""
ABSENT_RULE = """
[[rules]]
absent = "any"
advice = "niet_af_te_leiden"
because = { nl = "a", en = "a" }
"""
SIZE_RULE = """
[[rules]]
claim = "house.size"
outside = "home.size"
advice = "voldoet_niet"
because = { nl = "b", en = "b" }
"""
OWN_RULE = """
[[rules]]
claim = "house.own"
is = true
only_if = "home.local"
advice = "voldoet_niet"
because = { nl = "c", en = "c" }
"""
TOWN_RULE = """
[[rules]]
claim = "house.town"
outside = "home.towns"
only_if = "home.towns"
advice = "niet_af_te_leiden"
because = { nl = "d", en = "d" }
"""
END_RULE = """
[[rules]]
otherwise = true
advice = "voldoet"
because = { nl = "e", en = "e" }
"""
LETTING = HEAD + PERSON_QUESTION + HOUSE_QUESTION + ABSENT_RULE + SIZE_RULE + OWN_RULE + TOWN_RULE + END_RULE


def changed(*changes: tuple[str, str], text: str = LETTING) -> str:
    """Replace parts of a policy, each of which stands there once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def read(text: str = LETTING) -> Policy:
    return read_policy(text.encode(), types=TYPES, uses=USES)


HOME: Claims = {"size": [2, 4], "local": True, "towns": ["Boxtel", "Liempde"]}
ANSWERS: Mapping[str, Claims] = {
    "person": {"as_of": "2026-09-01", "family_name": "de Wit", "given_name": "An", "birthdate": "1990-02-03"},
    "house": {"as_of": "2026-09-01", "size": 3, "own": False, "town": "Boxtel"},
}
