"""The command line: each command reads files, calls one public door and writes files.

Exit codes: 0 done or verified, 1 rejected or declined, 2 malformed or misuse, 3 unavailable; 130 where Ctrl-C ended it.
With `--json` a command prints one JSON object, also when it fails. A passphrase comes by prompt or
`--passphrase-file`, never as an argument; a BSN comes from standard input (`--bsn -`), and as an argument only where it
is a test number.
"""

from __future__ import annotations

import io
import os
import sys
from itertools import pairwise
from typing import Final

import typer
from typer.exceptions import Abort, TyperException

from eigendata.cli import (
    asking,
    conformance,
    diagnosing,
    inspecting,
    issuing,
    keys,
    presenting,
    serving,
    speaking,
    telling,
    trusting,
    verifying,
    wallet,
)
from eigendata.cli.registers import registers
from eigendata.cli.speaking import Language
from eigendata.errors import EigendataError, Misuse, Unavailable

app = typer.Typer(
    name="eigendata",
    help="Regie op eigen gegevens: issue, hold, disclose and verify credentials from the Dutch base registers.",
    epilog="Exit codes: 0 done or verified, 1 rejected or declined, 2 malformed or misuse, 3 something did not answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
telling.attach(app)
keys.attach(app)
trusting.attach(app)
issuing.attach(app)
asking.attach(app)
verifying.attach(app)
inspecting.attach(app)
conformance.attach(app)
diagnosing.attach(app)
presenting.attach(wallet.app)
app.add_typer(wallet.app, name="wallet")
app.add_typer(registers, name="registers")
app.add_typer(serving.serve, name="serve")


INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, as shells have it."""

READER_GONE: Final = 141
"""The exit code where the reader of standard output went away, as shells have it: nothing is known of the outcome."""


def main(arguments: list[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    _settle_streams(as_json="--json" in given)
    try:
        code = run(given)
    except SystemExit:  # so typer and rich end where nobody reads on: `| head`
        code = READER_GONE
    except OSError as error:
        code = _tell_unwritable(error)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code."""
    as_json = "--json" in arguments
    try:
        _require_text(arguments)
        ended = app(keys.with_lone_ca(arguments), standalone_mode=False)
    except EigendataError as error:
        return speaking.tell_error(error, as_json=as_json, lang=_language(arguments))
    except Abort:
        return speaking.tell_error(Misuse("stopped: a question was not answered"), as_json=as_json)
    except TyperException as error:
        return speaking.tell_usage(error, as_json=as_json)
    if ended == INTERRUPTED:
        speaking.tell_error(Misuse("stopped before it was done"), as_json=as_json)
    return ended if isinstance(ended, int) else 0  # a command that ends early gives its code; the others give nothing


def _language(arguments: list[str]) -> Language:
    """Give the language that `--lang` asks for; a command that failed has no other way to say."""
    asked = [value for option, value in pairwise(arguments) if option == "--lang"]
    asked += [option.removeprefix("--lang=") for option in arguments if option.startswith("--lang=")]
    return Language(asked[0]) if asked and asked[0] in set(Language) else speaking.LANG


def _settle_streams(*, as_json: bool) -> None:
    """Let no terminal stop a command: JSON is UTF-8, plain lines lose what cannot be shown, no input is empty."""
    if sys.stdin is None:  # closed by whoever started us
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # for as long as the process runs
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if as_json and stream is sys.stdout:
                stream.reconfigure(encoding="utf-8")
            else:
                stream.reconfigure(errors="replace")


def _tell_unwritable(error: OSError) -> int:
    """Say on standard error that standard output takes nothing more, and let nothing more go there."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return speaking.tell_error(Unavailable(f"standard output: {error.strerror}"), as_json=False)


def _require_text(arguments: list[str]) -> None:
    """Refuse arguments that are no text here: no message could name them, and no file could hold them.

    Raises:
        Misuse: one is not.
    """
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise Misuse("an argument is not text in the encoding of this terminal") from None
