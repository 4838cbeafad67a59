"""A wallet sees what a request asks beyond its use; a use that is not listed is never fine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eigendata import policies, texts
from eigendata.encoding import Json
from eigendata.formats import FORMATS, PREFERRED, only
from eigendata.model import ClaimPath
from eigendata.policies import Compared, outside, read_policy, read_uses
from eigendata.query import Query, parse_query
from eigendata.registers.catalogue import CATALOGUE
from tests.unit.policies.samples import HOME, PERSON, TYPES, USES, USES_TOML, changed, read

ALONE = only(PREFERRED)
HOMES: dict[str, list[dict[str, Json]]] = {
    "woningcorporatie/A": [{}, {"municipalities": ["0757"]}],
    "woningcorporatie/B": [{"household_size": [1, 2], "binding": True}, {"household_size": [1, 2], "binding": False}],
    "omgevingsloket/burger": [{}],
}


def query(**asked: list[str]) -> Query:
    """Ask claims of types of the catalogue by short name; `persoon=["family_name"]`."""
    return parse_query(
        {
            "credentials": [
                {
                    "id": short,
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": [f"urn:eigendata:nl:brp:{short}:1"]},
                    **({"claims": [{"path": path.split(".")} for path in paths]} if paths else {}),
                }
                for short, paths in asked.items()
            ]
        }
    )


def beyond(use: str, **asked: list[str]) -> set[ClaimPath]:
    compared = outside(use, query(**asked))
    assert compared.listed
    return {one.path for one in compared.beyond}


@pytest.mark.parametrize("name", HOMES)
def test_what_the_loader_compiles_is_within_its_use(name: str) -> None:
    policy = policies.load(name)
    for home in HOMES[name]:
        for formats in (ALONE, FORMATS):
            compared = outside(policy.use, policy.compile(home, types=CATALOGUE, formats=formats).query)
            assert compared == Compared(use=name, listed=True, beyond=())
            assert compared.fine
            assert compared.says("en") == texts.say("use.within", "en")


def test_what_the_loader_compiles_with_foreign_types_is_within_its_use() -> None:
    policy = read(changed(('types = ["person"]', 'types = ["person", "pid"]\nundated = true')))
    asked = policy.compile(HOME, types=TYPES, formats=ALONE).query
    assert outside("letting", asked, uses=USES, types=TYPES).fine


def test_a_foreign_type_alone_is_a_reason_for_matching_claims() -> None:
    narrow = read_uses(
        changed(
            ('identify.person = ["family_name", "given_name", "birthdate"]', 'identify.person = ["family_name"]'),
            ('identify.pid = ["family_name", "given_name", "birthdate"]', 'identify.pid = ["family_name"]'),
            text=USES_TOML,
        ).encode(),
        types=TYPES,
    )
    text = changed(
        ('ask = ["family_name", "given_name", "birthdate"]', 'ask = ["family_name"]'),
        ('types = ["person"]', 'types = ["person", "pid"]\nundated = true'),
    )
    asked = read_policy(text.encode(), types=TYPES, uses=narrow).compile(HOME, types=TYPES, formats=ALONE).query
    assert outside("letting", asked, uses=narrow, types=TYPES).fine
    own_alone = parse_query({"credentials": [one.to_json() for one in asked.credentials if one.id != "person-2"]})
    assert {one.path for one in outside("letting", own_alone, uses=narrow, types=TYPES).beyond} >= {("birthdate",)}


def test_a_format_that_is_not_known_here_is_held_against_the_list_all_the_same() -> None:
    asked = parse_query(
        {
            "credentials": [
                {
                    "id": "x",
                    "format": "mso_mdoc",
                    "meta": {"doctype_value": "urn:eigendata:nl:brp:persoon:1"},
                    "claims": [{"path": ["ns", "age_over_18"]}],
                }
            ]
        }
    )
    # where its claims lie is not known, so none of them is known to be listed
    assert [one.path for one in outside("woningcorporatie/A", asked).beyond] == [("ns", "age_over_18")]


def test_in_a_format_that_is_not_installed_nothing_is_known_to_be_visible_anyway() -> None:
    asked = query(persoon=["family_name", "as_of"])
    assert outside("woningcorporatie/B", asked).fine
    (one,) = outside("woningcorporatie/B", asked, formats=only("mso_mdoc")).beyond
    assert (one.type, one.path) == ("urn:eigendata:nl:brp:persoon:1", ("as_of",))


def test_a_type_is_known_by_the_name_that_a_format_gives_it() -> None:
    named = replace(PERSON, names={"mso_mdoc": "org.test.person"})
    asked = parse_query(
        {
            "credentials": [
                {
                    "id": "x",
                    "format": "mso_mdoc",
                    "meta": {"doctype_value": "org.test.person"},
                    "claims": [{"path": ["org.test.person", "adult"]}, {"path": ["org.test.person", "birthdate"]}],
                }
            ]
        }
    )
    narrow = read_uses(
        changed((', "birthdate"]\nidentify.house', "]\nidentify.house"), text=USES_TOML).encode(), types=TYPES
    )
    (one,) = outside("letting", asked, uses=narrow, types={**TYPES, named.id: named}).beyond
    assert (one.type, one.path) == (PERSON.id, ("birthdate",))


def test_a_listed_type_that_is_not_known_here_is_held_against_its_list() -> None:
    uses = read_uses(
        b'[uses.x]\nlabel = { nl = "x", en = "x" }\nmay."urn:eudi:pid:nl:1" = ["age_over_18"]', types=CATALOGUE
    )
    asked = parse_query(
        {
            "credentials": [
                {
                    "id": "x",
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": ["urn:eudi:pid:nl:1"]},
                    "claims": [{"path": ["age_over_18"]}, {"path": ["as_of"]}],
                }
            ]
        }
    )
    (one,) = outside("x", asked, uses=uses).beyond
    assert (one.type, one.path) == ("urn:eudi:pid:nl:1", ("as_of",))


def test_a_request_that_names_no_use_is_held_to_no_list() -> None:
    for name in ('""', "X", "None"):
        uses = read_uses(f'[uses.{name}]\nlabel = {{ nl = "x", en = "x" }}'.encode(), types=CATALOGUE)
        assert not outside(None, query(persoon=["sex"]), uses=uses).listed


def test_an_unknown_use_is_said_to_have_no_list() -> None:
    for use in ("woningcorporatie/Z", "", None):
        compared = outside(use, query(bsn=["bsn"]))
        assert not compared.listed
        assert not compared.fine
        assert compared.says("nl") == texts.say("use.unknown", "nl")


def test_a_claim_that_the_use_does_not_list_is_beyond_it() -> None:
    compared = outside("woningcorporatie/B", query(persoon=["family_name", "nationalities"]))
    (one,) = compared.beyond
    assert (one.query, one.type, one.path) == ("persoon", "urn:eigendata:nl:brp:persoon:1", ("nationalities",))
    assert not compared.fine
    assert compared.says("en") == texts.say("use.outside", "en")


@pytest.mark.parametrize(
    "path", ["birthdate", "family_name", "nationalities", "set", "absent.birthdate", "absent", "sex"]
)
def test_stage_a_may_not_ask_who_someone_is(path: str) -> None:
    assert beyond("woningcorporatie/A", persoon=["age_over_18", path]) == {tuple(path.split("."))}


def test_the_absence_of_a_claim_that_may_be_asked_may_be_asked() -> None:
    assert not beyond("woningcorporatie/A", persoon=["age_over_18", "absent.age_over_18"])
    # without the claim itself there is no reason to
    assert beyond("woningcorporatie/A", persoon=["age_over_18", "present.age_over_18"]) == {("present", "age_over_18")}
    assert beyond("woningcorporatie/A", persoon=["absent.age_over_18"]) == {("absent", "age_over_18")}
    names = ["family_name", "given_name", "birthdate"]
    assert beyond("woningcorporatie/B", persoon=names, inwoner=["local_tie_6y", "absent.birthdate"]) == {
        ("absent", "birthdate")
    }


def test_the_absence_of_a_claim_that_may_not_be_asked_may_not_be_asked_either() -> None:
    assert beyond("woningcorporatie/A", persoon=["age_over_18", "birthdate", "absent.birthdate"]) == {
        ("birthdate",),
        ("absent", "birthdate"),
    }


def test_a_listed_absence_is_no_reason_for_another() -> None:
    uses = read_uses(changed(('"nickname", "age"', '"absent.adult"'), text=USES_TOML).encode(), types=TYPES)
    asked = parse_query(
        {
            "credentials": [
                {
                    "id": "x",
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": [PERSON.id]},
                    "claims": [{"path": ["absent", "adult"]}, {"path": ["absent", "birthdate"]}],
                }
            ]
        }
    )
    assert [one.path for one in outside("letting", asked, uses=uses, types=TYPES).beyond] == [("absent", "birthdate")]


def test_a_whole_object_is_beyond_a_use_that_lists_a_part() -> None:
    assert beyond("woningcorporatie/A", inwoner=["municipality.code", "municipality"]) == set()
    assert beyond("omgevingsloket/burger", persoon=["family_name"], adres=["address", "municipality"]) == {
        ("municipality",)
    }


def test_a_credential_that_the_use_does_not_list_is_beyond_it_as_a_whole() -> None:
    assert beyond("woningcorporatie/B", bsn=["bsn"]) == {()}
    assert beyond("woningcorporatie/B", bsn=[]) == {()}
    assert beyond("woningcorporatie/D", persoon=["family_name"]) == {()}


def test_what_is_visible_anyway_is_not_beyond() -> None:
    assert not beyond("woningcorporatie/A", persoon=["age_over_18", "as_of", "issuing_authority"])


def test_set_ties_two_types_and_has_no_place_with_one() -> None:
    assert beyond("woningcorporatie/A", persoon=["age_over_18", "set"]) == {("set",)}
    assert not beyond("woningcorporatie/A", persoon=["age_over_18", "set"], inwoner=["municipality.code", "set"])


def test_matching_claims_need_their_reason() -> None:
    names = ["family_name", "given_name", "birthdate"]
    assert beyond("woningcorporatie/A", persoon=["age_over_18", *names], inwoner=["resident", *names]) == {
        (name,) for name in names
    }
    assert not beyond("woningcorporatie/B", persoon=names, inwoner=["local_tie_6y", *names])
    assert beyond("woningcorporatie/B", persoon=names[:2], inwoner=["local_tie_6y", *names]) == {
        (name,) for name in names
    }


def test_an_issuer_of_another_kind_is_a_reason_for_matching_claims() -> None:
    income: Json = {
        "id": "income",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:eigendata:nl:bri:inkomenstoets:1"]},
        "claims": [{"path": ["at_most", "one"]}, {"path": ["birthdate"]}],
    }
    address = query(adres=["address", "set", "birthdate"]).to_json()["credentials"]
    assert isinstance(address, list)
    assert outside("woningcorporatie/C", parse_query({"credentials": [income, *address]})).fine
    assert not outside("woningcorporatie/C", parse_query({"credentials": address})).fine


def test_a_type_of_another_use_gives_no_reason_for_names() -> None:
    compared = outside(
        "woningcorporatie/A", query(persoon=["age_over_18", "birthdate", "set"], huishouden=["birthdate", "set"])
    )
    assert {(one.query, one.path) for one in compared.beyond} == {
        ("persoon", ("birthdate",)),
        ("persoon", ("set",)),
        ("huishouden", ()),
    }


def test_every_type_that_may_answer_is_looked_at() -> None:
    asked = parse_query(
        {
            "credentials": [
                {
                    "id": "any",
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": ["urn:eigendata:nl:brp:persoon:1", "urn:eudi:pid:nl:1"]},
                    "claims": [{"path": ["age_over_18"]}],
                }
            ]
        }
    )
    (one,) = outside("woningcorporatie/A", asked).beyond
    assert (one.type, one.path) == ("urn:eudi:pid:nl:1", ())


def test_a_query_that_names_no_type_is_beyond_every_use() -> None:
    asked = parse_query({"credentials": [{"id": "x", "format": "jwt_vc_json", "meta": {"type_values": [["T"]]}}]})
    (one,) = outside("woningcorporatie/A", asked).beyond
    assert (one.query, one.type, one.path) == ("x", "", ())


def test_an_array_element_is_as_far_beyond_as_its_array() -> None:
    asked = parse_query(
        {
            "credentials": [
                {
                    "id": "x",
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": ["urn:eigendata:nl:brp:persoon:1"]},
                    "claims": [{"path": ["nationalities", None]}, {"path": ["age_over_18", 0]}],
                }
            ]
        }
    )
    assert [one.path for one in outside("woningcorporatie/A", asked).beyond] == [("nationalities", None)]


def test_of_a_card_that_is_shown_whole_all_that_it_says_is_asked() -> None:
    """Whoever asks a name of it under a purpose that names the rest nowhere would get the rest too."""
    meta: Json = {"type_values": [["urn:eigendata:nl:brp:persoon:1"]]}
    name: Json = [{"path": ["credentialSubject", "family_name"]}]
    for asked in ({"claims": name}, {}):
        compared = outside(
            "woningcorporatie/B", parse_query({"credentials": [{"id": "x", "format": "ldp_vc", "meta": meta, **asked}]})
        )
        beside = {one.path for one in compared.beyond}
        assert beside >= {("nationalities",), ("place_of_birth",)}
        assert not beside & {("family_name",), ("as_of",), ("set",), ("absent", "birthdate")}
        # that something is left out says nothing of the person, and is no question of its own
        assert ("absent", "nationalities") not in beside
    policy = policies.load("demo/hele-kaart")
    assert outside(policy.use, policy.compile({}, types=CATALOGUE, formats=only("ldp_vc")).query).fine
