"""What the inputs are put together from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

MIB: Final = 1 << 20
Maker = Callable[[], bytes]


def cut(data: bytes) -> bytes:
    return data[:MIB]


def filled(before: bytes, piece: bytes, after: bytes = b"", *, between: bytes = b"", limit: int = MIB) -> bytes:
    """As many pieces as there is room for."""
    room = limit - len(before) - len(after)
    return before + between.join([piece] * (room // (len(piece) + len(between)))) + after


def numbered(before: bytes, piece: str, after: bytes = b"", *, between: bytes = b",", limit: int = MIB) -> bytes:
    """As many pieces as there is room for, each with its own number in it."""
    room = (limit - len(before) - len(after)) // (len(piece % 10**6) + len(between))
    return before + between.join((piece % number).encode() for number in range(10**5, 10**5 + room)) + after


def dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def many(number: int) -> dict[str, Any]:
    """As many members of an object."""
    return {f"m{index}": index for index in range(number)}
