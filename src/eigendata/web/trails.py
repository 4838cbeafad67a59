"""Trails as they are kept and given: which checks an answer took, place by place, and what became of each.

    steps -> pack -> a short text in the record of a party -> unpack -> [{place, check, clause, outcome}]

Nearly all answers to one policy take the very same steps, some hundred of them; so a packed trail is remembered by the
steps themselves, and to keep one costs next to nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

from eigendata.encoding import Json, b64url_decode, b64url_encode, json_dumps, json_loads
from eigendata.errors import Check, Step

FAILED: Final = "failed"
"""The outcome of the check that an answer failed; a trail itself holds only what was taken before."""

MAX_KEPT: Final = 1_024
"""Packed trails that are remembered."""

MAX_TRAIL: Final = 1_048_576
"""Bytes of a trail; one of three credentials is some 10 kB."""

Part = tuple[str, tuple[Step, ...]]

_kept: dict[tuple[object, ...], tuple[tuple[Part, ...], str]] = {}


def pack(parts: Sequence[Part], *, failed: Check | None = None) -> str:
    """Write a trail.

    Args:
        parts: place -> its steps; the place is empty for the answer as a whole.
        failed: the check that failed at the last place.
    """
    # by identity: a step is one value for each check and outcome, and those that are remembered stay alive here
    key = (failed and failed.name, *((place, *map(id, steps)) for place, steps in parts))
    found = _kept.get(key)
    if found is None:
        rows: list[Json] = [
            [place, one.check.name, one.check.clause, one.outcome.value] for place, steps in parts for one in steps
        ]
        if failed is not None:
            rows.append([parts[-1][0], failed.name, failed.clause, FAILED])
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        found = _kept[key] = (tuple(parts), b64url_encode(zlib.compress(json_dumps(rows), 9)))
    return found[1]


def unpack(packed: Json) -> list[Json]:
    """Read what `pack` wrote: one object for each step; none where nothing was packed."""
    if not isinstance(packed, str):
        return []
    reader = zlib.decompressobj()
    rows = json_loads(reader.decompress(b64url_decode(packed), MAX_TRAIL))
    names = ("place", "check", "clause", "outcome")
    return [
        dict(zip(names, row, strict=True)) for row in (rows if isinstance(rows, list) else ()) if isinstance(row, list)
    ]
