"""The certificates of ISO mdoc: a document signer (DS), and above it an issuing authority (IACA).

    x5chain of an issuerAuth -> DER, leaf first -> verify_document_signer(anchors, at) -> Leaf
    make_issuing_authority -> DER                  an authority of one issuer
    make_document_signer -> DER                    a document signer under it, or under one of `x509.make_authority`

What `x509` checks of any chain is checked first; the profiles of ISO/IEC 18013-5 annex B stand on top, as values in
`CHECKS`. That text is not public: clauses B.1.2 and B.1.4 were read in what implementers wrote down of them (isomdl,
walt.id, mdoc-ts). Looked at is what keeps a certificate for other things from signing mdocs. What only helps an
administrator is not: alternative names, distribution points of revocation lists, the length of serial numbers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from eigendata.crypto.keys import PublicKey, SoftwareKey
from eigendata.crypto.x509 import (
    AUTHORITY_VALIDITY,
    CHAIN_LIMIT,
    VERIFIED_CHAINS,
    Leaf,
    VerifiedPaths,
    authority_key_id,
    builder_below,
    builder_of,
    extension_of,
    extensions_of,
    key_usage,
    read_certificate,
    require_in_time,
    require_verifiable,
    signed_der,
    subject_of,
    uri_name,
    verify_paths,
    window_of,
)
from eigendata.errors import Check, Malformed, Misuse, Reason, Trail

if TYPE_CHECKING:
    from cryptography import x509

DOCUMENT_SIGNER: Final = "1.0.18013.5.1.2"
"""The extended key usage of a certificate that signs mdocs (ISO/IEC 18013-5 B.1.4)."""

EU_DOCUMENT_SIGNER: Final = "1.3.130.2.0.0.1.2"
"""The one that the EU's reference issuers of person identification data and proofs of age have instead.

It stands in the example of annex A.10 of the age verification specification, and in version 1.4 of the architecture
framework. Nothing follows from it here: the trust file says for which issuer it is expected (`signer_use`).
"""

LONGEST: Final = timedelta(days=457)
"""For how long a document signer may be certified (ISO/IEC 18013-5 B.1.4)."""

SIGNER_USE = Check(
    name="SIGNER_USE",
    clause="ISO/IEC 18013-5 B.1.4",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The leaf is certified for signing mdocs and for nothing else, and says that this is critical.",
)
SIGNER_TERM = Check(
    name="SIGNER_TERM",
    clause="ISO/IEC 18013-5 B.1.4",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The leaf is certified for 457 days at most.",
)
AUTHORITY_PROFILE = Check(
    name="AUTHORITY_PROFILE",
    clause="ISO/IEC 18013-5 B.1.2",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The anchor is its own root, may certify leaves only, and says that this is critical.",
)
SAME_COUNTRY = Check(
    name="SAME_COUNTRY",
    clause="ISO/IEC 18013-5 B.1.4",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The leaf names the country of its anchor, and the same state or province if either names one.",
)

CHECKS: Final = (SIGNER_USE, SIGNER_TERM, AUTHORITY_PROFILE, SAME_COUNTRY)
"""Taken after `x509.CHECKS` but the last, which is about the moment."""


def verify_document_signer(
    chain: tuple[bytes, ...], anchors: tuple[bytes, ...], *, at: datetime, use: str = DOCUMENT_SIGNER
) -> Leaf:
    """Verify the chain of a document signer up to one of the given issuing authorities, and give what the leaf says.

    Args:
        chain: DER, leaf first, without the anchor; as an authority certifies leaves only, it is the leaf alone.
        anchors: DER; never from the token.
        use: the extended key usage that the leaf is for, where its ecosystem has one of its own; never from the token.
        at: the moment for which it is verified.

    Raises:
        Rejected: one of `x509.CHECKS` or `CHECKS` does not hold.
        Malformed: the chain is empty or too long, or holds what is no certificate.
        Misuse: `at` is naive.
    """
    require_verifiable(chain, at)
    verified = _verified(chain, anchors, use)
    require_in_time(verified.windows, at, verified.trail)
    return verified.leaf


@lru_cache(maxsize=VERIFIED_CHAINS)
def _verified(chain: tuple[bytes, ...], anchors: tuple[bytes, ...], use: str) -> VerifiedPaths:
    paths = verify_paths(chain, anchors)
    leaf, trail = read_certificate(chain[0]), Trail(paths.trail)
    trail.require(SIGNER_USE, _signs_documents(leaf, use))
    start, end = window_of((leaf,))
    trail.require(SIGNER_TERM, end - start <= LONGEST)
    leading = tuple(zip(paths.roots, paths.windows, strict=True))
    leading = tuple((root, window) for root, window in leading if _is_issuing_authority(root))
    trail.require(AUTHORITY_PROFILE, bool(leading))
    leading = tuple((root, window) for root, window in leading if _places(root) == _places(leaf))
    trail.require(SAME_COUNTRY, bool(leading))
    roots, windows = zip(*leading, strict=True)
    return VerifiedPaths(leaf=paths.leaf, roots=roots, windows=windows, trail=trail.done())


def _signs_documents(leaf: x509.Certificate, use: str) -> bool:
    from cryptography.x509 import ExtendedKeyUsage

    return any(
        one.critical and [purpose.dotted_string for purpose in one.value] == [use]
        for one in extensions_of(leaf) or ()
        if isinstance(one.value, ExtendedKeyUsage)
    )


@lru_cache(maxsize=VERIFIED_CHAINS)
def _is_issuing_authority(root: x509.Certificate) -> bool:
    from cryptography.x509 import BasicConstraints, KeyUsage

    extensions = extensions_of(root)
    if extensions is None or root.subject != root.issuer or not _places(root)[0]:
        return False
    critical = {type(one.value) for one in extensions if one.critical}
    constraints, usage = extension_of(extensions, BasicConstraints), extension_of(extensions, KeyUsage)
    return (
        {BasicConstraints, KeyUsage} <= critical
        and (constraints is not None and constraints.ca and constraints.path_length == 0)
        and (usage is not None and usage.key_cert_sign)
    )


@lru_cache(maxsize=VERIFIED_CHAINS)
def _places(certificate: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the countries and the states or provinces that the subject names."""
    from cryptography.x509.oid import NameOID

    country, province = (
        tuple(str(one.value) for one in certificate.subject.get_attributes_for_oid(oid))
        for oid in (NameOID.COUNTRY_NAME, NameOID.STATE_OR_PROVINCE_NAME)
    )
    return country, province


