"""Certificates: from a chain in a token up to an anchor that was given beforehand, never to one from the token.

    x5c of a header -> parse_x5c -> DER, leaf first, without the anchor -> verify_chain(anchors, at) -> Leaf
    make_authority, make_issuer_certificate                  an authority of one's own: for a pilot, a test, a village

The path is checked by `cryptography` (RFC 5280); our own profile stands on top, as values in `CHECKS`. What was
verified once is kept, and only its dates are looked at again.

Not looked at: whether a certificate was revoked. An issuer's key that leaked is stopped by taking its anchor out of
the trust file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import Json, b64_decode
from eigendata.errors import Check, Malformed, Misuse, Reason, Rejected, Step, Trail

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509.verification import PolicyBuilder

T = TypeVar("T")
E = TypeVar("E")

CHAIN_LIMIT: Final = 5
"""Certificates in one chain: a leaf and what stands between it and an anchor; national schemes have one or two."""

CERTIFICATE_LIMIT: Final = 16_384
"""Bytes of one certificate in DER: with two keys and some extensions it is about 1 kB."""

PEM_LIMIT: Final = 262_144
"""Bytes of one PEM file of certificates."""

VERIFIED_CHAINS: Final = 256
"""Chains that are kept verified, and certificates kept read: a verifier meets those of a few hundred issuers."""

KEPT_CHAIN_LIMIT: Final = 8_192
"""Characters of a chain in base64 that is kept as it was read: all that are kept are some 4 MiB at most."""

_ARRAYS: Final = (list, tuple)  # a union would be built anew at every look
_TEXTS: Final = frozenset((str,))

AUTHORITY_VALIDITY: Final = timedelta(days=3650)
ISSUER_VALIDITY: Final = timedelta(days=397)

KEYS = Check(
    name="X509_KEYS",
    clause="OpenID4VC HAIP 1.0 section 7",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="Every key in the chain and of its anchor is of P-256 or P-384.",
)
NO_ANCHOR = Check(
    name="X509_NO_ANCHOR",
    clause="OpenID4VC HAIP 1.0 section 6.1.1",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="Neither an anchor nor any certificate signed by itself is in the chain.",
)
PATH = Check(
    name="X509_PATH",
    clause="RFC 5280 section 6.1",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The chain leads to an anchor that was given beforehand: signatures, names, authority, lengths, extensions.",
)
ORDER = Check(
    name="X509_ORDER",
    clause="RFC 7515 section 4.1.6",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="Each certificate in the chain certifies the one before it, and there are no others.",
)
LEAF_USE = Check(
    name="X509_LEAF_USE",
    clause="RFC 5280 sections 4.2.1.3, 4.2.1.9 and 4.2.1.12",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The leaf is for digital signatures; it is no authority, and no certificate for TLS.",
)
IN_TIME = Check(
    name="X509_IN_TIME",
    clause="RFC 5280 section 4.1.2.5",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="Every certificate in the chain and its anchor are in time.",
)

CHECKS: Final = (KEYS, NO_ANCHOR, PATH, ORDER, LEAF_USE, IN_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What a chain says of its holder, once it was verified.

    Attributes:
        uris, dns_names: the alternative names of these kinds; the latter in lower case.
        authority_key_ids: the authority key identifier of every certificate of the chain that has one.
        not_before, not_after: of the leaf itself; aware.
    """

    key: PublicKey
    uris: tuple[str, ...]
    dns_names: tuple[str, ...]
    common_name: str
    authority_key_ids: tuple[bytes, ...]
    not_before: datetime
    not_after: datetime


# -- reading ----------------------------------------------------------------------------------------------------------


def parse_x5c(value: Json) -> tuple[bytes, ...]:
    """Read the `x5c` of a header: certificates in DER, leaf first (RFC 7515 section 4.1.6).

    Raises:
        Malformed: it is no array of 1 to `CHAIN_LIMIT` certificates, or one is not standard base64 or no certificate.
    """
    if not isinstance(value, _ARRAYS) or not 0 < len(value) <= CHAIN_LIMIT:
        raise Malformed(f"x5c is not an array of 1 to {CHAIN_LIMIT} certificates")
    if not _TEXTS.issuperset(map(type, value)):
        raise Malformed("x5c holds what is no text")
    stated = cast("tuple[str, ...]", tuple(value))
    return (_kept_chain if sum(map(len, stated)) <= KEPT_CHAIN_LIMIT else _chain)(stated)


