"""The JWS JSON serialization of an SD-JWT (RFC 9901 section 8). Supporting it is optional, so all is `should`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from eigendata.encoding import b64url_decode
from eigendata.errors import Check
from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Serialization, Severity
from eigendata.testkit.forge import GONE, STRANGER, Edit, compact, digest, encoded, merged, salted
from eigendata.testkit.making import FAMILY, GIVEN, UNASKED, Kit

SHOULD: Final = Severity.SHOULD
FLATTENED, GENERAL = "good-json-flattened", "good-json-general"
_ABOUT: Final[Mapping[str, Any]] = {"serialization": Serialization.JSON}


def add(kit: Kit) -> None:
    good(kit)
    members(kit)
    rules(kit)


def _parts(token: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the members of the flattened form of a compact token, and its unprotected header."""
    first, *disclosures, proof = token.decode().split("~")
    protected, payload, signature = first.split(".")
    header: dict[str, Any] = {"disclosures": disclosures}
    if proof:
        header["kb_jwt"] = proof
    return {"payload": payload, "protected": protected, "signature": signature}, header


def flattened(header: Mapping[str, Any] | None = None, **members: Any) -> Edit:
    """Give what writes a compact token in the flattened form, with these members and header parameters changed."""

    def edit(token: bytes) -> bytes:
        whole, unprotected = _parts(token)
        return compact(merged({**whole, "header": merged(unprotected, header or {})}, members))

    return edit


def general(*others: Mapping[str, Any], first: Mapping[str, Any] | None = None, **members: Any) -> Edit:
    """Give what writes a compact token in the general form, with further signatures after the first."""

    def edit(token: bytes) -> bytes:
        whole, header = _parts(token)
        one = merged({"protected": whole["protected"], "header": header, "signature": whole["signature"]}, first or {})
        return compact(merged({"payload": whole["payload"], "signatures": [one, *others]}, members))

    return edit


def _another(kit: Kit, **more: Any) -> dict[str, Any]:
    """Give a second signature over the same payload, by a key that nobody here knows."""
    jwt = kit.base().jwt.but(header={"kid": "another"}, sign=STRANGER.sign)
    protected, _, signature = jwt.token().decode().split(".")
    return {"protected": protected, "signature": signature, **more}


def good(kit: Kit) -> None:
    def add_good(id: str, title: str, whole: Edit, **more: Any) -> None:
        about = {**_ABOUT, **more.pop("about", {})}
        kit.good(id, title, "RFC 9901 8", severity=SHOULD, whole=whole, about=about, **more)

    add_good(FLATTENED, "The flattened form, with a holder's proof", flattened())
    add_good(GENERAL, "The general form with one signature, and a holder's proof", general())
    add_good(
        "good-json-two-signatures",
        "The general form with a second signature, by a key that nobody here knows",
        general(_another(kit)),
    )
    add_good("good-json-unbound", "The flattened form without a proof", flattened(), proof=None, about=UNASKED)
    add_good(
        "good-json-unknown",
        "The flattened form with members and header parameters that nobody knows",
        flattened({"kit.example/hint": 1}, **{"kit.example/more": [1]}),
    )


def _bad(kit: Kit, id: str, title: str, clause: str, check: Check | None, *, of: str = FLATTENED, **edits: Any) -> None:
    kit.bad(f"json-form-{id}", title, clause, check, of=of, severity=SHOULD, **edits)


