"""A holder's own mdoc, and showing a part of it (ISO/IEC 18013-5 8.3.2.1.2.2, OpenID4VP 1.0 B.2).

    IssuerSigned -> Opened -> present(places, holding) -> DeviceResponse: chosen elements, issuerAuth, device signature

The elements and the issuer's signature go out as they came. The holder states nothing of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, final

from eigendata.crypto.cose import X5CHAIN, byte_string, sign1
from eigendata.encoding import Cbor, cbor_dumps
from eigendata.errors import Misuse
from eigendata.formats.mdoc.elements import ARRAY, MAP, TAG_24, head, shape, text_string, type_id
from eigendata.formats.mdoc.parse import parse_issuer_signed
from eigendata.formats.mdoc.parts import Issued
from eigendata.formats.mdoc.verify import device_authentication
from eigendata.formats.session import require_transcript
from eigendata.model import ClaimPath, CredentialType, Holding, Unbound, utc

_NOTHING_STATED: Final = b"\xa0"

_RESPONSE: Final = b"".join(
    (b"\xa3", text_string("version"), text_string("1.0"), text_string("documents"), b"\x81\xa3")
)
_DOCTYPE: Final = text_string("docType")
_ISSUER_SIGNED: Final = text_string("issuerSigned")
_NAME_SPACES: Final = text_string("nameSpaces")
_ISSUER_AUTH: Final = text_string("issuerAuth")
_DEVICE_SIGNED: Final = b"".join(
    (
        *(text_string("deviceSigned"), b"\xa2", _NAME_SPACES, TAG_24, byte_string(_NOTHING_STATED)),
        *(text_string("deviceAuth"), b"\xa1", text_string("deviceSignature")),
    )
)
_STATUS: Final = text_string("status") + b"\x00"


@final
class Opened:
    """An mdoc that was verified when it was stored, opened to be shown. It hands out nothing but presentations."""

    __slots__ = ("_always", "_doctype", "_elements", "_holder", "_issuer_auth", "_namespaces")

    def __init__(self, issued: Issued, type: CredentialType) -> None:
        self._doctype = issued.mso.doctype
        self._holder = issued.mso.device_key
        # of the bucket that nobody signed only the chain: whatever else came in it, nobody agreed to show
        signature = issued.signature
        chain: Mapping[int | str, Cbor] = {X5CHAIN: signature.unprotected[X5CHAIN]}
        parts = (signature.protected, chain, signature.payload, signature.signature)
        self._issuer_auth = _ISSUER_AUTH + cbor_dumps(parts)
        self._elements = {(one.namespace, one.name): one.tagged for one in issued.items}
        self._namespaces = {one.namespace: text_string(one.namespace) for one in issued.items}
        self._always = shape(type).always & self._elements.keys()

    def __repr__(self) -> str:
        return "<a credential>"

    def present(self, reveal: Iterable[ClaimPath], holding: Holding | Unbound, /, *, at: datetime) -> bytes:
        """Show the elements at these places, those that the type always shows, and nothing else.

        A path is a namespace and an element, or a namespace for all that is in it: an element is shown whole.

        Raises:
            Misuse: a path leads nowhere, or the holding is not this credential's; the moment is naive, or the binding
                has no session transcript.
        """
        utc(at)  # a device signature bears no moment
        chosen = self._chosen(reveal)
        if isinstance(holding, Unbound):
            raise Misuse("an mdoc names a holder; it is not shown without that holder's proof")
        if holding.key.public_key != self._holder:
            raise Misuse("the key of this holding is not the one that the credential names")
        require_transcript(holding.binding)
        signed = device_authentication(holding.binding.transcript, self._doctype, _NOTHING_STATED)
        signature = cbor_dumps(sign1(signed, holding.key, detached=True))
        shown = self._shown(chosen)
        return b"".join(
            (
                *(_RESPONSE, _DOCTYPE, text_string(self._doctype), _ISSUER_SIGNED, shown, self._issuer_auth),
                *(_DEVICE_SIGNED, signature, _STATUS),
            )
        )

    def _chosen(self, reveal: Iterable[ClaimPath]) -> set[tuple[str, str]]:
        chosen = set(self._always)
        for path in reveal:
            match path:
                case (str(namespace), str(name)) if (namespace, name) in self._elements:
                    chosen.add((namespace, name))
                case (str(namespace),) if namespace in self._namespaces:
                    chosen.update(one for one in self._elements if one[0] == namespace)
                case _:
                    raise Misuse("a path leads to no namespace and no element of this credential")
        return chosen

    def _shown(self, chosen: set[tuple[str, str]]) -> bytes:
        """Write an IssuerSigned up to its issuerAuth; a document that shows no element has no namespaces."""
        written: list[bytes] = []
        for namespace, name in self._namespaces.items():
            items = [item for place, item in self._elements.items() if place[0] == namespace and place in chosen]
            if items:
                written += (name, head(ARRAY, len(items)), *items)
        count = len({namespace for namespace, _ in chosen})
        return b"".join((b"\xa2", _NAME_SPACES, head(MAP, count), *written)) if written else b"\xa1"


def open_credential(credential: bytes, type: CredentialType) -> Opened:
    """Open a credential that was verified when it was stored.

    Raises:
        Malformed: it is none.
        Misuse: it is of another type.
    """
    issued = parse_issuer_signed(credential)
    if issued.mso.doctype != type_id(type):
        raise Misuse(f"the credential is not of type {type.id}")
    return Opened(issued, type)
