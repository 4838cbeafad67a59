"""The session of a reader, who has a key of its own in it: a holder may then prove themselves by a code (ISO 9.1.3.5).

    SessionTranscript + the reader's ephemeral key -> Reader -- with the holder's key --> the key of the code

Over OpenID4VP a session has no such key (`EReaderKeyBytes` is null, B.2.6), and there a code is refused. A code
convinces the reader alone: who can check one can make one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from cbor2 import CBORTag

from eigendata.crypto.cose import byte_string, parse_key
from eigendata.crypto.keys import Agreement, Algorithm, PublicKey
from eigendata.encoding import Cbor, cbor_loads
from eigendata.errors import Malformed, Misuse
from eigendata.formats.mdoc.elements import ENCODED, TAG_24

_INFO: Final = b"EMacKey"
_SIZE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A session with a reader, who holds a key of its own in it.

    Attributes:
        transcript: the SessionTranscript in CBOR, without tag 24.
        key: the ephemeral key whose public part is in the transcript.
    """

    transcript: bytes
    key: Agreement

    def __post_init__(self) -> None:
        try:
            stated = _key_in(cbor_loads(self.transcript))
        except Malformed as error:
            raise Misuse(f"this session transcript names no key of a reader: {error.message}") from error
        if stated.algorithm is Algorithm.EDDSA:
            raise Misuse("with a reader's key of Ed25519 no secret is agreed on: it is of P-256 or P-384")
        if stated != self.key.public_key:
            raise Misuse("the key of the reader is not the one that the session transcript names")

    def __repr__(self) -> str:
        return "<a session with a reader>"

    def agrees_with(self, holder: PublicKey) -> bool:
        """Tell whether the reader's key and the holder's are of one curve."""
        return holder.algorithm is self.key.public_key.algorithm

    def code_key(self, holder: PublicKey) -> bytes:
        """Derive the key of the holder's code, the EMacKey (ISO/IEC 18013-5 9.1.3.5).

        Raises:
            Misuse: the two keys are not of one curve.
        """
        # late, with all that they load: over OpenID4VP there is no such key
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        salt = hashlib.sha256(TAG_24 + byte_string(self.transcript)).digest()
        derivation = HKDF(algorithm=hashes.SHA256(), length=_SIZE, salt=salt, info=_INFO)
        return derivation.derive(self.key.agree(holder))


def _key_in(transcript: Cbor) -> PublicKey:
    """Read the EReaderKeyBytes of a SessionTranscript (ISO/IEC 18013-5 9.1.5.1)."""
    match transcript:
        case [_, CBORTag() as tagged, _] if tagged.tag == ENCODED:
            encoded: bytes = tagged.value
        case _:
            raise Malformed("its second member is no encoded key")
    return parse_key(cbor_loads(encoded))
