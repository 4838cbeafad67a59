"""SD-JWT VCs of a hostile issuer and wallet: every signature holds, and what is signed is nasty."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from eigendata.crypto.jose import sign_jws
from eigendata.encoding import b64url_encode
from eigendata.formats.sdjwt.json_form import SIGNATURES_LIMIT, flattened
from eigendata.formats.sdjwt.parse import DEPTH_LIMIT, DISCLOSURES_LIMIT, TOKEN_LIMIT

from .doors import ANY, AT, BINDING, HOLDER_KEY, ISSUER, ISSUER_KEY
from .pieces import Maker, dumped, filled, many, numbered

# -- tokens -----------------------------------------------------------------------------------------------------------


def disclosure(*contents: Any) -> bytes:
    return b64url_encode(dumped(list(contents))).encode()


def digest(one: bytes) -> str:
    return b64url_encode(hashlib.sha256(one).digest())


def signed(claims: Any, **header: Any) -> bytes:
    payload = claims if isinstance(claims, bytes) else dumped({**_FRAME, **claims})
    return sign_jws({"typ": "dc+sd-jwt", **header}, payload, ISSUER_KEY)


_FRAME: Final = {
    "iss": ISSUER,
    "vct": ANY.id,
    "exp": int(AT.timestamp()) + 900,
    "cnf": {"jwk": HOLDER_KEY.public_key.jwk()},
}
BEGUN: Final = dumped(_FRAME)[:-1]


def token(claims: Any, *disclosures: bytes, **header: Any) -> bytes:
    """A credential whose signature holds."""
    return b"~".join((signed(claims, **header), *disclosures, b""))


def shown(credential: bytes) -> bytes:
    """The same, with a proof that holds."""
    claims = {
        "iat": int(AT.timestamp()),
        "aud": BINDING.audience,
        "nonce": BINDING.nonce,
        "sd_hash": b64url_encode(hashlib.sha256(credential).digest()),
    }
    return credential + sign_jws({"typ": "kb+jwt"}, dumped(claims), HOLDER_KEY)


def chained(depth: int) -> tuple[bytes, ...]:
    made = [disclosure("s", "a", 1)]
    for _ in range(depth - 1):
        made.append(disclosure("s", "a", {"_sd": [digest(made[-1])]}))
    return tuple(made)


def bomb() -> bytes:
    """Each disclosure names the one before it twice: followed each time, 2^1000 claims."""
    made = [disclosure("s", "x", 1)]
    for level in range(1000):
        twice = {"a": {"_sd": [digest(made[-1])]}, "b": {"_sd": [digest(made[-1])]}}
        made.append(disclosure("s", f"n{level}", twice))
    return token({"_sd": [digest(made[-1])]}, *made)


def tiny(many: int, **more: Any) -> bytes:
    made = tuple(disclosure(str(n), f"n{n}", n) for n in range(many))
    return token({"_sd": [digest(one) for one in made], **more}, *made)


def elements(many: int) -> bytes:
    made = tuple(disclosure(str(n), [n]) for n in range(many))
    return token({"a": [{"...": digest(one)} for one in made]}, *made)


def in_deep_places(many: int) -> bytes:
    """Each disclosure as deep as one may lie, so that each place is long."""
    made = tuple(disclosure(str(n), f"n{n}", n) for n in range(many))
    inside: Any = {"_sd": [digest(one) for one in made]}
    for _ in range(DEPTH_LIMIT - 4):
        inside = {"a": inside}
    return token({"a": inside}, *made)


_ROOM: Final = TOKEN_LIMIT // 4 * 3 - 2_000


def payload_of(piece: bytes) -> bytes:
    return token(filled(BEGUN + b',"a":[', piece, b"]}", between=b",", limit=_ROOM))


def value_of(piece: bytes) -> bytes:
    """One disclosure with as much of something in its value as there is room for."""
    one = b64url_encode(filled(b'["s","a",[', piece, b"]]", between=b",", limit=_ROOM - 3000)).encode()
    return token({"_sd": [digest(one)]}, one)


PIECES: Final = {
    "digests of elements": b'{"...":"d"}',
    "empty objects": b"{}",
    "empty arrays": b"[]",
    "objects with an empty _sd": b'{"_sd":[]}',
    "objects": b'{"b":{}}',
    "arrays as deep as is read": b"[" * 55 + b"]" * 55,
    "numbers near nothing": b"1e-300",
    "texts with an escape": rb'"\u00e9"',
    "zeros": b"0",
}

TOKENS: Final[Mapping[str, Maker]] = {
    **{f"a payload of {what}": lambda piece=piece: payload_of(piece) for what, piece in PIECES.items()},  # type: ignore[misc]
    **{f"a disclosure of {what}": lambda piece=piece: value_of(piece) for what, piece in PIECES.items()},  # type: ignore[misc]
    "many digests": lambda: token(numbered(BEGUN + b',"_sd":[', '"%d"', b"]}", limit=_ROOM)),
    "one digest many times": lambda: token(filled(BEGUN + b',"_sd":[', b'"d"', b"]}", between=b",", limit=_ROOM)),
    "many names": lambda: token(numbered(BEGUN + b",", '"%d":[]', b"}", limit=_ROOM)),
    "one long text": lambda: token({"a": "a" * _ROOM}),
    "a long number": lambda: token(filled(BEGUN + b',"a":', b"9", b"}", limit=_ROOM)),
    "a long name": lambda: token(
        {"_sd": [digest(disclosure("s", "a" * 300_000, 1))]}, disclosure("s", "a" * 300_000, 1)
    ),
    "as many disclosures as are read": lambda: tiny(DISCLOSURES_LIMIT),
    "one disclosure more than is read": lambda: tiny(DISCLOSURES_LIMIT + 1),
    "many tiny disclosures": lambda: signed({}) + b"~MA" * 300_000 + b"~",
    "many empty disclosures": lambda: signed({}) + b"~" * 1000,
    "as many elements as are read": lambda: elements(DISCLOSURES_LIMIT),
    "as many in deep places": lambda: in_deep_places(DISCLOSURES_LIMIT),
    "one disclosure many times": lambda: token({"_sd": []}, *[disclosure("s", "a", 1)] * 1000),
    "disclosures of numbers that nobody asked": lambda: signed({}) + b"~" + b"~".join([b"MTIz"] * 1000) + b"~",
    "disclosures in one another": lambda: token({"_sd": [digest(chained(60)[-1])]}, *chained(60)),
    "a thousand disclosures in one another": lambda: token({"_sd": [digest(chained(1000)[-1])]}, *chained(1000)),
    "a bomb of digests": bomb,
    "many large disclosures": lambda: token({}, *[disclosure("s", f"n{n}", "a" * 350) for n in range(1000)]),
    "a header of blanks": lambda: b64url_encode(b'{"alg":"ES256"' + b" " * 49_000 + b"}").encode() + b".e30.AA~",
    "a header of names": lambda: (
        b64url_encode(numbered(b'{"alg":"ES256",', '"%d":0', b"}", limit=49_000)).encode() + b".e30.AA~"
    ),
    "many other types": lambda: token(numbered(BEGUN + b',"aka_vcts":[', '"%d"', b"]}", limit=_ROOM)),
    "many audiences": lambda: token(numbered(BEGUN + b',"aud":[', '"%d"', b"]}", limit=_ROOM)),
    "a chain of rubbish": lambda: token({}, x5c=["A" * 16_000] * 4),
    "a long chain": lambda: token({}, x5c=["AAAA"] * 10_000),
    "long integrity": lambda: token({"vct#integrity": "sha256-" + "A" * 300_000}),
    "a key of many members": lambda: token({"cnf": {"jwk": {**HOLDER_KEY.public_key.jwk(), **many(20_000)}}}),
}


def forms() -> Mapping[str, Maker]:
    plain = flattened(shown(tiny(3)))

    def general(*others: Any) -> bytes:
        first = {name: plain[name] for name in ("protected", "header", "signature")}
        return dumped({"payload": plain["payload"], "signatures": [first, *others]})

    def other(**members: Any) -> dict[str, Any]:
        return {"protected": plain["protected"], "signature": "AA", **members}

    def header(**members: Any) -> bytes:
        stated: Any = plain["header"]
        return dumped({**plain, "header": {**stated, **members}})

    return {
        "many signatures": lambda: general(*[other()] * 8_000),
        "as many signatures as are read": lambda: general(*[other(signature="A" * 60_000)] * (SIGNATURES_LIMIT - 1)),
        "signatures with large headers": lambda: general(
            *[{**other(), "protected": b64url_encode(numbered(b"{", '"%d":0', b"}", limit=45_000))}] * 15
        ),
        "unprotected members": lambda: header(**many(50_000)),
        "unprotected members everywhere": lambda: general(*[other(header=many(4_000))] * 15),
        "members that nobody defined": lambda: dumped({**plain, **many(50_000)}),
        "many disclosures": lambda: header(disclosures=["AA"] * 150_000),
        "as many disclosures as are read": lambda: dumped(flattened(shown(tiny(DISCLOSURES_LIMIT)))),
        "a large disclosure": lambda: header(disclosures=["A" * 1_000_000]),
        "a large proof": lambda: header(kb_jwt=f"AA.{'A' * 1_000_000}.AA"),
        "dots for a proof": lambda: header(kb_jwt="A." * 500_000),
        "almost a proof": lambda: header(kb_jwt="A" * 500_000 + "." + "A" * 500_000 + "~"),
        "a large payload": lambda: dumped({**plain, "payload": "A" * 1_000_000}),
        "a large protected header": lambda: dumped({**plain, "protected": "A" * 1_000_000}),
    }
