"""The holder's proof (RFC 9901 4.3 and 7.3), and the key that the credential names."""

from __future__ import annotations

from typing import Any, Final

from eigendata.crypto.keys import Algorithm
from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Severity
from eigendata.testkit.forge import GONE, HOLDER, ISSUER, STRANGER, Edit, KitKey, digest, encoded
from eigendata.testkit.jose import by_secret, secrets_of
from eigendata.testkit.making import AUDIENCE, DAY, FAMILY, GIVEN, NONCE, Kit

SHOULD: Final = Severity.SHOULD


def add(kit: Kit) -> None:
    presence(kit)
    keys(kit)
    bound_keys(kit)
    ways_to_bind(kit)
    algorithms(kit)
    typing(kit)
    times(kit)
    sessions(kit)
    hashes(kit)
    structure(kit)
    signatures(kit)


def presence(kit: Kit) -> None:
    kit.bad("kb-missing", "The holder's proof is missing", "RFC 9901 7.3 (2)", checks.KB_PRESENT, proof=None)
    kit.bad(
        "kb-missing-no-cnf",
        "The holder's proof is missing, and the credential names no holder",
        "RFC 9901 7.3 (2)",
        checks.KB_PRESENT,
        payload={"cnf": GONE},
        proof=None,
    )
    kit.bad(
        "kb-no-cnf",
        "There is a proof, and the credential names no holder",
        "RFC 9901 7.3 (5.1)",
        checks.HOLDER_KEY,
        payload={"cnf": GONE},
    )
    kit.bad(
        "kb-no-cnf-key-in-proof",
        "The credential names no holder; the proof brings its own key along, in its header and as cnf",
        "RFC 9901 7.3 (5.1)",
        checks.HOLDER_KEY,
        payload={"cnf": GONE},
        kb_header={"jwk": STRANGER.jwk()},
        kb={"cnf": {"jwk": STRANGER.jwk()}},
        kb_jwt={"sign": STRANGER.sign},
    )


def keys(kit: Kit) -> None:
    clause, check = "RFC 9901 7.3 (5.3)", checks.KB_SIGNATURE
    kit.bad("kb-key-stranger", "A stranger made the proof", clause, check, kb_jwt={"sign": STRANGER.sign})
    kit.bad("kb-key-issuer", "The issuer's key made the proof", clause, check, kb_jwt={"sign": ISSUER.sign})
    kit.bad(
        "kb-key-in-header",
        "A stranger made the proof, and put the own key into its header",
        clause,
        check,
        kb_header={"jwk": STRANGER.jwk()},
        kb_jwt={"sign": STRANGER.sign},
    )
    kit.bad(
        "kb-key-in-proof",
        "A stranger made the proof, and put the own key into it as cnf",
        clause,
        check,
        kb={"cnf": {"jwk": STRANGER.jwk()}},
        kb_jwt={"sign": STRANGER.sign},
    )
    kit.bad(
        "kb-key-of-disclosure",
        "A stranger made the proof; the own key stands as cnf in a disclosed object",
        clause,
        check,
        payload={"more": {"cnf": {"jwk": STRANGER.jwk()}}},
        kb_jwt={"sign": STRANGER.sign},
    )


