"""A JSON-LD context, and what its terms stand for: context processing, for contexts that are known beforehand.

    context document -> Context: term -> Term       and on: what a type or a property adds within its node

Contexts are trusted text, but which of them a document names, and in which order, is a stranger's choice: so protection
is enforced. What a context may hold and nothing here reads (`@reverse`, `@index` maps, JSON literals ...) becomes a
term with an `unread` reason: a document that uses it is refused, one that does not loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from eigendata.encoding import Json
from eigendata.errors import Malformed

_KEYWORD: Final = re.compile(r"@[A-Za-z]+")
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_GEN_DELIM: Final = tuple(":/?#[]@")
_DEFINITION: Final = frozenset({"@id", "@type", "@container", "@context", "@protected", "@prefix", "@language"})
_CONTAINERS: Final = tuple(map(frozenset, ((), ("@set",), ("@list",), ("@graph",), ("@graph", "@set"))))
MOST_KEPT: Final = 512
"""Contexts kept of those that types and properties make of the known ones: two of the W3C's and ours make some
thirty; a stranger's choice of types may make any number."""

MOST_NAMED: Final = 16
"""Contexts that one document names: ours name two."""

DEEPEST: Final = 8
"""Contexts that name one another; those of the W3C name none."""


Step: TypeAlias = str | tuple[bool, int]
"""One context that was put upon others, as a part of the key by which the sum is found again."""


class Nothing:
    """Stands where a term has no context of its own; None would be the context that ends all others."""


