"""Tokens that are accepted: what a recipient must be able to read, and the twins of the tokens that it must refuse.

They are there too so that a library which refuses everything does not pass.
"""

from __future__ import annotations

import json
from typing import Final

from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json, b64url_encode
from eigendata.testkit.case import Severity
from eigendata.testkit.forge import (
    GONE,
    HOLDER,
    ISSUER,
    ORDER,
    KitKey,
    decoy,
    digest,
    disclosure,
    element,
    encoded,
    salted,
)
from eigendata.testkit.making import (
    AUDIENCE,
    BASE,
    DAY,
    FAMILY,
    GIVEN,
    KEY_ID,
    UNASKED,
    Kit,
)

ONLY_CLEAR: Final = {"authority": "Kit"}
STREET, TOWN = salted("street", "street", "Rechterstraat 1"), salted("town", "town", "Boxtel")
ADDRESS = salted("address", "address", {"_sd": sorted((digest(STREET), digest(TOWN))), "country": "NL"})
DUTCH, SYRIAN, POLISH = salted("nl", "NL"), salted("sy", "SY"), salted("pl", "PL")
PARTNER = salted("partner", {"name": "Sam", "_sd": [digest(TOWN)]})


def add(kit: Kit) -> None:
    plain(kit)
    objects(kit)
    arrays(kit)
    same_names(kit)
    values(kit)
    spellings(kit)
    names(kit)
    algorithms(kit)
    further(kit)
    registered(kit)
    large(kit)


def plain(kit: Kit) -> None:
    kit.good(BASE, "Two claims are shown, two digests stay closed, the holder's proof is there", "RFC 9901 7.3")
    kit.good(
        "good-unbound",
        "A credential that names no holder, shown without a proof; none is demanded",
        "RFC 9901 7.3 (1)",
        payload={"cnf": GONE},
        proof=None,
        about=UNASKED,
    )
    kit.good(
        "good-holder-not-asked",
        "A credential that names a holder, shown without a proof; none is demanded",
        "RFC 9901 7.3 (1)",
        proof=None,
        about=UNASKED,
    )
    kit.good("good-nothing-shown", "No disclosure is sent at all", "RFC 9901 4", claims=ONLY_CLEAR, sent=())
    kit.good(
        "good-any-order",
        "The disclosures come in another order than their digests",
        "RFC 9901 4.2.4.1",
        sent=(FAMILY, GIVEN),
    )
    kit.good(
        "good-nothing-withheld",
        "A credential in which nothing can be withheld, so without _sd and _sd_alg",
        "SD-JWT VC 2.2.2.5",
        claims=ONLY_CLEAR,
        payload={"_sd": GONE, "_sd_alg": GONE},
        sent=(),
    )
    kit.good("good-default-hash", "No _sd_alg: the digests are SHA-256", "RFC 9901 4.1.1", payload={"_sd_alg": GONE})
    kit.good(
        "good-only-decoys",
        "All digests are decoys; nothing is there to be shown",
        "RFC 9901 4.2.5",
        claims=ONLY_CLEAR,
        payload={"_sd": [decoy(2), decoy(3)]},
        sent=(),
    )


def objects(kit: Kit) -> None:
    kit.good(
        "good-nested",
        "An _sd inside an object: the street is shown, the town is not",
        "RFC 9901 6.2",
        claims={"authority": "Kit", "address": {"country": "NL", "street": "Rechterstraat 1"}},
        payload={"_sd": GONE, "address": {"_sd": sorted((digest(STREET), digest(TOWN))), "country": "NL"}},
        sent=(STREET,),
    )
    kit.good(
        "good-nested-nothing",
        "Everything in an object is withheld: the object is empty, and still there",
        "RFC 9901 7.1 (3.5)",
        claims={"authority": "Kit", "address": {}},
        payload={"_sd": GONE, "address": {"_sd": sorted((digest(STREET), digest(TOWN)))}},
        sent=(),
    )
    kit.good(
        "good-recursive",
        "A disclosure in a disclosure: the address is shown, and in it the town alone",
        "RFC 9901 4.2.6",
        claims={"authority": "Kit", "address": {"country": "NL", "town": "Boxtel"}},
        payload={"_sd": [digest(ADDRESS)]},
        sent=(ADDRESS, TOWN),
    )
    kit.good(
        "good-recursive-child-first",
        "The inner disclosure is sent before the one that it lies in",
        "RFC 9901 4.2.6",
        claims={"authority": "Kit", "address": {"country": "NL", "town": "Boxtel"}},
        of="good-recursive",
        sent=(TOWN, ADDRESS),
    )


