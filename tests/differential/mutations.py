"""What is done to a good presentation. Each mutation breaks one rule, and is signed anew where it touches what is signed.

DRAFTED   before the signatures: they hold, so that only the one rule decides
SENT      after them, on the bytes
ANYWHERE  after them, on bytes at random

A mutation gives None for a presentation that it cannot be done to. Some of them break nothing: those are controls.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final, TypeAlias

from eigendata.crypto.keys import Algorithm, SoftwareKey
from tests.differential.tokens import (
    ABSENT,
    AUDIENCE,
    DAY,
    HOLDER_KEYS,
    ISSUER,
    OTHER_KEY,
    VCT,
    Draft,
    Proof,
    b64,
    digest,
    disclosure,
    frame,
    now,
    written,
)

Drafted: TypeAlias = Callable[[Draft, Random], Draft | None]
Sent: TypeAlias = Callable[[bytes, Random], bytes | None]

# -- the issuer-signed JWT --------------------------------------------------------------------------------------------


def _header(**changes: Any) -> Drafted:
    return lambda draft, random: replace(draft, header={**_mapping(draft.header), **changes})


def _payload(**changes: Any) -> Drafted:
    return lambda draft, random: replace(draft, payload={**draft.members, **changes})


def _payload_text(change: Callable[[str], str]) -> Drafted:
    return lambda draft, random: replace(draft, payload=change(written(draft.payload).decode()).encode("utf-8", "surrogatepass"))


def _member(text: str) -> Drafted:
    """Put a member into the payload as it stands here."""
    return _payload_text(lambda payload: payload[:-1] + f",{text}}}")


def _mapping(value: Mapping[str, Any] | bytes) -> dict[str, Any]:
    assert not isinstance(value, bytes)
    return dict(value)


_HEADERS: Final[Mapping[str, Drafted]] = {
    "typ left out": _header(typ=ABSENT),
    "typ JWT": _header(typ="JWT"),
    "typ of an older draft": _header(typ="vc+sd-jwt"),
    "typ of an example": _header(typ="example+sd-jwt"),
    "typ in capitals": _header(typ="DC+SD-JWT"),
    "typ with a prefix": _header(typ="application/dc+sd-jwt"),
    "typ of a holder's proof": _header(typ="kb+jwt"),
    "typ null": _header(typ=None),
    "alg none, unsigned": lambda draft, random: replace(draft, header={"alg": "none"}, signature=b""),
    "alg none, signed": _header(alg="none"),
    "alg in small letters": lambda draft, random: replace(
        draft, header={"alg": str(draft.key.public_key.algorithm).lower()}
    ),
    "alg of another curve": _header(alg="ES384"),
    "alg of a secret": _header(alg="HS256"),
    "alg left out": _header(alg=ABSENT),
    "by another key": lambda draft, random: replace(draft, key=OTHER_KEY),
    "by a key in the header": lambda draft, random: replace(
        draft, key=OTHER_KEY, header={"jwk": dict(OTHER_KEY.public_key.jwk())}
    ),
    "crit of something": _header(crit=["exp"], exp=1),
    "crit empty": _header(crit=[]),
    "b64 false": _header(b64=False),
    "header that nobody knows": _header(zip="DEF", extra={"a": [1]}),
    "header with a name twice": lambda draft, random: replace(
        draft, header=b'{"alg":"none","alg":"' + draft.key.public_key.algorithm.encode() + b'","typ":"dc+sd-jwt"}'
    ),
    "header in blanks": lambda draft, random: replace(
        draft, header=b' { "alg" : "' + draft.key.public_key.algorithm.encode() + b'" , "typ" : "dc+sd-jwt" } \n'
    ),
}

_FRAMES: Final[Mapping[str, Drafted]] = {
    "expired": lambda draft, random: _payload(exp=now() - DAY)(draft, random),
    "expired an hour ago": lambda draft, random: _payload(exp=now() - 3600)(draft, random),
    "expired two minutes ago": lambda draft, random: _payload(exp=now() - 120)(draft, random),
    "expired half a minute ago": lambda draft, random: _payload(exp=now() - 30)(draft, random),
    "exp left out": _payload(exp=ABSENT),
    "exp a text": lambda draft, random: _payload(exp=str(now() + DAY))(draft, random),
    "exp a fraction": lambda draft, random: _payload(exp=now() + DAY + 0.5)(draft, random),
    "exp null": _payload(exp=None),
    "exp true": _payload(exp=True),
    "exp negative": _payload(exp=-1),
    "exp beyond every calendar": _payload(exp=2**52),
    "exp NaN": lambda draft, random: _member('"exp":NaN')(_payload(exp=ABSENT)(draft, random), random),
    "exp infinite": lambda draft, random: _member('"exp":1e999')(_payload(exp=ABSENT)(draft, random), random),
    "nbf in the future": lambda draft, random: _payload(nbf=now() + DAY)(draft, random),
    "nbf in two minutes": lambda draft, random: _payload(nbf=now() + 120)(draft, random),
    "nbf in half a minute": lambda draft, random: _payload(nbf=now() + 30)(draft, random),
    "nbf in the past": lambda draft, random: _payload(nbf=now() - 60)(draft, random),
    "nbf a text": _payload(nbf="yesterday"),
    "nbf after exp": lambda draft, random: _payload(nbf=now() - 60, exp=now() - 90)(draft, random),
    "iat in the future": lambda draft, random: _payload(iat=now() + DAY)(draft, random),
    "iat left out": _payload(iat=ABSENT),
    "iat a text": _payload(iat="now"),
    "iat after exp": lambda draft, random: _payload(iat=now() + 30, exp=now() + 20)(draft, random),
    "iss of another": _payload(iss="https://other.example"),
    "iss left out": _payload(iss=ABSENT),
    "iss an array": _payload(iss=[ISSUER]),
    "vct of another": _payload(vct="https://types.example/other"),
    "vct left out": _payload(vct=ABSENT),
    "vct an array": _payload(vct=[VCT]),
    "aka_vcts": _payload(aka_vcts=["https://types.example/other"]),
    "aka_vcts with vct": _payload(aka_vcts=[VCT]),
    "aka_vcts empty": _payload(aka_vcts=[]),
    "aka_vcts a text": _payload(aka_vcts="https://types.example/other"),
    "vct of another, ours among aka_vcts": _payload(vct="https://types.example/other", aka_vcts=[VCT]),
    "vct#integrity a number": _payload(**{"vct#integrity": 1}),
    "vct#integrity": _payload(**{"vct#integrity": "sha256-" + base64.b64encode(b"\0" * 32).decode()}),
    "aud of this verifier": _payload(aud=AUDIENCE),
    "aud of this verifier among others": _payload(aud=["https://other.example", AUDIENCE]),
    "aud of another": _payload(aud="https://other.example"),
    "aud empty": _payload(aud=[]),
    "aud a number": _payload(aud=1),
    "status list": _payload(status={"status_list": {"idx": 3, "uri": "https://issuer.example/list"}}),
    "status of no known kind": _payload(status={"other": 1}),
    "status a text": _payload(status="ok"),
    "status list without index": _payload(status={"status_list": {"uri": "https://issuer.example/list"}}),
    "cnf left out": _payload(cnf=ABSENT),
    "cnf with a key identifier": _payload(cnf={"kid": "1"}),
    "cnf with a key and its identifier": lambda draft, random: _payload(cnf={**draft.members["cnf"], "kid": "1"})(
        draft, random
    ),
    "cnf of a key with private parts": lambda draft, random: _payload(
        cnf={"jwk": {**draft.members["cnf"]["jwk"], "d": b64(HOLDER_KEYS[Algorithm.ES256].secret())}}
    )(draft, random),
    "cnf of a key for encryption": lambda draft, random: _payload(
        cnf={"jwk": {**draft.members["cnf"]["jwk"], "use": "enc"}}
    )(draft, random),
    "cnf of a key with more members": lambda draft, random: _payload(
        cnf={"jwk": {**draft.members["cnf"]["jwk"], "kid": "1", "use": "sig", "alg": "ES256"}}
    )(draft, random),
    "cnf of a point off the curve": lambda draft, random: _payload(
        cnf={"jwk": {**draft.members["cnf"]["jwk"], "y": b64(b"\1" * 32)}}
    )(draft, random),
    "cnf of another's key": _payload(cnf={"jwk": dict(OTHER_KEY.public_key.jwk())}),
}

# -- digests and disclosures ------------------------------------------------------------------------------------------


def _with(*added: str, digests: Sequence[str] | None = None, **changes: Any) -> Drafted:
    """Add disclosures, and their digests to the top level's `_sd` or instead of them others."""

    def change(draft: Draft, random: Random) -> Draft:
        members = {**draft.members, **changes}
        more = [digest(one, draft.hash) for one in added] if digests is None else list(digests)
        if more:
            members["_sd"] = [*members.get("_sd", ()), *more]
        return replace(draft, payload=members, disclosures=(*draft.disclosures, *added))

    return change


