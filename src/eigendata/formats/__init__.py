"""The credential formats. A new one is one line here, and passes the laws that every format passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from eigendata.model import Chain, DocumentSigner, Method, Origin

if TYPE_CHECKING:
    from eigendata.formats.protocol import Format

_HOMES: Final[Mapping[str, tuple[str, str]]] = {
    "dc+sd-jwt": ("eigendata.formats.sdjwt", "SD_JWT_VC"),
    "mso_mdoc": ("eigendata.formats.mdoc", "MSO_MDOC"),
    "ldp_vc": ("eigendata.formats.di", "LDP_VC"),
}

ORIGINS: Final[Mapping[str, type[Origin]]] = {
    "dc+sd-jwt": Chain,
    "mso_mdoc": DocumentSigner,
    "ldp_vc": Method,
}
"""Format identifier -> how an issuer is found in it: by this an issuer's key is one of that format."""

PREFERRED: Final = "dc+sd-jwt"
"""The format in which is asked and issued where nobody says another: every wallet of the EU reads it."""


class _Formats(Mapping[str, "Format"]):
    """A table whose rows are loaded when they are first asked: who reads one format does not pay for the others."""

    def __init__(self, homes: Mapping[str, tuple[str, str]]) -> None:
        self._homes = homes
        self._loaded: dict[str, Format] = {}

    def __getitem__(self, name: str) -> Format:
        found = self._loaded.get(name)
        if found is None:
            module, value = self._homes[name]
            found = self._loaded[name] = getattr(import_module(module), value)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


FORMATS: Final[Mapping[str, Format]] = _Formats(_HOMES)
"""Format identifier of OpenID4VCI and OpenID4VP -> the format."""


def only(*names: str) -> Mapping[str, Format]:
    """Give a table of these formats alone, in this order.

    Raises:
        KeyError: there is no such format.
    """
    return _Formats({name: _HOMES[name] for name in names})
