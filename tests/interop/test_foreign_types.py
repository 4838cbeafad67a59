"""Types of the EU and of ISO, issued by the libraries of others: maps, octets and dates wherever they may stand."""

from __future__ import annotations

from typing import Any, Final

import pytest

from eigendata.crypto.x509 import dump_pem_chain
from eigendata.encoding import b64url_encode, thaw
from eigendata.formats.protocol import canonical
from eigendata.model import CredentialType
from eigendata.registers.foreign import PID
from eigendata.trust import Trust
from tests.interop.material import AUTHORITY, ISSUER, now, redirect
from tests.interop.mdocs import AUTH0, ISOMDOC, MDOC, OWF, PYMDOCCBOR, Oracles, Peer, shown_by, theirs

SESSION: Final = redirect()
LICENCE: Final = CredentialType.foreign("org.iso.18013.5.1.mDL")
TRUST: Final = Trust.loads(
    f'[issuers."{ISSUER}"]\nname = "Gemeente Boxtel"\nanchors = ["""{dump_pem_chain([AUTHORITY]).decode()}"""]\n'
    f'types = ["{PID.id}", "{LICENCE.id}"]\n'
)
PORTRAIT: Final = bytes(range(256)) * 40

PERSON: Final[dict[str, Any]] = {
    "family_name": "Çelik-van der Veen",
    "given_name": "Aïsha",
    "birth_date": {"date": "1984-02-29"},
    "place_of_birth": {"country": "NL", "locality": "Eindhoven"},
    "nationality": ["NL", "TR"],
    "resident_city": "Boxtel",
    "sex": 2,
    "portrait": {"octets": PORTRAIT.hex()},
    "expiry_date": {"date": "2031-02-28"},
    "issuing_authority": "Gemeente Boxtel",
    "issuing_country": "NL",
}
DRIVER: Final[dict[str, Any]] = {
    "family_name": "Çelik-van der Veen",
    "birth_date": {"date": "1984-02-29"},
    "portrait": {"octets": PORTRAIT.hex()},
    "issuing_country": "NL",
    "driving_privileges": [
        {"vehicle_category_code": "A", "issue_date": {"date": "2018-08-09"}, "expiry_date": {"date": "2028-09-01"}},
        {"vehicle_category_code": "B", "codes": [{"code": "01", "sign": "=", "value": "x"}]},
    ],
}


def _plain(value: Any) -> Any:
    match value:
        case {"date": str(date)}:
            return date
        case {"octets": str(octets)}:
            return b64url_encode(bytes.fromhex(octets))
        case dict():
            return {name: _plain(member) for name, member in value.items()}
        case list():
            return [_plain(member) for member in value]
        case _:
            return value


def _read(oracle: Oracles, issuer: Peer, holder: Peer, type: CredentialType, values: dict[str, Any]) -> Any:
    doctype = MDOC.type_id(type)
    namespace = "org.iso.18013.5.1" if type is LICENCE else doctype
    about: dict[str, Any] = {"doctype": doctype, "namespace": namespace}
    credential = theirs(issuer, oracle, values=values, **about)
    token = shown_by(holder, oracle, credential, SESSION, names=list(values), **about)
    authentic = MDOC.parse_presentation(token).verify([type], SESSION.binding, trust=TRUST, at=now())
    assert thaw(authentic.document) == {namespace: _plain(values)}
    return authentic


@pytest.mark.parametrize("holder", [OWF, AUTH0], ids=lambda one: one.name)
@pytest.mark.parametrize("issuer", [OWF, AUTH0, ISOMDOC, PYMDOCCBOR], ids=lambda one: one.name)
def test_a_pid_of_theirs_is_read_under_our_names(oracle: Oracles, issuer: Peer, holder: Peer) -> None:
    authentic = _read(oracle, issuer, holder, PID, PERSON)
    claims = thaw(canonical(MDOC, PID, authentic.document, [("birthdate",), ("address", "locality"), ("sex",)]))
    assert claims == {"birthdate": "1984-02-29", "address": {"locality": "Boxtel"}, "sex": 2}


@pytest.mark.parametrize("holder", [OWF, AUTH0], ids=lambda one: one.name)
@pytest.mark.parametrize("issuer", [OWF, AUTH0, ISOMDOC], ids=lambda one: one.name)
def test_a_driving_licence_of_theirs_is_read(oracle: Oracles, issuer: Peer, holder: Peer) -> None:
    _read(oracle, issuer, holder, LICENCE, DRIVER)
