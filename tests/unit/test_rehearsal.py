"""The rehearsal: everybody in a file goes down the whole line, and nobody's outcome is unexplained."""

from __future__ import annotations

from datetime import UTC, datetime

from eigendata import rehearsal
from eigendata.errors import Reason
from eigendata.model import Advice
from eigendata.registers.population import Population
from eigendata.rehearsal import Outcome, Result

from ..given import ROOT, given

PAGE = ROOT / "docs/reference/test-persons.md"
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOSED = {str(one) for one in (*Reason, *Advice)}


def require_explained(outcomes: tuple[Outcome, ...], people: int) -> None:
    assert [one.place for one in outcomes] == list(range(people))
    for one in outcomes:
        assert one.result is not Result.FAILED, one
        assert {each.reason for each in one.left} <= CLOSED, one
        assert (one.result is Result.REFUSED) == (one.advice == ""), one
        assert (one.result is Result.ISSUED) == (not one.left), one


def test_everybody_of_the_shipped_population_is_explained() -> None:
    people = Population.shipped()
    outcomes = rehearsal.rehearse(people, at=AT)
    require_explained(outcomes, len(people))
    assert {one.result for one in outcomes} == {Result.ISSUED, Result.PARTLY, Result.REFUSED}
    assert {Advice.MEETS, Advice.DOES_NOT_MEET, Advice.NOT_DERIVABLE} <= {one.advice for one in outcomes}


def test_everybody_of_the_official_test_persons_is_explained() -> None:
    people = Population.load(given("nl-data/brp-personen/personen-hc-all.json"))
    outcomes = rehearsal.rehearse(people, at=AT)
    require_explained(outcomes, 685)
    assert sum(row.people for row in rehearsal.table(outcomes) if row.what == "") == 685
    require_documented(outcomes)


def require_documented(outcomes: tuple[Outcome, ...]) -> None:
    """Hold the page of the official test persons to the table as it is now, and to a word on each of its rows.

    Where it differs: eigendata registers check FILE --at 2026-11-23 --markdown FILE, and put that in the page.
    """
    page = PAGE.read_text("utf-8")
    shown = page.partition("<!-- begin: outcomes -->\n")[2].partition("<!-- end: outcomes -->")[0]
    assert shown == rehearsal.as_markdown(outcomes)
    for row in rehearsal.table(outcomes):
        name = row.what.partition(".")[2] or row.what
        assert not row.what or f"| {name} | {row.reason} |" in page.partition("## What each row means")[2], row


def test_a_number_given_twice_is_tried_for_each_of_its_holders() -> None:
    first, second = list(Population.shipped())[:2]
    twin = type(second)(
        bsn=first.bsn, persoon={**second.persoon, "burgerservicenummer": first.bsn}, history=second.history
    )
    outcomes = rehearsal.rehearse(Population([first, twin]), at=AT)
    require_explained(outcomes, 2)
