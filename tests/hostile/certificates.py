"""Chains of certificates, and the metadata of types: what comes beside a token."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import CHAIN_LIMIT, make_authority
from eigendata.formats.sdjwt.parse import DISCLOSURES_LIMIT

from .doors import ANY, AT
from .pieces import Maker, dumped, filled, numbered
from .tokens import PIECES, elements, payload_of, token

# -- certificates -----------------------------------------------------------------------------------------------------


def chains() -> Mapping[str, Maker]:
    def authorities(count: int, name: str = "The same name") -> list[str]:
        made = (make_authority(name, SoftwareKey.generate(Algorithm.ES256), at=AT) for _ in range(count))
        return [base64.b64encode(one).decode() for one in made]

    def written(x5c: list[str], anchors: list[str]) -> bytes:
        return dumped({"x5c": x5c, "anchors": anchors})

    return {
        "authorities of one name": lambda: written(authorities(CHAIN_LIMIT), authorities(40)),
        "many certificates": lambda: written(authorities(1) * 1200, authorities(1)),
        "certificates of nothing": lambda: written(["AAAA"] * 100_000, authorities(1)),
        "one certificate of a mebibyte": lambda: written(["A" * 1_000_000], authorities(1)),
        "lengths that say they are huge": lambda: written(
            [base64.b64encode(b"\x30\x84\xff\xff\xff\xff" * 1000).decode()] * 5, authorities(1)
        ),
        "sequences in one another": lambda: written([base64.b64encode(b"\x30\x80" * 8_000).decode()] * 5, []),
        "a certificate with much behind it": lambda: written(
            [base64.b64encode(base64.b64decode(authorities(1)[0]) + bytes(10_000)).decode()], authorities(1)
        ),
    }


def pems() -> Mapping[str, Maker]:
    def one() -> bytes:
        der = base64.b64encode(make_authority("Name", SoftwareKey.generate(Algorithm.ES256), at=AT))
        return b"-----BEGIN CERTIFICATE-----\n" + der + b"\n-----END CERTIFICATE-----\n"

    return {
        "as many certificates as are read": lambda: filled(b"", one(), limit=262_144),
        "empty certificates": lambda: filled(
            b"", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", limit=262_144
        ),
        "one of no end": lambda: filled(b"-----BEGIN CERTIFICATE-----\n", b"AAAA", limit=262_144),
    }


# -- type metadata ----------------------------------------------------------------------------------------------------


def types() -> Iterator[tuple[str, str, Maker]]:
    def metadata(*claims: Any, **members: Any) -> dict[str, Any]:
        return {"vct": ANY.id, "claims": list(claims), **members}

    def drawn(svg: bytes) -> bytes:
        uri = "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
        rendering = {"svg_templates": [{"uri": uri}]}
        return dumped(metadata(display=[{"locale": "nl", "name": "n", "rendering": rendering}]))

    def picture(before: bytes, piece: bytes, after: bytes = b"</text></svg>") -> bytes:
        head = b'<svg xmlns="http://www.w3.org/2000/svg"><text>'
        return drawn(filled(head + before, piece, after, limit=750_000))

    pictures: dict[str, Maker] = {
        "text in a picture": lambda: picture(b"", b"a"),
        "text in pieces between comments": lambda: picture(b"", b"a<!---->"),
        "text in lines": lambda: picture(b"", b"a\n"),
        "references in a picture": lambda: picture(b"", b"&amp;"),
        "brackets that do not close": lambda: picture(b"", b"{{"),
        "elements in one another": lambda: picture(b"", b"<tspan>", b""),
        "elements": lambda: picture(b"", b"<tspan/>"),
        "attributes": lambda: drawn(
            numbered(b'<svg xmlns="http://www.w3.org/2000/svg" ', 'a%d=""', b"/>", between=b" ", limit=750_000)
        ),
        "a long attribute": lambda: picture(b'</text><g x="', b"rotate(1", b'"/></svg>'),
        "a long address": lambda: picture(b'</text><g fill="', b"url( ", b'"/></svg>'),
        "entities that grow": lambda: drawn(
            b"<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'>"
            + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(20))
            + b']><svg xmlns="http://www.w3.org/2000/svg">&t;</svg>'
        ),
    }
    long = ["a"] * 60
    said = [{"locale": f"x-{m}", "label": ""} for m in range(30)]
    yield from (("type metadata", what, make) for what, make in pictures.items())
    yield "type metadata", "many claims", lambda: dumped(metadata(*[{"path": [str(n)]} for n in range(40_000)]))
    yield (
        "type metadata",
        "long paths",
        lambda: dumped(metadata(*[{"path": [str(n), *long]} for n in range(1_024)])),
    )
    yield (
        "type metadata",
        "many languages",
        lambda: dumped(metadata(*[{"path": [str(n)], "display": said} for n in range(900)])),
    )
    wide = [[[f"{i}{j}"] * 16 for i in range(40)] for j in range(40)]
    alike = [{"path": ["a", None, None, *[None] * (n % 2)], "sd": "allowed"} for n in range(2)]
    several = [{"path": ["a", index, None, None], "mandatory": True} for index in range(900)]
    for what, claims in {"paths that go many ways": alike, "many paths into one claim": several}.items():
        yield (
            "described",
            what,
            lambda claims=claims: dumped(  # type: ignore[misc]
                {"metadata": metadata(*claims), "token": token({"a": wide}).decode()}
            ),
        )
    yield (
        "described",
        "as many disclosures as are read",
        lambda: dumped({"metadata": metadata({"path": ["a", None]}), "token": elements(DISCLOSURES_LIMIT).decode()}),
    )
    for what in ("empty objects", "zeros", "objects"):
        yield (
            "described",
            f"a payload of {what}",
            lambda what=what: dumped(  # type: ignore[misc]
                {"metadata": metadata({"path": ["a", None]}), "token": payload_of(PIECES[what]).decode()}
            ),
        )
