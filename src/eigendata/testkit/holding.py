"""What an issuer sends to a holder, and how the holder looks at it (RFC 9901 7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Role
from eigendata.testkit.forge import GONE, STRANGER, salted
from eigendata.testkit.making import BASE, BIRTHDATE, DAY, FAMILY, GIVEN, SHOWN, UNASKED, Kit

ISSUED: Final = "good-issued"
_ABOUT: Final[Mapping[str, Any]] = {**UNASKED, "role": Role.HOLDER}


def add(kit: Kit) -> None:
    kit.good(
        ISSUED,
        "A credential as issued, with all its disclosures",
        "RFC 9901 7.2",
        claims={**SHOWN, "birthdate": "1990-06-01"},
        sent=(GIVEN, FAMILY, BIRTHDATE),
        proof=None,
        about=_ABOUT,
    )
    kit.good(
        "good-issued-unbound",
        "A credential as issued that names no holder",
        "RFC 9901 7.2",
        claims={**SHOWN, "birthdate": "1990-06-01"},
        of=ISSUED,
        payload={"cnf": GONE},
    )
    kit.good(
        "good-issued-some",
        "A credential as issued of which a disclosure did not come along: the holder cannot tell",
        "RFC 9901 7.1",
        of=ISSUED,
        sent=(GIVEN, FAMILY),
    )
    proof = kit.recipes[BASE].proof
    kit.bad(
        "issued-with-proof", "A holder's proof came along from the issuer", "RFC 9901 7.2", None, of=ISSUED, proof=proof
    )
    kit.bad(
        "issued-stranger",
        "A credential as issued, signed by a stranger",
        "RFC 9901 7.1 (2.2)",
        checks.SIGNATURE,
        of=ISSUED,
        jwt={"sign": STRANGER.sign},
    )
    kit.bad(
        "issued-unreferenced",
        "A credential as issued, with a disclosure whose digest stands nowhere",
        "RFC 9901 7.1 (5)",
        checks.DISCLOSURE_REFERENCED,
        of=ISSUED,
        sent=(GIVEN, FAMILY, BIRTHDATE, salted("extra", "income", 90_000)),
    )
    kit.bad(
        "issued-expired",
        "A credential as issued that expired yesterday",
        "RFC 9901 7.1 (6)",
        checks.NOT_EXPIRED,
        of=ISSUED,
        payload={"exp": kit.now - DAY},
    )
    kit.bad(
        "issued-other-type",
        "A credential as issued of another type than was expected",
        "SD-JWT VC 2.2.2.1",
        checks.VCT,
        of=ISSUED,
        payload={"vct": "https://kit.example/types/company"},
    )
    kit.bad(
        "issued-tilde-missing",
        "A credential as issued whose last ~ is missing",
        "RFC 9901 4",
        None,
        of=ISSUED,
        whole=lambda token: token[:-1],
    )