def _element(*added: str, **changes: Any) -> Drafted:
    """Add disclosures of elements of an array named `array`."""

    def change(draft: Draft, random: Random) -> Draft:
        elements = [{"...": digest(one, draft.hash)} for one in added]
        members = {**draft.members, "array": elements, **changes}
        return replace(draft, payload=members, disclosures=(*draft.disclosures, *added))

    return change


def _nested(*added: str, **inside: Any) -> Drafted:
    """Add disclosures of members of an object named `object`."""

    def change(draft: Draft, random: Random) -> Draft:
        inner = {**inside, "_sd": [digest(one, draft.hash) for one in added]}
        return replace(
            draft, payload={**draft.members, "object": inner}, disclosures=(*draft.disclosures, *added)
        )

    return change


def _raw(text: bytes) -> Drafted:
    """Add a disclosure of this text, well referenced."""
    return _with(b64(text))


def _sha256(mutation: Drafted) -> Drafted:
    """What has digests inside a disclosure that was made beforehand."""
    return lambda draft, random: mutation(draft, random) if draft.hash == "sha-256" else None


def _dropped(draft: Draft, random: Random) -> Draft | None:
    if not draft.disclosures:
        return None
    at = random.randrange(len(draft.disclosures))
    return replace(draft, disclosures=draft.disclosures[:at] + draft.disclosures[at + 1 :])


