"""JSON-LD to RDF, for documents whose JSON is read too: what the signature covers and what a reader sees are one.

    document -> each member by the terms that hold there -> quads -> canonical N-Quads

This is the part of JSON-LD 1.1 that credentials use: expansion and deserialization in one pass, with contexts that are
known beforehand (`terms.py`) and no base IRI. RDF forgets what JSON holds: members without a term, values that are
null, how often a value stands in an array, which of two objects with one `id` a member stood in, whether a name was
written as a term or as its IRI. Whoever holds a signed document could change all that under the signature. So nothing
may be dropped, and what has a short spelling is refused in any other (VC Data Integrity 1.0 section 2.4.3). What is
still free is the order of an array that is no `@list`, whether a single value stands in an array, and whether what is
only named stands as its name or as an object with an `id`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count
from math import isfinite
from typing import Final, TypeAlias

from eigendata.encoding import JSON_DEPTH, SAFE_INTEGER, Json
from eigendata.errors import Malformed
from eigendata.formats.di import rdfc
from eigendata.formats.di.rdfc import Hash, Quad
from eigendata.formats.di.terms import NOTHING, Context, Contexts, Nothing, Term, is_iri

Place: TypeAlias = tuple[str, ...]
"""Where something stands in a document: the names of the members down to it."""

MOST_QUADS: Final = 4096
"""Statements of one document: a credential of a register has some forty, a presentation holds a few credentials."""

MOST_TYPES: Final = 32
"""Types of one object; a credential has two, and each may bring a context."""

MOST_CHARACTERS: Final = 2_097_152
"""Of all statements together, as an `id` is repeated in each statement about it."""

_LONGEST_NAME: Final = 80
"""Characters of a member's name that an error repeats."""

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE: Final = f"<{_RDF}type>"
_FIRST: Final = f"<{_RDF}first>"
_REST: Final = f"<{_RDF}rest>"
_NIL: Final = f"<{_RDF}nil>"
_WHOLE: Final = frozenset(
    {
        f"{base}{name}"
        for base in (_XSD, "https://www.w3.org/2001/XMLSchema#")  # the second is what credentials/v2 writes
        for name in ("integer", "nonNegativeInteger", "positiveInteger", "long", "int", "short", "byte", "unsignedInt")
    }
)
_BOOLEAN: Final = f"{_XSD}boolean"
_LARGEST_WHOLE: Final = 10**21
"""Numbers from here on are written with an exponent (JSON-LD 1.1 API section 8.2.2)."""

_PLAIN: Final = Term(iri=None)
_LANGUAGE: Final = re.compile(r"[a-z]{1,8}(-[a-z0-9]{1,8})*")

# Canonical N-Quads writes these characters of a literal otherwise, and all others as they are (RDFC-1.0 section 5).
_ESCAPED: Final = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)} | {
    0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: '\\"', 0x5C: "\\\\",
}  # fmt: skip


def canonical_nquads(document: Mapping[str, Json], *, contexts: Mapping[str, Json], hash: Hash = sha256) -> bytes:
    """Give the canonical N-Quads of a document, in UTF-8: what a suite of the `rdfc` kind hashes.

    Args:
        contexts: the known context documents by URL; a `Contexts` keeps what has been read of them.
        hash: the hash function that tells blank nodes apart: `hashlib.sha256`, or `sha384` for P-384.

    Raises:
        Malformed: a part of the document would be lost or could be read otherwise, it names a context that is not
            known, or its form takes too much work to find. The message names the place, never a value.

    Source: VC Data Integrity 1.0 section 2.4.3; JSON-LD 1.1 API sections 5.1 and 8.1; RDFC-1.0 section 4.4.
    """
    return rdfc.canonicalize(to_quads(document, contexts=contexts), hash=hash).nquads