NOTHING: Final = Nothing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a context says of one term.

    Attributes:
        iri: what it stands for: an IRI, a keyword, or None where the context switches it off.
        type: how its values are read: `@id`, `@vocab`, `@none`, the IRI of a datatype, or None.
        container: `@list`, `@set`, `@graph`.
        scoped: the context within its values (of a property) or its node (of a type).
        unread: why a document that uses it is refused; empty where it is not.
    """

    iri: str | None
    type: str | None = None
    container: frozenset[str] = frozenset()
    scoped: Json | Nothing = NOTHING
    protected: bool = False
    prefix: bool = False
    unread: str = ""

    @property
    def ends(self) -> bool:
        """Tell whether the context ends within its values, which then state one of their own."""
        return self.scoped is None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """The terms that hold at one place of a document.

    Attributes:
        vocab: the IRI that a name which is no term is put behind.
        spelled: the IRIs that have a term: to write such an IRI out is a second spelling.
        keywords: keyword -> the terms that stand for it.
        previous: what holds again in the nodes below, where this is the context of a type.
    """

    key: tuple[Step, ...]
    terms: Mapping[str, Term]
    vocab: str | None
    spelled: frozenset[str]
    keywords: Mapping[str, frozenset[str]]
    previous: Context | None


_EMPTY: Final = Context(
    key=(), terms=MappingProxyType({}), vocab=None, spelled=frozenset(), keywords=MappingProxyType({}), previous=None
)


def is_iri(text: str) -> bool:
    """Tell whether a text is an absolute IRI that N-Quads can hold."""
    return _IRI.fullmatch(text) is not None


class Contexts(Mapping[str, Json]):
    """Context documents by their URLs, and what has been read of them. Constants: nothing of a document is kept."""

    def __init__(self, documents: Mapping[str, Json]) -> None:
        self._documents = MappingProxyType(dict(documents))
        self._kept: dict[tuple[Step, ...], Context] = {}

    def __getitem__(self, url: str) -> Json:
        return self._documents[url]

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def named(self, value: Json) -> Context:
        """Give the context that an `@context` of a document names.

        Raises:
            Malformed: it is anything but URLs of these, or one changes what another protects.
        """
        urls = (value,) if isinstance(value, str) else value
        if not isinstance(urls, Sequence) or not 0 < len(urls) <= MOST_NAMED:
            raise Malformed("@context is no list of URLs, or an endless one")
        context = _EMPTY
        for url in urls:
            if not isinstance(url, str):
                raise Malformed("@context holds a context itself; only URLs of known contexts are read")
            if url not in self._documents:
                raise Malformed("@context names a context that is not known; none is ever fetched")
            context = self._with(context, url, url, overrides=False, propagates=True)
        return context

    def of_type(self, context: Context, type: Term) -> Context:
        """Give what holds in a node of a type, though not in the nodes below it (JSON-LD 1.1 section 4.1.8)."""
        return self._scoped(context, type.scoped, overrides=False, propagates=False)

    def of_property(self, context: Context, property: Term) -> Context:
        """Give what holds in the values of a property."""
        return self._scoped(context, property.scoped, overrides=True, propagates=True)

    def _scoped(self, context: Context, scoped: Json | Nothing, *, overrides: bool, propagates: bool) -> Context:
        if isinstance(scoped, Nothing):
            return context
        # The documents are constants that live as long as this: what lies in one of them is known by where it lies.
        return self._with(context, (overrides, id(scoped)), scoped, overrides=overrides, propagates=propagates)

    def _with(self, active: Context, step: Step, local: Json, *, overrides: bool, propagates: bool) -> Context:
        key = (*active.key, step)
        kept = self._kept.get(key)
        if kept is None:
            making = _Making(active, self._documents, overrides)
            making.take(local, 0)
            kept = making.made(key, propagates)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = kept
        return kept


class _Making:
    """One context in the making (JSON-LD 1.1 API sections 4.1.2 and 4.2.2)."""

    _local: Mapping[str, Json]
    _defined: dict[str, bool]

    def __init__(self, active: Context, documents: Mapping[str, Json], overrides: bool) -> None:
        self._documents = documents
        self._active = active
        self._overrides = overrides
        self._previous = active.previous
        self._terms = dict(active.terms)
        self._vocab = active.vocab

    def made(self, key: tuple[Step, ...], propagates: bool) -> Context:
        previous = self._previous if propagates else self._active.previous or self._active
        keywords: dict[str, frozenset[str]] = {}
        spelled = set()
        for name, term in self._terms.items():
            if term.iri is None:
                continue
            if term.iri.startswith("@"):
                keywords[term.iri] = keywords.get(term.iri, frozenset()) | {name}
            else:
                spelled.add(term.iri)
        return Context(
            key=key,
            terms=MappingProxyType(self._terms),
            vocab=self._vocab,
            spelled=frozenset(spelled),
            keywords=MappingProxyType(keywords),
            previous=previous,
        )

    def take(self, local: Json, depth: int) -> None:
        if depth > DEEPEST:
            raise Malformed("contexts name one another without end")
        match local:
            case None:
                if not self._overrides and any(term.protected for term in self._terms.values()):
                    raise Malformed("a context would end terms that another protects")
                self._terms, self._vocab, self._previous = {}, None, None
            case str():
                document = self._documents.get(local)
                if not isinstance(document, Mapping) or "@context" not in document:
                    raise Malformed("a context names a context that is not known; none is ever fetched")
                self.take(document["@context"], depth + 1)
            case Mapping():
                self._define_all(local)
            case Sequence():
                for one in local:
                    self.take(one, depth + 1)
            case _:
                raise Malformed("a context is neither a URL, an object nor a list of them")

    def _define_all(self, local: Mapping[str, Json]) -> None:
        self._local, self._defined = local, {}
        for name in ("@base", "@language", "@direction"):
            if local.get(name) is not None:
                raise Malformed(f"a context sets {name}, which is not read")
        for name in ("@import", "@propagate"):
            if name in local:
                raise Malformed(f"a context uses {name}, which is not read")
        if local.get("@version", 1.1) != 1.1:
            raise Malformed("a context is of another version than 1.1")
        if "@vocab" in local:
            self._vocab = self._vocabulary(local["@vocab"])
        for name in local:
            if name not in _OF_CONTEXTS:
                self._define(name)

    def _vocabulary(self, value: Json) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or not is_iri(value) or value.partition(":")[0] in self._terms:
            raise Malformed("@vocab of a context is no absolute IRI")
        return value

    def _define(self, name: str) -> None:
        if name in self._defined:
            if not self._defined[name]:
                raise Malformed("the terms of a context are defined by one another in a circle")
            return
        self._defined[name] = False
        previous = self._terms.pop(name, None)
        term = self._read(name, self._local[name])
        self._defined[name] = True
        if term is None:
            return
        if previous is not None and previous.protected and not self._overrides:
            if replace(term, protected=True) != previous:
                raise Malformed("a context changes a term that another protects")
            term = previous
        self._terms[name] = term

    def _read(self, name: str, value: Json) -> Term | None:
        """Read the definition of one term; None where no document can use it as a term at all."""
        if not name or name in _KEYWORDS:
            raise Malformed("a context defines a keyword, or nothing, as a term")
        simple = value is None or isinstance(value, str)
        definition = {"@id": value} if simple else value
        if not isinstance(definition, Mapping):
            raise Malformed("a term of a context is defined by neither text nor an object")
        if _is_reserved(name) or _is_reserved(definition.get("@id")):
            return None
        protected = definition.get("@protected", self._local.get("@protected", False))
        if not isinstance(protected, bool):
            raise Malformed("@protected of a context is neither true nor false")
        unread = sorted(definition.keys() - _DEFINITION)
        if ":" in name or "/" in name:
            return Term(iri=None, protected=protected, unread="its name could be an IRI")
        if unread or definition.get("@language") is not None:
            return Term(iri=None, protected=protected, unread=f"it is defined with {(unread or ['@language'])[0]}")
        return self._defined_by(name, definition, protected, simple)

    def _defined_by(self, name: str, definition: Mapping[str, Json], protected: bool, simple: bool) -> Term | None:
        iri = self._stands_for(name, definition)
        coerced, unread = self._coercion(definition.get("@type"))
        container = definition.get("@container", ())
        kinds = frozenset(
            map(str, container if isinstance(container, Sequence) and not isinstance(container, str) else (container,))
        )
        if kinds not in _CONTAINERS:
            unread = "its values are a map of another kind"
        if iri is not None and iri.startswith("_:"):
            unread = "it stands for a blank node"
        elif iri is not None and not iri.startswith("@") and not is_iri(iri):
            raise Malformed("a term of a context stands for no absolute IRI")
        prefix = definition.get("@prefix", simple and iri is not None and iri.endswith(_GEN_DELIM))
        return Term(
            iri=iri,
            type=coerced,
            container=kinds,
            scoped=definition.get("@context", NOTHING),
            protected=protected,
            prefix=prefix is True,
            unread=unread,
        )

    def _stands_for(self, name: str, definition: Mapping[str, Json]) -> str | None:
        if "@id" not in definition or definition["@id"] == name:
            if self._vocab is None:
                raise Malformed("a term of a context stands for nothing")
            return self._vocab + name
        value = definition["@id"]
        if value is None:
            return None
        if not isinstance(value, str):
            raise Malformed("@id of a term of a context is no text")
        iri = self._expanded(value)
        if iri is None:
            raise Malformed("a term of a context stands for nothing")
        return iri

    def _coercion(self, value: Json) -> tuple[str | None, str]:
        if value is None:
            return None, ""
        if not isinstance(value, str):
            raise Malformed("@type of a term of a context is no text")
        if value == "@json":
            return None, "its values are JSON literals"
        if value in {"@id", "@vocab", "@none"}:
            return value, ""
        iri = self._expanded(value)
        if iri is None or not is_iri(iri):
            raise Malformed("@type of a term of a context is no absolute IRI")
        return iri, ""

    def _expanded(self, value: str) -> str | None:
        """Give the IRI of a name in this context (JSON-LD 1.1 API section 5.2.2)."""
        if value in _KEYWORDS:
            return value
        if value in self._local:
            self._define(value)
        if value in self._terms:
            return self._terms[value].iri
        prefix, colon, rest = value.partition(":")
        if colon:
            if prefix in self._local:
                self._define(prefix)
            term = self._terms.get(prefix)
            if not rest.startswith("//") and term is not None and term.prefix and term.iri is not None:
                return term.iri + rest
            return value
        return None if self._vocab is None else self._vocab + value


def _is_reserved(name: Json) -> bool:
    """Tell whether a name looks like a keyword of a version to come; a term of that name, or for it, is ignored."""
    return isinstance(name, str) and _KEYWORD.fullmatch(name) is not None and name not in _KEYWORDS


_OF_CONTEXTS: Final = frozenset(
    {"@base", "@direction", "@import", "@language", "@propagate", "@protected", "@version", "@vocab"}
)
_KEYWORDS: Final = _OF_CONTEXTS | {
    "@container", "@context", "@graph", "@id", "@included", "@index", "@json", "@list", "@nest", "@none", "@prefix",
    "@reverse", "@set", "@type", "@value",
}  # fmt: skip
