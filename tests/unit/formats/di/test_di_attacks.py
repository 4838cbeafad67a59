"""Documents of hostile strangers, each of which was once read otherwise than it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from eigendata.errors import Rejected
from eigendata.formats.di import LDP_VC, checks
from eigendata.formats.di.proofs import SUITES, Suite
from eigendata.model import UNBOUND, Authentic

from .forge import HOLDER_KEY, HOLDING, NOW, TYPE, Issuers, document, shown, signed, subject, verified, written


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_whatever_is_accepted_of_an_issuer_can_be_shown(suite: Suite) -> None:
    """A stranger may add contexts to a proof of RDFC, and an issuer may name the types in any order."""
    types = document()["type"]
    proof_with_contexts = signed(suite=suite, after={"@context": document()["@context"]})
    for credential in (proof_with_contexts, signed(document(type=types[::-1]), suite=suite)):
        token = written(credential)
        LDP_VC.parse_credential(token).verify([TYPE], trust=Issuers(), at=NOW)
        assert verified(LDP_VC.present(token, TYPE, [], HOLDING, at=NOW)).holder == HOLDER_KEY.public_key


def test_a_subject_that_is_named_by_nothing_is_not_one_without_a_name() -> None:
    """An issuer that signs the JSON alone may sign a null, which a reader of the JSON-LD would drop."""
    credential = signed(document(credentialSubject={**subject(), "id": None}))
    looks: tuple[Callable[[], Authentic], ...] = (
        lambda: LDP_VC.parse_credential(written(credential)).verify([TYPE], trust=Issuers(), at=NOW),
        lambda: verified(shown(credential), UNBOUND),
    )
    for look in looks:
        with pytest.raises(Rejected) as rejected:
            look()
        assert rejected.value.check is checks.SUBJECT_KEY


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_of_two_types_that_are_called_alike_the_one_whose_context_is_named_is_meant(suite: Suite) -> None:
    """Two versions of one type have one short name, and a verifier may ask for both."""
    newer = replace(TYPE, id="urn:example:person:2")
    token = written(signed(suite=suite))
    for types in ([TYPE, newer], [newer, TYPE]):
        assert LDP_VC.parse_credential(token).verify(types, trust=Issuers(), at=NOW).type is TYPE
    with pytest.raises(Rejected) as rejected:
        LDP_VC.parse_credential(token).verify([newer], trust=Issuers(), at=NOW)
    assert rejected.value.check is checks.CONTEXTS_KNOWN
