"""Attacks on the wallet, each by what an attacker can do: send a request, send a credential, touch the disk."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json, b64_encode, b64url_encode, json_dumps
from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.model import CredentialType, Issued
from eigendata.proofs import MAX_TEXT, MAX_TYPES, Challenge
from eigendata.registers.catalogue import ADRES, PERSOON
from eigendata.wallet import LEAST, Wallet, file, vault
from tests.unit.wallet.town import (
    BOXTEL,
    FORMAT,
    NOW,
    TODAY,
    TRUST,
    answered,
    asked,
    authentic,
    collected,
    proven,
    request,
)

PASSPHRASE = "een lange zin die niemand raadt"
LIBRARY = CredentialType.foreign("urn:example:library:1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aisha.vault"


@pytest.fixture
def wallet(path: Path) -> Iterator[Wallet]:
    with Wallet.create(path, PASSPHRASE, cost=LEAST) as wallet:
        yield wallet


# -- by a verifier ----------------------------------------------------------------------------------------------------


def tie_seen_by(wallet: Wallet, verifier: str, type: CredentialType) -> Json:
    asking = request(asked(type, "set"), verifier=verifier)
    return authentic(answered(wallet, asking), asking)[type.short].document["set"]


def test_a_number_that_was_shown_stays_spent_when_its_card_goes_before_the_rest_of_its_session_comes(
    wallet: Wallet,
) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON, ADRES), copies=2)
    first, rest = BOXTEL.issue(keys, PERSOON, ADRES).issued
    wallet.add(first, trust=TRUST, at=NOW)
    one = tie_seen_by(wallet, "https://one.example/answer", PERSOON)
    wallet.remove(wallet.cards()[0])
    wallet.add(rest, trust=TRUST, at=NOW)
    assert tie_seen_by(wallet, "https://another.example/answer", ADRES) != one


def test_what_leaves_is_what_was_agreed_to_and_not_what_was_agreed_to_before(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    query = {
        **asked(PERSOON),
        "claims": [{"id": "name", "path": ["family_name"]}, {"id": "adult", "path": ["age_over_18"]}],
        "claim_sets": [["name"], ["adult"]],
    }
    asking = request(query)
    proposal = wallet.consider(asking, at=NOW)
    wallet.disclose(proposal.accept(), at=NOW)
    less = wallet.disclose(proposal.choosing(claim_sets={"persoon": 1}).accept(), at=NOW)
    document = authentic(less, asking)["persoon"].document
    assert "age_over_18" in document
    assert "family_name" not in document
    assert len(wallet.history()) == 2


def test_the_same_question_for_another_purpose_is_another_line_of_the_history(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    asking = request(asked(PERSOON, "family_name"))
    changed = replace(asking, purpose={"nl": "Reclame", "en": "Advertising"}, keep={"otherwise": "9999 days"})
    answered(wallet, asking)
    answered(wallet, changed)
    assert [one.purpose for one in wallet.history()] == [asking.purpose, changed.purpose]


# -- by an issuer of a type that is not ours --------------------------------------------------------------------------


def disclosure(*parts: Json) -> tuple[bytes, str]:
    made = b64url_encode(json_dumps([b64url_encode(secrets.token_bytes(16)), *parts])).encode()
    return made, b64url_encode(hashlib.sha256(made).digest())


def signed(holder: PublicKey, claims: dict[str, Json], *disclosures: bytes) -> Issued:
    payload = {
        "iss": BOXTEL.id,
        "vct": LIBRARY.id,
        "nbf": int(TODAY.timestamp()),
        "exp": int((TODAY + timedelta(days=14)).timestamp()),
        "cnf": {"jwk": holder.jwk()},
        "_sd_alg": "sha-256",
        **claims,
    }
    header: dict[str, Json] = {"typ": FORMAT, "x5c": [b64_encode(BOXTEL.chain[0])]}
    token = b"~".join((sign_jws(header, json_dumps(payload), BOXTEL.key), *disclosures, b""))
    return Issued(type=LIBRARY, format=FORMAT, copies=(token,))


def one_cover_for_an_object(holder: PublicKey) -> Issued:
    made, digest = disclosure("home", {"street": "Dorpsstraat", "postal_code": "5281AB"})
    return signed(holder, {"_sd": [digest]}, made)


def one_in_clear_below_a_cover(holder: PublicKey) -> Issued:
    inside, inner = disclosure("postal_code", "5281AB")
    other, hidden = disclosure("since", 2014)
    made, digest = disclosure("home", {"street": "Dorpsstraat", "_sd": [inner, hidden]})
    return signed(holder, {"_sd": [digest]}, made, inside, other)


@pytest.mark.parametrize("issue", [one_cover_for_an_object, one_in_clear_below_a_cover])
def test_what_leaves_along_with_what_was_asked_is_seen_before_and_remembered_after(
    wallet: Wallet, issue: Callable[[PublicKey], Issued]
) -> None:
    (holder,) = proven(wallet, BOXTEL.challenge(LIBRARY), copies=1)
    wallet.add(issue(holder), trust=TRUST, at=NOW)
    asking = request(asked(LIBRARY, "home.postal_code", id="library"))
    proposal = wallet.consider(asking, at=NOW)
    (offered,) = proposal.offered
    shown = authentic(wallet.disclose(proposal.accept(), at=NOW), asking, LIBRARY)["library"].document["home"]
    assert shown == {"postal_code": "5281AB", "street": "Dorpsstraat"}
    assert [line.path for line in offered.lines] == [("home", "postal_code")]
    assert [line.path for line in offered.besides] == [("home", "street")]
    assert wallet.history()[0].credentials[0].paths == (("home", "postal_code"), ("home", "street"))


def test_all_elements_that_one_cover_hides_are_seen_before_one_of_them_leaves(wallet: Wallet) -> None:
    (holder,) = proven(wallet, BOXTEL.challenge(LIBRARY), copies=1)
    made, digest = disclosure("languages", ["nl", "ar"])
    wallet.add(signed(holder, {"_sd": [digest]}, made), trust=TRUST, at=NOW)
    asking = request({**asked(LIBRARY, id="library"), "claims": [{"path": ["languages", 0]}]})
    (offered,) = wallet.consider(asking, at=NOW).offered
    assert [line.value for line in (*offered.lines, *offered.besides)] == ["nl", "ar"]


@pytest.mark.parametrize(
    "changes",
    [
        {"credential_issuer": "https://" + "a" * MAX_TEXT},
        {"c_nonce": "n" * (MAX_TEXT + 1)},
        {"types": ["t" * (MAX_TEXT + 1)]},
        {"types": ["t"] * (MAX_TYPES + 1)},
    ],
)
def test_a_challenge_that_would_fill_a_vault_is_none(changes: dict[str, Json]) -> None:
    with pytest.raises(Malformed):
        Challenge.from_json({**BOXTEL.challenge().to_json(), **changes})


# -- on the disk ------------------------------------------------------------------------------------------------------


def test_a_vault_never_grows_beyond_what_can_be_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MAX_FILE", 256 * 1024)
    with Wallet.create(path, PASSPHRASE, cost=LEAST) as wallet:
        long = replace(BOXTEL.challenge(PERSOON), audience="https://" + "a" * 20_000)
        with pytest.raises(Unavailable):
            wallet.prove_new_keys(long, copies=50, at=NOW)
        collected(wallet, PERSOON, copies=2)
    with Wallet.open(path, PASSPHRASE) as wallet:
        assert len(wallet.cards()) == 1


def test_opening_a_vault_takes_no_lock_from_who_is_writing_it(wallet: Wallet, path: Path) -> None:
    writer = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN IMMEDIATE')"
    )
    with wallet._vault.writing() as writing:
        writing.put(1, b"half")
        Wallet.open(path, PASSPHRASE).close()
        other = subprocess.run([sys.executable, "-c", writer, path], capture_output=True, text=True, check=False)
        assert "database is locked" in other.stderr


def test_a_vault_is_looked_into_again_once_nobody_has_it_open(path: Path) -> None:
    Wallet.create(path, PASSPHRASE, cost=LEAST).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(Rejected):
        Wallet.open(path, PASSPHRASE)
    assert not file.Hold._counted


@pytest.mark.parametrize("suffix", ["-journal", "-wal"])
@pytest.mark.parametrize("plant", [os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)])
def test_what_was_planted_beside_a_vault_is_not_followed_or_waited_for(
    wallet: Wallet, path: Path, suffix: str, plant: Callable[[Path], None]
) -> None:
    wallet.close()
    plant(path.with_name(path.name + suffix))
    with pytest.raises(Misuse, match="beside the vault"):
        Wallet.open(path, PASSPHRASE)


def planted(path: Path, victim: Path) -> None:
    """Put a journal beside a vault that names another file as belonging to it, as of a change to several databases."""
    journals: list[bytes] = []
    opened = vault.Vault.open(path, PASSPHRASE)

    def look(statement: str) -> None:
        if statement == "COMMIT":
            journals.append(path.with_name(f"{path.name}-journal").read_bytes())

    with opened.writing() as writing:
        writing.put(1, b"more" * 2000)
        opened._database.set_trace_callback(look)
        opened._database.execute("PRAGMA cache_size = 1")  # so that the journal is on the disk
    opened.close()
    name = bytes(victim)
    sums = struct.pack(">II", len(name), sum(name))
    journal = journals[0] + struct.pack(">I", 2**30 // 4096 + 1) + name + sums + bytes.fromhex("d9d505f920a163d7")
    path.with_name(f"{path.name}-journal").write_bytes(journal)


@pytest.mark.parametrize("already_open", [False, True])
def test_a_journal_that_was_planted_beside_a_vault_deletes_nothing(
    wallet: Wallet, path: Path, tmp_path: Path, already_open: bool
) -> None:
    victim = tmp_path / "thesis.odt"
    victim.write_bytes(b"years of work")
    if not already_open:
        wallet.close()
    planted(path, victim)
    with pytest.raises(Misuse, match="put it there to have a file deleted"):
        wallet.cards() if already_open else Wallet.open(path, PASSPHRASE)
    with pytest.raises(Misuse, match=r"put it there|closed"):
        collected(wallet, PERSOON)
    assert victim.read_bytes() == b"years of work"
    path.with_name(f"{path.name}-journal").unlink()
    Wallet.open(path, PASSPHRASE).close()


@pytest.mark.parametrize("content", [b"", b"short", bytes(4096)])
def test_a_journal_that_is_none_changes_nothing(wallet: Wallet, path: Path, content: bytes) -> None:
    collected(wallet, PERSOON)
    wallet.close()
    path.with_name(f"{path.name}-journal").write_bytes(content)
    with Wallet.open(path, PASSPHRASE) as again:
        assert len(again.cards()) == 1


@pytest.mark.parametrize("name", ["", "/", ".", "a\0b"])
def test_a_path_that_names_no_file_is_misuse(name: str) -> None:
    with pytest.raises(Misuse):
        Wallet.create(name, PASSPHRASE, cost=LEAST)
    with pytest.raises(Misuse):
        Wallet.open(name, PASSPHRASE)


@pytest.mark.parametrize("replace_file", [True, False])
def test_nothing_is_shown_from_a_vault_whose_file_was_taken_away(
    wallet: Wallet, path: Path, replace_file: bool
) -> None:
    collected(wallet, PERSOON, copies=2)
    if replace_file:
        backup = path.with_name("backup")
        backup.write_bytes(path.read_bytes())
        backup.replace(path)
    else:
        path.unlink()
    with pytest.raises(Unavailable):
        answered(wallet, request(asked(PERSOON, "family_name")))


def test_a_damaged_schema_is_damage_like_any_other(wallet: Wallet, path: Path) -> None:
    wallet.close()
    data = path.read_bytes()
    place = data.index(b"CREATE TABLE record")
    for end in range(place, place + len(b"CREATE TABLE record (id"), 3):
        path.write_bytes(data[:end] + b"\xa8" + data[end + 1 :])
        with pytest.raises(Rejected):
            Wallet.open(path, PASSPHRASE)
