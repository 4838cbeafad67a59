"""Where a library and eigendata judge the same mdoc differently, each by name, with its clause.

The tables are exact: what they do not hold must not happen, and what they hold must. `docs/explanation/peers.md` prints
them. Each case is one of `broken.py` or `good.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.differential.disagreement import Side
from tests.interop.mdocs import AUTH0, ISOMDOC, OPENVC, OWF, PEERS, PYMDOCCBOR, Peer


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """What some libraries answer otherwise than eigendata.

    Attributes:
        cases: case -> the libraries.
        where: the place in a library's source, or in its tracker.
        words: of a refusal, by library: what it says, as a pattern; so that nothing else passes for it.
    """

    id: str
    clause: str
    side: Side
    cases: Mapping[str, tuple[Peer, ...]] = field(repr=False)
    what: str
    means: str
    where: str
    words: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def peers(self) -> tuple[Peer, ...]:
        return tuple(dict.fromkeys(one for several in self.cases.values() for one in several))


def each(peers: tuple[Peer, ...], *cases: str) -> Mapping[str, tuple[Peer, ...]]:
    """Say that the same libraries differ in several cases."""
    return dict.fromkeys(cases, peers)


ACCEPTED: Final = (
    Deviation(
        id="doctype-stated",
        clause="ISO 9.3.1",
        side=Side.RULE,
        cases={"shown as another docType": (OWF, PYMDOCCBOR), "another docType stated": (PYMDOCCBOR,)},
        what="the docType of the document is not compared with the one that the issuer signed",
        means="a holder shows a library card as a passport, if one authority certifies both; a caller must compare "
        "with `issuerAuth.mobileSecurityObject.docType`",
        where="@owf/mdoc: `src/mdoc/models/issuer-signed.ts`, `verify`",
    ),
    Deviation(
        id="doctype-asked",
        clause="OpenID4VP 1.0 B.2.3",
        side=Side.SCOPE,
        cases=each((OWF, AUTH0, ISOMDOC, PYMDOCCBOR), "of another docType"),
        what="no docType is asked for; it comes back with the document",
        means="a caller who forgets it takes one kind of document for another",
        where="@owf/mdoc asks it where a `deviceRequest` is passed to `verifyDeviceResponse`",
    ),
    Deviation(
        id="namespace-unsigned",
        clause="ISO 9.3.1",
        side=Side.RULE,
        cases=each((PYMDOCCBOR,), "elements moved to a namespace that nobody signed"),
        what="elements of a namespace that the issuer signed nothing of are valid, with a line in the log",
        means="whoever carries a document adds elements of his own under a new namespace: nothing tells them apart",
        where="`pymdoccbor/mso/verifier.py`, `verify_element_hashes`: `continue`",
    ),
    Deviation(
        id="device-auth",
        clause="ISO 9.1.3, 9.3.1",
        side=Side.SCOPE,
        cases=each(
            (PYMDOCCBOR,),
            *("another nonce", "another client_id", "another response_uri", "encrypted to another key"),
            *("another holder's key", "holder's proof left out"),
        ),
        what="the holder's proof is not looked at: the library is for what the issuer signed",
        means="who verifies with it alone accepts what anyone copied",
        where="`pymdoccbor/mdoc/verifier.py`, `MobileDocument.verify`",
    ),
    Deviation(
        id="key-authorizations",
        clause="ISO 9.1.2.4, 9.3.1",
        side=Side.RULE,
        cases=each(PEERS, "an element that the holder states"),
        what="elements that the holder states by himself are accepted where the issuer authorized none",
        means="little, as long as a caller keeps `deviceSigned` and `issuerSigned` apart",
        where="@owf/mdoc reads `KeyAuthorizations`, and nobody looks at them",
    ),
    Deviation(
        id="validity",
        clause="ISO 9.3.1",
        side=Side.RULE,
        cases=each((ISOMDOC, PYMDOCCBOR), "expired", "not valid yet", "signed before the signer was certified"),
        what="`validityInfo` is not looked at; isomdoc gives it back",
        means="an expired document is accepted, unless the caller looks",
        where="`isomdoc/verify/verify_mdoc.py`, `ValidityInfo`; `pymdoccbor/mso/verifier.py`",
    ),
    Deviation(
        id="authority",
        clause="ISO 9.3.1, 9.3.3",
        side=Side.SCOPE,
        cases=each((ISOMDOC,), "certified by another authority of the same name"),
        what="no chain is verified: the key of whatever certificate came along is believed, and the chain given back",
        means="without a look at `mso_certificate_chain`, everyone is an issuer",
        where="`isomdoc/verify/verify_mdoc.py`, `IssuerSigned`",
    ),
    Deviation(
        id="signer-use",
        clause="ISO B.1.4",
        side=Side.RULE,
        cases=each((OWF, AUTH0, ISOMDOC, PYMDOCCBOR), "certified for another use"),
        what="that a certificate is for signing mdocs is not looked at; @owf/mdoc leaves chains to its caller",
        means="any key that the authority certified for anything signs mdocs",
        where="@auth0/mdl: `IssuerAuth`, `verifyX509Chain` of cose-kit",
    ),
    Deviation(
        id="error-status",
        clause="ISO 8.3.2.1.2.3",
        side=Side.OPEN,
        cases=each((OWF, AUTH0, PYMDOCCBOR), "status is an error"),
        what="a response that says that something went wrong is accepted; pymdoccbor gives the status back",
        means="little: nobody signs the status",
        where="@owf/mdoc: `src/mdoc/models/device-response.ts`; @auth0/mdl: `Verifier.verify`",
    ),
    Deviation(
        id="version",
        clause="ISO 8.3.2.1.2.2",
        side=Side.OPEN,
        cases=each((OWF, AUTH0, OPENVC, PYMDOCCBOR), "another version"),
        what="a response of another version is read as if it were 1.0 (@auth0/mdl: of a later one)",
        means="little, as long as there is no other",
        where="as above",
    ),
    Deviation(
        id="sent-twice",
        clause="ISO 9.1.2.5",
        side=Side.OPEN,
        cases=each(PEERS, "an element sent twice"),
        what="an element may be sent twice under one digest",
        means="nothing: both are the same",
        where="nobody counts",
    ),
    Deviation(
        id="longer-heads",
        clause="ISO 8.1",
        side=Side.RULE,
        cases=each((AUTH0, OPENVC, ISOMDOC, PYMDOCCBOR), "an element with a head longer than needed"),
        what="CBOR with longer heads than needed is read; @owf/mdoc refuses it because it writes elements anew before "
        "it takes their digest",
        means="one element has many spellings; older releases of @auth0/mdl write some",
        where="[auth0-lab/mdl#48](https://github.com/auth0-lab/mdl/issues/48), "
        "[mdoc-ts#247](https://github.com/openwallet-foundation-labs/mdoc-ts/issues/247)",
    ),
)
"""What we refuse and a library accepts: the cases of `broken.py`."""

REFUSED: Final = (
    Deviation(
        id="no-elements",
        clause="ISO 8.3.2.1.2.2",
        side=Side.RULE,
        cases=each((OWF, AUTH0, PYMDOCCBOR), "no element shown"),
        what="a document without `nameSpaces`, in which everything is withheld, is not read: they are optional",
        means="a proof that somebody holds a document, and no more, is not possible",
        where="@owf/mdoc: `issuerSignedSchema`; @auth0/mdl: `parser.ts`, `mapIssuerNameSpaces`",
        words={
            OWF.name: "Error decoding IssuerNamespaces",
            AUTH0.name: "TypeError: .*'entries'",
            PYMDOCCBOR.name: "TypeError: .*nameSpaces",
        },
    ),
    Deviation(
        id="unprotected",
        clause="RFC 9052 3.1",
        side=Side.RULE,
        cases=each((ISOMDOC,), "a kid beside the holder's signature"),
        what="anything in the unprotected bucket of the holder's signature is refused",
        means="wallets that name their key there are refused: @owf/mdoc and @auth0/mdl do, if the key has a `kid`",
        where="`isomdoc/verify/verify_mdoc.py`, `DeviceSigned`",
        words={ISOMDOC.name: "unprotected is invalid"},
    ),
    Deviation(
        id="curves",
        clause="ISO 9.1.2.5, 9.1.3.6",
        side=Side.RULE,
        cases={
            "a holder's key of P-384": (OWF, ISOMDOC),
            "a holder's key of Ed25519": (ISOMDOC,),
            "an issuer's key of P-384": (OWF, ISOMDOC, PYMDOCCBOR),
        },
        what="keys of P-384 or Ed25519 are not read. In @owf/mdoc P-384 is called `p-384`, which no JWK is; isomdoc "
        "verifies everything as ES256",
        means="only P-256 works everywhere",
        where="@owf/mdoc: `jwkCoseKeyMap`; isomdoc: `TODO Support the algos corrected`; `pymdoccbor/settings.py`, "
        "`CRV_LEN_MAP`",
        words={
            OWF.name: "Received 'p-384'|Invalid EC curve name|Error decoding CoseKey",  # by node's version
            ISOMDOC.name: "InvalidSignature|Unsupported COSE key type",
            PYMDOCCBOR.name: "a signature or a certificate",
        },
    ),
    Deviation(
        id="hashes",
        clause="ISO 9.1.2.5",
        side=Side.RULE,
        cases=each((PYMDOCCBOR,), "digests by SHA-384", "digests by SHA-512"),
        what="every digest is taken by SHA-256, whatever `digestAlgorithm` says",
        means="documents with longer digests are refused",
        where="`pymdoccbor/mso/verifier.py`, `verify_element_hashes`",
        words={PYMDOCCBOR.name: "hash mismatch"},
    ),
)
"""What a library refuses, and we and the standard accept: the cases of `good.py`."""


DIGITALBAZAAR: Final = Peer(name="@digitalbazaar/vc", version="7.3.0", script="digitalbazaar.mjs")

DATA_INTEGRITY: Final = (
    Deviation(
        id="holder",
        clause="VCDM 2.0 4.13, 5.9",
        side=Side.SCOPE,
        cases=each((DIGITALBAZAAR,), "shown by someone else"),
        what="who signs a presentation need not be the subject of what is in it; a caller may pass a `controller`",
        means="who verifies with it alone accepts a credential from whoever has a copy",
        where="`lib/index.js`, `_verifyPresentation`",
    ),
    Deviation(
        id="contexts",
        clause="VC-DI 4.6",
        side=Side.SCOPE,
        cases=each((DIGITALBAZAAR,), "a context more"),
        what="a context behind those that were signed is accepted, as both suites allow; whether they are as expected "
        "is the caller's to check",
        means="who reads the JSON by its contexts can be told another meaning than the issuer's",
        where="eddsa-jcs-2022: `lib/index.js`, `_modifyVerifyProofOptionsAndDocument`",
    ),
    Deviation(
        id="proof-age",
        clause="VC-DI 2.1",
        side=Side.OPEN,
        cases=each((DIGITALBAZAAR,), "proof of an hour ago"),
        what="a proof of any age is accepted, unless a purpose with `maxTimestampDelta` is passed",
        means="only the challenge tells a fresh proof from an old one",
        where="jsonld-signatures: `lib/purposes/ProofPurpose.js`",
    ),
    Deviation(
        id="no-end",
        clause="VCDM 2.0 4.9",
        side=Side.OPEN,
        cases=each((DIGITALBAZAAR,), "without an end"),
        what="a credential without `validUntil` is accepted",
        means="it never expires",
        where="`lib/index.js`, `_checkCredential`",
    ),
    Deviation(
        id="several",
        clause="OpenID4VP 1.0 B.1.3.2",
        side=Side.OPEN,
        cases=each((DIGITALBAZAAR,), "two credentials"),
        what="a presentation may hold several credentials; ours holds one, as in every format",
        means="nothing",
        where="`lib/index.js`, `_verifyPresentation`",
    ),
)
"""What we refuse of Data Integrity and @digitalbazaar/vc accepts, by either suite: the cases of `data_integrity.py`."""


SD_JWT_JS: Final = Peer(name="@sd-jwt/sd-jwt-vc", version="0.19.0", script="sd_jwt.mjs")

SD_JWT: Final = (
    Deviation(
        id="proof-aud",
        clause="RFC 9901 7.3 (5.6)",
        side=Side.RULE,
        cases=each((SD_JWT_JS,), "another client_id", "another client_id, of theirs"),
        what="the `aud` of the holder's proof must be there, and nobody compares it",
        means="who gets a presentation shows it on to another verifier, if that one asked with the same nonce",
        where="`@sd-jwt/core`, `KBJwt.verifyKB`",
    ),
    Deviation(
        id="proof-iat",
        clause="RFC 9901 7.3 (5.5)",
        side=Side.RULE,
        cases=each((SD_JWT_JS,), "proof of an hour ago"),
        what="when the holder's proof was made is not looked at",
        means="only the nonce tells a fresh proof from an old one",
        where="as above",
    ),
    Deviation(
        id="vct",
        clause="SD-JWT VC 2.2.2.1",
        side=Side.SCOPE,
        cases=each((SD_JWT_JS,), "vct of another"),
        what="no type is asked for; it comes back with the payload",
        means="a caller who forgets it takes a library card for a passport, if one issuer signs both",
        where="`SDJwtVcInstance.verify`",
    ),
)
"""What we refuse of SD-JWT VC and @sd-jwt/sd-jwt-vc accepts: the cases of `test_sd_jwt.py`."""


def of(deviations: Iterable[Deviation], case: str) -> set[str]:
    """Give the names of the libraries that differ in a case."""
    return {peer.name for one in deviations for peer in one.cases.get(case, ())}


def words(case: str, peer: Peer) -> str:
    """Give the pattern of a library's refusal of a good case."""
    (found,) = (one.words[peer.name] for one in REFUSED if peer in one.cases.get(case, ()))
    return found


def rows(deviations: Iterable[Deviation], who: str) -> str:
    """Give a table as the page has it."""
    lines = [
        f"| name | clause | it is | {who} | what | what it means | where | for example |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in deviations:
        peers, case = ", ".join(peer.name for peer in one.peers), next(iter(one.cases))
        lines.append(
            f"| `{one.id}` | {one.clause} | {one.side} | {peers} | {one.what} | {one.means} | {one.where} | {case} |"
        )
    return "\n".join(lines) + "\n"
