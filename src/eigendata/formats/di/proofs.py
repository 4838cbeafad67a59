"""Data Integrity proofs: what a suite signs, and whether a signature over it holds (VC Data Integrity 1.0).

    document without proof + proof options --suite--> SHA-256(proof configuration) || SHA-256(document) -> Ed25519

A suite is a value in a literal tuple: a name, the algorithm of its keys, and the form in which it hashes. That of JCS
is the JSON itself; that of RDFC is what the JSON means by its contexts, which are given and never fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from eigendata.crypto.keys import Algorithm, PublicKey, Signer
from eigendata.encoding import Json, multibase_encode
from eigendata.errors import Misuse
from eigendata.formats.di.jcs import canonicalize
from eigendata.formats.di.terms import Contexts

CONTEXT: Final = "@context"
PROOF_TYPE: Final = "DataIntegrityProof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One cryptographic suite.

    Attributes:
        canonical: gives the form of a document that is hashed; only RDFC looks at the contexts.
        embeds_context: the proof states the contexts of the document, and the document may get more behind them.
    """

    name: str
    algorithm: Algorithm
    canonical: Callable[[Mapping[str, Json], Contexts], bytes]
    embeds_context: bool

    def signed(self, document: Mapping[str, Json], options: Mapping[str, Json], contexts: Contexts) -> bytes:
        """Give the octets that are signed: two hashes, that of the proof configuration first.

        Args:
            document: without its proof.
            options: the proof without its value.
            contexts: those that are known.

        Raises:
            Malformed: a part of either would be lost, or has no canonical form.

        Source: VC-DI-EdDSA 1.0 sections 3.2.3 to 3.2.5 and 3.3.3 to 3.3.5.
        """
        if not self.embeds_context:
            options = {**options, CONTEXT: document.get(CONTEXT)}
        elif CONTEXT in options:
            document = {**document, CONTEXT: options[CONTEXT]}
        configuration = sha256(self.canonical(options, contexts)).digest()
        return configuration + sha256(self.canonical(document, contexts)).digest()

    def fits(self, document: Mapping[str, Json], options: Mapping[str, Json]) -> bool:
        """Tell whether the contexts that a proof states are those with which the document begins.

        Of a suite that does not embed them, the proof states none, or the very same: what it states is not signed.

        Source: VC-DI-EdDSA 1.0 section 3.3.2 (4).
        """
        if CONTEXT not in options:
            return True
        stated, whole = _listed(options[CONTEXT]), _listed(document.get(CONTEXT))
        return stated == whole[: len(stated)] if self.embeds_context else options[CONTEXT] == document.get(CONTEXT)

    def holds(
        self,
        signature: bytes,
        key: PublicKey,
        document: Mapping[str, Json],
        options: Mapping[str, Json],
        contexts: Contexts,
    ) -> bool:
        """Tell whether a signature over a document and its proof options is by this key.

        Raises:
            Malformed: as `signed`.
        """
        return key.verifies(signature, self.signed(document, options, contexts))

    def prove(
        self, document: Mapping[str, Json], options: Mapping[str, Json], signer: Signer, contexts: Contexts
    ) -> dict[str, Json]:
        """Make the proof of a document.

        Args:
            options: all of the proof but its type, suite, context and value.

        Raises:
            Misuse: the key is of another algorithm than the suite's.
            Malformed: as `signed`.

        Source: VC-DI-EdDSA 1.0 sections 3.2.1 and 3.3.1.
        """
        if signer.public_key.algorithm is not self.algorithm:
            raise Misuse(f"{self.name} is signed with a key for {self.algorithm}")
        proof: dict[str, Json] = {"type": PROOF_TYPE, "cryptosuite": self.name, **options}
        if self.embeds_context and CONTEXT in document:
            proof[CONTEXT] = document[CONTEXT]
        return {**proof, "proofValue": multibase_encode(signer.sign(self.signed(document, proof, contexts)))}


def _listed(contexts: Json) -> list[Json]:
    return list(contexts) if isinstance(contexts, list) else [contexts]


def _json(document: Mapping[str, Json], _: Contexts) -> bytes:
    return canonicalize(document)


def _rdf(document: Mapping[str, Json], contexts: Contexts) -> bytes:
    from eigendata.formats.di.jsonld import canonical_nquads  # late: who verifies the JSON itself reads no RDF

    return canonical_nquads(document, contexts=contexts)


EDDSA_JCS_2022: Final = Suite(name="eddsa-jcs-2022", algorithm=Algorithm.EDDSA, canonical=_json, embeds_context=True)
EDDSA_RDFC_2022: Final = Suite(name="eddsa-rdfc-2022", algorithm=Algorithm.EDDSA, canonical=_rdf, embeds_context=False)
SUITES: Final = (EDDSA_JCS_2022, EDDSA_RDFC_2022)
