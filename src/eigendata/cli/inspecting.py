"""`inspect`: what is inside a file, unverified; and two sides of one session compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from eigendata import texts
from eigendata.cli import speaking
from eigendata.cli.speaking import LANG, AsJson, Lang, Language
from eigendata.crypto.jose import Jws
from eigendata.encoding import Json, b64url_decode, json_dumps, json_loads, thaw
from eigendata.errors import EigendataError, Malformed, within

_SHORTEST_MDOC: Final = 256
"""Characters of a text that may be an mdoc: its certificate alone is longer."""


def attach(app: typer.Typer) -> None:
    app.command()(inspect)


def inspect(
    file: Annotated[
        Path, typer.Argument(help="A token, or any file that these commands write; `-` reads it from standard input.")
    ],
    transcript: Annotated[
        Path | None,
        typer.Option(
            "--transcript",
            help="Compare what two sides believe of a session, each in JSON: FILE and this one. A request is one.",
        ),
    ] = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Show what a token says, or why two sides sign another session. Nothing is verified, and it says so."""
    if transcript is not None:
        _compare(file, transcript, lang=lang, as_json=as_json)
        return
    inside = unverified(speaking.read(file))
    if as_json:
        typer.echo(json_dumps({"verified": False, "content": inside}).decode())
        return
    speaking.line("UNVERIFIED: anyone can write this. Use `verify` to know whether it is true.", "bold red")
    for one in json.dumps(thaw(inside), indent=2, ensure_ascii=False).split("\n"):
        speaking.line(one)


def unverified(data: bytes) -> Json:
    """Give what a file says, tokens inside it opened.

    Raises:
        Malformed: it is neither a token nor JSON.
    """
    text = data.strip()
    if text[:1] in (b"{", b"["):
        return _opened(json_loads(text, limit=speaking.MAX_FILE_BYTES))
    return _token(text) if text.startswith(b"ey") else _mdoc(data, text)


def _opened(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _opened(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_opened(member) for member in value]
    if isinstance(value, str):
        with suppress(EigendataError):
            if value.count(".") >= 2 and value.startswith("ey"):
                return _token(value.encode())
            if len(value) >= _SHORTEST_MDOC and value.isascii():
                return _mdoc(b"", value.encode())
    return value


def _token(token: bytes) -> Json:
    from eigendata.doctor.tokens import parts  # late: no other command here looks at what is not verified

    jws, disclosures, proof = parts(token)
    inside = _jws(jws)
    if b"~" in token:
        inside["disclosures"] = disclosures
    if proof is not None:
        inside["key_binding"] = _jws(proof)
    return inside


def _jws(jws: Jws) -> dict[str, Json]:
    return {"header": jws.header, "payload": json_loads(jws.payload)}


def _mdoc(data: bytes, text: bytes) -> Json:
    """Take an mdoc apart: the bytes of a file, or its base64url."""
    from eigendata.formats.mdoc.opened import look_inside  # late: CBOR is read for this alone

    with suppress(EigendataError):
        return look_inside(data)
    try:
        return look_inside(b64url_decode(text.decode("ascii", "replace")))
    except Malformed as error:
        raise Malformed("this is neither a token nor JSON") from error


# -- two sides of one session -----------------------------------------------------------------------------------------


def _compare(one: Path, other: Path, *, lang: Language, as_json: bool) -> None:
    from eigendata.doctor.transcripts import Comparison, compare, read_side

    sides = []
    for path in (one, other):
        with within(str(path)):
            sides.append(read_side(speaking.read(path)))
    comparison: Comparison = compare(*sides)
    differences: list[Json] = [
        {
            "member": each.member,
            "first": each.first,
            "second": each.second,
            "why": str(each.why),
            "says": {language: texts.say(f"transcript.{each.why}", language) for language in texts.LANGUAGES},
        }
        for each in comparison.differences
    ]

    def plainly() -> None:
        for path, side in zip((one, other), comparison.sides, strict=True):
            speaking.line(str(path), "bold")
            for line in side.diagnostic:
                speaking.line(f"  {line}")
        for each in comparison.differences:
            speaking.line(f"✗ {each.member}: {each.first} ≠ {each.second}", "yellow")
            speaking.line(f"  {texts.say(f'transcript.{each.why}', lang)}")
        if comparison.same:
            speaking.line(f"✓ {texts.say('transcript.same', lang)}", "green")

    described: list[Json] = [
        {"transcript": side.transcript.hex(), "diagnostic": list(side.diagnostic)} for side in comparison.sides
    ]
    speaking.tell(
        {"same": comparison.same, "sides": described, "differences": differences}, as_json=as_json, plainly=plainly
    )
    if not comparison.same:
        raise typer.Exit(1)