def bound_keys(kit: Kit) -> None:
    jwk = HOLDER.jwk()
    x, y = b64url_decode(jwk["x"]), b64url_decode(jwk["y"])
    off = y[:-1] + bytes([y[-1] ^ 1])
    wrong: dict[str, tuple[str, Any, Severity]] = {
        "off-curve": ("is no point of its curve", {**jwk, "y": b64url_encode(off)}, Severity.MUST),
        "infinity": (
            "has zeros as coordinates",
            {**jwk, "x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))},
            Severity.MUST,
        ),
        "no-y": ("has no y", {name: value for name, value in jwk.items() if name != "y"}, Severity.MUST),
        "short-x": ("has an x of 31 octets", {**jwk, "x": b64url_encode(x[1:])}, Severity.MUST),
        "long-x": ("has a zero octet in front of x", {**jwk, "x": b64url_encode(b"\x00" + x)}, SHOULD),
        "curve": ("names another curve", {**jwk, "crv": "P-384"}, SHOULD),
        "curve-unknown": ("names a curve that nobody knows", {**jwk, "crv": "P-257"}, SHOULD),
        "kty": ("names another kind of key", {**jwk, "kty": "OKP"}, SHOULD),
        "no-kty": (
            "names no kind of key",
            {name: value for name, value in jwk.items() if name != "kty"},
            SHOULD,
        ),
        "text": ("is a text", "the holder's key", Severity.MUST),
        "private": ("holds a private part", {**jwk, "d": b64url_encode(bytes(31) + b"\x07")}, SHOULD),
        "encryption": ("is for encryption", {**jwk, "use": "enc"}, SHOULD),
        "operations": ("is for deriving keys", {**jwk, "key_ops": ["deriveBits"]}, SHOULD),
        "algorithm": ("is for another algorithm", {**jwk, "alg": "ES384"}, SHOULD),
    }
    for name, (title, value, severity) in wrong.items():
        kit.bad(
            f"cnf-{name}",
            f"The holder's key {title}",
            "RFC 7517 4" if name in ("encryption", "operations", "algorithm", "no-kty") else "RFC 7518 6.2",
            None,
            severity=severity,
            payload={"cnf": {"jwk": value}},
        )


def ways_to_bind(kit: Kit) -> None:
    jwk = HOLDER.jwk()
    ways: dict[str, tuple[str, Any, Severity]] = {
        "kid": ("only by a kid that nobody can look up", {"kid": "1"}, Severity.MUST),
        "jku": (
            "only by where it could be fetched",
            {"jku": "https://stranger.kit.example/keys", "kid": "1"},
            Severity.MUST,
        ),
        "empty": ("in no way: cnf is empty", {}, Severity.MUST),
        "two": ("in two ways: a jwk and a jku", {"jwk": jwk, "jku": "https://stranger.kit.example/keys"}, SHOULD),
        "null": ("in no way: cnf is null", None, Severity.MUST),
        "bare": ("as a JWK without jwk around it", jwk, Severity.MUST),
    }
    for name, (title, value, severity) in ways.items():
        kit.bad(
            f"cnf-by-{name}",
            f"The holder is named {title}",
            "RFC 7800 3.1" if name == "two" else "RFC 9901 7.3 (5.1)",
            checks.HOLDER_KEY,
            severity=severity,
            payload={"cnf": value},
        )


def algorithms(kit: Kit) -> None:
    clause, check = "RFC 9901 7.3 (5.2)", checks.KB_ALGORITHM
    kit.bad(
        "kb-alg-none",
        "The proof is not signed: alg none and an empty signature",
        clause,
        None,
        kb_header={"alg": "none"},
        kb_jwt={"sign": lambda _: b""},
    )
    kit.bad("kb-alg-none-signed", "The proof states alg none, and is signed", clause, check, kb_header={"alg": "none"})
    for name, secret in secrets_of(HOLDER).items():
        kit.bad(
            f"kb-alg-hs256-{name}",
            f"HS256 with the holder's public key ({name}) as the secret",
            clause,
            check,
            kb_header={"alg": "HS256"},
            kb_jwt={"sign": by_secret(secret)},
        )
    secret = bytes(range(32))
    kit.bad(
        "kb-alg-hs256-oct",
        "The holder's key is a secret that stands in the credential for everybody to read, and made the proof by HS256",
        clause,
        None,
        payload={"cnf": {"jwk": {"kty": "oct", "k": b64url_encode(secret)}}},
        kb_header={"alg": "HS256"},
        kb_jwt={"sign": by_secret(secret)},
    )
    other = KitKey.of("the holder of es384", Algorithm.ES384)
    kit.bad(
        "kb-alg-stated",
        "The proof is signed by ES384 with the named key, and states ES256",
        clause,
        check,
        of="good-holder-es384",
        kb_header={"alg": "ES256"},
        kb_jwt={"sign": other.sign},
    )
    kit.bad(
        "kb-alg-es384", "The proof states ES384, and the key is for ES256", clause, check, kb_header={"alg": "ES384"}
    )


def typing(kit: Kit) -> None:
    clause, check = "RFC 9901 7.3 (5.4)", checks.KB_TYP
    for name, typ in (
        ("jwt", "JWT"),
        ("credential", "dc+sd-jwt"),
        ("key-proof", "openid4vci-proof+jwt"),
        ("longer", "kb+jwt+more"),
    ):
        kit.bad(f"kb-typ-{name}", f"The typ of the proof is {typ}", clause, check, kb_header={"typ": typ})
    kit.bad("kb-typ-missing", "The proof does not say what it is", clause, check, kb_header={"typ": GONE})


def times(kit: Kit) -> None:
    clause, check = "RFC 9901 7.3 (5.5)", checks.KB_IAT
    made: dict[str, tuple[str, Any, Severity]] = {
        "yesterday": ("was made yesterday", kit.now - DAY, Severity.MUST),
        "year": ("was made a year ago", kit.now - 365 * DAY, Severity.MUST),
        "epoch": ("was made in 1970", 0, Severity.MUST),
        "tomorrow": ("will be made tomorrow", kit.now + DAY, Severity.MUST),
        "ages": ("will be made in a hundred years", kit.now + 36_500 * DAY, Severity.MUST),
        "milliseconds": ("was made just now, in milliseconds", kit.now * 1000, Severity.MUST),
        "missing": ("does not say when it was made", GONE, Severity.MUST),
        "text": ("says in a text when it was made", str(kit.now - 5), SHOULD),
        "null": ("says null where it should say when it was made", None, Severity.MUST),
        "true": ("says true where it should say when it was made", True, Severity.MUST),
    }
    for name, (title, value, severity) in made.items():
        kit.bad(f"kb-iat-{name}", f"The proof {title}", clause, check, severity=severity, kb={"iat": value})
    own = "RFC 9901 7.3 (5.8)"
    kit.bad(
        "kb-exp-past",
        "The proof expired an hour ago by what it says itself",
        own,
        checks.KB_IN_TIME,
        of="good-kb-times",
        kb={"exp": kit.now - 3600},
    )
    kit.bad(
        "kb-nbf-future",
        "The proof is valid from an hour hence by what it says itself",
        own,
        checks.KB_IN_TIME,
        of="good-kb-times",
        kb={"nbf": kit.now + 3600},
    )
    kit.bad(
        "kb-exp-text",
        "The proof says in a text until when it is valid",
        own,
        checks.KB_IN_TIME,
        severity=SHOULD,
        of="good-kb-times",
        kb={"exp": str(kit.now + 36_500 * DAY)},
    )


def sessions(kit: Kit) -> None:
    clause = "RFC 9901 7.3 (5.6)"
    nonces: dict[str, tuple[str, Any]] = {
        "other": ("repeats the nonce of another request", "another-nonce-of-the-kit"),
        "missing": ("repeats no nonce", GONE),
        "empty": ("repeats an empty nonce", ""),
        "longer": ("repeats the nonce and more", NONCE + "0"),
        "shorter": ("repeats the beginning of the nonce", NONCE[:-1]),
        "capitals": ("repeats the nonce in capitals", NONCE.upper()),
        "space": ("repeats the nonce with a space behind it", NONCE + " "),
        "array": ("repeats the nonce in an array", [NONCE]),
        "null": ("repeats null as nonce", None),
    }
    for name, (title, value) in nonces.items():
        kit.bad(f"kb-nonce-{name}", f"The proof {title}", clause, checks.KB_NONCE, kb={"nonce": value})
    audiences: dict[str, tuple[str, Any, Severity]] = {
        "other": ("is for another verifier", "redirect_uri:https://stranger.kit.example/answer", Severity.MUST),
        "missing": ("names no verifier", GONE, Severity.MUST),
        "empty": ("names an empty verifier", "", Severity.MUST),
        "longer": ("is for a verifier whose name begins with ours", AUDIENCE + "/2", Severity.MUST),
        "shorter": ("is for a verifier whose name is the beginning of ours", AUDIENCE[:-1], Severity.MUST),
        "no-prefix": ("names the verifier without the prefix", AUDIENCE.partition(":")[2], Severity.MUST),
        "capitals": ("names the verifier with a capital", AUDIENCE.replace("verifier", "Verifier"), Severity.MUST),
        "array": ("names the verifier in an array: one text is demanded", [AUDIENCE], SHOULD),
        "array-two": ("names two verifiers, one of which is this", [AUDIENCE, "https://elsewhere.example"], SHOULD),
        "null": ("names null as verifier", None, Severity.MUST),
    }
    for name, (title, value, severity) in audiences.items():
        kit.bad(
            f"kb-aud-{name}",
            f"The proof {title}",
            "RFC 9901 4.3" if severity is SHOULD else clause,
            checks.KB_AUDIENCE,
            severity=severity,
            kb={"aud": value},
        )
    kit.bad(
        "kb-session-in-header",
        "Nonce and verifier stand in the header of the proof, not in its payload",
        clause,
        checks.KB_NONCE,
        kb_header={"nonce": NONCE, "aud": AUDIENCE},
        kb={"nonce": GONE, "aud": GONE},
    )


def hashes(kit: Kit) -> None:
    clause, check = "RFC 9901 7.3 (5.7)", checks.SD_HASH
    over: dict[str, tuple[str, Edit]] = {
        "fewer": ("with a disclosure less than was sent", lambda shown: shown.replace(FAMILY + b"~", b"")),
        "more": ("with a disclosure more than was sent", lambda shown: shown + FAMILY + b"~"),
        "order": ("with the disclosures in another order", lambda shown: _turned(shown)),
        "none": ("without any disclosure", lambda shown: shown.partition(b"~")[0] + b"~"),
        "jwt": ("over the issuer-signed JWT without a ~", lambda shown: shown.partition(b"~")[0]),
        "no-last-tilde": ("without the last ~", lambda shown: shown[:-1]),
        "disclosures": ("over the disclosures alone", lambda shown: shown.partition(b"~")[2]),
        "other-credential": ("over another credential", lambda shown: b"x" + shown),
    }
    for name, (title, edit) in over.items():
        kit.bad(f"sd-hash-{name}", f"The proof is {title}", clause, check, proven=edit)
    shown = b"~".join((kit.recipes["good-bound"].jwt.token(), GIVEN, FAMILY, b""))
    values: dict[str, tuple[str, Any]] = {
        "missing": ("is missing", GONE),
        "null": ("is null", None),
        "empty": ("is empty", ""),
        "padded": ("has padding", digest(shown) + "="),
        "hex": ("is in hexadecimal", b64url_decode(digest(shown)).hex()),
        "sha512": ("is by SHA-512, where the credential says SHA-256", digest(shown, "sha-512")),
        "truncated": ("is cut to its beginning", digest(shown)[:22]),
        "array": ("is an array with the right value in it", [digest(shown)]),
    }
    for name, (title, value) in values.items():
        kit.bad(f"sd-hash-{name}", f"sd_hash {title}", clause, check, kb={"sd_hash": value})
    kit.bad(
        "sd-hash-sha256",
        "sd_hash is by SHA-256, where the credential says SHA-512",
        clause,
        check,
        severity=Severity.SHOULD,
        of="good-hash-sha512",
        kb={"sd_hash": digest(_shown(kit, "good-hash-sha512"))},
    )


def _shown(kit: Kit, id: str) -> bytes:
    recipe = kit.recipes[id]
    return b"~".join((recipe.jwt.token(), *recipe.sent, b""))


def _turned(shown: bytes) -> bytes:
    first, *disclosures, last = shown.split(b"~")
    return b"~".join((first, *reversed(disclosures), last))


def structure(kit: Kit) -> None:
    clause = "RFC 9901 7.3 (5.8)"
    shapes: dict[str, tuple[str, Edit]] = {
        "two-parts": ("has no signature part", lambda token: token.rpartition(b".")[0]),
        "no-signature": ("has an empty signature", lambda token: token.rpartition(b".")[0] + b"."),
        "four-parts": ("has a fourth part", lambda token: token + b".AAAA"),
        "text": ("is no JWT", lambda _: b"proof"),
        "padded": ("has padding at its end", lambda token: token + b"=="),
    }
    for name, (title, edit) in shapes.items():
        kit.bad(f"kb-shape-{name}", f"The proof {title}", clause, None, kb_jwt={"after": edit})
    texts: dict[str, tuple[str, Edit]] = {
        "array": ("an array", lambda text: b"[" + text + b"]"),
        "nan": ("no JSON: it holds NaN", lambda text: b'{"a":NaN,' + text[1:]),
        "utf-16": ("UTF-16", lambda text: text.decode().encode("utf-16-le")),
        "more": ("followed by more", lambda text: text + b"{}"),
    }
    for name, (title, edit) in texts.items():
        kit.bad(
            f"kb-json-{name}",
            f"The payload of the proof, signed so, is {title}",
            clause,
            None,
            kb_jwt={"payload_text": edit},
        )
    kit.bad(
        "kb-json-twice",
        "The payload of the proof, signed so, holds nonce twice, the right one last",
        "RFC 7519 4",
        None,
        severity=SHOULD,
        kb_jwt={"payload_text": lambda text: b'{"nonce":"another",' + text[1:]},
    )
    kit.bad(
        "kb-crit",
        "The proof has a critical extension that nobody knows",
        "RFC 7515 4.1.11",
        None,
        kb_header={"crit": ["kit.example/rule"], "kit.example/rule": 1},
    )


def signatures(kit: Kit) -> None:
    for name, title, edit in (
        ("zeros", "r and s are 0", lambda _: bytes(64)),
        ("short", "an octet is missing", lambda message: HOLDER.sign(message)[:-1]),
        ("der", "it is in DER", HOLDER.in_der),
    ):
        kit.bad(
            f"kb-ecdsa-{name}",
            f"The signature of the proof: {title}",
            "RFC 7518 3.4",
            checks.KB_SIGNATURE,
            kb_jwt={"sign": edit},
        )
    kit.bad(
        "kb-is-credential",
        "In the place of the proof stands the issuer-signed JWT again",
        "RFC 9901 7.3 (5.3)",
        checks.KB_SIGNATURE,
        whole=lambda token: token.rpartition(b"~")[0] + b"~" + token.partition(b"~")[0],
    )
    kit.bad(
        "kb-changed",
        "After signing, a claim of the proof was changed",
        "RFC 9901 7.3 (5.3)",
        checks.KB_SIGNATURE,
        kb_jwt={"after": lambda token: _renonced(token)},
    )


def _renonced(token: bytes) -> bytes:
    header, payload, signature = token.split(b".")
    changed = b64url_decode(payload).replace(b'"iat":', b'"more":1,"iat":')
    return b".".join((header, encoded(changed), signature))
