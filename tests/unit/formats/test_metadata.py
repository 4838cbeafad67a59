"""Type metadata is made from the type, published as bytes, and held against what an issuer sends."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from eigendata.errors import Rejected
from eigendata.formats.sdjwt import SD_JWT_VC, metadata
from eigendata.formats.sdjwt.metadata import has_integrity, shape
from eigendata.model import CredentialType, Kind, Presence
from eigendata.registers.catalogue import CATALOGUE

from .forge import ANY, PERSON, attribute, digest, disclosure, forged, issued, payload, verified
from .test_issue import document_of, payload_of

DOCUMENT = b'{"vct":"urn:example:person:1"}'


def expression(name: str, document: bytes = DOCUMENT) -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, document).digest()).decode()}"


def test_the_metadata_says_of_each_claim_whether_it_is_there_and_can_be_withheld() -> None:
    metadata = json.loads(SD_JWT_VC.schema(PERSON))
    assert metadata["vct"] == PERSON.id
    assert metadata["name"] == "Person"
    assert metadata["display"] == [{"locale": "nl", "name": "Persoon"}, {"locale": "en", "name": "Person"}]
    rules = {tuple(one["path"]): (one.get("mandatory", False), one["sd"]) for one in metadata["claims"]}
    assert rules == {
        ("authority",): (True, "never"),
        ("family_name",): (False, "always"),
        ("age",): (False, "always"),
        ("resident",): (False, "always"),
        ("address",): (False, "always"),
        ("address", "street"): (False, "always"),
        ("address", "town"): (False, "always"),
        ("nationalities",): (False, "always"),
        ("nationalities", None): (False, "always"),
        ("set",): (False, "always"),
    }
    labels = [one["display"] for one in metadata["claims"] if one["path"] == ["age"]]
    assert labels == [[{"locale": "nl", "label": "age"}, {"locale": "en", "label": "age"}]]


def test_the_metadata_is_the_same_bytes_every_time_and_the_credential_repeats_their_digest() -> None:
    again = replace(PERSON)
    assert again is not PERSON
    assert SD_JWT_VC.schema(again) == SD_JWT_VC.schema(PERSON)
    digest_of = base64.b64encode(hashlib.sha256(SD_JWT_VC.schema(PERSON)).digest()).decode()
    assert payload_of(issued())["vct#integrity"] == f"sha256-{digest_of}"


def test_two_types_of_one_name_are_not_taken_for_each_other() -> None:
    other = replace(PERSON, attributes=(attribute("income"),))
    assert SD_JWT_VC.schema(other) != SD_JWT_VC.schema(PERSON)
    assert shape(PERSON).type is PERSON
    assert shape(other).type is other


def test_what_follows_from_a_type_is_worked_out_once_and_of_a_few_types_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "_SHAPES_LIMIT", 2)
    monkeypatch.setattr(metadata, "_SHAPES", {})
    one, two, three = (replace(PERSON, id=f"urn:example:kept:{number}") for number in range(3))
    kept = shape(one)
    shape(two)
    assert shape(one) is kept
    shape(three)
    assert shape(one) is not kept


def test_objects_that_can_be_withheld_are_in_the_metadata_however_deep_and_those_in_clear_are_not() -> None:
    deep = replace(
        PERSON,
        id="urn:example:deep:2",
        attributes=(
            attribute("a", "b", "c"),
            attribute("place", "country", presence=Presence.ALWAYS),
            attribute("place", "street", "name"),
        ),
    )
    paths = [one["path"] for one in json.loads(SD_JWT_VC.schema(deep))["claims"] if "display" not in one]
    assert paths == [["a"], ["a", "b"], ["place", "street"]]


def test_an_array_of_which_one_element_stands_in_clear_does_not_follow_its_type() -> None:
    elements = [disclosure(str(number), "NL") for number in range(2)]
    hidden = [{"...": digest(one)} for one in elements]
    for array in ([*hidden, "BE"], ["BE", *hidden], ["BE"]):
        one = disclosure("s", "nationalities", array)
        shown = (one, *elements) if len(array) > 1 else (one,)
        token = forged(payload(vct=PERSON.id, authority="Boxtel", _sd=[digest(one)]), shown)
        with pytest.raises(Rejected) as rejected:
            verified(token)
        assert rejected.value.check.name == "CLAIM_DISCLOSABLE"


def test_many_types_are_not_kept_for_ever() -> None:
    for number in range(300):
        SD_JWT_VC.schema(replace(PERSON, id=f"urn:example:many:{number}"))
    assert b"urn:example:many:7" in SD_JWT_VC.schema(replace(PERSON, id="urn:example:many:7"))


@pytest.mark.parametrize(
    "integrity",
    [
        expression("sha256"),
        expression("sha384"),
        expression("sha512"),
        f"{expression('sha256')}?ct=application/json",
        f"  {expression('sha256', b'another')}  {expression('sha256')}",
        f"md5-AAAA {expression('sha256')}",
        f"{expression('sha256', b'weaker ones do not count')} {expression('sha512')}",
        f"sha512-AAAA {expression('sha512')}",
    ],
)
def test_integrity_holds_for_the_document_that_it_was_made_of(integrity: str) -> None:
    assert has_integrity(integrity, DOCUMENT)
    assert not has_integrity(integrity, DOCUMENT + b" ")


@pytest.mark.parametrize(
    "integrity",
    [
        "",
        "sha256",
        "sha256-",
        "sha1-" + base64.b64encode(hashlib.sha1(DOCUMENT).digest()).decode(),
        expression("sha256").rstrip("="),
        expression("sha256").upper(),
        expression("sha256").replace("-", ":"),
        "sha256-" + hashlib.sha256(DOCUMENT).hexdigest(),
        f"{expression('sha256')} {expression('sha512', b'another')}",
        f"{expression('sha256')} sha384-AAAA",
    ],
)
def test_integrity_fails_where_the_strongest_known_hash_does_not_say_so(integrity: str) -> None:
    assert not has_integrity(integrity, DOCUMENT)


def test_a_credential_of_our_types_may_come_without_integrity_and_still_follows_them() -> None:
    one = disclosure("s", "age", 41)
    token = forged(payload(vct=PERSON.id, authority="Boxtel", _sd=[digest(one)]), (one,))
    outcomes = {step.check.name: step.outcome.value for step in verified(token).trail}
    assert outcomes["METADATA_INTEGRITY"] == "not applicable"
    assert outcomes["CLAIM_PATHS"] == outcomes["CLAIM_MANDATORY"] == outcomes["CLAIM_DISCLOSABLE"] == "passed"


def test_of_a_claim_that_it_does_not_name_the_metadata_says_nothing() -> None:
    verified(forged(payload(vct=PERSON.id, authority="Boxtel", more={"of": "it"})))


def test_a_type_of_others_is_not_held_against_metadata_that_we_do_not_publish() -> None:
    others = replace(PERSON, id="urn:example:pid", names={"dc+sd-jwt": "urn:eudi:example:1"})
    token = forged(payload(vct="urn:eudi:example:1", family_name="Jansen", **{"vct#integrity": "sha256-x"}))
    outcomes = {step.check.name: step.outcome.value for step in verified(token, type=others).trail}
    assert outcomes["METADATA_INTEGRITY"] == outcomes["CLAIM_DISCLOSABLE"] == "not applicable"
    outcomes = {step.check.name: step.outcome.value for step in verified(forged(), type=ANY).trail}
    assert outcomes["METADATA_INTEGRITY"] == outcomes["CLAIM_DISCLOSABLE"] == "not applicable"


def test_an_array_that_is_always_there_is_in_clear_with_its_elements() -> None:
    clear = replace(
        PERSON,
        id="urn:example:clear:1",
        attributes=(attribute("years", kind=Kind.YEARS, presence=Presence.ALWAYS), attribute("age")),
    )
    token = issued(type=clear, claims={"years": [2019, 2020]})
    assert payload_of(token)["years"] == [2019, 2020]
    assert document_of(token, clear)["years"] == (2019, 2020)
    paths = [one["path"] for one in json.loads(SD_JWT_VC.schema(clear))["claims"]]
    assert paths == [["years"], ["age"]]


def test_where_an_attribute_lies_and_what_a_type_is_called_follow_from_the_type() -> None:
    moved = replace(attribute("town"), names={"dc+sd-jwt": ("address", "locality")})
    assert SD_JWT_VC.place(PERSON, moved) == ("address", "locality")
    assert SD_JWT_VC.place(PERSON, attribute("town")) == ("town",)
    assert SD_JWT_VC.type_id(PERSON) == PERSON.id
    given: CredentialType = replace(PERSON, names={"dc+sd-jwt": "urn:eudi:example:1", "mso_mdoc": "x"})
    assert SD_JWT_VC.type_id(given) == "urn:eudi:example:1"


def test_every_type_of_the_catalogue_can_be_issued() -> None:
    for one in CATALOGUE.values():
        metadata: dict[str, Any] = json.loads(SD_JWT_VC.schema(one))
        assert metadata["vct"] == one.id
        assert all(entry.get("display") for entry in metadata["claims"] if entry.get("mandatory"))
