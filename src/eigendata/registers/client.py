"""Questions to the BRP over HTTP.

    bsn, types -> POST /personen                 exactly the fields that these types need
               -> POST /verblijfplaatshistorie   only where one of them needs it
               -> POST /personen                 partner and children: number and address, nothing else
               -> BrpRecord

A number travels in the body alone, never in a URL (BRP API Personen 2.7.0). Nothing is remembered between questions.
An answer that is not sensible counts as no answer: `Unavailable`, and no number in the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from eigendata.encoding import Json, json_object
from eigendata.errors import Declined, Malformed, Misuse, Reason, Unavailable
from eigendata.fetch import Fetcher, Reply
from eigendata.model import CredentialType
from eigendata.registers import brp
from eigendata.registers.brp import BrpRecord

ANSWER_LIMIT: Final = 1 << 20  # bytes; twenty whole persons take about 100 kB
MAX_RELATIVES: Final = 60  # asked about, in three questions: no family is larger, and each question may take seconds
_PLACE: Final = re.compile(r"\[[0-9]{1,3}\]$")

_HINTS: Final[Mapping[int, str]] = {
    401: "the register does not know us: is the API key right?",
    403: "the register does not let us ask this: does our authorisation cover the fields?",
    404: "the register is not at this address: does its base address end where `/personen` begins?",
    429: "the register has had too many questions from us",
    503: "the register is closed for the moment",
}


class BrpClient:
    """The BRP, or a simulator of it.

    Args:
        base_url: what stands before `/personen`.
        api_key: sent as `X-API-KEY`; where the register wants none, None.
        history_url: what stands before `/verblijfplaatshistorie`, where that is somewhere else.
    """

    def __init__(
        self, base_url: str, *, api_key: str | None = None, history_url: str | None = None, fetcher: Fetcher
    ) -> None:
        self._persons = f"{base_url.rstrip('/')}/personen"
        self._history = f"{(history_url or base_url).rstrip('/')}/verblijfplaatshistorie"
        # a gateway may turn away who does not say what it is; the fetcher by itself says nothing
        self._headers = {"User-Agent": "eigendata", **({} if api_key is None else {"X-API-KEY": api_key})}
        self._fetcher = fetcher

    def look_up(self, bsn: str, types: Sequence[CredentialType], *, at: datetime) -> BrpRecord:
        """Ask the register about one person what these types need, and no more.

        Raises:
            Declined: the register knows nobody by this number (`not_registered`).
            Unavailable: no answer, or not a sensible one.
            Rejected: the register's address may not be reached, or it sends us elsewhere (`fetch_blocked`).
            Misuse: the register refuses the question itself.
        """
        if re.fullmatch(r"[0-9]{9}", bsn) is None:
            raise Declined(Reason.NOT_REGISTERED, "a citizen service number has nine digits")
        fields = brp.questions(types)
        if not fields:
            raise Misuse("a question to the register names at least one type that it feeds")
        answer = self._persons_by([bsn], fields)
        history = self._history_of(bsn, at) if brp.asks_history(types) else None
        try:
            record = brp.parse(answer, bsn=bsn, history=history, types=types, at=at)
            if not brp.asks_relatives(types):
                return record
            relatives = self._relatives(record)
            return brp.parse(answer, bsn=bsn, history=history, relatives=relatives, types=types, at=at)
        except Malformed as error:
            raise Unavailable(f"the register's answer cannot be used: {error}") from error

    def _persons_by(self, numbers: Sequence[str], fields: Sequence[str]) -> Mapping[str, Json]:
        question: dict[str, Json] = {
            "type": "RaadpleegMetBurgerservicenummer",
            "burgerservicenummer": list(numbers),
            "fields": list(fields),
        }
        return self._ask(self._persons, question)

    def _history_of(self, bsn: str, at: datetime) -> Mapping[str, Json]:
        since, until = brp.history_period(at)
        question: dict[str, Json] = {
            "type": "RaadpleegMetPeriode",
            "burgerservicenummer": bsn,
            "datumVan": since.isoformat(),
            "datumTot": until.isoformat(),
        }
        return self._ask(self._history, question)

    def _relatives(self, record: BrpRecord) -> list[Json]:
        """Ask where partner and children live; nothing is asked where there are none."""
        numbers, step = brp.relatives(record), brp.BSN_PER_QUESTION
        if len(numbers) > MAX_RELATIVES:
            raise Unavailable(f"the register names more than {MAX_RELATIVES} relatives of one person")
        return [
            self._persons_by(numbers[start : start + step], brp.RELATIVE_FIELDS)
            for start in range(0, len(numbers), step)
        ]

    def _ask(self, url: str, question: Mapping[str, Json]) -> Mapping[str, Json]:
        reply = self._fetcher.post_json(url, question, headers=self._headers)
        if reply.status == 400:
            raise Misuse(f"the register refuses our question{_refused(reply, question)}")
        if reply.status != 200:
            hint = _HINTS.get(reply.status, "the register does not answer as it should")
            raise Unavailable(f"{hint} (HTTP {reply.status})")
        try:
            return json_object(reply.body, limit=ANSWER_LIMIT)
        except Malformed as error:
            raise Unavailable("the register's answer is no JSON that can be read one way only") from error


def _refused(reply: Reply, question: Mapping[str, Json]) -> str:
    """Name the parameters of ours that the register finds fault with; never what it says about their values."""
    try:
        listed = json_object(reply.body, limit=ANSWER_LIMIT).get("invalidParams")
    except Malformed:
        return ""
    entries = listed if isinstance(listed, list) else []
    names = [one.get("name") for one in entries if isinstance(one, Mapping)]
    known = [name for name in names if isinstance(name, str) and _PLACE.sub("", name) in question][:10]
    return f" for its {', '.join(known)}" if known else ""
