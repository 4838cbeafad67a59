"""The catalogue of named attacks on SD-JWT, its key binding and SD-JWT VC: each is refused for the reason it states."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from eigendata.errors import Malformed, Misuse, Reason, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.issue import SALT_BYTES
from eigendata.model import UNBOUND, Binding, CredentialType
from tests.given import given

from .forge import (
    ABSENT,
    ANY,
    BINDING,
    HOLDER_KEY,
    HOLDING,
    NOW,
    OTHER_KEY,
    PERSON,
    digest,
    disclosure,
    forged,
    held,
    issued,
    payload,
    proof,
    raw_disclosure,
    signed,
    verified,
)

MALFORMED = "malformed"
Tokens: TypeAlias = Callable[[], Iterable[bytes]]

ONE, TWO = disclosure("salt-1", "name", "Anne"), disclosure("salt-2", "town", "Boxtel")
ELEMENT = disclosure("salt-3", "NL")
JWK = HOLDER_KEY.public_key.jwk()


def shown() -> bytes:
    return SD_JWT_VC.present(issued(), PERSON, [("age",), ("address",)], HOLDING, at=NOW)


def proven_as(typ: object) -> bytes:
    return forged(bound=lambda sent: proof(sent, {"typ": typ}))


def flipped(token: bytes, start: int, end: int) -> Iterable[bytes]:
    for place in range(start, end):
        yield token[:place] + bytes([token[place] ^ (1 << place % 7)]) + token[place + 1 :]


def of_issuer() -> Iterable[bytes]:
    token = shown()
    return flipped(token, 0, token.index(b"~"))


def of_disclosures() -> Iterable[bytes]:
    token = shown()
    return (
        one
        for one in flipped(token, token.index(b"~") + 1, token.rindex(b"~"))
        if one.count(b"~") == token.count(b"~")  # else it is no longer the same parts
    )


def kb(**changes: Any) -> list[bytes]:
    return [forged(bound=lambda sent: proof(sent, **changes))]


def hidden(name: str, value: Any) -> list[bytes]:
    one = disclosure("salt", name, value)
    claims = payload(**{name: ABSENT, "_sd": [digest(one)]})
    # withheld, the optional ones leave a digest as a decoy does: nobody can tell that they were ever there
    return [forged(claims, (one,))] if name in OPTIONAL else [forged(claims, (one,)), forged(claims)]


def chain(length: int) -> bytes:
    made = [disclosure("s", "a", 1)]
    for _ in range(length - 1):
        made.append(disclosure("s", "a", {"_sd": [digest(made[-1])]}))
    return forged(payload(_sd=[digest(made[-1])]), tuple(made))


def proven_over(proven: tuple[bytes, ...], sent: tuple[bytes, ...]) -> bytes:
    first = signed(payload(_sd=[digest(ONE), digest(TWO)]))
    return b"~".join((first, *sent, proof(b"~".join((first, *proven, b"")))))


OPTIONAL = ("nbf", "vct#integrity", "status")
PROTECTED = {
    "iss": "https://boxtel.example",
    "exp": 9_000_000_000,
    "nbf": 1,
    "cnf": {"jwk": JWK},
    "vct": ANY.id,
    "vct#integrity": "sha256-x",
    "status": {"status_list": {"idx": 1, "uri": "u"}},
}

CASES: dict[str, tuple[Tokens, set[str]]] = {
    "NEG-SDJWT-001": (
        of_issuer,
        # a bit of the type, the name or the algorithm is looked at before the signature
        {
            Reason.SIGNATURE_INVALID,
            MALFORMED,
            Reason.TYPE_MISMATCH,
            Reason.UNTRUSTED_ISSUER,
            Reason.UNSUPPORTED_ALGORITHM,
        },
    ),
    "NEG-SDJWT-002": (of_disclosures, {Reason.DISCLOSURE_INVALID, Reason.KEY_BINDING_INVALID, MALFORMED}),
    "NEG-SDJWT-003": (lambda: [forged(payload(_sd=[digest(ONE)]), (ONE, TWO))], {Reason.DISCLOSURE_INVALID}),
    "NEG-SDJWT-004": (lambda: [held(disclosure("s", "_sd", "v"))], {Reason.DISCLOSURE_INVALID}),
    "NEG-SDJWT-005": (lambda: [held(disclosure("s", "...", "v"))], {Reason.DISCLOSURE_INVALID}),
    "NEG-SDJWT-007": (
        lambda: [
            forged(payload(_sd=["d", "d"])),
            forged(payload(_sd=["d"], a=[{"...": "d"}])),
            held(disclosure("s", "a", {"_sd": ["d"]}), b=[{"...": "d"}]),
        ],
        {Reason.DISCLOSURE_INVALID},
    ),
    "NEG-SDJWT-008": (
        lambda: [
            forged(payload(_sd="abc")),
            forged(payload(_sd=[1])),
            forged(payload(a=[{"...": "d", "_sd": ["e"]}])),
        ],
        {MALFORMED},
    ),
    "NEG-SDJWT-009": (lambda: [forged(payload(a={"_sd_alg": "sha-256"}))], {MALFORMED}),
    "NEG-SDJWT-010": (
        lambda: [
            forged(payload(_sd_alg=name))
            for name in ("sha-256-32", "sha-256-64", "md5", "sha-1", "SHA-256", ["sha-256"], None)
        ],
        {Reason.UNSUPPORTED_ALGORITHM},
    ),
    "NEG-SDJWT-011": (lambda: [held(disclosure("s", "_sd_alg", "sha-256"))], {Reason.DISCLOSURE_INVALID}),
    "NEG-SDJWT-012": (
        lambda: [held(ELEMENT), forged(payload(a=[{"...": digest(ONE)}]), (ONE,))],
        {Reason.DISCLOSURE_INVALID},
    ),
    "NEG-SDJWT-013": (
        lambda: [
            held(one)
            for one in (
                disclosure("s", "n", "v", 4),
                disclosure("s"),
                raw_disclosure(b"{}"),
                raw_disclosure(b'"s"'),
                raw_disclosure(b"1"),
            )
        ],
        {Reason.DISCLOSURE_INVALID},
    ),
    "NEG-SDJWT-014": (
        lambda: [held(disclosure("s", name, "v")) for name in (1, None, ["n"])] + [held(disclosure(7, "n", "v"))],
        {Reason.DISCLOSURE_INVALID},
    ),
    "NEG-SDJWT-015": (lambda: [forged(payload(_sd=[digest(ONE)]), (ONE, ONE))], {Reason.DISCLOSURE_INVALID}),
    "NEG-SDJWT-017": (lambda: [chain(1500), chain(1000)], {MALFORMED}),
    "NEG-SDJWT-020": (
        lambda: [
            forged(payload(_sd=[digest(ONE)]), (raw_disclosure(b'["salt-1","name","Anne"]'),)),
            forged(payload(_sd=[digest(ONE)]), (ONE + b"=",)),
        ],
        {Reason.DISCLOSURE_INVALID, MALFORMED},
    ),
    "NEG-SDJWT-022": (
        lambda: [
            signed(payload()) + b"~" + ONE,
            signed(payload()) + b"~~",
            b"~" + forged(),
            forged() + b"~" + ONE + b"~",
        ],
        {MALFORMED},
    ),
    "NEG-SDJWT-023": (lambda: [proven_over((ONE, TWO), (TWO, ONE))], {Reason.KEY_BINDING_INVALID}),
    "NEG-SDJWT-027": (
        lambda: [json.dumps({"payload": "e30", "protected": "e30", "signature": "AA", "header": {}}).encode()],
        {MALFORMED},
    ),
    "NEG-KB-001": (lambda: [shown().rpartition(b"~")[0] + b"~"], {Reason.KEY_BINDING_INVALID}),
    "NEG-KB-003": (lambda: kb(aud="redirect_uri:https://other.example"), {Reason.KEY_BINDING_INVALID}),
    "NEG-KB-004": (
        lambda: [forged(bound=lambda sent: proof(sent, {"jwk": OTHER_KEY.public_key.jwk()}, OTHER_KEY))],
        {Reason.KEY_BINDING_INVALID},
    ),
    "NEG-KB-005": (
        lambda: [proven_over((ONE,), (ONE, TWO)), proven_over((ONE, TWO), (ONE,))],
        {Reason.KEY_BINDING_INVALID},
    ),
    "NEG-KB-006": (lambda: kb(iat=int((NOW - timedelta(days=365)).timestamp())), {Reason.KEY_BINDING_INVALID}),
    "NEG-KB-008": (
        lambda: [proven_as(typ) for typ in ("JWT", "KB+JWT", ABSENT)],
        {Reason.TYPE_MISMATCH},
    ),
    "NEG-KB-010": (
        lambda: kb(nonce=12) + kb(nonce=BINDING.nonce + " ") + kb(nonce=BINDING.nonce.upper()),
        {Reason.KEY_BINDING_INVALID},
    ),
    "NEG-KB-014": (
        lambda: [
            forged(payload(cnf=cnf))
            for cnf in ({"kid": "1"}, {"jku": "https://x.example"}, {"x5c": ["MIIB"]}, {"jwk": JWK, "kid": "1"})
        ],
        {Reason.KEY_BINDING_INVALID},
    ),
    "NEG-SDJWTVC-001": (
        lambda: [token for name, value in PROTECTED.items() for token in hidden(name, value)],
        {
            Reason.DISCLOSURE_INVALID,
            Reason.TYPE_MISMATCH,
            Reason.UNTRUSTED_ISSUER,
            Reason.EXPIRED,
            Reason.KEY_BINDING_INVALID,
        },
    ),
    "NEG-SDJWTVC-003": (
        lambda: (
            [
                forged(header={"typ": typ})
                for typ in (
                    "kb+jwt",
                    "statuslist+jwt",
                    "oauth-authz-req+jwt",
                    "openid4vci-proof+jwt",
                    "key-attestation+jwt",
                )
            ]
            + [proven_as(typ) for typ in ("dc+sd-jwt", "openid4vci-proof+jwt")]
        ),
        {Reason.TYPE_MISMATCH},
    ),
    "NEG-SDJWTVC-004": (
        lambda: [forged(payload(vct=vct)) for vct in ("urn:example:other", ABSENT, [ANY.id])],
        {Reason.TYPE_MISMATCH},
    ),
    "NEG-SDJWTVC-005": (lambda: [forged(header={"typ": typ}) for typ in ("vc+sd-jwt", "JWT")], {Reason.TYPE_MISMATCH}),
    "NEG-SDJWTVC-007": (
        lambda: [forged(payload(exp=2, iat=3)), forged(payload(iat=int(NOW.timestamp()) + 3600))],
        {MALFORMED, Reason.NOT_YET_VALID},
    ),
}

ELSEWHERE = {
    "NEG-SDJWT-026": "a law of issuing, below",
    "NEG-SDJWT-028": "a law of issuing, in test_issue",
    "NEG-KB-011": "a mistake of the caller, below",
    "NEG-KB-012": "a proof that nobody demanded, below",
    "NEG-KB-015": "no binding carries transaction data yet",
    "NEG-SDJWTVC-008": "the wallet's own labels",
}


def test_every_named_case_is_here() -> None:
    with given("negative-cases.jsonl").open() as lines:
        named = [json.loads(line) for line in lines]
    ours = {case["id"] for case in named if case["area"] in ("sdjwt", "kb", "sdjwtvc")}
    assert ours == CASES.keys() | ELSEWHERE.keys()


def refusal(token: bytes, kind: CredentialType) -> str:
    with pytest.raises((Malformed, Rejected)) as refused:
        verified(token, type=kind)
    return refused.value.reason if isinstance(refused.value, Rejected) else MALFORMED


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_named_case_is_refused_for_its_reason(name: str) -> None:
    tokens, reasons = CASES[name]
    kind = PERSON if name in ("NEG-SDJWT-001", "NEG-SDJWT-002", "NEG-KB-001") else ANY
    found = {refusal(token, kind) for token in tokens()}
    assert found
    assert found <= reasons


def test_another_order_before_the_proof_is_another_presentation_of_the_same() -> None:
    verified(proven_over((TWO, ONE), (TWO, ONE)), type=ANY)


def test_salts_are_long_and_not_the_callers_to_choose() -> None:  # NEG-SDJWT-026
    assert SALT_BYTES * 8 >= 128
    with pytest.raises(TypeError):
        SD_JWT_VC.issue(issued, issued, random=bytes)  # type: ignore[call-arg, arg-type]


def test_binding_cannot_be_forgotten() -> None:  # NEG-KB-011
    presentation: Any = SD_JWT_VC.parse_presentation(forged())
    with pytest.raises(TypeError):
        presentation.verify([ANY])
    for binding in (Binding(audience="", nonce=""), Binding(audience=BINDING.audience, nonce="")):
        with pytest.raises(Misuse):
            verified(forged(), binding, type=ANY)


def test_a_proof_that_nobody_demanded_is_checked() -> None:  # NEG-KB-012
    with pytest.raises(Rejected):
        verified(forged(bound=lambda sent: proof(sent, key=OTHER_KEY)), UNBOUND, type=ANY)
