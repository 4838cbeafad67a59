"""A token of one kind is never taken for one of another, even where all else about it is as the other kind has it.

Each door gets a token with the claims, the key and the place that it wants, and the `typ` of every kind in turn. Then
each door gets the real tokens of every kind as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from eigendata.errors import Malformed, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import UNBOUND
from eigendata.proofs import verify_proofs
from tests.unit.formats.forge import (
    ABSENT,
    ANY,
    BINDING,
    HOLDER_KEY,
    ISSUER_KEY,
    NOW,
    Source,
    payload,
    proof,
    signed,
)

CREDENTIAL, PROOF, KEY_PROOF = "dc+sd-jwt", "kb+jwt", "openid4vci-proof+jwt"
KINDS: Final = (
    *(CREDENTIAL, PROOF, KEY_PROOF, "JWT", "jwt", "at+jwt", "dpop+jwt", "statuslist+jwt", "oauth-authz-req+jwt"),
    *(
        "vc+sd-jwt",
        "vp+sd-jwt",
        "sd-jwt",
        "example+sd-jwt",
        "key-attestation+jwt",
        "rc-wrp+jwt",
    ),
    ABSENT,
)
KEY_HEADER: Final = {"jwk": HOLDER_KEY.public_key.jwk(), "kid": ABSENT}
KEY_CLAIMS: Final = {"aud": BINDING.audience, "nonce": BINDING.nonce, "iat": int(NOW.timestamp())}


def as_credential(token: bytes) -> object:
    return SD_JWT_VC.parse_credential(token + b"~").verify([ANY], trust=Source(), at=NOW)


def as_shown(token: bytes) -> object:
    return SD_JWT_VC.parse_presentation(token + b"~").verify([ANY], UNBOUND, trust=Source(), at=NOW)


def as_bound(token: bytes) -> object:
    shown = token + b"~"
    presentation = SD_JWT_VC.parse_presentation(shown + proof(shown))
    return presentation.verify([ANY], BINDING, trust=Source(), at=NOW)


SHOWN: Final = signed(payload()) + b"~"


def as_holders_proof(token: bytes) -> object:
    return SD_JWT_VC.parse_presentation(SHOWN + token).verify([ANY], BINDING, trust=Source(), at=NOW)


def as_key_proof(token: bytes) -> object:
    return verify_proofs([token], BINDING.audience, BINDING.nonce, at=NOW)


def made_for_issuer(typ: Any) -> bytes:
    return signed(payload(), {"typ": typ})


def made_for_holder(typ: Any) -> bytes:
    return proof(SHOWN, {"typ": typ})


def made_for_key(typ: Any) -> bytes:
    return signed(KEY_CLAIMS, {**KEY_HEADER, "typ": typ}, HOLDER_KEY)


DOORS: Final[Mapping[str, tuple[Callable[[bytes], object], Callable[[Any], bytes], str]]] = {
    "a credential": (as_credential, made_for_issuer, CREDENTIAL),
    "a credential that is shown": (as_shown, made_for_issuer, CREDENTIAL),
    "a credential that is shown with a proof": (as_bound, made_for_issuer, CREDENTIAL),
    "a holder's proof": (as_holders_proof, made_for_holder, PROOF),
    "a proof of a key": (as_key_proof, made_for_key, KEY_PROOF),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind if isinstance(kind, str) else "none")
@pytest.mark.parametrize("door", DOORS)
def test_a_kind_is_accepted_at_its_own_door_and_at_no_other_though_all_else_fits(door: str, kind: Any) -> None:
    enter, make, own = DOORS[door]
    if kind == own:
        assert enter(make(kind))
        return
    with pytest.raises((Malformed, Rejected)):
        enter(make(kind))


@pytest.mark.parametrize("made", DOORS)
@pytest.mark.parametrize("door", DOORS)
def test_a_real_token_of_one_kind_opens_no_door_of_another(door: str, made: str) -> None:
    enter, _, own = DOORS[door]
    _, make, kind = DOORS[made]
    if kind == own:
        return
    with pytest.raises((Malformed, Rejected)):
        enter(make(kind))


@pytest.mark.parametrize("key", [ISSUER_KEY, HOLDER_KEY], ids=["the issuer's key", "the holder's key"])
def test_one_key_for_everything_makes_no_kind_another(key: Any) -> None:
    """The worst an issuer can do: the same key for its credentials, as holder and in proofs."""
    own = {"jwk": key.public_key.jwk()}
    credential = signed(payload(cnf=own), key=key)
    trust = Source(key=key)
    shown = credential + b"~"
    holders, keys = proof(shown, key=key), signed(KEY_CLAIMS, {**own, "kid": ABSENT, "typ": KEY_PROOF}, key)

    def verified(token: bytes) -> object:
        return SD_JWT_VC.parse_presentation(token).verify([ANY], BINDING, trust=trust, at=NOW)

    assert verified(shown + holders)
    assert as_key_proof(keys)
    for token in (shown + keys, shown + credential, holders + b"~" + holders, keys + b"~" + holders):
        with pytest.raises((Malformed, Rejected)):
            verified(token)
    for token in (credential, holders):
        with pytest.raises((Malformed, Rejected)):
            as_key_proof(token)
