"""What a service needs on disk to begin: keys and certificates, made at the first start and kept.

    DIR/ca.key, ca.pem           an authority for a pilot: whoever is to believe who asks trusts ca.pem
    DIR/access.key, access.pem   what requests are signed with, and the chain that says whose it is, the leaf first
    DIR/store.key                what is kept in the database is sealed with it
    DIR/api-key                  the key of the desk's API

Each is made where it lacks, and nothing is ever written over, but for a certificate of our own authority that has
ended. Several processes may start at the same time: they wait for one another, and find what the first made. All files
are for their owner alone. A key without its certificate gets one; a certificate without its key is a mistake that
nobody can mend by making something.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from eigendata import files
from eigendata.crypto.access import ACCESS_CHAIN, ACCESS_KEY, make_access_certificate
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import Leaf, dump_pem_chain, load_pem_chain, make_authority, read_leaf, verify_chain
from eigendata.errors import Malformed, Misuse, Rejected, within
from eigendata.model import utc

AUTHORITY_NAME: Final = "eigendata test authority"
"""What the authority of a first start calls itself: nobody should take it for one that looks into who it certifies."""

STORE_KEY_SIZE: Final = 32
SHORTEST_API_KEY: Final = 32  # characters
MAX_FILE: Final = 262_144
NOTICE: Final = timedelta(days=30)
"""How long before its end a certificate is spoken of."""

API_KEY: Final = "api-key"
AUTHORITY: Final = "ca.pem"
_LOCK: Final = ".lock"
_STORE_KEY: Final = "store.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a desk signs its requests with.

    Attributes:
        chain: certificates in DER, the leaf first, without the authority that others trust.
        until: when the leaf ends.
    """

    key: SoftwareKey = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    dns_names: tuple[str, ...]
    until: datetime


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Make the folder where there is none, and be the only process that makes something in it.

    Raises:
        Misuse: no folder can be there, or it is not ours to write in.
        Unavailable: the disk is full or fails.
    """
    with files.faults("the data folder", data, "made or used"):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, files.PRIVATE)
    try:
        with files.faults("the data folder", data, "locked"):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # and with it the lock


def store_key(data: Path) -> bytes:
    """Give the key that the database's secrets are sealed with; make it where there is none.

    Raises:
        Misuse: others may read it.
        Malformed: it is no such key.
    """
    path = data / _STORE_KEY
    if not os.path.lexists(path):
        files.write_new(path, secrets.token_bytes(STORE_KEY_SIZE), mode=files.PRIVATE)
    key = files.read_private(path, "the store's key", limit=MAX_FILE)
    if len(key) != STORE_KEY_SIZE:
        raise Malformed(f"{path} holds {STORE_KEY_SIZE} octets")
    return key


def api_key(folder: Path, make: Callable[[], str]) -> str:
    """Give the API key of a desk; have one made where there is none.

    Raises:
        Misuse: others may read it.
        Malformed: it is no key of ours.
    """
    path = folder / API_KEY
    if not os.path.lexists(path):
        _make_folder(folder)
        files.write_new(path, make().encode() + b"\n", mode=files.PRIVATE)
    key = files.read_private(path, "the API key", limit=MAX_FILE).decode("ascii", "replace").strip()
    if len(key) < SHORTEST_API_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise Malformed(f"{path} holds one API key, of at least {SHORTEST_API_KEY} characters")
    return key


def access(folder: Path, *, data: Path, host: str, name: str, at: datetime) -> Access:
    """Give what the desk of a folder signs with. What lacks is made, below the authority in the data folder.

    Args:
        host: what wallets reach the service by; the certificate must name it.
        name: of the desk, as its certificate has it.

    Raises:
        Misuse: a key is open to others or lacks beside its certificate; key and certificate do not fit together; the
            certificate names another host, or is not in time and not of our own authority.
        Malformed: a file does not hold what it should.
        Unavailable: the disk is full or fails.
    """
    at = utc(at)
    key_path, chain_path = folder / ACCESS_KEY, folder / ACCESS_CHAIN
    _make_folder(folder)
    key = _key(key_path, chain_path)
    if not os.path.lexists(chain_path):
        files.write_new(chain_path, _certified(key, data, host=host, name=name, at=at), mode=files.PRIVATE)
    chain, leaf = _chain(chain_path)
    if leaf.key != key.public_key:
        raise Misuse(f"the key in {key_path} is not the one that {chain_path} certifies")
    if host not in leaf.dns_names:
        named = ", ".join(leaf.dns_names) or "no host"
        raise Misuse(
            f"{chain_path} is for {named}, and the public_url names {host}: put the certificate for it there, "
            "or move the old one away to have one made"
        )
    if at > leaf.not_after and _is_ours(chain, leaf, data):
        files.write(chain_path, _certified(key, data, host=host, name=name, at=at), mode=files.PRIVATE)
        chain, leaf = _chain(chain_path)
    if not leaf.not_before <= at <= leaf.not_after:
        raise Misuse(f"{chain_path} is valid from {leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}, not now")
    return Access(key=key, chain=chain, dns_names=leaf.dns_names, until=leaf.not_after)


def _make_folder(folder: Path) -> None:
    with files.faults("the folder of keys", folder, "made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _chain(path: Path) -> tuple[tuple[bytes, ...], Leaf]:
    with within(str(path)):
        chain = load_pem_chain(files.read(path, "the certificate", limit=MAX_FILE))
        return chain, read_leaf(chain[0])


def _key(path: Path, certificate: Path) -> SoftwareKey:
    if not os.path.lexists(path):
        if os.path.lexists(certificate):
            raise Misuse(f"{certificate} is there without its key {path.name}: put that back, or move both away")
        SoftwareKey.generate(Algorithm.ES256).save(path)
    return SoftwareKey.load(path)


def _certified(key: SoftwareKey, data: Path, *, host: str, name: str, at: datetime) -> bytes:
    authority_key, authority = _authority(data, at=at)
    leaf = make_access_certificate(
        key.public_key, name=name, dns_names=(host,), authority=authority, authority_key=authority_key, at=at
    )
    return dump_pem_chain((leaf,))


def _authority(data: Path, *, at: datetime) -> tuple[SoftwareKey, bytes]:
    path = data / AUTHORITY
    key = _key(data / "ca.key", path)
    if not os.path.lexists(path):
        made = make_authority(AUTHORITY_NAME, key, at=at)
        files.write_new(path, dump_pem_chain((made,)), mode=files.PRIVATE)
    with within(str(path)):
        certificates = load_pem_chain(files.read(path, "the authority", limit=MAX_FILE))
    return key, certificates[0]


def _is_ours(chain: tuple[bytes, ...], leaf: Leaf, data: Path) -> bool:
    """Tell whether the authority of the first start made a certificate, so that it may make another."""
    if not os.path.lexists(data / "ca.key") or not os.path.lexists(data / AUTHORITY):
        return False
    try:
        verify_chain(chain, load_pem_chain(files.read(data / AUTHORITY, limit=MAX_FILE)), at=leaf.not_before)
    except Rejected:
        return False
    return True
