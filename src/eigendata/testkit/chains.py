"""Issuers that are found by a chain of certificates in the header (SD-JWT VC 2.5, RFC 5280, HAIP 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from eigendata import trust
from eigendata.crypto import x509
from eigendata.encoding import b64_encode, b64url_encode
from eigendata.errors import Check
from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Severity
from eigendata.testkit.certificates import FOR_TLS, Certifying, pem
from eigendata.testkit.forge import GONE, ISSUER, STRANGER
from eigendata.testkit.making import Kit

SHOULD: Final = Severity.SHOULD
DIRECT, BY_TWO = "good-x5c", "good-x5c-intermediate"


def add(kit: Kit) -> None:
    good(kit)
    anchors(kit)
    issuers(kit)
    times(kit)
    paths(kit)
    uses(kit)
    forms(kit)


def _header(*chain: Certifying) -> dict[str, Any]:
    return {"kid": GONE, "x5c": [b64_encode(one.certificate()) for one in chain]}


def good(kit: Kit) -> None:
    made = kit.certificates
    about: Mapping[str, Any] = {"issuer_key": None, "anchors": (pem(made.root().certificate()),)}
    kit.good(
        DIRECT,
        "The issuer's certificate stands in the header, and the anchor signed it",
        "SD-JWT VC 2.5",
        header=_header(made.leaf()),
        about=about,
    )
    kit.good(
        BY_TWO,
        "Two certificates in the header: the issuer's, and one between it and the anchor",
        "SD-JWT VC 2.5",
        header=_header(made.leaf_below(), made.below()),
        about=about,
    )
    kit.good(
        "good-x5c-no-iss",
        "The issuer is named by the certificate alone; there is no iss",
        "SD-JWT VC 2.2.2.3",
        header=_header(made.leaf()),
        payload={"iss": GONE},
        about=about,
    )


def _bad(kit: Kit, id: str, title: str, clause: str, check: Check | None, *chain: Certifying, **more: Any) -> None:
    of = more.pop("of", DIRECT if len(chain) < 2 else BY_TWO)
    kit.bad(f"x5c-{id}", title, clause, check, of=of, header=_header(*chain), **more)


def anchors(kit: Kit) -> None:
    made, path = kit.certificates, "RFC 5280 6.1"
    _bad(
        kit,
        "stranger",
        "A stranger who calls itself as the anchor does signed the certificate",
        path,
        x509.PATH,
        made.leaf(by=STRANGER),
    )
    _bad(
        kit,
        "unknown-authority",
        "An authority that is no anchor signed the certificate",
        path,
        x509.PATH,
        replace(made.leaf(by=STRANGER), above="Another authority"),
    )
    _bad(
        kit,
        "self-signed",
        "The issuer signed its own certificate",
        "HAIP 6.1.1",
        x509.NO_ANCHOR,
        replace(made.leaf(by=ISSUER), above="Kit issuer"),
    )
    _bad(
        kit,
        "own-root",
        "The chain brings its own authority along",
        path,
        x509.NO_ANCHOR,
        replace(made.leaf(by=STRANGER), above="Kit authority"),
        made.root(STRANGER),
        of=BY_TWO,
    )
    _bad(
        kit,
        "anchor-included",
        "The anchor stands in the header too",
        "HAIP 6.1.1",
        x509.NO_ANCHOR,
        made.leaf(),
        made.root(),
        severity=SHOULD,
        of=DIRECT,
    )


def issuers(kit: Kit) -> None:
    made = kit.certificates
    _bad(
        kit,
        "other-key",
        "A good chain, and a signature by another key than the issuer's certificate names",
        "SD-JWT VC 2.5",
        checks.SIGNATURE,
        made.leaf(),
        jwt={"sign": STRANGER.sign},
    )
    _bad(
        kit,
        "other-name",
        "A good chain of an issuer with another name than iss says",
        "SD-JWT VC 2.5",
        trust.ISSUER_IN_LEAF,
        made.leaf(uri="https://other.kit.example"),
    )
    _bad(
        kit,
        "other-issuer",
        "A good chain of another issuer, who is not trusted, and iss says the same",
        "RFC 9901 7.1 (2.3)",
        trust.ISSUER_KNOWN,
        made.leaf(uri="https://other.kit.example"),
        payload={"iss": "https://other.kit.example"},
    )
    kit.bad(
        "x5c-where-a-key-is-pinned",
        "The issuer's key is known; a stranger's own certificate in the header says otherwise",
        "SD-JWT VC 7.3",
        trust.ISSUER_MECHANISM,
        header=_header(made.leaf(key=STRANGER, by=STRANGER)),
        jwt={"sign": STRANGER.sign},
    )


def times(kit: Kit) -> None:
    made, past, future = kit.certificates, kit.at - timedelta(days=1), kit.at + timedelta(days=36_000)
    time = "RFC 5280 6.1.3"
    _bad(kit, "expired", "The issuer's certificate expired yesterday", time, x509.IN_TIME, made.leaf(ends=past))
    _bad(kit, "not-yet", "The issuer's certificate is not valid yet", time, x509.IN_TIME, made.leaf(begins=future))
    _bad(
        kit,
        "between-expired",
        "The certificate between issuer and anchor expired yesterday",
        time,
        x509.IN_TIME,
        made.leaf_below(),
        made.below(ends=past),
    )


def paths(kit: Kit) -> None:
    made, path = kit.certificates, "RFC 5280 6.1"
    _bad(
        kit,
        "between-no-authority",
        "The certificate between issuer and anchor does not say that it may certify others",
        path,
        x509.PATH,
        made.leaf_below(),
        made.below(certifies=False, length=None),
    )
    _bad(
        kit,
        "between-no-signing",
        "The certificate between issuer and anchor may certify others, and its key may not sign certificates",
        "RFC 5280 6.1.4",
        x509.PATH,
        made.leaf_below(),
        made.below(signs_certificates=False),
    )
    _bad(
        kit,
        "between-missing",
        "The certificate between issuer and anchor is missing",
        path,
        x509.PATH,
        made.leaf_below(),
        of=BY_TWO,
    )
    _bad(
        kit,
        "order",
        "The certificates are in the wrong order: the issuer's comes last",
        "RFC 7515 4.1.6",
        x509.PATH,
        made.below(),
        made.leaf_below(),
    )
    _bad(
        kit,
        "stray",
        "Between the certificates of the chain stands one that certifies none of them",
        "RFC 7515 4.1.6",
        x509.ORDER,
        made.leaf_below(),
        replace(made.leaf(key=STRANGER), name="Kit stray"),
        made.below(),
        severity=SHOULD,
    )


def uses(kit: Kit) -> None:
    made = kit.certificates
    _bad(
        kit,
        "authority-as-issuer",
        "The certificate of an authority, signed by the anchor, is used to issue",
        "RFC 5280 4.2.1.3",
        x509.LEAF_USE,
        made.leaf(certifies=True, length=0),
        severity=SHOULD,
    )
    _bad(
        kit,
        "tls",
        "A certificate for a web server, signed by the anchor, is used to issue",
        "RFC 5280 4.2.1.12",
        x509.LEAF_USE,
        made.leaf(purposes=FOR_TLS),
        severity=SHOULD,
    )
    _bad(
        kit,
        "no-signatures",
        "The key of the issuer's certificate is not for digital signatures",
        "RFC 5280 4.2.1.3",
        x509.LEAF_USE,
        made.leaf(digital_signature=False),
        severity=SHOULD,
    )


def forms(kit: Kit) -> None:
    made = kit.certificates
    der = made.leaf().certificate()
    stated: dict[str, tuple[str, Any, Severity]] = {
        "empty": ("is an empty array", [], Severity.MUST),
        "text": ("is one text, not an array", b64_encode(der), SHOULD),
        "base64url": ("is in base64url", [b64url_encode(der)], SHOULD),
        "pem": ("is in PEM", [pem(der)], SHOULD),
        "number": ("holds a number", [7], Severity.MUST),
        "no-certificate": ("holds what is no certificate", [b64_encode(b"no certificate")], Severity.MUST),
        "cut": ("holds a certificate that is cut off", [b64_encode(der[:-9])], Severity.MUST),
        "null": ("is null", None, Severity.MUST),
    }
    for name, (title, value, severity) in stated.items():
        kit.bad(
            f"x5c-{name}",
            f"x5c {title}",
            "RFC 7515 4.1.6",
            None,
            of=DIRECT,
            severity=severity,
            header={"x5c": value},
        )
    kit.bad(
        "x5c-missing",
        "The header has no x5c, and no key of this issuer is known",
        "SD-JWT VC 2.5",
        trust.ISSUER_MECHANISM,
        of=DIRECT,
        header={"x5c": GONE},
    )
    flipped = der[:-1] + bytes([der[-1] ^ 1])
    kit.bad(
        "x5c-bit",
        "One bit of the signature of the issuer's certificate is another",
        "RFC 5280 6.1",
        x509.PATH,
        of=DIRECT,
        header={"x5c": [b64_encode(flipped)]},
    )
