"""The credential formats. A new one is one line here, and passes the laws that every format passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from eigendata.formats.protocol import Format

_HOMES: Final[Mapping[str, tuple[str, str]]] = {
    "dc+sd-jwt": ("eigendata.formats.sdjwt", "SD_JWT_VC"),
}


class _Formats(Mapping[str, "Format"]):
    """A table whose rows are loaded when they are first asked: who reads one format does not pay for the others."""

    def __init__(self) -> None:
        self._loaded: dict[str, Format] = {}

    def __getitem__(self, name: str) -> Format:
        found = self._loaded.get(name)
        if found is None:
            module, value = _HOMES[name]
            found = self._loaded[name] = getattr(import_module(module), value)
        return found

    def __contains__(self, name: object) -> bool:
        return name in _HOMES

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


FORMATS: Final[Mapping[str, Format]] = _Formats()
"""Format identifier of OpenID4VCI and OpenID4VP -> the format."""