def arrays(kit: Kit) -> None:
    kit.good(
        "good-array",
        "An array with two elements shown, one withheld, one decoy and one in clear, in their order",
        "RFC 9901 7.1 (3.4)",
        claims={"authority": "Kit", "nationalities": ["NL", "BE", "PL"]},
        payload={
            "_sd": GONE,
            "nationalities": [element(DUTCH), {"...": decoy(4)}, "BE", element(SYRIAN), element(POLISH)],
        },
        sent=(POLISH, DUTCH),
    )
    kit.good(
        "good-array-nothing",
        "All elements of an array are withheld: the array is empty, and still there",
        "RFC 9901 7.1 (3.4)",
        claims={"authority": "Kit", "nationalities": []},
        payload={"_sd": GONE, "nationalities": [element(DUTCH), element(SYRIAN)]},
        sent=(),
    )
    inner = salted("inner array", [element(DUTCH), "BE"])
    kit.good(
        "good-array-in-array",
        "An element that is itself an array with an element that can be withheld",
        "RFC 9901 4.2.6",
        claims={"authority": "Kit", "periods": [["NL", "BE"]]},
        payload={"_sd": GONE, "periods": [element(inner)]},
        sent=(inner, DUTCH),
    )
    kit.good(
        "good-object-in-array",
        "An element that is an object with an _sd of its own",
        "RFC 9901 4.2.6",
        claims={"authority": "Kit", "household": [{"name": "Sam", "town": "Boxtel"}]},
        payload={"_sd": GONE, "household": [element(PARTNER)]},
        sent=(PARTNER, TOWN),
    )


def same_names(kit: Kit) -> None:
    one, other = salted("name of a", "name", "Noor"), salted("name of b", "name", "Sam")
    kit.good(
        "good-same-name-elsewhere",
        "Two claims of the same name, each in an object of its own",
        "RFC 9901 7.1 (3.3.2.3)",
        claims={"authority": "Kit", "a": {"name": "Noor"}, "b": {"name": "Sam"}},
        payload={"_sd": GONE, "a": {"_sd": [digest(one)]}, "b": {"_sd": [digest(other)]}},
        sent=(one, other),
    )


def values(kit: Kit) -> None:
    shown: dict[str, Json] = {
        "nothing": None,
        "no": False,
        "zero": 0,
        "empty": "",
        "list": [],
        "object": {},
        "part": 0.5,
        "below": -7,
    }
    sent = tuple(salted(name, name, value) for name, value in shown.items())
    kit.good(
        "good-values",
        "Disclosed values of every kind: null, false, 0, empty text, empty array, empty object, fraction, below zero",
        "RFC 9901 4.2.1",
        claims={"authority": "Kit", **shown},
        payload={"_sd": sorted(map(digest, sent))},
        sent=sent,
    )
    telling = {"note": '~ ... _sd {} [] "quoted" \\ / é', "sd": "_sd", "_sd_": "...", "....": "_sd_alg"}
    sent = tuple(salted(name, name, value) for name, value in telling.items())
    kit.good(
        "good-values-look-alike",
        "Values and names that look like what the format uses: ~, ..., _sd, quotation marks",
        "RFC 9901 4.2.1",
        claims={"authority": "Kit", **telling},
        payload={"_sd": sorted(map(digest, sent))},
        sent=sent,
    )
    null = salted("null element", None)
    kit.good(
        "good-null-element",
        "A disclosed array element that is null: it is there, and not withheld",
        "RFC 9901 4.2.2",
        claims={"authority": "Kit", "list": [None]},
        payload={"_sd": GONE, "list": [element(null)]},
        sent=(null,),
    )


def spellings(kit: Kit) -> None:
    """The digest is over the bytes as sent, so no spelling of the JSON is better than another (4.2.1)."""
    spelt = {
        "compact": '["salt-of-the-kit-0001","family_name","Möbius"]',
        "spaced": '["salt-of-the-kit-0001", "family_name", "Möbius"]',
        "escaped": '["salt-of-the-kit-0001", "family_name", "M\\u00f6bius"]',
        "escaped-name": '["salt-of-the-kit-0001", "famil\\u0079_name", "Möbius"]',
        "lines": '[\n"salt-of-the-kit-0001",\n"family_name",\n"Möbius"\n]',
        "wide": ' [ "salt-of-the-kit-0001" ,\t"family_name" , "Möbius" ] ',
    }
    for name, text in spelt.items():
        one = encoded(text.encode())
        kit.good(
            f"good-spelt-{name}",
            f"A disclosure whose JSON is spelt in another way ({name})",
            "RFC 9901 4.2.1",
            claims={"authority": "Kit", "family_name": "Möbius"},
            payload={"_sd": [digest(one)]},
            sent=(one,),
        )
    kit.good(
        "good-spelt-payload",
        "Header and payload with spaces and line breaks in their JSON",
        "RFC 7515 3",
        jwt={"header_text": lambda text: _indented(text), "payload_text": lambda text: _indented(text)},
    )
    kit.good(
        "good-numbers",
        "Numbers in other spellings: 1e2 is 100 and 1.50 is 1.5",
        "RFC 8259 6",
        claims={"authority": "Kit", "a": 100, "b": 1.5},
        payload={"_sd": GONE, "a": 100, "b": 1.5},
        jwt={"payload_text": lambda text: text.replace(b'"a":100', b'"a":1e2').replace(b'"b":1.5', b'"b":1.50')},
        sent=(),
    )


