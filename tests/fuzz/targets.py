"""What is fuzzed. Of any input: nothing is raised but the five errors, in bounded time; and what is read is one-to-one.

The signatures of a fuzzed token would never hold, and nothing behind them would be reached. Here all of them do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from eigendata.channel import openid4vp_redirect
from eigendata.crypto.cose import parse_key, parse_mac0, parse_sign1, x5chain
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import cbor_dumps, cbor_loads, json_loads
from eigendata.errors import EigendataError, Malformed
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.formats.mdoc import parse as mdoc_parse
from eigendata.formats.mdoc.usual import usual_device_response, usual_issuer_signed
from eigendata.formats.protocol import Format
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import CredentialType, Holding, Origin, Party, TrustedIssuer

SECONDS: Final = 1.0
"""Of the processor, for one input."""

AT: Final = datetime(2026, 5, 4, 14, 30, tzinfo=UTC)
URI: Final = "https://verifier.example/answer"
BINDING: Final = openid4vp_redirect(client_id=f"redirect_uri:{URI}", nonce="n" * 43, response_uri=URI)
KEY: Final = SoftwareKey.from_secret(Algorithm.ES256, b"\1" * 32)
ANY: Final = CredentialType.foreign("https://type.example/any")


class Believes:
    """A trust source that believes one key, whoever it is said to be of."""

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        return TrustedIssuer(party=Party(id="https://issuer.example", name="Issuer"), key=KEY.public_key)


@contextmanager
def every_signature_holds() -> Iterator[None]:
    """Let every signature verify that has the length of one."""
    verifies = PublicKey.verifies
    PublicKey.verifies = lambda self, signature, message: bool(signature)  # type: ignore[method-assign]
    try:
        yield
    finally:
        PublicKey.verifies = verifies  # type: ignore[method-assign]


def cbor(data: bytes) -> None:
    """What is read is written again as the same bytes; and the parts of COSE are taken out of it."""
    value = cbor_loads(data)
    assert cbor_dumps(value) == data
    for read in (parse_sign1, parse_mac0, parse_key):
        with suppress(EigendataError):
            read(value)
    x5chain(parse_sign1(value).unprotected)


def mdoc(data: bytes) -> None:
    """Both doors; and what is read in one pass is what the careful reader reads."""
    _same(usual_issuer_signed(data), mdoc_parse._issuer_signed, data)
    _same(usual_device_response(data), mdoc_parse._device_response, data)
    _doors(MSO_MDOC, data)


def sd_jwt(data: bytes) -> None:
    """Both doors, and the form of the token in JSON."""
    _doors(SD_JWT_VC, data)
    _doors(SD_JWT_VC, SD_JWT_VC.from_wire(json_loads(data)))


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {"cbor": cbor, "mdoc": mdoc, "sd_jwt": sd_jwt}


def run(target: str, data: bytes) -> None:
    """Hand some bytes to a target. Whatever comes out of it is a finding."""
    began = time.process_time()
    with every_signature_holds(), suppress(EigendataError):
        TARGETS[target](data)
    spent = time.process_time() - began
    assert spent < SECONDS, f"{spent:.1f} s"


def _same(quickly: object, read: Callable[[Any], object], data: bytes) -> None:
    if quickly is None:
        return
    try:
        carefully = read(cbor_loads(data))
    except Malformed as error:
        raise AssertionError("what is malformed was read in one pass") from error
    assert quickly == carefully


def _doors(format: Format, data: bytes) -> None:
    trust = Believes()
    with suppress(EigendataError):
        verified = format.parse_presentation(data).verify([ANY], BINDING, trust=trust, at=AT)
        assert {step.check for step in verified.trail} <= set(format.checks)
    with suppress(EigendataError):
        verified = format.parse_credential(data).verify([ANY], trust=trust, at=AT)
        assert {step.check for step in verified.trail} <= set(format.checks)
    with suppress(EigendataError):
        paths = [(name,) for name in ("a", "b", ANY.id)]
        format.present(data, ANY, paths, Holding(key=KEY, binding=BINDING), at=AT)
