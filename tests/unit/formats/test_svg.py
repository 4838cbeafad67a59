"""An SVG template that could run, fetch or lead elsewhere is refused, and so is one that asks for what nobody knows."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.errors import Malformed
from eigendata.formats.sdjwt.svg import require_template


def svg(inside: str = "", attributes: str = "") -> bytes:
    start = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>'
    return f"{start}{inside}</svg>".encode()


@pytest.mark.parametrize(
    "inside",
    [
        "",
        '<text x="10" y="20">Adres: {{street}}</text>',
        "<text>{{street}}<tspan>{{town}}</tspan></text><title>{{town}}</title>",
        "<text>{{<!-- in pieces -->street}}</text>",
        "<text>&#123;&#123;street}}</text>",
        "<text><![CDATA[{{street}}]]></text>",
        '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)"/>',
        '<use xlink:href="#a"/><use href="#a"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        '<g transform="translate(1,2) rotate(3)"><path d="M0 0L1 1"/></g>',
        '<text xml:space="preserve"> </text>',
        "<!-- a note -->",
        "<g></g>" * 70,
        "<g>" * 63 + "</g>" * 63,
        "<text>one\n{{street}}\nthree</text>",
    ],
)
def test_a_picture_that_only_is_one_is_accepted(inside: str) -> None:
    require_template(svg(inside, 'width="100" viewBox="0 0 1 1"'), {"street", "town"})
    require_template(b'<?xml version="1.0" encoding="UTF-8"?>' + svg(inside), {"street", "town"})


@pytest.mark.parametrize(
    "name",
    [
        *("g", "defs", "symbol", "use", "title", "desc"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "image"),
        *("linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker"),
    ],
)
def test_each_element_that_only_draws_is_accepted(name: str) -> None:
    require_template(svg(f'<{name} xml:lang="nl" xml:space="default"/>'), ())


@pytest.mark.parametrize("name", ["text", "tspan", "title", "desc"])
def test_a_placeholder_stands_in_each_element_of_text(name: str) -> None:
    require_template(svg(f"<{name}>{{{{street}}}}</{name}>"), {"street"})


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<script href="https://evil.example/x.js"/>',
        '<a href="javascript:alert(1)"><text>x</text></a>',
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
        '<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example"/>',
        '<script xmlns="http://www.w3.org/1999/xhtml"/>',
        '<script xmlns=""/>',
        "<style>@import url(https://evil.example)</style>",
        '<animate attributeName="href" to="javascript:x"/>',
        '<set attributeName="onload" to="x"/>',
        '<filter id="a"><feImage href="https://evil.example"/></filter>',
        '<rect onclick="x"/>',
        '<rect ONLOAD="x"/>',
        '<rect style="fill:url(https://evil.example)"/>',
        '<rect class="a"/>',
        '<rect style="fill:red"/>',
        '<rect fill="url(https://evil.example)"/>',
        '<rect fill="URL(//evil.example#a)"/>',
        '<rect fill="url(#a) url(https://evil.example)"/>',
        '<rect fill="u\\72l(https://evil.example)"/>',
        '<rect fill="ur/**/l(https://evil.example)"/>',
        '<rect fill="r\\65 d"/>',
        '<rect fill="re/**/d"/>',
        '<rect mask="image-set(url(x))"/>',
        '<rect mask="image-set(&quot;https://evil.example&quot; 1x)"/>',
        '<rect fill="rgb(url(x))"/>',
        '<image href="https://evil.example/x.png"/>',
        '<image xlink:href="https://evil.example/x.png"/>',
        '<image href="data:image/svg+xml;base64,AAAA"/>',
        '<image href="data:text/html,x"/>',
        '<use href="other.svg#a"/>',
        '<use href=""/>',
        '<use xmlns:x="urn:x" x:href="#a"/>',
        '<g xml:base="https://evil.example"/>',
        "<svg/>",
        "<text>{{unknown}}</text>",
        "<text>{{}}</text>",
        "<text>{{ street }}</text>",
        "<text>{{street}}{{unknown}}</text>",
        "{{street}}",
        "<g>{{street}}</g>",
        "<g>{{street}}<text></text></g>",
        "<text></text>{{street}}",
        "<text><tspan></tspan></text>{{street}}",
        '<rect width="{{street}}"/>',
        "<!-- {{street}} -->",
        "<?xml-stylesheet href='https://evil.example'?>",
        "<text>&nbsp;</text>",
        "<text>",
    ],
)
def test_what_could_do_more_than_be_seen_is_refused(inside: str) -> None:
    with pytest.raises(Malformed):
        require_template(svg(inside), {"street", "town"})


STRANGE = ("big5", "shift-jis", "idna", "punycode", "undefined", "hex", "nowhere")
"""Encodings of which the parser's every refusal is another kind of error."""


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff\xfe",
        b"<html/>",
        b"<svg/>",
        svg() + b"<svg/>",
        svg(attributes='onload="x"'),
        b"<?xml-stylesheet href='x'?>" + svg(),
        b"<!DOCTYPE svg>" + svg(),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("<text>&a;</text>"),
        b'<!DOCTYPE svg SYSTEM "https://evil.example">' + svg(),
        b'<?xml version="1.0" encoding="rot13"?>' + svg(),
        *(f'<?xml version="1.0" encoding="{name}"?>'.encode() + svg() for name in STRANGE),
        svg("<g>" * 64 + "</g>" * 64),
    ],
)
def test_what_is_no_svg_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        require_template(octets, {"street"})


def test_a_bomb_costs_little() -> None:
    started = time.process_time()
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE svg [<!ENTITY a0 "x">{entities}]>'.encode() + svg("<text>&a9;</text>")
    for octets in (bomb, svg("<text>" + "{{" * 500_000 + "</text>"), svg("<g>" * 300_000)):
        with pytest.raises(Malformed):
            require_template(octets + b"<", {"street"})
    assert time.process_time() - started < 5


def test_a_text_in_very_many_pieces_costs_little() -> None:
    started = time.process_time()
    require_template(svg("<text>" + "pieces <!-- -->" * 250_000 + "</text>"), ())
    assert time.process_time() - started < 5  # seconds; to write the text anew for each piece took far longer


@given(st.binary(max_size=60) | st.text(alphabet="<>/ svgtext{}&;#!-[]\"'=?", max_size=60).map(str.encode))
def test_any_bytes_are_accepted_or_malformed(octets: bytes) -> None:
    for one in (octets, svg(octets.decode("latin-1"))):
        try:
            require_template(one, {"street"})
        except Malformed:
            continue
