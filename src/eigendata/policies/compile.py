"""From a policy's questions to DCQL, the same every time.

    Wanted (question, types, paths, what ties it to the others) -> Compiled (one query, and whose part of it is whose)

A question is not a credential query: it fans out to one for each type that may answer it and each format. It keeps to
itself how a claim that is not there is answered. DCQL lets a wallet return nothing at all unless some listed option can
be met whole, so the first option asks every claim, and the others put the `absent` sibling in the place of one or more
claims that may have been left out, fewest first. Without them a person with a fact missing would fall out unseen.

What ties answers together (`set`, and the three matching claims where they are needed) is not an alternative: DCQL
cannot tie the options of two questions together. `set` stands in every option alike. The matching claims take part in
the absences of their question, like any other claim: someone without a full birth date has no `birthdate` in any of
their credentials, and would fall out unseen if only one option were listed. Whether the answers can then still be tied
is for `join` to say.

`as_of` is visible in every presentation; asking it reveals nothing more, and tells a foreign wallet that it is read.

Source: OpenID4VP 1.0 sections 6.1 to 6.4 and 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from eigendata.encoding import Json
from eigendata.errors import Declined, Misuse, Reason
from eigendata.formats.protocol import Format
from eigendata.model import CredentialType, Presence
from eigendata.policies.rules import ABSENT, Path
from eigendata.query import Query, Question, parse_query
from eigendata.registers import catalogue

MAX_OPTIONS: Final = 64
"""Options of one credential query, and so six claims that may each be absent: three of its own, and the three that tie
it to other answers. Each further claim doubles them, and a query holds no more (`eigendata.query`)."""

SET: Final = catalogue.SET.path
AS_OF: Final[Path] = ("as_of",)
MATCHING: Final = tuple(one.path for one in catalogue.SUBJECT)
"""What ties credentials of different issuers, or of a wallet that mixes copies, to one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One question as these conditions leave it.

    Attributes:
        types: each may answer it.
        paths: the claims that are asked, in the policy's order.
        matching: the claims that are asked beside them to tie the answers.
        tied: whether `set` is asked where a type has it.
        dated: whether `as_of` is asked where a type has it.
        whole: whether a credential may be shown of which nothing can be withheld.
    """

    id: str
    types: tuple[CredentialType, ...]
    paths: tuple[Path, ...]
    matching: tuple[Path, ...] = ()
    tied: bool = False
    dated: bool = False
    optional: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A policy's query, and its questions: one for each type that may answer, all alternatives under one id."""

    query: Query
    questions: tuple[Question, ...]


def compile_query(wanted: Sequence[Wanted], formats: Mapping[str, Format]) -> Compiled:
    """Write the questions as DCQL; equal questions give equal bytes.

    A question is not asked in a format in which more would be shown than it asks, unless it takes a credential whole.

    Raises:
        Declined: that leaves no format for a question (`over_asked`).
        Misuse: there is nothing to ask, no format to ask it in, or a question has too many options.
    """
    if not wanted:
        raise Misuse("under these conditions the policy asks nothing")
    if not formats:
        raise Misuse("a query needs a format to ask in")
    credentials: list[Json] = []
    sets: list[Json] = []
    questions: list[Question] = []
    plain = True
    for one in wanted:
        possible = {asked.id: [each for each in formats.values() if asked.exists_in(each.name)] for asked in one.types}
        if not any(possible.values()):
            raise Misuse(f"question {one.id!r} asks what exists in none of the formats that are asked in")
        possible = {
            asked.id: [each for each in possible[asked.id] if one.whole or not shown_beside(one, asked, each)]
            for asked in one.types
        }
        alternatives = sum(map(len, possible.values()))
        if not alternatives:
            raise _shows_too_much(one, formats)
        names: list[str] = []
        for asked_type in one.types:
            queries: dict[str, str] = {}
            for asked_format in possible[asked_type.id]:
                names.append(one.id if alternatives == 1 else f"{one.id}-{len(names) + 1}")
                queries[asked_format.name] = names[-1]
                credentials.append(_credential(names[-1], one, asked_type, asked_format))
            if not queries:
                continue
            paths = _every_path(one, asked_type)
            questions.append(Question(id=one.id, type=asked_type.id, paths=paths, queries=queries))
        plain = plain and alternatives == 1 and not one.optional
        sets.append({"options": [[name] for name in names], **({"required": False} if one.optional else {})})
    query: dict[str, Json] = {"credentials": credentials}
    if not plain:
        query["credential_sets"] = sets
    return Compiled(query=parse_query(query), questions=tuple(questions))


