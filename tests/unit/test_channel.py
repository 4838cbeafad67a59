"""What binds an answer to its session."""

from __future__ import annotations

import pytest

from eigendata.channel import openid4vp_redirect
from eigendata.errors import Misuse

URI = "https://woonstichting.example/answer"


def test_the_audience_is_the_whole_client_identifier() -> None:
    binding = openid4vp_redirect(client_id=f"redirect_uri:{URI}", nonce="n", response_uri=URI)
    assert (binding.audience, binding.nonce, binding.transcript) == (f"redirect_uri:{URI}", "n", b"")


@pytest.mark.parametrize("missing", ["client_id", "nonce", "response_uri"])
def test_nothing_is_bound_to_an_empty_session(missing: str) -> None:
    with pytest.raises(Misuse):
        openid4vp_redirect(**{"client_id": f"redirect_uri:{URI}", "nonce": "n", "response_uri": URI, missing: ""})
