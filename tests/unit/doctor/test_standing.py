"""What lies still, and what may lie at a path: folders, links, pipes, vaults, keys, lists and rules."""

from __future__ import annotations

import errno
import os
import re
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.doctor import Report, examine, examine_file
from eigendata.doctor.findings import Became, Gap, Kind, Verdict
from eigendata.doctor.recognising import MAX_FILE
from eigendata.formats import FORMATS
from eigendata.issuer import create_authority, create_issuer
from eigendata.registers.catalogue import INWONER, PERSOON
from eigendata.trust import Trust
from eigendata.wallet.sealing import BACKUP, LEAST_MEMORY, LEAST_PASSES, Cost
from eigendata.wallet.vault import Vault
from tests.unit.crypto.test_x509 import Town

from .ward import AT, FORMAT, beside, causes, checks, filled, written

URI = "https://boxtel.example"
KEY, LEAF_KEY = SoftwareKey.generate(Algorithm.ES256), SoftwareKey.generate(Algorithm.ES256)
ROOT = make_authority("Root", KEY, at=AT)
LEAF = make_issuer_certificate(
    LEAF_KEY.public_key, name="Boxtel", uri=URI, authority=ROOT, authority_key=KEY, at=AT, municipality="0757"
)


def listed(*, anchor: bytes = ROOT, issuer: str = URI, types: str = INWONER.id, codes: str = '["0757"]') -> str:
    pem = dump_pem_chain([anchor]).decode()
    return f'[issuers."{issuer}"]\nanchors = ["""{pem}"""]\ntypes = ["{types}"]\nmunicipalities = {codes}\n'


# -- certificates -----------------------------------------------------------------------------------------------------


def certificates(*chain: bytes, **changes: object) -> Report:
    return examine(dump_pem_chain(chain), beside(**{"trust": Trust.loads(listed()), **changes}))


def test_a_chain_of_a_listed_issuer_is_well_in_pem_and_in_der() -> None:
    report = certificates(LEAF)
    assert (report.kind, report.verdict) == (Kind.CERTIFICATES, Verdict.WELL)
    assert {step.became for step in report.courses[0].steps} == {Became.PASSED}
    assert examine(LEAF, beside(trust=Trust.loads(listed()))).verdict is Verdict.WELL


def test_an_authoritys_own_certificate_is_well_until_it_ends() -> None:
    assert certificates(ROOT).verdict is Verdict.WELL
    assert causes(certificates(ROOT, at=AT + timedelta(days=4000))) == ["anchor_ended"]


def test_a_chain_is_told_what_is_the_matter_with_it() -> None:
    assert causes(certificates(LEAF, ROOT)) == ["chain_with_root"]
    assert causes(certificates(LEAF, at=AT + timedelta(days=500))) == ["chain_ended"]
    other = make_authority("Another", SoftwareKey.generate(Algorithm.ES256), at=AT)
    assert causes(certificates(LEAF, trust=Trust.loads(listed(anchor=other)))) == ["chain_other_anchor"]
    assert causes(certificates(LEAF, trust=Trust.loads(listed(issuer=URI + "/")))) == ["issuer_near"]
    assert causes(certificates(LEAF, trust=Trust())) == ["issuer_unknown"]


