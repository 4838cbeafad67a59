"""Documents of hostile strangers, each of which was once read otherwise than it should."""

from __future__ import annotations

import pytest

from eigendata.formats.di import LDP_VC
from eigendata.formats.di.proofs import SUITES, Suite

from .forge import HOLDER_KEY, HOLDING, NOW, TYPE, Issuers, document, signed, verified, written


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_whatever_is_accepted_of_an_issuer_can_be_shown(suite: Suite) -> None:
    """A stranger may add contexts to a proof of RDFC, and an issuer may name the types in any order."""
    types = document()["type"]
    proof_with_contexts = signed(suite=suite, after={"@context": document()["@context"]})
    for credential in (proof_with_contexts, signed(document(type=types[::-1]), suite=suite)):
        token = written(credential)
        LDP_VC.parse_credential(token).verify([TYPE], trust=Issuers(), at=NOW)
        assert verified(LDP_VC.present(token, TYPE, [], HOLDING, at=NOW)).holder == HOLDER_KEY.public_key