def _chain(stated: tuple[str, ...]) -> tuple[bytes, ...]:
    chain = tuple(map(b64_decode, stated))
    for der in chain:
        read_certificate(der)
    return chain


# An issuer's chain is the same in each of its tokens; read once, it is also found faster among the verified ones.
_kept_chain: Final = lru_cache(maxsize=VERIFIED_CHAINS)(_chain)


def load_pem_chain(pem: bytes) -> tuple[bytes, ...]:
    """Read certificates in PEM, in their order, and give them in DER.

    Raises:
        Malformed: there is none, or one cannot be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    if len(pem) > PEM_LIMIT:
        raise Malformed(f"the PEM file is {len(pem)} bytes; at most {PEM_LIMIT} are read")
    try:
        chain = tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise Malformed("not certificates in PEM") from error
    for der in chain:
        read_certificate(der)
    return chain


def dump_pem_chain(chain: Sequence[bytes]) -> bytes:
    """Write certificates in DER as PEM, in their order."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(read_certificate(der).public_bytes(Encoding.PEM) for der in chain)


# -- verifying --------------------------------------------------------------------------------------------------------


def verify_chain(chain: tuple[bytes, ...], anchors: Sequence[bytes], *, at: datetime) -> Leaf:
    """Verify a chain up to one of the given anchors, under the profile of `CHECKS`, and give what the leaf says.

    Args:
        chain: DER, leaf first, without the anchor.
        anchors: DER; never from the token.
        at: the moment for which it is verified.

    Raises:
        Rejected: one of `CHECKS` does not hold.
        Malformed: the chain is empty or too long, or holds what is no certificate.
        Misuse: `at` is naive.
    """
    require_verifiable(chain, at)
    verified = verify_paths(tuple(chain), tuple(anchors))
    require_in_time(verified.windows, at, verified.trail)
    return verified.leaf


def require_verifiable(chain: Sequence[bytes], at: datetime) -> None:
    """Refuse a naive moment, and a chain of no length or too much of it.

    Raises:
        Malformed, Misuse: as `verify_chain`.
    """
    if at.tzinfo is None:
        raise Misuse("a moment without a time zone is refused: pass an aware datetime")
    if not 0 < len(chain) <= CHAIN_LIMIT:
        raise Malformed(f"a chain has 1 to {CHAIN_LIMIT} certificates")


def require_in_time(windows: Iterable[tuple[datetime, datetime]], at: datetime, trail: tuple[Step, ...]) -> None:
    """Require that for some path all its certificates are in time.

    Raises:
        Rejected: for none (`IN_TIME`).
    """
    if not any(start <= at <= end for start, end in windows):
        raise Rejected(IN_TIME, trail)


def stated_uri(chain: tuple[bytes, ...]) -> str | None:
    """Give the one URI that the leaf bears as alternative name, or None. Unverified: good for choosing anchors only.

    Raises:
        Malformed: the chain is empty, or its leaf is no certificate.
    """
    if not chain:
        raise Malformed(f"a chain has 1 to {CHAIN_LIMIT} certificates")
    return _stated_uri(chain[0])


def stated_dns_names(chain: Sequence[bytes]) -> tuple[str, ...]:
    """Give the DNS names that the leaf bears, in lower case. Unverified: good for choosing anchors only.

    Raises:
        Malformed: the chain is empty, or its leaf is no certificate.
    """
    if not chain:
        raise Malformed(f"a chain has 1 to {CHAIN_LIMIT} certificates")
    return _dns_names(extensions_of(read_certificate(chain[0])))


def _dns_names(extensions: x509.Extensions | None) -> tuple[str, ...]:
    from cryptography.x509 import DNSName, SubjectAlternativeName

    names = extension_of(extensions, SubjectAlternativeName) if extensions is not None else None
    # the case of their letters does not count (RFC 4343); a certificate's are ASCII only
    return tuple(one.lower() for one in names.get_values_for_type(DNSName)) if names is not None else ()


