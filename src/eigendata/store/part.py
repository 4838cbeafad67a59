"""What every part of the store has, and how it tells times, names and secrets."""

from __future__ import annotations

import os
import time
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from eigendata.encoding import b64url_encode
from eigendata.errors import Misuse
from eigendata.store.records import MAX_NAME, SECRET_SIZE, Limits
from eigendata.store.sealing import Seals, digest

if TYPE_CHECKING:
    from eigendata.store.database import Database


class Part:
    """A part of the store, on a database and under a key."""

    def __init__(self, database: Database, seals: Seals, limits: Limits) -> None:
        self._database = database
        self._seals = seals
        self._limits = limits
        self._lasting = {one.name: milliseconds(getattr(limits, one.name)) for one in fields(limits)}


def secret() -> str:
    """Give a code that nobody can guess."""
    return b64url_encode(os.urandom(SECRET_SIZE))


def new_id() -> str:
    """Give an id that nobody can guess. Those made about the same time begin alike: they lie together in an index."""
    return b64url_encode((time.time_ns() // _TICK).to_bytes(_TIME_SIZE, "big") + os.urandom(SECRET_SIZE))


def id_digest(id: str) -> bytes:
    """Give what is stored of an id that only its owner may use; it begins with the time, as the id does."""
    return id[:_TIME_SIZE].encode("utf-8", "surrogatepass") + digest(id)


def milliseconds(lasting: timedelta) -> int:
    """Give a duration as the database counts it."""
    return lasting // timedelta(milliseconds=1)


def stamp(moment: datetime) -> int:
    """Give a moment as the database counts it."""
    return milliseconds(moment - _EPOCH)


def moment(stamp: int) -> datetime:
    """Give a moment that the database told."""
    return _EPOCH + timedelta(milliseconds=stamp)


def require_names(*names: str) -> None:
    """Take names of 1 to `MAX_NAME` characters.

    Raises:
        Misuse: one is not.
    """
    if not all(0 < len(one) <= MAX_NAME and "\0" not in one for one in names):
        raise Misuse(f"names, nonces and states are of 1 to {MAX_NAME} characters")


_TICK: Final = 2**24  # nanoseconds: some 17 ms
_TIME_SIZE: Final = 6
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
