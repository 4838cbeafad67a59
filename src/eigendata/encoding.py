"""Bytes to values and back, one form only: base64url, base64, multibase, JSON and CBOR; and TOML, which is read only.

    bytes -> b64url_decode -> bytes -> json_object -> dict      and back: json_dumps -> b64url_encode
                                    -> cbor_loads  -> value     and back: cbor_dumps
    bytes -> toml_loads -> dict

What the readers refuse is kept here: anything for which two readers could disagree (duplicate names, numbers that do
not fit a double, characters that are none, a second spelling of the same bytes), and anything that costs more than it
should (size, depth). Hostile bytes of any kind give `Malformed`, never another exception. Messages hold positions,
never content; of TOML, which people write by hand, also the parser's own words.
"""

from __future__ import annotations

import binascii
import json
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeAlias, cast

import orjson

from eigendata.errors import Malformed

if TYPE_CHECKING:
    from cbor2 import CBORTag

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A JSON value. What the readers give holds lists and dicts; what the writers take may be any sequence or mapping."""

Cbor: TypeAlias = "bool | int | str | bytes | CBORTag | Sequence[Cbor] | Mapping[int | str, Cbor] | None"
"""A CBOR value of the subset that is read and written here: no floats, keys are integers or text."""

JSON_LIMIT: Final = 1_048_576
"""Bytes of one JSON document: a credential is some 4 kB, a register's answer some 100 kB."""

JSON_DEPTH: Final = 64
"""Arrays and objects inside one another; far above any document of ours, far below Python's recursion limit."""

CBOR_LIMIT: Final = 524_288
"""Bytes of one CBOR document: a portrait may make it some 200 kB."""

CBOR_ITEMS: Final = 16_384
"""Items in one CBOR document, those inside others counted too: each takes some hundred bytes, and of integers as keys
strangers can choose thousands that a dict takes for the same. An mdoc of a thousand elements has some four thousand."""

CBOR_DEPTH: Final = 32
"""Arrays, maps and tags inside one another; a DeviceResponse needs 9."""

SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader reads alike (RFC 7493 section 2.2)."""

TOML_LIMIT: Final = 65_536
"""Bytes of one TOML document: a policy is some 5 kB."""

TOML_DEPTH: Final = 16
"""Tables and lists inside one another; a policy needs four."""

TOML_DOTS: Final = 32
"""Dots in one line, those in quotes left aside: a dotted key of thousands keeps the parser busy for minutes."""

BASE58_LIMIT: Final = 256
"""Characters of a value in base58: a signature is 88. To read one takes the square of its length."""

CBOR_TAGS: Final = (0, 24, 1004)
"""The tags that are read: date-time, encoded CBOR, full-date. They are kept as tags, and so written back unchanged."""


# -- base64 -----------------------------------------------------------------------------------------------------------

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
# '+', '/' and '=' become a character of no alphabet, so that one pass of the decoder refuses them.
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
# The last character of an incomplete group carries bits of no byte; only those where the bits are zero may end it, by
# the size of that group. Of one character alone no byte can be made.
_MAY_END: Final = tuple(map(frozenset, (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")))
_PADDING: Final = (b"", b"", b"==", b"=")


def b64url_encode(data: bytes) -> str:
    """Write base64url without padding (RFC 7515 section 2)."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def b64url_ascii(data: bytes) -> bytes:
    """Write base64url without padding as the bytes that it is made of, for who signs or hashes them."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


def b64url_decode(text: str | bytes) -> bytes:
    """Read base64url in its only form: no padding, no blanks, and no bits that belong to no byte.

    Raises:
        Malformed: it is anything else.
    """
    try:
        data = text.encode("ascii") if isinstance(text, str) else text
        rest = len(data) & 3
        if rest and data[-1] not in _MAY_END[rest]:
            raise Malformed("not base64url: the last character does not end a whole number of bytes")
        return a2b_base64(data.translate(_FROM_URL) + _PADDING[rest], strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed("not base64url: a character outside the alphabet") from None


def b64_encode(data: bytes) -> str:
    """Write standard base64 with padding (RFC 4648 section 4), as `x5c` and `#integrity` use it."""
    return b2a_base64(data, newline=False).decode("ascii")


def b64_decode(text: str) -> bytes:
    """Read standard base64 in its only form: padded, no blanks, no bits that belong to no byte.

    Raises:
        Malformed: it is anything else.
    """
    try:
        data = text.encode("ascii")
        decoded = a2b_base64(data, strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed(
            "not base64: a character outside the alphabet, or padding that is missing or misplaced"
        ) from None
    if b2a_base64(decoded, newline=False) != data:
        raise Malformed("not base64: the last character does not end a whole number of bytes")
    return decoded


# -- multibase --------------------------------------------------------------------------------------------------------

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_OF_BASE58: Final = {character: value for value, character in enumerate(_BASE58)}


def multibase_encode(data: bytes) -> str:
    """Write multibase in base58btc, behind a `z` (Controlled Identifiers 1.0 section 2.4)."""
    number = int.from_bytes(data, "big")
    written: list[str] = []
    while number:
        number, rest = divmod(number, 58)
        written.append(_BASE58[rest])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(written))


def multibase_decode(text: str) -> bytes:
    """Read multibase in base58btc (`z`) or base64url without padding (`u`), each in its only form.

    Raises:
        Malformed: it is of another base, holds a character outside its alphabet, or is too long for base58.
    """
    base, written = text[:1], text[1:]
    if base == "u":
        return b64url_decode(written)
    if base != "z" or len(written) > BASE58_LIMIT:
        raise Malformed(f"not multibase: neither base64url nor base58btc of at most {BASE58_LIMIT} characters")
    number = 0
    for character in written:
        value = _OF_BASE58.get(character)
        if value is None:
            raise Malformed("not base58btc: a character outside the alphabet")
        number = number * 58 + value
    zeros = len(written) - len(written.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


# -- JSON -------------------------------------------------------------------------------------------------------------

# Always matches from a quotation mark on, closed or not, and never backtracks: linear in time for any bytes.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_OPENING: Final = frozenset(b"[{")
_INTEGER_DIGITS: Final = len(str(SAFE_INTEGER)) + 1  # and a sign


def json_loads(data: bytes, *, limit: int = JSON_LIMIT) -> Json:
    """Read one JSON text, strictly (RFC 8259 within RFC 7493).

    Args:
        limit: the largest size in bytes.

    Raises:
        Malformed: it is not UTF-8 (a byte order mark counts as such) or not JSON, it is too large or too deep, an
            object holds a name twice, a number is not finite, is a negative zero or an integer beyond 2^53-1, or a
            string holds a lone surrogate or NUL.
    """
    if len(data) > limit:
        raise Malformed(f"the JSON is {len(data)} bytes; at most {limit} are read")
    if len(data) > JSON_DEPTH:
        _require_depth(data)
    try:
        value: Json = orjson.loads(data)
        # The one form in which its value is written: then two readers agree on it, and this is faster. Except for what
        # is read back as it came and is refused all the same: a negative zero, NUL.
        doubtful = (_DOT in data and data.find(b"-0.0") >= 0) or (_BACKSLASH in data and data.find(b"\\u") >= 0)
        if not doubtful and orjson.dumps(value, option=_STRICT) == data:
            return value
    except (orjson.JSONDecodeError, TypeError):
        pass  # judged, and explained, by the strict reader
    value = None  # so that it does not lie beside what the strict reader makes of the same bytes
    try:
        text = data.decode("utf-8")
        value = _READER.decode(text)
    except UnicodeDecodeError as error:
        raise Malformed(f"the JSON is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        # not `from error`: the decoder's error carries the whole text
        raise Malformed(f"not JSON at character {error.pos}: {error.msg}") from None
    if "\\u" in text:  # the only way by which either can be there: UTF-8 holds no surrogate, a string no raw NUL
        _require_characters(value)
    return value


def json_object(data: bytes, *, limit: int = JSON_LIMIT) -> dict[str, Json]:
    """Read one JSON text that is an object; see `json_loads`.

    Raises:
        Malformed: as `json_loads`, or it is no object.
    """
    value = json_loads(data, limit=limit)
    if not isinstance(value, dict):
        raise Malformed("the JSON is not an object")
    return value


def freeze(value: Json) -> Json:
    """Give the same JSON value, read-only all the way down."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: freeze(member) for name, member in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(member) for member in value)
    return value


