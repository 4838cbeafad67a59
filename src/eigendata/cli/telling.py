"""`demo` and `schemas`: the story, and the generated descriptions of the credential types."""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Final

import typer

from eigendata import schemas as describing
from eigendata import texts
from eigendata.cli import speaking
from eigendata.cli.issuing import read_bsn
from eigendata.cli.speaking import LANG, AsJson, Lang, Language
from eigendata.encoding import Json, json_dumps
from eigendata.errors import Misuse
from eigendata.formats import PREFERRED
from eigendata.registers.catalogue import CATALOGUE
from eigendata.registers.population import STORY_BSN, Population

if TYPE_CHECKING:
    from eigendata.story.counter import Counters
    from eigendata.story.served import Standing

_SERVER: Final = ("alembic", "segno", "sqlalchemy")
"""What a verifier service needs of the extra `server`."""

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
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Tell it without the verifier service, as without the extra `server`.")
    ] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Instead: leave register and verifier service running, until Ctrl-C.")
    ] = False,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Tell the whole story on this machine: issue, hold, ask, consent, show, verify, advise, and six attacks.

    Register, verifier service and wallet speak HTTP with each other; without the extra `server` (`pip install
    'eigendata[server]'`) it is told in one process. Exit code 1 means that an attack succeeded.
    """
    from eigendata import story  # it brings the web framework along, which no other command needs

    people = Population.shipped() if population is None else Population.load(population)
    bsn = person if people.find(person) else read_bsn(person)
    if format not in story.TELLINGS:
        raise Misuse(f"the story is told as one of {', '.join(story.TELLINGS)}")
    if serve:
        if in_process:
            raise Misuse("--serve goes without --in-process")
        _stand(bsn, people, story.TELLINGS[format], lang, as_json=as_json)
        return
    over_http = not in_process and _has_server()
    told = []
    with tempfile.TemporaryDirectory(prefix="eigendata-demo-") as folder:
        scenes = story.tell(
            folder=Path(folder),
            clock=lambda: datetime.now(UTC),
            language=lang,
            bsn=bsn,
            population=people,
            telling=format,
            counters=_served() if over_http else story.in_process,
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
    else:
        speaking.line()
        speaking.line(texts.say("story.over_http" if over_http else "story.in_process", lang), "dim")
    if any(tried == {"refused": False} for one in told if one.name == "attacks" for tried in one.data.values()):
        raise typer.Exit(1)


def _has_server() -> bool:
    """Tell whether what the verifier service needs is installed."""
    return all(find_spec(one) is not None for one in _SERVER)


def _served() -> Counters:
    from eigendata.story import served

    return served.over_http


def _stand(bsn: str, people: Population, formats: tuple[str, ...], lang: Language, *, as_json: bool) -> None:
    """Leave register and service running, and say what to open, until Ctrl-C."""
    if not _has_server():
        raise Misuse("the verifier service is not installed: pip install 'eigendata[server]'")
    from eigendata.story.served import standing

    with (
        tempfile.TemporaryDirectory(prefix="eigendata-demo-") as folder,
        standing(Path(folder), clock=lambda: datetime.now(UTC), bsn=bsn, population=people, formats=formats) as there,
    ):
        stop = Event()
        for one in (signal.SIGINT, signal.SIGTERM):  # what is on the disk goes too, however often they come
            signal.signal(one, lambda *_: stop.set())
        data: dict[str, Json] = {
            "ready": there.page,
            "service": there.service,
            "register": there.register,
            "api_key_file": str(there.api_key),
            "policy": there.policy,
            "vault": str(there.settled.vault),
            "passphrase_file": str(there.settled.passphrase),
            "trust": str(there.settled.trust),
        }
        speaking.tell(
            data,
            as_json=as_json,
            plainly=lambda: speaking.lines(
                (
                    texts.say("story.serve_register", lang, url=there.register),
                    texts.say("story.serve_page", lang, url=there.page),
                    texts.say("story.serve_answer", lang),
                    *(f"  {shlex.join(one)}" for one in _commands(there)),
                    texts.say("story.serve_stop", lang),
                )
            ),
        )
        sys.stdout.flush()
        stop.wait()


def _commands(there: Standing) -> tuple[tuple[str, ...], ...]:
    """Give the commands that ask and answer at what stands there."""
    settled, link = there.settled, str(there.settled.vault.parent / "link")
    opening = ("--vault", str(settled.vault), "--passphrase-file", str(settled.passphrase))
    asking = ("--server", there.service, "--api-key-file", str(there.api_key), "--out", link)
    knowing = ("--trust", str(settled.trust), "--insecure-loopback")
    return (
        ("eigendata", "request", "--policy", there.policy, *asking),
        ("eigendata", "wallet", *opening, "present", "--request", link, *knowing),
    )


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
