"""The demo: it tells the whole story, every attack in it fails for its own reason, and no person makes it stumble."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from eigendata import story
from eigendata.errors import Misuse
from eigendata.registers.population import STORY_BSN, Population
from eigendata.story import Scene

NOW = datetime.now(UTC)
WHOLE = ["register", "issue", "wallet", "consent", "answer", "verify", "advice", "attacks"]


def tell(
    folder: Path,
    bsn: str = STORY_BSN,
    language: str = "nl",
    population: Population | None = None,
    telling: str = "dc+sd-jwt",
) -> list[Scene]:
    return list(
        story.tell(folder=folder, clock=lambda: NOW, population=population, language=language, bsn=bsn, telling=telling)
    )


@pytest.fixture(scope="module", params=[one for one in story.TELLINGS if one != "ldp_vc"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """The story in every format in which claims can be withheld, and mixed."""
    return {scene.name: scene for scene in tell(tmp_path_factory.mktemp("story"), telling=request.param)}


def test_the_story_has_every_scene(told: dict[str, Scene]) -> None:
    assert list(told) == WHOLE


def test_every_attack_fails_for_the_rule_that_it_breaks(told: dict[str, Scene]) -> None:
    attacks = told["attacks"].data
    assert {name: outcome["reason"] for name, outcome in attacks.items() if isinstance(outcome, dict)} == {
        "replay": "replay_detected",
        "other_verifier": "key_binding_invalid",
        "swapped": "disclosure_invalid",
        "withheld": "query_not_satisfied",
        "household": "different_subjects",
        "vault": "cannot_open",
    }


def test_an_answer_is_in_the_formats_of_its_telling_and_a_mixed_one_in_each(told: dict[str, Scene]) -> None:
    formats = told["issue"].data["formats"]
    answered = told["answer"].data["formats"]
    assert isinstance(answered, list)
    assert isinstance(formats, tuple)
    assert len(answered) == 3
    assert set(answered) == set(formats)
    trail = told["verify"].data["trail"]
    assert isinstance(trail, dict)
    outcomes = {step["check"]: step["outcome"] for step in trail["answer"]}
    assert outcomes["ONE_SET"] == "passed"


def test_the_story_is_told_in_no_other_way(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        tell(tmp_path, telling="vc+sd-jwt")


def test_only_what_the_policy_allows_is_disclosed(told: dict[str, Scene]) -> None:
    disclosed = told["verify"].data["disclosed"]
    assert isinstance(disclosed, dict)
    assert {question: set(claims) - {"as_of"} for question, claims in disclosed.items()} == {
        "persoon": {"family_name", "given_name", "birthdate"},
        "inwoner": {"local_tie_6y"},
        "huishouden": {"household_size"},
    }


def test_what_stays_behind_is_told(told: dict[str, Scene]) -> None:
    withheld = told["answer"].data["not_disclosed"]
    assert isinstance(withheld, list)
    assert {"bsn.bsn", "adres.address.postal_code", "persoon.nationalities"} <= set(withheld)


def test_the_trail_says_that_withdrawal_was_not_checked(told: dict[str, Scene]) -> None:
    trails = told["verify"].data["trail"]
    assert isinstance(trails, dict)
    for question in ("persoon", "inwoner", "huishouden"):
        last = trails[question][-1]
        assert (last["check"], last["outcome"]) == ("WITHDRAWAL", "waived")


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("curatele", "under_guardianship"),
        ("opgeschort_E", "not_our_resident"),
    ],
)
def test_a_closed_gate_ends_the_story_with_its_reason(tag: str, reason: str, tmp_path: Path) -> None:
    person = Population.shipped().tagged(tag)[0]
    scenes = tell(tmp_path, bsn=person.bsn)
    assert scenes[-1].name == "declined"
    assert scenes[-1].data["reason"] in {reason, "suspended"}


def test_somebody_whom_the_register_does_not_know_ends_the_story(tmp_path: Path) -> None:
    scenes = tell(tmp_path, bsn="999900006")
    assert [scene.name for scene in scenes] == ["declined"]
    assert scenes[0].data["reason"] == "not_registered"


def test_a_population_of_one_lends_no_card_of_a_neighbour(tmp_path: Path) -> None:
    alone = Population(person for person in Population.shipped() if person.bsn == STORY_BSN)
    scenes = {scene.name: scene for scene in tell(tmp_path, language="en", population=alone)}
    assert list(scenes) == WHOLE
    assert scenes["attacks"].data["household"] == {"tried": False}


def test_a_person_without_a_full_birth_date_is_not_rejected_by_software(tmp_path: Path) -> None:
    people = Population.shipped().tagged("geboorte_JaarDatum", "verblijfstitel")
    scenes = {scene.name: scene for scene in tell(tmp_path, bsn=people[0].bsn)}
    assert list(scenes) == WHOLE
    assert scenes["advice"].data["advice"] == "niet_af_te_leiden"
    assert all(outcome != {"refused": False} for outcome in scenes["attacks"].data.values())


@pytest.fixture(scope="module")
def told_whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """The story in the format in which a card is shown whole."""
    return {scene.name: scene for scene in tell(tmp_path_factory.mktemp("whole"), telling="ldp_vc")}


def test_a_policy_that_forbids_more_than_it_asks_refuses_cards_that_are_shown_whole(
    told_whole: dict[str, Scene],
) -> None:
    assert list(told_whole) == [*WHOLE[:3], "not_asked", *WHOLE[3:]]
    assert told_whole["not_asked"].data == {"policy": "woningcorporatie/B", "reason": "over_asked"}
    assert "forbids more than it asks" in told_whole["not_asked"].lines[2].text


def test_the_resident_sees_beforehand_that_the_card_is_shown_whole(told_whole: dict[str, Scene]) -> None:
    assert told_whole["consent"].data["whole"] == ["inwoner"]
    said = " ".join(line.text for line in told_whole["consent"].lines)
    assert "kunt u niets weglaten" in said
    assert "Inwoner sinds (jaar, of eerder)" in said  # which nobody asked


def test_only_what_was_asked_is_kept_of_a_card_that_was_shown_whole(told_whole: dict[str, Scene]) -> None:
    disclosed = told_whole["verify"].data["disclosed"]
    assert isinstance(disclosed, dict)
    assert set(disclosed["inwoner"]) == {"resident", "family_name", "given_name", "birthdate", "as_of"}
    assert told_whole["advice"].data["advice"] == "voldoet"


def test_every_attack_on_a_whole_card_fails_for_the_rule_that_it_breaks(told_whole: dict[str, Scene]) -> None:
    attacks = told_whole["attacks"].data
    assert {name: outcome["check"] for name, outcome in attacks.items() if isinstance(outcome, dict)} == {
        "replay": "ONCE",
        "other_verifier": "DOMAIN",
        "swapped_card": "DI_ISSUER_SIGNATURE",
        "withheld_card": "DI_ISSUER_SIGNATURE",
        "vault": "VAULT_OPENS",
    }
