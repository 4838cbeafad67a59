"""The one presentation that every mutation is done to, in the ways in which a verifier can ask."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.differential.mutations import ANYWHERE, DRAFTED, SENT
from tests.differential.tokens import Draft, Elements, Leaf, Members, Proof, Wrapped, frame

MODES: Final = ((True, True), (False, False), (True, False))
"""(the holder proves, the verifier asks for it)."""


def plain(*, proof: bool = True) -> Draft:
    """One presentation that has a bit of everything."""
    address = Members((("street", True, Leaf("Lindenlaan")), ("town", False, Leaf("Boxtel"))), 1)
    nationalities = Elements(((True, Leaf("NL")), (False, Leaf("MA"))), 1)
    tree = Members(
        (
            ("family_name", True, Leaf("Zandstra")),
            ("address", True, address),
            ("nationalities", False, nationalities),
            ("clear", False, Leaf([1, {"a": None}])),
        ),
        2,
    )
    wrapped = Wrapped("sha-256")
    payload = {**frame(), **wrapped.wrap(tree)}
    return Draft(payload=payload, disclosures=tuple(wrapped.disclosures), proof=Proof() if proof else None)


def mutated(mutation: str, draft: Draft, random: Random) -> bytes | None:
    if mutation in DRAFTED:
        changed = DRAFTED[mutation](draft, random)
        return None if changed is None else changed.token()
    return {**SENT, **ANYWHERE}[mutation](draft.token(), random)
