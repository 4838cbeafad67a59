"""The certificate with which a verifier signs its requests: it bears the DNS names of who asks.

    authority + key + DNS names -> make_access_certificate -> DER -> x5c of a request object -> x509.verify_chain
    authority's folder          -> create_access           -> DIR/access.key, access.pem

It is a leaf under the one profile of `x509`: for signatures, and none for TLS, so that no web server's certificate can
ask for anyone's data. The EU calls it an access certificate (CIR (EU) 2025/848; ETSI TS 119 411-8).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from eigendata import files
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import (
    ISSUER_VALIDITY,
    PEM_LIMIT,
    authority_key_id,
    builder_of,
    dump_pem_chain,
    key_usage,
    load_pem_chain,
    read_certificate,
    signed_der,
    subject_of,
)
from eigendata.errors import Misuse

ACCESS_VALIDITY: Final = ISSUER_VALIDITY
"""How long such a certificate is valid: as long as an issuer's."""

ACCESS_KEY: Final = "access.key"
"""The file of a verifier's key, for its owner alone."""

ACCESS_CHAIN: Final = "access.pem"
"""The file of its chain: the leaf first, without the authority that others trust."""

_AUTHORITY_KEY: Final = "key.pem"
_AUTHORITY: Final = "anchor.pem"
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DNS_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})+|localhost", re.ASCII)
"""What `is_dns_name` goes by."""


def is_dns_name(text: str) -> bool:
    """Tell whether a text is a DNS name in the one spelling that counts: lower case, A-labels, two of them at least.

    What is compared letter by letter cannot be written in two ways (RFC 4343, RFC 5890). `localhost` is one too.
    """
    return DNS_NAME.fullmatch(text) is not None


def make_access_certificate(
    subject_key: PublicKey,
    *,
    name: str,
    dns_names: Sequence[str],
    authority: bytes,
    authority_key: SoftwareKey,
    at: datetime,
) -> bytes:
    """Make the certificate of a verifier, signed by an authority, and give it in DER.

    Args:
        name: what people call the verifier.
        dns_names: the hosts at which it asks and is answered; as `is_dns_name`, at least one.
        authority: the authority's certificate in DER, of `x509.make_authority`.

    Raises:
        Misuse: a name or the kind of key cannot be in a certificate of our profile, there is no DNS name, or the key is
            not the authority's.
    """
    from cryptography import x509

    above = read_certificate(authority)
    if PublicKey.from_cryptography(above.public_key()) != authority_key.public_key:
        raise Misuse("the key is not that of the authority's certificate")
    if not dns_names or not all(map(is_dns_name, dns_names)):
        raise Misuse("a verifier's certificate bears DNS names, in lower case and without a dot at the end")
    names = x509.SubjectAlternativeName([x509.DNSName(one) for one in dns_names])
    builder = builder_of(subject_of(name, {}), subject_key, at, ACCESS_VALIDITY).issuer_name(above.subject)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs=True, certifies=False), critical=True)
        .add_extension(authority_key_id(authority_key.public_key), critical=False)
        .add_extension(names, critical=False)
    )
    return signed_der(builder, authority_key)


def create_access(out: Path, *, authority: Path, dns_names: Sequence[str], name: str, at: datetime) -> None:
    """Make a verifier's key and chain in a directory, which is made where there is none.

    Args:
        authority: the directory of an authority: its key and its certificate, as `keygen --ca` makes it.
        dns_names, name: as `make_access_certificate`.

    Raises:
        Misuse: the directory holds one of the two already, or cannot be written; or what is stated cannot be in a
            certificate.
        Malformed: a file of the authority does not hold what it should.
        Unavailable: the disk is full or fails.
    """
    if not name.isprintable():
        raise Misuse("a verifier's name is of printable text only")
    anchor = load_pem_chain(files.read(authority / _AUTHORITY, limit=PEM_LIMIT))[0]
    key = SoftwareKey.generate(Algorithm.ES256)
    leaf = make_access_certificate(
        key.public_key,
        name=name,
        dns_names=dns_names,
        authority=anchor,
        authority_key=SoftwareKey.load(authority / _AUTHORITY_KEY),
        at=at,
    )
    with files.faults("the verifier's folder", out, "made"):
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (out / ACCESS_KEY, out / ACCESS_CHAIN):
        if os.path.lexists(path):
            raise Misuse(f"there is something at {path} already; nothing is overwritten")
    key.save(out / ACCESS_KEY)
    files.write_new(out / ACCESS_CHAIN, dump_pem_chain((leaf,)))
