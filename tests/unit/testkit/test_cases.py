"""The shipped cases: as made, one rule broken in each, each next to a good twin, and every rule among them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from eigendata import did, testkit, trust
from eigendata.crypto import x509
from eigendata.crypto.jose import parse_jws
from eigendata.errors import Check, Malformed, Misuse
from eigendata.formats.sdjwt import SD_JWT_VC, checks
from eigendata.testkit import making, own
from eigendata.testkit.case import ENVELOPE, Case, Expect, Severity, read, write
from eigendata.testkit.forge import ISSUER, KitKey
from tests.given import ROOT

CASES = testkit.shipped()
GOOD = {one.id: one for one in CASES if one.expect is Expect.ACCEPT}
BAD = [one for one in CASES if one.expect is Expect.REJECT]

NO_CASE: dict[Check, str] = {
    checks.EXPIRY_STATED: "exp is optional; that a credential without one is refused is this library's own choice",
    checks.STATUS_KIND: "whether a status can be looked up is for who looks it up; this kit has no lists",
    trust.ISSUER_TYPE: "whom one trusts for which type is this library's own trust file; a case has one type",
    trust.ISSUER_KEY: "a kid is a hint, and a recipient may pass it over",
    trust.JURISDICTION: "it is Dutch law, not the format's",
    trust.VERIFIER_KNOWN: "it is asked by a wallet about a verifier",
    trust.VERIFIER_LISTED: "it is asked by a wallet about who signed a request",
    trust.VERIFIER_CHAIN: "it is asked by a wallet about who signed a request",
    trust.VERIFIER_METHOD: "it is asked by a wallet about who signed a request",
    **dict.fromkeys(did.CHECKS, "a controller's document leads to keys of Data Integrity, which no case is of"),
    **dict.fromkeys(trust.published.CHECKS, "it needs a fetch; a case is complete in itself"),
    x509.KEYS: "which curves are supported is the recipient's choice",
}


def test_the_kit_is_large_and_a_library_that_refuses_everything_does_not_pass() -> None:
    assert len(CASES) >= 150
    assert len(GOOD) >= 25
    assert sum(one.severity is Severity.MUST for one in GOOD.values()) >= 25


@pytest.mark.parametrize("case", GOOD.values(), ids=lambda one: one.id)
def test_a_good_case_is_accepted_with_exactly_its_claims(case: Case) -> None:
    assert {name: value for name, value in own.verify(case).items() if name not in ENVELOPE} == case.claims


@pytest.mark.parametrize("case", BAD, ids=lambda one: one.id)
def test_a_broken_case_is_refused_for_its_one_reason_and_its_twin_is_accepted(case: Case) -> None:
    assert own.why(case) == (case.reason, case.check)
    assert case.twin is not None
    twin = GOOD[case.twin]
    assert own.why(twin) is None
    assert twin.token != case.token
    for told in (
        "role",
        "format",
        "serialization",
        "at",
        "type",
        "type_metadata",
        "issuer",
        "issuer_key",
        "anchors",
        "audience",
        "nonce",
    ):
        assert getattr(case, told) == getattr(twin, told), told
    assert case.require_key_binding == twin.require_key_binding


def test_the_files_are_as_made_and_each_is_read_back_the_same() -> None:
    made = making.make()
    assert {one.id: one for one in made} == {one.id: one for one in CASES}
    for one in made:
        assert read(write(one)) == one


def test_a_kit_made_at_another_moment_is_accepted_and_refused_alike() -> None:
    for one in making.make(datetime(2031, 5, 17, 8, 3, 11, 77, tzinfo=UTC)):
        assert own.why(one) == (None if one.expect is Expect.ACCEPT else (one.reason, one.check)), one.id


def test_where_no_deterministic_signature_can_be_made_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(key: KitKey, message: bytes) -> bytes:
        raise UnsupportedAlgorithm("ECDSA with deterministic signature (RFC 6979) is not supported")

    monkeypatch.setattr(KitKey, "in_der", cannot)
    with pytest.raises(Misuse, match="deterministic"):
        making.make()


def test_the_tool_finds_no_drift() -> None:
    done = subprocess.run(
        [sys.executable, "tools/testkit.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_check_of_the_format_is_broken_by_a_case_or_says_why_not() -> None:
    broken = {one.check for one in BAD}
    ours = (*SD_JWT_VC.checks, *trust.CHECKS, *x509.CHECKS)
    inside = {checks.ISSUER_TRUSTED.name: trust.ISSUER_KNOWN.name}  # refused by the check that was taken inside it
    missing = {one.name for one in ours if inside.get(one.name, one.name) not in broken and one not in NO_CASE}
    assert missing == set()
    assert {one.name for one in NO_CASE} & broken == set()
    assert set(NO_CASE) <= set(ours)


def test_every_name_of_a_reason_or_check_in_the_files_is_one_of_ours() -> None:
    ours = {one.name: str(one.reason) for one in (*SD_JWT_VC.checks, *trust.CHECKS, *x509.CHECKS)}
    for one in BAD:
        assert one.reason == (making.MALFORMED if one.check is None else ours[one.check])


def test_titles_and_ids_are_each_given_once() -> None:
    # the same rule may be tried on two kinds of token, and then the title says which
    assert [title for title, times in Counter((one.title, one.clause) for one in CASES).items() if times > 1] == []
    assert not any(one.title.endswith(".") and not one.title.endswith(" ...") for one in CASES)


def test_signatures_of_unspoilt_parts_hold_so_that_only_the_named_rule_is_broken() -> None:
    """A sample of rules that are looked at after the signature: the token is signed by whoever its case says."""
    for one in BAD:
        if one.check in {check.name for check in (*checks.DISCLOSURES, checks.NOT_EXPIRED, checks.NOT_BEFORE)}:
            if one.serialization == "json":
                continue
            jws = parse_jws(one.token.partition("~")[0].encode())
            assert ISSUER.public_key.verifies(jws.signature, jws.signing_input), one.id


def test_no_file_of_the_kit_can_be_misread() -> None:
    lines = write(GOOD[making.BASE]).decode().split("\n")
    blank = lines.index("")

    def spoilt(*changed: str) -> bytes:
        return "\n".join(changed).encode()

    broken = {
        "another version": spoilt("eigendata-conformance: 2", *lines[1:]),
        "no magic": spoilt(*lines[1:]),
        "an unknown header": spoilt(lines[0], "colour: red", *lines[1:]),
        "a header twice": spoilt(*lines[:2], lines[1], *lines[2:]),
        "no header": spoilt(lines[0], "just text", *lines[1:]),
        "an empty value": spoilt(lines[0], "title: ", *lines[1:]),
        "a continuation first": spoilt(lines[0], " goes on", *lines[1:]),
        "a title on two lines": spoilt(*lines[:3], " goes on", *lines[3:]),
        "a tab": spoilt(lines[0], "note:\tx", *lines[1:]),
        "a carriage return": b"\r\n".join(line.encode() for line in lines),
        "no token": spoilt(*lines[: blank + 1]),
        "no empty line": spoilt(*lines[:blank]),
        "not UTF-8": spoilt(*lines[:2]) + b"\xff" + spoilt(*lines[2:]),
        "too large": spoilt(*lines) + b"A" * 300_000,
        "too many headers": spoilt(lines[0], *[f"title: {number}" for number in range(200)], *lines[1:]),
        "an escape": spoilt(lines[0], "clause: \x1b[31m", *lines[1:]),
    }
    for what, data in broken.items():
        with pytest.raises(Malformed):
            pytest.fail(f"{what} is read: {read(data).id}")
    for index in range(1, blank):
        name, _, value = lines[index].partition(": ")
        if name not in ("id", "title", "clause", "format", "type", "issuer", "audience", "nonce"):
            with pytest.raises(Malformed):
                read(spoilt(*lines[:index], f"{name}: x{value}", *lines[index + 1 :]))
        if name != "check":
            with pytest.raises(Malformed):
                read(spoilt(*lines[:index], *lines[index + 1 :]))


@given(st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=40))
def test_any_bytes_are_a_case_or_malformed(start: int, length: int, spliced: bytes) -> None:
    whole = write(GOOD["good-x5c"])
    data = whole[:start] + spliced + whole[start + length :]
    try:
        case = read(data)
    except Malformed:
        return
    assert read(write(case)) == case


def test_an_error_of_the_reader_names_the_line() -> None:
    with pytest.raises(Malformed) as raised:
        read(b"eigendata-conformance: 1\nid: x\nwhat: y\n\ntoken")
    assert raised.value.where == ("line 3",)


def test_what_is_written_shows_what_it_holds() -> None:
    for one in CASES:
        for line in write(one).decode().split("\n"):
            assert line.isprintable()
            assert line == line.rstrip()


@pytest.mark.parametrize("year", [1, 26, 999, 9999])
def test_a_case_of_any_year_is_written_as_it_is_read(year: int) -> None:
    of_then = replace(CASES[0], at=datetime(year, 1, 15, 12, tzinfo=UTC))
    assert read(write(of_then)) == of_then
