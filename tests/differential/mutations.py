"""What is done to a good presentation. Each mutation breaks one rule, and is signed anew.

DRAFTED   before the signatures: they hold, so that only the one rule decides
SENT      after them, on the bytes
ANYWHERE  after them, on bytes at random

A mutation gives None for a presentation that it cannot be done to. Some of them break nothing: those are controls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.differential.spoiled_bytes import ANYWHERE, SENT
from tests.differential.spoiled_disclosures import DISCLOSURES, SHAPES
from tests.differential.spoiled_jwts import FRAMES, HEADERS, PROOFS, SPELLINGS
from tests.differential.tokens import Drafted

DRAFTED: Final[Mapping[str, Drafted]] = {
    "nothing": lambda draft, random: draft,
    **HEADERS,
    **SPELLINGS,
    **FRAMES,
    **DISCLOSURES,
    **SHAPES,
    **PROOFS,
}

__all__ = ["ANYWHERE", "DRAFTED", "SENT"]
