"""Laws of the wallet: whatever is asked in whatever order, no two verifiers can tell that they met the same person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eigendata.crypto.keys import PublicKey
from eigendata.errors import Declined
from eigendata.model import CredentialType
from eigendata.registers.catalogue import ADRES, HUISHOUDEN, INWONER, PERSOON
from eigendata.wallet import LEAST, Wallet
from tests.unit.wallet.town import answered, asked, authentic, collected, request

TYPES = (PERSOON, ADRES, INWONER, HUISHOUDEN)
COPIES = 3
VERIFIERS = st.sampled_from([f"https://{name}.example/answer" for name in "abcde"])
ASKED = st.lists(st.sampled_from(range(len(TYPES))), min_size=1, max_size=3, unique=True)


@given(steps=st.lists(st.tuples(VERIFIERS, ASKED, st.booleans()), min_size=1, max_size=10))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_key_tie_or_signature_is_seen_by_two_verifiers(
    tmp_path: Path, steps: Sequence[tuple[str, Sequence[int], bool]]
) -> None:
    path = tmp_path / "wallet"
    path.unlink(missing_ok=True)
    seen: dict[PublicKey | object, str] = {}
    with Wallet.create(path, "x", cost=LEAST) as wallet:
        collected(wallet, *TYPES, copies=COPIES)
        verifiers: set[str] = set()
        for verifier, places, renews in steps:
            if renews:
                collected(wallet, *TYPES, copies=COPIES)
                verifiers.clear()
            types: list[CredentialType] = [TYPES[place] for place in places]
            asking = request(*(asked(one, "set") for one in types), verifier=verifier)
            try:
                answer = answered(wallet, asking)
            except Declined:
                assert verifier not in verifiers
                assert len(verifiers) == COPIES
                continue
            verifiers.add(verifier)
            found = authentic(answer, asking)
            assert len({one.document["set"] for one in found.values()}) == 1
            for one in found.values():
                for told in (one.holder, one.document["set"]):
                    assert seen.setdefault(told, verifier) == verifier
            for presentations in answer.presentations.values():
                signature = presentations[0].token.split(b"~")[0].rsplit(b".", 1)[1]
                assert seen.setdefault(signature, verifier) == verifier
        assert {card.copies for card in wallet.cards()} == {COPIES - len(verifiers)}