def parse_x5chain(chain: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Take the certificates of an x5chain, leaf first, after a look whether they are certificates.

    Raises:
        Malformed: one is none, or there are more than `x509.CHAIN_LIMIT`.
    """
    if len(chain) > CHAIN_LIMIT:
        raise Malformed(f"a chain has 1 to {CHAIN_LIMIT} certificates")
    for der in chain:
        read_certificate(der)
    return chain


@lru_cache(maxsize=VERIFIED_CHAINS)
def window(der: bytes) -> tuple[datetime, datetime]:
    """Give from when to when a certificate says to be valid; both moments are part of it. Unverified.

    Raises:
        Malformed: it is no certificate.
    """
    return window_of((read_certificate(der),))


def name_of(authority: bytes) -> bytes:
    """Give the name of an authority as its certificate has it, in DER.

    Raises:
        Malformed: it is no certificate.
    """
    return read_certificate(authority).subject.public_bytes()


def name_above(chain: tuple[bytes, ...]) -> bytes:
    """Give the name of the authority that a chain says it leads to, in DER. Unverified: good for choosing anchors only.

    Raises:
        Malformed: the chain is empty, or its last certificate is none.
    """
    if not chain:
        raise Malformed(f"a chain has 1 to {CHAIN_LIMIT} certificates")
    return read_certificate(chain[-1]).issuer.public_bytes()


# -- making -----------------------------------------------------------------------------------------------------------


def make_issuing_authority(name: str, key: SoftwareKey, *, uri: str, crl: str, at: datetime) -> bytes:
    """Make the root certificate of an issuing authority, signed by itself, and give it in DER.

    It has what ISO/IEC 18013-5 B.1.2 demands: a country, an alternative name where the issuer can be reached, a place
    where revoked certificates are listed, and the right to certify leaves only.

    Args:
        uri: where the authority can be reached: its issuer's URL.
        crl: the URL at which the list of revoked certificates is, or will be.

    Raises:
        Misuse: a name, a URL or the kind of key cannot be in such a certificate.
    """
    from cryptography import x509

    if not name.strip():
        raise Misuse("an issuing authority has a name")
    subject = subject_of(f"{name} IACA", {})
    builder = builder_of(subject, key.public_key, at, AUTHORITY_VALIDITY).issuer_name(subject)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs=False, certifies=True), critical=True)
        .add_extension(authority_key_id(key.public_key), critical=False)
        .add_extension(x509.IssuerAlternativeName([uri_name(uri)]), critical=False)
        .add_extension(x509.CRLDistributionPoints([_listed_at(crl)]), critical=False)
    )
    return signed_der(builder, key)


def make_document_signer(
    subject_key: PublicKey, *, name: str, uri: str, authority: bytes, authority_key: SoftwareKey, at: datetime
) -> bytes:
    """Make the certificate of a document signer, signed by an issuing authority, and give it in DER.

    How its issuer can be reached, and where revoked certificates are listed, it says as the authority's does.

    Args:
        uri: the issuer's identifier: its one alternative name, by which a trust file finds it.
        authority: the authority's certificate in DER, of `make_issuing_authority` or `x509.make_authority`.

    Raises:
        Misuse: a name, the URI or the kind of key cannot be in a certificate of our profile, or the key is not the
            authority's.
    """
    from cryptography import x509

    above = read_certificate(authority)
    names = [uri_name(uri)]
    builder = builder_below(authority, authority_key, subject_of(name, {}), subject_key, at)
    builder = (
        builder.add_extension(key_usage(signs=True, certifies=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(DOCUMENT_SIGNER)]), critical=True)
        .add_extension(authority_key_id(authority_key.public_key), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    said = extensions_of(above) or x509.Extensions([])
    builder = builder.add_extension(
        extension_of(said, x509.IssuerAlternativeName) or x509.IssuerAlternativeName(names), critical=False
    )
    listed = extension_of(said, x509.CRLDistributionPoints)
    if listed is not None:
        builder = builder.add_extension(listed, critical=False)
    return signed_der(builder, authority_key)


def _listed_at(crl: str) -> x509.DistributionPoint:
    from cryptography.x509 import DistributionPoint

    return DistributionPoint(full_name=[uri_name(crl)], relative_name=None, reasons=None, crl_issuer=None)
