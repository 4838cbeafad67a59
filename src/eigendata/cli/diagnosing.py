"""`doctor`: why a file is refused, step by step, and who can do what about it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from eigendata.cli import speaking
from eigendata.cli.speaking import LANG, AsJson, Lang, TypesFolder
from eigendata.errors import Misuse
from eigendata.formats.sdjwt.type_metadata import DescribedType
from eigendata.model import legal_time
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import Trust

TRUST_FILE: Final = "trust.toml"
"""The trust file that is taken where none is named: in this folder, or beside the file."""


def attach(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    file: Annotated[Path, typer.Argument(help="Any file that was refused; `-` reads it from standard input.")],
    trust: Annotated[
        Path | None,
        typer.Option("--trust", help=f"Who may issue what; without it {TRUST_FILE} here or beside the file."),
    ] = None,
    request: Annotated[
        Path | None, typer.Option("--request", help="The request that it answers; for proofs, the challenge.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="For another moment than now: 2026-11-20 or 2026-11-20T14:30, Dutch time."),
    ] = None,
    types: TypesFolder = None,
    show_values: Annotated[bool, typer.Option("--show-values", help="Show the values of claims, too.")] = False,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Explain why a file is refused, and who can do what about it.

    Exit code 3 means that nothing wrong was found, and that not everything could be looked at.
    """
    from eigendata import doctor as doctors  # late, with the sentences it needs: no other command does
    from eigendata.cli import reporting

    believing = _trust_file(file) if trust is None else trust
    beside = doctors.Beside(
        at=datetime.now(UTC) if at is None else moment(at),
        trust=None if believing is None else Trust.load(believing),
        request=None if request is None else speaking.read(request),
        types={**({} if types is None else DescribedType.load(types)), **CATALOGUE},
    )
    given = speaking.read(file) if str(file) == "-" else None
    report = doctors.examine_file(file, beside) if given is None else doctors.examine(given, beside)
    speaking.tell(
        reporting.report_object(report, str(file), believing, show_values=show_values),
        as_json=as_json,
        plainly=lambda: reporting.tell_report(report, str(file), believing, lang, show_values=show_values),
    )
    raise typer.Exit(reporting.exit_code(report.verdict))


def moment(text: str) -> datetime:
    """Read a moment of ISO 8601; Dutch time where it states no zone.

    Raises:
        Misuse: it is none.
    """
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo is not None else read.replace(tzinfo=legal_time())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Misuse("--at is a moment such as 2026-11-20 or 2026-11-20T14:30:00+01:00") from error


def _trust_file(file: Path) -> Path | None:
    for found in (Path(TRUST_FILE), file.parent / TRUST_FILE):
        if os.path.isfile(found):  # unlike `Path`, it knows an answer for every name
            # a trust file is not needed to examine itself, and may be the very one that cannot be read
            return None if os.path.exists(file) and os.path.samefile(found, file) else found
    return None
