"""Where a library differs from us in OpenID4VP, with the clause; docs/explanation/peers.md has the same tables."""

from __future__ import annotations

from typing import Final

from tests.differential.disagreement import Side
from tests.interop.deviations import Deviation, each
from tests.interop.mdocs import Peer

OPENID4VP: Final = Peer(name="@openid4vc/openid4vp", version="0.4.6", script="openid4vp.mjs")
DCQL: Final = Peer(name="dcql", version="3.0.0", script="openid4vp.mjs")
_IT: Final = (OPENID4VP,)

REQUESTS_ACCEPTED: Final = (
    Deviation(
        id="request-aud",
        clause="OpenID4VP 1.0 5.8",
        side=Side.RULE,
        cases=each(_IT, "aud of another", "aud left out"),
        what="for whom a request object is meant is not looked at. As a verifier it writes the `request_uri` there, "
        "unless its caller says otherwise",
        means="a JWT that was signed for something else is one rule nearer to passing for a request; and what it signs "
        "by itself is refused here",
        where="`verifyJarRequestObject`; `createOpenid4vpAuthorizationRequest`",
    ),
    Deviation(
        id="request-iat",
        clause="RFC 7519 4.1.6",
        side=Side.OPEN,
        cases=each(_IT, "signed in an hour"),
        what="`iat` is not looked at",
        means="little: the times that decide are `nbf` and `exp`",
        where="`@openid4vc/oauth2`, `verifyJwt`",
    ),
    Deviation(
        id="nonce-characters",
        clause="OpenID4VP 1.0 5.2",
        side=Side.RULE,
        cases=each(_IT, "nonce with other characters"),
        what="a nonce may hold any characters",
        means="two readers of a link may disagree on it",
        where="`zOpenid4vpAuthorizationRequest`",
    ),
    Deviation(
        id="nonce-length",
        clause="OpenID4VP 1.0 5.2",
        side=Side.OPEN,
        cases=each(_IT, "nonce too short"),
        what="a nonce that cannot hold 128 bits is accepted; that it does is a SHOULD",
        means="proofs for it may be made beforehand",
        where="as above",
    ),
    Deviation(
        id="redirect-uri",
        clause="OpenID4VP 1.0 8.2",
        side=Side.RULE,
        cases=each(_IT, "redirect_uri beside it", "redirect_uri beside answers to another host"),
        what="`redirect_uri` beside `response_uri` is accepted",
        means="with `x509_san_dns` the host of the one is compared with the certificate, and the answer goes to the "
        "other",
        where="`validateOpenid4vpAuthorizationRequestPayload`, `validateOpenid4vpClientId`",
    ),
    Deviation(
        id="no-query",
        clause="OpenID4VP 1.0 5.1",
        side=Side.RULE,
        cases=each(_IT, "no query"),
        what="a request that asks nothing is accepted",
        means="its caller finds no query",
        where="as above: `length > 1`",
    ),
    Deviation(
        id="transaction-data",
        clause="OpenID4VP 1.0 5.1",
        side=Side.SCOPE,
        cases=each(_IT, "transaction data of an unknown type"),
        what="transaction data of any type is given to the caller, who must refuse what is not known",
        means="who does not look lets a holder agree to something unseen",
        where="`resolveOpenid4vpAuthorizationRequest`",
    ),
    Deviation(
        id="nested",
        clause="RFC 9101 4",
        side=Side.RULE,
        cases=each(_IT, "a request in the request"),
        what="a request object may hold a `request_uri`",
        means="nothing: it is not followed",
        where="`zOpenid4vpAuthorizationRequest`",
    ),
    Deviation(
        id="parameters-twice",
        clause="RFC 6749 3.1",
        side=Side.RULE,
        cases=each(_IT, "a parameter twice"),
        what="of two parameters with one name the last counts",
        means="two readers of one link see two requests",
        where="`zOpenid4vpAuthorizationRequestFromUriParams`",
    ),
    Deviation(
        id="no-meta",
        clause="OpenID4VP 1.0 6.1",
        side=Side.RULE,
        cases=each((OPENID4VP, DCQL), "a query without meta"),
        what="a credential query of SD-JWT VC or mdoc without `meta` is accepted; drafts had it so",
        means="a credential of any type is an answer to it",
        where="dcql: `DcqlCredentialQuery.vSdJwtVc`, `vMdoc`",
    ),
)
"""What we refuse of requests and it accepts: the cases of `broken_requests.BROKEN`."""

