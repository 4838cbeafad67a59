"""RDF Dataset Canonicalization, RDFC-1.0: one spelling of a dataset, whatever its blank nodes were called.

    quads -> first-degree hash of each blank node -> those that are unique get their names
                                                 -> the others by what lies around them, under a bound -> N-Quads

A quad is four terms as N-Quads writes them: `<iri>`, `_:label`, `"text"`, `"text"@tag`, `"text"^^<iri>`, and an empty
string for the default graph. A blank node is what begins with `_:`.

Kept here: the bound. Telling alike nodes apart is the isomorphism of graphs, for which some small datasets take years
(RDFC-1.0 section 7.1). Each step is counted, and what takes more of them than any credential could is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import permutations
from typing import Final, Protocol, TypeAlias

from eigendata.errors import Malformed

Quad: TypeAlias = tuple[str, str, str, str]
"""Subject, predicate, object and graph name, each as N-Quads writes it; the default graph is empty."""

MOST_STEPS: Final = 50_000
"""Steps to tell alike blank nodes apart: one for each name in each order tried, and for each hash and what it is over.
The hardest of the W3C's tests takes half as many; a credential takes none, as its blank nodes all differ."""

STEP: Final = 256
"""Characters that are hashed in one step; a predicate may be as long as its document."""

DEEPEST: Final = 128
"""Alike blank nodes in a row, each found by way of the one before; far below Python's recursion limit."""


class Digest(Protocol):
    """What a hash function of `hashlib` gives."""

    def hexdigest(self) -> str: ...


Hash: TypeAlias = Callable[[bytes], Digest]
"""`hashlib.sha256`, or `hashlib.sha384` for the suites of P-384."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """A dataset in its one form.

    Attributes:
        nquads: UTF-8, a line for each quad, in code point order.
        labels: blank node as it was -> its canonical label: `_:c14n0`.
    """

    nquads: bytes
    labels: Mapping[str, str]


def canonicalize(quads: Iterable[Quad], *, hash: Hash = sha256) -> Canonical:
    """Give a dataset its canonical form. Quads that are the same count once.

    Raises:
        Malformed: telling its blank nodes apart takes too much work, or a term is no text that UTF-8 can hold.

    Source: RDFC-1.0 section 4.4.3.
    """
    dataset = dict.fromkeys(quads)
    try:
        labels = _Labelling(dataset, hash).labels()
        lines = sorted(_line(*(labels.get(term, term) for term in quad)) for quad in dataset)
        return Canonical(nquads="".join(lines).encode(), labels=labels)
    except UnicodeEncodeError:
        raise Malformed("a text holds half of a surrogate pair, which is no character") from None


def _line(subject: str, predicate: str, object: str, graph: str) -> str:
    return f"{subject} {predicate} {object} {graph} .\n" if graph else f"{subject} {predicate} {object} .\n"


class _Issuer:
    """Names that were handed out, in their order (RDFC-1.0 section 4.5)."""

    __slots__ = ("issued", "prefix")

    def __init__(self, prefix: str, issued: dict[str, str] | None = None) -> None:
        self.prefix = prefix
        self.issued = {} if issued is None else issued

    def issue(self, node: str) -> str:
        return self.issued.setdefault(node, f"{self.prefix}{len(self.issued)}")

    def copy(self) -> _Issuer:
        return _Issuer(self.prefix, self.issued.copy())


class _Labelling:
    """The state of one canonicalization (RDFC-1.0 section 4.2), and the work that it may still do."""

    def __init__(self, dataset: Iterable[Quad], hash: Hash) -> None:
        self._hash = hash
        self._canonical = _Issuer("_:c14n")
        self._mentions: dict[str, list[Quad]] = {}
        self._first: dict[str, str] = {}
        self._steps = MOST_STEPS
        for quad in dataset:
            for node in {term for term in quad if term.startswith("_:")}:
                self._mentions.setdefault(node, []).append(quad)

    def labels(self) -> Mapping[str, str]:
        alike: dict[str, list[str]] = {}
        for node in self._mentions:
            self._first[node] = self._first_degree(node)
            alike.setdefault(self._first[node], []).append(node)
        for first in sorted(alike):
            if len(alike[first]) == 1:
                self._canonical.issue(alike.pop(first)[0])
        for first in sorted(alike):
            self._tell_apart(alike[first])
        return self._canonical.issued

    def _tell_apart(self, nodes: list[str]) -> None:
        found: list[tuple[str, _Issuer]] = []
        for node in nodes:
            if node not in self._canonical.issued:
                issuer = _Issuer("_:b")
                issuer.issue(node)
                found.append(self._n_degree(node, issuer, 0))
        for _, issuer in sorted(found, key=lambda one: one[0]):
            for node in issuer.issued:
                self._canonical.issue(node)

    def _first_degree(self, node: str) -> str:
        """Hash the quads that mention a node, it being `_:a` and every other blank node `_:z` (section 4.6)."""
        lines = sorted(
            _line(*("_:a" if term == node else "_:z" if term.startswith("_:") else term for term in quad))
            for quad in self._mentions[node]
        )
        return self._hash("".join(lines).encode()).hexdigest()

    def _n_degree(self, node: str, issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """Hash what can be reached from a node, and name what is reached (section 4.8)."""
        if depth > DEEPEST:
            raise Malformed("the blank nodes of this dataset lie too deep behind one another to tell apart")
        parts: list[str] = []
        related = self._related(node, issuer)
        for hashed in sorted(related):
            path, issuer = self._shortest(related[hashed], issuer, depth)
            parts += hashed, path
        return self._digest("".join(parts)), issuer

    def _related(self, node: str, issuer: _Issuer) -> dict[str, list[str]]:
        """Give the blank nodes beside a node, by the hash of how each lies (section 4.7)."""
        found: dict[str, list[str]] = {}
        for subject, predicate, value, graph in self._mentions[node]:
            for position, term in (("s", subject), ("o", value), ("g", graph)):
                if term.startswith("_:") and term != node:
                    way = position if position == "g" else position + predicate
                    name = self._canonical.issued.get(term) or issuer.issued.get(term) or self._first[term]
                    found.setdefault(self._digest(way + name), []).append(term)
        return found

    def _shortest(self, nodes: list[str], issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """Give the least of the paths through these nodes, one for each order, and the names given along it."""
        found = "", issuer
        for order in permutations(nodes):
            found = self._walk(order, issuer.copy(), found[0], depth) or found
        return found

    def _walk(self, order: tuple[str, ...], names: _Issuer, least: str, depth: int) -> tuple[str, _Issuer] | None:
        """Give the path of one order and the names given along it, or nothing once it is not less than the least."""
        self._count(len(order) + len(names.issued))
        path, unnamed = "", []
        for node in order:
            canonical = self._canonical.issued.get(node)
            if canonical is None and node not in names.issued:
                unnamed.append(node)
            path += canonical or names.issue(node)
        if _is_beyond(path, least):
            return None
        for node in unnamed:
            hashed, names_after = self._n_degree(node, names, depth + 1)
            path += f"{names.issue(node)}<{hashed}>"
            names = names_after
            if _is_beyond(path, least):
                return None
        return path, names

    def _count(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise Malformed("telling the blank nodes of this dataset apart takes more work than any credential does")

    def _digest(self, text: str) -> str:
        self._count(1 + len(text) // STEP)
        return self._hash(text.encode()).hexdigest()


def _is_beyond(path: str, least: str) -> bool:
    """Tell whether a path, or the beginning of one, can no longer come before the least so far, if there is any."""
    return bool(least) and path >= least
