"""Credentials beside the metadata of their type (SD-JWT VC 5 and 6). Processing it is optional, so all is `should`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from eigendata.encoding import b64_encode
from eigendata.errors import Check
from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Role, Severity
from eigendata.testkit.forge import GONE, compact, digest, element, salted
from eigendata.testkit.good import ADDRESS, DUTCH, SYRIAN, TOWN
from eigendata.testkit.making import FAMILY, GIVEN, SHOWN, TYPE, UNASKED, Kit

SHOULD: Final = Severity.SHOULD
DESCRIBED, DESCRIBED_ISSUED = "good-metadata", "good-metadata-issued"

_CLAIMS: Final = [
    {"path": ["authority"], "mandatory": True, "sd": "never"},
    {"path": ["given_name"], "mandatory": True, "sd": "always"},
    {"path": ["family_name"], "sd": "always"},
]
_DOCUMENT: Final = {"vct": TYPE, "name": "A person, for the kit", "claims": _CLAIMS}


def add(kit: Kit) -> None:
    integrity(kit)
    claims(kit)
    deep_claims(kit)
    others(kit)


def _told(document: Mapping[str, Any] = _DOCUMENT) -> dict[str, Any]:
    return {"type_metadata": compact(document).decode()}


def _integrity(hash: str = "sha256", of: bytes | None = None) -> str:
    return f"{hash}-{b64_encode(hashlib.new(hash, compact(_DOCUMENT) if of is None else of).digest())}"


def integrity(kit: Kit) -> None:
    meant = "The credential fits the metadata of its type"
    kit.good(DESCRIBED, meant, "SD-JWT VC 5.7", severity=SHOULD, about=_told())
    for name, value, title in (
        ("good-metadata-integrity", _integrity(), "vct#integrity is of the metadata that is at hand"),
        ("good-metadata-sha384", _integrity("sha384"), "vct#integrity by SHA-384"),
        (
            "good-metadata-strongest",
            f"{_integrity(of=b'other')} {_integrity('sha512')}",
            "vct#integrity by two hashes: the stronger one fits, and it counts",
        ),
    ):
        kit.good(name, title, "SD-JWT VC 6", severity=SHOULD, of=DESCRIBED, payload={"vct#integrity": value})
    wrong = {
        "other": ("is of another document", _integrity(of=b"other")),
        "unknown": ("is by a hash that nobody knows", "kit256-" + b64_encode(bytes(32))),
        "empty": ("is an empty text", ""),
        "weaker": (
            "is by two hashes: the weaker one fits, and it does not count",
            f"{_integrity()} {_integrity('sha512', of=b'other')}",
        ),
    }
    for name, (title, value) in wrong.items():
        _bad(kit, f"integrity-{name}", f"vct#integrity {title}", "SD-JWT VC 6", checks.METADATA_INTEGRITY, value=value)


def _bad(
    kit: Kit,
    id: str,
    title: str,
    clause: str,
    check: Check | None,
    *,
    of: str = DESCRIBED,
    value: Any = GONE,
    **edits: Any,
) -> None:
    payload = {"vct#integrity": value, **edits.pop("payload", {})}
    kit.bad(f"metadata-{id}", title, clause, check, of=of, severity=SHOULD, payload=payload, **edits)


def claims(kit: Kit) -> None:
    authority = salted("authority", "authority", "Kit")
    _bad(
        kit,
        "never",
        "A claim that can never be withheld is a disclosure",
        "SD-JWT VC 5.6.4",
        checks.CLAIM_DISCLOSABLE,
        payload={"authority": GONE, "_sd": [digest(authority), digest(GIVEN)]},
        sent=(authority, GIVEN),
    )
    _bad(
        kit,
        "always",
        "A claim that can always be withheld stands there in clear",
        "SD-JWT VC 5.6.4",
        checks.CLAIM_DISCLOSABLE,
        payload={"family_name": "Wilgenhof", "_sd": [digest(GIVEN)]},
        sent=(GIVEN,),
    )
    _bad(
        kit,
        "mandatory",
        "A claim that must be there, and can never be withheld, is not there",
        "SD-JWT VC 5.6.3",
        checks.CLAIM_MANDATORY,
        payload={"authority": GONE},
    )
    kit.good(
        DESCRIBED_ISSUED,
        "A credential as issued that fits the metadata of its type",
        "SD-JWT VC 5.7",
        severity=SHOULD,
        of=DESCRIBED,
        proof=None,
        about={**UNASKED, "role": Role.HOLDER},
    )
    _bad(
        kit,
        "mandatory-issued",
        "As issued, a claim that must be there is not there, not even as a digest",
        "SD-JWT VC 5.6.3",
        checks.CLAIM_MANDATORY,
        of=DESCRIBED_ISSUED,
        payload={"_sd": [digest(FAMILY)]},
        sent=(FAMILY,),
    )


def deep_claims(kit: Kit) -> None:
    deep = [
        {"path": ["address"], "sd": "always"},
        {"path": ["address", "country"], "mandatory": True, "sd": "never"},
        {"path": ["nationalities"], "sd": "never"},
        {"path": ["nationalities", None], "sd": "always"},
    ]
    kit.good(
        "good-metadata-deep",
        "Metadata of claims inside an object, and of all elements of an array",
        "SD-JWT VC 5.6.1",
        severity=SHOULD,
        about=_told({"vct": TYPE, "claims": deep}),
        claims={"authority": "Kit", "address": {"country": "NL", "town": "Boxtel"}, "nationalities": ["NL"]},
        payload={"_sd": [digest(ADDRESS)], "nationalities": [element(DUTCH), element(SYRIAN)]},
        sent=(ADDRESS, TOWN, DUTCH),
    )
    _bad(
        kit,
        "element-in-clear",
        "An element that can always be withheld stands there in clear",
        "SD-JWT VC 5.6.4",
        checks.CLAIM_DISCLOSABLE,
        of="good-metadata-deep",
        payload={"nationalities": [element(DUTCH), "SY"]},
    )
    _bad(
        kit,
        "no-array",
        "Where the metadata says that there are elements, there is a text",
        "SD-JWT VC 5.6.1",
        checks.CLAIM_PATHS,
        of="good-metadata-deep",
        payload={"nationalities": "NL"},
        sent=(ADDRESS, TOWN),
    )


def others(kit: Kit) -> None:
    """Further names of a credential's type, in a form that they may not have (SD-JWT VC 2.2.2.2)."""
    kit.good(
        "good-aka-vcts",
        "The credential is of another type besides the one that was asked",
        "SD-JWT VC 2.2.2.2",
        claims=SHOWN,
        payload={"aka_vcts": ["https://kit.example/types/being"]},
    )
    wrong: dict[str, tuple[str, Any]] = {
        "empty": ("is an empty array", []),
        "repeats": ("holds vct again", ["https://kit.example/types/being", TYPE]),
        "text": ("is a text", "https://kit.example/types/being"),
        "number": ("holds a number", [7]),
    }
    for name, (title, value) in wrong.items():
        kit.bad(
            f"aka-vcts-{name}",
            f"aka_vcts {title}",
            "SD-JWT VC 2.2.2.2",
            None,
            of="good-aka-vcts",
            severity=SHOULD,
            payload={"aka_vcts": value},
        )
