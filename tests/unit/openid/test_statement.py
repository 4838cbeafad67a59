"""What an asker says in its own words, before people see it."""

from __future__ import annotations

from typing import Any

import pytest

from eigendata.errors import Malformed
from eigendata.openid import statement
from eigendata.openid.statement import FORMAT, Statement, read_statement
from eigendata.query import PolicyReference, parse_query

QUERY = parse_query({"credentials": [{"id": "q", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:t"]}}]})
WHOLE: dict[str, Any] = {
    "name": "Woonstichting de Wijk",
    "purpose": {"nl": "Om te zien of u in aanmerking komt. Écht!", "en-GB": "To see"},
    "legal_basis": ["AVG 6(1)(b)", "Huisvestingswet 2014 art. 14"],
    "keep": {"voldoet": "until audit", "otherwise": "0 days"},
    "policy": {"id": "eigen/B", "version": "2026-01", "use": "woningcorporatie/B"},
}


def said(**changes: Any) -> Statement:
    return read_statement([{"format": FORMAT, "data": {**WHOLE, **changes}}], QUERY)


def test_a_statement_is_read_whole() -> None:
    assert said() == Statement(
        name="Woonstichting de Wijk",
        purpose=WHOLE["purpose"],
        legal_basis=("AVG 6(1)(b)", "Huisvestingswet 2014 art. 14"),
        keep=WHOLE["keep"],
        policy=PolicyReference(id="eigen/B", version="2026-01", use="woningcorporatie/B"),
    )
    assert said(policy={"id": "b", "version": "1"}).policy == PolicyReference(id="b", version="1")
    assert read_statement([{"format": FORMAT, "data": {"x": 1}}], QUERY) == Statement()
    assert read_statement([{"format": "x", "data": "y"}], QUERY) == Statement()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u00a0",
        "line\nbreak",
        "tab\there",
        "bell\x07",
        "\x1b[31mred",
        "\x7f",
        "\x85",
        "separator\u2028here",
        "separator\u2029here",
        "right-to-left \u202eedirrevo",
        "isolate \u2066x\u2069",
        "mark \u200f",
        "zero\u200bwidth",
        "joiner\u200d",
        "soft\u00adhyphen",
        "\ufeffmark",
        "private \ue000",
        "tag \U000e0041",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        lambda text: {"name": text},
        lambda text: {"purpose": {"nl": text}},
        lambda text: {"legal_basis": [text]},
        lambda text: {"keep": {"voldoet": text}},
        lambda text: {"keep": {text: "0 days"}},
        lambda text: {"policy": {"id": text, "version": "1"}},
        lambda text: {"policy": {"id": "p", "version": text}},
    ],
)
def test_a_text_holds_nothing_that_does_not_show(text: str, place: Any) -> None:
    with pytest.raises(Malformed):
        said(**place(text))


@pytest.mark.parametrize(
    ("fits", "too_long"),
    [
        [{"name": "x" * length} for length in (statement.MAX_LINE, 201)],
        [{"purpose": {"nl": "x" * length}} for length in (statement.MAX_PURPOSE, 501)],
        [{"legal_basis": ["x"] * count} for count in (statement.MAX_LINES, 17)],
        [{"keep": {f"x{index}": "y" for index in range(count)}} for count in (statement.MAX_LINES, 17)],
    ],
)
def test_texts_are_short(fits: dict[str, Any], too_long: dict[str, Any]) -> None:
    said(**fits)
    with pytest.raises(Malformed):
        said(**too_long)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": None},
        {"name": 1},
        {"purpose": "x"},
        {"purpose": {"Nederlands!": "x"}},
        {"purpose": {"nl": ["x"]}},
        {"legal_basis": "AVG"},
        {"legal_basis": [1]},
        {"keep": ["x"]},
        {"policy": "woningcorporatie/B"},
        {"policy": {"id": "woningcorporatie/B"}},
        {"policy": {"id": "woningcorporatie/B", "version": 1}},
        {"policy": None},
    ],
)
def test_a_statement_of_another_shape_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        said(**changes)


@pytest.mark.parametrize(
    "info",
    [
        None,
        [],
        "x",
        {},
        ["x"],
        [{}],
        [{"format": "x"}],
        [{"data": "x"}],
        [{"format": 1, "data": "x"}],
        [{"format": "x", "data": 1}],
        [{"format": "x", "data": None}],
        [{"format": "x", "data": "y", "credential_ids": []}],
        [{"format": "x", "data": "y", "credential_ids": "q"}],
        [{"format": "x", "data": "y", "credential_ids": ["nobody"]}],
        [{"format": "x", "data": "y"}] * 33,
        [{"format": FORMAT, "data": "x"}],
        [{"format": FORMAT, "data": WHOLE, "credential_ids": ["q"]}],
        [{"format": FORMAT, "data": WHOLE}, {"format": FORMAT, "data": WHOLE}],
    ],
)
def test_verifier_info_of_another_shape_is_malformed(info: Any) -> None:
    with pytest.raises(Malformed):
        read_statement(info, QUERY)