REQUESTS_REFUSED: Final = (
    Deviation(
        id="method-fragment",
        clause="OpenID4VP 1.0 5.9.3, DID Core 3.2.2",
        side=Side.OPEN,
        cases=each(_IT, "a method named by its fragment"),
        what="a `kid` that is a relative DID URL (`#key-1`) is not read, unless the DID is the `iss` too; the clause "
        "says that the `kid` identifies the key, and its example is a whole DID URL",
        means="verifiers do well to write the whole URL: ours do",
        where="`@openid4vc/oauth2`, `jwtSignerFromJwt`",
        words={OPENID4VP.name: "no signer methods"},
    ),
    Deviation(
        id="unusable-key",
        clause="OpenID4VP 1.0 8.3",
        side=Side.RULE,
        cases=each(_IT, "a key of another kind first"),
        what='the first key for `ECDH-ES` is taken, of whatever curve; "using what it supports", the clause says',
        means="a verifier that offers a key of X448 before one of P-256 gets no answer, unless the caller chooses",
        where="`extractEncryptionJwkFromJwks`",
        words={OPENID4VP.name: "unsupported JWK"},
    ),
)
"""What it refuses of requests, and we and the specification accept: the cases of `broken_requests.UNUSUAL`."""

_PRESENTATIONS: Final = (
    *("another nonce", "another aud", "aud without its prefix", "proof of an hour ago", "proof of an hour ahead"),
    *("proof by another key", "a bit of the proof flipped", "proof left out", "sd_hash of more", "a value changed"),
    *("a bit of the credential flipped", "transcript of another nonce", "transcript of another client_id"),
    *("transcript of another response_uri", "transcript without the key", "transcript of another key"),
    *("transcript of a key that nothing is sealed to", "a bit of the device's signature flipped"),
    *("a bit of the document's signature flipped", "an element changed"),
)

ANSWERS_ACCEPTED: Final = (
    Deviation(
        id="presentations",
        clause="OpenID4VP 1.0 8.6 (2.1, 2.3, 2.4)",
        side=Side.SCOPE,
        cases=each(_IT, *_PRESENTATIONS),
        what="what is in a presentation is its caller's to verify; it gives back the nonce that is to be in it",
        means="who verifies with it alone accepts anything",
        where="`validateOpenid4vpAuthorizationResponsePayload` says so in a comment",
    ),
    Deviation(
        id="as-asked",
        clause="OpenID4VP 1.0 8.6 (2.2, 3)",
        side=Side.SCOPE,
        cases=each(
            _IT,
            *("another credential id", "a credential more", "a credential less", "a credential twice"),
            *("credentials in each other's place", "a credential of another type", "a claim less", "a claim more"),
        ),
        what="whether the presentations are what was asked is its caller's to see; dcql has `DcqlPresentationResult`, "
        "which says what lacks, and nothing of a claim too many (6.4)",
        means="a caller who forgets it takes one credential for another",
        where="as above",
    ),
    Deviation(
        id="no-array",
        clause="OpenID4VP 1.0 8.1",
        side=Side.RULE,
        cases=each(_IT, "a presentation in no array"),
        what="a presentation need not stand in an array; drafts had it so",
        means="nothing that a verifier relies on",
        where="`zVpTokenDcql`",
    ),
    Deviation(
        id="error-beside",
        clause="OpenID4VP 1.0 8.5",
        side=Side.OPEN,
        cases=each(_IT, "an error beside it, open"),
        what="an answer that holds an `error` too is read as if it did not",
        means="two readers disagree on whether a holder declined",
        where="`zOpenid4vpAuthorizationResponse`",
    ),
    Deviation(
        id="seal",
        clause="OpenID4VP 1.0 8.3, HAIP 1.0 5",
        side=Side.SCOPE,
        cases=each(_IT, "another kid", "another enc", "an enc of another kind", "a key that is wrapped", "compressed"),
        what="with which key, algorithm and compression an answer was sealed is its caller's to judge, who opens it",
        means="whoever opens with a library that knows everything is open to everything that it knows",
        where="`decryptJarmAuthorizationResponseJwt`",
    ),
)
"""What we refuse of answers and it accepts: the cases of `tampered.TAMPERED`."""
