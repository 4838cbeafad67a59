"""Issuers that are found by their controller documents: whose they are, and which of their keys count."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eigendata import did
from eigendata.crypto import multikey
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority
from eigendata.encoding import json_dumps
from eigendata.errors import Check, Malformed, Misuse, Rejected, Unavailable
from eigendata.fetch import Reply
from eigendata.model import CredentialType, Method, Named, TrustedIssuer
from eigendata.trust import ISSUER_KNOWN, ISSUER_MECHANISM, ISSUER_TYPE, IssuerEntry, Trust, add_issuer

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
KEY = SoftwareKey.generate(Algorithm.EDDSA).public_key
BOXTEL = "did:web:boxtel.example"
FIRST = f"{BOXTEL}#key-1"
TYPE = CredentialType(id="urn:example:a:1", short="a", label={}, attributes=(), jurisdiction=("municipality", "code"))
ENTRY = 'name = "Boxtel"\ntypes = ["urn:example:a:1"]\nmunicipalities = ["0757"]\n'


def document(**changes: Any) -> str:
    method = {"id": FIRST, "type": "Multikey", "controller": BOXTEL, "publicKeyMultibase": multikey.write(KEY)}
    return json_dumps({"id": BOXTEL, "verificationMethod": [method], "assertionMethod": [FIRST], **changes}).decode()


def entry(*lines: str, issuer: str = "https://boxtel.example") -> str:
    return f'[issuers."{issuer}"]\n{ENTRY}' + "\n".join(lines) + "\n"


CONTROLS = f'controllers = ["{BOXTEL}"]'
PINNED = f"documents = ['{document()}']"


class Web:
    def __init__(self, body: str) -> None:
        self.body, self.asked = body, 0

    def get(self, url: str, *, accept: object) -> Reply:
        self.asked += 1
        return Reply(status=200, headers={}, body=self.body.encode())


def found(trust: Trust, method: str = FIRST, controller: str = BOXTEL, type: CredentialType = TYPE) -> TrustedIssuer:
    return trust.issuer(Method(controller=controller, id=method), type, at=NOW)


def refused(check: Check, trust: Trust, **how: Any) -> None:
    with pytest.raises(Rejected) as rejected:
        found(trust, **how)
    assert rejected.value.check is check


def test_a_pinned_document_gives_the_issuer_its_key_and_nothing_is_fetched() -> None:
    web = Web("")
    trust = Trust.loads(entry(CONTROLS, PINNED), fetcher=web)
    issuer = found(trust)
    assert (issuer.party.id, issuer.party.name) == ("https://boxtel.example", "Boxtel")
    assert (issuer.key, issuer.jurisdictions, issuer.authority_key_ids) == (KEY, ("0757",), ())
    assert web.asked == 0


def test_a_document_is_fetched_where_none_is_pinned() -> None:
    web = Web(document())
    trust = Trust.loads(entry(CONTROLS), fetcher=web)
    assert found(trust).key == found(trust).key == KEY
    assert web.asked == 1
    with pytest.raises(Unavailable):
        found(Trust.loads(entry(CONTROLS)))


def test_a_did_key_is_an_issuer_where_the_trust_file_says_whose_it_is() -> None:
    name = did.key_did(KEY)
    trust = Trust.loads(entry(f'controllers = ["{name}"]'))
    assert found(trust, method=did.key_method(KEY), controller=name).key == KEY


def test_an_issuer_may_be_its_own_controller_under_its_address() -> None:
    name = "https://boxtel.example"
    method = {"id": f"{name}#k", "type": "Multikey", "controller": name, "publicKeyMultibase": multikey.write(KEY)}
    published = json_dumps({"id": name, "verificationMethod": [method], "assertionMethod": ["#k"]}).decode()
    trust = Trust.loads(entry(f'controllers = ["{name}"]'), fetcher=Web(published))
    assert found(trust, method=f"{name}#k", controller=name).key == KEY


def test_a_controller_that_no_issuer_has_is_nobody() -> None:
    refused(ISSUER_KNOWN, Trust.loads(entry(CONTROLS, PINNED)), controller="did:web:other.example")


def test_an_issuer_that_has_no_controllers_is_not_found_by_its_name_as_one() -> None:
    other = f'keys = [{{ kty = "OKP", crv = "Ed25519", x = "{KEY.jwk()["x"]}" }}]'
    trust = Trust.loads(entry(other))
    refused(ISSUER_MECHANISM, trust, controller="https://boxtel.example", method="https://boxtel.example#k")


def test_an_issuer_that_has_controllers_alone_is_not_found_by_its_name() -> None:
    with pytest.raises(Rejected) as rejected:
        Trust.loads(entry(CONTROLS, PINNED)).issuer(Named(issuer="https://boxtel.example"), TYPE, at=NOW)
    assert rejected.value.check is ISSUER_MECHANISM


def test_a_controller_is_believed_for_the_types_of_its_issuer_and_no_other() -> None:
    other = CredentialType(id="urn:example:b:1", short="b", label={}, attributes=())
    refused(ISSUER_TYPE, Trust.loads(entry(CONTROLS, PINNED)), type=other)


def test_a_key_that_is_not_for_assertions_signs_for_nobody() -> None:
    pinned = f"documents = ['{document(assertionMethod=[], authentication=[FIRST])}']"
    refused(did.METHOD_PURPOSE, Trust.loads(entry(CONTROLS, pinned)))
    refused(did.METHOD_THERE, Trust.loads(entry(CONTROLS, PINNED)), method=f"{BOXTEL}#key-2")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ('controllers = ["did:example:1"]',),
        ('controllers = ["did:web:Boxtel.example"]',),
        (f'controllers = ["{BOXTEL}", "{BOXTEL}"]',),
        ("controllers = [1]",),
        (CONTROLS, "documents = ['{}']"),
        (CONTROLS, "documents = ['not JSON']"),
        (CONTROLS, f"documents = ['{document()}', '{document()}']"),
        ('controllers = ["did:web:other.example"]', PINNED),
    ],
)
def test_a_slip_of_the_pen_becomes_no_trust(lines: tuple[str, ...]) -> None:
    with pytest.raises(Malformed):
        Trust.loads(entry(*lines))


@pytest.mark.parametrize("slip", ["did:key:z6Mk", "did:key:", "did:jwk:e30", "did:jwk:"])
def test_a_controller_that_is_named_by_no_key_is_a_slip_of_the_pen(slip: str) -> None:
    with pytest.raises(Malformed):
        Trust.loads(entry(f'controllers = ["{slip}"]'))


def test_a_controller_is_of_one_issuer() -> None:
    with pytest.raises(Malformed):
        Trust.loads(entry(CONTROLS) + entry(CONTROLS, issuer="https://other.example"))


def test_controllers_are_written_into_a_trust_file_and_stay_there(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_text(entry(CONTROLS, PINNED))
    how: dict[str, Any] = {"anchor_pem": None, "types": ["urn:example:a:1"], "municipalities": ["0757"]}
    add_issuer(path, issuer="https://boxtel.example", name="Boxtel", controllers=[BOXTEL, did.key_did(KEY)], **how)
    trust = Trust.load(path)
    assert trust.issuers["https://boxtel.example"].controllers == (BOXTEL, did.key_did(KEY))
    assert found(trust).key == KEY
    add_issuer(path, issuer="https://new.example", name="New", controllers=["did:web:new.example"], **how)
    added = Trust.load(path).issuers["https://new.example"]
    assert (added.controllers, added.issuer_metadata, added.anchors) == (("did:web:new.example",), False, ())


def test_an_issuer_with_controllers_is_widened_in_one_respect_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_text(entry(CONTROLS))
    how: dict[str, Any] = {"issuer": "https://boxtel.example", "name": "Boxtel", "anchor_pem": None}
    with pytest.raises(Misuse):
        add_issuer(path, types=["urn:example:b:1"], municipalities=["0757"], controllers=[did.key_did(KEY)], **how)
    add_issuer(path, types=["urn:example:b:1"], municipalities=["0757"], controllers=[BOXTEL], **how)
    assert Trust.load(path).issuers["https://boxtel.example"].types == ("urn:example:a:1", "urn:example:b:1")
    add_issuer(path, types=["urn:example:a:1", "urn:example:b:1"], municipalities=["0757"], **how, controllers=[BOXTEL])
    assert not Trust.load(path).issuers["https://boxtel.example"].issuer_metadata


def test_a_document_that_is_pinned_makes_its_controller_the_issuers(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    how: dict[str, Any] = {"anchor_pem": None, "types": ["urn:example:a:1"], "municipalities": ["0757"]}
    add_issuer(path, issuer="https://boxtel.example", name="Boxtel", documents=[document().encode()], **how)
    assert found(Trust.load(path)).key == KEY
    with pytest.raises(Malformed):
        add_issuer(path, issuer="https://other.example", name="Other", documents=[b"{}"], **how)


# -- one way beside another -------------------------------------------------------------------------------------------

ISSUER = "https://boxtel.example"


def added(path: Path, **more: Any) -> IssuerEntry:
    about = {"anchor_pem": None, "issuer": ISSUER, "name": "Boxtel", "types": ["urn:example:a:1"], **more}
    add_issuer(path, **about)
    return Trust.load(path).issuers[ISSUER]


def authority() -> bytes:
    key = SoftwareKey.generate(Algorithm.ES256)
    return dump_pem_chain([make_authority("Own", key, at=NOW)])


def test_who_was_found_by_a_controller_alone_gets_an_authority_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    assert not added(path, controllers=[BOXTEL]).anchors
    entry = added(path, anchor_pem=authority(), iaca=True, controllers=[BOXTEL])
    assert (entry.iaca, len(entry.anchors), entry.controllers) == (True, 1, (BOXTEL,))


def test_who_publishes_keys_and_has_a_controller_goes_on_to_publish_and_nobody_begins_by_the_way(
    tmp_path: Path,
) -> None:
    path = tmp_path / "trust.toml"
    assert not added(path, controllers=[BOXTEL]).issuer_metadata
    with pytest.raises(Misuse):
        added(path)
    path.write_text(path.read_text().replace("types", "issuer_metadata = true\ntypes"))
    assert added(path, controllers=[BOXTEL]).issuer_metadata


def test_who_has_pinned_keys_gets_a_controller_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    key = SoftwareKey.generate(Algorithm.ES256).public_key.jwk()
    inline = ", ".join(f'{name} = "{value}"' for name, value in key.items())
    path.write_text(f'[issuers."{ISSUER}"]\ntypes = ["urn:example:a:1"]\nkeys = [{{ {inline} }}]\n')
    entry = added(path, controllers=[BOXTEL])
    assert (len(entry.keys), entry.controllers) == (1, (BOXTEL,))


def test_a_controller_stands_once_in_an_entry_and_the_error_says_in_which() -> None:
    with pytest.raises(Malformed) as caught:
        Trust.loads(entry(f'controllers = ["{BOXTEL}", "{BOXTEL}"]'))
    assert caught.value.where == ("issuers", ISSUER)
