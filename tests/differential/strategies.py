"""Good presentations of any shape: any claims, some hidden, some of those shown, by every algorithm and hash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import strategies as st

from eigendata.crypto.keys import Algorithm
from tests.differential.tokens import (
    HASHES,
    HOLDER_KEYS,
    ISSUER_KEYS,
    Draft,
    Elements,
    Leaf,
    Members,
    Proof,
    Tree,
    Wrapped,
    b64,
    digest,
    disclosure,
    frame,
    seen,
)

_WHOLE: Final = 2**53 - 1
TEXTS: Final = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_TAKEN: Final = {
    *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "vct", "vct#integrity", "aka_vcts", "status"),
    *("_sd", "...", "_sd_alg", "@context", "credentialStatus", "vc", "vp", "array", "object", "name"),
}
NAMES: Final = st.one_of(
    st.sampled_from(
        ["family_name", "age", "", "a.b", "__proto__", "é", "e\u0301", " ", "~", "a~b", "_SD", "....", "😀"]
    ),
    TEXTS,
).filter(lambda name: name not in _TAKEN)
SCALARS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-_WHOLE, _WHOLE),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: str(number) != "-0.0"),
    TEXTS,
)


def _inside(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    member = st.tuples(NAMES, st.booleans(), children)
    members = st.lists(member, max_size=4, unique_by=lambda one: one[0]).map(tuple)
    elements = st.lists(st.tuples(st.booleans(), children), max_size=4).map(tuple)
    return st.builds(Members, members, st.integers(0, 2)) | st.builds(Elements, elements, st.integers(0, 2))


TREES: Final[st.SearchStrategy[Tree]] = st.recursive(st.builds(Leaf, SCALARS), _inside, max_leaves=12)
CLAIMS: Final[st.SearchStrategy[Members]] = st.builds(
    Members,
    st.lists(st.tuples(NAMES, st.booleans(), TREES), max_size=6, unique_by=lambda one: one[0]).map(tuple),
    st.integers(0, 3),
)

_WRITERS: Final[tuple[Callable[[Any], bytes], ...]] = (
    lambda value: json.dumps(value, separators=(",", ":")).encode(),
    lambda value: json.dumps(value).encode(),
    lambda value: json.dumps(value, ensure_ascii=False).encode(),
    lambda value: json.dumps(value, indent=2, sort_keys=True).encode() + b"\n",
)


@dataclass(frozen=True, kw_only=True)
class Good:
    """A presentation in which nothing is wrong, and the claims that a verifier should see, its frame's among them."""

    draft: Draft
    claims: dict[str, Any]


@st.composite
def good(draw: st.DrawFn, *, algorithms: bool = True, proof: bool | None = None) -> Good:
    tree = draw(CLAIMS)
    issuer = draw(st.sampled_from(Algorithm)) if algorithms else Algorithm.ES256
    holder = draw(st.sampled_from(Algorithm)) if algorithms else Algorithm.ES256
    hash_name = draw(st.sampled_from(sorted(HASHES))) if algorithms else "sha-256"
    wrapped = Wrapped(hash_name, draw(st.sampled_from(_WRITERS)))
    shown = wrapped.wrap(tree)
    kept = wrapped.closed(draw(st.sets(st.integers(0, max(0, len(wrapped.disclosures) - 1)))))
    sent = draw(st.permutations([wrapped.disclosures[index] for index in kept]))
    base = frame(HOLDER_KEYS[holder])
    stated = {"_sd_alg": hash_name} if hash_name != "sha-256" or draw(st.booleans()) else {}
    draft = Draft(
        payload={**base, **shown, **stated},
        disclosures=tuple(sent),
        key=ISSUER_KEYS[issuer],
        hash=hash_name,
        proof=Proof(key=HOLDER_KEYS[holder]) if (draw(st.booleans()) if proof is None else proof) else None,
    )
    return Good(draft=draft, claims={**base, **seen(tree, set(kept))})


# -- payloads that follow no rule -------------------------------------------------------------------------------------

