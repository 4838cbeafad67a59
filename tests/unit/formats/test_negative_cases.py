"""The catalogue of named attacks, on a presentation of an SD-JWT VC: each is refused for the reason it states."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.errors import Malformed, Misuse, Reason, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.issue import SALT_BYTES
from eigendata.model import UNBOUND, Binding, CredentialType, Named
from tests.negatives import negative

from .forge import (
    ABSENT,
    ANY,
    BINDING,
    HOLDER_KEY,
    HOLDING,
    ISSUER,
    ISSUER_KEY,
    NOT_TRUSTED,
    NOW,
    OTHER_KEY,
    PERSON,
    Source,
    digest,
    disclosure,
    forged,
    held,
    issued,
    payload,
    proof,
    raw_disclosure,
    signed,
    signed_bytes,
    verified,
)

MALFORMED = "malformed"
Tokens: TypeAlias = Callable[[], Iterable[bytes]]

ONE, TWO = disclosure("salt-1", "name", "Anne"), disclosure("salt-2", "town", "Boxtel")
ELEMENT = disclosure("salt-3", "NL")
JWK = HOLDER_KEY.public_key.jwk()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


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


def with_header(header: bytes) -> bytes:
    start = f"{b64url_encode(header)}.{b64url_encode(json.dumps(payload()).encode())}".encode()
    shown = start + b"." + b64url_encode(ISSUER_KEY.sign(start)).encode() + b"~"
    return shown + proof(shown)


def with_payload(claims: bytes) -> bytes:
    shown = signed_bytes(claims) + b"~"
    return shown + proof(shown)


def proven_with(**header: Any) -> bytes:
    return forged(bound=lambda sent: proof(sent, header))


SIGNED_INPUT, _, _GOOD = signed(payload()).rpartition(b".")
GOOD = b64url_decode(_GOOD)


def with_signature(signature: bytes) -> bytes:
    shown = SIGNED_INPUT + b"." + b64url_encode(signature).encode() + b"~"
    return shown + proof(shown)


def in_der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


def end_of(part: int, change: Callable[[bytes], bytes]) -> bytes:
    """A presentation in which one part of the issuer's JWT is another."""
    made = signed(payload()).split(b".")
    made[part] = change(made[part])
    shown = b".".join(made) + b"~"
    return shown + proof(shown)


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
    "NEG-JSON-001": (
        lambda: [
            with_header(b'{"alg":"ES256","typ":"dc+sd-jwt","kid":"2026","kid":"2026"}'),
            with_payload(json.dumps(payload()).encode()[:-1] + b',"vct":"' + ANY.id.encode() + b'"}'),
            held(raw_disclosure(b'["s","a",{"b":1,"b":1}]')),
        ],
        {MALFORMED},
    ),
    "NEG-JSON-002": (
        lambda: [
            with_payload(json.dumps(payload()).encode()[:-1] + b',"a":' + number + b"}")
            for number in (b"NaN", b"Infinity", b"1e400", b"-0", b"1" * 5000, b"9007199254740993")
        ],
        {MALFORMED},
    ),
    "NEG-JSON-004": (
        lambda: (
            [
                with_payload(json.dumps(payload()).encode()[:-1] + b',"a":"' + text + b'"}')
                for text in (b"\\ud800", b"\xc0\xaf", b"\\u0000", b"\x00", b"\xff")
            ]
            + [
                with_payload(b"\xef\xbb\xbf" + json.dumps(payload()).encode()),
                with_payload(json.dumps(payload()).encode("utf-16")),
            ]
        ),
        {MALFORMED},
    ),
    "NEG-JSON-005": (
        lambda: [
            forged(payload(**{name: value}))
            for name in ("exp", "nbf", "iat")
            for value in ("1999999999", True, -1, 10**18, None, [1])
        ],
        {MALFORMED},
    ),
    "NEG-JWK-001": (
        lambda: [forged(payload(cnf={"jwk": {**JWK, "d": secret}})) for secret in ("AA", None, "")],
        {MALFORMED},
    ),
    "NEG-JWK-003": (
        lambda: [
            forged(payload(cnf={"jwk": jwk}))
            for jwk in (
                {**JWK, "x": b64url_encode(bytes(31))},
                {**JWK, "y": b64url_encode(bytes(33))},
                {**JWK, "y": JWK["x"]},
                {**JWK, "kty": "OKP"},
                {"kty": "RSA", "e": "AQAB", "n": b64url_encode(b"\xff" * 64)},
            )
        ],
        {MALFORMED},
    ),
    "NEG-JWK-004": (
        lambda: [
            forged(payload(cnf={"jwk": {**JWK, **use}}))
            for use in ({"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": ["deriveKey"]})
        ],
        {MALFORMED},
    ),
    "NEG-JOSE-003": (
        lambda: [
            forged(header={"jwk": OTHER_KEY.public_key.jwk(), "kid": kid}, key=OTHER_KEY) for kid in (ABSENT, "2026")
        ],
        {Reason.SIGNATURE_INVALID},
    ),
    "NEG-JOSE-004": (
        lambda: (
            [
                forged(header={"crit": crit, "exp": 1})
                for crit in (["exp"], ["unheard-of"], [], ["alg"], "exp", None, ["absent"])
            ]
            + [proven_with(crit=["exp"], exp=1)]
        ),
        {MALFORMED},
    ),
    "NEG-JOSE-005": (
        lambda: [forged(header=header) for header in ({"b64": False}, {"b64": False, "crit": ["b64"]}, {"b64": True})],
        {MALFORMED},
    ),
    "NEG-JOSE-008": (
        lambda: [b"A" * 2_000_000 + b".e30.AA~", b"e30.e30." + b"A" * 500_000 + b"~", with_payload(b" " * 2_000_000)],
        {MALFORMED},
    ),
    "NEG-JOSE-009": (
        lambda: [end_of(part, lambda one: one + b"=" * (-len(one) % 4 or 1)) for part in range(3)],
        {MALFORMED},
    ),
    "NEG-JOSE-010": (
        lambda: [end_of(2, lambda one: one[:-1] + bytes([one[-1] + 1]))],
        {MALFORMED},
    ),
    "NEG-JOSE-012": (
        lambda: (
            [
                signed(payload()).replace(b".", b"", count) + b"~" + more
                for count, more in ((1, b""), (2, b""), (0, b"."), (0, b"..x"))
            ]
            + [end_of(part, lambda one: b"") for part in range(3)]
            + [signed(payload()) + dots + b"~" for dots in (b".", b".AA", b".AA.AA", b".AA.AA.AA.AA")]
        ),
        {MALFORMED},
    ),
    "NEG-JOSE-013": (
        lambda: [
            json.dumps({"payload": "e30", "protected": "e30", "header": {"alg": "ES256"}, "signature": "AA"}).encode()
            + b"~",
            with_header(b'{"typ":"dc+sd-jwt","kid":"2026"}'),
        ],
        {MALFORMED},
    ),
    "NEG-JOSE-014": (
        lambda: [
            b".".join((b64url_encode(b'{"alg":"ECDH-ES","enc":"A256GCM"}').encode(), b"", b"AAAA", b"AAAA", b"AAAA"))
            + end
            for end in (b"~", b"")
        ],
        {MALFORMED},
    ),
    "NEG-JOSE-015": (
        lambda: [forged(header={"alg": alg}) for alg in ("es256", "ES256 ", "none", "")],
        {Reason.UNSUPPORTED_ALGORITHM},
    ),
    "NEG-JOSE-016": (
        lambda: (
            [forged(header={"typ": typ}) for typ in ("text/dc+sd-jwt", "application/dc+sd-jwt")]
            + [proven_as("text/kb+jwt"), proven_as("application/kb+jwt")]
        ),
        {Reason.TYPE_MISMATCH},
    ),
    "NEG-ECDSA-001": (
        lambda: [
            with_signature(r.to_bytes(32) + s.to_bytes(32))
            for r in (0, 1, ORDER - 1, ORDER)
            for s in (0, 1, ORDER - 1, ORDER)
        ],
        {Reason.SIGNATURE_INVALID},
    ),
    "NEG-ECDSA-002": (
        lambda: (
            [with_signature((GOOD + bytes(8))[:size]) for size in (63, 65, 66, 72)] + [with_signature(in_der(GOOD))]
        ),
        {Reason.SIGNATURE_INVALID},
    ),
    "NEG-ECDSA-004": (
        lambda: [forged(header={"alg": alg}) for alg in ("ES384", "EdDSA")],
        {Reason.UNSUPPORTED_ALGORITHM},
    ),
    "NEG-ECDSA-005": (
        lambda: [forged(header={"alg": alg}) for alg in ("ES256K", "RS1", "ES512", "RS256", "HS256")],
        {Reason.UNSUPPORTED_ALGORITHM},
    ),
}


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


