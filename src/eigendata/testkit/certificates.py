"""The certificates of the kit: an authority, one below it, and issuers; good ones, and ones that break one rule.

Like the keys, they are fixed: the same names, numbers, dates and deterministic signatures each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eigendata.crypto.x509 import hash_of, key_usage
from eigendata.testkit.forge import ISSUER, KitKey

ROOT: Final = KitKey.of("the authority")
BELOW: Final = KitKey.of("the authority below it")
_YEARS: Final = timedelta(days=36_500)  # so long that no clock of a tester is outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Certifying:
    """How one certificate is made.

    Attributes:
        certifies: whether it says of itself that it may certify others, and how many may stand below it.
        uri: its alternative name; None for an authority.
    """

    name: str
    key: KitKey
    above: str
    by: KitKey
    begins: datetime
    ends: datetime
    certifies: bool = False
    length: int | None = None
    signs_certificates: bool | None = None
    uri: str | None = None
    purposes: tuple[x509.ObjectIdentifier, ...] = ()
    digital_signature: bool = True

    def certificate(self) -> bytes:
        """Give it in DER."""
        own, over = self.key.public_key.to_cryptography(), self.by.public_key.to_cryptography()
        may_sign = self.certifies if self.signs_certificates is None else self.signs_certificates
        constraints = x509.BasicConstraints(ca=self.certifies, path_length=self.length)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(self.name))
            .issuer_name(_name(self.above))
            .public_key(own)
            .serial_number(int.from_bytes(f"{self.name}".encode()[:16], "big"))
            .not_valid_before(self.begins)
            .not_valid_after(self.ends)
            .add_extension(constraints, critical=True)
            .add_extension(key_usage(signs=self.digital_signature and not may_sign, certifies=may_sign), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(over), critical=False)
        )
        if self.uri is not None:
            names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(self.uri)])
            builder = builder.add_extension(names, critical=False)
        if self.purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(self.purposes), critical=False)
        hash_ = hash_of(self.by.public_key)
        signed = builder.sign(self.by.key.to_cryptography(), hash_, ecdsa_deterministic=True)
        return signed.public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Certificates around one moment, for one issuer."""

    at: datetime
    issuer: str

    def root(self, key: KitKey = ROOT) -> Certifying:
        return self._made("Kit authority", key, "Kit authority", key, certifies=True)

    def below(self, **changes: object) -> Certifying:
        given = {"certifies": True, "length": 0, **changes}
        return self._made("Kit authority below", BELOW, "Kit authority", ROOT, **given)

    def leaf(self, *, by: KitKey = ROOT, above: str = "Kit authority", **changes: object) -> Certifying:
        key = changes.pop("key", ISSUER)
        return self._made("Kit issuer", key, above, by, **{"uri": self.issuer, **changes})

    def leaf_below(self, **changes: object) -> Certifying:
        return self.leaf(by=BELOW, above="Kit authority below", **changes)

    def _made(self, name: str, key: object, above: str, by: KitKey, **changes: object) -> Certifying:
        begins, ends = self.at - timedelta(days=365), self.at + _YEARS
        make: Callable[..., Certifying] = Certifying
        return make(**{"name": name, "key": key, "above": above, "by": by, "begins": begins, "ends": ends, **changes})


FOR_TLS: Final = (ExtendedKeyUsageOID.SERVER_AUTH,)


def pem(der: bytes) -> str:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
