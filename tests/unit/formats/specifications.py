"""Reads the specification files of RFC 9901's examples and of the reference implementation's test cases.

They are YAML with a tag of their own, `!sd`, on whatever can be withheld. Only the YAML that these files use is read:
blocks of mappings and sequences, flow collections, plain and quoted scalars, comments. Anything else is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Hidden(str):
    """A name in a mapping, with its claim to be withheld."""

    __slots__ = ()


@dataclass(frozen=True)
class Element:
    """An element of an array, to be withheld."""

    value: Any


_KEY = re.compile(r"""(!sd\s+)?("[^"]*"|'[^']*'|[^\s"'\[\]{}!#,-][^:#"']*?|@\w+)\s*:(?:\s+(.*))?$""")
_COMMENT = re.compile(r"""^((?:[^"'#]|"[^"]*"|'[^']*'|(?<=\S)#|(?<=\w)')*?)(?:(?:^|\s)\s*#.*)?$""")
_TOKEN = re.compile(r"""\s*(!sd\b|[\[\]{},]|"[^"]*"|'[^']*'|:(?=\s)|[^\s\[\]{},"':]+)""")
_WORDS = {"null": None, "~": None, "true": True, "false": False}

_Lines = list[tuple[int, str]]


def load(path: Path) -> Any:
    """Give what one file holds."""
    lines: _Lines = []
    for line in path.read_text("utf-8").splitlines():
        found = _COMMENT.match(line.rstrip())
        assert found is not None, line
        if text := found[1].strip():
            lines.append((len(line) - len(line.lstrip()), text))
    return _block(lines)


def _block(lines: _Lines) -> Any:
    if lines[0][1].startswith(("[", "{")):
        return _flow(" ".join(text for _, text in lines))
    if lines[0][1].startswith("- ") or lines[0][1] == "-":
        return [_item(one) for one in _items(lines)]
    if len(lines) == 1 and _KEY.match(lines[0][1]) is None:
        return _flow(lines[0][1])
    members: dict[str, Any] = {}
    for one in _items(lines):
        found = _KEY.match(one[0][1])
        assert found is not None, one[0][1]
        tag, name, value = found.groups()
        name = name.strip("\"'")
        inside = ([(one[0][0] + 1, value)] if value else []) + one[1:]
        assert name not in members, name
        members[Hidden(name) if tag else name] = _block(inside) if inside else None
    return members


def _items(lines: _Lines) -> list[_Lines]:
    """Cut a block where a line begins at its own margin; a sequence may stand at the margin of its name."""
    margin, found = lines[0][0], list[_Lines]()
    in_mapping = not lines[0][1].startswith("- ")
    for indent, text in lines:
        assert indent >= margin, text
        if indent == margin and not (in_mapping and text.startswith("- ")):
            found.append([])
        found[-1].append((indent, text))
    return found


def _item(lines: _Lines) -> Any:
    (indent, first), *rest = lines
    text = first.removeprefix("-").lstrip()
    if text == "!sd":
        return Element(_block(rest))
    if text.startswith("!sd ") and _KEY.match(text) is None:
        return Element(_block([(indent + 2, text[4:]), *rest]))
    return _block([(indent + len(first) - len(text), text), *rest])


# -- flow collections and scalars -------------------------------------------------------------------------------------


def _flow(text: str) -> Any:
    tokens = _TOKEN.findall(text) if text[0] in "[{" else [text]
    value, rest = _value(tokens)
    assert not rest, text
    return value


def _value(tokens: list[str]) -> tuple[Any, list[str]]:
    first, *rest = tokens
    if first == "!sd":
        value, rest = _value(rest)
        return Element(value), rest
    if first == "[":
        elements = []
        while rest[0] != "]":
            value, rest = _value(rest)
            elements.append(value)
            rest = rest[1:] if rest[0] == "," else rest
        return elements, rest[1:]
    if first == "{":
        members = {}
        while rest[0] != "}":
            name, colon, *rest = rest
            assert colon == ":", name
            members[name.strip("\"'")], rest = _value(rest)
            rest = rest[1:] if rest[0] == "," else rest
        return members, rest[1:]
    return _scalar(first), rest


def _scalar(text: str) -> Any:
    if text[0] in "\"'":
        assert text[-1] == text[0], text
        return text[1:-1]
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text