@negative("NEG-SDJWT-023")
def test_another_order_before_the_proof_is_another_presentation_of_the_same() -> None:
    verified(proven_over((TWO, ONE), (TWO, ONE)), type=ANY)


@negative("NEG-SDJWT-026")
def test_salts_are_long_and_not_the_callers_to_choose() -> None:
    assert SALT_BYTES * 8 >= 128
    with pytest.raises(TypeError):
        SD_JWT_VC.issue(issued, issued, random=bytes)  # type: ignore[call-arg, arg-type]


@negative("NEG-KB-011")
def test_binding_cannot_be_forgotten() -> None:
    presentation: Any = SD_JWT_VC.parse_presentation(forged())
    with pytest.raises(TypeError):
        presentation.verify([ANY])
    for binding in (Binding(audience="", nonce=""), Binding(audience=BINDING.audience, nonce="")):
        with pytest.raises(Misuse):
            verified(forged(), binding, type=ANY)


@negative("NEG-KB-012")
def test_a_proof_that_nobody_demanded_is_checked() -> None:
    with pytest.raises(Rejected):
        verified(forged(bound=lambda sent: proof(sent, key=OTHER_KEY)), UNBOUND, type=ANY)


@negative("NEG-JWK-002")
def test_a_holders_key_of_the_fewest_members_is_accepted() -> None:
    assert verified(forged(payload(cnf={"jwk": {name: JWK[name] for name in ("kty", "crv", "x", "y")}})), type=ANY)