def _indented(text: bytes) -> bytes:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode()


def names(kit: Kit) -> None:
    groups: dict[str, tuple[str, dict[str, Json]]] = {
        "unicode": (
            "Names and values of many scripts",
            {"naïve": "Ünïcödé", "имя": "Нур", "اسم": "نور", "名前": "ノア"},
        ),
        "emoji": ("Characters outside the basic plane", {"mood": "\N{HOUSE BUILDING}\N{HEAVY BLACK HEART}", "𝒳": "𝒴"}),
        "normal-forms": (
            "Two names that look the same, one with a combining accent: they are two claims",
            {"caf\u00e9": "one character", "cafe\u0301": "two characters"},
        ),
        "case": ("Names that differ in capitals alone: they are three claims", {"name": "a", "Name": "b", "NAME": "c"}),
        "odd": ("Names with spaces, dots and slashes, and the empty name", {"a name": 1, "a.b": 2, "a/b": 3, "": 4}),
        "of-languages": (
            "Names that mean something in a programming language, and here are claims",
            {"__proto__": "a", "constructor": "b", "toString": "c", "__class__": "d", "hasOwnProperty": "e"},
        ),
    }
    for name, (title, claims) in groups.items():
        sent = tuple(salted(f"{name} {one}", one, value) for one, value in claims.items())
        kit.good(
            f"good-names-{name}",
            title,
            "RFC 9901 4.2.1",
            claims={"authority": "Kit", **claims},
            payload={"_sd": sorted(map(digest, sent))},
            sent=sent,
        )


def algorithms(kit: Kit) -> None:
    for hash_ in ("sha-384", "sha-512"):
        kit.good(
            f"good-hash-{hash_.replace('-', '')}",
            f"Digests and sd_hash by {hash_}",
            "RFC 9901 4.1.1",
            severity=Severity.SHOULD,  # only sha-256 must be supported
            payload={"_sd": sorted(digest(one, hash_) for one in (GIVEN, FAMILY)), "_sd_alg": hash_},
        )
    for algorithm in (Algorithm.ES384, Algorithm.EDDSA):
        name = str(algorithm).lower()
        issuer, holder = KitKey.of(f"the issuer of {name}", algorithm), KitKey.of(f"the holder of {name}", algorithm)
        kit.good(
            f"good-issuer-{name}",
            f"The issuer signs by {algorithm}",
            "RFC 9901 7.1 (2.1)",
            severity=Severity.SHOULD,  # which algorithms are supported is the recipient's choice
            header={"alg": str(algorithm)},
            jwt={"sign": issuer.sign},
            about={"issuer_key": {**issuer.jwk(), "kid": KEY_ID}},
        )
        kit.good(
            f"good-holder-{name}",
            f"The holder signs by {algorithm}",
            "RFC 9901 7.3 (5.2)",
            severity=Severity.SHOULD,
            payload={"cnf": {"jwk": holder.jwk()}},
            kb_header={"alg": str(algorithm)},
            kb_jwt={"sign": holder.sign},
        )
    for high, of_issuer, of_holder in (("high", _high(ISSUER), _high(HOLDER)), ("low", _low(ISSUER), _low(HOLDER))):
        kit.good(
            f"good-signatures-{high}-s",
            f"Both signatures have the {high} one of the two values that s can have: ES256 allows either",
            "RFC 7518 3.4",
            jwt={"sign": of_issuer},
            kb_jwt={"sign": of_holder},
        )


