"""What an issuer cannot sign as a credential in Data Integrity."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from eigendata.errors import Misuse
from eigendata.formats.di import LdpVc
from eigendata.formats.di.proofs import SUITES, Suite
from eigendata.model import Attestation, Method, Seal

from .forge import CLAIMS, HOLDER_KEY, ISSUER, ISSUER_KEY, METHOD, TYPE

SEAL = Seal(signer=ISSUER_KEY, origin=Method(controller=ISSUER, id=METHOD))
ATTESTATION = Attestation(
    type=TYPE,
    issuer="https://boxtel.example",
    claims=CLAIMS,
    holder=HOLDER_KEY.public_key,
    issued_at=datetime(2026, 11, 23, tzinfo=UTC),
    expires_at=datetime(2026, 12, 7, tzinfo=UTC),
)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_type_that_no_iri_names_is_not_signed_in_any_suite(suite: Suite) -> None:
    """Found beside another library: its terms stand for nothing, which the suite of JSON alone does not notice."""
    LdpVc(suite=suite).issue(ATTESTATION, SEAL)
    for name in ("org.example.person.1", "person", "urn:example:a b", ""):
        with pytest.raises(Misuse, match="IRI"):
            LdpVc(suite=suite).issue(replace(ATTESTATION, type=replace(TYPE, id=name)), SEAL)