@lru_cache(maxsize=VERIFIED_CHAINS)
def _stated_uri(leaf: bytes) -> str | None:
    from cryptography.x509 import SubjectAlternativeName, UniformResourceIdentifier

    extensions = extensions_of(read_certificate(leaf))
    names = extension_of(extensions, SubjectAlternativeName) if extensions is not None else None
    uris = names.get_values_for_type(UniformResourceIdentifier) if names is not None else []
    return uris[0] if len(uris) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPaths:
    """A chain of which all but the moment was verified.

    Attributes:
        roots: the anchors that it leads to.
        windows: for each anchor that it leads to, when all certificates up to that anchor are in time.
    """

    leaf: Leaf
    roots: tuple[x509.Certificate, ...]
    windows: tuple[tuple[datetime, datetime], ...]
    trail: tuple[Step, ...]


@lru_cache(maxsize=VERIFIED_CHAINS)
def verify_paths(chain: tuple[bytes, ...], anchors: tuple[bytes, ...]) -> VerifiedPaths:
    """Verify a chain under `CHECKS`, all but the moment; what was verified once is kept.

    Raises:
        Rejected, Malformed: as `verify_chain`.
    """
    trail = Trail()
    certificates = tuple(read_certificate(der) for der in chain)
    given = tuple(one for one in map(read_certificate, anchors) if one.subject == certificates[-1].issuer)
    keys = trail.some(KEYS, _all(_key(one) for one in (*certificates, *given)))
    trail.require(NO_ANCHOR, all(one.subject != one.issuer for one in certificates) and set(chain).isdisjoint(anchors))
    paths = tuple(path for anchor in given if (path := _path(certificates, anchor)))
    extensions = trail.some(PATH, _all(extensions_of(one) for one in certificates) if paths else None)
    paths = tuple(path for path in paths if path[:-1] == certificates)
    trail.require(ORDER, bool(paths))
    trail.require(LEAF_USE, _is_for_signatures(extensions[0]))
    return VerifiedPaths(
        leaf=_leaf(certificates[0], keys[0], extensions),
        roots=tuple(path[-1] for path in paths),
        windows=tuple(map(window_of, paths)),
        trail=trail.done(),
    )


def _all(found: Iterable[T | None]) -> tuple[T, ...] | None:
    values = tuple(found)
    known = tuple(value for value in values if value is not None)
    return known if len(known) == len(values) else None


@lru_cache(maxsize=VERIFIED_CHAINS)
def read_certificate(der: bytes) -> x509.Certificate:
    """Read a certificate in DER; nothing of it is verified.

    Raises:
        Malformed: it is none, or too large.
    """
    from cryptography import x509

    if len(der) > CERTIFICATE_LIMIT:
        raise Malformed(f"a certificate is {len(der)} bytes; at most {CERTIFICATE_LIMIT} are read")
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Read lazily by the library: what cannot be read must come out here.
        _ = (certificate.subject, certificate.issuer, certificate.version, window_of((certificate,)))
    except (ValueError, TypeError, x509.InvalidVersion, Warning):  # Warning: where warnings are made errors
        raise Malformed("not a certificate in DER") from None
    # The library passes over the octet that counts a signature's unused bits, which nothing signs: one form only.
    if der[-len(certificate.signature) - 1] != 0:
        raise Malformed("the signature of a certificate is a whole number of octets")
    return certificate


@lru_cache(maxsize=VERIFIED_CHAINS)
def _key(certificate: x509.Certificate) -> PublicKey | None:
    try:
        key = PublicKey.from_cryptography(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm, Malformed, Warning):
        return None
    return None if key.algorithm is Algorithm.EDDSA else key


def _path(certificates: tuple[x509.Certificate, ...], anchor: x509.Certificate) -> tuple[x509.Certificate, ...]:
    """Give the path from the leaf up to the anchor, the anchor included, or nothing where there is none."""
    from cryptography.x509.verification import VerificationError

    # The last of them to begin: whether all are in time at the moment asked is looked at each time anew.
    verifier = _policy(anchor).time(window_of((*certificates, anchor))[0]).build_client_verifier()
    try:
        return tuple(verifier.verify(certificates[0], list(certificates[1:])).chain)
    except (VerificationError, ValueError):
        return ()


