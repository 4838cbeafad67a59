"""The issuer-signed JWT as a signed thing: its parts, its encoding, its algorithm and its signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from eigendata.encoding import b64url_decode
from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Severity
from eigendata.testkit.forge import GONE, ISSUER, ORDER, STRANGER, Edit, compact, encoded
from eigendata.testkit.making import KEY_ID, Kit

SHOULD: Final = Severity.SHOULD
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def add(kit: Kit) -> None:
    algorithms(kit)
    keys(kit)
    made_up_signatures(kit)
    spoilt_signatures(kit)
    misplaced_signatures(kit)
    headers(kit)
    parts(kit)
    texts(kit)


def by_secret(secret: bytes) -> Edit:
    """Give how HS256 signs with this secret, where the secret is what everybody knows of a public key."""
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


def secrets_of(key: Any) -> dict[str, bytes]:
    """Give the bytes that a confused library takes for a secret: the public key, as one of its files or as a JWK."""
    public = key.public_key.to_cryptography()
    return {
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": compact(key.jwk()),
    }


def algorithms(kit: Kit) -> None:
    for name in ("none", "None", "NONE", "nOnE"):
        for kind, sign in (("unsigned", lambda _: b""), ("signed", ISSUER.sign)):
            kit.bad(
                f"alg-{'none' if name == 'none' else 'none-' + _case(name)}-{kind}",
                f"The header states alg {name}; the signature is {'empty' if kind == 'unsigned' else 'good'}",
                "RFC 9901 7.1 (2.1)",
                None if kind == "unsigned" else checks.ALGORITHM,
                header={"alg": name},
                jwt={"sign": sign},
            )
    for name, secret in secrets_of(ISSUER).items():
        kit.bad(
            f"alg-hs256-{name}",
            f"HS256 with the issuer's public key ({name}) as the secret",
            "RFC 8725 3.1",
            checks.ALGORITHM,
            header={"alg": "HS256"},
            jwt={"sign": by_secret(secret)},
        )
    for stated, said in (
        ("ES384", "another curve"),
        ("ES256K", "a curve of another family"),
        ("RS256", "another kind of key"),
        ("EdDSA", "another kind of key"),
        ("", "an empty text"),
    ):
        kit.bad(
            f"alg-stated-{stated.lower() or 'empty'}",
            f"A good ES256 signature under {f'alg {stated}' if stated else 'an alg'}: {said}",
            "RFC 7515 5.2 (8)",
            checks.ALGORITHM,
            header={"alg": stated},
        )
    kit.bad(
        "alg-small-letters",
        "alg is es256: names of algorithms are case-sensitive",
        "RFC 7515 4.1.1",
        checks.ALGORITHM,
        header={"alg": "es256"},
    )
    kit.bad("alg-missing", "The header states no algorithm", "RFC 7515 4.1.1", None, header={"alg": GONE})
    kit.bad("alg-array", "alg is an array", "RFC 7515 4.1.1", None, header={"alg": ["ES256"]})
    kit.bad("alg-null", "alg is null", "RFC 7515 4.1.1", None, header={"alg": None})


def _case(name: str) -> str:
    return "capital" if name == "None" else "capitals" if name == "NONE" else "mixed"


def keys(kit: Kit) -> None:
    stranger = {"alg": "ES256", "jwk": STRANGER.jwk()}
    said = "Signed by a stranger"
    kit.bad("key-stranger", said, "RFC 9901 7.1 (2.2)", checks.SIGNATURE, jwt={"sign": STRANGER.sign})
    kit.bad(
        "key-in-header",
        f"{said}, whose key stands in the header",
        "RFC 9901 7.1 (2.3)",
        checks.SIGNATURE,
        header=stranger,
        jwt={"sign": STRANGER.sign},
    )
    kit.bad(
        "key-in-header-alone",
        f"{said}, whose key stands in the header; no kid",
        "RFC 9901 7.1 (2.3)",
        checks.SIGNATURE,
        header={**stranger, "kid": GONE},
        jwt={"sign": STRANGER.sign},
    )
    for name in ("jku", "x5u"):
        kit.bad(
            f"key-by-{name}",
            f"{said}; {name} in the header says where a key can be fetched",
            "RFC 9901 7.1 (2.3)",
            checks.SIGNATURE,
            header={name: "https://stranger.kit.example/keys"},
            jwt={"sign": STRANGER.sign},
        )
    kit.bad(
        "key-in-payload",
        f"{said}, whose key stands in the payload as the issuer's",
        "RFC 9901 7.1 (2.3)",
        checks.SIGNATURE,
        payload={"jwks": {"keys": [{**STRANGER.jwk(), "kid": KEY_ID}]}},
        jwt={"sign": STRANGER.sign},
    )
    kit.bad(
        "key-of-holder",
        "The holder's key signed the credential too",
        "RFC 9901 7.1 (2.3)",
        checks.SIGNATURE,
        payload={"cnf": {"jwk": STRANGER.jwk()}},
        jwt={"sign": STRANGER.sign},
        kb_jwt={"sign": STRANGER.sign},
    )


def made_up_signatures(kit: Kit) -> None:
    zero, order = bytes(32), ORDER.to_bytes(32, "big")
    forged = {
        "zeros": ("r and s are 0", zero + zero),
        "r-zero": ("r is 0 and s is 1", zero + (1).to_bytes(32, "big")),
        "s-zero": ("r is 1 and s is 0", (1).to_bytes(32, "big") + zero),
        "ones": ("r and s are 1", (1).to_bytes(32, "big") * 2),
        "order": ("r and s are the order of the curve", order + order),
        "order-below": ("r and s are one below the order of the curve", (ORDER - 1).to_bytes(32, "big") * 2),
        "r-order": ("r is the order of the curve and s is 1", order + (1).to_bytes(32, "big")),
        "all-ones": ("every bit is 1", b"\xff" * 64),
    }
    for name, (title, signature) in forged.items():
        kit.bad(
            f"ecdsa-{name}",
            f"The signature is made up: {title}",
            "RFC 7518 3.4",
            checks.SIGNATURE,
            jwt={"sign": lambda _, signature=signature: signature},
        )


def spoilt_signatures(kit: Kit) -> None:
    changed: dict[str, tuple[str, Edit]] = {
        "swapped": ("r and s have changed places", lambda good: good[32:] + good[:32]),
        "short": ("the last octet is missing", lambda good: good[:-1]),
        "long": ("an octet more", lambda good: good + b"\x00"),
        "front": ("a zero octet in front", lambda good: b"\x00" + good),
        "r-alone": ("only r is there", lambda good: good[:32]),
        "twice": ("the signature stands there twice", lambda good: good + good),
        "bit": ("one bit is another", lambda good: good[:40] + bytes([good[40] ^ 1]) + good[41:]),
        "wide": (
            "r and s have 48 octets each, as in ES384",
            lambda good: bytes(16) + good[:32] + bytes(16) + good[32:],
        ),
    }
    for name, (title, edit) in changed.items():
        kit.bad(
            f"ecdsa-{name}",
            f"A good signature spoilt: {title}",
            "RFC 7518 3.4",
            None if name == "twice" else checks.SIGNATURE,  # longer than any signature, so not read at all
            jwt={"sign": lambda message, edit=edit: edit(ISSUER.sign(message))},
        )


def misplaced_signatures(kit: Kit) -> None:
    kit.bad(
        "ecdsa-der",
        "The signature is good, and in DER: JOSE wants r and s alone",
        "RFC 7518 3.4",
        checks.SIGNATURE,
        jwt={"sign": ISSUER.in_der},
    )
    kit.bad(
        "ecdsa-payload-alone",
        "The signature is over the payload without the header",
        "RFC 7515 5.2 (8)",
        checks.SIGNATURE,
        jwt={"sign": lambda message: ISSUER.sign(message.partition(b".")[2])},
    )
    kit.bad(
        "ecdsa-decoded",
        "The signature is over the decoded payload",
        "RFC 7515 5.2 (8)",
        checks.SIGNATURE,
        jwt={"sign": lambda message: ISSUER.sign(b64url_decode(message.partition(b".")[2]))},
    )
    kit.bad(
        "signed-payload-changed",
        "After signing, a claim was changed",
        "RFC 9901 7.1 (2.2)",
        checks.SIGNATURE,
        jwt={"after": lambda token: _rewritten(token, 1, b'"Kit"', b'"Kat"')},
    )
    kit.bad(
        "signed-header-changed",
        "After signing, a member was put into the header",
        "RFC 9901 7.1 (2.2)",
        checks.SIGNATURE,
        jwt={"after": lambda token: _rewritten(token, 0, b'{"alg"', b'{"cty":"JSON","alg"')},
    )


def _rewritten(token: bytes, part: int, old: bytes, new: bytes) -> bytes:
    return _with_part(token, part, lambda one: encoded(b64url_decode(one).replace(old, new)))


def headers(kit: Kit) -> None:
    critical: dict[str, tuple[str, dict[str, Any], Severity]] = {
        "unknown": (
            "crit names an extension that nobody knows",
            {"crit": ["kit.example/rule"], "kit.example/rule": 1},
            Severity.MUST,
        ),
        "absent": (
            "crit names a parameter that is not there",
            {"crit": ["kit.example/rule"]},
            Severity.MUST,
        ),
        "empty": ("crit is an empty array", {"crit": []}, SHOULD),
        "text": ("crit is a text", {"crit": "kit.example/rule", "kit.example/rule": 1}, SHOULD),
        "standard": ("crit names a parameter of the standard", {"crit": ["alg"]}, SHOULD),
        "null": ("crit is null", {"crit": None}, SHOULD),
        "b64": (
            "The payload is said not to be encoded, and critically so",
            {"crit": ["b64"], "b64": False},
            Severity.MUST,
        ),
    }
    for name, (title, members, severity) in critical.items():
        clause = "RFC 7797 6" if name == "b64" else "RFC 7515 4.1.11"
        kit.bad(f"crit-{name}", title, clause, None, severity=severity, header=members)
    kit.bad(
        "b64-false",
        "The payload is said not to be encoded, without crit: a JWT is always encoded",
        "RFC 7797 7",
        None,
        severity=SHOULD,
        header={"b64": False},
    )
    for name, typ, severity in (
        ("jwt", "JWT", Severity.MUST),
        ("proof", "kb+jwt", Severity.MUST),
        ("status-list", "statuslist+jwt", Severity.MUST),
        ("request", "oauth-authz-req+jwt", Severity.MUST),
        ("key-proof", "openid4vci-proof+jwt", Severity.MUST),
        ("any-sd-jwt", "example+sd-jwt", Severity.MUST),
        ("older", "vc+sd-jwt", SHOULD),  # its own name until late drafts; some accept both for a while
    ):
        kit.bad(
            f"typ-{name}",
            f"The typ of the token is {typ}",
            "SD-JWT VC 2.2.1",
            checks.TYP,
            severity=severity,
            header={"typ": typ},
        )
    kit.bad("typ-missing", "The token does not say what it is", "SD-JWT VC 2.2.1", checks.TYP, header={"typ": GONE})
    kit.bad("typ-number", "typ is a number", "RFC 7515 4.1.9", None, severity=SHOULD, header={"typ": 1})


def parts(kit: Kit) -> None:
    """The compact form: three parts, each strictly base64url (RFC 7515 2 and 5.2)."""
    shapes: dict[str, tuple[str, Edit]] = {
        "two-parts": ("has no signature part", lambda token: token.rpartition(b".")[0]),
        "no-signature": ("has an empty signature", lambda token: token.rpartition(b".")[0] + b"."),
        "no-header": ("has an empty header", lambda token: b"." + token.partition(b".")[2]),
        "no-payload": ("has an empty payload", lambda token: _with_part(token, 1, lambda _: b"")),
        "four-parts": ("has a fourth part", lambda token: token + b".AAAA"),
        "four-parts-empty": ("ends with a full stop", lambda token: token + b"."),
        "five-parts": ("has five parts, as an encrypted one", lambda token: token + b".AAAA.AAAA"),
        "json": (
            "is in the JSON serialization, in the compact form's place",
            lambda token: compact(dict(zip(("protected", "payload", "signature"), _texts(token), strict=True))),
        ),
    }
    for name, (title, edit) in shapes.items():
        kit.bad(f"jws-{name}", f"The issuer-signed JWT {title}", "RFC 7515 5.2 (1)", None, jwt={"after": edit})
    places = {"header": "header_part", "payload": "payload_part"}
    for place, argument in places.items():
        spelt: dict[str, tuple[str, Edit]] = {
            "padded": ("padding at its end", lambda part: part + b"=" * (-len(part) % 4 or 4)),
            "space": ("a space in it", lambda part: part[:9] + b" " + part[9:]),
            "alphabet": ("a character of no alphabet in it", lambda part: part[:9] + b"*" + part[9:]),
            "percent": ("padding in percent signs at its end", lambda part: part + b"%3D"),
        }
        for name, (title, edit) in spelt.items():
            kit.bad(
                f"b64-{place}-{name}",
                f"The {place}, signed so, has {title}",
                "RFC 7515 5.2 (2)",
                None,
                jwt={argument: edit},
            )
    kit.bad(
        "b64-payload-standard",
        "The payload, signed so, uses + and / in the place of - and _",
        "RFC 7515 5.2 (2)",
        None,
        # a claim whose characters make sure that there are such
        payload={"authority": "Kit>>>???~~~"},
        jwt={"payload_part": lambda part: part.replace(b"-", b"+").replace(b"_", b"/")},
    )
    kit.bad(
        "b64-signature-padded",
        "The signature has padding at its end",
        "RFC 7515 5.2 (2)",
        None,
        jwt={"after": lambda token: token + b"=="},
    )
    kit.bad(
        "b64-signature-bits",
        "The last character of the signature has bits that belong to no octet",
        "RFC 4648 3.5",
        None,
        severity=SHOULD,
        jwt={"after": _other_last},
    )


def _with_part(token: bytes, part: int, edit: Edit) -> bytes:
    parts = token.split(b".")
    parts[part] = edit(parts[part])
    return b".".join(parts)


def _texts(token: bytes) -> list[str]:
    return [part.decode() for part in token.split(b".")]


def _other_last(token: bytes) -> bytes:
    """Give the token with another last character, which decodes to the same octets where nobody looks."""
    return token[:-1] + bytes([_ALPHABET[_ALPHABET.index(token[-1:]) + 1]])


def texts(kit: Kit) -> None:
    """The JSON of header and payload (RFC 7515 5.2 step 3, RFC 7519 7.2 step 10)."""
    whole: dict[str, tuple[str, Edit]] = {
        "nan": ("holds NaN", _holding(b'"a":NaN')),
        "infinity": ("holds -Infinity", _holding(b'"a":-Infinity')),
        "comma": ("ends with a comma before its brace", lambda text: text[:-1] + b",}"),
        "comment": ("holds a comment", lambda text: b"/* a comment */" + text),
        "quotes": ("uses single quotation marks", lambda text: text.replace(b'"', b"'")),
        "more": ("is followed by more", lambda text: text + b"{}"),
        "cut": ("is cut off", lambda text: text[:-1]),
        "array": ("is an array", lambda text: b"[" + text + b"]"),
        "string": ("is a text that holds JSON", lambda text: json.dumps(text.decode()).encode()),
        "utf-16": ("is UTF-16", lambda text: text.decode().encode("utf-16-le")),
        "utf-32": ("is UTF-32 with a byte order mark", lambda text: text.decode().encode("utf-32")),
        "latin-1": ("holds an octet that is no UTF-8", _holding(b'"a":"\xe9"')),
        "overlong": ("holds a quotation mark in two octets", _holding(b'"a":"\xc0\xa2"')),
        "surrogate": ("holds half of a pair of UTF-16 as three octets", _holding(b'"a":"\xed\xa0\x80"')),
        "control": ("holds a line feed inside a text", _holding(b'"a":"b\nc"')),
        "leading-zero": ("holds a number with a zero in front", _holding(b'"a":01')),
        "hex": ("holds a number in hexadecimal", _holding(b'"a":0x10')),
    }
    for name, (title, edit) in whole.items():
        kit.bad(
            f"json-payload-{name}",
            f"The payload, signed so, {title}",
            "RFC 7519 7.2 (10)",
            None,
            jwt={"payload_text": edit},
        )
    for name in ("nan", "comma", "more", "array", "utf-16", "latin-1"):
        title, edit = whole[name]
        kit.bad(
            f"json-header-{name}",
            f"The header, signed so, {title}",
            "RFC 7515 5.2 (3)",
            None,
            jwt={"header_text": edit},
        )
    twice: dict[str, tuple[str, str, dict[str, Edit]]] = {
        "header": ("The header states alg twice", "RFC 7515 4", {"header_text": _holding(b'"alg":"ES256"')}),
        "payload": ("The payload holds a claim twice", "RFC 7519 4", {"payload_text": _holding(b'"authority":"Kat"')}),
        "payload-exp": (
            "The payload holds exp twice: past, and to come",
            "RFC 7519 4",
            {"payload_text": _holding(f'"exp":{kit.now - 86_400}'.encode())},
        ),
        "payload-nested": (
            "A name stands twice in an object inside the payload",
            "RFC 7519 4",
            {"payload_text": _holding(b'"a":{"b":1,"b":2}')},
        ),
        "payload-escaped": (
            "The payload holds a claim twice, once with an escape in its name",
            "RFC 7519 4",
            {"payload_text": _holding(b'"\\u0061uthority":"Kat"')},
        ),
    }
    for name, (title, clause, edits) in twice.items():
        # readers of JWT may also take the last one: then at least both ends should be warned
        kit.bad(f"json-twice-{name}", title, clause, None, severity=SHOULD, jwt=edits)


def _holding(member: bytes) -> Edit:
    return lambda text: b"{" + member + b"," + text[1:]
