"""An SVG template of type metadata, looked at and never shown (draft-ietf-oauth-sd-jwt-vc-19 section 5.5.1.2).

    octets + the ids that the type knows -> nothing, or what is wrong

A template is a picture by a stranger in which a wallet would write a person's claims. What could run, fetch or lead
elsewhere is refused by a list of what may be in one, not by a list of what may not: elements that draw, without styles
and animations, whose references stay inside the template. Placeholders stand in text only.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final, NoReturn
from xml.parsers import expat

from eigendata.errors import Malformed

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_BETWEEN: Final = " "  # namespaces and names as the parser gives them

_ELEMENTS: Final = frozenset(
    f"{_SVG}{_BETWEEN}{name}"
    for name in (
        *("svg", "g", "defs", "symbol", "use", "title", "desc"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "image"),
        *("linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker"),
    )
)
_TEXTS: Final = frozenset(f"{_SVG}{_BETWEEN}{name}" for name in ("text", "tspan", "title", "desc"))
_LINKS: Final = frozenset(("href", f"{_XLINK}{_BETWEEN}href"))
_INSIDE: Final = re.compile(r"#[\w.-]+|data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]*={0,2}", re.ASCII)
_PLAIN_XML: Final = frozenset(f"{_XML}{_BETWEEN}{name}" for name in ("space", "lang"))  # and not `base`
# What may stand before a bracket in a value: a place in the template itself, and functions of numbers alone.
_CALL: Final = re.compile(
    r"url\(\s*#[\w.-]+\s*\)|(?:translate|rotate|scale|matrix|skewX|skewY|rgba?|hsla?)\([\d\s.,%+e-]*\)", re.ASCII
)
_PLACEHOLDER: Final = re.compile(r"\{\{([^{}]*)\}\}")
_DEPTH: Final = 64
"""Elements inside one another: a picture has some ten."""


def require_template(svg: bytes, ids: Container[str]) -> None:
    """Require that a template can be shown without running, fetching or leading anywhere, and asks for known claims.

    Args:
        ids: the `svg_id`s of the type's claims.

    Raises:
        Malformed: it is no SVG, or holds what it may not; the message says what.
    """
    reader = _Reader(ids)
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.CommentHandler = reader.comment
    parser.ProcessingInstructionHandler = reader.refuse
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(svg, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # an encoding that is not known, or not read here
        raise Malformed("an SVG template is not well-formed XML") from error


class _Reader:
    def __init__(self, ids: Container[str]) -> None:
        self._ids = ids
        self._open: list[str] = []
        self._said: list[str] = []  # in pieces, of which comments can make very many

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._settle()
        if name not in _ELEMENTS or (not self._open) != (name == f"{_SVG}{_BETWEEN}svg") or len(self._open) >= _DEPTH:
            raise Malformed(f"an SVG template holds an element that may not be there: {name.rpartition(_BETWEEN)[2]!a}")
        for attribute, value in attributes.items():
            if not _is_plain(attribute, value):
                raise Malformed(f"an SVG template holds an attribute that may not be there: {attribute!a}")
        self._open.append(name)

    def end(self, name: str) -> None:
        self._settle()
        self._open.pop()

    def text(self, text: str) -> None:
        self._said.append(text)

    def comment(self, text: str) -> None:
        if "{{" in text:
            raise Malformed("an SVG template holds a placeholder outside of text")

    def refuse(self, *_: object) -> NoReturn:
        raise Malformed("an SVG template holds a document type or a processing instruction")

    def _settle(self) -> None:
        """Look at the text that ended here: a placeholder may have come in pieces."""
        text = "".join(self._said)
        self._said.clear()
        if "{{" not in text:
            return
        if self._open[-1] not in _TEXTS:
            raise Malformed("an SVG template holds a placeholder outside of text")
        for name in _PLACEHOLDER.findall(text):
            if name not in self._ids:
                raise Malformed(f"an SVG template asks for {name!a}, and no claim of the type has that svg_id")


def _is_plain(attribute: str, value: str) -> bool:
    if "{{" in value or attribute.lower().startswith("on") or attribute in ("style", "class"):
        return False
    if attribute in _LINKS:
        return _INSIDE.fullmatch(value) is not None
    if _BETWEEN in attribute and attribute not in _PLAIN_XML:
        return False
    # an escape or a comment of CSS could hide what is called
    return "(" not in _CALL.sub("", value) and "\\" not in value and "/*" not in value
