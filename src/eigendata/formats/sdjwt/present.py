"""A holder's own credential, and showing a part of it (RFC 9901 7.2).

    credential bytes -> Opened -> present(paths, holding) -> issuer-signed JWT ~ chosen disclosures ~ KB-JWT

A disclosure is never sent without those that its digest lies in; a claim that is shown brings along everything below.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final, final

from eigendata.crypto.jose import sign_under, write_header
from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json, b64url_encode, json_dumps
from eigendata.errors import Malformed, Misuse
from eigendata.formats.sdjwt.metadata import type_id
from eigendata.formats.sdjwt.parse import Place, Token, parse
from eigendata.formats.session import require_session
from eigendata.model import ClaimPath, Claims, CredentialType, Holding, Unbound, utc

KB_TYP: Final = "kb+jwt"

_CONTAINERS: Final = (MappingProxyType, tuple)


@final
class Opened:
    """A credential that was verified when it was stored, opened to be shown. It hands out nothing but presentations."""

    __slots__ = ("_begun", "_disclosures", "_first", "_holder", "_plain", "_token")

    def __init__(self, token: Token, hash: Callable[[bytes], Any]) -> None:
        self._token = token
        self._holder = token.holder
        self._first = token.signed[: token.signed.index(b"~") + 1]
        self._begun = hash(self._first)  # every proof is over these bytes and then the disclosures
        self._disclosures = [one + b"~" for one in token.disclosures]
        # By far the most paths lead to these: nothing lies above them or below. A wallet holds many credentials of one
        # type: that they share these names is most of what is to be fetched from memory for one that was long at rest.
        self._plain: dict[str | int | None, int] = {
            sys.intern(str(name)): index
            for (name, *_), index in token.placed.items()
            if not isinstance(token.document[str(name)], _CONTAINERS)
        }

    def __repr__(self) -> str:
        return "<a credential>"

    def present(self, reveal: Iterable[ClaimPath], holding: Holding | Unbound, /, *, at: datetime) -> bytes:
        """Show the claims at these paths of the processed payload, and nothing else.

        `None` in a path means every element; a path to an object or array shows everything below it.

        Raises:
            Misuse: a path leads nowhere; or the holding is not this credential's, or none is given for a credential
                that names a holder, or there is one for a credential that names none.
        """
        chosen = b"".join(map(self._disclosures.__getitem__, sorted(self._chosen(reveal))))
        if isinstance(holding, Unbound):
            if self._token.bound:
                raise Misuse("this credential names a holder; it is not shown without that holder's proof")
            return self._first + chosen
        if holding.key.public_key != self._holder:  # which it may have none of
            raise Misuse("the key of this holding is not the one that the credential names")
        digest = self._begun.copy()
        digest.update(chosen)
        return self._first + chosen + _key_binding(digest.digest(), holding, at=at)

    def _chosen(self, reveal: Iterable[ClaimPath]) -> set[int]:
        chosen: set[int] = set()
        others: list[ClaimPath] = []
        for path in reveal:
            index = self._plain.get(path[0]) if len(path) == 1 else None
            if index is None:
                others.append(path)
            else:
                chosen.add(index)
        return chosen | _chosen(self._token, others) if others else chosen


def open_credential(credential: bytes, type: CredentialType) -> Opened:
    """Open a credential of the holder's own.

    Raises:
        Malformed: it is none.
        Misuse: it is of another type.
    """
    token = parse(credential)
    if token.key_binding is not None or token.faults or token.hash is None:
        raise Malformed("this is no credential as issued, and never was verified as one")
    if token.payload.get("vct") != type_id(type):
        raise Misuse(f"this credential is of another type than {type.id}")
    return Opened(token, token.hash)


def _key_binding(sd_hash: bytes, holding: Holding, *, at: datetime) -> bytes:
    """Make the holder's proof (RFC 9901 4.3)."""
    require_session(holding.binding)
    claims: dict[str, Json] = {
        "iat": int(utc(at).timestamp()),
        "aud": holding.binding.audience,
        "nonce": holding.binding.nonce,
        "sd_hash": b64url_encode(sd_hash),
    }
    header = _kb_header(holding.key.public_key.algorithm)
    return sign_under(header, json_dumps(claims), holding.key)


@cache
def _kb_header(algorithm: Algorithm) -> bytes:
    return write_header({"typ": KB_TYP}, algorithm)


# -- which disclosures ------------------------------------------------------------------------------------------------


def _chosen(token: Token, reveal: Iterable[ClaimPath]) -> set[int]:
    placed = token.placed
    around = {above for at in placed for above in _way(at[:-1])}
    chosen: set[int] = set()
    whole: set[Place] = set()
    for path in reveal:
        places = _located(token.document, path)
        for place, _ in places:
            chosen.update(placed[above] for above in _way(place) if above in placed)
            if place in around:  # of the many that hide nothing, none is kept
                whole.add(place)
        places.clear()  # before those of the next path come: each may be a mebibyte's worth
    # One pass for all paths: a query can mean each of the many elements of an array.
    return chosen | {index for at, index in placed.items() if whole and not whole.isdisjoint(_way(at))}


def _located(document: Claims, path: ClaimPath) -> list[tuple[Place, Json]]:
    found = _locate(document, path)
    if not path or not found:
        raise Misuse("a path to be shown leads nowhere in this credential")
    return found


def _way(place: Place) -> Iterator[Place]:
    """Give a place and all that it lies in, but for the document itself."""
    return (place[:end] for end in range(len(place), 0, -1))


def _locate(document: Claims, path: ClaimPath) -> list[tuple[Place, Json]]:
    """Give each element that a path selects (OpenID4VP 1.0 section 7)."""
    found: list[tuple[Place, Json]] = [((), document)]
    for part in path:
        selected: list[tuple[Place, Json]] = []
        for place, value in found:
            if isinstance(part, str):
                if isinstance(value, Mapping) and part in value:
                    selected.append(((*place, part), value[part]))
            elif isinstance(value, tuple):
                # an index is looked up, not looked for: each of very many paths may lead to one element
                indices = range(len(value)) if part is None else range(max(part, 0), min(part + 1, len(value)))
                selected += [((*place, index), value[index]) for index in indices]
        found = selected
    return found
