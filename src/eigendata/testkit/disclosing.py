"""The disclosures and their digests (RFC 9901 sections 4 and 7.1), and what may not be disclosed at all."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from eigendata.encoding import b64url_decode
from eigendata.formats.sdjwt import checks
from eigendata.testkit.case import Severity
from eigendata.testkit.forge import GONE, HOLDER, compact, decoy, digest, disclosure, element, encoded, salted
from eigendata.testkit.good import DUTCH, STREET, SYRIAN, TOWN
from eigendata.testkit.making import BIRTHDATE, DAY, FAMILY, GIVEN, ISSUER_ID, TYPE, Kit

SHOULD: Final = Severity.SHOULD
_DIGESTS: Final = [digest(GIVEN), digest(FAMILY), digest(BIRTHDATE)]


def add(kit: Kit) -> None:
    forms(kit)
    references(kit)
    near_references(kit)
    hashes(kit)
    kinds(kit)
    reserved(kit)
    collisions(kit)
    digests(kit)
    carriers(kit)
    separators(kit)
    protected(kit)


def _with(*sent: bytes, **payload: Any) -> dict[str, Any]:
    """Give the edits after which these disclosures are sent, and their digests stand in the payload."""
    return {"payload": {"_sd": [digest(one) for one in sent], **payload}, "sent": sent}


def forms(kit: Kit) -> None:
    rejected: dict[str, tuple[str, bytes, Severity]] = {
        "empty-array": ("an empty array", encoded(b"[]"), Severity.MUST),
        "one-element": ("a salt alone", disclosure("salt"), Severity.MUST),
        "four-elements": ("an array of four", disclosure("salt", "name", "Anne", "more"), Severity.MUST),
        "object": ("an object", encoded(b'{"0":"salt","1":"name","2":"Anne"}'), Severity.MUST),
        "text": ("a text", encoded(b'"abc"'), Severity.MUST),
        "number": ("a number", encoded(b"123"), Severity.MUST),
        "null": ("null", encoded(b"null"), Severity.MUST),
        "name-number": ("an array whose name is a number", disclosure("salt", 7, "Anne"), Severity.MUST),
        "name-null": ("an array whose name is null", disclosure("salt", None, "Anne"), Severity.MUST),
        "name-array": ("an array whose name is an array", disclosure("salt", ["name"], "Anne"), Severity.MUST),
        "salt-number": ("an array whose salt is a number", disclosure(7, "name", "Anne"), SHOULD),
        "salt-null": ("an array whose salt is null", disclosure(None, "name", "Anne"), SHOULD),
    }
    for name, (title, one, severity) in rejected.items():
        kit.bad(
            f"form-{name}",
            f"A disclosure that is {title}",
            "RFC 9901 7.1 (3.3.2.1)" if severity is Severity.MUST else "RFC 9901 4.2.1",
            checks.DISCLOSURE_FORM,
            severity=severity,
            **_with(one),
        )
    unreadable: dict[str, tuple[str, bytes]] = {
        "no-json": ("is no JSON", encoded(b"salt,name,Anne")),
        "cut": ("is cut off", encoded(b'["salt","name","An')),
        "more": ("is followed by more", encoded(b'["salt","name","Anne"][]')),
        "nan": ("holds NaN", encoded(b'["salt","name",NaN]')),
        "utf-16": ("is UTF-16", encoded('["salt","name","Anne"]'.encode("utf-16-le"))),
        "latin-1": ("is no UTF-8", encoded(b'["salt","name","Ann\xe9"]')),
        "padded": ("is in base64url with padding", encoded(b'["salt","name","Anne!"]') + b"="),
        "standard": (
            "is in the alphabet with + and /",
            encoded(b'["salt","n>~?","\xc3\xbf\xc3\xbf>>??"]').replace(b"-", b"+").replace(b"_", b"/"),
        ),
        "plain": ("is not encoded at all", b'["salt","name","Anne"]'),
    }
    for name, (title, one) in unreadable.items():
        spelling = name in ("padded", "standard")
        kit.bad(
            f"form-{name}",
            f"A disclosure that {title}",
            "RFC 9901 4.2.1" if spelling else "RFC 9901 7.1 (3.3.2.1)",
            None,
            severity=SHOULD if spelling else Severity.MUST,
            **_with(one),
        )
    twice = encoded(b'["salt","name",{"a":1,"a":2}]')
    kit.bad(
        "form-name-twice",
        "A disclosure whose value holds a name twice",
        "RFC 8259 4",
        None,
        severity=SHOULD,
        **_with(twice),
    )


def references(kit: Kit) -> None:
    extra = salted("extra", "income", 90_000)
    clause, check = "RFC 9901 7.1 (5)", checks.DISCLOSURE_REFERENCED
    kit.bad(
        "unreferenced", "A disclosure more, whose digest stands nowhere", clause, check, sent=(GIVEN, FAMILY, extra)
    )
    kit.bad(
        "unreferenced-element",
        "A disclosure of an array element more, whose digest stands nowhere",
        clause,
        check,
        sent=(GIVEN, FAMILY, DUTCH),
    )
    kit.bad(
        "unreferenced-alone",
        "A disclosure beside a credential in which nothing can be withheld",
        clause,
        check,
        of="good-nothing-withheld",
        sent=(extra,),
    )
    kit.bad(
        "unreferenced-unbound",
        "A disclosure more, whose digest stands nowhere; no holder's proof is demanded",
        clause,
        check,
        of="good-unbound",
        sent=(GIVEN, FAMILY, extra),
    )
    kit.bad(
        "unreferenced-child",
        "The inner disclosure is sent without the one that it lies in",
        clause,
        check,
        of="good-recursive",
        sent=(TOWN,),
    )


def near_references(kit: Kit) -> None:
    clause, check = "RFC 9901 7.1 (5)", checks.DISCLOSURE_REFERENCED
    kit.bad(
        "unreferenced-changed",
        "A disclosure in which one character of the value was changed",
        clause,
        check,
        sent=(GIVEN, encoded(b64url_decode(FAMILY).replace(b"Wilgenhof", b"Wilgenhog"))),
    )
    kit.bad(
        "unreferenced-spelt",
        "The same disclosure in another spelling: the digest is over the bytes",
        clause,
        check,
        sent=(GIVEN, encoded(b64url_decode(FAMILY).replace(b",", b", "))),
    )
    kit.bad(
        "unreferenced-in-value",
        "The digest stands in a claim that is no _sd",
        clause,
        check,
        payload={"_sd": [digest(GIVEN)], "digests": [digest(FAMILY)]},
    )
    kit.bad(
        "unreferenced-text-element",
        "The digest stands in an array as a text, not as an object with ...",
        clause,
        check,
        of="good-array",
        payload={"nationalities": [digest(DUTCH), "BE"]},
        sent=(DUTCH,),
    )
    kit.bad(
        "sent-twice",
        "A disclosure is sent twice",
        "RFC 9901 4",
        checks.DISCLOSURE_ONCE,
        severity=SHOULD,
        sent=(GIVEN, FAMILY, GIVEN),
    )


def hashes(kit: Kit) -> None:
    decoded = b64url_decode(GIVEN)
    other: dict[str, tuple[str, str]] = {
        "decoded": ("is over the decoded disclosure", digest(decoded)),
        "hex": ("is in hexadecimal", hashlib.sha256(GIVEN).hexdigest()),
        "padded": ("has padding", digest(GIVEN) + "="),
        "truncated": ("is cut to 16 octets", encoded(hashlib.sha256(GIVEN).digest()[:16]).decode()),
        "sha512": ("is by SHA-512, where SHA-256 is said", digest(GIVEN, "sha-512")),
        "value": ("is over the value alone", digest(compact("Noor"))),
        "tilde": ("is over the disclosure and the ~ after it", digest(GIVEN + b"~")),
    }
    for name, (title, one) in other.items():
        kit.bad(
            f"digest-{name}",
            f"The digest of a disclosure {title}",
            "RFC 9901 4.2.3",
            checks.DISCLOSURE_REFERENCED,
            payload={"_sd": [one, digest(FAMILY)]},
        )
    for name, value in (
        ("md5", "md5"),
        ("sha-1", "sha-1"),
        ("truncated", "sha-256-64"),
        ("capitals", "SHA-256"),
        ("unhyphened", "sha256"),
        ("unknown", "kit-hash"),
        ("empty", ""),
        ("null", None),
        ("number", 256),
        ("array", ["sha-256"]),
    ):
        kit.bad(
            f"hash-{name}",
            f"_sd_alg is {'an empty text' if value == '' else compact(value).decode()}: not understood, or not secure",
            "RFC 9901 7.1 (2.4)",
            checks.HASH_ALGORITHM,
            # no disclosures: it is refused for its name, and not because digests do not fit
            of="good-nothing-shown",
            payload={"_sd_alg": value},
        )


def kinds(kit: Kit) -> None:
    kit.bad(
        "kind-element-in-object",
        "A digest of an _sd leads to a disclosure of two elements",
        "RFC 9901 7.1 (3.3.2.1)",
        checks.OBJECT_DISCLOSURE,
        **_with(GIVEN, DUTCH),
    )
    kit.bad(
        "kind-claim-in-array",
        "A digest of an array leads to a disclosure of three elements",
        "RFC 9901 7.1 (3.3.3.1)",
        checks.ARRAY_DISCLOSURE,
        of="good-array",
        payload={"nationalities": ["BE", element(GIVEN)]},
        sent=(GIVEN,),
    )
    inner = salted("an element inside", "address", {"_sd": [digest(SYRIAN)]})
    kit.bad(
        "kind-nested",
        "A digest of an _sd inside a disclosure leads to a disclosure of two elements",
        "RFC 9901 7.1 (3.3.2.1)",
        checks.OBJECT_DISCLOSURE,
        of="good-recursive",
        payload={"_sd": [digest(inner)]},
        sent=(inner, SYRIAN),
    )


def reserved(kit: Kit) -> None:
    for name, spelt, severity in (
        ("sd", "_sd", Severity.MUST),
        ("dots", "...", Severity.MUST),
        ("sd-alg", "_sd_alg", SHOULD),
    ):
        clause = "RFC 9901 4.1.1" if spelt == "_sd_alg" else "RFC 9901 7.1 (3.3.2.2)"
        value: Any = {"sd": [decoy(9)], "dots": decoy(9), "sd-alg": "sha-512"}[name]
        one = salted(f"reserved {name}", spelt, value)
        kit.bad(
            f"reserved-{name}",
            f"A disclosure names a claim {spelt}",
            clause,
            checks.RESERVED_NAME,
            severity=severity,
            **_with(GIVEN, one),
        )
        kit.bad(
            f"reserved-{name}-text",
            f"A disclosure names a claim {spelt} whose value is a plain text",
            clause,
            checks.RESERVED_NAME,
            severity=severity,
            **_with(GIVEN, salted(f"reserved text {name}", spelt, "Anne")),
        )
        inner = salted(f"reserved inner {name}", "address", {"_sd": [digest(one)]})
        if spelt != "_sd_alg":
            kit.bad(
                f"reserved-{name}-nested",
                f"A disclosure inside another names a claim {spelt}",
                clause,
                checks.RESERVED_NAME,
                severity=severity,
                payload={"_sd": [digest(inner)]},
                sent=(inner, one),
            )


def collisions(kit: Kit) -> None:
    clause, check = "RFC 9901 7.1 (3.3.2.3)", checks.NAME_FREE
    again = salted("another given name", "given_name", "Eva")
    kit.bad(
        "name-in-clear", "A disclosed claim stands there in clear already", clause, check, payload={"given_name": "Eva"}
    )
    kit.bad("name-disclosed", "Two disclosures name the same claim", clause, check, **_with(GIVEN, FAMILY, again))
    kit.bad(
        "name-issuer",
        "A disclosure names the claim iss, which stands there in clear",
        clause,
        check,
        **_with(GIVEN, salted("another issuer", "iss", "https://stranger.kit.example")),
    )
    kit.bad(
        "name-nested",
        "In an object, a disclosed claim stands there in clear already",
        clause,
        check,
        of="good-nested",
        payload={"address": {"_sd": sorted((digest(STREET), digest(TOWN))), "street": "Markt 1"}},
    )
    street = salted("another street", "street", "Markt 1")
    both = salted("address twice", "address", {"_sd": [digest(STREET)], "street": "Markt 1"})
    kit.bad(
        "name-in-disclosure",
        "In a disclosed object, a disclosed claim stands there in clear already",
        clause,
        check,
        of="good-recursive",
        payload={"_sd": [digest(both)]},
        sent=(both, STREET),
    )
    two = salted("address with two", "address", {"_sd": [digest(STREET), digest(street)]})
    kit.bad(
        "name-twice-in-disclosure",
        "In a disclosed object, two disclosures name the same claim",
        clause,
        check,
        of="good-recursive",
        payload={"_sd": [digest(two)]},
        sent=(two, STREET, street),
    )


def digests(kit: Kit) -> None:
    clause, check = "RFC 9901 7.1 (4)", checks.DIGEST_ONCE
    kit.bad(
        "twice-in-sd", "A digest stands twice in one _sd", clause, check, payload={"_sd": [*_DIGESTS, digest(GIVEN)]}
    )
    kit.bad(
        "twice-decoy",
        "A digest that nothing belongs to stands twice",
        clause,
        check,
        payload={"_sd": [*_DIGESTS, decoy(5), decoy(5)]},
    )
    kit.bad(
        "twice-in-objects",
        "A digest stands at the top and in an object",
        clause,
        check,
        payload={"_sd": _DIGESTS, "more": {"_sd": [digest(GIVEN)]}},
    )
    kit.bad(
        "twice-withheld",
        "The digest of a claim that is withheld stands in two objects",
        clause,
        check,
        payload={"_sd": _DIGESTS, "more": {"_sd": [digest(BIRTHDATE)]}},
    )
    kit.bad(
        "twice-in-array",
        "The digest of a claim that is withheld stands in an _sd and in an array",
        clause,
        check,
        payload={"_sd": _DIGESTS, "more": [element(BIRTHDATE)]},
    )
    kit.bad(
        "twice-elements",
        "A digest stands for two elements of an array",
        clause,
        check,
        of="good-array",
        payload={"nationalities": [element(DUTCH), "BE", element(DUTCH)]},
        sent=(DUTCH,),
    )
    kit.bad(
        "twice-elements-withheld",
        "A digest stands for two elements of an array, which are withheld",
        clause,
        check,
        of="good-array",
        payload={"nationalities": [element(SYRIAN), element(DUTCH), element(SYRIAN)]},
        sent=(DUTCH,),
    )
    inner = salted("a digest again", "address", {"_sd": [digest(BIRTHDATE)]})
    kit.bad(
        "twice-by-disclosure",
        "The digest of a claim that is withheld stands at the top, and again in a disclosure",
        clause,
        check,
        payload={"_sd": [*_DIGESTS, digest(inner)]},
        sent=(GIVEN, inner),
    )


def carriers(kit: Kit) -> None:
    """What carries digests, in a form or a place where it may not be: rules that bind the issuer (4.1, 4.2.4)."""
    wrong: dict[str, tuple[str, str, dict[str, Any]]] = {
        "sd-text": ("_sd is a text", "RFC 9901 4.2.4.1", {"_sd": digest(BIRTHDATE)}),
        "sd-object": ("_sd is an object", "RFC 9901 4.2.4.1", {"_sd": {"0": digest(BIRTHDATE)}}),
        "sd-numbers": ("_sd holds a number", "RFC 9901 4.2.4.1", {"_sd": [*_DIGESTS, 1]}),
        "sd-null": ("_sd is null", "RFC 9901 4.2.4.1", {"_sd": None}),
        "sd-nested-text": ("_sd in an object is a text", "RFC 9901 4.2.4.1", {"more": {"_sd": "abc"}}),
        "dots-beside": (
            "An object with ... has another member",
            "RFC 9901 4.2.4.2",
            {"more": [{**element(BIRTHDATE), "_sd": [decoy(6)]}]},
        ),
        "dots-number": ("... is a number", "RFC 9901 4.2.4.2", {"more": [{"...": 1}]}),
        "dots-top": ("A claim is called ...", "RFC 9901 4.1 (7)", {"...": decoy(6)}),
        "dots-outside-array": (
            "An object with ... stands outside an array",
            "RFC 9901 4.1 (7)",
            {"more": {"...": decoy(6)}},
        ),
        "sd-alg-nested": ("_sd_alg stands in an object", "RFC 9901 4.1.1", {"more": {"_sd_alg": "sha-256"}}),
    }
    for name, (title, clause, payload) in wrong.items():
        kit.bad(
            f"carrier-{name}",
            title,
            clause,
            None,
            severity=SHOULD,
            of="good-nothing-shown",
            payload={"_sd": GONE, **payload},
        )
    kit.bad(
        "carrier-sd-empty",
        "Nothing can be withheld, and there is an empty _sd",
        "SD-JWT VC 2.2.2.5",
        checks.SD_WITHOUT_CLAIMS,
        severity=SHOULD,
        of="good-nothing-withheld",
        payload={"_sd": []},
    )


def separators(kit: Kit) -> None:
    clause = "RFC 9901 4"
    kit.bad(
        "tilde-none",
        "A JWT alone, without a ~ after it",
        clause,
        None,
        of="good-unbound",
        sent=(),
        whole=lambda token: token[:-1],
    )
    kit.bad(
        "tilde-last-missing",
        "The ~ after the last disclosure is missing",
        clause,
        None,
        of="good-unbound",
        whole=lambda token: token[:-1],
    )
    kit.bad(
        "tilde-double",
        "An empty disclosure between two others",
        clause,
        None,
        of="good-unbound",
        sent=(GIVEN, b"", FAMILY),
    )
    kit.bad(
        "tilde-at-end", "An empty disclosure at the end", clause, None, of="good-unbound", sent=(GIVEN, FAMILY, b"")
    )
    kit.bad("tilde-first", "A ~ before everything", clause, None, of="good-unbound", whole=lambda token: b"~" + token)
    kit.bad("tilde-after-proof", "A ~ after the holder's proof", clause, None, whole=lambda token: token + b"~")
    kit.bad("tilde-nothing", "A ~ alone", clause, None, of="good-unbound", whole=lambda _: b"~")


def protected(kit: Kit) -> None:
    """Claims that decide on validity, as disclosures (SD-JWT VC 2.2.2.3): the holder could leave them out."""
    hidden: dict[str, Any] = {
        "iss": ISSUER_ID,
        "exp": kit.now + DAY,
        "nbf": kit.now - DAY,
        "cnf": {"jwk": HOLDER.jwk()},
        "vct": TYPE,
        "status": {"status_list": {"idx": 7, "uri": "https://issuer.kit.example/status/1"}},
    }
    known = {"iss": checks.ISSUER_NAMED, "vct": checks.VCT}
    for name, value in hidden.items():
        one = salted(f"hidden {name}", name, value)
        kit.bad(
            f"protected-{name}",
            f"{name} is a disclosure, and is shown",
            "SD-JWT VC 2.2.2.3",
            known.get(name, checks.PROTECTED_CLAIMS),
            severity=SHOULD,
            payload={name: GONE, "_sd": [digest(one)]},
            sent=(one,),
        )
    one = salted("hidden past", "exp", kit.now - DAY)
    kit.bad(
        "protected-exp-past",
        "exp is a disclosure, is shown, and lies in the past",
        "RFC 9901 9.7",
        checks.PROTECTED_CLAIMS,
        payload={"exp": GONE, "_sd": [digest(one)]},
        sent=(one,),
    )
    kid = salted("hidden member", "kid", "1")
    kit.bad(
        "protected-inside-cnf",
        "A member of cnf is a disclosure",
        "SD-JWT VC 2.2.2.3",
        checks.PROTECTED_CLAIMS,
        severity=SHOULD,
        payload={"cnf": {"jwk": {**HOLDER.jwk(), "_sd": [digest(kid)]}}, "_sd": GONE},
        sent=(kid,),
    )
    aud = salted("hidden audience", "aud", "https://elsewhere.example")
    kit.bad(
        "protected-aud",
        "aud is a disclosure, is shown, and names another verifier",
        "RFC 9901 9.7",
        checks.PROTECTED_CLAIMS,
        payload={"_sd": [digest(aud)]},
        sent=(aud,),
    )
