"""A client identifier: one spelling, whole, with a prefix that says how its verifier shows itself."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.encoding import b64url_encode
from eigendata.errors import Malformed, Misuse, Reason, Rejected
from eigendata.openid.client_id import (
    CLIENT_PREFIX,
    MAX_CLIENT_ID,
    ClientId,
    Prefix,
    of_certificate,
    of_dns_name,
    parse_client_id,
)
from tests.negatives import negative

HASH = b64url_encode(sha256(b"a leaf").digest())
GOOD = {
    "redirect_uri:https://corporation.example/answer?to=1": Prefix.REDIRECT_URI,
    "redirect_uri:http://127.0.0.1:8080/answer": Prefix.REDIRECT_URI,
    f"x509_hash:{HASH}": Prefix.X509_HASH,
    "x509_san_dns:wonen.corporation.example": Prefix.X509_SAN_DNS,
    "x509_san_dns:localhost": Prefix.X509_SAN_DNS,
    "x509_san_dns:xn--bcher-kva.example": Prefix.X509_SAN_DNS,
    "decentralized_identifier:did:web:corporation.example": Prefix.DECENTRALIZED_IDENTIFIER,
}


@pytest.mark.parametrize("text", GOOD)
def test_an_identifier_is_taken_apart_and_is_itself_again(text: str) -> None:
    read = parse_client_id(text)
    assert (read.prefix, str(read)) == (GOOD[text], text)
    assert read.prefix.signs == (not text.startswith("redirect_uri"))


@negative("NEG-VP-WALLET-008")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "corporation.example",
        "https://corporation.example/answer",
        HASH,
        "x509_hash",
        f"X509_hash:{HASH}",
        f"x509-hash:{HASH}",
        f" x509_hash:{HASH}",
        "x509_san_uri:https://corporation.example",
        "openid_federation:https://corporation.example",
        "verifier_attestation:corporation.example",
        "origin:https://corporation.example",
        "did:web:corporation.example",
    ],
)
def test_a_verifier_without_a_known_prefix_is_nobody(text: str) -> None:
    with pytest.raises(Rejected) as refused:
        parse_client_id(text)
    assert (refused.value.check, refused.value.reason) == (CLIENT_PREFIX, Reason.REQUEST_INVALID)


@pytest.mark.parametrize(
    "text",
    [
        "redirect_uri:",
        "redirect_uri:ftp://corporation.example/",
        "redirect_uri:https://corporation.example/#fragment",
        "redirect_uri:https://corporation.example/ a",
        "redirect_uri:https://corporation.example/\n",
        "x509_hash:",
        f"x509_hash:{HASH}=",
        f"x509_hash:{HASH[:-1]}",
        f"x509_hash:{HASH[:-1]}_",  # bits that belong to no octet
        f"x509_hash:{HASH}\n",
        "x509_san_dns:",
        "x509_san_dns:corporation",
        "x509_san_dns:Corporation.example",
        "x509_san_dns:corporation.example.",
        "x509_san_dns:.corporation.example",
        "x509_san_dns:corporation..example",
        "x509_san_dns:*.corporation.example",
        "x509_san_dns:corporation.example:443",
        "x509_san_dns:corporation.example/answer",
        "x509_san_dns:user@corporation.example",
        "x509_san_dns:bücher.example",
        "x509_san_dns:-corporation.example",
        "x509_san_dns:" + "a" * 64 + ".example",
        "x509_san_dns:" + "a." * 126 + "example",
        "x509_san_dns:corporation.example\n",
        "decentralized_identifier:corporation.example",
        "decentralized_identifier:did:web:corporation.example#key-1",
        "decentralized_identifier:did:web:corporation.example?versionId=1",
        "decentralized_identifier:did:WEB:corporation.example",
        "decentralized_identifier:did:web:",
    ],
)
def test_an_identifier_has_one_spelling(text: str) -> None:
    with pytest.raises(Malformed):
        parse_client_id(text)


def test_an_identifier_is_bounded() -> None:
    uri = "redirect_uri:https://corporation.example/"
    longest = uri + "a" * (MAX_CLIENT_ID - len(uri))
    assert str(parse_client_id(longest)) == longest
    with pytest.raises(Malformed):
        parse_client_id(longest + "a")


@given(st.text(max_size=80))
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    for whole in (text, *(f"{prefix}:{text}" for prefix in Prefix)):
        try:
            assert str(parse_client_id(whole)) == whole
        except (Malformed, Rejected):
            continue


def test_a_verifier_is_named_by_its_certificate_or_its_dns_name() -> None:
    assert str(of_certificate(b"a leaf")) == f"x509_hash:{HASH}"
    name = of_dns_name("wonen.corporation.example")
    assert name == ClientId(prefix=Prefix.X509_SAN_DNS, name="wonen.corporation.example")
    with pytest.raises(Misuse):
        of_dns_name("Wonen.corporation.example")
