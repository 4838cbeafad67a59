"""Telling: the claims of one type as they are made, and each that is left out with its reason.

A claim that cannot be told is left out, never approximated. Of a promised claim the credential then says `absent`, the
same for every cause; the reason goes to the holder alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, cast

from eigendata.encoding import Json, freeze
from eigendata.errors import Misuse, Reason
from eigendata.model import Claims, CredentialType, Facts, Presence, Refusal
from eigendata.registers.brp.reading import Gegeven

Told: TypeAlias = Gegeven[Json]
"""Something that a claim may be made of, with the doubt about it."""


def first_reason(*fields: Gegeven[object]) -> Reason | None:
    """Give why a claim may not be made from these fields, all of which it needs."""
    reasons = [one.left_out for one in fields]
    return Reason.UNDER_INVESTIGATION if Reason.UNDER_INVESTIGATION in reasons else next(filter(None, reasons), None)


def first_doubt(*fields: Gegeven[object]) -> Reason | None:
    """Give why a claim may not be made from these fields, each of which may be empty."""
    reasons = [one.doubted for one in fields]
    return Reason.UNDER_INVESTIGATION if Reason.UNDER_INVESTIGATION in reasons else next(filter(None, reasons), None)


class Telling:
    """The claims of one credential type, one sentence at a time."""

    __slots__ = ("_claims", "_left_out", "_type")

    def __init__(self, type: CredentialType) -> None:
        self._type = type
        self._claims: dict[str, Json] = {}
        self._left_out: list[Refusal] = []

    def tell(self, path: str, found: Told | Reason | None) -> None:
        """Make the claim at a dotted path from a field, or leave it out; None: there is nothing to tell.

        Raises:
            Misuse: the type declares no such claim.
        """
        place = tuple(path.split("."))
        attribute = self._type.attribute(place)
        if attribute is None:
            raise Misuse(f"the type {self._type.short} has no claim {path}")
        reason = found if isinstance(found, Reason) else Reason.NOT_RECORDED if found is None else found.left_out
        if reason is None:
            assert isinstance(found, Gegeven)
            self._put(place, found.value)
        elif attribute.presence is Presence.PROMISED:
            self._left_out.append(Refusal(type=self._type, reason=reason, claim=place))
            self._put(("absent", place[0]), True)

    def _put(self, place: tuple[str, ...], value: Json) -> None:
        group = self._claims
        for name in place[:-1]:
            group = cast(dict[str, Json], group.setdefault(name, {}))
        group[place[-1]] = value

    def facts(self, as_of: datetime) -> Facts:
        """Give what was told."""
        return Facts(
            type=self._type,
            claims=cast(Claims, freeze(self._claims)),
            as_of=as_of,
            left_out=tuple(self._left_out),
        )