def thaw(value: Json) -> Json:
    """Give the same JSON value in plain dicts and lists, for a library that needs them."""
    if isinstance(value, Mapping):
        return {name: thaw(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(member) for member in value]
    return value


def json_dumps(value: Json) -> bytes:
    """Write compact JSON in UTF-8, names in the order given; `json_loads` reads the same value back.

    Raises:
        Malformed: the value is not one that `json_loads` gives.
    """
    try:
        data = orjson.dumps(value, default=_plain, option=_WRITE)
    except TypeError:  # whatever it is that orjson does not write, lone surrogates too
        # not `from error`: the writer's error may name the value
        raise Malformed("not a JSON value: a type, a number or a character that JSON does not hold") from None
    _require_depth(data)
    # What orjson writes for NaN, a negative zero and NUL: only then does a second look cost anything.
    doubtful = (_DOT in data and data.find(b"-0.0") >= 0) or (_BACKSLASH in data and data.find(b"\\u0000") >= 0)
    if doubtful or data.find(b"null") >= 0:
        _require_writable(value)
    return data


def json_dumps_each(values: Sequence[Json]) -> list[bytes]:
    """Write several values, each by itself, looking at all of them once; see `json_dumps`.

    Raises:
        Malformed: one of them is not a value that `json_loads` gives.
    """
    json_dumps(values)
    return list(map(_written, values))


_DOT: Final = ord(".")  # one byte is found at once, and is not there where what it may begin is not there either
_BACKSLASH: Final = ord("\\")
_STRICT: Final = orjson.OPT_STRICT_INTEGER
_WRITE: Final = (
    _STRICT | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return list(value)
    raise TypeError


_written: Final = partial(orjson.dumps, default=_plain, option=_WRITE)


def _require_depth(data: bytes) -> None:
    if data.count(b"[") + data.count(b"{") <= JSON_DEPTH:
        return  # whatever the text is, it cannot be deeper than it has brackets
    depth = 0
    for bracket in _STRING.sub(b"", data).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in _OPENING else -1
        if depth > JSON_DEPTH:
            raise Malformed(f"the JSON is nested deeper than {JSON_DEPTH}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("a JSON object holds a name twice")
    return members


def _integer(text: str) -> int:
    if len(text) <= _INTEGER_DIGITS and text != "-0":  # length first: the value of a long one is never computed
        value = int(text)
        if -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return value
    raise Malformed("a JSON integer is beyond 2^53-1, or a negative zero")


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value) or (value == 0 and text[0] == "-"):
        raise Malformed("a JSON number is not finite, or a negative zero")
    return value


def _constant(_: str) -> NoReturn:
    raise Malformed("a JSON number is not finite")


_READER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _require_characters(value: Json) -> None:
    if isinstance(value, str):
        if "\x00" in value or not _encodes(value):
            raise Malformed("a JSON string holds a lone surrogate or NUL")
    elif isinstance(value, Mapping):
        for name, member in value.items():
            _require_characters(name)
            _require_characters(member)
    elif isinstance(value, Sequence):
        for member in value:
            _require_characters(member)


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _require_writable(value: Json) -> None:
    if isinstance(value, float):
        if not isfinite(value) or (value == 0 and str(value)[0] == "-"):
            raise Malformed("a JSON number is not finite, or a negative zero")
    elif isinstance(value, str):
        _require_characters(value)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            _require_characters(name)
            _require_writable(member)
    elif isinstance(value, Sequence):
        for member in value:
            _require_writable(member)


# -- moments ----------------------------------------------------------------------------------------------------------

_DATE_TIME_STAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))",
    re.ASCII,
)


def date_time_stamp(value: Json) -> datetime:
    """Read a dateTimeStamp: date, time and zone (XML Schema 1.1 part 2, section 3.4.28), within four-digit years.

    Raises:
        Malformed: it is none, or no moment that there is.
    """
    if not isinstance(value, str) or _DATE_TIME_STAMP.fullmatch(value) is None:
        raise Malformed("no dateTimeStamp: date, time, and a time zone")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed("a dateTimeStamp is no moment that there is") from None


