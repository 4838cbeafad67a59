"""A verifier service as its desk's own systems call it: begins checks, and sees what came of them.

    Service(url, key, fetcher=).begin({"policy": ...}) -> Begun -> (a wallet answers the link) -> look(id) -> JSON

It goes through the fetcher that it is given, and trusts the service for what it says of checks and for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from eigendata import texts
from eigendata.encoding import Json, json_object
from eigendata.errors import Declined, Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.fetch import Fetcher, Reply
from eigendata.openid import vp

MAX_DETAIL: Final = 300
"""Characters of a service's own words that are passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A check that a service began.

    Attributes:
        link: opens a wallet.
        page: shows the same as a QR code, and renews it.
    """

    id: str
    link: str = field(repr=False)
    page: str = field(repr=False)


class Service:
    """A desk at a verifier service."""

    def __init__(self, url: str, key: str, *, fetcher: Fetcher) -> None:
        """Take who is called.

        Args:
            url: what stands before `/api`.
            key: the desk's API key.
        """
        self._checks = f"{url.rstrip('/')}/api/checks"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._fetcher = fetcher

    def __repr__(self) -> str:
        return f"<Service at {self._checks}>"

    def begin(self, asked: Mapping[str, Json]) -> Begun:
        """Begin a check.

        Args:
            asked: `policy` and `home`, or `dcql`; and `mode`, `client_id` and `parties` where they are not the desk's.

        Raises:
            Misuse: the service refuses what is asked, or does not know the key.
            Declined: a policy asks for more than it may.
            Unavailable: it does not answer, or not sensibly.
            Rejected: it may not be reached, or it sends us elsewhere (`fetch_blocked`).
        """
        reply = self._fetcher.post_json(self._checks, dict(asked), headers=self._headers)
        try:
            return _begun(_said(reply, 201))
        except (Malformed, Rejected) as error:
            raise Unavailable("the service's answer is not the one of a check that began") from error

    def look(self, id: str) -> Mapping[str, Json]:
        """See how a check stands, as the service says it.

        Raises:
            Misuse, Unavailable, Rejected: as `begin`.
        """
        reply = self._fetcher.get(f"{self._checks}/{id}", accept=("application/json",), headers=self._headers)
        try:
            return _said(reply, 200)
        except Malformed as error:
            raise Unavailable("the service's answer is not the one of a check") from error


def _said(reply: Reply, expected: int) -> dict[str, Json]:
    if reply.status == expected:
        return json_object(reply.body)
    if reply.status == 401:
        raise Misuse("the service does not know this API key")
    if not 400 <= reply.status < 500 or reply.status == 429:
        raise Unavailable(f"the service cannot do this at the moment (HTTP {reply.status})")
    reason, detail = _problem(reply)
    if reason is not None:
        raise Declined(reason, f"the service declines{detail}")
    raise Misuse(f"the service refuses what is asked (HTTP {reply.status}){detail}")


def _problem(reply: Reply) -> tuple[Reason | None, str]:
    """Give what a service says is wrong (RFC 9457): a reason that is known here, and its own words, cut short."""
    try:
        problem = json_object(reply.body)
    except Malformed:
        return None, ""
    said = problem.get("detail") or problem.get("title")
    detail = f": {texts.visible(said)[:MAX_DETAIL]}" if isinstance(said, str) else ""
    reason = problem.get("reason")
    return (Reason(reason) if reason in set(Reason) else None), detail


def _begun(said: Mapping[str, Json]) -> Begun:
    match said:
        case {"id": str(id), "parties": [{"link": str(link), "page": str(page)}, *_]}:
            vp.parse_invitation(link.encode(), allow_loopback_http=True)
            return Begun(id=id, link=link, page=page)
        case _:
            raise Malformed("there is no check with a link in it")