def to_quads(document: Mapping[str, Json], *, contexts: Mapping[str, Json]) -> tuple[Quad, ...]:
    """Give the statements of a document, under the same conditions as `canonical_nquads`.

    Raises:
        Malformed: as there.
    """
    known = contexts if isinstance(contexts, Contexts) else Contexts(contexts)
    reading = _Reading(known)
    reading.document(document)
    return reading.quads()


class _Reading:
    """One document being read: the statements so far, and the nodes that they are about."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self._quads: dict[Quad, None] = {}
        self._characters = 0
        self._blank = count()
        self._met: dict[tuple[str, str], bool] = {}  # graph and IRI -> whether a node with members had it

    def quads(self) -> tuple[Quad, ...]:
        return tuple(self._quads)

    def document(self, document: Mapping[str, Json]) -> None:
        if "@context" not in document:
            raise Malformed("the document has no @context")
        self._node(document, self._contexts.named(document["@context"]), "", (), root=True)
        if not self._quads:
            raise Malformed("the document states nothing about anything")

    # -- nodes --------------------------------------------------------------------------------------------------------

    def _node(self, node: Mapping[str, Json], active: Context, graph: str, place: Place, *, root: bool = False) -> str:
        """Read one object, and give the term of what it is about."""
        if len(place) > JSON_DEPTH:
            raise Malformed("the document has objects too deep inside one another")
        within, types = self._typed(node, active, place)
        identifier: Json | Nothing = NOTHING
        members: list[tuple[str, Json]] = []
        for name, value in node.items():
            match self._keyword(name, within, place):
                case "":
                    members.append((name, value))
                case "@id" if isinstance(identifier, Nothing):
                    identifier = value
                case "@type" if name in active.keywords.get("@type", {"@type"}):
                    pass
                case "@context" if root:
                    pass
                case _:
                    raise _malformed((*place, name), "a keyword that is not read here")
        subject = self._subject(identifier, within, graph, bool(types or members), place)
        for iri in types:
            self._state((subject, _TYPE, f"<{iri}>", graph), place)
        for name, value in members:
            self._member(subject, name, value, within, graph, (*place, name))
        return subject

    def _typed(self, node: Mapping[str, Json], active: Context, place: Place) -> tuple[Context, list[str]]:
        """Give the context within a node, which its types add to, and the IRIs of those types."""
        stated = [name for name in active.keywords.get("@type", ("@type",)) if name in node]
        if not stated:
            return active, []
        if len(stated) > 1:
            raise _malformed((*place, stated[1]), "the types of one object are stated twice")
        here = (*place, stated[0])
        value = node[stated[0]]
        names = (value,) if isinstance(value, str) else value
        if not isinstance(names, Sequence) or not 0 < len(names) <= MOST_TYPES:
            raise _malformed(here, "a type is a name, or a list of them that is neither empty nor endless")
        iris = [self._name(name, active, here) for name in names]
        within = active
        for name in sorted(map(str, names)):
            if name in active.terms:
                within = self._contexts.of_type(within, active.terms[name])
        return within, iris

    def _keyword(self, name: str, within: Context, place: Place) -> str:
        """Give the keyword that a member's name stands for; empty where it is none."""
        if name.startswith("@"):
            if name in within.keywords:
                raise _malformed((*place, name), "a keyword that a term stands for")
            return name
        term = within.terms.get(name)
        return term.iri if term is not None and term.iri is not None and term.iri.startswith("@") else ""

    def _subject(self, identifier: Json | Nothing, within: Context, graph: str, described: bool, place: Place) -> str:
        if isinstance(identifier, Nothing):
            return self._new()
        return self._meet(self._iri(identifier, within, (*place, "id")), graph, described, place)

    def _meet(self, iri: str, graph: str, described: bool, place: Place) -> str:
        """Take an IRI as a node of a graph, of which one object at most has members, and then no other names it.

        Statements about one IRI lie together in RDF, wherever their objects stood: those could swap their members.
        """
        earlier = self._met.get((graph, iri))
        if earlier is not None and (earlier or described):
            raise _malformed(place, "what it is about is named or described in another place too")
        self._met[graph, iri] = described
        return f"<{iri}>"

    def _new(self) -> str:
        return f"_:b{next(self._blank)}"

    def _state(self, quad: Quad, place: Place) -> None:
        if quad in self._quads:
            raise _malformed(place, "a value that stands there twice")
        self._quads[quad] = None
        self._characters += sum(map(len, quad))
        if len(self._quads) > MOST_QUADS or self._characters > MOST_CHARACTERS:
            raise Malformed("the document makes more statements than any credential does")

    # -- members ------------------------------------------------------------------------------------------------------

    def _member(self, subject: str, name: str, value: Json, within: Context, graph: str, place: Place) -> None:
        term = self._term(name, within, place)
        predicate = f"<{term.iri}>"
        many = None if isinstance(value, str) or not isinstance(value, Sequence) else value
        if "@list" in term.container:
            if many is None:
                raise _malformed(place, "a single value where a list stands")
            self._state((subject, predicate, self._list(many, term, within, graph, place), graph), place)
            return
        if many is not None and not many:
            raise _malformed(place, "an empty array, of which nothing would be left")
        for one in (value,) if many is None else many:
            read = self._graph if "@graph" in term.container else self._value
            self._state((subject, predicate, read(one, term, within, graph, place), graph), place)

    def _term(self, name: str, within: Context, place: Place) -> Term:
        term = within.terms.get(name)
        if term is None:
            iri = f"{within.vocab}{name}"
            if within.vocab is None or ":" in name:
                raise _malformed(place, "a member that no context defines")
            if iri in within.spelled or not is_iri(iri):
                raise _malformed(place, "a member whose name is no term of its own")
            return Term(iri=iri)
        if term.unread:
            raise _malformed(place, f"a term that is not read: {term.unread}")
        if term.iri is None:
            raise _malformed(place, "a member that no context defines")
        return term

    def _graph(self, value: Json, term: Term, within: Context, outer: str, place: Place) -> str:
        """Read an object into a graph of its own, and give the graph's name (JSON-LD 1.1 section 4.9)."""
        if not isinstance(value, Mapping):
            raise _malformed(place, "a value that is no object, where a graph of its own stands")
        graph, before = self._new(), len(self._quads)
        self._object(value, term, within, graph, place)
        if len(self._quads) == before:
            raise _malformed(place, "an object of which nothing would be left")
        return graph

    def _list(self, values: Sequence[Json], term: Term, within: Context, graph: str, place: Place) -> str:
        rest = _NIL
        for one in reversed(values):
            node = self._new()
            self._state((node, _FIRST, self._value(one, term, within, graph, place), graph), place)
            self._state((node, _REST, rest, graph), place)
            rest = node
        return rest

    # -- values -------------------------------------------------------------------------------------------------------

    def _value(self, value: Json, term: Term, within: Context, graph: str, place: Place) -> str:
        if not isinstance(value, Mapping):
            within = self._contexts.of_property(within, term)
            if within.terms.get(place[-1], _PLAIN).type != term.type:
                raise _malformed(place, "a value that is no object, in a context that has another kind for it")
        match value:
            case str():
                return self._text(value, term, within, graph, place)
            case bool() | int() | float():
                return _number(value, term, place)
            case Mapping():
                return self._object(value, term, within, graph, place)
            case None:
                raise _malformed(place, "a null, of which nothing would be left")
            case _:
                raise _malformed(place, "an array inside an array")

    def _object(self, value: Mapping[str, Json], term: Term, within: Context, graph: str, place: Place) -> str:
        if "@value" in value:
            return _tagged(value, term, place)
        if not within.keywords.get("@value", frozenset()).isdisjoint(value):
            raise _malformed(place, "a value object whose members are called otherwise")
        reference = len(value) == 1 and self._keyword(next(iter(value)), within, place) == "@id"
        active = within if reference or within.previous is None else within.previous
        active = self._contexts.of_property(active, term)
        if not term.ends:
            return self._node(value, active, graph, place)
        if "@context" not in value:
            raise _malformed(place, "an object that needs an @context of its own")
        return self._node(value, self._contexts.named(value["@context"]), graph, place, root=True)

    def _text(self, value: str, term: Term, within: Context, graph: str, place: Place) -> str:
        match term.type:
            case None | "@none":
                return _literal(value)
            case "@id":
                return self._meet(self._iri(value, within, place), graph, False, place)
            case "@vocab":
                return f"<{self._name(value, within, place)}>"
            case datatype if datatype in _WHOLE or datatype == _BOOLEAN:
                raise _malformed(place, "a text where its context wants a number, or true or false")
            case datatype:
                return f"{_literal(value)}^^<{datatype}>"

    def _iri(self, value: Json, within: Context, place: Place) -> str:
        """Read an IRI that names a thing."""
        if not isinstance(value, str) or not is_iri(value):
            raise _malformed(place, "an identifier that is no absolute IRI")
        if value.partition(":")[0] in within.terms:
            raise _malformed(place, "an identifier that begins with a term")
        return value

    def _name(self, value: Json, within: Context, place: Place) -> str:
        """Read a type, or a value that is one of the context's own names: a term, or the IRI of what has none."""
        term = within.terms.get(value) if isinstance(value, str) else None
        if term is not None:
            if term.unread or term.iri is None or term.iri.startswith("@"):
                raise _malformed(place, "a term that names nothing")
            return term.iri
        if isinstance(value, str) and ":" not in value and within.vocab is not None and not value.startswith("@"):
            value = within.vocab + value
        iri = self._iri(value, within, place)
        if iri in within.spelled:
            raise _malformed(place, "an IRI written out that has a term")
        return iri


