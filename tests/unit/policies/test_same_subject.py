"""Facts of several credentials are added up only where they are shown to be about one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from eigendata import texts
from eigendata.encoding import Json
from eigendata.errors import Outcome, Reason, Rejected, Trail
from eigendata.policies import JOIN_CHECKS, Join, Shown, join
from tests.negatives import negative
from tests.unit.policies.samples import read

AN: Mapping[str, Json] = {"family_name": "de Wit", "given_name": "An", "birthdate": "1990-02-03"}
PASSED, SKIPPED = Outcome.PASSED, Outcome.NOT_APPLICABLE


def shown(set_: Json = "s1", issuer: str = "https://boxtel.example", /, **claims: Json) -> Shown:
    return Shown(issuer=issuer, claims={"set": set_, **claims} if set_ is not None else claims)


def joined(*each: Shown) -> tuple[Join, list[Outcome]]:
    trail = Trail()
    names = ("person", "house")
    answers: Mapping[str, Sequence[Shown]] = {name: (one,) for name, one in zip(names, each, strict=False)}
    if len(each) > 2:
        answers = {"person": each[:1], "house": each[1:]}
    how = join(read(), answers, trail)
    assert tuple(step.check for step in trail.done()) == JOIN_CHECKS
    return how, [step.outcome for step in trail.done()]


def refused(*each: Shown) -> str:
    with pytest.raises(Rejected) as error:
        joined(*each)
    assert error.value.reason is Reason.DIFFERENT_SUBJECTS
    return error.value.check.name


def test_copies_of_one_session_are_joined_by_their_set() -> None:
    assert joined(shown(), shown()) == (Join.SET, [PASSED, SKIPPED])
    assert joined(shown(**AN), shown(**AN)) == (Join.SET, [PASSED, SKIPPED])


def test_mixed_copies_are_joined_by_the_three_claims() -> None:
    assert joined(shown("s1", **AN), shown("s2", **AN)) == (Join.CLAIMS, [SKIPPED, PASSED])


def test_credentials_of_two_issuers_are_joined_by_the_three_claims_alone() -> None:
    assert joined(shown("s1", **AN), shown("s1", "https://esch.example", **AN))[0] is Join.CLAIMS
    assert joined(shown(None, "https://pid.example", **AN), shown("s1", **AN))[0] is Join.CLAIMS


@negative("NEG-SUBJECT-006")
def test_one_set_of_two_issuers_ties_nothing() -> None:
    assert refused(shown("s1"), shown("s1", "https://esch.example")) == "ONE_SET"


def test_two_sets_and_no_names_are_different_subjects() -> None:
    assert refused(shown("s1"), shown("s2")) == "ONE_SET"


@pytest.mark.parametrize("name", AN)
def test_a_neighbour_differs_in_one_claim(name: str) -> None:
    assert refused(shown("s1", **AN), shown("s2", **{**AN, name: "other"})) == "ONE_NAME_AND_BIRTH"


@pytest.mark.parametrize("value", [None, "", True, 7, ["An"], {"An": 1}])
@pytest.mark.parametrize("name", AN)
def test_a_claim_that_is_not_there_matches_nothing(name: str, value: Json) -> None:
    assert refused(shown("s1", **{**AN, name: value}), shown("s2", **{**AN, name: value})) == "ONE_SET"


@pytest.mark.parametrize("value", [None, "", True, 7, ["s1"]])
def test_a_set_that_is_no_text_ties_nothing(value: Json) -> None:
    assert refused(shown(value), shown(value)) == "ONE_SET"


def test_claims_that_one_credential_lacks_cannot_tie_it_to_the_other() -> None:
    assert refused(shown("s1", **AN), shown("s2")) == "ONE_SET"


def test_names_are_compared_to_the_letter() -> None:
    assert refused(shown("s1", **AN), shown("s2", **{**AN, "family_name": "De Wit"})) == "ONE_NAME_AND_BIRTH"


def test_every_credential_counts() -> None:
    assert joined(shown(), shown(), shown())[0] is Join.SET
    assert refused(shown(), shown(), shown("s2")) == "ONE_SET"
    assert (
        refused(shown("s1", **AN), shown("s2", **AN), shown("s3", **{**AN, "given_name": "Bo"})) == "ONE_NAME_AND_BIRTH"
    )


def test_one_credential_needs_no_join() -> None:
    assert joined(shown(None)) == (Join.SINGLE, [SKIPPED, SKIPPED])
    assert joined() == (Join.SINGLE, [SKIPPED, SKIPPED])


def test_how_it_was_joined_is_said_in_plain_words() -> None:
    assert len({how.says(language) for how in Join for language in texts.LANGUAGES}) == 6


def test_an_answer_does_not_show_its_claims_in_its_repr() -> None:
    assert "de Wit" not in repr(shown(**AN))
