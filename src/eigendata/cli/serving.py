"""`serve`: the services, each in the foreground until Ctrl-C or a signal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from eigendata.cli import speaking
from eigendata.cli.speaking import AsJson
from eigendata.errors import Misuse

serve = typer.Typer(help="Run a service.", no_args_is_help=True)


@serve.callback()
def services() -> None:
    """Run a service."""


@serve.command("verifier")
def verifier(
    data: Annotated[
        Path | None, typer.Option("--data", help="The folder of its keys; what it lacks is made at the first start.")
    ] = None,
    trust: Annotated[Path | None, typer.Option("--trust", help="The trust file: who may issue what.")] = None,
    public_url: Annotated[
        str | None, typer.Option("--public-url", help="Where wallets and browsers reach it: https://HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on; this machine's own.")] = None,
    insecure_loopback: Annotated[
        bool, typer.Option("--insecure-loopback", help="Allow a public URL of plain http, on this machine alone.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            help="sqlite:///PATH or postgresql+psycopg://... A password is better in EIGENDATA_SERVE_DATABASE.",
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes that answer.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="The settings; eigendata.toml in the data folder by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask wallets and check their answers over OpenID4VP. Prints `READY URL` once it answers.

    Each option may also stand in the settings file or in the environment (EIGENDATA_SERVE_PORT and so on).
    """
    from eigendata.web import settings

    options: dict[str, object] = {
        "data": data,
        "trust": trust,
        "public_url": public_url,
        "port": port,
        "host": host,
        "insecure_loopback": True if insecure_loopback else None,
        "database": database,
        "workers": workers,
    }
    read = settings.read(options, os.environ, file=settings_file, folder=Path())
    try:
        from eigendata.web import verifier_service
    except ModuleNotFoundError as error:
        raise Misuse(
            f"a service needs {error.name}, which is not installed: pip install 'eigendata[server]'"
        ) from error

    def ready(url: str) -> None:
        speaking.tell({"ready": url}, as_json=as_json, plainly=lambda: typer.echo(f"READY {url}"))

    verifier_service.run(read, ready=ready)
