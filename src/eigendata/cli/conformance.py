"""`conformance`: the kit of good and broken tokens, tried with this library or with any other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from eigendata.cli import speaking
from eigendata.cli.speaking import LANG, AsJson, Lang
from eigendata.errors import Misuse

if TYPE_CHECKING:
    from eigendata.testkit.case import Case
    from eigendata.testkit.runner import Report

_STYLES: Final = {"plain": None, "good": "green", "bad": "bold red", "strong": "bold"}


def attach(app: typer.Typer) -> None:
    app.command()(conformance)


def conformance(
    command: Annotated[
        str | None,
        typer.Option("--command", help="The adapter of another implementation; without it this library is tried."),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Start the command for each case, and take its exit status: 0, 1 or 3.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Cases by id, such as `kb-*`; may be given several times.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds for one case.", min=0.1, max=600)] = 10.0,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Make the cases anew for this moment, for who cannot be told the time."),
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="Only say which cases there are.")] = False,
    export: Annotated[Path | None, typer.Option("--export", help="Only write the cases, into this folder.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write the outcome as JUnit XML too.")] = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Try an implementation of SD-JWT VC with good and deliberately broken tokens.

    Exit code 0 means that every case of severity `must` passed, 1 that one did not.
    """
    from eigendata import testkit
    from eigendata.testkit import making, report, runner

    if each and command is None:
        raise Misuse("--each says how a command is asked; there is no --command")
    whole = making.make(datetime.now(UTC)) if fresh else testkit.shipped()
    cases = testkit.chosen(whole, only or ())
    if listed:
        _tell_cases(cases, as_json=as_json)
        return
    if export is not None:
        _export(cases, export, as_json=as_json)
        return
    if command is None:
        done = runner.run(cases, runner.Own(), name="eigendata")
    else:
        done = _asked(cases, command, each=each, timeout=timeout)
    if junit is not None:
        speaking.write(junit, report.as_junit(done).encode())

    def plainly() -> None:
        for text, tone in report.lines(done, lang):
            speaking.line(text, _STYLES[tone])

    speaking.tell(report.as_object(done), as_json=as_json, plainly=plainly)
    raise typer.Exit(0 if done.conforms else 1)


def _asked(cases: tuple[Case, ...], command: str, *, each: bool, timeout: float) -> Report:
    from eigendata.testkit import runner
    from eigendata.testkit.command import Each, Lines, split

    words = split(command)
    if each:
        return runner.run(cases, Each(words, timeout), name=command)
    with Lines(words, timeout) as lines:
        return runner.run(cases, lines, name=command)


def _tell_cases(cases: tuple[Case, ...], *, as_json: bool) -> None:
    def plainly() -> None:
        for one in cases:
            speaking.line(f"{one.expect}  {one.severity:<6}  {one.id}  ({one.clause})  {one.title}")

    listed = [
        {"id": one.id, "expect": one.expect, "severity": one.severity, "clause": one.clause, "title": one.title}
        for one in cases
    ]
    speaking.tell({"cases": listed}, as_json=as_json, plainly=plainly)


def _export(cases: tuple[Case, ...], folder: Path, *, as_json: bool) -> None:
    from eigendata.testkit.case import write

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misuse(f"cannot make the folder {folder}: {error.strerror}") from error
    for one in cases:
        speaking.write(folder / f"{one.id}.txt", write(one))
    speaking.tell(
        {"folder": str(folder), "cases": len(cases)},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{folder}: {len(cases)} cases, a text file each"),
    )
