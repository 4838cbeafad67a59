"""The certificate with which a verifier signs its requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eigendata.crypto.access import ACCESS_CHAIN, ACCESS_KEY, ACCESS_VALIDITY, create_access, make_access_certificate
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, read_certificate, verify_chain
from eigendata.errors import Misuse, Rejected

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
ROOT_KEY = SoftwareKey.generate(Algorithm.ES256)
ROOT = make_authority("Access certificates", ROOT_KEY, at=NOW)
KEY = SoftwareKey.generate(Algorithm.ES256)
NAMES = ("wonen.corporation.example", "www.corporation.example")


def made(**changes: object) -> bytes:
    given = {"name": "Woonstichting", "dns_names": NAMES, "authority": ROOT, "authority_key": ROOT_KEY, "at": NOW}
    return make_access_certificate(KEY.public_key, **{**given, **changes})  # type: ignore[arg-type]


def test_a_verifiers_certificate_leads_to_its_authority_and_bears_its_hosts() -> None:
    leaf = verify_chain((made(),), (ROOT,), at=NOW)
    assert (leaf.key, leaf.dns_names, leaf.uris, leaf.common_name) == (KEY.public_key, NAMES, (), "Woonstichting")
    assert leaf.not_after - leaf.not_before == ACCESS_VALIDITY


def test_it_is_good_for_its_time_alone() -> None:
    for moment in (NOW - timedelta(days=1), NOW + ACCESS_VALIDITY):
        with pytest.raises(Rejected):
            verify_chain((made(),), (ROOT,), at=moment)


@pytest.mark.parametrize(
    "changes",
    [
        {"dns_names": ()}, {"dns_names": ("bücher.example",)}, {"name": ""}, {"name": "a" * 65},
        {"dns_names": ("Wonen.example",)}, {"dns_names": ("wonen.example.",)}, {"dns_names": ("*.example",)},
        {"dns_names": ("example",)}, {"dns_names": (*NAMES, "")}, {"authority_key": KEY},
        {"at": datetime(2026, 11, 23)},  # noqa: DTZ001
    ],
)  # fmt: skip
def test_what_cannot_stand_in_one_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Misuse):
        made(**changes)


def test_what_decides_over_its_use_is_critical_and_the_rest_is_not() -> None:
    extensions = read_certificate(made()).extensions
    assert {one.oid._name: one.critical for one in extensions} == {
        "basicConstraints": True,
        "keyUsage": True,
        "authorityKeyIdentifier": False,
        "subjectAltName": False,
        "subjectKeyIdentifier": False,
    }


def test_a_folder_that_cannot_be_is_misuse(tmp_path: Path) -> None:
    (tmp_path / "ca").mkdir()
    ROOT_KEY.save(tmp_path / "ca/key.pem")
    (tmp_path / "ca/anchor.pem").write_bytes(dump_pem_chain([ROOT]))
    (tmp_path / "file").write_text("")
    how: dict[str, Any] = {"authority": tmp_path / "ca", "dns_names": NAMES, "name": "Woonstichting", "at": NOW}
    for out in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(Misuse):
            create_access(out, **how)
    (tmp_path / "desk/of/ours").mkdir(parents=True)
    create_access(tmp_path / "desk/of/ours", **how)
    create_access(tmp_path / "desk/of/others", **how)
    assert sorted(one.name for one in (tmp_path / "desk/of/ours").iterdir()) == [ACCESS_KEY, ACCESS_CHAIN]
    with pytest.raises(Misuse, match="already"):
        create_access(tmp_path / "desk/of/ours", **how)
    with pytest.raises(Misuse, match="printable"):
        create_access(tmp_path / "new", **{**how, "name": "\u202e"})
    assert not (tmp_path / "new").exists()
