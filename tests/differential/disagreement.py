"""What a disagreement between a peer and us is: a value, with its clause and who is right as we read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.differential.mutations import ANYWHERE

VERSIONS: Final[Mapping[str, str]] = {
    "sd-jwt": "0.10.4",
    "openvc-core": "1.37.0",
    "vouchkit": "0.0.2",
    "polaris-oid4vp": "1.0.0",
}
LETTERS: Final[Mapping[str, str]] = {"S": "sd-jwt", "O": "openvc-core", "V": "vouchkit", "P": "polaris-oid4vp"}

RANDOM: Final = "*"
"""Stands in `cases` for the mutations that change bytes at random places."""


class Side(StrEnum):
    """Whom the clause bears out."""

    RULE = "a rule"  # the clause demands what we do, of a verifier or by forbidding the form
    OPEN = "a choice"  # the clause allows both; we chose the stricter one
    SCOPE = "its caller's"  # the peer leaves it to its caller, by its design


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """What we refuse and some peer accepts; or with `refused`, the other way around.

    Attributes:
        ours: our answer, a pattern over a check's name or the message of a malformed token.
        cases: mutation -> the letters of the peers that accept it.
        means: what it comes to, for who verifies with such a peer.
        bound: it is of verifiers that ask for a holder's proof, or of those that do not; None: of both.
    """

    id: str
    clause: str
    side: Side
    ours: str
    cases: Mapping[str, str] = field(repr=False)
    what: str
    means: str
    bound: bool | None = None

    @property
    def peers(self) -> tuple[str, ...]:
        return tuple(name for letter, name in LETTERS.items() if any(letter in who for who in self.cases.values()))

    def explains(self, mutation: str, peer: str, ours: str, *, bound: bool) -> bool:
        if self.bound is not None and self.bound is not bound:
            return False
        who = self.cases.get(RANDOM if mutation in ANYWHERE else mutation, "")
        return peer in (LETTERS[letter] for letter in who) and re.match(self.ours, ours) is not None
