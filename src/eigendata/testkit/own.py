"""This library's own answers to the kit, in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from eigendata.crypto import x509
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json, json_object, thaw
from eigendata.errors import Malformed, Rejected
from eigendata.formats import FORMATS
from eigendata.formats.sdjwt.type_metadata import DescribedType, TypeMetadata
from eigendata.model import UNBOUND, Binding, CredentialType
from eigendata.testkit.case import Case, Role, Serialization
from eigendata.trust import IssuerEntry, Trust

NAME: Final = "eigendata"


def verify(case: Case) -> Mapping[str, Json]:
    """Verify the token of a case as it asks, and give the processed payload.

    Raises:
        Rejected, Malformed: it is refused.
    """
    read, expected = FORMATS[case.format], (_type(case),)
    trust = _trust(case)
    on_the_wire: Json = case.token
    if case.serialization is Serialization.JSON:
        on_the_wire = json_object(case.token.encode())
    token = read.from_wire(on_the_wire)
    if case.role is Role.HOLDER:
        document = read.parse_credential(token).verify(expected, trust=trust, at=case.at).document
    else:
        binding = Binding(audience=case.audience or "", nonce=case.nonce or "") if case.require_key_binding else UNBOUND
        document = read.parse_presentation(token).verify(expected, binding, trust=trust, at=case.at).document
    plain = thaw(document)
    assert isinstance(plain, dict)
    return plain


def why(case: Case) -> tuple[str, str | None] | None:
    """Give for which reason, and by which check, a case is refused; None where it is accepted."""
    try:
        verify(case)
    except Rejected as refused:
        return str(refused.reason), refused.check.name
    except Malformed:
        return "malformed", None
    return None


def _type(case: Case) -> CredentialType:
    if case.type_metadata is None:
        return CredentialType.foreign(case.type)
    return DescribedType.of(TypeMetadata.read(case.type, {case.type: case.type_metadata.encode()}))


def _trust(case: Case) -> Trust:
    if case.issuer_key is None:
        anchors = tuple(der for one in case.anchors for der in x509.load_pem_chain(one.encode()))
        entry = IssuerEntry(name=case.issuer, anchors=anchors, types=(case.type,))
    else:
        key_id = str(case.issuer_key.get("kid", ""))
        entry = IssuerEntry(name=case.issuer, keys={key_id: PublicKey.from_jwk(case.issuer_key)}, types=(case.type,))
    return Trust(issuers={case.issuer: entry})
