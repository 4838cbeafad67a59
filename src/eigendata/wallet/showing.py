"""What leaves a wallet: the answer that its holder agreed to, made, spent and written down in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from eigendata.encoding import json_dumps
from eigendata.errors import Declined, Reason
from eigendata.formats import FORMATS
from eigendata.model import Answer, Presentation
from eigendata.model import Holding as KeyAndSession
from eigendata.wallet import bookkeeping
from eigendata.wallet.records import Copy, Delivery, Holding, Kind, Sent, Shown, ShownCredential, kept_until

if TYPE_CHECKING:
    from eigendata.query import Request
    from eigendata.wallet.consent import Offered
    from eigendata.wallet.vault import Writing


def answer(writing: Writing, request: Request, offered: Sequence[Offered], *, at: datetime) -> Answer:
    """Answer a request as its holder agreed to; the very same again gets the same answer, byte for byte.

    Raises:
        Declined: a card is gone or expired since, or every copy was shown to someone else (`nothing_fits`).
    """
    agreed = _agreed(request, offered)
    bookkeeping.tidy(writing, at)
    before = writing.records(Kind.SENT).get(agreed)
    if before is not None:
        return Sent.read(before).answer
    holdings = {name.hex(): one for name, one in bookkeeping.holdings(writing).items()}
    if any(one.card not in holdings or not holdings[one.card].copies for one in offered):
        raise Declined(Reason.NOTHING_FITS, "a card was replaced or has expired: look at the request again")
    numbers = bookkeeping.spend(writing, [holdings[one.card] for one in offered], request.asker.party.id)
    presentations: dict[str, tuple[Presentation, ...]] = {}
    for one in offered:
        card = holdings[one.card]
        shown = _present(writing, one, card, numbers[card.session], request, at)
        presentations[one.query] = (*presentations.get(one.query, ()), shown)
    made = Answer(presentations=presentations)
    writing.put(Kind.SENT, Sent(at=at, answer=made).written(), id=agreed)
    writing.put(Kind.SHOWN, _line(request, offered, at).written())
    return made


def delivery(
    writing: Writing,
    request: Request,
    offered: Sequence[Offered],
    *,
    write: Callable[[Answer, Request], bytes],
    at: datetime,
) -> Delivery:
    """Answer a request as its holder agreed to, and keep what is posted: for the very same again it is the same.

    Raises:
        Declined: as `answer`.
        Misuse: what is posted is larger than a vault keeps.
    """
    made = answer(writing, request, offered, at=at)
    agreed = _agreed(request, offered)
    name = hashlib.sha256(b"delivery" + agreed).digest()[:16]
    before = writing.records(Kind.DELIVERY).get(name)
    if before is not None:
        return Delivery.read(before)
    form = write(made, request)
    sent = Delivery(id=name.hex(), at=at, asker=request.asker.party, to=request.response_uri, form=form)
    writing.put(Kind.DELIVERY, sent.written(), id=name)
    return sent


def _present(
    writing: Writing, offered: Offered, card: Holding, number: int, request: Request, at: datetime
) -> Presentation:
    copy = Copy.read(writing.records(Kind.COPY)[card.copies[number]])
    bound = KeyAndSession(key=copy.key.signer(), binding=request.binding)
    token = FORMATS[card.format].present(copy.token, card.type, offered.paths, bound, at=at)
    return Presentation(format=card.format, token=token)


def _line(request: Request, offered: Sequence[Offered], at: datetime) -> Shown:
    return Shown(
        at=at,
        asker=request.asker.party,
        proven=request.asker.proven,
        purpose=request.purpose,
        legal_basis=request.legal_basis,
        policy=None if request.policy is None else f"{request.policy.id} {request.policy.version}",
        keep=request.keep,
        until=kept_until(request.keep, at),
        credentials=tuple(
            ShownCredential(
                type=one.type.id,
                label=one.type.label,
                issuer=one.issuer,
                paths=tuple(dict.fromkeys(line.path for line in (*one.lines, *one.besides))),
            )
            for one in offered
        ),
    )


def _agreed(request: Request, offered: Sequence[Offered]) -> bytes:
    """Name what was agreed to: all of the request and of what is shown for it, as only that is sent again unasked."""
    shown = [[one.query, one.card, [list(path) for path in one.paths]] for one in offered]
    return hashlib.sha256(json_dumps([request.to_json(), shown])).digest()[:16]