@negative("NEG-JOSE-007")
@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "\x00", "k\u0131d", "a" * 30_000])
def test_a_key_identifier_is_handed_to_the_trust_source_and_nothing_else_happens_to_it(kid: str) -> None:
    trust = Source(refuse=Rejected(NOT_TRUSTED))
    if kid == "\x00":
        with pytest.raises(Malformed):
            verified(forged(header={"kid": kid}), type=ANY, trust=trust)
        return
    with pytest.raises(Rejected) as refused:
        verified(forged(header={"kid": kid}), type=ANY, trust=trust)
    assert refused.value.reason is Reason.UNTRUSTED_ISSUER
    assert trust.asked == [(Named(issuer=ISSUER, key_id=kid), ANY.id)]


@negative("NEG-JSON-005")
def test_a_moment_with_a_fraction_is_a_moment() -> None:
    assert verified(forged(payload(exp=NOW.timestamp() + 60.5)), type=ANY)


@negative("NEG-ECDSA-003")
def test_a_mirrored_signature_is_the_same_presentation() -> None:
    mirrored = GOOD[:32] + (ORDER - int.from_bytes(GOOD[32:])).to_bytes(32)
    assert verified(with_signature(GOOD), type=ANY)
    assert verified(with_signature(mirrored), type=ANY)
