"""The certificate with which a verifier signs its requests: it bears the DNS names of who asks.

    authority + key + DNS names -> make_access_certificate -> DER -> x5c of a request object -> x509.verify_chain

It is a leaf under the one profile of `x509`: for signatures, and none for TLS, so that no web server's certificate can
ask for anyone's data. The EU calls it an access certificate (CIR (EU) 2025/848; ETSI TS 119 411-8).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from eigendata.crypto.keys import PublicKey, SoftwareKey
from eigendata.crypto.x509 import (
    ISSUER_VALIDITY,
    authority_key_id,
    builder_of,
    key_usage,
    read_certificate,
    signed_der,
    subject_of,
)
from eigendata.errors import Misuse

ACCESS_VALIDITY: Final = ISSUER_VALIDITY
"""How long such a certificate is valid: as long as an issuer's."""


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
        dns_names: the hosts at which it asks and is answered; A-labels, at least one.
        authority: the authority's certificate in DER, of `x509.make_authority`.

    Raises:
        Misuse: a name or the kind of key cannot be in a certificate of our profile, there is no DNS name, or the key is
            not the authority's.
    """
    from cryptography import x509

    above = read_certificate(authority)
    if PublicKey.from_cryptography(above.public_key()) != authority_key.public_key:
        raise Misuse("the key is not that of the authority's certificate")
    if not dns_names:
        raise Misuse("a verifier's certificate bears a DNS name")
    try:
        names = x509.SubjectAlternativeName([x509.DNSName(one) for one in dns_names])
    except ValueError as error:
        raise Misuse("a DNS name in a certificate is ASCII only") from error
    builder = builder_of(subject_of(name, {}), subject_key, at, ACCESS_VALIDITY).issuer_name(above.subject)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs=True, certifies=False), critical=True)
        .add_extension(authority_key_id(authority_key.public_key), critical=False)
        .add_extension(names, critical=False)
    )
    return signed_der(builder, authority_key)
