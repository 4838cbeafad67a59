"""The corporation asks under its policy, and wallets of others answer with cards of the municipality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pytest

from eigendata import policies
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import thaw
from eigendata.formats import FORMATS
from eigendata.model import Binding, ClaimPath, Disclosure, Presentation
from tests.interop.material import jwk
from tests.interop.mdocs import AUTH0, OWF, Oracles, Peer
from tests.world import AISHA, AT, FORMAT, HOME, MDOC, Holder, World

B: Final = policies.load("woningcorporatie/B")


@dataclass(kw_only=True)
class Wallet(Holder):
    """A holder whose cards are shown by a library, and no more of them than is asked."""

    oracle: Oracles
    peer: Peer

    def show(
        self, type_id: str, paths: Iterable[ClaimPath], binding: Binding, *, k: int = 0, at: datetime = AT
    ) -> Presentation:
        holder = self.authentic(type_id, k, at).holder
        assert isinstance(holder, PublicKey)
        shown = self._mdoc if self.format == MDOC else self._sd_jwt
        return Presentation(
            format=self.format, token=shown(type_id, k, list(paths), binding, jwk(self.keys[holder], private=True))
        )

    def _mdoc(self, type_id: str, k: int, paths: list[ClaimPath], binding: Binding, key: Mapping[str, str]) -> bytes:
        (namespace,) = {str(path[0]) for path in paths}
        asked: dict[str, Any] = {
            "credential": self.cards[type_id][k].hex(),
            "doctype": type_id,
            "namespace": namespace,
            "names": [path[1] for path in paths],
            "key": {**key, "kid": "holder"},
            "session": {"transcript": binding.transcript.hex()},
        }
        return bytes.fromhex(self.peer.ask(self.oracle, "present", **asked))

    def _sd_jwt(self, type_id: str, k: int, paths: list[ClaimPath], binding: Binding, key: Mapping[str, str]) -> bytes:
        asked = {
            "credential": self.cards[type_id][k].decode(),
            "names": [path[0] for path in paths],
            "proof": {"iat": int(AT.timestamp()), "aud": binding.audience, "nonce": binding.nonce},
            "key": key,
        }
        return str(self.oracle("sd_jwt.mjs").ask("present", **asked)).encode()


def _told(disclosure: Disclosure) -> Any:
    return {question: thaw(given[0].claims) for question, given in disclosure.credentials.items()}


@pytest.mark.parametrize(
    ("format_", "peer"), [(MDOC, OWF), (MDOC, AUTH0), (FORMAT, OWF)], ids=["owf", "auth0", "sd-jwt-vc"]
)
def test_a_wallet_of_others_gets_the_same_advice(oracle: Oracles, format_: str, peer: Peer) -> None:
    world = World.make()
    of_ours = world.holder(AISHA, format=format_)
    of_others = Wallet(trust=world.trust, format=format_, oracle=oracle, peer=peer)
    of_others.fetch(world.boxtel, AISHA.record())
    said = []
    for holder in (of_ours, of_others):
        verifier = world.verifier(formats=FORMATS)
        request = verifier.ask(B, home=HOME, at=AT)
        disclosure = verifier.verify(holder.answer(request), request, at=AT)
        said.append((_told(disclosure), disclosure.advice))
    assert said[0] == said[1]
