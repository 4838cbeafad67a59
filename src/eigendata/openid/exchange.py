"""A wallet's side of OpenID4VP over HTTP: fetches what is asked, posts what was agreed to, and takes what comes back.

    link or file -> receive -> Request -> (consider, accept) -> Consent -> answer  -> Outcome
                                       -> (a person says no)            -> decline -> Outcome
                                          what did not arrive              deliver -> Outcome, the very same bytes

It opens nothing itself: every exchange goes through the fetcher that it is given, which follows no redirect (section
14.7). A verifier hears nothing of a request that is refused, and the same of one that was not answered, whatever the
reason. What is posted is in the vault before it leaves, and stays there until somebody took it.

Source: OpenID4VP 1.0 sections 5.10, 8.2, 8.5, 14.7 and 15.9; HAIP 1.0 section 5.1.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from eigendata.encoding import b64url_encode, json_object
from eigendata.errors import Check, Malformed, Reason, Rejected, Trail, Unavailable, within
from eigendata.fetch import Fetcher, Reply
from eigendata.openid import vp
from eigendata.openid.forms import MAX_URI, host_of
from eigendata.openid.haip import Profile
from eigendata.openid.request_object import VerifierSource
from eigendata.query import Request
from eigendata.wallet import Consent, Delivery, Wallet

NONCE_SIZE: Final = 32
"""Octets of a wallet's nonce: twice the 128 bits that a nonce holds at least."""

ACCESS_DENIED: Final = "access_denied"
"""All that a verifier hears of why there is no answer (section 15.9)."""

_JSON: Final = ("application/json",)
_PART: Final = re.compile(r"[A-Za-z0-9._~:/?!$&'()*+,;=@%-]*", re.ASCII)
_LATER: Final = frozenset({408, 425, 429})
"""Statuses by which a server asks to be asked again."""

ANSWER_TAKEN: Final = Check(
    name="ANSWER_TAKEN",
    clause="OpenID4VP 1.0 8.2",
    reason=Reason.NONCE_INVALID,
    rule="The verifier takes the answer.",
)
OWN_REDIRECT: Final = Check(
    name="OWN_REDIRECT",
    clause="OpenID4VP 1.0 8.2",
    reason=Reason.REQUEST_INVALID,
    rule="The page to go on at is on the host that the answer went to.",
)
CHECKS: Final = (ANSWER_TAKEN, OWN_REDIRECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came back of an answer that was taken.

    Attributes:
        redirect_uri: the page to go on at, on this device (section 8.2); None: on the device where it began.
    """

    redirect_uri: str | None


def receive(data: bytes, *, fetcher: Fetcher, trust: VerifierSource, profile: Profile | None, at: datetime) -> Request:
    """Give the request that a link or file leads to, fetched where it says so.

    Args:
        fetcher: whether it reaches this machine without TLS says whether the verifier may be there.
        trust: who is known as a verifier.
        profile: what is demanded beyond the specification; None: nothing.

    Raises:
        Malformed, Rejected: as `Invitation.receive`; or it is not as the profile demands. Where that can be seen of the
            link nobody was asked for anything, and nobody is told.
        Unavailable: what is asked is not there, or no longer.
    """
    invitation = vp.parse_invitation(data, allow_loopback_http=fetcher.allows_loopback_http)
    if profile is not None:
        profile.require_invitation(invitation, Trail())
    nonce = b64url_encode(os.urandom(NONCE_SIZE))
    fetched = None if invitation.reference is None else _fetched(invitation.reference.order(nonce), fetcher)
    request = invitation.receive(fetched, trust=trust, wallet_nonce=nonce, at=at)
    if profile is not None:
        profile.require_request(request, Trail())
    return request


def answer(wallet: Wallet, consent: Consent, *, fetcher: Fetcher, at: datetime) -> Outcome:
    """Post what was agreed to.

    Raises:
        Declined, Misuse: as `Wallet.enclose`; nothing left.
        Unavailable: another process is writing; or it is not known to have arrived, and waits in
            `Wallet.deliveries` for `deliver`.
        Rejected, Malformed: as `deliver`.
    """
    return deliver(wallet, wallet.enclose(consent, write=vp.answer_form, at=at), fetcher=fetcher)


def deliver(wallet: Wallet, delivery: Delivery, *, fetcher: Fetcher) -> Outcome:
    """Post an answer as it stands in the vault, and forget it there once somebody took or refused it.

    Raises:
        Unavailable: it is not known to have arrived; it stays.
        Rejected: it arrived and was refused, or the page to go on at is not the verifier's; it is forgotten. Or the
            verifier's server sends us elsewhere, and it stays.
        Malformed: it was taken, and what came back is not what the specification says; it is forgotten.
    """
    reply = fetcher.post_form(delivery.to, delivery.form, accept=_JSON)
    _require_later(reply)
    wallet.delivered(delivery)
    return _outcome(reply, delivery.to, fetcher)


def decline(request: Request, *, fetcher: Fetcher) -> Outcome:
    """Tell the verifier that there is no answer, and nothing of why.

    For a person who does not mind that it hears so: by saying nothing, it learns nothing either.

    Raises:
        Unavailable, Rejected, Malformed: as `deliver`; there is nothing that stays.
    """
    reply = fetcher.post_form(request.response_uri, vp.error_form(ACCESS_DENIED, request), accept=_JSON)
    _require_later(reply)
    return _outcome(reply, request.response_uri, fetcher)


def _fetched(order: vp.Order, fetcher: Fetcher) -> bytes:
    accept = (order.accept,)
    reply = (
        fetcher.get(order.url, accept=accept)
        if order.body is None
        else fetcher.post_form(order.url, order.body, accept=accept)
    )
    if reply.status != 200:
        raise Unavailable(f"the request is not there, or no longer: ask for a new one (HTTP {reply.status})")
    return reply.body


def _require_later(reply: Reply) -> None:
    """Require that a server did not ask to be asked again."""
    if reply.status >= 500 or reply.status in _LATER:
        raise Unavailable(f"the verifier cannot take answers at the moment (HTTP {reply.status})")


def _outcome(reply: Reply, to: str, fetcher: Fetcher) -> Outcome:
    """Read what came back; unknown members are ignored (section 8.2)."""
    if reply.status != 200:
        raise Rejected(ANSWER_TAKEN, message=f"the verifier does not take the answer (HTTP {reply.status})")
    with within("response_uri"):
        uri = json_object(reply.body).get("redirect_uri")
        if uri is None:
            return Outcome(redirect_uri=None)
        if not isinstance(uri, str) or len(uri) > MAX_URI:
            raise Malformed(f"`redirect_uri` is a text of at most {MAX_URI} characters")
        plain, _, part = uri.partition("#")  # a page may be shown from one of its parts on
        host_of("redirect_uri", plain, allow_loopback_http=fetcher.allows_loopback_http)
        if _PART.fullmatch(part) is None:
            raise Malformed("`redirect_uri` is not a URI")
        Trail().require(OWN_REDIRECT, urlsplit(plain).hostname == urlsplit(to).hostname)
    return Outcome(redirect_uri=uri)
