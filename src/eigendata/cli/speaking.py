"""How every command reads its files and speaks its outcome: for people in plain lines, for machines as one object."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Final

import typer
from rich.console import Console
from typer.exceptions import TyperException

from eigendata import files, texts
from eigendata.encoding import Json, json_dumps, json_loads, json_object, toml_loads
from eigendata.errors import Declined, EigendataError, Malformed, Misuse, Rejected, Step, Unavailable, within
from eigendata.formats import FORMATS

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
"""Bytes. A file larger than this is none of ours: fifty credentials of ten copies take about two mebibytes."""


class Language(StrEnum):
    NL = "nl"
    EN = "en"


def _language_of_this_terminal() -> Language:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return Language.NL if spoken.lower().startswith("nl") else Language.EN


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, also when it fails.")]
Out = Annotated[Path, typer.Option("--out", help="The file to write.")]
InsecureLoopback = Annotated[
    bool, typer.Option("--insecure-loopback", help="Allow plain http, to an address on this machine only.")
]
TypesFolder = Annotated[
    Path | None,
    typer.Option("--types", help="A folder of type metadata (*.json) of types that others declare; never fetched."),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language of plain sentences.", show_default="your terminal's")]
LANG: Final = _language_of_this_terminal()

console: Final = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def tell(result: Mapping[str, Json], *, as_json: bool, plainly: Callable[[], None]) -> None:
    """Print an outcome: one JSON object, or the plain lines that `plainly` prints."""
    if as_json:
        typer.echo(json_dumps(result).decode())
    else:
        plainly()


def lines(texts: Iterable[str]) -> None:
    for text in texts:
        line(text)


def line(text: str = "", style: str | None = None) -> None:
    """Print a line in which nothing is markup: values of people and registers may hold anything."""
    console.print(printable(text), style=style)


def printable(text: str) -> str:
    """Give a text on one line, without characters that steer a terminal or that cannot be seen."""
    return texts.visible(text)


def exit_code(error: EigendataError) -> int:
    match error:
        case Rejected() | Declined():
            return 1
        case Unavailable():
            return 3
        case _:
            return 2


def tell_error(error: EigendataError, *, as_json: bool, lang: Language = LANG) -> int:
    """Print an error and give the exit code that belongs to it."""
    said = error_object(error)
    if as_json:
        typer.echo(json_dumps({"error": said}).decode())
    else:
        plain = said.get("says")
        if isinstance(plain, Mapping):
            typer.echo(printable(str(plain[lang])), err=True)
        typer.echo(printable(f"{said['kind']}: {error}"), err=True)
        for note in getattr(error, "__notes__", ()):
            typer.echo(printable(note), err=True)
    return exit_code(error)


def error_object(error: EigendataError) -> dict[str, Json]:
    """Give an error as data: its kind, reason, place, and the plain sentences for people."""
    # a message may quote what strangers wrote: not every character of theirs can be written here
    said: dict[str, Json] = {
        "kind": type(error).__name__.lower(),
        "message": texts.visible(error.message, spaces="\n"),
        "where": [printable(part) if isinstance(part, str) else part for part in error.where],
    }
    if isinstance(error, Rejected | Declined):
        said["reason"] = str(error.reason)
        said["says"] = {language: texts.reason(error.reason, language) for language in ("nl", "en")}
    if isinstance(error, Rejected):
        said["check"] = {"name": error.check.name, "clause": error.check.clause}
        said["trail"] = trail_object(error.trail)
    return said


def trail_object(trail: tuple[Step, ...]) -> list[Json]:
    return [{"check": step.check.name, "clause": step.check.clause, "outcome": str(step.outcome)} for step in trail]


def tell_usage(error: TyperException, *, as_json: bool) -> int:
    """Print how a command was misused; always exit code 2."""
    if as_json:
        typer.echo(json_dumps({"error": {"kind": "misuse", "message": error.format_message(), "where": []}}).decode())
    else:
        typer.echo(f"{error.format_message()}\nTry --help after the command.", err=True)
    return 2


def formats_named(names: str) -> tuple[str, ...]:
    """Read `dc+sd-jwt,mso_mdoc` into format identifiers.

    Raises:
        Misuse: one is no format that is known here, or there is none.
    """
    named = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    for name in named:
        if name not in FORMATS:
            raise Misuse(f"the format {name} is not known here; known are {', '.join(FORMATS)}")
    if not named:
        raise Misuse(f"a format is one of {', '.join(FORMATS)}")
    return named


# -- files ------------------------------------------------------------------------------------------------------------


def read(path: Path) -> bytes:
    """Read a file, or standard input where its name is `-`.

    Raises:
        Misuse: there is no such file, or it may not be read.
        Malformed: it is larger than any of ours.
        Unavailable: the disk fails.
    """
    with files.faults("the file", path, "read"):
        if str(path) == "-":
            return _bounded(sys.stdin.buffer, path)
        if str(path).startswith(_OF_THE_SHELL):
            with path.open("rb") as pipe:
                return _bounded(pipe, path)
    return files.read(path, limit=MAX_FILE_BYTES)


_OF_THE_SHELL: Final = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Where what was opened for the command has its names, such as the pipe of `<(pass show vault)`: it has a writer."""


def _bounded(source: IO[bytes], path: Path) -> bytes:
    data = source.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise Malformed(f"the file {path} is larger than {MAX_FILE_BYTES} bytes")
    return data


def read_object(path: Path) -> dict[str, Json]:
    return json_object(read(path), limit=MAX_FILE_BYTES)


def read_json(path: Path) -> Json:
    return json_loads(read(path), limit=MAX_FILE_BYTES)


def read_home(path: Path | None) -> dict[str, Json]:
    """Read the conditions of a home: a JSON object, or TOML where the file is named so."""
    if path is None:
        return {}
    if path.suffix != ".toml":
        return read_object(path)
    with within(str(path)):
        return toml_loads(read(path))


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file whole or not at all; for its owner alone where it is private.

    A device or a pipe is written to, and stays what it is.

    Raises:
        Misuse: no file can be written there.
        Unavailable: the disk is full or fails.
    """
    if os.path.exists(path) and not path.is_file():
        with files.faults("the file", path, "written"), path.open("wb") as device:
            device.write(data)
    else:
        files.write(path, data, mode=files.PRIVATE if private else files.SHARED)


def write_json(path: Path, value: Json, *, private: bool = False) -> None:
    write(path, json_dumps(value) + b"\n", private=private)


def warn(text: str) -> None:
    """Say what the caller should know, beside the outcome; machines read it from standard error too."""
    typer.echo(printable(text), err=True)
