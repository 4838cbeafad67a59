"""What a file is, whatever happened to it on its way; and that any bytes at all have an answer, soon."""

from __future__ import annotations

import html
import quopri
import random
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.doctor import examine
from eigendata.doctor.findings import Kind, Verdict
from eigendata.doctor.recognising import recognise
from eigendata.errors import Malformed
from eigendata.openid import vp
from eigendata.trust import Trust

from .ward import answer_file, asked, beside, causes, credential, request_file, written

CARD = credential().decode()


def wrapped(text: str, width: int = 76) -> str:
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


HURT: dict[str, tuple[Callable[[str], bytes], list[str]]] = {
    "a mail program broke the lines": (lambda text: wrapped(text).encode(), ["line_breaks"]),
    "with blanks too": (lambda text: wrapped(text).replace("\n", " \r\n  ").encode(), ["line_breaks"]),
    "someone replied": (
        lambda text: ("> " + wrapped(text).replace("\n", "\n> ")).encode(),
        ["mail_marks", "line_breaks"],
    ),
    "the mail itself was saved": (lambda text: quopri.encodestring(text.encode()), ["mail_coded"]),
    "a byte order mark": (lambda text: text.encode("utf-8-sig"), ["byte_order_mark"]),
    "saved by a Windows program": (lambda text: text.encode("utf-16"), ["utf_16"]),
    "saved without a mark": (lambda text: text.encode("utf-16-le"), ["utf_16"]),
    "between quotes": (lambda text: f'"{text}"'.encode(), ["quoted"]),
    "between curly quotes": (lambda text: f"“{text}”".encode(), ["curly_quotes", "quoted"]),
    "between brackets": (lambda text: f"<{text}>".encode(), ["quoted"]),
    "out of a header": (lambda text: f"Bearer {text}".encode(), ["bearer"]),
    "out of an address": (lambda text: quote(text, safe="").replace("~", "%7E").encode(), ["url_coded"]),
    "characters nobody sees": (
        lambda text: ("\u200b" + text[:40] + "\u00ad" + text[40:]).encode(),
        ["unseen_characters"],
    ),
}


@pytest.mark.parametrize("how", HURT)
def test_what_came_over_a_credential_is_named_and_the_rest_is_looked_at(how: str) -> None:
    hurt, expected = HURT[how]
    report = examine(hurt(CARD), beside())
    assert (report.kind, causes(report), report.verdict) == (Kind.CREDENTIAL, expected, Verdict.UNREADABLE)
    assert (report.is_mended, report.beyond, len(report.courses)) == (True, (), 1)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "  \n\n", "\n\t"])
def test_blanks_around_a_credential_are_no_fault(ends: str) -> None:
    assert examine((ends + CARD + ends).encode(), beside()).verdict is Verdict.WELL


def test_json_that_was_hurt_is_mended_too() -> None:
    answer = answer_file().decode()
    told = beside(request=request_file())
    assert causes(examine(wrapped(answer).encode(), told)) == ["line_breaks"]
    assert causes(examine(("\ufeff" + answer).encode(), told)) == ["byte_order_mark"]
    assert causes(examine(html.escape(answer).encode(), told)) == ["html_coded"]
    assert causes(examine(answer.replace('"', "”").encode(), told)) == ["curly_quotes"]