def _doubled(draft: Draft, random: Random) -> Draft | None:
    if not draft.disclosures:
        return None
    return replace(draft, disclosures=(*draft.disclosures, random.choice(draft.disclosures)))


def _shuffled(draft: Draft, random: Random) -> Draft | None:
    if len(draft.disclosures) < 2:
        return None
    return replace(draft, disclosures=tuple(random.sample(draft.disclosures, len(draft.disclosures))))


def _rewritten(draft: Draft, random: Random) -> Draft | None:
    """Write a disclosure's JSON anew, which changes its digest."""
    if not draft.disclosures:
        return None
    at = random.randrange(len(draft.disclosures))
    old = draft.disclosures[at]
    contents = json.loads(base64.urlsafe_b64decode(old + "=" * (-len(old) % 4)))
    new = b64(json.dumps(contents, indent=1).encode())
    return replace(draft, disclosures=tuple(new if one == old else one for one in draft.disclosures))


def _digest_of(change: Callable[[str], str]) -> Drafted:
    """Change a digest where it stands in the payload."""

    def mutate(draft: Draft, random: Random) -> Draft | None:
        known = {digest(one, draft.hash) for one in draft.disclosures}
        text = written(draft.payload).decode()
        there = sorted(one for one in known if f'"{one}"' in text)
        if not there:
            return None
        one = random.choice(there)
        return replace(draft, payload=text.replace(f'"{one}"', json.dumps(change(one))).encode())

    return mutate


NAME: Final = disclosure("salt-of-the-name", "name", "Anne")
ELEMENT: Final = disclosure("salt-of-the-element", "NL")
CHILD: Final = disclosure("salt-of-the-child", "child", 7)
PARENT: Final = disclosure("salt-of-the-parent", "parent", {"_sd": [digest(CHILD)]})
_SLASHED: Final = disclosure("salt", "name", "\u00ff\u00fe\u00fb>>>???")
_TWO_LEFT: Final = disclosure("salt", "name", "Ann")
_LOOSE: Final = _TWO_LEFT[:-1] + chr(ord(_TWO_LEFT[-1]) + 1)
_PARENT_ELEMENT: Final = disclosure("salt-of-the-parent", [{"...": digest(ELEMENT)}, "BE"])

