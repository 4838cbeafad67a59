"""The JSON Canonicalization Scheme, byte for byte."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from eigendata.encoding import Json, json_loads
from eigendata.errors import Malformed
from eigendata.formats.di.jcs import canonicalize
from tests.given import given

NAMES = ("arrays", "french", "structures", "unicode", "values", "weird")
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda one: one + 0.0).filter(bool)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_pairs_come_out_byte_for_byte(name: str) -> None:
    given_, wanted = given(f"vectors/jcs/input/{name}.json"), given(f"vectors/jcs/outhex/{name}.txt")
    made = canonicalize(json_loads(given_.read_bytes()))
    assert made == bytes.fromhex(wanted.read_text())
    assert made == given(f"vectors/jcs/output/{name}.json").read_bytes().rstrip(b"\n")


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        # RFC 8785 appendix B
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
        # where one way of writing passes into the next
        ("3fe0000000000000", "0.5"),
        ("3fb999999999999a", "0.1"),
        ("3ff8000000000000", "1.5"),
        ("4034000000000000", "20"),
        ("3f50624dd2f1a9fc", "0.001"),
        ("3e7ad7f29abcaf48", "1e-7"),
        ("46293e5939a08cea", "1e+30"),
        ("462e4ad1785a42b2", "1.2e+30"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonicalize(value).decode() == text


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_integers_that_every_reader_reads_alike_are_written_as_they_are(sign: int) -> None:
    assert canonicalize(sign * (2**53 - 1)) == str(sign * 9007199254740991).encode()


@drawn(VALUES)
def test_the_canonical_form_says_the_same_and_is_its_own(value: Json) -> None:
    made = canonicalize(value)
    # a double beyond 2^53 may be written without a point; read as the integer that it looks like it is another number
    again = json.loads(made, parse_int=lambda text: int(text) if abs(int(text)) < 2**53 else float(text))
    assert again == value
    assert canonicalize(again) == made


@drawn(st.dictionaries(st.text(st.characters(codec="utf-8")), st.none(), max_size=6))
def test_names_stand_in_the_order_of_their_utf_16_units(members: dict[str, None]) -> None:
    in_order = list(json.loads(canonicalize(members)))
    assert [name.encode("utf-16-be") for name in in_order] == sorted(name.encode("utf-16-be") for name in members)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), "\ud800", ["\udc00"], {"\ud800": 1}])
def test_what_json_does_not_hold_exactly_has_no_canonical_form(value: Json) -> None:
    with pytest.raises(Malformed):
        canonicalize(value)
