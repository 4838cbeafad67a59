"""The wallet's reading of a query and the verifier's, held against each other and against a third, slow one.

A credential here is a document in which any element may be one that can be withheld, as in SD-JWT. `present` shows a
part of it the way a format does: what is revealed with all that is below it and all that leads to it, and array
elements that stay hidden leave no gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.encoding import Json, freeze, json_dumps, thaw
from eigendata.errors import Declined, Malformed, Rejected, Trail
from eigendata.model import ClaimPath, Claims
from eigendata.openid import vp
from eigendata.query import (
    ClaimsQuery,
    CredentialQuery,
    CredentialSetQuery,
    Held,
    Query,
    match,
    parse_query,
    require_answered,
    require_fits,
)
from eigendata.query.check import NO_CLAIM_MORE
from eigendata.registers.catalogue import CATALOGUE
from tests.world import AT, Holder, World

TYPE = "urn:example:t"
FEW = settings(max_examples=50, deadline=None)
MORE = settings(max_examples=80, deadline=None)


@dataclass(frozen=True)
class Credential:
    """A document, and the elements of it that can be withheld."""

    document: Mapping[str, Json]
    hidden: frozenset[ClaimPath]


def elements(node: Json, here: ClaimPath = ()) -> Iterator[ClaimPath]:
    if here:
        yield here
    if isinstance(node, Mapping):
        for name, member in node.items():
            yield from elements(member, (*here, name))
    elif isinstance(node, list | tuple):
        for index, element in enumerate(node):
            yield from elements(element, (*here, index))


def closed(credential: Credential, reveal: Iterable[ClaimPath]) -> set[ClaimPath]:
    """Give the elements that leave: what is revealed, what is below it, what leads to it."""
    chosen = set(reveal)
    return {
        element
        for element in elements(credential.document)
        if any(element[: len(path)] == path or path[: len(element)] == element for path in chosen)
    }


def present(credential: Credential, reveal: Iterable[ClaimPath]) -> tuple[Any, list[ClaimPath]]:
    """Give what is shown, and the paths in it that could have been withheld."""
    leaving = closed(credential, reveal)
    revealed: list[ClaimPath] = []

    def show(node: Json, here: ClaimPath, there: ClaimPath) -> Json:
        if isinstance(node, Mapping):
            return {
                name: show(member, (*here, name), (*there, name))
                for name, member in node.items()
                if kept((*here, name), (*there, name))
            }
        if isinstance(node, list | tuple):
            shown: list[Json] = []
            for index, element in enumerate(node):
                if kept((*here, index), (*there, len(shown))):
                    shown.append(show(element, (*here, index), (*there, len(shown))))
            return shown
        return node

    def kept(here: ClaimPath, there: ClaimPath) -> bool:
        if here not in credential.hidden:
            return True
        if here in leaving:
            revealed.append(there)
            return True
        return False

    return freeze(show(credential.document, (), ())), revealed


# -- strategies: few names and values, so that queries often meet documents --------------------------------------------

NAMES = st.sampled_from(["a", "b", "c"])
VALUES: st.SearchStrategy[str | int] = st.sampled_from([0, 1, True, False, "1", "x"])
SCALARS = st.sampled_from([0, 1, True, False, "1", "x", None, 1.0])
NODES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@st.composite
def credentials(draw: st.DrawFn, *, all_hidden: bool = False) -> Credential:
    document = draw(st.dictionaries(NAMES, NODES, min_size=1, max_size=3))
    every = list(elements(document))
    if all_hidden:
        return Credential(document, frozenset(every))
    return Credential(document, frozenset(draw(st.lists(st.sampled_from(every), unique=True))))


@st.composite
def paths(draw: st.DrawFn, document: Mapping[str, Json], *, indices: bool = True, leads: bool = False) -> ClaimPath:
    """Give a path that leads somewhere, or now and then one too far."""
    found = draw(st.sampled_from(list(elements(document))))
    parts: list[str | int | None] = []
    for part in found:
        if isinstance(part, int) and (not indices or draw(st.booleans())):
            parts.append(None)
        else:
            parts.append(part)
    if not leads and draw(st.integers(0, 9)) == 0:
        parts.append(draw(NAMES | st.none() | (st.integers(0, 2) if indices else st.none())))
    return tuple(parts)


@st.composite
def queries(
    draw: st.DrawFn, document: Mapping[str, Json], *, indices: bool = True, sets: bool = True, leads: bool = False
) -> CredentialQuery:
    """Give a query; with `leads` one that asks something, and mostly something that is there."""
    asked = draw(st.lists(paths(document, indices=indices, leads=leads), min_size=int(leads), max_size=4))
    expected = st.just([]) if leads else st.just([]) | st.lists(VALUES, max_size=4)
    claims = tuple(
        ClaimsQuery(path=path, id=f"c{index}", values=tuple(draw(expected))) for index, path in enumerate(asked)
    )
    claim_sets: list[tuple[str, ...]] = []
    if claims and sets and draw(st.booleans()):
        ids = [f"c{index}" for index in range(len(claims))]
        claim_sets = draw(
            st.lists(st.lists(st.sampled_from(ids), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3)
        )
    return CredentialQuery(
        id="q", format="dc+sd-jwt", meta={"vct_values": [TYPE]}, claims=claims, claim_sets=tuple(claim_sets)
    )


@st.composite
def asked_of(
    draw: st.DrawFn, *, all_hidden: bool = False, indices: bool = True, sets: bool = True, leads: bool = False
) -> tuple[Credential, CredentialQuery]:
    credential = draw(credentials(all_hidden=all_hidden))
    return credential, draw(queries(credential.document, indices=indices, sets=sets, leads=leads))


def held(credential: Credential) -> Held:
    document: Any = freeze(credential.document)
    return Held(id="card", format="dc+sd-jwt", type_id=TYPE, document=document, authority_key_ids=(), bound=True)


def options_of(credential: Credential, query: CredentialQuery) -> list[tuple[ClaimPath, ...]]:
    try:
        (fit,) = match(Query(credentials=(query,)), [held(credential)]).fits["q"]
    except Declined:
        return []
    return [option.paths for option in fit.options]


def accepts(query: CredentialQuery, credential: Credential, reveal: Iterable[ClaimPath]) -> bool:
    document, revealed = present(credential, reveal)
    try:
        require_fits(query, document, revealed, TYPE, (), Trail())
    except Rejected:
        return False
    return True


# -- one credential ---------------------------------------------------------------------------------------------------


@MORE
@given(asked_of())
def test_whatever_the_wallet_can_answer_the_verifier_accepts(asked: tuple[Credential, CredentialQuery]) -> None:
    credential, query = asked
    for reveal in options_of(credential, query):
        assert accepts(query, credential, reveal)


@MORE
@given(asked_of(indices=False))
def test_what_the_wallet_cannot_answer_is_not_there_for_the_verifier(asked: tuple[Credential, CredentialQuery]) -> None:
    credential, query = asked
    if options_of(credential, query):
        return
    document, revealed = present(credential, elements(credential.document))
    with pytest.raises(Rejected) as caught:
        require_fits(query, document, revealed, TYPE, (), Trail())
    assert caught.value.check is not NO_CLAIM_MORE


@MORE
@given(asked_of(indices=False, sets=False), st.data())
def test_one_element_more_than_the_wallet_shows_is_too_many(
    asked: tuple[Credential, CredentialQuery], data: st.DataObject
) -> None:
    credential, query = asked
    options = options_of(credential, query)
    more = credential.hidden - closed(credential, options[0]) if options else set()
    if not more:
        return
    extra = data.draw(st.sampled_from(sorted(more, key=str)))
    document, revealed = present(credential, [*options[0], extra])
    with pytest.raises(Rejected) as caught:
        require_fits(query, document, revealed, TYPE, (), Trail())
    assert caught.value.check is NO_CLAIM_MORE


@MORE
@given(asked_of(all_hidden=True, indices=False, sets=False, leads=True), st.data())
def test_one_claim_less_than_the_wallet_shows_is_too_few(
    asked: tuple[Credential, CredentialQuery], data: st.DataObject
) -> None:
    credential, query = asked
    if not options_of(credential, query):
        return
    (asked_once,) = listed(query)
    left_out = data.draw(st.sampled_from(asked_once))
    alone = {claim.path: options_of(credential, replace(query, claims=(claim,)))[0] for claim in asked_once}
    reveal = {place for path, places in alone.items() if path != left_out.path for place in places}
    if closed(credential, reveal).isdisjoint(alone[left_out.path]):
        assert not accepts(query, credential, reveal)


@MORE
@given(asked_of())
def test_the_wallet_reveals_each_element_that_a_path_means_and_no_other(
    asked: tuple[Credential, CredentialQuery],
) -> None:
    credential, query = asked
    expected = []
    for claims in listed(query):
        selections = [slowly_selected(credential.document, claim) for claim in claims]
        if all(selections):
            expected.append(set().union(*selections))
    assert [set(reveal) for reveal in options_of(credential, query)] == expected


def listed(query: CredentialQuery) -> Iterator[list[ClaimsQuery]]:
    by_id = {claim.id: claim for claim in query.claims}
    for names in query.claim_sets or [[claim.id for claim in query.claims]]:
        once: dict[ClaimPath, ClaimsQuery] = {}
        for name in names:
            once.setdefault(by_id[name].path, by_id[name])
        yield list(once.values())


def slowly_selected(document: Mapping[str, Json], claim: ClaimsQuery) -> set[ClaimPath]:
    """Select by trying every element of the document against the path, as section 7.1.1 reads when turned around."""

    def kind_is_right(element: ClaimPath, node: Json) -> bool:
        if len(element) >= len(claim.path) or not leads(element):
            return True
        part = claim.path[len(element)]
        return isinstance(node, Mapping) if isinstance(part, str) else isinstance(node, list)

    def leads(element: ClaimPath) -> bool:
        return len(element) <= len(claim.path) and all(
            part == asked or (asked is None and isinstance(part, int))
            for part, asked in zip(element, claim.path, strict=False)
        )

    if not all(kind_is_right(element, at(document, element)) for element in [(), *elements(document)]):
        return set()
    selected = {element for element in elements(document) if len(element) == len(claim.path) and leads(element)}
    if not claim.values:
        return selected
    return {
        element
        for element in selected
        if any(at(document, element) == value and type(at(document, element)) is type(value) for value in claim.values)
    }


def at(node: Json, path: ClaimPath) -> Json:
    for part in path:
        if isinstance(part, str):
            assert isinstance(node, Mapping)
            node = node[part]
        else:
            assert isinstance(node, Sequence)
            assert part is not None
            node = node[part]
    return node


def thawed(document: Claims) -> Claims:
    return {name: thaw(member) for name, member in document.items()}


@cache
def real() -> tuple[World, Holder]:
    world = World.make()
    return world, world.holder(copies=1)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CATALOGUE)), st.data())
def test_of_a_real_credential_exactly_what_was_asked_is_disclosed(type_id: str, data: st.DataObject) -> None:
    world, holder = real()
    document = holder.authentic(type_id).document
    asked = data.draw(st.lists(paths(document), unique=True, max_size=4))
    query = CredentialQuery(
        id="q",
        format="dc+sd-jwt",
        meta={"vct_values": [type_id]},
        claims=tuple(ClaimsQuery(path=path) for path in asked),
    )
    request = world.verifier().ask_query(Query(credentials=(query,)), at=AT)
    try:
        answer = holder.answer(request)
    except Declined:
        assert not all(slowly_selected(thawed(document), claim) for claim in query.claims)
        return
    sent = world.verifier().verify(vp.parse_answer(vp.answer_form(answer, request), request), request, at=AT)
    assert sent["q"].type.id == type_id
    (presentation,) = answer.presentations["q"]
    assert presentation.token.count(b"~") - 1 == len(
        present(Credential(thawed(document), withheld(holder, type_id)), match_paths(document, query))[1]
    )


def withheld(holder: Holder, type_id: str) -> frozenset[ClaimPath]:
    return frozenset(holder.authentic(type_id).revealed)


def match_paths(document: Claims, query: CredentialQuery) -> tuple[ClaimPath, ...]:
    card = Held(
        id="card", format=query.format, type_id=query.type_ids[0], document=document, authority_key_ids=(), bound=True
    )
    return match(Query(credentials=(query,)), [card]).fits["q"][0].paths


# -- several credentials ----------------------------------------------------------------------------------------------

IDS = ["a", "b", "c", "d"]


@st.composite
def set_queries(draw: st.DrawFn) -> Query:
    option = st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True).map(tuple)
    sets = draw(
        st.lists(
            st.builds(
                CredentialSetQuery,
                options=st.lists(option, min_size=1, max_size=3).map(tuple),
                required=st.booleans(),
            ),
            max_size=3,
        )
    )
    asked = tuple(CredentialQuery(id=name, format="dc+sd-jwt", meta={"vct_values": [f"urn:{name}"]}) for name in IDS)
    return Query(credentials=asked, credential_sets=tuple(sets))


def explains(query: Query, answer: set[str]) -> bool:
    """Try every choice of one option for each set, and none for those that are not required."""
    if not query.credential_sets:
        return answer == set(IDS)
    choices = [[*map(set, one.options), *([] if one.required else [set[str]()])] for one in query.credential_sets]
    return any(set[str]().union(*choice) == answer for choice in product(*choices))


def complete(query: Query, answer: Iterable[str]) -> bool:
    try:
        require_answered(query, dict.fromkeys(answer, (b"token",)), Trail())
    except Rejected:
        return False
    return True


def cards(names: Iterable[str]) -> list[Held]:
    return [
        Held(id=name, format="dc+sd-jwt", type_id=f"urn:{name}", document={}, authority_key_ids=(), bound=True)
        for name in names
    ]


@FEW
@given(set_queries(), st.sets(st.sampled_from(IDS)))
def test_an_answer_is_complete_exactly_when_some_choice_explains_it(query: Query, answer: set[str]) -> None:
    assert complete(query, answer) == explains(query, answer)


@MORE
@given(set_queries(), st.sets(st.sampled_from(IDS)), st.data())
def test_whatever_the_person_chooses_is_complete_and_the_default_is_the_least(
    query: Query, owned: set[str], data: st.DataObject
) -> None:
    try:
        matches = match(query, cards(owned))
    except Declined:
        # no part of what is owned would have been an answer
        assert not any(explains(query, set(answer)) for answer in subsets(owned))
        return
    least = set(matches.select())
    assert complete(query, least)
    assert not any(complete(query, least - {name}) for name in least)
    chosen = {
        place: data.draw(st.sampled_from(possible))
        for place, possible in enumerate(matches.sets)
        if possible
        if data.draw(st.booleans())
    }
    selected = set(matches.select(options=chosen))
    assert complete(query, selected)
    assert selected >= {
        name for place, option in chosen.items() for name in query.credential_sets[place].options[option]
    }


def subsets(names: set[str]) -> Iterator[tuple[str, ...]]:
    for kept in product([True, False], repeat=len(names)):
        yield tuple(name for name, keep in zip(sorted(names), kept, strict=True) if keep)


# -- reading ----------------------------------------------------------------------------------------------------------

WRITTEN = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3)  # what JSON may hold
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.just(1.5) | WRITTEN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WRITTEN, inner, max_size=3),
    max_leaves=10,
)
WORDS = st.sampled_from(
    ["credentials", "credential_sets", "id", "format", "meta", "vct_values", "claims", "claim_sets", "path", "values"]
)
NEARLY = st.recursive(
    ANY_JSON | st.just("dc+sd-jwt"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)


@FEW
@given(NEARLY)
def test_any_json_is_a_query_or_malformed(value: Any) -> None:
    try:
        query = parse_query(value)
    except Malformed:
        return
    assert parse_query(query.to_json()) == query


@FEW
@given(asked_of())
def test_a_query_is_read_back_as_it_was_written(asked: tuple[Credential, CredentialQuery]) -> None:
    query = Query(credentials=(asked[1],))
    assert parse_query(query.to_json()) == query


@FEW
@given(
    st.binary(max_size=60)
    | st.binary(max_size=60).map(b"openid4vp://?client_id=".__add__)
    | st.dictionaries(
        st.sampled_from(
            ["client_id", "response_uri", "response_type", "response_mode", "nonce", "dcql_query", "state"]
        ),
        st.just("vp_token") | st.just("direct_post") | st.just("redirect_uri:https://a.example/") | NEARLY,
    ).map(json_dumps)
)
def test_any_bytes_are_a_request_or_one_of_our_errors(data: bytes) -> None:
    with pytest.raises((Malformed, Rejected)):
        vp.parse_request(data, at=datetime(2026, 3, 1, tzinfo=UTC))
