"""What binds an answer to its session."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eigendata.channel import openid4vp_dc_api, openid4vp_redirect
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import cbor_loads
from eigendata.errors import Misuse
from tests.given import given

URI = "https://woonstichting.example/answer"
SESSION: dict[str, Any] = {"client_id": f"redirect_uri:{URI}", "nonce": "n", "response_uri": URI}
ORIGIN: dict[str, Any] = {"origin": "https://woonstichting.example", "nonce": "n"}


def test_the_audience_is_the_whole_client_identifier() -> None:
    binding = openid4vp_redirect(**SESSION)
    assert (binding.audience, binding.nonce) == (f"redirect_uri:{URI}", "n")


def test_the_audience_has_the_prefix_of_an_origin_and_the_transcript_has_not() -> None:
    assert openid4vp_dc_api(**ORIGIN).audience == "origin:https://woonstichting.example"
    with pytest.raises(Misuse):
        openid4vp_dc_api(origin="origin:https://woonstichting.example", nonce="n")


@pytest.mark.parametrize("missing", ["client_id", "nonce", "response_uri"])
def test_nothing_is_bound_to_an_empty_session(missing: str) -> None:
    with pytest.raises(Misuse):
        openid4vp_redirect(**SESSION | {missing: ""})


@pytest.mark.parametrize("missing", ["origin", "nonce"])
def test_nothing_is_bound_to_an_empty_origin(missing: str) -> None:
    with pytest.raises(Misuse):
        openid4vp_dc_api(**ORIGIN | {missing: ""})


def test_transcripts_are_written_as_published() -> None:
    for version in ("1.0", "1.1"):
        published = json.loads(given(f"vectors/openid4vp/{version}/session_transcript_vectors.json").read_text())
        for channel, handover in (("redirect", "OpenID4VPHandover"), ("dc_api", "OpenID4VPDCAPIHandover")):
            example = published[channel]
            jwk = {name: example["jwk"][name] for name in ("kty", "crv", "x", "y")}
            who, nonce, thumbprint, *where = cbor_loads(bytes.fromhex(example[f"{handover}Info"]))  # type: ignore[misc]
            key = PublicKey.from_jwk(jwk).thumbprint()
            assert key == thumbprint
            session: dict[str, Any] = {"nonce": nonce, "encryption_key": key}
            if channel == "redirect":
                binding = openid4vp_redirect(client_id=str(who), response_uri=str(where[0]), **session)
            else:
                binding = openid4vp_dc_api(origin=str(who), **session)
            assert binding.transcript.hex() == example["SessionTranscript"]


def test_every_part_of_a_session_is_in_its_transcript() -> None:
    key = bytes(32)
    redirects = [
        openid4vp_redirect(**SESSION),
        openid4vp_redirect(**SESSION | {"client_id": "x509_hash:abc"}),
        openid4vp_redirect(**SESSION | {"nonce": "m"}),
        openid4vp_redirect(**SESSION | {"response_uri": f"{URI}/"}),
        openid4vp_redirect(**SESSION, encryption_key=key),
        openid4vp_redirect(**SESSION, encryption_key=b"\1" + key[1:]),
        openid4vp_dc_api(**ORIGIN),
        openid4vp_dc_api(**ORIGIN | {"origin": "https://other.example"}),
        openid4vp_dc_api(**ORIGIN | {"nonce": "m"}),
        openid4vp_dc_api(**ORIGIN, encryption_key=key),
    ]
    assert len({one.transcript for one in redirects}) == len(redirects)


def test_a_key_is_named_by_its_thumbprint() -> None:
    with pytest.raises(Misuse):
        openid4vp_redirect(**SESSION, encryption_key=b"key")
    with pytest.raises(Misuse):
        openid4vp_dc_api(**ORIGIN, encryption_key=bytes(33))