_DISCLOSURES: Final[Mapping[str, Drafted]] = {
    "one left out": _dropped,
    "one twice": _doubled,
    "another order": _shuffled,
    "one written anew": _rewritten,
    "one without a digest": _with(NAME, digests=()),
    "an element without a digest": _with(ELEMENT, digests=()),
    "a child without its parent": _sha256(_with(CHILD, digests=[digest(PARENT)])),
    "a digest changed": _digest_of(lambda one: b64(bytes(32))),
    "a digest with padding": _digest_of(lambda one: one + "="),
    "a digest in hex": _digest_of(lambda one: base64.urlsafe_b64decode(one + "==").hex()),
    "a parent and its child": _sha256(_with(PARENT, CHILD, digests=[digest(PARENT)])),
    "a child before its parent": _sha256(_with(CHILD, PARENT, digests=[digest(PARENT)])),
    "a name in clear too": _with(NAME, name="Eva"),
    "a name in clear too, as null": _with(NAME, name=None),
    "a name disclosed twice": _with(NAME, disclosure("another-salt", "name", "Eva")),
    "a name in clear in an object": _nested(NAME, name="Eva"),
    "a name elsewhere": _nested(NAME),
    "a name _sd": _raw(b'["salt","_sd","v"]'),
    "a name _sd with digests": _raw(b'["salt","_sd",["abc"]]'),
    "a name ...": _raw(b'["salt","...","v"]'),
    "a name _sd_alg": _raw(b'["salt","_sd_alg","sha-256"]'),
    "a name _sd_alg in an object": lambda draft, random: _nested(disclosure("salt", "_sd_alg", "x"))(draft, random),
    "an empty name": _raw(b'["salt","","v"]'),
    "a name that is a number": _raw(b'["salt",1,"v"]'),
    "a name that is null": _raw(b'["salt",null,"v"]'),
    "a name that is an array": _raw(b'["salt",["name"],"v"]'),
    "a salt that is a number": _raw(b'[1,"name","v"]'),
    "a salt that is null": _raw(b'[null,"name","v"]'),
    "an empty salt": _raw(b'["","name","v"]'),
    "one element": _raw(b'["salt"]'),
    "four elements": _raw(b'["salt","name","v",4]'),
    "an empty array": _raw(b"[]"),
    "an object": _raw(b'{"salt":"name"}'),
    "a text of three letters": _raw(b'"abc"'),
    "a number": _raw(b"123"),
    "two elements in an object": _with(ELEMENT),
    "three elements in an array": _element(NAME),
    "an element of an array": _element(ELEMENT),
    "an element inside an element": _sha256(
        _element(_PARENT_ELEMENT, ELEMENT, array=[{"...": digest(_PARENT_ELEMENT)}])
    ),
    **{
        f"encoded {how}": _with(text)
        for how, text in (
            ("with padding", NAME + "=" * (-len(NAME) % 4)),
            ("with a blank", f"{NAME[:5]} {NAME[5:]}"),
            ("with a newline", f"{NAME[:5]}\n{NAME[5:]}"),
            ("with a character of no alphabet", f"{NAME[:5]}!{NAME[5:]}"),
            ("in the other alphabet", _SLASHED.replace("_", "/").replace("-", "+")),
            ("with bits that belong to no byte", _LOOSE),
            ("with a character too many", NAME + "A" * (-(len(NAME) - 1) % 4)),
        )
    },
    "no JSON": _raw(b"salt,name,v"),
    "no UTF-8": _raw(b'["salt","name","\xff"]'),
    "UTF-16": _raw('["salt","name","v"]'.encode("utf-16")),
    "a byte order mark": _raw(b'\xef\xbb\xbf["salt","name","v"]'),
    "blanks around": _raw(b' \n["salt", "name",\t"v" ]\r\n'),
    "other blanks around": _raw(b'\x0c["salt","name","v"]'),
    "something behind": _raw(b'["salt","name","v"]x'),
    "escaped characters": _raw(b'["sa\\u006ct","n\\u0061me","\\u00e9\\ud83d\\ude00"]'),
    "a lone surrogate": _raw(b'["salt","name","\\ud800"]'),
    "a lone surrogate as name": _raw(b'["salt","\\udc00","v"]'),
    "a NUL": _raw(b'["salt","name","\\u0000"]'),
    "a raw control character": _raw(b'["salt","name","a\nb"]'),
    "a member twice": _raw(b'["salt","name",{"a":1,"a":2}]'),
    "NaN": _raw(b'["salt","name",NaN]'),
    "infinity": _raw(b'["salt","name",-Infinity]'),
    "a number too large": _raw(b'["salt","name",1e999]'),
    "a number too small": _raw(b'["salt","name",1e-999]'),
    "a negative zero": _raw(b'["salt","name",-0]'),
    "a negative zero with a point": _raw(b'["salt","name",-0.0]'),
    "an integer beyond a double": _raw(b'["salt","name",9007199254740993]'),
    "the largest safe integer": _raw(b'["salt","name",9007199254740991]'),
    "a huge integer": _raw(b'["salt","name",' + b"9" * 400 + b"]"),
    "an integer with a point": _raw(b'["salt","name",1.0]'),
    "an integer with an exponent": _raw(b'["salt","name",1E+2]'),
    "a leading zero": _raw(b'["salt","name",01]'),
    "a comma too many": _raw(b'["salt","name",1,]'),
    "70 arrays deep": _raw(b'["salt","name",' + b"[" * 69 + b"]" * 69 + b"]"),
    "50 arrays deep": _raw(b'["salt","name",' + b"[" * 49 + b"]" * 49 + b"]"),
    "5000 arrays deep": _raw(b'["salt","name",' + b"[" * 5000 + b"]" * 5000 + b"]"),
    "exp disclosed": lambda draft, random: _with(disclosure("salt", "exp", now() + DAY), exp=ABSENT)(draft, random),
    "exp disclosed, past": lambda draft, random: _with(disclosure("salt", "exp", now() - DAY), exp=ABSENT)(
        draft, random
    ),
    "nbf disclosed": lambda draft, random: _with(disclosure("salt", "nbf", now() - DAY))(draft, random),
    "nbf disclosed, future": lambda draft, random: _with(disclosure("salt", "nbf", now() + DAY))(draft, random),
    "iat disclosed": lambda draft, random: _with(disclosure("salt", "iat", now() - DAY), iat=ABSENT)(draft, random),
    "iat disclosed, future": lambda draft, random: _with(disclosure("salt", "iat", now() + DAY), iat=ABSENT)(
        draft, random
    ),
    "sub disclosed": _with(disclosure("salt", "sub", "urn:a")),
    "iss disclosed": _with(disclosure("salt", "iss", ISSUER), iss=ABSENT),
    "vct disclosed": _with(disclosure("salt", "vct", VCT), vct=ABSENT),
    "cnf disclosed": lambda draft, random: _with(disclosure("salt", "cnf", draft.members["cnf"]), cnf=ABSENT)(
        draft, random
    ),
    "status disclosed": _with(disclosure("salt", "status", {"status_list": {"idx": 1, "uri": "https://a.example"}})),
    "vct#integrity disclosed": _with(disclosure("salt", "vct#integrity", "sha256-AAAA")),
    "aka_vcts disclosed": _with(disclosure("salt", "aka_vcts", ["https://types.example/other"])),
    "aud disclosed": _with(disclosure("salt", "aud", AUDIENCE)),
    "aud disclosed, of another": _with(disclosure("salt", "aud", "https://other.example")),
    "an entry of aud disclosed": _element(disclosure("salt", AUDIENCE), array=ABSENT),
    "a sub-claim of status disclosed": lambda draft, random: replace(
        draft,
        payload={**draft.members, "status": {"status_list": {"idx": 1, "uri": "u"}, "_sd": [digest(NAME, draft.hash)]}},
        disclosures=(*draft.disclosures, NAME),
    ),
    "a sub-claim of status hidden": _payload(
        status={"status_list": {"idx": 1, "uri": "u"}, "_sd": [digest("nothing")]}
    ),
    "a claim named exp in an object disclosed": _nested(disclosure("salt", "exp", 1)),
    "a digest twice in one array": lambda draft, random: _with(NAME, digests=[digest(NAME, draft.hash)] * 2)(
        draft, random
    ),
    "a digest in two objects": lambda draft, random: _with(NAME, object={"_sd": [digest(NAME, draft.hash)]})(
        draft, random
    ),
    "a digest in an object and in an array": lambda draft, random: _with(NAME, array=[{"...": digest(NAME, draft.hash)}])(
        draft, random
    ),
    "a digest of an element twice": lambda draft, random: _element(
        ELEMENT, array=[{"...": digest(ELEMENT, draft.hash)}] * 2
    )(draft, random),
    "a digest of nothing twice in one array": _with(digests=[digest("nothing")] * 2),
    "a digest of nothing in two arrays": _with(array=[{"...": digest("nothing")}], digests=[digest("nothing")]),
    "a digest of nothing twice as elements": _payload(array=[{"...": digest("nothing")}] * 2),
    "a digest again by way of a disclosure": _with(disclosure("salt", "a", {"_sd": ["abc"]}), object={"_sd": ["abc"]}),
    "a digest that holds itself": _with(disclosure("salt", "a", {"_sd": ["abc"], "b": {"_sd": ["abc"]}})),
    "70 disclosures inside one another": lambda draft, random: _chain(draft, 70),
    "1500 disclosures inside one another": lambda draft, random: _chain(draft, 1500),
    "1000 disclosures": lambda draft, random: _with(*(disclosure(f"s{n}", f"n{n}", n) for n in range(1000)))(
        draft, random
    ),
}