class _Half:
    """Signs with that one of (r, s) and (r, n-s) whose s is in the wanted half."""

    def __init__(self, key: KitKey, high: bool) -> None:
        self._key, self._high = key, high

    def __call__(self, message: bytes) -> bytes:
        signature = self._key.sign(message)
        s = int.from_bytes(signature[32:], "big")
        if (s > ORDER // 2) != self._high:
            s = ORDER - s
        return signature[:32] + s.to_bytes(32, "big")


def _high(key: KitKey) -> _Half:
    return _Half(key, True)


def _low(key: KitKey) -> _Half:
    return _Half(key, False)


def further(kit: Kit) -> None:
    """Members that say nothing to the recipient, or say that all is well."""
    kit.good("good-no-kid", "The header names no key: there is only one", "RFC 7515 4.1.4", header={"kid": GONE})
    kit.good(
        "good-header-unknown",
        "A header parameter that nobody knows, and that is not critical: it is ignored",
        "RFC 7515 4",
        header={"kit.example/hint": {"a": [1]}},
    )
    kit.good(
        "good-kb-unknown",
        "The holder's proof holds a claim and a header parameter that nobody knows",
        "RFC 9901 4.3",
        kb_header={"kit.example/hint": "x"},
        kb={"kit.example/claim": ["x"]},
    )
    kit.good(
        "good-exp-fraction",
        "exp is a number with a fraction",
        "RFC 7519 2",
        payload={"exp": kit.now + 36_500 * DAY + 0.5},
    )


def registered(kit: Kit) -> None:
    """Registered claims that are left out, disclosed, or say what fits this session."""
    kit.good("good-no-nbf", "The credential says not from when it is valid", "SD-JWT VC 2.2.2.3", payload={"nbf": GONE})
    kit.good(
        "good-no-iat",
        "The credential says not when it was issued",
        "SD-JWT VC 2.2.2.3",
        payload={"iat": GONE},
    )
    iat, sub = salted("iat", "iat", kit.now - DAY), salted("sub", "sub", "resident-7")
    kit.good(
        "good-iat-disclosed",
        "iat and sub may be disclosed, and are",
        "SD-JWT VC 2.2.2.3",
        claims={"authority": "Kit", "sub": "resident-7"},
        payload={"iat": GONE, "_sd": sorted((digest(iat), digest(sub)))},
        sent=(iat, sub),
    )
    kit.good("good-aud-text", "The credential is for this verifier", "RFC 7519 4.1.3", payload={"aud": AUDIENCE})
    kit.good(
        "good-aud-array",
        "The credential is for several verifiers, and this is one of them",
        "RFC 7519 4.1.3",
        payload={"aud": ["https://elsewhere.example", AUDIENCE]},
    )
    kit.good(
        "good-kb-times",
        "The holder's proof has an nbf and an exp of its own, and is within them",
        "RFC 9901 7.3 (5.8)",
        kb={"nbf": kit.now - 60, "exp": kit.now + 36_500 * DAY},
    )
    kit.good(
        "good-cnf-members",
        "The holder's key has members that fit its use: kid, use and alg",
        "RFC 7517 4",
        payload={"cnf": {"jwk": {**HOLDER.jwk(), "kid": "1", "use": "sig", "alg": "ES256"}}},
    )
    kit.good(
        "good-status",
        "The credential says where its withdrawal is published; that list is not part of this kit, and is not asked",
        "SD-JWT VC 2.2.2.3",
        payload={"status": {"status_list": {"idx": 7, "uri": "https://issuer.kit.example/status/1"}}},
    )


def large(kit: Kit) -> None:
    many = {f"claim_{number:03}": number for number in range(150)}
    sent = tuple(salted(name, name, value) for name, value in many.items())
    kit.good(
        "good-many-disclosures",
        "150 disclosures",
        "RFC 9901 4",
        claims={"authority": "Kit", **many},
        payload={"_sd": sorted(map(digest, sent))},
        sent=sent,
    )
    portrait = "data:image/jpeg;base64," + b64url_encode(bytes(range(256)) * 60).replace("-", "+").replace("_", "/")
    one = salted("portrait", "portrait", portrait)
    kit.good(
        "good-large-value",
        "A portrait of some 20 kB in one disclosure",
        "SD-JWT VC 2.2.2.4",
        claims={"authority": "Kit", "portrait": portrait},
        payload={"_sd": [digest(one)]},
        sent=(one,),
    )
    chain, claims = [salted("level 12", "level", "the innermost")], {"level": "the innermost"}
    for depth in range(11, 0, -1):
        chain.append(salted(f"level {depth}", "level", {"_sd": [digest(chain[-1])]}))
        claims = {"level": claims}  # type: ignore[dict-item]
    kit.good(
        "good-deep",
        "Twelve disclosures, each inside the one before",
        "RFC 9901 4.2.6",
        claims={"authority": "Kit", **claims},
        payload={"_sd": [digest(chain[-1])]},
        sent=tuple(reversed(chain)),
    )
    brief = disclosure("", "given_name", "Noor")
    kit.good(
        "good-empty-salt",
        "A salt without a character: unwise of the issuer, and a string all the same",
        "RFC 9901 4.2.1",
        severity=Severity.SHOULD,
        claims={"authority": "Kit", "given_name": "Noor"},
        payload={"_sd": [digest(brief)]},
        sent=(brief,),
    )
