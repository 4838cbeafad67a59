"""`demo` and `schemas`: the story, and the generated descriptions of the credential types."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from eigendata import schemas as describing
from eigendata.cli import speaking
from eigendata.cli.issuing import read_bsn
from eigendata.cli.speaking import LANG, AsJson, Lang
from eigendata.encoding import json_dumps
from eigendata.formats import PREFERRED
from eigendata.registers.catalogue import CATALOGUE
from eigendata.registers.population import STORY_BSN, Population

_STYLES: Final = {"plain": None, "good": "green", "bad": "yellow", "note": "dim", "strong": "bold"}


def attach(app: typer.Typer) -> None:
    app.command()(demo)
    app.command()(schemas)


def demo(
    person: Annotated[
        str, typer.Option("--person", help="Whose story: a test number, or `-` for standard input.")
    ] = STORY_BSN,
    population: Annotated[
        Path | None, typer.Option("--population", help="Other persons than the shipped ones.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", help="dc+sd-jwt, mso_mdoc, mixed (an answer with cards of both), or ldp_vc.")
    ] = PREFERRED,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Tell the whole story on this machine: issue, hold, ask, consent, show, verify, advise, and six attacks.

    Exit code 1 means that an attack succeeded.
    """
    from eigendata import story  # it brings the web framework along, which no other command needs

    people = Population.shipped() if population is None else Population.load(population)
    bsn = person if people.find(person) else read_bsn(person)
    told = []
    with tempfile.TemporaryDirectory(prefix="eigendata-demo-") as folder:
        scenes = story.tell(
            folder=Path(folder),
            clock=lambda: datetime.now(UTC),
            language=lang,
            bsn=bsn,
            population=people,
            telling=format,
        )
        for number, scene in enumerate(scenes, start=1):
            told.append(scene)
            if as_json:
                continue
            speaking.line()
            speaking.line(f"{number}. {scene.title}  ({scene.seconds * 1000:.0f} ms)", "bold cyan")
            for line in scene.lines:
                speaking.line(f"   {line.text}", _STYLES[line.tone])
    if as_json:
        scenes_told = {one.name: {"milliseconds": round(one.seconds * 1000, 1), **one.data} for one in told}
        typer.echo(json_dumps(scenes_told).decode())
    if any(tried == {"refused": False} for one in told if one.name == "attacks" for tried in one.data.values()):
        raise typer.Exit(1)


def schemas(
    check: Annotated[
        bool, typer.Option("--check", help="Only tell whether the committed files are as generated.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Generate the schemas and type metadata of our credential types, or check that nobody changed them by hand."""
    types = CATALOGUE.values()
    if check:
        drifted = describing.drift(types)
        speaking.tell(
            {"drift": list(drifted)},
            as_json=as_json,
            plainly=lambda: speaking.lines(drifted or ("The schemas are as generated.",)),
        )
        raise typer.Exit(1 if drifted else 0)
    written = describing.write(types)
    speaking.tell({"files": written}, as_json=as_json, plainly=lambda: speaking.lines(written))