def _chain(draft: Draft, length: int) -> Draft:
    inner = disclosure("salt", "a", 1)
    made = [inner]
    for _ in range(length - 1):
        inner = disclosure("salt", "a", {"_sd": [digest(inner, draft.hash)]})
        made.append(inner)
    chained = _with(*made, digests=[digest(inner, draft.hash)])(draft, Random(0))
    assert chained is not None
    return chained


_SHAPES: Final[Mapping[str, Drafted]] = {
    "_sd a text": _payload(object={"_sd": "abc"}),
    "_sd an object": _payload(object={"_sd": {"a": 1}}),
    "_sd null": _payload(object={"_sd": None}),
    "_sd of a number": _payload(object={"_sd": [1]}),
    "_sd of an array": _payload(object={"_sd": [["abc"]]}),
    "_sd empty in an object": _payload(object={"_sd": []}),
    "_sd of an empty text": _payload(object={"_sd": [""]}),
    "_sd alone in an object": _payload(object={"_sd": ["abc"]}),
    "_sd in an object in an array": _payload(array=[{"_sd": ["abc"], "a": 1}]),
    "_sd a text in a disclosure": _with(disclosure("salt", "object", {"_sd": "abc"})),
    "_sd null in a disclosure": _with(disclosure("salt", "object", {"_sd": None})),
    "_sd of a number in a disclosure": _with(disclosure("salt", "object", {"_sd": [1]})),
    "_sd empty and nothing hidden": lambda draft, random: replace(
        draft, payload={**frame(HOLDER_KEYS[Algorithm.ES256]), "_sd": []}, disclosures=()
    ),
    "_sd null and nothing hidden": lambda draft, random: replace(
        draft, payload={**frame(HOLDER_KEYS[Algorithm.ES256]), "_sd": None}, disclosures=()
    ),
    "nothing hidden": lambda draft, random: replace(
        draft, payload=frame(HOLDER_KEYS[Algorithm.ES256]), disclosures=()
    ),
    "... at the top": _payload(**{"...": "abc"}),
    "... in an object": _payload(object={"...": "abc"}),
    "... in an object in a disclosure": _with(disclosure("salt", "object", {"...": "abc"})),
    "... beside another member": lambda draft, random: _element(
        ELEMENT, array=[{"...": digest(ELEMENT, draft.hash), "a": 1}]
    )(draft, random),
    "... beside another member, of nothing": _payload(array=[{"...": "abc", "a": 1}]),
    "... a number": _payload(array=[{"...": 1}]),
    "... null": _payload(array=[{"...": None}]),
    "... an array": _payload(array=[{"...": ["abc"]}]),
    "... an empty text": _payload(array=[{"...": ""}]),
    "... in an array in an array": _payload(array=[[{"...": "abc"}]]),
    "_sd_alg in an object": _payload(object={"_sd_alg": "sha-256"}),
    "_sd_alg in an object in an array": _payload(array=[{"_sd_alg": "sha-256"}]),
    "_sd_alg in a disclosure": _with(disclosure("salt", "object", {"_sd_alg": "sha-256"})),
    "_sd_alg unknown": _payload(_sd_alg="sha-1024"),
    "_sd_alg shortened": _payload(_sd_alg="sha-256-32"),
    "_sd_alg in capitals": _payload(_sd_alg="SHA-256"),
    "_sd_alg of Python": _payload(_sd_alg="sha256"),
    "_sd_alg null": _payload(_sd_alg=None),
    "_sd_alg a number": _payload(_sd_alg=256),
    "_sd_alg an array": _payload(_sd_alg=["sha-256"]),
    "_sd_alg of another hash": lambda draft, random: _payload(_sd_alg=_other_hash(draft))(draft, random),
    "payload with a name twice": _member('"a":1,"a":2'),
    "payload with exp twice": lambda draft, random: _member(f'"exp":{now() - DAY}')(draft, random),
    "payload with vct twice": _member('"vct":"https://types.example/other"'),
    "payload with NaN": _member('"a":NaN'),
    "payload with a negative zero": _member('"a":-0.0'),
    "payload with a huge integer": _member('"a":123456789012345678901234567890'),
    "payload with a lone surrogate": _member('"a":"\\ud800"'),
    "payload with a NUL": _member('"a":"\\u0000"'),
    "payload in blanks": _payload_text(lambda payload: f" \n{payload} "),
    "payload with a byte order mark": _payload_text(lambda payload: f"\ufeff{payload}"),
    "payload an array": _payload_text(lambda payload: f"[{payload}]"),
    "payload with something behind": _payload_text(lambda payload: f"{payload}{{}}"),
    "payload of no UTF-8": lambda draft, random: replace(draft, payload=written(draft.payload)[:-1] + b',"a":"\xff"}'),
    "payload of UTF-16": lambda draft, random: replace(draft, payload=written(draft.payload).decode().encode("utf-16")),
}

