"""What an issuer says of itself in what it signs, and what it must have for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

CHALLENGE_KEY_SIZE: Final = 32  # octets


class Category(StrEnum):
    """What the attestation is in law; `attestation_legal_category` of the ARF."""

    EAA = "EAA"
    PUB_EAA = "PuB-EAA"


class SourceRole(StrEnum):
    """What the issuer is to the register it attests from."""

    SOURCE_HOLDER = "bronhouder"
    CUSTOMER = "afnemer"
