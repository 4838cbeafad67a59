"""Type metadata of others: read whole and unchanged, or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.errors import Check, EigendataError, Malformed, Misuse, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC, type_metadata
from eigendata.formats.sdjwt.display import URI_INTEGRITY, Image, SvgTemplate
from eigendata.formats.sdjwt.type_metadata import (
    CLAIMS_LIMIT,
    EXTENDS_INTEGRITY,
    EXTENDS_LIMIT,
    EXTENDS_ONCE,
    LABEL_LENGTH,
    MANDATORY_KEPT,
    SD_KEPT,
    TYPE_DESCRIBED,
    TYPE_NAMED,
    DescribedType,
    Sd,
    TypeMetadata,
)
from eigendata.model import ClaimPath
from eigendata.registers.catalogue import CATALOGUE
from eigendata.schemas import FOLDER

PERMIT, PARENT = "https://town.example/permit/2", "urn:example:permit"


def integrity(octets: bytes, name: str = "sha256") -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, octets).digest()).decode()}"


def document(vct: str = PERMIT, **members: Any) -> bytes:
    return json.dumps({"vct": vct, **members}).encode()


def read(own: bytes, parent: bytes | None = None) -> TypeMetadata:
    return TypeMetadata.read(PERMIT, {PERMIT: own} if parent is None else {PERMIT: own, PARENT: parent})


def with_claims(*claims: Any) -> bytes:
    return document(claims=list(claims))


def shown(*display: Any) -> TypeMetadata:
    return read(document(display=list(display)))


def drawn(**rendering: Any) -> TypeMetadata:
    return shown({"locale": "nl", "name": "Vergunning", "rendering": rendering})


def data(octets: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(octets).decode()}"


def refused(own: bytes, parent: bytes | None = None) -> Check:
    with pytest.raises(Rejected) as rejected:
        read(own, parent)
    return rejected.value.check


# -- one document -----------------------------------------------------------------------------------------------------


def test_all_that_a_document_says_is_read() -> None:
    metadata = read(
        document(
            name="Permit",
            description="For\ndevelopers",
            display=[{"locale": "nl-NL", "name": "Vergunning", "description": "Van de gemeente"}],
            claims=[
                {
                    "path": ["degrees", None, 0, "a"],
                    "display": [{"locale": "nl", "label": "Graad", "description": "Welke"}],
                    "mandatory": True,
                    "sd": "always",
                    "svg_id": "_a1",
                },
                {"path": ["b"]},
            ],
        )
    )
    assert (metadata.vct, metadata.name, metadata.description) == (PERMIT, "Permit", "For\ndevelopers")
    (display,) = metadata.display
    assert (display.locale, display.name, display.description) == ("nl-NL", "Vergunning", "Van de gemeente")
    first, second = metadata.claims
    assert (first.path, first.mandatory, first.sd, first.svg_id) == (("degrees", None, 0, "a"), True, Sd.ALWAYS, "_a1")
    assert [(one.locale, one.name, one.description) for one in first.display] == [("nl", "Graad", "Welke")]
    assert (second.mandatory, second.sd, second.svg_id, second.display) == (False, Sd.ALLOWED, None, ())


def test_what_is_not_understood_is_ignored() -> None:
    metadata = read(
        document(
            schema={"type": 1},
            display=[{"locale": "nl", "name": "A", "lang": 3, "rendering": {"hologram": 4, "simple": {"more": 1}}}],
            claims=[{"path": ["a"], "more": {}, "display": [{"locale": "nl", "label": "A", "more": 2}]}],
        )
    )
    assert len(metadata.claims) == 1


def test_the_type_metadata_that_we_publish_is_read_and_says_what_our_declarations_say() -> None:
    for one in CATALOGUE.values():
        octets = (FOLDER / f"{one.id.replace(':', '.')}.vct.json").read_bytes()
        metadata = TypeMetadata.read(one.id, {one.id: octets})
        assert metadata.document == SD_JWT_VC.schema(one)
        assert dict(DescribedType.of(metadata).label) == dict(one.label)
        for attribute in one.attributes:
            assert dict(DescribedType.of(metadata).called(attribute.path)) == dict(attribute.label)


CLAIM_FAULTS: list[Any] = [
    [],
    1,
    {"sd": "always"},
    {"path": []},
    {"path": "a"},
    {"path": {"a": 1}},
    {"path": [-1]},
    {"path": [1.0]},
    {"path": [True]},
    {"path": [["a"]]},
    {"path": ["a"] * 65},
    {"path": ["a"], "sd": "sometimes"},
    {"path": ["a"], "sd": "ALWAYS"},
    {"path": ["a"], "sd": None},
    {"path": ["a"], "sd": ["always"]},
    {"path": ["a"], "mandatory": "true"},
    {"path": ["a"], "mandatory": 1},
    {"path": ["a"], "mandatory": None},
    {"path": ["a"], "svg_id": ""},
    {"path": ["a"], "svg_id": "1a"},
    {"path": ["a"], "svg_id": "a-b"},
    {"path": ["a"], "svg_id": "a\n"},
    {"path": ["a"], "svg_id": "é"},
    {"path": ["a"], "svg_id": 1},
    {"path": ["a"], "display": {}},
    {"path": ["a"], "display": ["a"]},
    {"path": ["a"], "display": [{"label": "A"}]},
    {"path": ["a"], "display": [{"locale": "nl"}]},
    {"path": ["a"], "display": [{"locale": "nl", "name": "A"}]},
    {"path": ["a"], "display": [{"locale": "nl", "label": 1}]},
    {"path": ["a"], "display": [{"locale": "n l", "label": "A"}]},
    {"path": ["a"], "display": [{"locale": "", "label": "A"}]},
    {"path": ["a"], "display": [{"locale": "nl\n", "label": "A"}]},
    {"path": ["a"], "display": [{"locale": "nl", "label": "A", "description": 1}]},
    {"path": ["a"], "display": [{"locale": "nl", "label": "A"}, {"locale": "NL", "label": "B"}]},
]


@pytest.mark.parametrize("claim", CLAIM_FAULTS, ids=range(len(CLAIM_FAULTS)))
def test_a_claim_that_does_not_have_the_form_of_one_makes_the_whole_malformed(claim: Any) -> None:
    with pytest.raises(Malformed):
        read(with_claims({"path": ["b"]}, claim))
    with pytest.raises(Malformed):
        read(document(extends=PARENT), document(PARENT, claims=[claim]))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b'"text"',
        b"\xff",
        b'{"vct":"%s","vct":"%s"}' % (PERMIT.encode(), PERMIT.encode()),
        b"[" * 100_000,
        document(name=1),
        document(description=[]),
        document(extends=1),
        document(extends=None),
        json.dumps({"vct": PERMIT, "extends#integrity": "sha256-AAAA"}).encode(),
        json.dumps({"vct": PERMIT, "extends": PARENT, "extends#integrity": 1}).encode(),
        document(display={}),
        document(display=None),
        document(claims={}),
        document(claims=None),
        document(claims=[{"path": ["a"]}, {"path": ["a"], "sd": "never"}]),
        document(claims=[{"path": ["a"], "svg_id": "x"}, {"path": ["b"], "svg_id": "x"}]),
        document(display=[{"name": "A"}]),
        document(display=[{"locale": "nl"}]),
        document(display=[{"locale": "nl", "label": "A"}]),
        document(display=[{"locale": "nl", "name": "A"}] * 2),
        document(display=[{"locale": "nl", "name": "A", "rendering": []}]),
    ],
)
def test_what_is_no_type_metadata_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        read(octets, document(PARENT))


def test_type_named_a_document_is_of_the_type_that_was_asked_for() -> None:
    for other in (PARENT, PERMIT + "/", PERMIT.upper(), ""):
        assert refused(document(other)) is TYPE_NAMED
    assert refused(document(extends=PARENT), document(PERMIT + "x")) is TYPE_NAMED
    with pytest.raises(Malformed):
        read(b"{}")


# -- what is extended -------------------------------------------------------------------------------------------------


def test_what_is_extended_is_inherited_and_overridden_property_by_property() -> None:
    parent = document(
        PARENT,
        name="Parent",
        display=[{"locale": "nl", "name": "Ouder"}, {"locale": "en", "name": "Parent"}],
        claims=[
            {"path": ["a"], "sd": "always", "mandatory": True, "display": [{"locale": "nl", "label": "A"}]},
            {
                "path": ["b", None],
                "display": [{"locale": "nl", "label": "B"}, {"locale": "en", "label": "B"}],
                "svg_id": "b",
            },
        ],
    )
    own = document(
        extends=PARENT,
        claims=[
            {"path": ["b", None], "display": [{"locale": "de", "label": "Beh"}], "sd": "never", "mandatory": True},
            {"path": ["c"], "sd": "always"},
            {"path": ["a"], "sd": "always"},
        ],
    )
    metadata = read(own, parent)
    assert (metadata.extends, metadata.name, metadata.document) == ((PARENT,), None, own)
    assert [one.name for one in metadata.display] == ["Ouder", "Parent"]
    rules: dict[ClaimPath, Any] = {one.path: (one.sd, one.mandatory, one.svg_id) for one in metadata.claims}
    assert rules == {
        ("a",): (Sd.ALWAYS, True, None),
        ("b", None): (Sd.NEVER, True, "b"),
        ("c",): (Sd.ALWAYS, False, None),
    }
    labels = {one.path: [each.name for each in one.display] for one in metadata.claims}
    assert labels == {("a",): ["A"], ("b", None): ["Beh"], ("c",): []}


def test_a_display_of_ones_own_takes_the_place_of_all_that_is_inherited() -> None:
    parent = document(PARENT, display=[{"locale": "nl", "name": "Ouder"}, {"locale": "en", "name": "Parent"}])
    assert [one.name for one in read(document(extends=PARENT, display=[]), parent).display] == []
    own = document(extends=PARENT, display=[{"locale": "nl", "name": "Eigen"}])
    assert [one.name for one in read(own, parent).display] == ["Eigen"]


def test_three_generations_are_merged_from_the_eldest_down() -> None:
    documents = {
        PERMIT: document(extends="urn:b", claims=[{"path": ["x"], "svg_id": "mine"}]),
        "urn:b": document("urn:b", extends="urn:a", claims=[{"path": ["x"], "sd": "never", "svg_id": "theirs"}]),
        "urn:a": document("urn:a", claims=[{"path": ["x"], "mandatory": True, "sd": "allowed"}]),
    }
    metadata = TypeMetadata.read(PERMIT, documents)
    assert metadata.extends == ("urn:b", "urn:a")
    (one,) = metadata.claims
    assert (one.sd, one.mandatory, one.svg_id) == (Sd.NEVER, True, "mine")
    documents[PERMIT] = document(extends="urn:b", claims=[{"path": ["x"], "sd": "always"}])
    with pytest.raises(Rejected) as rejected:
        TypeMetadata.read(PERMIT, documents)
    assert rejected.value.check is SD_KEPT


@pytest.mark.parametrize("above", ["always", "never"])
@pytest.mark.parametrize("own", ["always", "never", "allowed", None])
def test_sd_kept_what_is_settled_above_is_settled_below(above: str, own: str | None) -> None:
    parent = document(PARENT, claims=[{"path": ["a"], "sd": above}])
    child = document(extends=PARENT, claims=[{"path": ["a"], **({} if own is None else {"sd": own})}])
    if own in (above, None):
        assert read(child, parent).claims[0].sd == above
    else:
        assert refused(child, parent) is SD_KEPT


@pytest.mark.parametrize("above", [{}, {"sd": "allowed"}])
@pytest.mark.parametrize("own", ["always", "never", "allowed"])
def test_what_is_left_open_above_may_be_settled_below(above: Any, own: str) -> None:
    parent = document(PARENT, claims=[{"path": ["a"], **above}])
    assert read(document(extends=PARENT, claims=[{"path": ["a"], "sd": own}]), parent).claims[0].sd == own


def test_mandatory_kept_what_is_demanded_above_is_demanded_below() -> None:
    claims: list[tuple[dict[str, Any], dict[str, Any], bool | None]] = [
        ({"mandatory": True}, {"mandatory": False}, None),
        ({"mandatory": True}, {}, True),
        ({"mandatory": True}, {"mandatory": True}, True),
        ({"mandatory": False}, {"mandatory": True}, True),
        ({}, {"mandatory": False}, False),
    ]
    for above, own, outcome in claims:
        parent = document(PARENT, claims=[{"path": ["a"], **above}])
        child = document(extends=PARENT, claims=[{"path": ["a"], **own}])
        if outcome is None:
            assert refused(child, parent) is MANDATORY_KEPT
        else:
            assert read(child, parent).claims[0].mandatory is outcome


def test_extends_integrity_what_is_extended_is_what_was_meant() -> None:
    parent = document(PARENT, name="as meant")

    def child(value: str) -> bytes:
        return document(**{"extends": PARENT, "extends#integrity": value})

    for good in (
        integrity(parent),
        integrity(parent, "sha512"),
        f"{integrity(b'weaker')} {integrity(parent, 'sha384')}",
        f"sha384-{'A' * 64} {integrity(parent, 'sha384')}",
    ):
        assert read(child(good), parent).extends == (PARENT,)
        assert refused(child(good), parent + b" ") is EXTENDS_INTEGRITY
    for bad in ("", "md5-AAAA", integrity(parent).rstrip("="), f"{integrity(parent)} {integrity(b'', 'sha512')}"):
        assert refused(child(bad), parent) is EXTENDS_INTEGRITY
    assert refused(child(integrity(b"not JSON")), b"not JSON?") is EXTENDS_INTEGRITY


def test_type_described_what_is_extended_is_at_hand() -> None:
    assert refused(document(extends=PARENT)) is TYPE_DESCRIBED
    with pytest.raises(Rejected) as rejected:
        TypeMetadata.read(PERMIT, {})
    assert rejected.value.check is TYPE_DESCRIBED


@pytest.mark.parametrize("length", [1, 2, 3, EXTENDS_LIMIT])
def test_extends_once_a_circle_is_refused(length: int) -> None:
    names = [PERMIT, *(f"urn:{number}" for number in range(1, length))]
    circle = {name: document(name, extends=after) for name, after in zip(names, [*names[1:], names[0]], strict=True)}
    with pytest.raises(Rejected) as rejected:
        TypeMetadata.read(PERMIT, circle)
    assert rejected.value.check is EXTENDS_ONCE
    into = {**circle, "urn:in": document("urn:in", extends=PERMIT)}
    if length < EXTENDS_LIMIT:
        with pytest.raises(Rejected) as rejected:
            TypeMetadata.read("urn:in", into)
        assert rejected.value.check is EXTENDS_ONCE


def chain(length: int, **members: Any) -> dict[str, bytes]:
    made = {f"urn:{one}": document(f"urn:{one}", extends=f"urn:{one + 1}", **members) for one in range(length)}
    return {**made, f"urn:{length}": document(f"urn:{length}")}


def test_a_chain_ends_within_its_limit() -> None:
    assert len(TypeMetadata.read("urn:0", chain(EXTENDS_LIMIT)).extends) == EXTENDS_LIMIT
    with pytest.raises(Malformed, match="extends more than"):
        TypeMetadata.read("urn:0", chain(EXTENDS_LIMIT + 1))


def test_hostile_documents_cost_little() -> None:
    started = time.process_time()
    many = [{"path": ["a", number]} for number in range(CLAIMS_LIMIT)]
    read(document(claims=many))
    for octets in (
        document(claims=[*many, {"path": ["b"]}]),
        document(claims=[{"path": ["a"], "display": [{"locale": "nl", "label": "x"}] * 5000}]),
        document(name="x" * (1 << 20)),
        document(
            display=[{"locale": "nl", "name": "A", "rendering": {"simple": {"logo": {"uri": "data:" + "," * 900_000}}}}]
        ),
        document(display=[{"locale": "a-" * 400_000, "name": "A"}]),
        document(
            display=[{"locale": "nl", "name": "A", "rendering": {"simple": {"text_color": "rgb(" + " " * 900_000}}}]
        ),
    ):
        with pytest.raises(Malformed):
            read(octets)
    half = [{"path": ["a", number]} for number in range(CLAIMS_LIMIT // 2 + 1)]
    other = [{"path": ["b", number]} for number in range(CLAIMS_LIMIT // 2 + 1)]
    with pytest.raises(Malformed, match="claims"):
        read(document(extends=PARENT, claims=half), document(PARENT, claims=other))
    assert time.process_time() - started < 5


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["path", "sd", "display", "locale", "name", "label", "rendering", "simple", "logo", "uri"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(display=json_values, claims=json_values, extends=json_values, more=json_values)
def test_any_json_is_read_or_refused_by_one_of_our_errors(display: Any, claims: Any, extends: Any, more: Any) -> None:
    octets = document(display=display, claims=claims, extends=extends, x=more)
    with suppress(Malformed, Rejected):
        read(octets)


# -- how it is shown --------------------------------------------------------------------------------------------------


def test_rendering_is_read_and_nothing_of_it_is_fetched() -> None:
    logo = data(b"png")
    metadata = drawn(
        simple={
            "logo": {"uri": logo, "uri#integrity": integrity(b"png"), "alt_text": "Logo"},
            "background_image": {"uri": "https://town.example/b.png", "uri#integrity": "sha256-x"},
            "background_color": "#12107c",
            "text_color": "rgb(255, 255, 255)",
        },
        svg_templates=[
            {"uri": "https://town.example/p.svg", "properties": {"orientation": "portrait", "more": 1}},
            {"uri": "https://town.example/l.svg", "uri#integrity": "x", "properties": {"contrast": "high"}},
        ],
    )
    rendering = metadata.display[0].rendering
    assert rendering is not None
    assert rendering.logo == Image(uri=logo, integrity=integrity(b"png"), alt_text="Logo")
    assert rendering.background_image == Image(uri="https://town.example/b.png", integrity="sha256-x")
    assert (rendering.background_color, rendering.text_color) == ("#12107c", "rgb(255, 255, 255)")
    assert rendering.svg_templates == (
        SvgTemplate(uri="https://town.example/p.svg", properties={"orientation": "portrait"}),
        SvgTemplate(uri="https://town.example/l.svg", integrity="x", properties={"contrast": "high"}),
    )
    assert drawn().display[0].rendering is not None
    assert shown({"locale": "nl", "name": "Vergunning"}).display[0].rendering is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("orientation", "portrait"),
        ("orientation", "landscape"),
        ("color_scheme", "light"),
        ("color_scheme", "dark"),
        ("contrast", "normal"),
        ("contrast", "high"),
    ],
)
def test_a_template_is_made_for_what_the_specification_knows(name: str, value: str) -> None:
    rendering = drawn(svg_templates=[{**HTTPS, "properties": {name: value}}]).display[0].rendering
    assert rendering is not None
    assert rendering.svg_templates[0].properties == {name: value}


@pytest.mark.parametrize("color", ["#fff", "#FFFFFF", "rgb(0,0,0)", "rgb( 10%, 0.5% ,100% )", "rgb(-1,300,+5)"])
def test_colours_are_those_of_css(color: str) -> None:
    assert drawn(simple={"text_color": color}).display[0].rendering is not None


HTTPS = {"uri": "https://a.example/x"}
RENDERING_FAULTS: list[Any] = [
    {"simple": []},
    {"simple": {"logo": "https://a.example"}},
    {"simple": {"logo": {}}},
    {"simple": {"logo": {"uri": 1}}},
    *({"simple": {"logo": {"uri": uri}}} for uri in (
        "http://a.example/x", "HTTPS://a.example", "file:///etc/passwd", "javascript:alert(1)", "//a.example", "https://",
        "https:///x", "https://a.example/ x", "https://a.example\\x", "data:text/html,<script>", "data:,x",
        "data:image/png;base64,====", "ftp://a.example", "", "https://a.example/\n",
    ) if uri != "data:image/png;base64,===="),
    {"simple": {"logo": {**HTTPS, "alt_text": 1}}},
    {"simple": {"logo": {**HTTPS, "uri#integrity": 1}}},
    {"simple": {"background_image": {}}},
    *({"simple": {"background_color": color}} for color in (
        "red", "#ff", "#fffff", "#gggggg", "rgb(1,2)", "rgba(1,2,3,4)", "url(https://evil.example)", "#fff;x", "#ff\n",
    )),
    {"simple": {"text_color": "rgb(1,2%,3)"}},
    {"svg_templates": {}},
    {"svg_templates": []},
    {"svg_templates": [{}]},
    {"svg_templates": [1]},
    {"svg_templates": [HTTPS, HTTPS]},
    {"svg_templates": [{**HTTPS, "properties": {}}]},
    {"svg_templates": [{**HTTPS, "properties": {"more": 1}}]},
    {"svg_templates": [{**HTTPS, "properties": {"orientation": "sideways"}}]},
    {"svg_templates": [{**HTTPS, "properties": {"contrast": ["high"]}}]},
    {"svg_templates": [{**HTTPS, "properties": "landscape"}]},
    {"svg_templates": [{"uri": data(b"<svg/>", "image/png")}]},
    {"svg_templates": [{"uri": data(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")}]},
    {"svg_templates": [{"uri": data(b"not xml", "image/svg+xml")}]},
    {"svg_templates": [{"uri": "data:image/svg+xml;base64,!!!!"}]},
    {"simple": {"logo": {"uri": data(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml")}}},
]  # fmt: skip


@pytest.mark.parametrize("rendering", RENDERING_FAULTS, ids=range(len(RENDERING_FAULTS)))
def test_rendering_that_does_not_have_its_form_makes_the_whole_malformed(rendering: Any) -> None:
    with pytest.raises(Malformed):
        drawn(**rendering)


def test_every_language_is_looked_at_whatever_the_one_before_it_says() -> None:
    bad = {"locale": "en", "name": "B", "rendering": {"svg_templates": [{"uri": data(b"<svg/>", "image/svg+xml")}]}}
    with pytest.raises(Malformed):
        shown({"locale": "nl", "name": "A"}, bad)


def test_uri_integrity_a_picture_in_the_metadata_is_the_one_that_is_meant() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><text>{{a}}</text></svg>'
    for name in ("logo", "background_image"):
        octets = document(
            display=[
                {
                    "locale": "nl",
                    "name": "A",
                    "rendering": {"simple": {name: {"uri": data(b"other"), "uri#integrity": integrity(b"png")}}},
                }
            ]
        )
        assert refused(octets) is URI_INTEGRITY
    template = {"uri": data(svg, "image/svg+xml"), "uri#integrity": integrity(svg)}
    known = {"path": ["a"], "svg_id": "a"}

    def of(template: Any, *claims: Any) -> bytes:
        rendering = {"svg_templates": [template]}
        return document(display=[{"locale": "nl", "name": "A", "rendering": rendering}], claims=list(claims))

    read(of(template, known))
    read(of({"uri": "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E"}))
    read(of({"uri": "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'>\n</svg>"}))  # lines may end in it
    assert refused(of({**template, "uri": data(svg + b" ", "image/svg+xml")}, known)) is URI_INTEGRITY
    with pytest.raises(Malformed, match="svg_id"):
        read(of(template))


# -- types and labels -------------------------------------------------------------------------------------------------


def described(**members: Any) -> DescribedType:
    return DescribedType.of(read(document(**members)))


def test_a_type_is_called_as_its_publisher_calls_it_in_the_language_that_is_spoken() -> None:
    def called(*locales: str) -> Mapping[str, str]:
        return described(display=[{"locale": one, "name": one} for one in locales]).label

    assert called("nl", "en") == {"nl": "nl", "en": "en"}
    assert called("en-US", "nl-BE", "nl-NL") == {"nl": "nl-BE", "en": "en-US"}
    assert called("nl-BE", "NL", "en-US", "EN") == {"nl": "NL", "en": "EN"}
    assert called("de", "en-GB") == {"nl": "en-GB", "en": "en-GB"}
    assert called("nld", "de") == {"nl": "nld", "en": "nld"}
    assert described(name="Permit").label == {"nl": "Permit", "en": "Permit"}
    assert described().label == {"nl": PERMIT, "en": PERMIT}


def test_a_claim_is_called_by_its_own_label_or_by_that_of_what_it_lies_in() -> None:
    def label(text: str) -> list[dict[str, str]]:
        return [{"locale": "en", "label": text}]

    permit = described(
        claims=[
            {"path": ["address"], "display": label("Address")},
            {"path": ["address", "town"], "display": label("Town")},
            {"path": ["degrees", None, "field"], "display": label("Field")},
            {"path": ["degrees", 1, "field"], "display": label("Second field")},
            {"path": ["bare"]},
            {"path": ["address", "number"]},
            {"path": ["lists", None], "display": label("Row")},
            {"path": ["lists", 1], "display": label("Second row")},
        ]
    )

    def english(*place: str | int) -> str | None:
        return permit.called(place).get("en")

    assert english("address", "town") == "Town"
    assert english("address", "street", 0) == "Address · street · 0"
    assert english("degrees", 0, "field") == "Field"
    assert english("degrees", 1, "field") == "Second field"
    assert english("degrees", 1) is None
    assert english("address", "number") == "Address · number"
    assert english("lists", 0, "cell") == "Row · cell"
    assert english("lists", 1, "cell") == "Second row · cell"
    assert english("bare") is None
    assert english("unknown") is None


@pytest.mark.parametrize("text", ["a\x1b[2J", "a\u202eb", "a\nb", "a\u3164", "x" * 5000])
def test_a_label_cannot_steer_the_screen_nor_fill_it(text: str) -> None:
    one = described(
        display=[{"locale": "nl", "name": text}],
        claims=[{"path": ["a"], "display": [{"locale": "nl", "label": text}]}],
    )
    below = ("a", text, "x" * 200)
    for label in (one.label["nl"], one.called(("a",))["nl"], one.called(below)["nl"], described(name=text).label["nl"]):
        assert label.isprintable()
        assert "\u3164" not in label
        assert len(label) <= LABEL_LENGTH
        assert label != text


def test_a_label_is_shown_whole_as_long_as_there_is_room() -> None:
    for length in (LABEL_LENGTH - 1, LABEL_LENGTH):
        assert described(name="x" * length).label["en"] == "x" * length
    assert described(name="x" * (LABEL_LENGTH + 1)).label["en"] == "x" * (LABEL_LENGTH - 1) + "…"


# -- a folder ---------------------------------------------------------------------------------------------------------


def folder(path: Path, **files: bytes) -> Path:
    for name, octets in files.items():
        (path / f"{name}.json").write_bytes(octets)
    return path


def test_a_folder_gives_every_type_that_it_describes(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("not looked at")
    types = DescribedType.load(folder(tmp_path, a=document(extends=PARENT), b=document(PARENT, name="Parent")))
    assert set(types) == {PERMIT, PARENT}
    assert types[PERMIT].metadata.extends == (PARENT,)
    assert (types[PERMIT].id, types[PERMIT].attributes, types[PERMIT].register) == (PERMIT, (), "")
    with pytest.raises(TypeError):
        types["x"] = types[PERMIT]  # type: ignore[index]


def test_one_bad_file_and_no_type_is_given(tmp_path: Path) -> None:
    for octets in (b"", b"{}", b'{"vct":1}', document(extends="urn:missing"), document(claims=1)):
        with pytest.raises(EigendataError) as caught:
            DescribedType.load(folder(tmp_path, good=document(PARENT), bad=octets))
        assert caught.value.where
    with pytest.raises(Misuse, match="one document"):
        DescribedType.load(folder(tmp_path, bad=document(PARENT)))


def test_a_folder_that_cannot_be_read_is_misuse(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path / "file"):
        (tmp_path / "file").write_text("x")
        with pytest.raises(Misuse):
            DescribedType.load(path)
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(Misuse):
        DescribedType.load(tmp_path)


def test_a_pipe_in_a_folder_of_type_metadata_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(Misuse, match="not a regular file"):
        type_metadata.DescribedType.load(tmp_path)


def test_a_folder_is_read_within_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        folder(tmp_path, **{f"f{number}": document(f"urn:{number}")})
    assert len(DescribedType.load(tmp_path)) == 5
    size = 5 * len(document("urn:0"))
    monkeypatch.setattr(type_metadata, "FOLDER_LIMIT", size)
    assert len(DescribedType.load(tmp_path)) == 5
    monkeypatch.setattr(type_metadata, "FOLDER_LIMIT", size - 1)
    with pytest.raises(Misuse, match="larger"):
        DescribedType.load(tmp_path)
    monkeypatch.setattr(type_metadata, "FOLDER_LIMIT", size)
    monkeypatch.setattr(type_metadata, "FILES_LIMIT", 5)
    assert len(DescribedType.load(tmp_path)) == 5
    monkeypatch.setattr(type_metadata, "FILES_LIMIT", 4)
    with pytest.raises(Misuse, match="more than"):
        DescribedType.load(tmp_path)
    monkeypatch.undo()
    (tmp_path / "f0.json").write_bytes(document("urn:0").ljust(type_metadata.DOCUMENT_LIMIT))
    assert len(DescribedType.load(tmp_path)) == 5
    (tmp_path / "f0.json").write_bytes(document("urn:0").ljust(type_metadata.DOCUMENT_LIMIT + 1))
    with pytest.raises(Malformed):
        DescribedType.load(tmp_path)
