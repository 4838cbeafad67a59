"""How what is kept is sealed: XChaCha20-Poly1305, under a key that is not in the database, bound to its row.

A key of its own for each purpose follows from the store's (BLAKE2b, keyed and personalised). What a row says of itself
in the clear (whose it is, its state, where it leads) is associated data: who edits the database or moves what is sealed
to another row or column gets nothing that opens.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.exceptions import CryptoError

from eigendata.encoding import b64url_encode
from eigendata.errors import Misuse, Rejected
from eigendata.store.records import MAX_CONTENT, STORED

KEY_SIZE: Final = 32
"""Octets of the key of a store."""

_NONCE_SIZE: Final = 24
_PURPOSES: Final = ("seals", "pages", "callers")


class Seals:
    """Seals and opens, and derives what is not stored at all."""

    __slots__ = ("_callers", "_key", "_pages")

    def __init__(self, key: bytes) -> None:
        """Use this key.

        Raises:
            Misuse: it is not of `KEY_SIZE` octets.
        """
        if len(key) != KEY_SIZE:
            raise Misuse(f"the key of a store is {KEY_SIZE} random octets")
        self._key, self._pages, self._callers = (
            hashlib.blake2b(key=key, person=purpose.encode(), digest_size=KEY_SIZE).digest() for purpose in _PURPOSES
        )

    def seal(self, content: bytes, *row: str | bytes | None) -> bytes:
        """Seal what is kept in a row.

        Args:
            row: what the row and column are, and what it says in the clear.

        Raises:
            Misuse: the content is larger than `MAX_CONTENT`.
        """
        if len(content) > MAX_CONTENT:
            raise Misuse(f"at most {MAX_CONTENT} bytes are kept as one")
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(content, _identity(row), nonce, self._key)

    def open(self, sealed: bytes, *row: str | bytes | None) -> bytes:
        """Open what was sealed for this row.

        Raises:
            Rejected: it was not, or not under this key (`cannot_open`).
        """
        try:
            nonce, rest = sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:]
            return crypto_aead_xchacha20poly1305_ietf_decrypt(rest, _identity(row), nonce, self._key)
        except (CryptoError, ValueError, TypeError):
            raise Rejected(STORED) from None

    def page(self, check: str, role: str) -> str:
        """Give the token of a party's page. It is not stored; who has the key can tell it again."""
        return b64url_encode(hmac.digest(self._pages, _identity((check, role)), "sha256"))

    def caller(self, id: str, desk: str, secret: str) -> bytes:
        """Give what is stored of an API key; a row that is put in without the store's key matches nothing."""
        return hmac.digest(self._callers, _identity((id, desk, secret)), "sha256")


def digest(value: str) -> bytes:
    """Give what is stored of a nonce, state or code: whoever reads the database cannot use it."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def _identity(parts: tuple[str | bytes | None, ...]) -> bytes:
    # texts hold no NUL (`require_names`, or they are ours), and octets are told in hexadecimal: no two rows are alike
    told = [one if isinstance(one, str) else "-" if one is None else one.hex() for one in parts]
    return "\0".join(told).encode("utf-8", "surrogatepass")