# -- the holder's proof -----------------------------------------------------------------------------------------------


def _proof(header: Mapping[str, Any] | None = None, **changes: Any) -> Drafted:
    def change(draft: Draft, random: Random) -> Draft | None:
        proof = draft.proof
        if proof is None:
            return None
        made = replace(proof, header={**proof.header, **(header or {})}, claims={**proof.claims, **changes})
        return replace(draft, proof=made)

    return change


def _proof_by(key: SoftwareKey, **header: Any) -> Drafted:
    return lambda draft, random: replace(draft, proof=Proof(key=key, header=header)) if draft.proof else None


def _proof_text(rewrite: Callable[[str], str]) -> Drafted:
    return lambda draft, random: replace(draft, proof=replace(draft.proof, rewrite=rewrite)) if draft.proof else None


def _other_hash(draft: Draft) -> str:
    return "sha-512" if draft.hash == "sha-256" else "sha-256"


_PROOFS: Final[Mapping[str, Drafted]] = {
    "proof left out": lambda draft, random: replace(draft, proof=None) if draft.proof else None,
    "proof for another": _proof(aud="https://other.example"),
    "proof for several": _proof(aud=[AUDIENCE]),
    "proof for nobody": _proof(aud=ABSENT),
    "proof for null": _proof(aud=None),
    "proof of another session": _proof(nonce="another-nonce"),
    "proof of no session": _proof(nonce=ABSENT),
    "proof with a nonce that is an array": _proof(nonce=["nonce-of-this-session"]),
    "proof of last year": lambda draft, random: _proof(iat=now() - 365 * DAY)(draft, random),
    "proof of next year": lambda draft, random: _proof(iat=now() + 365 * DAY)(draft, random),
    "proof of an hour ago": lambda draft, random: _proof(iat=now() - 3600)(draft, random),
    "proof of four minutes ago": lambda draft, random: _proof(iat=now() - 240)(draft, random),
    "proof of six minutes ago": lambda draft, random: _proof(iat=now() - 330)(draft, random),
    "proof of half a minute ahead": lambda draft, random: _proof(iat=now() + 30)(draft, random),
    "proof of two minutes ahead": lambda draft, random: _proof(iat=now() + 120)(draft, random),
    "proof without iat": _proof(iat=ABSENT),
    "proof with iat null": _proof(iat=None),
    "proof with iat a text": lambda draft, random: _proof(iat=str(now()))(draft, random),
    "proof with iat true": _proof(iat=True),
    "proof with iat a fraction": lambda draft, random: _proof(iat=now() - 0.5)(draft, random),
    "proof with iat NaN": _proof_text(lambda claims: re.sub(r'"iat":\d+', '"iat":NaN', claims)),
    "proof over something else": _proof(sd_hash=digest("something else")),
    "proof over nothing": _proof(sd_hash=ABSENT),
    "proof over null": _proof(sd_hash=None),
    "proof with padding behind sd_hash": lambda draft, random: _proof(sd_hash=lambda shown: digest(shown, draft.hash) + "=")(
        draft, random
    ),
    "proof over all but the last ~": lambda draft, random: _proof(sd_hash=lambda shown: digest(shown[:-1], draft.hash))(
        draft, random
    ),
    "proof over another hash": lambda draft, random: _proof(sd_hash=lambda shown: digest(shown, _other_hash(draft)))(
        draft, random
    ),
    "proof without typ": _proof({"typ": ABSENT}),
    "proof with typ JWT": _proof({"typ": "JWT"}),
    "proof with typ in capitals": _proof({"typ": "KB+JWT"}),
    "proof with typ and a prefix": _proof({"typ": "application/kb+jwt"}),
    "proof with crit": _proof({"crit": ["x"], "x": 1}),
    "proof with alg none": _proof({"alg": "none"}),
    "proof with alg in small letters": _proof({"alg": "es256"}),
    "proof with alg of another curve": _proof({"alg": "ES384"}),
    "proof by another key": _proof_by(OTHER_KEY),
    "proof by a key in its header": _proof_by(OTHER_KEY, jwk=dict(OTHER_KEY.public_key.jwk())),
    "proof that expired": lambda draft, random: _proof(exp=now() - 120)(draft, random),
    "proof that expired half a minute ago": lambda draft, random: _proof(exp=now() - 30)(draft, random),
    "proof that is not valid yet": lambda draft, random: _proof(nbf=now() + 3600)(draft, random),
    "proof with exp a text": _proof(exp="soon"),
    "proof with more claims": _proof(extra={"a": [1, None]}),
    "proof with a name twice": _proof_text(lambda claims: claims[:-1] + ',"a":1,"a":2}'),
    "proof with nonce twice": _proof_text(lambda claims: claims.replace('{"', '{"nonce":"another-nonce","', 1)),
    "proof in blanks": _proof_text(lambda claims: f" {claims}\n"),
}


