"""`registers`: the simulator of the register, and the check of a whole file of persons."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from eigendata.cli import speaking
from eigendata.cli.speaking import LANG, AsJson, Lang, Language
from eigendata.registers.population import Population

if TYPE_CHECKING:
    from eigendata.rehearsal import Outcome

registers = typer.Typer(help="Registers: a simulator, and a check of test persons.", no_args_is_help=True)


@registers.command()
def serve(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port on this machine; 0 takes a free one.")
    ],
    population: Annotated[
        Path | None, typer.Option("--population", help="Other persons than the shipped ones.")
    ] = None,
    api_key_file: Annotated[Path | None, typer.Option("--api-key-file", help="Demand this API key.")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve the BRP simulator on 127.0.0.1 until Ctrl-C. Prints `READY URL` once it answers."""
    from eigendata.web import simulator

    people = Population.shipped() if population is None else Population.load(population)
    key = speaking.read(api_key_file).decode("ascii", "replace").strip() if api_key_file else None

    def ready(url: str) -> None:
        speaking.tell({"ready": url}, as_json=as_json, plainly=lambda: typer.echo(f"READY {url}"))

    with suppress(KeyboardInterrupt):  # that is how it ends
        simulator.serve(simulator.make_simulator(people, api_key=key), port=port, ready=ready)


@registers.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="Persons: the shipped shape, the official wrapper shape, or bare answers.")
    ],
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="Write the table of outcomes as a page, too.")
    ] = None,
    at: Annotated[
        datetime | None, typer.Option("--at", formats=["%Y-%m-%d"], help="The day to pretend it is; today by default.")
    ] = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Take every person of a file through simulator, issue, wallet, request and advice; print the table of outcomes.

    Exit code 1 means that somebody's outcome has no stated reason.
    """
    from eigendata import rehearsal  # it brings the web framework along

    moment = datetime.now(UTC) if at is None else at.replace(hour=12, tzinfo=UTC)
    outcomes = rehearsal.rehearse(Population.load(file), at=moment)
    if markdown is not None:
        speaking.write(markdown, rehearsal.as_markdown(outcomes).encode())
    speaking.tell(rehearsal.as_object(outcomes), as_json=as_json, plainly=lambda: tell(outcomes, lang))
    raise typer.Exit(1 if any(one.result is rehearsal.Result.FAILED for one in outcomes) else 0)


def tell(outcomes: Sequence[Outcome], lang: Language) -> None:
    """Print the table, and under it each reason in plain words."""
    from eigendata import rehearsal

    printed = Table(box=None)
    for heading in ("outcome", "what", "reason", "people"):
        printed.add_column(heading, overflow="fold")  # a narrow terminal breaks a reason, and hides nothing of it
    rows = rehearsal.table(outcomes)
    for row in rows:
        printed.add_row(*map(speaking.printable, (row.result, row.what, row.reason, str(row.people))))
    speaking.console.print(printed)
    speaking.line(f"{len(outcomes)} people", "bold")
    for reason in sorted({row.reason for row in rows if row.reason}):
        speaking.line(f"{reason}: {rehearsal.says(reason, lang)}", "dim")
