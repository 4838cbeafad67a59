"""The same presentations to us and to the peers: every disagreement is one of the table's, or these tests fail.

`make differential` runs this file in an environment of its own, where the peers are installed; EXAMPLES=20000 makes a
long campaign of it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.crypto.keys import Algorithm
from tests.differential import holders, issuers
from tests.differential.disagreement import LETTERS, RANDOM, VERSIONS
from tests.differential.disagreements import DISAGREEMENTS, SLIPS, explained
from tests.differential.mutations import ANYWHERE, DRAFTED, SENT
from tests.differential.plain import MODES, mutated, plain
from tests.differential.strategies import Good, edited, good, wild
from tests.differential.tokens import HOLDER_KEYS, ISSUER_KEYS, Draft, Leaf, Members, Proof, Wrapped, frame
from tests.differential.verifiers import PEERS, TAKEN_OUT, Asked, Verdict, ours, same

EXAMPLES: Final = int(os.environ.get("EXAMPLES", "100"))
CAMPAIGN: Final = settings(max_examples=EXAMPLES, deadline=None)

ES256: Final = frozenset((Algorithm.ES256,))
CAPABLE: Final[Mapping[str, tuple[frozenset[Algorithm], frozenset[Algorithm], frozenset[str]]]] = {
    "sd-jwt": (frozenset(Algorithm), ES256, frozenset(("sha-256",))),
    "openvc-core": (frozenset(Algorithm), frozenset(Algorithm), frozenset(("sha-256", "sha-384", "sha-512"))),
    "vouchkit": (ES256, ES256, frozenset(("sha-256",))),
    "polaris-oid4vp": (ES256, ES256, frozenset(("sha-256",))),
}
"""Each peer's algorithms of issuers, of holders, and its hashes. None of them is demanded but ES256 and sha-256."""


def capable(peer: str, draft: Draft, asked: Asked) -> bool:
    issuer, holder, hashes = CAPABLE[peer]
    proof = draft.proof
    if peer == "polaris-oid4vp" and proof is not None and not asked.bound:
        return False  # it cannot leave a session unsaid
    proven = proof is None or proof.key.public_key.algorithm in holder
    return draft.key.public_key.algorithm in issuer and proven and draft.hash in hashes


def agree(peer: str, mine: Verdict, theirs: Verdict) -> bool:
    if mine.claims is None or theirs.claims is None:
        return mine.accepted == theirs.accepted
    hidden = TAKEN_OUT.get(peer, frozenset())
    return same(
        {name: value for name, value in mine.claims.items() if name not in hidden},
        {name: value for name, value in theirs.claims.items() if name not in hidden},
    )


def differing(mutation: str, token: bytes, draft: Draft, asked: Asked) -> Iterator[tuple[str, str, str]]:
    """Give (peer, our answer, theirs) where they do not agree."""
    mine = ours(token, asked)
    for peer, verify in PEERS.items():
        if capable(peer, draft, asked):
            theirs = verify(token, asked)
            if not agree(peer, mine, theirs):
                yield peer, mine.why or "accepted", theirs.why or "accepted"


def asked_of(draft: Draft, *, bound: bool) -> Asked:
    return Asked(key=draft.key.public_key, bound=bound)


# -- the peers are those of the table ---------------------------------------------------------------------------------


def test_the_peers_are_of_the_versions_that_the_table_speaks_of() -> None:
    assert {name: version(name) for name in PEERS} == dict(VERSIONS)
    root = Path(__file__).resolve().parents[2]
    pinned = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["peers"]
    assert sorted(pinned) == sorted(f"{name}=={number}" for name, number in VERSIONS.items())


# -- good presentations -----------------------------------------------------------------------------------------------


@CAMPAIGN
@given(made=good(), asks=st.booleans())
def test_everyone_accepts_a_good_presentation_and_sees_its_claims(made: Good, asks: bool) -> None:
    asked = asked_of(made.draft, bound=asks and made.draft.proof is not None)
    token = made.draft.token()
    mine = ours(token, asked)
    assert mine.accepted, mine.why
    assert same(mine.claims, made.claims)
    for peer, verify in PEERS.items():
        theirs = verify(token, asked)
        if capable(peer, made.draft, asked):
            assert agree(peer, mine, theirs), (peer, theirs)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("hash", ["sha-256", "sha-384", "sha-512"])
@pytest.mark.parametrize("holder", Algorithm)
@pytest.mark.parametrize("issuer", Algorithm)
def test_a_peer_refuses_the_algorithms_that_the_table_says_it_has_not(
    issuer: Algorithm, holder: Algorithm, hash: str, peer: str
) -> None:
    name = "family_name"
    wrapped = Wrapped(hash)
    payload = wrapped.wrap(Members(((name, True, Leaf("Zandstra")),)))
    draft = Draft(
        payload={**frame(HOLDER_KEYS[holder]), **payload, "_sd_alg": hash},
        disclosures=tuple(wrapped.disclosures),
        key=ISSUER_KEYS[issuer],
        hash=hash,
        proof=Proof(key=HOLDER_KEYS[holder]),
    )
    asked = asked_of(draft, bound=True)
    token = draft.token()
    assert ours(token, asked).accepted
    assert PEERS[peer](token, asked).accepted == capable(peer, draft, asked)


