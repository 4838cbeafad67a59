"""Digests and disclosures with one thing wrong, or none: which there are, what is in them, where they stand."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

from eigendata.crypto.keys import Algorithm
from tests.differential.spoiled_jwts import member, other_hash, payload, payload_text
from tests.differential.tokens import (
    ABSENT,
    AUDIENCE,
    DAY,
    HOLDER_KEYS,
    ISSUER,
    VCT,
    Draft,
    Drafted,
    b64,
    digest,
    disclosure,
    frame,
    now,
    written,
)

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
        return replace(draft, payload={**draft.members, "object": inner}, disclosures=(*draft.disclosures, *added))

    return change


def _raw(text: bytes) -> Drafted:
    """Add a disclosure of this text, well referenced."""
    return _with(b64(text))


def _sha256(mutation: Drafted) -> Drafted:
    """What has digests inside a disclosure that was made beforehand."""
    return lambda draft, random: mutation(draft, random) if draft.hash == "sha-256" else None


def _many(count: int) -> Drafted:
    return _with(*(disclosure(f"salt-{number}", f"name-{number}", number) for number in range(count)))


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

DISCLOSURES: Final[Mapping[str, Drafted]] = {
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
            ("with four blanks", f"{NAME[:5]}    {NAME[5:]}"),
            ("with newlines", f"{NAME[:5]}\n\n\n\n{NAME[5:]}"),
            ("with characters of no alphabet", f"{NAME[:5]}!!!!{NAME[5:]}"),
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
    "a sub-claim of status hidden": payload(status={"status_list": {"idx": 1, "uri": "u"}, "_sd": [digest("nothing")]}),
    "a claim named exp in an object disclosed": _nested(disclosure("salt", "exp", 1)),
    "a digest twice in one array": lambda draft, random: _with(NAME, digests=[digest(NAME, draft.hash)] * 2)(
        draft, random
    ),
    "a digest in two objects": lambda draft, random: _with(NAME, object={"_sd": [digest(NAME, draft.hash)]})(
        draft, random
    ),
    "a digest in an object and in an array": lambda draft, random: _with(
        NAME, array=[{"...": digest(NAME, draft.hash)}]
    )(draft, random),
    "a digest of an element twice": lambda draft, random: _element(
        ELEMENT, array=[{"...": digest(ELEMENT, draft.hash)}] * 2
    )(draft, random),
    "a digest of nothing twice in one array": _with(digests=[digest("nothing")] * 2),
    "a digest of nothing in two arrays": _with(array=[{"...": digest("nothing")}], digests=[digest("nothing")]),
    "a digest of nothing twice as elements": payload(array=[{"...": digest("nothing")}] * 2),
    "a digest again by way of a disclosure": _with(disclosure("salt", "a", {"_sd": ["abc"]}), object={"_sd": ["abc"]}),
    "a digest that holds itself": _with(disclosure("salt", "a", {"_sd": ["abc"], "b": {"_sd": ["abc"]}})),
    "70 disclosures inside one another": lambda draft, random: _chain(draft, 70),
    "1500 disclosures inside one another": lambda draft, random: _chain(draft, 1500),
    "1000 disclosures": _many(1000),
    "1100 disclosures": _many(1100),
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


def _conceals(draft: Draft) -> bool:
    text = written(draft.payload).decode()
    return '"_sd":["' in text or '"...":' in text


SHAPES: Final[Mapping[str, Drafted]] = {
    "_sd a text": payload(object={"_sd": "abc"}),
    "_sd an object": payload(object={"_sd": {"a": 1}}),
    "_sd null": payload(object={"_sd": None}),
    "_sd of a number": payload(object={"_sd": [1]}),
    "_sd of an array": payload(object={"_sd": [["abc"]]}),
    "_sd empty in an object": lambda draft, random: (
        payload(object={"_sd": []})(draft, random) if _conceals(draft) else None
    ),
    "_sd empty in an object and nothing hidden": lambda draft, random: replace(
        draft, payload={**frame(HOLDER_KEYS[Algorithm.ES256]), "object": {"_sd": []}}, disclosures=()
    ),
    "_sd of an empty text": payload(object={"_sd": [""]}),
    "_sd alone in an object": payload(object={"_sd": ["abc"]}),
    "_sd in an object in an array": payload(array=[{"_sd": ["abc"], "a": 1}]),
    "_sd a text in a disclosure": _with(disclosure("salt", "object", {"_sd": "abc"})),
    "_sd null in a disclosure": _with(disclosure("salt", "object", {"_sd": None})),
    "_sd of a number in a disclosure": _with(disclosure("salt", "object", {"_sd": [1]})),
    "_sd empty and nothing hidden": lambda draft, random: replace(
        draft, payload={**frame(HOLDER_KEYS[Algorithm.ES256]), "_sd": []}, disclosures=()
    ),
    "_sd null and nothing hidden": lambda draft, random: replace(
        draft, payload={**frame(HOLDER_KEYS[Algorithm.ES256]), "_sd": None}, disclosures=()
    ),
    "nothing hidden": lambda draft, random: replace(draft, payload=frame(HOLDER_KEYS[Algorithm.ES256]), disclosures=()),
    "... at the top": payload(**{"...": "abc"}),
    "... in an object": payload(object={"...": "abc"}),
    "... in an object in a disclosure": _with(disclosure("salt", "object", {"...": "abc"})),
    "... beside another member": lambda draft, random: _element(
        ELEMENT, array=[{"...": digest(ELEMENT, draft.hash), "a": 1}]
    )(draft, random),
    "... beside another member, of nothing": payload(array=[{"...": "abc", "a": 1}]),
    "... a number": payload(array=[{"...": 1}]),
    "... null": payload(array=[{"...": None}]),
    "... an array": payload(array=[{"...": ["abc"]}]),
    "... an empty text": payload(array=[{"...": ""}]),
    "... in an array in an array": payload(array=[[{"...": "abc"}]]),
    "_sd_alg in an object": payload(object={"_sd_alg": "sha-256"}),
    "_sd_alg in an object in an array": payload(array=[{"_sd_alg": "sha-256"}]),
    "_sd_alg in a disclosure": _with(disclosure("salt", "object", {"_sd_alg": "sha-256"})),
    "_sd_alg unknown": payload(_sd_alg="sha-1024"),
    "_sd_alg shortened": payload(_sd_alg="sha-256-32"),
    "_sd_alg in capitals": payload(_sd_alg="SHA-256"),
    "_sd_alg of Python": payload(_sd_alg="sha256"),
    "_sd_alg null": payload(_sd_alg=None),
    "_sd_alg a number": payload(_sd_alg=256),
    "_sd_alg an array": payload(_sd_alg=["sha-256"]),
    "_sd_alg of another hash": lambda draft, random: payload(_sd_alg=other_hash(draft))(draft, random),
    "payload with a name twice": member('"a":1,"a":2'),
    "payload with exp twice": lambda draft, random: member(f'"exp":{now() - DAY}')(draft, random),
    "payload with vct twice": member('"vct":"https://types.example/other"'),
    "payload with NaN": member('"a":NaN'),
    "payload with a negative zero": member('"a":-0.0'),
    "payload with a huge integer": member('"a":123456789012345678901234567890'),
    "payload with a lone surrogate": member('"a":"\\ud800"'),
    "payload with a NUL": member('"a":"\\u0000"'),
    "payload in blanks": payload_text(lambda payload: f" \n{payload} "),
    "payload with a byte order mark": payload_text(lambda payload: f"\ufeff{payload}"),
    "payload an array": payload_text(lambda payload: f"[{payload}]"),
    "payload with something behind": payload_text(lambda payload: f"{payload}{{}}"),
    "payload of no UTF-8": lambda draft, random: replace(draft, payload=written(draft.payload)[:-1] + b',"a":"\xff"}'),
    "payload of UTF-16": lambda draft, random: replace(draft, payload=written(draft.payload).decode().encode("utf-16")),
}
