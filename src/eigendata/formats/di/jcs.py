"""The JSON Canonicalization Scheme (RFC 8785): one form of a JSON value, to be hashed.

    JSON value -> canonicalize -> bytes: names in the order of their UTF-16 units, numbers as ECMAScript writes them

What it is given was read strictly (`eigendata.encoding.json_loads`): no name twice, no lone surrogate, no number beyond
a double. So each value has one form, and two values never have the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from math import isfinite
from typing import Final

from eigendata.encoding import SAFE_INTEGER, Json
from eigendata.errors import Malformed

_PLAIN: Final = 21  # digits before the point up to which ECMAScript writes no exponent
_SMALL: Final = -6  # zeros behind the point up to which it writes none


def canonicalize(value: Json) -> bytes:
    """Give the canonical form of a JSON value.

    Raises:
        Malformed: it holds a number that JSON does not hold exactly, or a character that is none.

    Source: RFC 8785 section 3.2.
    """
    try:
        return _written(value).encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("a JSON string holds a lone surrogate") from None


def _written(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        if not -SAFE_INTEGER <= value <= SAFE_INTEGER:
            raise Malformed("a JSON integer is beyond 2^53-1")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        # section 3.2.3: by UTF-16 code units, which differs from code points beyond the basic plane
        names = sorted(value, key=_utf_16)
        return "{" + ",".join([f"{encode_basestring(name)}:{_written(value[name])}" for name in names]) + "}"
    assert isinstance(value, Sequence)
    return "[" + ",".join([_written(member) for member in value]) + "]"


def _utf_16(name: str) -> bytes:
    return name.encode("utf-16-be")


def _number(value: float) -> str:
    """Write a double as ECMAScript's Number::toString does (RFC 8785 section 3.2.2.3)."""
    if not isfinite(value):
        raise Malformed("a JSON number is not finite")
    if value == 0:
        return "0"  # a negative zero too
    sign, found, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, found))
    point = len(digits) + exponent  # where the point stands, counted from the first digit
    if not _SMALL < point <= _PLAIN:
        whole, fraction, power = digits[:1], digits[1:], f"e{point - 1:+d}"
    elif point > 0:
        whole, fraction, power = digits[:point].ljust(point, "0"), digits[point:], ""
    else:
        whole, fraction, power = "0", "0" * -point + digits, ""
    text = f"{whole}.{fraction}" if fraction else whole
    return f"{'-' if sign else ''}{text}{power}"