# -- spoiled ones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mutation", [*DRAFTED, *SENT])
def test_a_disagreement_has_a_name(mutation: str) -> None:
    found = set()
    for proof, bound in MODES:
        draft = plain(proof=proof)
        asked = asked_of(draft, bound=bound)
        token = mutated(mutation, draft, Random(1))
        if token is None:
            continue
        for peer, mine, theirs in differing(mutation, token, draft, asked):
            if (mutation, peer) in LIMITS:
                continue
            assert mine != "accepted", (peer, theirs)
            names = [one.id for one in explained(mutation, peer, mine, bound=bound)]
            assert len(names) == 1, (peer, mine, theirs)
            found.add((names[0], peer))
    # and what has a name is there: a peer that was mended leaves the table
    assert found == {(one.id, LETTERS[letter]) for one in DISAGREEMENTS for letter in one.cases.get(mutation, "")}


LIMITS: Final = {
    ("1000 disclosures", "polaris-oid4vp"),
    # how deep Python may go differs from place to place
    ("1500 disclosures inside one another", "sd-jwt"),
    ("1500 disclosures inside one another", "vouchkit"),
    # of a token without disclosures it is a good one, by a hash that they have not
    ("_sd_alg of another hash", "sd-jwt"),
    ("_sd_alg of another hash", "vouchkit"),
    ("_sd_alg of another hash", "polaris-oid4vp"),
}
"""What a peer's own limits decide. Nothing else that we accept is refused by any of them."""


@pytest.mark.parametrize("mutation", [*DRAFTED, *SENT])
def test_a_refusal_by_an_error_of_pythons_own_is_known(mutation: str) -> None:
    slipped = set()
    for proof, bound in MODES:
        draft = plain(proof=proof)
        token = mutated(mutation, draft, Random(1))
        if token is not None:
            asked = asked_of(draft, bound=bound)
            slipped |= {peer for peer, verify in PEERS.items() if verify(token, asked).slip}
    assert slipped == {LETTERS[letter] for letter in SLIPS.get(mutation, "")}


def test_every_case_of_the_table_is_a_mutation() -> None:
    assert {name for one in DISAGREEMENTS for name in one.cases} <= {*DRAFTED, *SENT, RANDOM}


@CAMPAIGN
@given(
    made=good(algorithms=False),
    mutation=st.sampled_from(sorted([*DRAFTED, *SENT])),
    asks=st.booleans(),
    random=st.randoms(use_true_random=False),
)
def test_a_disagreement_has_a_name_whatever_the_claims(made: Good, mutation: str, asks: bool, random: Random) -> None:
    _judge(made.draft, mutation, asks, random)


@CAMPAIGN
@given(
    made=good(algorithms=False),
    mutation=st.sampled_from(sorted(ANYWHERE)),
    asks=st.booleans(),
    random=st.randoms(use_true_random=False),
)
def test_a_disagreement_has_a_name_wherever_a_byte_changes(
    made: Good, mutation: str, asks: bool, random: Random
) -> None:
    _judge(made.draft, mutation, asks, random)


def _judge(draft: Draft, mutation: str, asks: bool, random: Random) -> None:
    asked = asked_of(draft, bound=asks)
    token = mutated(mutation, draft, random)
    if token is None:
        return
    for peer, mine, theirs in differing(mutation, token, draft, asked):
        if (mutation, peer) not in LIMITS:
            assert explained(mutation, peer, mine, bound=asks), (peer, mine, theirs)


@CAMPAIGN
@given(draft=wild() | edited())
def test_a_disagreement_has_a_name_where_no_rule_is_followed(draft: Draft) -> None:
    asked = asked_of(draft, bound=True)
    for peer, mine, theirs in differing("", draft.token(), draft, asked):
        assert any(peer in one.peers and re.match(one.ours, mine) for one in DISAGREEMENTS), (peer, mine, theirs)


# -- issued by one, presented by another, verified by all -------------------------------------------------------------


@pytest.mark.parametrize("holder", holders.HOLDERS)
@pytest.mark.parametrize("issuer", issuers.ISSUERS)
@settings(max_examples=max(10, EXAMPLES // 5), deadline=None)
@given(plan=issuers.plans(), chosen=st.sets(st.integers(0, 5)))
def test_what_one_issues_and_another_presents_everyone_verifies(
    issuer: str, holder: str, plan: issuers.Plan, chosen: set[int]
) -> None:
    issued = issuers.ISSUERS[issuer](plan)
    shown = {name for index, name in enumerate(sorted(issued.withheld)) if index in chosen}
    token = holders.HOLDERS[holder](issued.token, shown)
    asked = Asked(key=issuers.KEY.public_key)
    mine = ours(token, asked)
    assert mine.claims is not None, mine.why
    expected = {name: value for name, value in plan.claims.items() if name in shown or name not in issued.withheld}
    assert same({name: value for name, value in mine.claims.items() if name in plan.claims}, expected)
    for peer, verify in PEERS.items():
        assert agree(peer, mine, verify(token, asked)), peer
