"""What the doctor's tests have in common: a world of a municipality and a corporation, and how a finding is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from eigendata import policies
from eigendata.doctor import Beside, Report, examine
from eigendata.model import Answer
from eigendata.openid import vp
from eigendata.query import Request
from eigendata.registers.catalogue import INWONER
from eigendata.trust import Trust
from tests.unit.formats import forge
from tests.world import AT, FORMAT, HOME, Holder, World

INLINE = ", ".join(f'{name} = "{value}"' for name, value in forge.ISSUER_KEY.public_key.jwk().items())
PINNED = Trust.loads(
    f'[issuers."{forge.ISSUER}"]\nkeys = [{{ {INLINE}, kid = "{forge.KEY_ID}" }}]\ntypes = ["{forge.ANY.id}"]\n'
)
"""Trust in the issuer of the forge, by its pinned key."""


@cache
def world() -> World:
    return World.make()


@cache
def aisha() -> Holder:
    return world().holder()


def credential() -> bytes:
    return aisha().cards[INWONER.id][0]


@cache
def asked() -> Request:
    return world().corporation.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)


@cache
def answered() -> Answer:
    return aisha().answer(asked())


def answer_file(answer: Answer | None = None) -> bytes:
    return vp.answer_file(answered() if answer is None else answer, asked())


def request_file(request: Request | None = None) -> bytes:
    return vp.write_request(asked() if request is None else request)


def beside(**changes: Any) -> Beside:
    return replace(Beside(at=AT, trust=world().trust), **changes)


def forged(token: bytes, *, trust: Trust | None = PINNED, at: datetime = forge.NOW, **changes: Any) -> Report:
    """Examine a token of the forge."""
    return examine(token, Beside(at=at, trust=trust, **changes))


def causes(report: Report) -> list[str]:
    return [str(one.cause) for one in report.findings]


def beyond(report: Report) -> list[str]:
    return [str(one.cause) for one in report.beyond]


def checks(report: Report) -> list[str]:
    return [one.check.name for one in report.findings if one.check is not None]


def filled(report: Report, cause: str) -> Mapping[str, Any]:
    return next(one.filled for one in (*report.findings, *report.beyond) if one.cause == cause)


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


__all__ = [
    "AT",
    "FORMAT",
    "PINNED",
    "aisha",
    "answer_file",
    "answered",
    "asked",
    "beside",
    "beyond",
    "causes",
    "checks",
    "credential",
    "filled",
    "forged",
    "request_file",
    "world",
    "written",
]