DRAFTED: Final[Mapping[str, Drafted]] = {
    "nothing": lambda draft, random: draft,
    **_HEADERS,
    **_FRAMES,
    **_DISCLOSURES,
    **_SHAPES,
    **_PROOFS,
}

# -- the bytes as they are sent ---------------------------------------------------------------------------------------

_ALPHABET: Final = b"ABCXYZabcxyz0189-_"


def _flipped(token: bytes, random: Random) -> bytes:
    at = random.randrange(len(token))
    return token[:at] + bytes([token[at] ^ 1 << random.randrange(8)]) + token[at + 1 :]


def _other_character(token: bytes, random: Random) -> bytes:
    at = random.randrange(len(token))
    return token[:at] + bytes([random.choice(_ALPHABET)]) + token[at + 1 :]


def _cut(token: bytes, random: Random) -> bytes:
    return token[: random.randrange(len(token))]


def _less(token: bytes, random: Random) -> bytes:
    at = random.randrange(len(token))
    return token[:at] + token[at + 1 :]


def _more(added: bytes) -> Sent:
    def change(token: bytes, random: Random) -> bytes:
        at = random.randrange(len(token) + 1)
        return token[:at] + added + token[at:]

    return change


def _swapped(token: bytes, random: Random) -> bytes:
    parts = token.split(b"~")
    one, other = random.randrange(len(parts)), random.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b"~".join(parts)


