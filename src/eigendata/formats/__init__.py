"""The credential formats. A new one is one line here, and passes the laws that every format passes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from eigendata.formats.protocol import Format
from eigendata.formats.sdjwt import SD_JWT_VC

FORMATS: Final[Mapping[str, Format]] = MappingProxyType({"dc+sd-jwt": SD_JWT_VC})
"""Format identifier of OpenID4VCI and OpenID4VP -> the format."""
