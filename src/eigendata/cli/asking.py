"""`request`: a verifier asks, by a file of its own or through its verifier service.

--response-uri URI --out FILE            a request by value, unsigned, whose answer comes back as a file
--server URL --api-key-file FILE         a check at the service, and the link by which a wallet answers it
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eigendata import policies
from eigendata.cli import speaking
from eigendata.cli.speaking import AsJson
from eigendata.cli.verifying import Home, Policy, conditions, formats_of, verifier_named
from eigendata.encoding import Json
from eigendata.errors import Misuse
from eigendata.fetch import Fetcher
from eigendata.formats import FORMATS, PREFERRED
from eigendata.openid import vp
from eigendata.query import parse_query
from eigendata.web.calling import Service


class Mode(StrEnum):
    DIRECT_POST = "direct_post"
    DIRECT_POST_JWT = "direct_post.jwt"


class Named(StrEnum):
    """How a verifier is named in its request; the prefixes of OpenID4VP 1.0 section 5.9."""

    X509_HASH = "x509_hash"
    X509_SAN_DNS = "x509_san_dns"
    REDIRECT_URI = "redirect_uri"
    DECENTRALIZED_IDENTIFIER = "decentralized_identifier"


def attach(app: typer.Typer) -> None:
    app.command()(request)


def request(
    policy: Policy = None,
    home: Home = None,
    dcql: Annotated[Path | None, typer.Option("--dcql", help="A plain query instead: no rules and no join.")] = None,
    server: Annotated[
        str | None, typer.Option("--server", help="Your verifier service; plain http on this machine alone.")
    ] = None,
    api_key_file: Annotated[
        Path | None, typer.Option("--api-key-file", help="Read the service's API key from this file's first line.")
    ] = None,
    mode: Annotated[
        Mode | None, typer.Option("--mode", help="How a wallet answers the service: in the open, or encrypted (.jwt).")
    ] = None,
    client_id: Annotated[
        Named | None, typer.Option("--client-id", help="How the service names itself to a wallet.")
    ] = None,
    response_uri: Annotated[
        str | None,
        typer.Option("--response-uri", help="Without a service: where answers go; names the verifier, too."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", help=f"The formats that you take, the preferred first: {', '.join(FORMATS)}."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What you call yourself; a wallet shows it as not proven.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The request, or its link, as a file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask what a policy allows under these conditions, or a plain DCQL query: in a file, or through your service."""
    if (policy is None) == (dcql is None):
        raise Misuse("a request asks by --policy or by --dcql, one of the two")
    if (server is None) == (response_uri is None):
        raise Misuse("a request goes through your service (--server) or into a file (--response-uri), one of the two")
    if server is None:
        if api_key_file or mode or client_id:
            raise Misuse("--api-key-file, --mode and --client-id belong to a --server")
        if out is None:
            raise Misuse("say which file: --out")
        assert response_uri is not None
        _write(response_uri, out, policy, home, format, dcql, name, as_json=as_json)
        return
    if format or name:
        raise Misuse("--format and --name belong to a request without a service: a service has its own")
    if api_key_file is None:
        raise Misuse("the service wants to know who asks: --api-key-file")
    # the address is of whoever types it: that it is this machine's, without TLS, is theirs to choose
    service = Service(server, _key(api_key_file), fetcher=Fetcher(allow_loopback_http=True))
    begun = service.begin(_asked(policy, home, dcql, mode, client_id))
    if out is not None:
        speaking.write(out, begun.link.encode() + b"\n")
    kept: dict[str, Json] = {} if out is None else {"file": str(out)}
    speaking.tell(
        {"id": begun.id, "link": begun.link, "page": begun.page, **kept},
        as_json=as_json,
        plainly=lambda: speaking.lines((begun.link, f"page: {begun.page}", f"check: {begun.id}")),
    )


# -- into a file ------------------------------------------------------------------------------------------------------


def _write(
    response_uri: str,
    out: Path,
    policy: str | None,
    home: Path | None,
    format: str | None,
    dcql: Path | None,
    name: str | None,
    *,
    as_json: bool,
) -> None:
    now = datetime.now(UTC)
    if policy is not None:
        loaded, formats = policies.load(policy), speaking.formats_named(format or PREFERRED)
        verifier = verifier_named(f"redirect_uri:{response_uri}", name=name, policy=loaded, formats=formats)
        asked = verifier.ask(loaded, home=conditions(loaded, home), at=now)
    else:
        assert dcql is not None
        query = parse_query(speaking.read_json(dcql))
        verifier = verifier_named(f"redirect_uri:{response_uri}", name=name, formats=formats_of(query))
        asked = verifier.ask_query(query, at=now)
    speaking.write(out, vp.write_request(asked) + b"\n")
    speaking.tell(
        {"file": str(out), "client_id": verifier.client_id, "policy": asked.policy.id if asked.policy else None},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{out}: give this to the wallet; keep it too, an answer is checked against it."),
    )


# -- through a service ------------------------------------------------------------------------------------------------


def _asked(
    policy: str | None, home: Path | None, dcql: Path | None, mode: Mode | None, client_id: Named | None
) -> dict[str, Json]:
    asked: dict[str, Json] = {}
    if policy is not None:
        asked["policy"] = policy
    if home is not None:
        if policy is None:
            raise Misuse("--home belongs to a --policy")
        asked["home"] = speaking.read_home(home)
    if dcql is not None:
        asked["dcql"] = speaking.read_json(dcql)
    if mode is not None:
        asked["mode"] = str(mode)
    if client_id is not None:
        asked["client_id"] = str(client_id)
    return asked


def _key(file: Path) -> str:
    first = speaking.read(file).partition(b"\n")[0].strip()
    if not first or not first.isascii():
        raise Misuse(f"{file} holds no API key")
    return first.decode("ascii")
