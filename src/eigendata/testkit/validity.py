"""What the credential says of itself: its type, its issuer, its times and for whom it is."""

from __future__ import annotations

from typing import Any, Final

from eigendata import trust
from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Severity
from eigendata.testkit.forge import GONE
from eigendata.testkit.making import AUDIENCE, DAY, ISSUER_ID, TYPE, Kit

SHOULD: Final = Severity.SHOULD


def add(kit: Kit) -> None:
    types(kit)
    issuers(kit)
    times(kit)
    audiences(kit)


def types(kit: Kit) -> None:
    clause = "SD-JWT VC 2.2.2.1"
    other: dict[str, tuple[str, Any]] = {
        "other": ("is another than was asked", "https://kit.example/types/company"),
        "missing": ("is missing", GONE),
        "capitals": ("differs in a capital", TYPE.replace("person", "Person")),
        "longer": ("begins with the type that was asked", TYPE + "/admin"),
        "shorter": ("is the beginning of the type that was asked", TYPE[:-1]),
        "slash": ("has a slash more at its end", TYPE + "/"),
        "array": ("is an array with the type in it", [TYPE]),
        "null": ("is null", None),
    }
    for name, (title, value) in other.items():
        kit.bad(f"vct-{name}", f"vct {title}", clause, checks.VCT, payload={"vct": value})


def issuers(kit: Kit) -> None:
    clause = "RFC 9901 7.1 (2.3)"
    other: dict[str, tuple[str, Any, Any]] = {
        "other": ("is another, under the same key", "https://stranger.kit.example", trust.ISSUER_KNOWN),
        "slash": ("has a slash more at its end", ISSUER_ID + "/", trust.ISSUER_KNOWN),
        "capitals": ("differs in a capital", ISSUER_ID.replace("issuer", "Issuer"), trust.ISSUER_KNOWN),
        "longer": ("begins with the trusted one", ISSUER_ID + ".stranger.example", trust.ISSUER_KNOWN),
        "missing": ("is missing, and there is no chain either", GONE, checks.ISSUER_NAMED),
        "array": ("is an array with the trusted one in it", [ISSUER_ID], None),
        "null": ("is null", None, None),
    }
    for name, (title, value, check) in other.items():
        kit.bad(f"iss-{name}", f"iss {title}", clause, check, payload={"iss": value})


def times(kit: Kit) -> None:
    clause = "RFC 9901 7.1 (6)"
    past, future = kit.now - DAY, kit.now + DAY
    kit.bad("exp-past", "The credential expired yesterday", clause, checks.NOT_EXPIRED, payload={"exp": past})
    kit.bad(
        "exp-past-unbound",
        "The credential expired yesterday; no holder's proof is demanded",
        clause,
        checks.NOT_EXPIRED,
        of="good-unbound",
        payload={"exp": past},
    )
    kit.bad(
        "exp-past-fraction",
        "The credential expired yesterday, and half a second",
        clause,
        checks.NOT_EXPIRED,
        payload={"exp": past + 0.5},
    )
    ages = kit.now + 73_000 * DAY  # beyond the clock of every tester
    kit.bad(
        "nbf-future",
        "The credential is not valid yet",
        clause,
        checks.NOT_BEFORE,
        payload={"nbf": kit.now + 36_000 * DAY, "exp": ages},
    )
    kit.bad(
        "iat-future",
        "The credential was issued in the future",
        "RFC 7519 4.1.6",
        checks.ISSUED_BEFORE,
        severity=SHOULD,
        payload={"iat": kit.now + 36_000 * DAY, "exp": ages},
    )
    kinds: dict[str, Any] = {"text": str(kit.now + 36_500 * DAY), "null": None, "true": True, "array": [future]}
    for name in ("exp", "nbf", "iat"):
        for kind, value in kinds.items():
            # a text that says when; for nbf and iat one that lies in the past, so that only its kind is wrong
            told = str(past) if kind == "text" and name != "exp" else value
            kit.bad(
                f"{name}-{kind}",
                f"{name} is {'a text' if kind == 'text' else 'an array' if kind == 'array' else kind}",
                "RFC 7519 2",
                None,
                severity=SHOULD,
                payload={name: told},
            )
    kit.bad(
        "exp-text-past",
        "exp is a text, and lies in the past",
        clause,
        None,
        payload={"exp": str(past)},
    )


def audiences(kit: Kit) -> None:
    clause, check = "RFC 7519 4.1.3", checks.AUDIENCE
    kit.bad(
        "aud-other",
        "The credential is for another verifier",
        clause,
        check,
        of="good-aud-text",
        payload={"aud": "https://elsewhere.example"},
    )
    kit.bad(
        "aud-others",
        "The credential is for several verifiers, and this is none of them",
        clause,
        check,
        of="good-aud-array",
        payload={"aud": ["https://elsewhere.example", AUDIENCE + "/2"]},
    )
    kit.bad("aud-nobody", "The credential is for nobody", clause, check, of="good-aud-array", payload={"aud": []})
    kit.bad("aud-number", "aud is a number", clause, None, of="good-aud-text", payload={"aud": 7})
    kit.bad(
        "aud-mixed",
        "aud holds this verifier and a number",
        clause,
        None,
        severity=SHOULD,
        of="good-aud-array",
        payload={"aud": [AUDIENCE, 7]},
    )
