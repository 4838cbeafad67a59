"""The command line: each command reads files, calls one public door and writes files.

Exit codes: 0 done or verified, 1 rejected or declined, 2 malformed or misuse, 3 unavailable. With `--json` a command
prints one JSON object, also when it fails. A passphrase comes by prompt or `--passphrase-file`, never as an argument;
a BSN comes from standard input (`--bsn -`), and as an argument only where it is a test number.
"""

from __future__ import annotations

import sys

import typer
from typer.exceptions import Abort, Exit, TyperException

from eigendata.cli import issuing, keys, speaking, telling, verifying, wallet
from eigendata.cli.registers import registers
from eigendata.errors import EigendataError

app = typer.Typer(
    name="eigendata",
    help="Regie op eigen gegevens: issue, hold, disclose and verify credentials from the Dutch base registers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
telling.attach(app)
keys.attach(app)
issuing.attach(app)
verifying.attach(app)
app.add_typer(wallet.app, name="wallet")
app.add_typer(registers, name="registers")


def main(arguments: list[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code."""
    as_json = "--json" in arguments
    try:
        app(keys.with_lone_ca(arguments), standalone_mode=False)
    except EigendataError as error:
        return speaking.tell_error(error, as_json=as_json)
    except Exit as ended:
        return ended.exit_code
    except Abort:
        typer.echo("stopped", err=True)
        return 1
    except TyperException as error:
        return speaking.tell_usage(error, as_json=as_json)
    return 0
