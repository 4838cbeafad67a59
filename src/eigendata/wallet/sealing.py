"""What makes bytes unreadable, and an edit of them noticed: the passphrase, the keys, the seal.

    passphrase -> Argon2id -> key-encryption key -> unwraps -> data key -> seals every record

It keeps to itself the algorithms and their sizes: Argon2id (RFC 9106) and XChaCha20-Poly1305, with random nonces of 192
bits, which never come twice. The cost of Argon2id is in the header; it is bounded both ways before any work, and
authenticated by the wrapping. A vault and a backup begin alike, and neither is taken for the other.
"""

from __future__ import annotations

import os
import struct
import unicodedata
from dataclasses import dataclass
from typing import Final, NoReturn

from eigendata.errors import Check, Misuse, Reason, Rejected, Unavailable

OPENS: Final = Check(
    name="VAULT_OPENS",
    clause="eigendata vault 1",
    reason=Reason.CANNOT_OPEN,
    rule="the passphrase fits, and every byte that is read is as it was written",
)

BACKUP_OPENS: Final = Check(
    name="BACKUP_OPENS",
    clause="eigendata backup 1",
    reason=Reason.CANNOT_OPEN,
    rule="the passphrase fits, and every byte of the backup is as it was written",
)
CHECKS: Final = (OPENS, BACKUP_OPENS)

MIB: Final = 1024 * 1024
MAX_PASSPHRASE: Final = 1024  # bytes after normalisation
KEY_SIZE: Final = 32
NONCE_SIZE: Final = 24
TAG_SIZE: Final = 16
SALT_SIZE: Final = 16

_HEADER: Final = struct.Struct(">16sIQ16s24s48s")  # magic, passes, bytes of memory, salt, nonce, wrapped data key
_WRAPPED_FROM: Final = struct.calcsize(">16sIQ16s24s")
HEADER_SIZE: Final = _HEADER.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A kind of file that a passphrase opens: its first bytes, of which the last is the version, and its one check."""

    magic: bytes
    opens: Check
    refusal: str

    def refuse(self) -> NoReturn:
        raise Rejected(self.opens, message=self.refusal) from None


VAULT: Final = Layout(
    magic=b"eigendata vault\x01",
    opens=OPENS,
    refusal="the vault cannot be opened: the passphrase is wrong or the file is damaged",
)
BACKUP: Final = Layout(
    magic=b"eigendata saved\x01",
    opens=BACKUP_OPENS,
    refusal="the backup cannot be opened: the passphrase is wrong, or the file is damaged or no backup that we know",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess of the passphrase costs: passes over, and bytes of, memory (Argon2id, RFC 9106)."""

    passes: int
    memory: int

    def __post_init__(self) -> None:
        if not (LEAST_PASSES <= self.passes <= MOST_PASSES and LEAST_MEMORY <= self.memory <= MOST_MEMORY):
            raise Misuse("the cost of the passphrase is outside its bounds")


# Below these a stolen file is guessed too cheaply (OWASP's least for Argon2id); above them opening is the attack. The
# most takes some four seconds, four times as long as `MODERATE`.
LEAST_PASSES: Final = 2
LEAST_MEMORY: Final = 19 * MIB
MOST_PASSES: Final = 6
MOST_MEMORY: Final = 512 * MIB

MODERATE: Final = Cost(passes=3, memory=256 * MIB)
LEAST: Final = Cost(passes=LEAST_PASSES, memory=LEAST_MEMORY)


# -- the passphrase and the header ------------------------------------------------------------------------------------


def normalised(passphrase: bytes | str) -> bytes:
    """Give the bytes that a passphrase stands for, the same however its keyboard composed them (Unicode NFKC).

    Raises:
        Misuse: it is empty or too long, or not text.
    """
    try:
        text = passphrase.decode("utf-8") if isinstance(passphrase, bytes) else passphrase
        secret = unicodedata.normalize("NFKC", text).encode("utf-8")
    except UnicodeError:
        raise Misuse("a passphrase is text in UTF-8") from None
    if not 0 < len(secret) <= MAX_PASSPHRASE:
        raise Misuse(f"a passphrase holds 1 to {MAX_PASSPHRASE} bytes")
    return secret


def _derived(secret: bytes, salt: bytes, cost: Cost) -> bytes:
    from nacl import pwhash  # late, here and below: who only names a wallet does not load libsodium
    from nacl.exceptions import CryptoError

    try:
        return pwhash.argon2id.kdf(KEY_SIZE, secret, salt, opslimit=cost.passes, memlimit=cost.memory)
    except (CryptoError, MemoryError) as error:
        raise Unavailable("there is not enough memory for what the passphrase costs") from error


def wrap(data_key: bytes, secret: bytes, cost: Cost, *, layout: Layout = VAULT) -> bytes:
    salt, nonce = os.urandom(SALT_SIZE), os.urandom(NONCE_SIZE)
    stated = _HEADER.pack(layout.magic, cost.passes, cost.memory, salt, nonce, bytes(48))[:_WRAPPED_FROM]
    return stated + encrypt(_derived(secret, salt, cost), nonce, data_key, stated)


def unwrap(header: bytes, secret: bytes, *, layout: Layout = VAULT) -> bytes:
    magic, passes, memory, salt, nonce, wrapped = _HEADER.unpack(header)
    if magic != layout.magic:
        layout.refuse()
    try:
        cost = Cost(passes=passes, memory=memory)
    except Misuse:
        layout.refuse()
    return decrypt(_derived(secret, salt, cost), nonce, wrapped, header[:_WRAPPED_FROM], layout=layout)


# -- seals ------------------------------------------------------------------------------------------------------------


def seal(key: bytes, message: bytes, identity: bytes) -> bytes:
    nonce = os.urandom(NONCE_SIZE)
    return nonce + encrypt(key, nonce, message, identity)


def unseal(key: bytes, sealed: object, identity: bytes, *, layout: Layout = VAULT) -> bytes:
    if not isinstance(sealed, bytes) or len(sealed) < NONCE_SIZE + TAG_SIZE:
        layout.refuse()
    return decrypt(key, sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], identity, layout=layout)


def encrypt(key: bytes, nonce: bytes, message: bytes, identity: bytes) -> bytes:
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

    return crypto_aead_xchacha20poly1305_ietf_encrypt(message, identity, nonce, key)


def decrypt(key: bytes, nonce: bytes, sealed: bytes, identity: bytes, *, layout: Layout = VAULT) -> bytes:
    if len(sealed) < TAG_SIZE:
        layout.refuse()
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt
    from nacl.exceptions import CryptoError

    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, identity, nonce, key)
    except CryptoError:
        layout.refuse()
