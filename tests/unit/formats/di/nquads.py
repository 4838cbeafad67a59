"""Reads N-Quads, for the tests whose input is one: nothing of the library takes quads from outside."""

from __future__ import annotations

import re

from eigendata.formats.di.rdfc import Quad

_TERM = re.compile(r'\s*(<[^>]*>|_:[^\s<"]+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)\s*')
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_NAMED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_STRING = "^^<http://www.w3.org/2001/XMLSchema#string>"
_WRITTEN = {code: f"\\u{code:04X}" for code in (*range(32), 127)} | str.maketrans(
    {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
)


def parse(text: str) -> list[Quad]:
    """Give the quads of an N-Quads document, each term as canonical N-Quads writes it."""
    quads = []
    for line in text.split("\n"):  # not splitlines: literals hold characters that it takes for the end of a line
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        terms, place = [], 0
        while line[place:].strip() != ".":
            found = _TERM.match(line, place)
            assert found, line
            terms.append(_canonical(found[1]))
            place = found.end()
        subject, predicate, value, *graph = terms
        quads.append((subject, predicate, value, graph[0] if graph else ""))
    return quads


def _canonical(term: str) -> str:
    if not term.startswith('"'):
        return _plain(term)
    end = term.rindex('"')
    kind = _plain(term[end + 1 :])
    return f'"{_plain(term[1:end]).translate(_WRITTEN)}"{"" if kind == _STRING else kind}'


def _plain(text: str) -> str:
    return _ESCAPE.sub(
        lambda one: chr(int(one[1] or one[2], 16)) if one[1] or one[2] else _NAMED.get(one[3], one[3]), text
    )
