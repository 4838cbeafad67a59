"""The W3C's own examples of signed credentials: document and proof options have the canonical form that was hashed."""

from __future__ import annotations

import json
from hashlib import sha256, sha384
from typing import Any

import pytest

from eigendata.formats.di import contexts
from eigendata.formats.di.jsonld import canonical_nquads
from eigendata.formats.di.rdfc import Hash
from eigendata.formats.di.terms import Contexts
from tests.given import given

EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
SUITES: dict[str, tuple[str, Hash]] = {
    "vc-di-eddsa/eddsa-rdfc-2022": ("DataInt", sha256),
    "vc-di-ecdsa/ecdsa-rdfc-2019-p256": ("ECDSAP256", sha256),
    "vc-di-ecdsa/ecdsa-rdfc-2019-p384": ("ECDSAP384", sha384),
}


@pytest.mark.parametrize("suite", SUITES)
def test_an_example_of_the_w3c_has_its_published_form_and_hashes(suite: str) -> None:
    name, digest = SUITES[suite]
    examples = given("vectors/contexts/vc-data-model/contexts/credentials/examples/v2")
    known = Contexts({**contexts.w3c(), EXAMPLES: json.loads(examples.read_text(encoding="utf-8"))})

    def stated(file: str) -> Any:
        return json.loads(given(f"vectors/{suite}/{file}{name}.json").read_text(encoding="utf-8"))

    def published(file: str) -> bytes:
        return given(f"vectors/{suite}/{file}{name}.txt").read_bytes()

    document = {member: value for member, value in stated("signed").items() if member != "proof"}
    for what, value in (("Doc", document), ("proof", stated("proofConfig"))):
        form = canonical_nquads(value, contexts=known, hash=digest)
        assert form == published("canonDoc" if what == "Doc" else "proofCanon")
        assert digest(form).hexdigest().encode() == published("docHash" if what == "Doc" else "proofHash").strip()