def members(kit: Kit) -> None:
    """What is not of the form (RFC 7515 7.2, RFC 9901 8.1 and 8.3)."""
    own, jws = "RFC 9901 8.1", "RFC 7515 7.2"
    wrong: dict[str, tuple[str, str, str, Edit]] = {
        "no-payload": ("There is no payload", jws, FLATTENED, flattened(payload=GONE)),
        "no-signature": ("There is no signature", jws, FLATTENED, flattened(signature=GONE)),
        "both": ("It is of the flattened and of the general form at once", jws, GENERAL, general(signature="AAAA")),
        "no-signatures": ("The general form without any signature", jws, GENERAL, general(signatures=[])),
        "disclosures-text": ("disclosures is a text", own, FLATTENED, flattened({"disclosures": GIVEN.decode()})),
        "disclosures-numbers": ("disclosures holds a number", own, FLATTENED, flattened({"disclosures": [1]})),
        "disclosure-with-tilde": (
            "One text holds two disclosures with a ~ between them",
            own,
            FLATTENED,
            flattened({"disclosures": [f"{GIVEN.decode()}~{FAMILY.decode()}"]}),
        ),
        "kb-jwt-array": ("kb_jwt is an array", own, FLATTENED, flattened({"kb_jwt": []})),
        "second-disclosures": (
            "A disclosure stands with the second signature",
            "RFC 9901 8.3",
            GENERAL,
            general(_another(kit, header={"disclosures": [GIVEN.decode()]})),
        ),
        "second-proof": (
            "A holder's proof stands with the second signature",
            "RFC 9901 8.3",
            GENERAL,
            general(_another(kit, header={"kb_jwt": "eyJ9.eyJ9.AAAA"})),
        ),
        "header-twice": (
            "A header parameter is protected and unprotected",
            "RFC 7515 7.2.1",
            FLATTENED,
            flattened({"alg": "ES256"}),
        ),
        "crit-unprotected": (
            "crit stands in the unprotected header",
            "RFC 7515 4.1.11",
            FLATTENED,
            flattened({"crit": ["kit.example/rule"], "kit.example/rule": 1}),
        ),
    }
    for name, (title, clause, of, whole) in wrong.items():
        _bad(kit, name, title, clause, None, of=of, whole=whole)


def rules(kit: Kit) -> None:
    """The rules of the compact form hold here too."""
    stranger = {"sign": STRANGER.sign}
    extra = salted("extra", "income", 90_000)
    _bad(kit, "stranger", "Signed by a stranger", "RFC 9901 8.4", checks.SIGNATURE, jwt=stranger)
    _bad(
        kit,
        "first-stranger",
        "The first of two signatures is by a stranger, the second is good",
        "RFC 9901 8.3",
        checks.SIGNATURE,
        of=GENERAL,
        jwt=stranger,
        whole=_good_second(kit),
    )
    _bad(kit, "no-proof", "The holder's proof is missing", "RFC 9901 8.4", checks.KB_PRESENT, proof=None)
    _bad(
        kit,
        "unreferenced",
        "A disclosure more, whose digest stands nowhere",
        "RFC 9901 8.4",
        checks.DISCLOSURE_REFERENCED,
        sent=(GIVEN, FAMILY, extra),
    )
    _bad(
        kit,
        "disclosure-left-out",
        "A disclosure was left out after the proof was made",
        "RFC 9901 8.4",
        checks.SD_HASH,
        whole=flattened({"disclosures": [GIVEN.decode()]}),
    )
    _bad(
        kit,
        "sd-hash-of-json",
        "The proof is over the JSON form, and not over the compact form of it",
        "RFC 9901 8.1",
        checks.SD_HASH,
        kb={"sd_hash": digest(flattened()(_shown(kit)))},
    )
    _bad(
        kit,
        "payload-changed",
        "After signing, the payload was changed",
        "RFC 9901 8.4",
        checks.SIGNATURE,
        whole=_rewritten,
    )


def _shown(kit: Kit) -> bytes:
    return b"~".join((kit.base().jwt.token(), GIVEN, FAMILY, b""))


def _good_second(kit: Kit) -> Callable[[bytes], bytes]:
    protected, _, signature = kit.base().jwt.token().decode().split(".")
    return general({"protected": protected, "signature": signature})


def _rewritten(token: bytes) -> bytes:
    whole, header = _parts(token)
    payload = dict(json.loads(b64url_decode(whole["payload"].encode())), authority="Kat")
    return compact({**whole, "header": header, "payload": encoded(compact(payload)).decode()})
