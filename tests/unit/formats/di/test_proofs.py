"""What the suites sign, byte for byte as the W3C's vectors have it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from eigendata import did
from eigendata.crypto import multikey
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, json_object, multibase_decode
from eigendata.errors import Misuse
from eigendata.formats.di.jcs import canonicalize
from eigendata.formats.di.jsonld import canonical_nquads
from eigendata.formats.di.parse import parse_credential
from eigendata.formats.di.proofs import EDDSA_JCS_2022, EDDSA_RDFC_2022, SUITES, Suite
from eigendata.formats.di.terms import Contexts
from tests.given import given

FOLDER = "vectors/vc-di-eddsa"
CASES: list[tuple[Suite, str, str]] = [
    (EDDSA_JCS_2022, "eddsa-jcs-2022", "JCS"),
    (EDDSA_RDFC_2022, "eddsa-rdfc-2022", "DataInt"),
]


def text(path: str) -> str:
    return given(f"{FOLDER}/{path}").read_text()


def contexts() -> Contexts:
    """The contexts of the vectors, as the W3C publishes them."""
    root = "vectors/contexts"
    found = {
        "https://www.w3.org/ns/credentials/v2": f"{root}/rec-2025/vc-data-model/contexts/credentials/v2",
        "https://www.w3.org/ns/credentials/examples/v2": f"{root}/vc-data-model/contexts/credentials/examples/v2",
    }
    return Contexts({url: json.loads(given(path).read_bytes()) for url, path in found.items()})


def key() -> SoftwareKey:
    pair = json.loads(text("keyPair.json"))
    signer = SoftwareKey.from_secret(Algorithm.EDDSA, multibase_decode(pair["privateKeyMultibase"])[2:])
    assert multikey.write(signer.public_key) == pair["publicKeyMultibase"]
    return signer


@pytest.mark.parametrize(("suite", "folder", "ending"), CASES, ids=[one.name for one, _, _ in CASES])
def test_every_step_of_a_suite_is_that_of_its_vector(suite: Suite, folder: str, ending: str) -> None:
    unsigned = json_object(text("unsigned.json").encode())
    config = json_object(text(f"{folder}/proofConfig{ending}.json").encode())
    known = contexts()
    canonical: Any = canonicalize if suite is EDDSA_JCS_2022 else lambda one: canonical_nquads(one, contexts=known)
    assert canonical(unsigned) == text(f"{folder}/canonDoc{ending}.txt").encode()
    assert canonical(config) == text(f"{folder}/proofCanon{ending}.txt").encode()
    assert sha256(canonical(unsigned)).hexdigest() == text(f"{folder}/docHash{ending}.txt").strip()
    assert sha256(canonical(config)).hexdigest() == text(f"{folder}/proofHash{ending}.txt").strip()
    options = {name: value for name, value in config.items() if name != "@context" or suite.embeds_context}
    assert suite.signed(unsigned, options, known).hex() == text(f"{folder}/combinedHash{ending}.txt").strip()
    made = suite.prove(
        unsigned,
        {name: value for name, value in options.items() if name not in ("type", "cryptosuite", "@context")},
        key(),
        known,
    )
    assert made == json.loads(text(f"{folder}/signed{ending}.json"))["proof"]
    assert made["proofValue"] == text(f"{folder}/sigBTC58{ending}.txt").strip()
    assert multibase_decode(str(made["proofValue"])).hex() == text(f"{folder}/sigHex{ending}.txt").strip()


@pytest.mark.parametrize(("suite", "folder", "ending"), CASES, ids=[one.name for one, _, _ in CASES])
def test_a_published_proof_holds_and_no_longer_after_any_change(suite: Suite, folder: str, ending: str) -> None:
    token = given(f"{FOLDER}/{folder}/signed{ending}.json").read_bytes()
    known, whole = contexts(), parse_credential(token)
    proof = whole.proof
    assert proof is not None
    assert proof.value is not None
    assert proof.method is not None
    public = did.read_key_did(str(did.controller_of(proof.method)))
    assert suite.fits(whole.document, proof.options)
    assert suite.holds(proof.value, public, whole.document, proof.options, known)
    changed = {**whole.document, "validFrom": "2023-01-01T00:00:01Z"}
    assert not suite.holds(proof.value, public, changed, proof.options, known)
    assert not suite.holds(
        proof.value, public, whole.document, {**proof.options, "created": "2023-02-24T23:36:39Z"}, known
    )
    other = next(one for one in SUITES if one is not suite)
    assert not other.holds(proof.value, public, whole.document, proof.options, known)


@pytest.mark.parametrize("signed", ["signedProofSet2.json", "signedProofChain1.json"])
def test_each_proof_of_a_published_set_holds_by_itself(signed: str) -> None:
    document = json.loads(text(f"proof-set-chain/{signed}"))
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    known = contexts()
    tried = 0
    for proof in document["proof"]:
        if "previousProof" in proof:
            continue  # it is signed over the others too, and refused here
        token = json.dumps({**unsecured, "proof": proof}).encode()
        parsed = parse_credential(token).proof
        assert parsed is not None
        assert parsed.value is not None
        public = did.read_key_did(proof["verificationMethod"].partition("#")[0])
        assert EDDSA_RDFC_2022.holds(parsed.value, public, unsecured, parsed.options, known)
        tried += 1
    assert tried >= 2


def test_a_proof_of_canonical_json_may_be_followed_by_more_contexts_and_never_by_others() -> None:
    first, second = "https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"
    for stated, whole, fits in (
        ([first], [first, second], True),
        (first, [first, second], True),
        ([first, second], [first, second], True),
        ([second], [first, second], False),
        ([first, second], [first], False),
        ([first, second], [second, first], False),
        ([], [first], True),
    ):
        document: dict[str, Json] = {"@context": whole, "a": 1}
        options: dict[str, Json] = {"@context": stated}
        assert EDDSA_JCS_2022.fits(document, options) is fits
        assert EDDSA_RDFC_2022.fits(document, options) is (stated == whole)
        assert EDDSA_JCS_2022.signed(document, options, contexts()) == EDDSA_JCS_2022.signed(
            {**document, "@context": stated}, options, contexts()
        )
    assert all(suite.fits({"@context": [first]}, {}) for suite in SUITES)


def test_a_document_without_contexts_is_signed_as_json() -> None:
    # as in the first example of VC Data Integrity 1.0 section 2.1
    proof = EDDSA_JCS_2022.prove(
        {"myWebsite": "https://hello.world.example/"}, {"proofPurpose": "a"}, key(), contexts()
    )
    assert "@context" not in proof


def test_a_suite_is_signed_with_a_key_of_its_own_algorithm() -> None:
    for suite in SUITES:
        with pytest.raises(Misuse):
            suite.prove({"@context": []}, {}, SoftwareKey.generate(Algorithm.ES256), contexts())