def shown_beside(wanted: Wanted, type: CredentialType, format: Format) -> tuple[Path, ...]:
    """Give the claims that a question does not ask, and that whoever answers it in this format shows all the same.

    What a type has visible in every presentation, in every format, is none of them; nor is the random number that ties
    cards together.
    """
    asked = {*_every_path(wanted, type), SET}
    return tuple(
        one.path
        for one in type.attributes
        if one.path not in asked and one.presence is not Presence.ALWAYS and not format.withholds(type, one)
    )


def _shows_too_much(wanted: Wanted, formats: Mapping[str, Format]) -> Declined:
    pairs = [(asked, each) for asked in wanted.types for each in formats.values()]
    beside = {path for asked, each in pairs for path in shown_beside(wanted, asked, each)}
    shown = sorted(".".join(path) for path in beside if path[0] != ABSENT)
    return Declined(
        Reason.OVER_ASKED,
        f"question {wanted.id!r} cannot be asked in {', '.join(formats)}: there {', '.join(shown)} would be shown too, "
        "and the policy forbids more than it asks",
    )


def count_options(wanted: Wanted, type: CredentialType) -> int:
    """Give how many options a question has for one type, before any are written."""
    return 1 << len(_may_be_absent(wanted, type))


def siblings(type: CredentialType, paths: Iterable[Path]) -> tuple[Path, ...]:
    """Give the `absent` siblings of these claims that the type declares, one for each top-level claim."""
    tops = dict.fromkeys(path[0] for path in paths)
    return tuple((ABSENT, top) for top in tops if type.attribute((ABSENT, top)) is not None)


def _may_be_absent(wanted: Wanted, type: CredentialType) -> tuple[str, ...]:
    return tuple(top for _, top in siblings(type, (*wanted.paths, *wanted.matching)))


def _always(wanted: Wanted, type: CredentialType) -> tuple[Path, ...]:
    """Give what stands in every option alike."""
    added = (*((AS_OF,) if wanted.dated else ()), *((SET,) if wanted.tied else ()))
    return tuple(path for path in added if path not in wanted.paths and type.attribute(path) is not None)


def _every_path(wanted: Wanted, type: CredentialType) -> tuple[Path, ...]:
    asked = (*wanted.paths, *wanted.matching)
    return (*asked, *siblings(type, asked), *_always(wanted, type))


def _credential(name: str, wanted: Wanted, type: CredentialType, format: Format) -> Json:
    claims: list[Json] = []
    for path in _every_path(wanted, type):
        attribute = type.attribute(path)
        place = path if attribute is None else format.place(type, attribute)
        claims.append({"id": _claim_id(path), "path": list(place)})
    written: dict[str, Json] = {"id": name, "format": format.name, "meta": _meta(format, type), "claims": claims}
    if count_options(wanted, type) > 1:
        written["claim_sets"] = [[_claim_id(path) for path in option] for option in _options(wanted, type)]
    return written


def _options(wanted: Wanted, type: CredentialType) -> list[tuple[Path, ...]]:
    """Give every combination of claims and absences, fewest absences first, in the policy's order."""
    if count_options(wanted, type) > MAX_OPTIONS:
        raise Misuse(f"question {wanted.id!r} would have more than {MAX_OPTIONS} options")
    asked = (*wanted.paths, *wanted.matching)
    tops = _may_be_absent(wanted, type)
    return [
        (
            *(path for path in asked if path[0] not in absent),
            *((ABSENT, top) for top in absent),
            *_always(wanted, type),
        )
        for count in range(len(tops) + 1)
        for absent in combinations(tops, count)
    ]


def _claim_id(path: Path) -> str:
    return "-".join(path)


def _meta(format: Format, type: CredentialType) -> Json:
    match format.name:
        case "dc+sd-jwt":
            return {"vct_values": [format.type_id(type)]}
        case "mso_mdoc":
            return {"doctype_value": format.type_id(type)}
        case "ldp_vc":
            return {"type_values": [[format.type_id(type)]]}
        case other:
            raise Misuse(f"no credential of format {other!r} can be asked by its type")
