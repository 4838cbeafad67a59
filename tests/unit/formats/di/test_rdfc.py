"""RDFC-1.0 gives each dataset one form, whatever its blank nodes are called, and refuses what would take for ever."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from eigendata.errors import Malformed
from eigendata.formats.di import rdfc
from eigendata.formats.di.rdfc import Hash, Quad, canonicalize
from tests.given import given
from tests.negatives import negative

from .nquads import parse

HASHES: dict[str, Hash] = {"SHA256": sha256, "SHA384": sha384}
KNOWS = "<urn:ex:knows>"


def entries(kind: str) -> Iterator[tuple[dict[str, Any], list[Quad], Hash, Path]]:
    """Give the W3C's tests of one kind: entry, input, hash function, and where the result lies."""
    folder = given("vectors/rdf-canon")
    manifest = json.loads((folder / "manifest.jsonld").read_text(encoding="utf-8"))
    for entry in manifest["entries"]:
        if entry["type"] == f"rdfc:{kind}":
            quads = parse((folder / entry["action"]).read_bytes().decode())
            yield entry, quads, HASHES[entry.get("hashAlgorithm", "SHA256")], folder / entry.get("result", ".")


def tried(quads: list[Quad]) -> tuple[bool, float]:
    """Tell whether a dataset is given a form, and the processor's time of the answer: the least of three."""
    took = []
    for _ in range(3):
        start = time.process_time()
        try:
            canonicalize(quads)
            done = True
        except Malformed:
            done = False
        took.append(time.process_time() - start)
    return done, min(took)


# -- the W3C's tests --------------------------------------------------------------------------------------------------


def test_every_dataset_of_the_w3c_gets_its_published_form() -> None:
    wrong = [
        entry["id"]
        for entry, quads, digest, result in entries("RDFC10EvalTest")
        if canonicalize(quads, hash=digest).nquads != result.read_bytes()
    ]
    assert wrong == []
    assert len(list(entries("RDFC10EvalTest"))) == 64


def test_every_blank_node_of_the_w3c_gets_its_published_name() -> None:
    wrong = [
        entry["id"]
        for entry, quads, digest, result in entries("RDFC10MapTest")
        if {node[2:]: label[2:] for node, label in canonicalize(quads, hash=digest).labels.items()}
        != json.loads(result.read_text(encoding="utf-8"))
    ]
    assert wrong == []
    assert len(list(entries("RDFC10MapTest"))) == 21


@negative("NEG-JSONLD-002")
@pytest.mark.cost
def test_the_poison_graph_of_the_w3c_is_refused_in_a_tenth_of_a_second() -> None:
    ((_, quads, _, _),) = entries("RDFC10NegativeEvalTest")
    done, took = tried(quads)
    assert not done
    assert took < 0.1


def relabelled(quads: list[Quad], by: str) -> list[Quad]:
    """Give the same dataset with other names for its blank nodes."""

    def renamed(term: str) -> str:
        return f"_:{by}{term[2:]}" if term.startswith("_:") else term

    return [(renamed(s), p, renamed(o), renamed(g)) for s, p, o, g in quads]


# -- the bound --------------------------------------------------------------------------------------------------------


def clique(size: int, predicate: str = KNOWS) -> list[Quad]:
    return [(f"_:n{a}", predicate, f"_:n{b}", "") for a in range(size) for b in range(size) if a != b]


def star(size: int) -> list[Quad]:
    return [("_:centre", KNOWS, f"_:n{a}", "") for a in range(size)] + [
        (f"_:n{a}", KNOWS, "_:other", "") for a in range(size)
    ]


def wheel(size: int) -> list[Quad]:
    """Two nodes that look alike, each with as many neighbours that look alike."""
    return [(hub, KNOWS, f"_:n{a}{hub[2:]}", "") for hub in ("_:one", "_:two") for a in range(size)]


def grid(size: int) -> list[Quad]:
    """A torus: every node has four neighbours, and looks like every other."""
    return [
        quad
        for a in range(size)
        for b in range(size)
        for quad in (
            (f"_:n{a}x{b}", KNOWS, f"_:n{(a + 1) % size}x{b}", ""),
            (f"_:n{a}x{b}", KNOWS, f"_:n{a}x{(b + 1) % size}", ""),
        )
    ]


def chain(size: int) -> list[Quad]:
    return [(f"_:n{a}", KNOWS, f"_:n{a + 1}", "") for a in range(size)]


