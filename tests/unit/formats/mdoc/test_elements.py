"""Values of elements: how they are written, and that what a type's description says of it is so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import cbor2
import pytest

from eigendata.errors import Misuse
from eigendata.formats.mdoc import MSO_MDOC, elements
from eigendata.model import Kind
from tests.unit.formats.forge import attribute

from .forge import PERSON, tagged

VALUES: dict[Kind, Any] = {
    Kind.TEXT: "Ummels",
    Kind.DATE: "1984-02-29",
    Kind.YEAR: 1984,
    Kind.YEAR_MONTH: "1984-02",
    Kind.INTEGER: -5,
    Kind.BOOLEAN: False,
    Kind.COUNTRY: "NL",
    Kind.COUNTRIES: ["NL", "MA"],
    Kind.YEARS: [1984, 2001],
    Kind.BSN: "999900109",
}


def cddl(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "uint" if value >= 0 else "int"
        case str():
            return "tstr"
        case date():
            return "full-date"
        case _:
            return f"[* {cddl(value[0])}]"


@pytest.mark.parametrize("kind", Kind)
def test_a_description_names_the_encoding_in_which_a_value_is_written(kind: Kind) -> None:
    one = replace(PERSON, id=f"urn:example:{kind}:1", attributes=(attribute("a", kind=kind),))
    (element,) = elements.shape(one).elements
    (claim,) = json.loads(MSO_MDOC.schema(one))["claims"]
    assert claim["encoding"] == cddl(cbor2.loads(elements.write(VALUES[kind], element)))


def test_texts_and_encoded_cbor_are_written_in_their_shortest_form_whatever_their_size() -> None:
    for size in (*range(700), 65_535, 65_536, 70_000):
        assert elements.text_string("x" * size) == cbor2.dumps("x" * size)
        assert elements.encoded(b"x" * size) == cbor2.dumps(tagged(b"x" * size))


def test_a_lone_surrogate_is_written_in_no_mdoc() -> None:
    with pytest.raises(Misuse):
        elements.text_string("\ud800")