# -- TOML -------------------------------------------------------------------------------------------------------------

_TOML_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|\'[^\']*+\'')
_TOML_LINES: Final = ('"""', "'''")  # what begins and ends a text of several lines


def toml_loads(data: bytes, *, limit: int = TOML_LIMIT) -> dict[str, Any]:
    """Read one TOML document. Besides what JSON has, its values may be dates, times, and integers of any size.

    Args:
        limit: the largest size in bytes.

    Raises:
        Malformed: it is not UTF-8 or not TOML, or it is too large, too deep, or has too many dots in one line.
    """
    import tomllib

    if len(data) > limit:
        raise Malformed(f"the TOML is {len(data)} bytes; at most {limit} are read")
    try:
        text = data.decode("utf-8")
        if any(_dots(line) > TOML_DOTS for line in text.split("\n")):
            raise Malformed(f"the TOML has more than {TOML_DOTS} dots in one line")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise Malformed(f"the TOML is not UTF-8 at byte {error.start}") from None
    except ValueError as error:  # TOMLDecodeError, and integers of more digits than Python reads
        raise Malformed(f"not TOML: {error}") from None
    except RecursionError:
        raise Malformed(f"the TOML is nested deeper than {TOML_DEPTH}") from None
    if not _is_shallow(document, TOML_DEPTH):
        raise Malformed(f"the TOML is nested deeper than {TOML_DEPTH}")
    return document


def _dots(line: str) -> int:
    # Where a text of several lines begins or ends, quotes do not pair within the line, and every dot counts.
    if line.count(".") > TOML_DOTS and not any(mark in line for mark in _TOML_LINES):
        line = _TOML_QUOTED.sub("", line)
    return line.count(".")