_ODD: Final = st.sampled_from(["_sd", "...", "_sd_alg", "a", "b", "exp", "cnf", "status", "aud", "iat"])
_SLOTS: Final = 6


@st.composite
def wild(draw: st.DrawFn) -> Draft:
    """A well-signed presentation whose payload and disclosures use the names of SD-JWT anywhere and anyhow.

    Disclosures are made one after another; a digest can be of one that was made before, of none, or no digest at all.
    """
    made: list[str] = []

    def digests() -> st.SearchStrategy[str]:
        known = st.sampled_from([digest(one) for one in made]) if made else st.nothing()
        return known | known | st.sampled_from(["", "abc", "x" * 43])

    def value(depth: int) -> Any:
        kind = draw(st.integers(0, 7 if depth else 3))
        match kind:
            case 0:
                return draw(SCALARS)
            case 1:
                return {"_sd": draw(st.lists(digests(), max_size=3))}
            case 2:
                return [{"...": draw(digests())} for _ in range(draw(st.integers(0, 2)))]
            case 3:
                return draw(st.sampled_from([None, [], {}, "sha-256", 0, False]))
            case 4 | 5:
                names = draw(st.lists(_ODD, max_size=3, unique=True))
                return {name: value(depth - 1) for name in names}
            case _:
                return [value(depth - 1) for _ in range(draw(st.integers(0, 3)))]

    for _ in range(draw(st.integers(0, _SLOTS))):
        name = [draw(_ODD)] if draw(st.booleans()) else []
        made.append(disclosure(f"salt-{len(made)}", *name, value(2)))
    members = {name: value(3) for name in draw(st.lists(st.sampled_from(["a", "b", "c", "_sd", "..."]), unique=True))}
    top = {"_sd": draw(st.lists(digests(), max_size=4, unique=True))} if draw(st.integers(0, 3)) else {}
    sent = draw(st.lists(st.sampled_from(made), unique=draw(st.integers(0, 9)) > 0, max_size=8)) if made else []
    return Draft(payload={**frame(), **members, **top}, disclosures=tuple(sent))


# -- JSON that was edited by hand -------------------------------------------------------------------------------------

_BITS: Final = (
    *(
        "",
        " ",
        "\t",
        "\n",
        "\x0b",
        "\x00",
        "\x7f",
        "\u00a0",
        "\u2028",
        "\ufeff",
        ",",
        ":",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "\\",
    ),
    *(
        "0",
        "1",
        "-",
        "-0",
        ".",
        "e",
        "E+1",
        "1e400",
        "1e-400",
        "0.1",
        "01",
        "1.0",
        "-0.0",
        "9007199254740992",
        "9" * 25,
    ),
    *("true", "null", "nul", "True", "NaN", "Infinity", "-Infinity", "//", "/**/", '"_sd":', '"a":1,', '"\\u0061":2,'),
    *("\\u0000", "\\ud83d", "\\ude00", "\\ud83d\\ude00", "\\u00e9", "\\x41", "\\/", "\\", "\\n", "é", "😀", "e\u0301"),
)


@st.composite
def edited(draw: st.DrawFn) -> Draft:
    """A well-signed presentation in which the JSON of one disclosure, or of the payload, is what an edit made of it."""
    made = draw(good(algorithms=False, proof=True)).draft
    payload = made.members
    if draw(st.booleans()):
        return replace(made, payload=_edited(draw, json.dumps(payload)))
    contents = [
        "salt",
        "edited",
        draw(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner))),
    ]
    ascii_only = draw(st.booleans())
    one = b64(
        _edited(
            draw, json.dumps(contents, ensure_ascii=ascii_only, separators=draw(st.sampled_from([None, (",", ":")])))
        )
    )
    payload["_sd"] = [*payload.get("_sd", ()), digest(one)]
    return replace(made, payload=payload, disclosures=(*made.disclosures, one))


def _edited(draw: st.DrawFn, text: str) -> bytes:
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 2)))
        text = text[:start] + draw(st.sampled_from(_BITS)) + text[end:]
    return text.encode("utf-8")