@pytest.mark.cost
@pytest.mark.parametrize(
    ("quads", "gets_a_form"),
    [
        pytest.param(clique(10), False, id="a clique"),
        pytest.param(clique(60), False, id="a large clique"),
        pytest.param(clique(8, f"<urn:{'x' * 30_000}>"), False, id="a clique of long names"),
        pytest.param([one for n in range(40) for one in relabelled(clique(6), f"{n}x")], False, id="small cliques"),
        pytest.param(star(12), True, id="a star"),
        pytest.param(star(1000), True, id="a large star"),
        pytest.param(wheel(1000), False, id="a wheel"),
        pytest.param(grid(8), False, id="a torus"),
        pytest.param(grid(40), False, id="a large torus"),
        pytest.param(chain(20), True, id="a chain"),
        pytest.param(chain(400), False, id="a long chain"),
        pytest.param(chain(2000), False, id="a chain of thousands"),
    ],
)
def test_a_dataset_made_to_take_for_ever_is_answered_in_a_tenth_of_a_second(
    quads: list[Quad], gets_a_form: bool
) -> None:
    done, took = tried(quads)
    assert done is gets_a_form
    assert took < 0.1


def test_too_much_work_and_too_deep_a_row_are_each_refused_for_what_they_are() -> None:
    with pytest.raises(Malformed, match="more work"):
        canonicalize(clique(10))
    with pytest.raises(Malformed, match="too deep"):
        canonicalize(chain(400))


def test_a_row_of_alike_nodes_is_followed_for_128_and_no_further() -> None:
    # the first and the last are not like those between them, each of which is reached by way of the one before
    with pytest.raises(Malformed, match="more work"):
        canonicalize(chain(130))
    with pytest.raises(Malformed, match="too deep"):
        canonicalize(chain(131))


def leaves(size: int) -> list[Quad]:
    return [(f"_:leaf{a}", KNOWS, '"x"', "") for a in range(size)]


def cycle(size: int, predicate: str = KNOWS) -> list[Quad]:
    return [(f"_:{predicate}{a}", predicate, f"_:{predicate}{(a + 1) % size}", "") for a in range(size)]


@pytest.mark.parametrize(
    ("quads", "steps"),
    [
        pytest.param(leaves(3), 3, id="alike, with nothing around them: a hash for each"),
        # each by itself: 1 for the hash of how the other lies, 2 for the names in the one order there is, and from
        # there 1, 3 and 1 for the hash; 1 for its own hash. The ends are named with their beginnings, for nothing
        pytest.param([("_:a", KNOWS, "_:b", ""), ("_:c", KNOWS, "_:d", "")], 2 * (1 + 2 + (1 + 3 + 1) + 1), id="pairs"),
        # each by itself: 2 for the hashes of both ways, 2 for the names; from there 2, twice 3 and 1; 3 and 1 again
        pytest.param(cycle(2), 2 * (2 + 2 + (2 + 3 + 3 + 1) + 3 + 1), id="a pair that is bound both ways"),
        # as before; each of the four times two hashes of ways is now over 512 characters or more, for two steps besides
        pytest.param(cycle(2, f"<{'x' * 505}>"), 34 + 4 * 2 * 2, id="with a long predicate"),
    ],
)
def test_each_name_in_each_order_and_each_hash_and_what_it_is_over_is_a_step(
    quads: list[Quad], steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdfc, "MOST_STEPS", steps)
    canonicalize(quads)
    monkeypatch.setattr(rdfc, "MOST_STEPS", steps - 1)
    with pytest.raises(Malformed, match="more work"):
        canonicalize(quads)


def test_fifty_thousand_steps_are_the_most() -> None:
    quads = [quad for at in range(1470) for quad in cycle(2, f"<urn:{at}>")]  # of 34 steps each
    canonicalize(quads + leaves(20))
    with pytest.raises(Malformed, match="more work"):
        canonicalize(quads + leaves(21))


def test_what_credentials_hold_alike_is_never_near_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdfc, "MOST_STEPS", rdfc.MOST_STEPS // 10)
    children = [
        quad
        for child in range(12)
        for quad in (("_:subject", KNOWS, f"_:child{child}", ""), (f"_:child{child}", "<urn:ex:born>", '"2015"', ""))
    ]
    years = [
        quad
        for at in range(12)
        for quad in ((f"_:l{at}", "<urn:first>", '"2015"', ""), (f"_:l{at}", "<urn:rest>", f"_:l{at + 1}", ""))
    ]
    canonicalize(years)
    canonicalize(children[:8])