def _segment(which: int, change: Callable[[bytes], bytes], part: int = 0) -> Sent:
    """Change one segment of a JWS: of the issuer's (part 0) or of the holder's proof (part -1)."""

    def mutate(token: bytes, random: Random) -> bytes | None:
        parts = token.split(b"~")
        segments = parts[part].split(b".")
        if len(segments) != 3:
            return None
        segments[which] = change(segments[which])
        parts[part] = b".".join(segments)
        return b"~".join(parts)

    return mutate


def _loosened(segment: bytes) -> bytes:
    """Give the same bytes by another last character."""
    # of 64 and of 96 bytes: 86 characters, of which the last has four bits to spare; or 128, with none
    if len(segment) % 4 == 0:
        return segment[:-4] + b"!" + segment[-4:]
    return segment[:-1] + bytes([_FOLLOWS[segment[-1]]])


_URL_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_FOLLOWS: Final = dict(zip(_URL_ALPHABET, _URL_ALPHABET[1:] + b"A", strict=True))

_SEGMENTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "padded": lambda segment: segment + b"=" * (-len(segment) % 4),
    "with a newline": lambda segment: segment[:3] + b"\n" + segment[3:],
    "with a character of no alphabet": lambda segment: segment[:3] + b"!" + segment[3:],
    "with another last character": _loosened,
    "empty": lambda segment: b"",
    "doubled": lambda segment: segment * 2,
}

ANYWHERE: Final[Mapping[str, Sent]] = {
    "a bit flipped": _flipped,
    "another character": _other_character,
    "cut off": _cut,
    "a byte less": _less,
    "a ~ more": _more(b"~"),
    "a . more": _more(b"."),
    "a newline more": _more(b"\n"),
    "a = more": _more(b"="),
    "a character of UTF-8 more": _more("\u00e9".encode()),
    "two parts swapped": _swapped,
}
"""At random places; what comes of one differs from place to place."""

SENT: Final[Mapping[str, Sent]] = {
    "a ~ before the proof": lambda token, random: b"~~".join(token.rsplit(b"~", 1)),
    "a ~ behind the credential": lambda token, random: token.replace(b"~", b"~~", 1),
    "a blank behind": lambda token, random: token + b" ",
    "a newline behind": lambda token, random: token + b"\n",
    "a ~ behind": lambda token, random: token + b"~",
    "no ~": lambda token, random: token.replace(b"~", b""),
    "no proof and no last ~": lambda token, random: token[: token.rindex(b"~")],
    "the proof cut off": lambda token, random: token[: token.rindex(b"~") + 1],
    "the proof twice": lambda token, random: token + token[token.rindex(b"~") :],
    "the credential as proof": lambda token, random: token[: token.rindex(b"~") + 1] + token.split(b"~")[0],
    **{
        f"{part}'s {segment} {how}": _segment(which, change, at)
        for part, at in (("issuer", 0), ("holder", -1))
        for which, segment in enumerate(("header", "payload", "signature"))
        for how, change in _SEGMENTS.items()
    },
}
