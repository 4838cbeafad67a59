"""A verifier's key and certificate, and trust in it, by commands alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eigendata import did
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import load_pem_chain
from eigendata.openid.client_id import of_certificate, of_dns_name
from eigendata.openid.request_object import SignedRequest, parse_request_object, sign_request_object
from eigendata.trust import Trust
from tests.cli.conftest import ISSUER, Run

HOST = "wonen.example"


def proven(trust: str = "trust.toml", *, folder: str = "desk", by_name: bool = False) -> SignedRequest:
    """Sign a request as the desk of a folder, and read it as a wallet with this trust file."""
    now = datetime.now(UTC)
    chain = load_pem_chain(Path(folder, "access.pem").read_bytes())
    client = of_dns_name(HOST) if by_name else of_certificate(chain[0])
    parameters = {"client_id": str(client), "response_uri": f"https://{HOST}/answers"}
    key = SoftwareKey.load(Path(folder, "access.key"))
    token = sign_request_object(parameters, key, chain=chain, wallet_nonce=None, at=now)
    return parse_request_object(token).verify(client, trust=Trust.load(trust), wallet_nonce=None, at=now)


def test_what_keygen_makes_and_trust_adds_proves_who_asks(town: Run) -> None:
    made = town("keygen", "--verifier-cert", "--ca", "ca", "--dns", HOST, "--out", "desk")
    assert made == {"made": "verifier", "folder": "desk", "verifier": HOST}
    assert (Path("desk/access.key").stat().st_mode & 0o777, Path("desk").stat().st_mode & 0o077) == (0o600, 0)
    added = town("trust", "add", "--verifier", HOST, "--anchor", "ca/anchor.pem", "--out", "trust.toml")
    assert added == {"trusted": HOST, "entitled": [], "file": "trust.toml"}
    for by_name in (False, True):
        assert proven(by_name=by_name).asker.id == HOST
    assert Trust.load("trust.toml").issuers.keys() == {ISSUER}  # what it held stays


def test_a_name_and_what_a_law_entitles_to_are_said(town: Run) -> None:
    names = f"{HOST}, www.{HOST}"
    town("keygen", "--verifier-cert", "--ca", "ca", "--dns", names, "--name", "De Linde", "--out", "desk")
    about = ("--anchor", "ca/anchor.pem", "--name", "De Linde", "--entitled", "bsn", "--out", "t.toml")
    added = town("trust", "add", "--verifier", HOST, *about)
    assert added["entitled"] == ["urn:eigendata:nl:brp:bsn:1"]
    assert proven("t.toml").asker.name == "De Linde"
    assert Trust.load("t.toml").verifier(HOST).entitled == ("urn:eigendata:nl:brp:bsn:1",)


def test_a_verifier_by_its_did(run: Run) -> None:
    key, name = SoftwareKey.generate(Algorithm.ES256).public_key, f"did:web:{HOST}"
    Path("did.json").write_bytes(did.write_document(name, f"{name}#1", key, purpose=did.AUTHENTICATION))
    run("trust", "add", "--verifier", name, "--document", "did.json", "--out", "t.toml")
    assert Trust.load("t.toml").did_verifier(name, f"{name}#1", at=datetime.now(UTC))[1] == key


@pytest.mark.parametrize(
    "arguments",
    [
        ("--verifier-cert",),
        ("--verifier-cert", "--ca", "ca"),
        ("--verifier-cert", "--ca", "ca", "--dns", " , "),
        ("--verifier-cert", "--dns", HOST),
        ("--verifier-cert", "--ca", "--dns", HOST),
        ("--verifier-cert", "--ca", "ca", "--dns", "Wonen.example"),
        ("--verifier-cert", "--ca", "ca", "--dns", "*.example"),
        ("--verifier-cert", "--ca", "ca", "--dns", HOST, "--name", "\u202e"),
        ("--verifier-cert", "--ca", "ca", "--dns", HOST, "--issuer-cert"),
        ("--verifier-cert", "--ca", "nowhere", "--dns", HOST),
    ],
    ids=" ".join,
)
def test_a_verifier_that_cannot_be_is_not_made(arguments: tuple[str, ...], town: Run) -> None:
    assert town("keygen", *arguments, "--out", "never", code=2)["error"]["kind"] == "misuse"
    assert not Path("never").exists()


def test_nothing_is_overwritten(town: Run) -> None:
    Path("desk").mkdir()
    Path("desk/access.pem").write_text("here already")
    town("keygen", "--verifier-cert", "--ca", "ca", "--dns", HOST, "--out", "desk", code=2)
    assert [one.name for one in Path("desk").iterdir()] == ["access.pem"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--crl", "https://a.example/crl"), "--crl"),
        (("--ca", "--name", "A", "--crl", "https://a.example/crl"), "--crl"),
        (("--ca", "--name", "A", "--san", "https://a.example"), "--san"),
        (("--ca", "--name", "A", "--alg", "EdDSA"), "--alg"),
        (("--ca", "--iaca", "--name", "A", "--san", "https://a.example"), "--ca"),
        (("--document-signer", "--iaca", "ca", "--crl", "https://a.example/crl"), "--crl"),
        (("--controller", "--type", "persoon"), "--type"),
        (("--dns", HOST), "--dns"),
    ],
    ids=range(8),
)
def test_what_says_nothing_of_what_is_made_is_not_passed_over(arguments: tuple[str, ...], says: str, town: Run) -> None:
    said = town("keygen", *arguments, "--out", "never", code=2)["error"]
    assert (said["kind"], said["message"].startswith(f"{says} says nothing")) == ("misuse", True)
    assert not Path("never").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--issuer", ISSUER, "--anchor", "ca/anchor.pem"),
        ("--type", "persoon", "--anchor", "ca/anchor.pem"),
        ("--issuer", ISSUER, "--type", "persoon", "--anchor", "ca/anchor.pem", "--entitled", "bsn"),
        ("--verifier", HOST),
        ("--verifier", HOST, "--anchor", "ca/anchor.pem", "--type", "persoon"),
        ("--verifier", HOST, "--anchor", "ca/anchor.pem", "--issuer", ISSUER),
        ("--verifier", HOST, "--anchor", "ca/anchor.pem", "--iaca"),
        ("--verifier", HOST, "--issuer-metadata"),
        ("--verifier", f"https://{HOST}", "--anchor", "ca/anchor.pem"),
        ("--verifier", HOST, "--anchor", "boxtel/chain.pem"),
        ("--verifier", HOST, "--anchor", "ca/anchor.pem", "--entitled", "everything"),
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_trust_in_nobody_or_in_two_at_once_is_misuse(arguments: tuple[str, ...], town: Run) -> None:
    assert town("trust", "add", *arguments, "--out", "t.toml", code=2)["error"]["kind"] == "misuse"
    assert not Path("t.toml").exists()


def test_an_anchor_of_one_issuer_alone_is_no_other_issuers(town: Run) -> None:
    town("keygen", "--iaca", "--name", "Boxtel", "--san", ISSUER, "--out", "iaca")

    def add(issuer: str, *more: str, code: int = 0) -> Any:
        return town("trust", "add", "--issuer", issuer, "--type", "persoon", *more, "--out", "t.toml", code=code)

    add(ISSUER, "--anchor", "iaca/anchor.pem", "--iaca")
    said = add("https://other.example", "--anchor", "iaca/anchor.pem", code=2)
    assert ISSUER in said["error"]["message"]
    add("https://other.example", "--anchor", "ca/anchor.pem")
