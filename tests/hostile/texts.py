"""Bytes, and texts in JSON, CBOR and TOML, that are nasty to whoever reads them, whatever they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eigendata.encoding import CBOR_LIMIT

from .pieces import MIB, Maker, filled, numbered

# -- for any door -----------------------------------------------------------------------------------------------------

ANYTHING: Final[Mapping[str, Maker]] = {
    "nothing": lambda: b"",
    "zeros": lambda: bytes(MIB),
    "all ones": lambda: b"\xff" * MIB,
    "every byte in turn": lambda: bytes(range(256)) * (MIB // 256),
    "letters": lambda: b"A" * MIB,
    "tildes": lambda: b"~" * MIB,
    "dots": lambda: b"." * MIB,
    "quotation marks": lambda: b'"' * MIB,
    "apostrophes": lambda: b"'" * MIB,
    "backslashes": lambda: b'"' + b"\\" * (MIB - 2) + b'"',
    "brackets": lambda: b"[" * MIB,
    "braces": lambda: b'{"":' * (MIB // 4),
    "brackets that close": lambda: b"[" * (MIB // 2) + b"]" * (MIB // 2),
    "brackets in turn": lambda: b"[]" * (MIB // 2),
    "line ends": lambda: b"\n" * MIB,
    "blanks": lambda: b" " * MIB,
    "equals signs": lambda: b"=" * MIB,
    "ampersands": lambda: b"a&" * (MIB // 2),
    "per cents": lambda: b"%" * MIB,
    "digits": lambda: b"9" * MIB,
    "minus signs": lambda: b"-" * MIB,
    "the beginning of a certificate again and again": lambda: filled(b"", b"-----BEGIN CERTIFICATE-----\n"),
    "characters of four bytes": lambda: "\U0001f9a9".encode() * (MIB // 4),
}

# -- JSON -------------------------------------------------------------------------------------------------------------

JSON: Final[Mapping[str, Maker]] = {
    "a long number": lambda: filled(b'{"a":', b"9", b"}"),
    "a long number with a fraction": lambda: filled(b'{"a":0.', b"9", b"}"),
    "a large exponent": lambda: filled(b'{"a":1e', b"9", b"}"),
    "numbers near nothing": lambda: filled(b"[", b"1e-300", b"]", between=b","),
    "numbers of seventeen digits": lambda: filled(b"[", b"0.12345678901234567", b"]", between=b","),
    "large integers": lambda: filled(b"[", b"9007199254740991", b"]", between=b","),
    "negative zeros": lambda: filled(b"[", b"-0.0", b"]", between=b","),
    "zeros": lambda: filled(b"[", b"0", b"]", between=b","),
    "empty arrays": lambda: filled(b"[", b"[]", b"]", between=b","),
    "empty objects": lambda: filled(b"[", b"{}", b"]", between=b","),
    "empty texts": lambda: filled(b"[", b'""', b"]", between=b","),
    "small objects": lambda: filled(b"[", b'{"":0}', b"]", between=b","),
    "small objects with an escape": lambda: filled(rb'["\u00e9",', b'{"":0}', b"]", between=b","),
    "small objects and a blank": lambda: filled(b"[ ", b'{"":0}', b"]", between=b","),
    "small objects and a negative zero": lambda: filled(b"[-0.0,", b'{"":0}', b"]", between=b","),
    "empty arrays with an escape": lambda: filled(rb'["\u00e9",', b"[]", b"]", between=b","),
    "names": lambda: numbered(b"{", '"%d":0', b"}"),
    "names with an escape": lambda: numbered(b"{", '"\\u0061%d":0', b"}"),
    "the same name": lambda: filled(b"{", b'"a":0', b"}", between=b","),
    "the same name, in objects": lambda: filled(b"[", b'{"a":0,"a":1}', b"]", between=b","),
    "escapes": lambda: filled(b'["', rb"\u00e9", b'"]'),
    "NULs": lambda: filled(b'["', rb"\u0000", b'"]'),
    "surrogates": lambda: filled(b'["', rb"\ud800", b'"]'),
    "pairs of surrogates": lambda: filled(b'["', rb"\ud83e\udda9", b'"]'),
    "escaped quotation marks": lambda: filled(b'["', rb"\"", b'"]'),
    "texts with an escape": lambda: filled(b"[", rb'"\n"', b"]", between=b","),
    "as deep as is read, many times": lambda: filled(b"[", b"[" * 60 + b"]" * 60, b"]", between=b","),
    "as deep as is read, in objects": lambda: filled(b"[", b'{"a":' * 60 + b"0" + b"}" * 60, b"]", between=b","),
    "a level too deep at the end": lambda: filled(b"[", b"0", b"[" * 70 + b"]" * 70 + b"]", between=b",")[:-1] + b"]",
    "one text": lambda: filled(b'["', b"a", b'"]'),
}
JSON_DOORS: Final = (
    *("jwk", "type metadata", "wire", "published", "query", "request", "answer", "stored request", "challenge"),
    *("register", "register's history", "register's relatives", "population", "JSON-LD"),
)
"""Doors behind which the one strict reader stands: what it takes by itself is tried on it alone."""
AS_JSON: Final = (
    "empty objects",
    "small objects",
    "small objects with an escape",
    "names",
    "as deep as is read, in objects",
)
AS_BYTES: Final = ("nothing", "zeros", "all ones", "quotation marks", "braces", "digits")

# -- CBOR and TOML ----------------------------------------------------------------------------------------------------

_ROOM: Final = CBOR_LIMIT
_MANY: Final = b"\x9a" + (_ROOM - 5).to_bytes(4)

CBOR: Final[Mapping[str, Maker]] = {
    "an array that says it is huge": lambda: b"\x9b" + b"\xff" * 8,
    "a text that says it is huge": lambda: b"\x7b\x00\x00\x00\xff" + b"\xff" * 4 + b"a" * 100,
    "bytes that say they are huge": lambda: b"\x5b\x00\x00\x00\x7f" + b"\xff" * 4,
    "a map that says it is huge": lambda: b"\xbb" + b"\xff" * 8,
    "huge arrays in one another": lambda: b"\x9b\x00\x00\x00\x00\x7f\xff\xff\xff" * 31,
    "arrays in one another": lambda: b"\x81" * _ROOM,
    "maps in one another": lambda: b"\xa1\x00" * (_ROOM // 2),
    "tags in one another": lambda: b"\xd8\x18" * (_ROOM // 2),
    "endless arrays": lambda: b"\x9f" * _ROOM,
    "endless texts": lambda: b"\x7f" * _ROOM,
    "zeros": lambda: _MANY + bytes(_ROOM - 5),
    "empty arrays": lambda: _MANY + b"\x80" * (_ROOM - 5),
    "empty maps": lambda: _MANY + b"\xa0" * (_ROOM - 5),
    "empty texts": lambda: _MANY + b"\x60" * (_ROOM - 5),
    "empty bytes": lambda: _MANY + b"\x40" * (_ROOM - 5),
    "floats": lambda: b"\x9a" + ((_ROOM - 5) // 3).to_bytes(4) + b"\xf9\x7e\x00" * ((_ROOM - 5) // 3),
    "tagged texts": lambda: b"\x9a" + ((_ROOM - 5) // 2).to_bytes(4) + b"\xc0\x60" * ((_ROOM - 5) // 2),
    "small maps": lambda: b"\x9a" + ((_ROOM - 5) // 3).to_bytes(4) + b"\xa1\x00\x00" * ((_ROOM - 5) // 3),
    "a map of numbers": lambda: _cbor_map(range(2**24, 2**24 + (_ROOM - 5) // 6), b"\x1a", 4),
    "a map of numbers that share their last bits": lambda: _cbor_map(
        (number << 44 for number in range(1, (_ROOM - 5) // 10)), b"\x1b", 8
    ),
    "a map of numbers with one hash": lambda: _cbor_map((n * (2**61 - 1) for n in range(1, 9)), b"\x1b", 8),
    "the same key": lambda: b"\xba" + ((_ROOM - 5) // 2).to_bytes(4) + b"\x00\x00" * ((_ROOM - 5) // 2),
    "a large number": lambda: b"\xc2\x5a" + (_ROOM - 6).to_bytes(4) + b"\xff" * (_ROOM - 6),
    "shared values": lambda: b"\x82\xd8\x1c\x80" + b"\xd8\x1d\x00" * 1000,
}


def _cbor_map(keys: Any, head: bytes, size: int) -> bytes:
    made = [head + key.to_bytes(size) + b"\x00" for key in keys]
    return b"\xba" + len(made).to_bytes(4) + b"".join(made)


def _bytes(content: bytes) -> bytes:
    return b"\x5a" + len(content).to_bytes(4) + content


def _sign1(protected: bytes, unprotected: bytes) -> bytes:
    return b"\x84" + _bytes(protected) + unprotected + b"\x40" + _bytes(bytes(64))


COSE: Final[Mapping[str, Maker]] = {
    "a protected map of numbers": lambda: _sign1(_cbor_map(range(2**24, 2**24 + 80_000), b"\x1a", 4), b"\xa0"),
    "an unprotected map of numbers": lambda: _sign1(
        b"\xa1\x01\x26", _cbor_map(range(2**24, 2**24 + 80_000), b"\x1a", 4)
    ),
    "much that is critical": lambda: _sign1(b"\xa1\x02\x9a" + (500_000).to_bytes(4) + bytes(500_000), b"\xa0"),
    "many certificates": lambda: _sign1(
        b"\xa1\x01\x26", b"\xa1\x18\x21\x9a" + (500_000).to_bytes(4) + b"\x40" * 500_000
    ),
    "a protected map in which bytes lie in one another": lambda: _sign1(b"\x81" * 500_000, b"\xa0"),
}

TOML: Final[Mapping[str, Maker]] = {
    "tables": lambda: numbered(b"", "[t%d]", between=b"\n", limit=65_000),
    "tables of an array": lambda: filled(b"", b"[[a]]\n", limit=65_000),
    "names with dots": lambda: numbered(b"", "a.b.c.d.e.f.g%d=1", between=b"\n", limit=65_000),
    "tables in one another": lambda: b"\n".join(
        b"[" + b".".join([b"a"] * 30) + b".b%d]" % number for number in range(900)
    ),
    "tables in tables of an array": lambda: b"\n".join([b"[[a]]", *[b"[[a.b.c.d.e.f.g.h]]"] * 3000]),
    "inline tables": lambda: filled(b"a=[", b"{}", b"]", between=b",", limit=65_000),
    "inline tables in one another": lambda: b"a=" + b"{a=" * 10_000,
    "arrays in one another": lambda: b"a=" + b"[" * 60_000,
    "a long number": lambda: filled(b"a=", b"9", limit=65_000),
    "a long number in hexadecimal": lambda: filled(b"a=0x", b"f", limit=65_000),
    "a long fraction": lambda: filled(b"a=0.", b"9", limit=65_000),
    "quotation marks that do not end": lambda: filled(b'a="""', b'""\\"', limit=65_000),
    "escapes": lambda: filled(b'a="', rb"\u00e9", b'"', limit=65_000),
    "blanks in an array": lambda: filled(b"a=[", b" \n#\n", b"]", limit=65_000),
    "dates": lambda: filled(b"a=[", b"1979-05-27T07:32:00Z", b"]", between=b",", limit=65_000),
    "more than is read": lambda: filled(b"", b"a=1\n"),
}