@lru_cache(maxsize=VERIFIED_CHAINS)
def _policy(anchor: x509.Certificate) -> PolicyBuilder:
    """Say under which rules a path leads to an anchor; the moment is left open."""
    from cryptography.x509 import BasicConstraints
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store

    authority = ExtensionPolicy.webpki_defaults_ca().require_present(BasicConstraints, Criticality.CRITICAL, None)
    return (
        PolicyBuilder()
        .store(Store([anchor]))
        .max_chain_depth(CHAIN_LIMIT)
        .extension_policies(ca_policy=authority, ee_policy=ExtensionPolicy.permit_all())
    )


def window_of(certificates: Iterable[x509.Certificate]) -> tuple[datetime, datetime]:
    """Give when all of these certificates are in time."""
    starts, ends = zip(*((one.not_valid_before_utc, one.not_valid_after_utc) for one in certificates), strict=True)
    return max(starts), min(ends)


def extensions_of(certificate: x509.Certificate) -> x509.Extensions | None:
    """Give the extensions of a certificate; None where they cannot be read."""
    from cryptography import x509

    try:
        return certificate.extensions
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, Warning):
        return None


def _is_for_signatures(extensions: x509.Extensions) -> bool:
    from cryptography.x509 import BasicConstraints, ExtendedKeyUsage, KeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    constraints = extension_of(extensions, BasicConstraints)
    usage = extension_of(extensions, KeyUsage)
    purposes = set(extension_of(extensions, ExtendedKeyUsage) or ())
    of_tls = {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }
    return (
        (constraints is None or not constraints.ca)
        and (usage is not None and usage.digital_signature and not usage.key_cert_sign)
        and purposes.isdisjoint(of_tls)
    )


def _leaf(certificate: x509.Certificate, key: PublicKey, extensions: Sequence[x509.Extensions]) -> Leaf:
    from cryptography.x509 import (
        AuthorityKeyIdentifier,
        SubjectAlternativeName,
        UniformResourceIdentifier,
    )
    from cryptography.x509.oid import NameOID

    names = extension_of(extensions[0], SubjectAlternativeName)
    above = (extension_of(one, AuthorityKeyIdentifier) for one in extensions)
    common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Leaf(
        key=key,
        uris=tuple(names.get_values_for_type(UniformResourceIdentifier)) if names else (),
        dns_names=_dns_names(extensions[0]),
        common_name=str(common_names[0].value) if common_names else "",
        authority_key_ids=tuple(one.key_identifier for one in above if one and one.key_identifier),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def extension_of(extensions: x509.Extensions, kind: type[E]) -> E | None:
    """Give the one extension of a kind, or None."""
    return next((one.value for one in extensions if isinstance(one.value, kind)), None)


def read_leaf(der: bytes) -> Leaf:
    """Read what a certificate says of its holder, unverified: for who wants to know what their own one says.

    Raises:
        Malformed: it is no certificate for a key of ours, or its extensions cannot be read.
    """
    certificate = read_certificate(der)
    key, extensions = _key(certificate), extensions_of(certificate)
    if key is None or extensions is None:
        raise Malformed("not a certificate of our profile: its key or its extensions cannot be used")
    return _leaf(certificate, key, (extensions,))


def is_authority(der: bytes) -> bool:
    """Tell whether a certificate says that it may certify others."""
    from cryptography.x509 import BasicConstraints

    extensions = extensions_of(read_certificate(der))
    constraints = None if extensions is None else extension_of(extensions, BasicConstraints)
    return constraints is not None and constraints.ca


# -- making -----------------------------------------------------------------------------------------------------------


def make_authority(name: str, key: SoftwareKey, *, at: datetime) -> bytes:
    """Make the root certificate of an authority, signed by itself, and give it in DER.

    It may certify leaves only, and begins at the start of the day of `at` in UTC.

    Raises:
        Misuse: the name or the kind of key cannot be in a certificate of our profile.
    """
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    # The unit keeps the name apart from that of an issuer of the same name: no leaf seems to be signed by itself.
    subject = subject_of(name, {NameOID.ORGANIZATIONAL_UNIT_NAME: "Certificate authority"})
    builder = builder_of(subject, key.public_key, at, AUTHORITY_VALIDITY).issuer_name(subject)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs=False, certifies=True), critical=True)
        .add_extension(authority_key_id(key.public_key), critical=False)
    )
    return signed_der(builder, key)


