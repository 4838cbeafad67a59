"""A wallet of foreign libraries: @openid4vc/openid4vp and dcql for the protocol, one library for each format.

    invitation -> resolve -> Resolved -> choose, show -> vp_token -> answer -> what it posts, and where

It holds the cards of a `Holder` and does with them what it is told to: honestly, or not.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from eigendata.crypto.keys import PublicKey, SoftwareKey
from eigendata.encoding import b64url_encode
from tests.interop.material import jwk
from tests.interop.mdocs import Oracles
from tests.interop.town import ACCESS, DID, KEY, METHOD, clock
from tests.world import FORMAT, MDOC, Holder

SCRIPT: Final = "openid4vp.mjs"
ANCHORS: Final = [base64.b64encode(ACCESS).decode()]


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A request as the library read it.

    Attributes:
        thumbprint: of the key that it seals its answer to.
    """

    parameters: Mapping[str, Any]
    client: Mapping[str, str]
    version: int
    thumbprint: str | None = None

    def session(self, **changes: str | None) -> dict[str, str]:
        """Give what a session transcript is made of; a part that is changed to None is left out."""
        parts = {
            "clientId": self.parameters["client_id"],
            "nonce": self.parameters["nonce"],
            "responseUri": self.parameters["response_uri"],
            "jwkThumbprint": self.thumbprint if self.parameters["response_mode"] == "direct_post.jwt" else None,
            **changes,
        }
        return {name: value for name, value in parts.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Card:
    """A credential, of which the wallet has the key.

    Attributes:
        authorities: identifiers of the keys of who certified its issuer.
    """

    format: str
    type: str
    token: bytes
    key: SoftwareKey
    authorities: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the library opens."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None = None


@dataclass(frozen=True, kw_only=True)
class ForeignWallet:
    """Cards, and libraries to show them with."""

    oracle: Oracles
    cards: tuple[Card, ...]

    @classmethod
    def of(cls, oracle: Oracles, *holders: Holder) -> ForeignWallet:
        """Take over the first copy of everything that holders have."""
        cards = []
        for one in holders:
            for type_id, copies in one.cards.items():
                opened = one.authentic(type_id, at=clock())
                assert isinstance(opened.holder, PublicKey)
                cards.append(
                    Card(
                        format=one.format,
                        type=type_id,
                        token=copies[0],
                        key=one.keys[opened.holder],
                        authorities=tuple(opened.issuer.authority_key_ids),
                    )
                )
        return cls(oracle=oracle, cards=tuple(cards))

    def ask(self, call: str, **asked: Any) -> Any:
        return self.oracle(SCRIPT).ask(call, **asked)

    # -- reading ------------------------------------------------------------------------------------------------------

    def resolve(
        self,
        invitation: str,
        fetch: Callable[[Order], str] | None = None,
        *,
        nonce: str | None = None,
        **more: Any,
    ) -> Resolved:
        """Read what the wallet is opened with; what it orders is fetched by `fetch`.

        Args:
            nonce: of the wallet. The library compares it; it is its host that sends it.

        Raises:
            Refused: it does not accept the request.
        """
        asked = {
            "invitation": invitation,
            "anchors": ANCHORS,
            "methods": {METHOD: jwk(KEY)},
            **({} if nonce is None else {"nonce": nonce}),
            **more,
        }
        said = self.ask("resolve", **asked)
        if "order" in said:
            assert fetch is not None, f"{DID} is not asked here"
            said = self.ask("resolve", **asked, fetched=fetch(Order(**said["order"])))
        return Resolved(**said)

    # -- showing ------------------------------------------------------------------------------------------------------

    @cached_property
    def _known(self) -> list[dict[str, Any]]:
        return [self._told(one) for one in self.cards]

    def _told(self, card: Card) -> dict[str, Any]:
        """Say what a card is to dcql, as the library of its format reads it."""
        if card.format == MDOC:
            says = self.oracle("owf.mjs").ask("claims", credential=card.token.hex())
            what = {"doctype": card.type, "namespaces": says}
        else:
            says = self.oracle("sd_jwt.mjs").ask("claims", credential=card.token.decode())
            what = {"vct": card.type, "claims": says}
        authority = {"type": "aki", "values": [b64url_encode(one) for one in card.authorities]}
        return {
            "credential_format": card.format,
            "cryptographic_holder_binding": True,
            "authority": authority,
            **what,
        }

    def choose(self, resolved: Resolved) -> dict[str, tuple[Card, list[list[Any]]]]:
        """Give for each credential query the card that answers it, and the paths that were asked."""
        said = self.ask("choose", query=resolved.parameters["dcql_query"], cards=self._known)
        return {name: (self.cards[one["card"]], one["paths"]) for name, one in said.items()}

    def show(self, resolved: Resolved, changes: Changes | None = None) -> dict[str, list[str]]:
        """Make the `vp_token`."""
        chosen = self.choose(resolved)
        return {name: [self.shown(card, paths, resolved, changes)] for name, (card, paths) in chosen.items()}

    def shown(self, card: Card, paths: list[list[Any]], resolved: Resolved, changes: Changes | None = None) -> str:
        """Show these paths of a card."""
        changes = changes or Changes()
        key = jwk(changes.holder or card.key, private=True)
        if card.format == FORMAT:
            now = int(clock().timestamp())
            proof = {"aud": resolved.parameters["client_id"], "nonce": resolved.parameters["nonce"]}
            asked = {
                "credential": card.token.decode(),
                "names": [path[0] for path in paths],
                "proof": {"iat": now + changes.later, **proof, **changes.proof},
                "key": key,
            }
            return changes.token(str(self.oracle("sd_jwt.mjs").ask("present", **asked)))
        asked = {
            "credential": card.token.hex(),
            "doctype": card.type,
            "namespace": paths[0][0],
            "names": [path[1] for path in paths],
            "key": key,
            "session": resolved.session(**changes.session),
        }
        shown = bytes.fromhex(self.oracle("owf.mjs").ask("present", **asked))
        return base64.urlsafe_b64encode(shown).decode().rstrip("=")

    # -- answering ----------------------------------------------------------------------------------------------------

    def answer(
        self, resolved: Resolved, tokens: Mapping[str, list[str]], *, enc: str = "A128GCM", **more: Any
    ) -> Order:
        """Give what the library posts."""
        asked = {"parameters": dict(resolved.parameters), "tokens": dict(tokens), "enc": enc, **more}
        return Order(**self.ask("answer", **asked)["order"])

    def holding(self, *cards: Card) -> ForeignWallet:
        return replace(self, cards=cards)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a wallet does otherwise than it should when it shows a card.

    Attributes:
        proof: members of the holder's proof (SD-JWT VC).
        later: seconds that its clock is ahead.
        session: parts of the session transcript (mdoc).
        holder: another key than the card's.
        token: what becomes of an SD-JWT afterwards.
    """

    proof: Mapping[str, Any] = field(default_factory=dict)
    later: int = 0
    session: Mapping[str, str | None] = field(default_factory=dict)
    holder: SoftwareKey | None = None
    token: Callable[[str], str] = str