def test_without_a_trust_file_the_order_of_a_chain_is_looked_at() -> None:
    town = Town()
    root, between, below = town.authority(), town.authority("between", "root"), town.certificate("leaf", "between")
    assert certificates(below, between, trust=None).findings == ()
    report = certificates(root, between, below, trust=None)
    assert (causes(report), report.gaps) == (["chain_reversed", "chain_with_root"], (Gap.TRUST,))
    assert certificates(below, trust=None).verdict is Verdict.INCOMPLETE


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_public_key_is_well_and_a_broken_one_is_not() -> None:
    jwk = KEY.public_key.jwk()
    assert examine(written(jwk), beside()).verdict is Verdict.WELL
    assert examine(written({"keys": [jwk]}), beside()).verdict is Verdict.WELL
    assert causes(examine(written({**jwk, "x": jwk["y"]}), beside())) == ["malformed"]
    assert causes(examine(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", beside())) == ["malformed"]


def test_a_private_key_file_is_warned_of_and_never_told(tmp_path: Path) -> None:
    KEY.save(tmp_path / "key.pem")
    (tmp_path / "challenge.key").write_bytes(b"k" * 32)
    for name in ("key.pem", "challenge.key"):
        report = examine_file(tmp_path / name, beside())
        assert (report.kind, causes(report)) == (Kind.PRIVATE_KEY, ["private_key_here"])


# -- what somebody wrote ----------------------------------------------------------------------------------------------


def trusted(text: str, **changes: object) -> Report:
    return examine(text.encode(), beside(**changes))


def test_a_trust_file_is_well_or_told_what_is_the_matter() -> None:
    assert trusted(listed()).verdict is Verdict.WELL
    assert causes(trusted(listed(), at=AT + timedelta(days=4000))) == ["anchor_ended"]
    assert causes(trusted(listed(codes="[]"))) == ["issuer_without_municipality"]
    assert causes(trusted(listed(types="urn:eigendata:nl:brp:persoon:2"))) == ["type_near"]
    assert trusted(listed(types="https://other.example/x")).gaps == (Gap.TYPE,)
    assert causes(trusted(listed() + "types = [")) == ["toml_broken"]
    assert causes(trusted(listed().replace("municipalities", "municipality"))) == ["malformed"]


def test_a_policy_is_well_or_told_by_which_rule_it_is_not() -> None:
    text = files("eigendata.policies").joinpath("shipped/woningcorporatie/B.toml").read_text("utf-8")
    assert examine(text.encode(), beside()).verdict is Verdict.WELL
    ungrounded = re.sub(r"^legal_basis = .*$", "legal_basis = []", text, flags=re.MULTILINE)
    assert checks(examine(ungrounded.encode(), beside())) == ["GROUNDED"]
    assert causes(examine(text.replace('"balie"', "balie").encode(), beside())) == ["toml_broken"]
    assert causes(examine(f'colour = "red"\n{text}'.encode(), beside())) == ["malformed"]


def test_type_metadata_is_compared_with_ours() -> None:
    ours = FORMATS[FORMAT].schema(PERSOON)
    assert examine(ours, beside()).verdict is Verdict.WELL
    assert causes(examine(ours.replace(b"always", b"allowed"), beside())) == ["metadata_differs"]
    assert causes(examine(ours.replace(b"persoon", b"persoom"), beside())) == ["type_near"]
    others = {"vct": "https://other.example/x", "claims": [{"path": ["a"]}]}
    assert examine(written(others), beside()).verdict is Verdict.WELL
    assert causes(examine(written({**others, "claims": [{"path": []}]}), beside())) == ["malformed"]
    assert examine(written({**others, "extends": "https://other.example/y"}), beside()).gaps == (Gap.TYPE,)
    assert checks(examine(written({**others, "extends": others["vct"]}), beside())) == ["EXTENDS_ONCE"]
    assert causes(examine(b'{"vct": 1}', beside())) == ["malformed"]


def test_issuer_metadata_names_a_listed_issuer_and_keys() -> None:
    trust = Trust.loads(listed())
    good = {"issuer": URI, "jwks": {"keys": [KEY.public_key.jwk()]}}
    assert examine(written(good), beside(trust=trust)).verdict is Verdict.WELL
    assert examine(written(good), beside(trust=None)).gaps == (Gap.TRUST,)
    assert causes(examine(written({**good, "issuer": URI + "/x"}), beside(trust=trust))) == ["issuer_near"]
    assert causes(examine(written({**good, "issuer": "https://zzz.nl"}), beside(trust=trust))) == ["issuer_unknown"]
    for bad in ({**good, "jwks_uri": URI}, {**good, "issuer": "http://x"}, {**good, "jwks": {}}):
        assert causes(examine(written(bad), beside(trust=trust))) == ["malformed"]
    elsewhere = examine(written({"issuer": URI, "jwks_uri": URI + "/keys"}), beside(trust=trust))
    assert (elsewhere.gaps, elsewhere.verdict) == ((Gap.KEY,), Verdict.INCOMPLETE)


# -- what lies in a place ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_authority(tmp_path / "ca", name="Root", at=AT)
    create_issuer(
        tmp_path / "boxtel",
        authority=tmp_path / "ca",
        id=URI,
        name=None,
        municipality="0757",
        types=(INWONER.id,),
        at=AT,
    )
    return tmp_path / "boxtel"


def test_an_issuers_folder_is_examined_by_itself_or_by_its_settings(folder: Path) -> None:
    anchor = (folder.parent / "ca/anchor.pem").read_text()
    trust = Trust.loads(f'[issuers."{URI}"]\nanchors = ["""{anchor}"""]\ntypes = ["{INWONER.id}"]\n')
    for path in (folder, folder / "issuer.toml"):
        report = examine_file(path, beside(trust=trust))
        assert (report.kind, report.verdict) == (Kind.ISSUER_FOLDER, Verdict.WELL)
    assert examine_file(folder, beside(trust=None)).gaps == (Gap.TRUST,)
    assert sorted(path.name for path in folder.iterdir()) == ["chain.pem", "challenge.key", "issuer.toml", "key.pem"]
    assert causes(examine_file(folder, beside(trust=trust, at=AT + timedelta(days=500)))) == ["chain_ended"]


def test_an_issuers_folder_tells_what_is_the_matter_with_it(folder: Path) -> None:
    (folder / "key.pem").chmod(0o644)
    report = examine_file(folder, beside())
    assert (causes(report), filled(report, "open_to_others")) == (["open_to_others"], {"name": "key.pem"})
    (folder / "key.pem").unlink()
    assert causes(examine_file(folder, beside())) == ["settings_wrong"]
    KEY.save(folder / "key.pem")  # of nobody's certificate
    assert causes(examine_file(folder, beside())) == ["settings_wrong"]
    (folder / "issuer.toml").write_text("id = ")
    assert causes(examine_file(folder, beside())) == ["toml_broken"]


def test_another_folder_is_no_issuers(tmp_path: Path) -> None:
    assert causes(examine_file(tmp_path, beside())) == ["folder"]


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    path = tmp_path / "aisha.vault"
    Vault.create(path, b"passphrase", cost=Cost(passes=LEAST_PASSES, memory=LEAST_MEMORY)).close()
    return path


def test_a_vault_stays_shut_and_is_never_called_well(vault: Path) -> None:
    before = vault.read_bytes()
    report = examine_file(vault, beside())
    assert (report.kind, report.findings, report.verdict) == (Kind.VAULT, (), Verdict.INCOMPLETE)
    assert report.gaps == (Gap.SEALED,)
    assert vault.read_bytes() == before
    assert [path.name for path in vault.parent.iterdir()] == [vault.name]
    assert examine(before, beside()).gaps == (Gap.SEALED,)


def test_a_vault_tells_from_outside_how_it_stands(vault: Path) -> None:
    vault.chmod(0o644)
    assert causes(examine_file(vault, beside())) == ["open_to_others"]
    vault.chmod(0o600)
    beside_it = Path(f"{vault}-journal")
    beside_it.write_bytes(b"")
    report = examine_file(vault, beside())
    assert (report.findings, report.gaps) == ((), (Gap.SEALED, Gap.UNFINISHED))
    beside_it.unlink()
    os.mkfifo(beside_it)
    assert causes(examine_file(vault, beside())) == ["malformed"]
    beside_it.unlink()
    link = vault.with_name("link")
    link.symlink_to(vault)
    assert causes(examine_file(link, beside())) == ["malformed"]
    vault.write_bytes(vault.read_bytes()[:-4096])
    assert causes(examine_file(vault, beside())) == ["vault_damaged"]


def test_a_backup_stays_shut_too(tmp_path: Path) -> None:
    path = tmp_path / "aisha.backup"
    path.write_bytes(BACKUP.magic + bytes(4096))
    path.chmod(0o600)
    report = examine_file(path, beside())
    assert (report.kind, report.findings, report.gaps) == (Kind.BACKUP, (), (Gap.SEALED,))


# -- hostile places ---------------------------------------------------------------------------------------------------


def test_what_is_no_file_never_keeps_anybody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    expected = {
        "pipe": "file_special",
        "loop": "file_loop",
        "a": "file_loop",
        "nothing": "file_missing",
        "x" * 300: "file_missing",
        "pipe/below": "file_missing",
        "nul\0": "file_missing",
    }
    for name, cause in expected.items():
        report = examine_file(tmp_path / name, beside())
        assert (causes(report), report.verdict) == ([cause], Verdict.UNREADABLE)
    assert causes(examine_file(Path("/dev/zero"), beside())) == ["file_special"]


def test_a_pipe_in_an_issuers_folder_keeps_nobody_waiting(folder: Path) -> None:
    for name in ("challenge.key", "issuer.toml"):
        (folder / name).unlink()
        os.mkfifo(folder / name, 0o600)
        assert examine_file(folder, beside()).verdict is Verdict.UNREADABLE


def test_a_huge_file_is_read_in_part_only(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(1 << 40)  # a hole of a tebibyte
    assert causes(examine_file(huge, beside())) == ["file_too_large"]
    huge.write_bytes(b"a" * (MAX_FILE + 1))
    assert causes(examine_file(huge, beside())) == ["file_too_large"]


def test_a_file_that_may_not_be_read_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "no")  # as the system says to anybody but root

    (tmp_path / "closed").write_bytes(b"x")
    monkeypatch.setattr(os, "open", refuse)
    assert causes(examine_file(tmp_path / "closed", beside())) == ["file_closed"]