def make_issuer_certificate(
    subject_key: PublicKey,
    *,
    name: str,
    uri: str,
    authority: bytes,
    authority_key: SoftwareKey,
    at: datetime,
    municipality: str | None,
) -> bytes:
    """Make the certificate of an issuer, signed by an authority, and give it in DER.

    Args:
        uri: the issuer's identifier, the `iss` of what it issues; its one alternative name.
        authority: the authority's certificate in DER.
        municipality: the four digits of its code, written as the subject's organisation identifier. For the reader:
            what an issuer may speak of is said by the trust file of each verifier, never by a certificate.

    Raises:
        Misuse: a name, the URI or the kind of key cannot be in a certificate of our profile, or the key is not the
            authority's.
    """
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    # A national scheme of ETSI EN 319 412-1 section 5.1.4: two characters, a colon, the country, a hyphen.
    organisation = {NameOID.ORGANIZATION_IDENTIFIER: f"GM:NL-{municipality}"} if municipality is not None else {}
    subject = subject_of(name, organisation)
    builder = builder_below(authority, authority_key, subject, subject_key, at)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs=True, certifies=False), critical=True)
        .add_extension(authority_key_id(authority_key.public_key), critical=False)
        .add_extension(x509.SubjectAlternativeName([uri_name(uri)]), critical=False)
    )
    return signed_der(builder, authority_key)


def builder_of(subject: x509.Name, key: PublicKey, at: datetime, validity: timedelta) -> x509.CertificateBuilder:
    """Begin a certificate: subject, key, a number, and the days from the start of that of `at`."""
    from cryptography import x509

    if at.tzinfo is None:
        raise Misuse("a moment without a time zone is refused: pass an aware datetime")
    if key.algorithm is Algorithm.EDDSA:
        raise Misuse("a certificate of our profile is for a key of P-256 or P-384")
    start = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.to_cryptography())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + validity)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.to_cryptography()), critical=False)
    )


def builder_below(
    authority: bytes, authority_key: SoftwareKey, subject: x509.Name, key: PublicKey, at: datetime
) -> x509.CertificateBuilder:
    """Begin the certificate of somebody whom an authority certifies.

    Raises:
        Misuse: the key is not the authority's; or as `builder_of`.
    """
    above = read_certificate(authority)
    if PublicKey.from_cryptography(above.public_key()) != authority_key.public_key:
        raise Misuse("the key is not that of the authority's certificate")
    return builder_of(subject, key, at, ISSUER_VALIDITY).issuer_name(above.subject)


def uri_name(uri: str) -> x509.UniformResourceIdentifier:
    """Give an alternative name."""
    from cryptography import x509

    try:
        return x509.UniformResourceIdentifier(uri)
    except ValueError as error:
        raise Misuse(f"{uri!r} cannot be written as a URI in a certificate: ASCII only") from error


def subject_of(name: str, more: Mapping[x509.ObjectIdentifier, str]) -> x509.Name:
    """Name the subject of a certificate in the Netherlands."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = {NameOID.COUNTRY_NAME: "NL", NameOID.ORGANIZATION_NAME: name, NameOID.COMMON_NAME: name, **more}
    try:
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items()])
    except ValueError as error:
        raise Misuse(f"{name!r} cannot be a name in a certificate: 1 to 64 characters") from error


def key_usage(*, signs: bool, certifies: bool) -> x509.KeyUsage:
    """Say whether a certificate is for signatures, and whether for certifying others."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def authority_key_id(key: PublicKey) -> x509.AuthorityKeyIdentifier:
    """Give the extension that names the key of the authority above."""
    from cryptography import x509

    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.to_cryptography())


def signed_der(builder: x509.CertificateBuilder, key: SoftwareKey) -> bytes:
    """Sign a certificate and give it in DER."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return builder.sign(key.to_cryptography(), hash_of(key.public_key)).public_bytes(Encoding.DER)


def hash_of(key: PublicKey) -> hashes.SHA256 | hashes.SHA384:
    """Give the hash that a key signs certificates with."""
    return hashes.SHA384() if key.algorithm is Algorithm.ES384 else hashes.SHA256()