def _number(value: float, term: Term, place: Place) -> str:
    """Write a number or a truth value (JSON-LD 1.1 API section 8.2.2)."""
    if isinstance(value, bool):
        if term.type not in (None, "@none", _BOOLEAN):
            raise _malformed(place, "true or false where its context wants something else")
        return f'"{"true" if value else "false"}"^^<{_BOOLEAN}>'
    if term.type not in (None, "@none") and term.type not in _WHOLE:
        raise _malformed(place, "a number where its context wants something else")
    if not isfinite(value) if isinstance(value, float) else abs(value) > SAFE_INTEGER:
        raise _malformed(place, "a number that not every reader of JSON reads alike")
    if value == int(value) and abs(value) < _LARGEST_WHOLE:
        return f'"{int(value)}"^^<{term.type if term.type in _WHOLE else _XSD + "integer"}>'
    return f'"{_double(value, place)}"^^<{_XSD}double>'


def _double(value: float, place: Place) -> str:
    mantissa, _, exponent = f"{value:.15E}".partition("E")
    whole, _, fraction = mantissa.partition(".")
    text = f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"
    if float(text) != value:
        raise _malformed(place, "a number of which digits would be lost")
    return text


def _tagged(value: Mapping[str, Json], term: Term, place: Place) -> str:
    """Write a text in a language; a value object with anything else has a shorter spelling, or is lost in RDF."""
    text, tag = value["@value"], value.get("@language")
    if len(value) != 2 or not isinstance(text, str) or not isinstance(tag, str) or not _LANGUAGE.fullmatch(tag):
        raise _malformed(place, "a value object that is anything but a text and its language, in small letters")
    if term.type not in (None, "@none"):
        raise _malformed(place, "a text in a language, where its context wants something else")
    return f"{_literal(text)}@{tag}"


def _literal(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'


def _malformed(place: Place, what: str) -> Malformed:
    return Malformed(f"{'.'.join(name[:_LONGEST_NAME] for name in place) or 'the document'}: {what}")