def _is_shallow(value: object, depth: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inside is None or (depth > 0 and all(_is_shallow(one, depth - 1) for one in inside))


# -- CBOR -------------------------------------------------------------------------------------------------------------


def cbor_loads(data: bytes, *, limit: int = CBOR_LIMIT) -> Cbor:
    """Read one CBOR item, strictly (RFC 8949), in its shortest form.

    Maps may be in any order. Tags are kept as `CBORTag`, and only those of `CBOR_TAGS` are read.

    Args:
        limit: the largest size in bytes.

    Raises:
        Malformed: it is not CBOR, it is too large or too deep or of too many items, bytes follow it, a length is
            indefinite or not in its shortest form, a key is there twice or is neither integer nor text, or it holds a
            float, an undefined or simple value, or a tag that is not on the list.
    """
    if len(data) > limit:
        raise Malformed(f"the CBOR is {len(data)} bytes; at most {limit} are read")
    if len(data) > CBOR_ITEMS:  # an item has a byte at least
        _require_few(data)
    library = _library()
    try:
        value = library.loads(data)
        if type(value) is list:
            _require_read(value, library.values)
    except (library.error, ValueError):
        raise Malformed("not CBOR, or CBOR that is not accepted here") from None
    # One form only: bytes left over, or a length that was not the shortest, do not come out the same. Maps and arrays
    # hold nothing by now that must not be written; what lies alone is looked at by its type.
    if type(value) not in library.values or library.dumps(value) != data:
        raise Malformed("the CBOR is not in its shortest form, holds a value not read here, or bytes follow it")
    return cast("Cbor", value)


def cbor_dumps(value: Cbor) -> bytes:
    """Write one CBOR item in its shortest form, map members in the order given.

    Raises:
        Malformed: the value is not one that `cbor_loads` gives.
    """
    _require_cbor(value, CBOR_DEPTH)
    return _write_cbor(value)


def _write_cbor(value: Cbor) -> bytes:
    library = _library()
    try:
        return library.dumps(value)
    except (library.error, UnicodeEncodeError):
        raise Malformed("not a CBOR value that is written here") from None


class _Library(NamedTuple):
    """What is used of cbor2, and how, once it is loaded.

    Attributes:
        values: the types of what is read.
    """

    loads: Callable[[bytes], Any]
    dumps: Callable[[Any], bytes]
    error: type[Exception]
    values: frozenset[type]
    tag: type[CBORTag]


@cache
def _library() -> _Library:
    from cbor2 import CBORError, CBORTag, dumps, loads

    def keep(tag: int) -> Callable[[Any, bool], CBORTag]:
        def reader(content: Any, _: bool) -> CBORTag:
            if type(content) is not _TAGGED[tag]:
                raise ValueError
            return CBORTag(tag, content)

        return reader

    values = frozenset((type(None), bool, int, str, bytes, CBORTag, list, dict))
    strict = partial(
        loads,
        max_depth=CBOR_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
        object_hook=_require_members(values),
        # what is done with tags that cbor2 would accept by itself
        semantic_decoders=dict.fromkeys(_TAGS_OF_CBOR2, _refuse) | {tag: keep(tag) for tag in CBOR_TAGS},
        tag_hook=_refuse,
    )
    return _Library(strict, dumps, CBORError, values, CBORTag)


_KEYS: Final = frozenset((int, str))
_LEAVES: Final = (bytes, bool)
_OBJECTS: Final = (dict, Mapping)  # the usual kind first: it is seen at once
_ARRAYS: Final = (list, tuple, Sequence)
_TAGGED: Final[Mapping[int, type]] = {0: str, 24: bytes, 1004: str}
# Those that cbor2 reads by itself: numbers, shared and so cyclic values, regular expressions, mail, addresses, sets.
_TAGS_OF_CBOR2: Final = (*range(1, 6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 43000, 55799)


def _refuse(*_: object) -> NoReturn:
    from cbor2 import CBOREncodeTypeError

    raise CBOREncodeTypeError("not accepted here")


def _require_members(values: frozenset[type]) -> Callable[[Mapping[Any, Any], bool], Mapping[Any, Any]]:
    """Give what sees that a map holds nothing but what is read, the maps in it having been looked at before."""
    flat = values - {list}

    def require(members: Mapping[Any, Any], _: bool) -> Mapping[Any, Any]:
        if not _KEYS.issuperset(map(type, members)):
            raise ValueError("a key is neither integer nor text")
        if not flat.issuperset(map(type, members.values())):
            _require_read(list(members.values()), values)
        return members

    return require


def _require_read(members: list[Any], values: frozenset[type]) -> None:
    """See that an array holds nothing but what is read, the maps in it having been looked at before."""
    if not values.issuperset(map(type, members)):
        raise ValueError("a value of a kind that is not read")
    for member in members:
        if type(member) is list:
            _require_read(member, values)


def _require_few(data: bytes) -> None:
    """Count the items, whichever lies in which; what is no CBOR is left to the reader."""
    place = items = 0
    while place < len(data):
        items += 1
        if items > CBOR_ITEMS:
            raise Malformed(f"the CBOR holds more than {CBOR_ITEMS} items")
        kind, size = data[place] >> 5, data[place] & 31
        place += 1
        if size >= 24:  # it follows in 1, 2, 4 or 8 bytes; what is above stands for no size
            follows = 1 << (size - 24) if size < 28 else 0
            size = int.from_bytes(data[place : place + follows], "big")
            place += follows
        if kind in _WITH_CONTENT:
            place += size


_WITH_CONTENT: Final = (2, 3)  # byte strings and texts


def _require_cbor(value: Cbor, depth: int) -> None:
    fits = True
    if value is None or isinstance(value, _LEAVES):
        pass
    elif isinstance(value, str):
        fits = _encodes(value)
    elif isinstance(value, int):
        fits = -(2**64) <= value < 2**64
    elif isinstance(value, _library().tag):
        fits = depth > 0 and value.tag in CBOR_TAGS and type(value.value) is _TAGGED[value.tag]
    elif isinstance(value, _OBJECTS) and depth > 0:
        for key, member in value.items():
            if type(key) is not int and type(key) is not str:
                raise Malformed("a CBOR key is neither integer nor text")
            _require_cbor(key, depth)
            _require_cbor(member, depth - 1)
    elif isinstance(value, _ARRAYS) and not isinstance(value, bytearray | memoryview) and depth > 0:
        for member in value:
            _require_cbor(member, depth - 1)
    else:
        fits = False
    if not fits:
        raise Malformed("not a CBOR value that is written here")
