"""What type metadata says of how a type is shown (draft-ietf-oauth-sd-jwt-vc-19 sections 5.5 and 5.6.2).

    display -> for each language: name, description, rendering -> colours, pictures, SVG templates

Pictures are named, or lie in the metadata as data URIs; nothing is fetched, and nothing is drawn. One that lies in the
metadata is held against its integrity, and an SVG among them against `eigendata.formats.sdjwt.svg`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from eigendata.encoding import Json, b64_decode
from eigendata.errors import Check, Malformed, Reason, Trail
from eigendata.formats.sdjwt.metadata import has_integrity

LOCALES_LIMIT: Final = 256
"""Languages in which one thing is described."""

URI_INTEGRITY: Final = Check(
    name="URI_INTEGRITY",
    clause="SD-JWT VC 6",
    reason=Reason.TYPE_MISMATCH,
    rule="A picture that lies in the metadata itself is, byte for byte, the one that the metadata means.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What something is called in one language. The publisher's words: show them by `texts.visible` alone."""

    locale: str
    name: str
    description: str | None = None
    rendering: Rendering | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture: https or data. Nothing here fetches one."""

    uri: str = field(repr=False)
    integrity: str | None = None
    alt_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SvgTemplate:
    """A template and what it is made for. Nothing here draws one."""

    uri: str = field(repr=False)
    integrity: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """How a credential may be drawn (section 5.5.1): the method `simple`, and SVG templates."""

    logo: Image | None = None
    background_image: Image | None = None
    background_color: str | None = None
    text_color: str | None = None
    svg_templates: tuple[SvgTemplate, ...] = ()


# -- what is shown ----------------------------------------------------------------------------------------------------

# A language tag that is well-formed as far as its parts go (RFC 5646 section 2.1).
_LOCALE: Final = re.compile(r"(?=.{1,64}\Z)[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
# An RGB colour of CSS Color Module Level 3, section 4.2.1.
_NUMBERS: Final = r"\s*[+-]?\d{1,4}\s*(,\s*[+-]?\d{1,4}\s*){2}"
_SHARES: Final = r"\s*[+-]?\d{1,4}(\.\d{1,4})?%\s*(,\s*[+-]?\d{1,4}(\.\d{1,4})?%\s*){2}"
_COLOR: Final = re.compile(rf"#([0-9a-f]{{3}}|[0-9a-f]{{6}})|rgb\(({_NUMBERS}|{_SHARES})\)", re.ASCII | re.IGNORECASE)
_HTTPS: Final = re.compile(r"https://[^\s\x00-\x20\x7f\\/?#]+([/?#][^\s\x00-\x20\x7f\\]*)?")
_DATA: Final = re.compile(r"data:(image/[a-z0-9.+-]+)(?:;[a-z0-9-]+=[\w.-]+)*(;base64)?,(.*)", re.ASCII | re.DOTALL)
_PROPERTIES: Final = {
    "orientation": ("portrait", "landscape"),
    "color_scheme": ("light", "dark"),
    "contrast": ("normal", "high"),
}
_TEMPLATE: Final = "image/svg+xml"


def read_display(value: Json, trail: Trail) -> tuple[Described, ...]:
    return tuple(read_described(one, "name", _rendering(one, trail)) for one in read_locales(value))


def read_locales(value: Json) -> tuple[Mapping[str, Json], ...]:
    several = objects_of(value, "display", LOCALES_LIMIT)
    locales = [matching_text(one, "locale", _LOCALE).lower() for one in several]
    if len(set(locales)) != len(locales):
        raise Malformed("display describes one thing twice in one language")
    return several


def read_described(members: Mapping[str, Json], named: str, rendering: Rendering | None = None) -> Described:
    return Described(
        locale=required_text(members, "locale"),
        name=required_text(members, named),
        description=text_of(members, "description"),
        rendering=rendering,
    )


def _rendering(members: Mapping[str, Json], trail: Trail) -> Rendering | None:
    if "rendering" not in members:
        return None
    methods = object_of(members, "rendering")
    simple = object_of(methods, "simple")
    templates = objects_of(methods.get("svg_templates", []), "svg_templates", LOCALES_LIMIT)
    if "svg_templates" in methods and not templates:
        raise Malformed("svg_templates is empty")
    return Rendering(
        logo=_image(simple, "logo", trail),
        background_image=_image(simple, "background_image", trail),
        background_color=matching_text(simple, "background_color", _COLOR) if "background_color" in simple else None,
        text_color=matching_text(simple, "text_color", _COLOR) if "text_color" in simple else None,
        svg_templates=tuple(_template(one, alone=len(templates) == 1, trail=trail) for one in templates),
    )


def _image(members: Mapping[str, Json], name: str, trail: Trail) -> Image | None:
    if name not in members:
        return None
    image = object_of(members, name)
    uri, integrity = _referenced(image, trail)
    return Image(uri=uri, integrity=integrity, alt_text=text_of(image, "alt_text"))


def _template(members: Mapping[str, Json], *, alone: bool, trail: Trail) -> SvgTemplate:
    uri, integrity = _referenced(members, trail)
    properties = object_of(members, "properties")
    known = {name: properties[name] for name in _PROPERTIES if name in properties}
    if ("properties" in members and not known) or ("properties" not in members and not alone):
        raise Malformed("an SVG template does not say what it is made for")
    if any(value not in _PROPERTIES[name] for name, value in known.items()):
        raise Malformed("an SVG template is made for what is not known")
    return SvgTemplate(uri=uri, integrity=integrity, properties={name: str(value) for name, value in known.items()})


def _referenced(members: Mapping[str, Json], trail: Trail) -> tuple[str, str | None]:
    """Read a `uri` and its integrity, which is verified where the picture lies in the URI itself."""
    uri, integrity = required_text(members, "uri"), text_of(members, "uri#integrity")
    if _HTTPS.fullmatch(uri) is None and _DATA.fullmatch(uri) is None:
        raise Malformed("a picture is named by an https URL or lies in a data URI as an image")
    if integrity is not None and not uri.startswith("https"):
        trail.require(URI_INTEGRITY, has_integrity(integrity, _inside(uri)[1]))
    return uri, integrity


def _inside(uri: str) -> tuple[str, bytes]:
    """Give the media type and the octets of a data URI (RFC 2397)."""
    found = _DATA.fullmatch(uri)
    assert found is not None  # what is read here and is not https is of this form
    octets = unquote_to_bytes(found[3])
    return found[1], b64_decode(octets.decode("latin-1")) if found[2] else octets


def require_svg(display: Iterable[Described], ids: frozenset[str]) -> None:
    """Look at the pictures that lie in the metadata itself and could do more than be seen.

    Raises:
        Malformed: one of them could.
    """
    from eigendata.formats.sdjwt.svg import require_template  # late: hardly any metadata has such a picture

    for one in display:
        if one.rendering is None:
            continue
        for template in one.rendering.svg_templates:
            if template.uri.startswith("data:"):
                kind, octets = _inside(template.uri)
                if kind != _TEMPLATE:
                    raise Malformed("an SVG template lies in a data URI of another kind")
                require_template(octets, ids)
        for image in (one.rendering.logo, one.rendering.background_image):
            if image is not None and image.uri.startswith("data:"):
                kind, octets = _inside(image.uri)
                if kind == _TEMPLATE:
                    require_template(octets, frozenset())


# -- members ----------------------------------------------------------------------------------------------------------


def text_of(members: Mapping[str, Json], name: str) -> str | None:
    return required_text(members, name) if name in members else None


def required_text(members: Mapping[str, Json], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{name} is no text, or is not there")
    return value


def matching_text(members: Mapping[str, Json], name: str, form: re.Pattern[str]) -> str:
    value = required_text(members, name)
    if form.fullmatch(value) is None:
        raise Malformed(f"{name} does not have the form that it must have")
    return value


def object_of(members: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Give a member that is an object; an empty one where it is not there."""
    value = members.get(name, {})
    if not isinstance(value, dict):
        raise Malformed(f"{name} is no object")
    return value


def objects_of(value: Json, name: str, limit: int) -> tuple[Mapping[str, Json], ...]:
    if not isinstance(value, list) or len(value) > limit:
        raise Malformed(f"{name} is no array of at most {limit} objects")
    objects = tuple(one for one in value if isinstance(one, dict))
    if len(objects) != len(value):
        raise Malformed(f"{name} holds what is no object")
    return objects
