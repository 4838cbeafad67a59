"""The schemas follow from the declarations, and hold attestations to them without ever repeating a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from eigendata import schemas
from eigendata.errors import Misuse, Reason, Rejected
from eigendata.formats import FORMATS
from eigendata.model import Attribute, CredentialType, Kind, Presence
from eigendata.registers.catalogue import CATALOGUE

LABEL = {"nl": "iets", "en": "something"}


def attribute(*path: str, kind: Kind = Kind.TEXT, presence: Presence = Presence.PROMISED) -> Attribute:
    return Attribute(path=path, kind=kind, label=LABEL, presence=presence)


def type_of(*attributes: Attribute, id: str = "urn:example:thing:1") -> CredentialType:
    return CredentialType(id=id, short="thing", label=LABEL, attributes=attributes)


THING = type_of(
    attribute("as_of", kind=Kind.DATE, presence=Presence.ALWAYS),
    attribute("name"),
    attribute("place", "street"),
    attribute("place", "town"),
    attribute("nickname", presence=Presence.OPTIONAL),
    attribute("absent", "name", kind=Kind.BOOLEAN, presence=Presence.OPTIONAL),
    attribute("absent", "place", kind=Kind.BOOLEAN, presence=Presence.OPTIONAL),
)
GOOD: Mapping[str, Any] = {"as_of": "2026-05-04", "name": "X", "place": {"street": "S", "town": "T"}}


def accepted(type: CredentialType, claims: Mapping[str, Any]) -> bool:
    try:
        schemas.validate(type, claims)
    except Rejected:
        return False
    return True


# -- the files --------------------------------------------------------------------------------------------------------


def test_the_published_files_are_what_the_declarations_say() -> None:
    assert schemas.drift(CATALOGUE.values()) == ()


def test_the_files_are_made_alike_each_time() -> None:
    assert schemas.generate(CATALOGUE.values()) == schemas.generate(reversed(tuple(CATALOGUE.values())))


def test_every_schema_is_a_schema() -> None:
    for name, data in schemas.generate(CATALOGUE.values()).items():
        if name.endswith(".schema.json"):
            Draft202012Validator.check_schema(json.loads(data))


def test_type_metadata_is_published_as_the_octets_that_credentials_name() -> None:
    files = schemas.generate(CATALOGUE.values())
    for one in CATALOGUE.values():
        assert FORMATS["dc+sd-jwt"].schema(one) in files.values()


def test_a_changed_a_missing_and_a_left_over_file_are_told_and_mended(tmp_path: Path) -> None:
    names = schemas.write(CATALOGUE.values(), tmp_path)
    assert schemas.drift(CATALOGUE.values(), tmp_path) == ()
    changed, missing, *_ = names
    (tmp_path / changed).write_bytes(b"{}")
    (tmp_path / missing).unlink()
    (tmp_path / "urn.gone.1.schema.json").write_bytes(b"{}")
    wrong = tuple(sorted((changed, missing, "urn.gone.1.schema.json")))
    assert schemas.drift(CATALOGUE.values(), tmp_path) == wrong
    assert schemas.write(CATALOGUE.values(), tmp_path) == wrong
    assert schemas.drift(CATALOGUE.values(), tmp_path) == ()


def test_two_types_never_share_a_file() -> None:
    with pytest.raises(Misuse):
        schemas.generate((type_of(id="urn:a:1"), type_of(id="urn.a.1")))


# -- what a schema demands --------------------------------------------------------------------------------------------


def test_an_attestation_as_declared_is_accepted() -> None:
    schemas.validate(THING, GOOD)


def test_a_claim_that_is_always_there_is_demanded() -> None:
    assert not accepted(THING, {name: value for name, value in GOOD.items() if name != "as_of"})


def test_a_promised_claim_is_there_or_said_to_be_absent() -> None:
    without = {name: value for name, value in GOOD.items() if name != "name"}
    assert not accepted(THING, without)
    assert accepted(THING, {**without, "absent": {"name": True}})


def test_a_claim_is_never_there_and_said_to_be_absent() -> None:
    assert not accepted(THING, {**GOOD, "absent": {"name": True}})


def test_a_promised_claim_with_parts_is_whole_or_said_to_be_absent() -> None:
    partly = {**GOOD, "place": {"town": "T"}}
    assert not accepted(THING, partly)
    assert accepted(THING, {**partly, "absent": {"place": True}})
    assert accepted(THING, {"as_of": "2026-05-04", "name": "X", "absent": {"place": True}})


def test_absent_is_true_or_not_there() -> None:
    without = {name: value for name, value in GOOD.items() if name != "name"}
    assert not accepted(THING, {**without, "absent": {"name": False}})
    assert not accepted(THING, {**GOOD, "absent": {}})


def test_an_optional_claim_may_be_missing_or_there() -> None:
    assert accepted(THING, {**GOOD, "nickname": "N"})


@pytest.mark.parametrize("claims", [{**GOOD, "iban": "NL"}, {**GOOD, "place": {"street": "S", "town": "T", "x": "y"}}])
def test_nothing_is_allowed_that_the_type_does_not_declare(claims: Mapping[str, Any]) -> None:
    assert not accepted(THING, claims)


KINDS: tuple[tuple[Kind, tuple[Any, ...], tuple[Any, ...]], ...] = (
    (Kind.TEXT, ("Vųlĸovā", "x" * 1000), ("", "x" * 1001, 1, None, True, ("x",))),
    (Kind.DATE, ("2024-02-29", "0001-01-01"), ("2023-02-29", "2024-2-9", "20240229", "2024-W01-1", 20240229, "x")),
    (Kind.YEAR, (1, 1984, 9999), (0, 10000, "1984", True, 1984.5)),
    (Kind.YEAR_MONTH, ("1984-01", "1984-12"), ("1984-13", "1984-1", "1984-01-01", 198401)),
    (Kind.INTEGER, (0, 7, -1), ("7", True, 7.5, None)),
    (Kind.BOOLEAN, (True, False), (1, 0, "true", None)),
    (Kind.COUNTRY, ("NL", "QU"), ("nl", "NLD", "N", 528)),
    (Kind.COUNTRIES, (("NL",), ("NL", "SY")), ((), ("NL", "NL"), ("nl",), "NL", ("NL", 1))),
    (Kind.YEARS, ((), (2015, 2015)), ((0,), ("2015",), 2015, (True,))),
    (Kind.BSN, ("999990019",), ("99999001", "9999900199", "99999001x", 999990019)),
)


def test_every_kind_has_its_values() -> None:
    assert [kind for kind, _, _ in KINDS] == list(Kind)


@pytest.mark.parametrize(("kind", "good", "bad"), KINDS, ids=[kind for kind, _, _ in KINDS])
def test_a_kind_takes_its_values_and_no_others(kind: Kind, good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    one = type_of(attribute("it", kind=kind, presence=Presence.ALWAYS), id=f"urn:example:{kind}:1")
    assert [value for value in good if not accepted(one, {"it": value})] == []
    assert [value for value in bad if accepted(one, {"it": value})] == []


def test_a_rejection_names_the_path_and_never_the_value() -> None:
    with pytest.raises(Rejected) as caught:
        schemas.validate(THING, {**GOOD, "place": {"street": "Geheimstraat", "town": 12345678}})
    assert caught.value.reason is Reason.SCHEMA_INVALID
    assert "place/town" in str(caught.value)
    for value in ("Geheimstraat", "12345678"):
        assert value not in str(caught.value)


def test_a_type_of_others_is_held_to_its_declaration() -> None:
    assert accepted(CredentialType.foreign("https://other.example/any"), {})
    assert not accepted(CredentialType.foreign("https://other.example/any"), {"undeclared": 1})
