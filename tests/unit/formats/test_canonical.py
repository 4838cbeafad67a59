"""Claims come back under the type's own paths, wherever a format has put them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from eigendata.formats.protocol import canonical
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import ClaimPath, Claims, CredentialType

from .forge import PERSON, attribute


def own(document: Any, *only: ClaimPath, type: CredentialType = PERSON) -> Claims:
    return canonical(SD_JWT_VC, type, document, only)


MOVED = replace(
    PERSON,
    attributes=(
        replace(attribute("town"), names={"dc+sd-jwt": ("address", "locality")}),
        replace(attribute("list", "name"), names={"dc+sd-jwt": ("list",)}),
        attribute("lot"),
        attribute("lot", "number"),
    ),
)


def test_a_claim_comes_back_under_its_own_path_wherever_the_format_has_put_it() -> None:
    document = {"address": {"locality": "Boxtel"}, "town": "elsewhere", "lot": {"number": 3}}
    assert own(document, ("town",), type=MOVED) == {"town": "Boxtel"}
    assert own(document, ("lot", "number"), ("town",), type=MOVED) == {"lot": {"number": 3}, "town": "Boxtel"}


def test_what_the_document_does_not_hold_is_left_out() -> None:
    document: Any
    for document in (
        {},
        {"address": {}},
        {"address": "Boxtel"},
        {"address": None},
        {"locality": "Boxtel"},
    ):
        assert own(document, ("town",), type=MOVED) == {}
    assert own({"address": {"locality": None}}, ("town",), type=MOVED) == {"town": None}


def test_a_path_into_an_array_gives_the_whole_array_under_the_names_that_lead_to_it() -> None:
    foreign = CredentialType.foreign("https://other.example/any")
    document = {"nationalities": ({"code": "NL"}, {"code": "BE"})}
    for step in (0, 1, None):
        assert own(document, ("nationalities", step), type=foreign) == document
    assert own({"a": {"b": (1, 2)}}, ("a", "b", None), type=foreign) == {"a": {"b": (1, 2)}}


def test_a_claim_inside_one_that_is_given_whole_changes_nothing_of_it() -> None:
    whole = {"lot": MappingProxyType({"number": 3, "letter": "a"})}
    assert own(whole, ("lot",), ("lot", "number"), type=MOVED) == whole
    assert own(whole, ("lot", "number"), ("lot",), type=MOVED) == whole