KINDS: dict[Kind, bytes] = {
    Kind.PICTURE: b"\x89PNG\r\n\x1a\n" + bytes(20),
    Kind.PDF: b"%PDF-1.7\n",
    Kind.ARCHIVE: b"PK\x03\x04" + bytes(20),
    Kind.WEB_PAGE: b"<!DOCTYPE html><p>404",
    Kind.EMPTY: b" \n",
    Kind.BINARY: bytes(range(256)),
    Kind.TEXT: b"Beste mevrouw, hierbij het bewijs.",
    Kind.JSON: b'{"a": 1}',
    Kind.TOML: b"[a]\nb = 1\n",
    Kind.PRIVATE_KEY: b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n",
    Kind.QUERY: b'{"credentials": [{"id": "a", "format": "dc+sd-jwt"}]}',
    Kind.CHALLENGE: b'{"c_nonce": "x"}',
    Kind.PROOFS: b'{"proofs": {"jwt": []}}',
    Kind.TRUST: b"[issuers.x]\nname = 1\n",
    Kind.POLICY: b"[[questions]]\nid = 'x'\n",
    Kind.TYPE_METADATA: b'{"vct": "x", "claims": []}',
    Kind.ISSUER_METADATA: b'{"issuer": "x", "jwks_uri": "y"}',
    Kind.REGISTER: b'{"personen": []}',
    Kind.HOME: b'{"household_size": [2, 4], "binding": true}',
    Kind.OFFER: b"openid-credential-offer://?credential_offer=%7B%7D",
    Kind.OTHER_LINK: b"https://gemeente.example/bewijs",
    Kind.ENCRYPTED: b"eyJhbGciOiJkaXIifQ..iv.ciphertext.tag",
    Kind.DATABASE: b"SQLite format 3\x00" + bytes(100),
    Kind.ANSWER: b"vp_token=%7B%7D&state=x",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_known_by_what_it_holds(kind: Kind) -> None:
    assert recognise(KINDS[kind]).kind is kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_has_a_report(kind: Kind) -> None:
    report = examine(KINDS[kind], beside())
    assert report.kind is kind
    assert report.findings or report.gaps or report.verdict is Verdict.WELL


def test_a_link_is_a_request_and_its_coded_form_too() -> None:
    link = vp.request_link(asked())
    assert recognise(link.encode()).kind is Kind.REQUEST
    assert causes(examine(quote(link, safe="").encode(), beside())) == ["url_coded"]


def test_a_private_key_is_never_said() -> None:
    jwk = {"kty": "EC", "crv": "P-256", "x": "eHg", "y": "eXk", "d": "c2VjcmV0"}
    for one in (jwk, {"keys": [jwk]}):
        report = examine(written(one), beside())
        assert (report.kind, causes(report), report.verdict) == (
            Kind.PRIVATE_KEY,
            ["private_key_here"],
            Verdict.UNREADABLE,
        )
        assert "c2VjcmV0" not in repr(report)


TRUST_FILE = (
    '[issuers."https://boxtel.example"]\nname = "Gemeente Boxtel"\nanchors = ["""%s"""]\n'
    'types = ["urn:eigendata:persoon:1"]\nmunicipalities = ["0757"]\n'
)


@pytest.mark.parametrize(
    ("hurt", "kind", "cause"),
    [
        ("\ufeff%s", Kind.TRUST, "byte_order_mark"),
        ("> %s", Kind.TRUST, "mail_marks"),
        ("x%s", Kind.TEXT, "text"),
    ],
)
def test_a_hurt_trust_file_is_never_a_good_certificate(hurt: str, kind: Kind, cause: str) -> None:
    """It holds the certificates of its anchors, and a program that reads trust files refuses it."""
    key = SoftwareKey.generate(Algorithm.ES256)
    anchor = make_authority("Root", key, at=beside().at - timedelta(days=1))
    pem = x509.load_der_x509_certificate(anchor).public_bytes(Encoding.PEM).decode()
    text = TRUST_FILE % pem
    assert Trust.loads(text).issuers
    whole = examine((hurt % text).encode(), beside())
    with pytest.raises(Malformed):
        Trust.loads(hurt % text)
    assert (whole.kind, causes(whole)) == (kind, [cause])
    assert whole.verdict is not Verdict.WELL


def test_half_a_file_is_told_to_be_cut_off() -> None:
    report = examine(answer_file()[:-40], beside())
    assert causes(report) == ["json_broken", "cut_off"]
    assert [one.certain for one in report.findings] == [True, False]


# -- hostile bytes ----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=4000))
def test_any_bytes_have_a_report(data: bytes) -> None:
    assert examine(data, beside()).verdict in Verdict


@given(st.text(max_size=300), st.integers(0, len(CARD)))
def test_any_text_in_a_credential_has_a_report(text: str, place: int) -> None:
    data = (CARD[:place] + text + CARD[place:]).encode("utf-8", "replace")
    report = examine(data, beside())
    assert report.verdict is not Verdict.WELL or data.strip() == credential()


@pytest.mark.parametrize(
    "data",
    [
        random.Random(7).randbytes(1024 * 1024),
        b"{" * 1024 * 1024,
        b'{"vp_token":' * 80_000,
        b"ey" + b"a" * 1024 * 1024,
        b"eyJ." * 250_000,
        b"~" * 1024 * 1024,
        b"> " * 500_000,
        b"%41" * 350_000,
        b"=7E" * 350_000,
        b"&quot;" * 170_000,
        b'"' * 1024 * 1024,
        b"a" * 1024 * 1024 + b" = 1",
        b"[issuers." + b"a." * 500_000,
        b"-----BEGIN CERTIFICATE-----\n" * 40_000,
        b"-----BEGIN " + b"A" * 1024 * 1024,
        b"\xff\xfe" + b"a\x00" * 500_000,
        b" \n" * 500_000,
        b"0\x82\xff\xff0\x82\xff\xff\xa0\x03\x02\x01\x02" + bytes(1024),
        credential() + b"~" * 500_000,
        b"SQLite format 3\x00" + b"CREATE TABLE vault (" + bytes(1024 * 1024),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_a_mebibyte_of_anything_has_a_report_soon(data: bytes) -> None:
    began = time.process_time()
    assert examine(data, beside()).verdict is not Verdict.WELL
    assert time.process_time() - began < 5


def test_a_token_of_deep_or_many_parts_has_a_report() -> None:
    first = credential().split(b"~")[0]
    for hostile in (
        first + b"~" + b"~".join([b"WyJhIiwgMV0"] * 900) + b"~",
        first + b"~~~~",
        b"a.b.c~",
        b"ey.ey.ey~ey.ey.ey",
    ):
        assert examine(hostile, beside()).verdict in (Verdict.REFUSED, Verdict.UNREADABLE)


def test_a_file_full_of_names_or_tokens_has_a_report_soon() -> None:
    names = ", ".join(f'"urn:eigendata:nl:brp:inwoner:{number}"' for number in range(80_000))
    trust = f"[issuers.x]\nissuer_metadata = true\ntypes = [{names}]\n".replace("issuers.x", 'issuers."https://x.nl"')
    answer = written({"vp_token": {"q": [CARD] * 2000}})
    began = time.process_time()
    assert examine(trust.encode(), beside()).verdict is not Verdict.WELL
    assert examine(answer, beside()).verdict is Verdict.UNREADABLE
    assert time.process_time() - began < 10