# -- steps of the algorithm that no test of the W3C tells ------------------------------------------------------------


def test_how_a_graphs_name_lies_says_nothing_of_the_predicate() -> None:
    """RDFC-1.0 section 4.7.3 (3). As pyoxigraph has it too."""
    quads = [("_:n0", "<urn:q>", "_:n2", "_:n3"), ("_:n1", "<urn:q>", "_:n2", "_:n2")]
    assert canonicalize(quads).nquads.decode().splitlines() == [
        "_:c14n2 <urn:q> _:c14n0 _:c14n1 .",
        "_:c14n3 <urn:q> _:c14n0 _:c14n0 .",
    ]


def test_of_nodes_that_were_named_on_the_way_the_least_order_stands() -> None:
    """RDFC-1.0 section 4.8.3 (5.4.4.3), where none of them is followed any further. As pyoxigraph has it too."""
    edges = [(1, 5), (0, 5), (5, 0), (0, 3), (2, 1), (1, 3), (3, 4)]
    quads = [(f"_:n{one}", "<urn:p>", f"_:n{other}", "") for one, other in edges]
    named = [(1, 2), (2, 3), (2, 4), (3, 0), (4, 5), (5, 3), (5, 4)]
    lines = [f"_:c14n{one} <urn:p> _:c14n{other} ." for one, other in named]
    assert canonicalize(quads).nquads.decode().splitlines() == lines


def test_of_two_orders_that_are_alike_the_first_stands() -> None:
    """RDFC-1.0 section 4.8.3 (5.4.6)."""
    labels = canonicalize(wheel(2)).labels
    assert list(labels) == ["_:one", "_:n0one", "_:n1one", "_:two", "_:n0two", "_:n1two"]
    assert list(labels.values()) == [f"_:c14n{number}" for number in range(6)]


# -- laws -------------------------------------------------------------------------------------------------------------

NODES = st.sampled_from([f"_:n{number}" for number in range(5)])
THINGS = NODES | st.sampled_from(["<urn:ex:a>", "<urn:ex:b>"])
QUADS = st.lists(
    st.tuples(
        THINGS,
        st.sampled_from(["<urn:ex:p>", "<urn:ex:q>"]),
        THINGS | st.sampled_from(['"text"', '"text"@nl', '"1"^^<urn:ex:number>']),
        NODES | st.sampled_from(["", "<urn:ex:g>"]),
    ),
    max_size=12,
)


@forall(quads=QUADS, order=st.randoms(use_true_random=False), names=st.permutations(range(5)))
def test_names_of_blank_nodes_and_the_order_of_quads_never_change_the_form(
    quads: list[Quad], order: Any, names: list[int]
) -> None:
    new = {f"_:n{old}": f"_:c14n{names[old]}" for old in range(5)}
    other: list[Quad] = [(new.get(s, s), p, new.get(o, o), new.get(g, g)) for s, p, o, g in quads]
    order.shuffle(other)
    assert canonicalize(other).nquads == canonicalize(quads).nquads


@forall(quads=QUADS)
def test_the_form_of_a_form_is_that_form(quads: list[Quad]) -> None:
    form = canonicalize(quads).nquads
    assert canonicalize(parse(form.decode())).nquads == form


@forall(quads=QUADS, at=st.integers(0, 11))
def test_a_quad_less_is_another_form(quads: list[Quad], at: int) -> None:
    distinct = list(dict.fromkeys(quads))
    if at < len(distinct):
        assert canonicalize(distinct[:at] + distinct[at + 1 :]).nquads != canonicalize(distinct).nquads


def test_the_hash_function_decides_the_names_alone() -> None:
    quads = [("_:a", KNOWS, f"_:b{n}", "") for n in range(4)] + [(f"_:b{n}", KNOWS, f'"{n}"', "") for n in range(4)]
    one, other = canonicalize(quads), canonicalize(quads, hash=sha384)
    assert one.nquads != other.nquads
    assert sorted(one.labels.values()) == sorted(other.labels.values())


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Malformed):
        canonicalize([("_:a", KNOWS, '"\ud800"', "")])
