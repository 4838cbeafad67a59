"""The official test persons: every one of them gives each claim, or a stated reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from eigendata.errors import Declined, Reason
from eigendata.model import Facts, Presence
from eigendata.registers import brp
from eigendata.registers.catalogue import CATALOGUE, HUISHOUDEN, PERSOON
from tests.given import given
from tests.unit.registers.persons import AT, answer

TYPES = tuple(CATALOGUE.values())


@cache
def _everyone() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(given("nl-data/brp-personen/personen-hc-all.json").read_text(encoding="utf-8")))


def _record(entry: dict[str, Any]) -> brp.BrpRecord:
    by_bsn = {one["bsn"]: one["persoon"] for one in _everyone()}
    first = brp.parse(answer(entry["persoon"]), bsn=entry["bsn"], at=AT)
    relatives = answer(*(by_bsn[bsn] for bsn in brp.relatives(first) if bsn in by_bsn))
    history = entry["verblijfplaatshistorie"]
    return brp.parse(answer(entry["persoon"]), bsn=entry["bsn"], history=history, relatives=relatives, at=AT)


def _outcomes() -> Iterator[tuple[dict[str, Any], str, Facts | Reason]]:
    for entry in _everyone():
        record = _record(entry)
        own = (entry["persoon"]["gemeenteVanInschrijving"]["code"],)
        for one in TYPES:
            try:
                yield entry, one.short, record.facts(one, jurisdictions=own, at=AT)
            except Declined as refusal:
                yield entry, one.short, refusal.reason


def test_everyone_gets_each_claim_or_a_stated_reason() -> None:
    assert len(_everyone()) == 685
    for _, short, outcome in _outcomes():
        if isinstance(outcome, Reason):
            continue
        missing = {one.claim for one in outcome.left_out}
        for attribute in outcome.type.attributes:
            if attribute.presence is Presence.PROMISED:
                held: Any = outcome.claims
                for name in attribute.path:
                    held = held.get(name, {}) if hasattr(held, "get") else held
                assert (held == {}) == (attribute.path in missing), (short, attribute.path)


def test_who_is_tagged_gets_what_the_tag_asks_for() -> None:
    for entry, _, outcome in _outcomes():
        tags = set(entry["tags"])
        refused = isinstance(outcome, Reason)
        if tags & {"overleden", "curatele"} or any(tag.startswith("opgeschort") for tag in tags):
            assert refused
        if refused:
            continue
        assert isinstance(outcome, Facts)
        if outcome.type is HUISHOUDEN and "geheimhouding" in tags:
            assert "child_birth_years" not in outcome.claims
        if outcome.type is PERSOON and "Staatloos" in tags:
            assert outcome.claims["nationalities"] == ("QS",)
        if outcome.type is PERSOON and "puntnaam" in tags:
            assert outcome.claims["family_name" if "family_name" in outcome.claims else "absent"]


def test_the_outcomes_are_those_that_were_looked_at() -> None:
    counted = Counter(outcome.value if isinstance(outcome, Reason) else "told" for _, _, outcome in _outcomes())
    assert counted == {
        "told": 5 * 523,
        "not_our_resident": 5 * 72,
        "suspended": 5 * 26,
        "under_guardianship": 5 * 13,
        "minor": 5 * 48,
        "not_derivable": 5 * 3,
    }


def test_every_name_of_everyone_is_told_letter_for_letter() -> None:
    for entry, _, outcome in _outcomes():
        if isinstance(outcome, Reason):
            continue
        naam = entry["persoon"]["naam"]
        if "given_name" in outcome.claims:
            assert outcome.claims["given_name"] == naam["voornamen"]
        if "family_name" in outcome.claims:
            assert str(outcome.claims["family_name"]).endswith(naam["geslachtsnaam"])


def test_the_name_in_use_of_everyone_can_be_composed_or_is_not_known() -> None:
    for entry in _everyone():
        composed = brp.aanschrijfwijze(entry["persoon"])
        assert composed is None or composed.strip() == composed
        if composed is None:
            assert entry["persoon"]["naam"]["geslachtsnaam"] == "."
