"""The settings of a service: read once, from what the command says, the environment and `eigendata.toml`.

    options of the command   \\
    EIGENDATA_SERVE_<NAME>    >-- the first that says something counts, name by name --> Settings
    eigendata.toml           /

It keeps to itself how each is spelled; nothing else in the package reads the environment or that file. What comes out
is frozen, and refused as a whole where it would not be safe: a service does not start on settings that it half
understands. Secrets print as stars. `docs/reference/settings.md` lists every name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from eigendata import files
from eigendata.encoding import Json, freeze, toml_loads
from eigendata.errors import Malformed, Misuse, within
from eigendata.fetch import Network

T = TypeVar("T")

PREFIX: Final = "EIGENDATA_SERVE_"
FILE: Final = "eigendata.toml"
MAX_FILE: Final = 65_536  # bytes
MAX_WORKERS: Final = 64
MAX_DESKS: Final = 32
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""What a wallet takes for its own machine; other addresses of 127.0.0.0/8 are too, but not to every client."""

_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_MAX_ID: Final = 40


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is not to be printed."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('*****')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often something may be done in a minute, over all workers of this process; 0 is without limit.

    Attributes:
        begin: checks begun, by each API key, and by each address where a page begins them.
        api: other calls by each API key.
        keys: calls without a key that is known, by each address.
        pages: pages and their states, and the document of the API, by each address.
        fetch: requests fetched by wallets, by each address.
        answers: answers posted, by each address.
        errors: answers that say that a wallet will not, by each transaction.
    """

    begin: int = 300
    api: int = 1200
    keys: int = 30
    pages: int = 1200
    fetch: int = 600
    answers: int = 600
    errors: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """What is said of one desk.

    Attributes:
        policies: names of shipped policies, and policy files.
        home: policy -> the conditions under which it is asked where nobody states others.
        residents: the policy that a resident begins at the desk's own page; None: every check begins by the API.
        keys: the folder of its `access.pem` and `access.key`; None: the data folder.
    """

    id: str
    name: str
    policies: tuple[str | Path, ...]
    home: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: MappingProxyType({}))
    residents: str | None = None
    keys: Path | None = None


SHIPPED: Final = ("omgevingsloket/burger", "woningcorporatie/A", "woningcorporatie/B")
"""The policies of a desk that names none: all that ship, but for the one that asks everything for a demonstration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a verifier service runs.

    Attributes:
        data: the folder of its keys, and of its database where that is a file.
        trust: the trust file.
        public_url: where wallets and browsers reach it, without a slash at the end.
        database: an address for SQLAlchemy; it may hold a password.
        trusted_proxies: addresses and networks whose word for the client's address is taken.
        metrics_networks: who may read `/metrics`; never what came through a proxy.
        webhook_networks: networks that are not public, to which webhooks may go all the same.
        grace: seconds that what is in hand gets when the service stops.
    """

    data: Path
    trust: Path
    public_url: str
    host: str
    port: int
    workers: int
    insecure_loopback: bool
    database: Secret
    trusted_proxies: tuple[str, ...]
    metrics_networks: tuple[Network, ...]
    webhook_networks: tuple[Network, ...]
    grace: int
    rates: Rates
    desks: tuple[DeskSettings, ...]

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""

    @property
    def base_path(self) -> str:
        """The path below which everything lies: empty, or it begins with a slash and ends without one."""
        return urlsplit(self.public_url).path

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def read(
    options: Mapping[str, object], environment: Mapping[str, str], *, file: Path | None = None, folder: Path
) -> Settings:
    """Read the settings of a verifier service.

    Args:
        options: what the command line says, by the names in `NAMES`; None where it says nothing.
        environment: of the process; only names that begin with `EIGENDATA_SERVE_` are looked at.
        file: the settings file; where None, `eigendata.toml` in the data folder, if it is there.
        folder: what relative paths of options and environment start from; those in the file start from the file's.

    Raises:
        Misuse: a name is not known, a value is not what it should be, what must be said is not, or the settings
            together would not be safe.
        Malformed: the file is no TOML.
    """
    stated = [
        {name: _Stated(value, folder) for name, value in options.items() if value is not None},
        {name: _Stated(value, folder) for name, value in _of_environment(environment).items()},
    ]
    found = file or (_first(stated, "data", _path, Path()) / FILE)
    document: dict[str, Any] = {}
    if file is not None or found.exists():
        with within(str(found)):
            document = toml_loads(files.read(found, "the settings", limit=MAX_FILE))
            _require_known(document, {"serve", "limits", "desks"})
            stated.append({name: _Stated(value, found.parent) for name, value in _table(document, "serve").items()})
    unknown = sorted({name for said in stated for name in said} - NAMES.keys())
    if unknown:
        raise Misuse(f"there is no setting {unknown[0]}; there are {', '.join(NAMES)}")
    with within(str(found)):
        rates = _rates(_table(document, "limits"))
        desks = _desks(document.get("desks"), found.parent)
    return _settings(stated, rates, desks)


# -- one by one -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stated:
    value: object
    folder: Path  # what a relative path starts from


_Read = Callable[[_Stated], T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One setting: what it is for, and what holds where nobody says anything."""

    says: str
    default: str


NAMES: Final[Mapping[str, Name]] = MappingProxyType(
    {
        "data": Name(says="the folder of keys, and of the database where that is a file", default="must be said"),
        "trust": Name(says="the trust file", default="must be said"),
        "public_url": Name(
            says="where wallets and browsers reach the service; it may have a path",
            default="`http://127.0.0.1:PORT` with `insecure_loopback`; else it must be said",
        ),
        "host": Name(says="the address to listen on", default="`127.0.0.1`"),
        "port": Name(says="the port to listen on; 0 takes a free one", default="`8080`"),
        "workers": Name(says="processes that answer", default="`1`"),
        "insecure_loopback": Name(says="allow a `public_url` of plain http, on this machine alone", default="`false`"),
        "database": Name(
            says="`sqlite:///PATH` or `postgresql+psycopg://...`; it may hold a password, which is never printed",
            default="`verifier.sqlite` in the data folder",
        ),
        "trusted_proxies": Name(
            says="addresses and networks whose `X-Forwarded-For` is believed", default="none: what it says is not read"
        ),
        "metrics_networks": Name(
            says="networks that may read `/metrics`; never through a proxy", default="`127.0.0.0/8`, `::1/128`"
        ),
        "webhook_networks": Name(
            says="networks that are not public, to which webhooks may go all the same", default="none"
        ),
        "grace": Name(says="seconds that what is in hand gets when the service stops", default="`30`"),
    }
)
"""Every setting of the table `[serve]`, of the environment and of the command line."""


def _text(said: _Stated) -> str:
    if not isinstance(said.value, str) or not said.value or not said.value.isprintable():
        raise Misuse("it is a text of one line")
    return said.value


def _path(said: _Stated) -> Path:
    if isinstance(said.value, Path):
        return said.folder / said.value
    return said.folder / _text(said)


def _number(least: int, most: int) -> _Read[int]:
    def read(said: _Stated) -> int:
        value = said.value
        if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value, re.ASCII):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Misuse(f"it is a whole number from {least} to {most}")
        return value

    return read


def _truth(said: _Stated) -> bool:
    known: dict[object, bool] = {"true": True, "false": False}
    value = known.get(said.value, said.value) if isinstance(said.value, str) else said.value
    if not isinstance(value, bool):
        raise Misuse("it is true or false")
    return value


def _texts(said: _Stated) -> tuple[str, ...]:
    value = said.value
    if isinstance(value, str):
        value = [one.strip() for one in value.split(",") if one.strip()]
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        raise Misuse("it is a list of texts")
    return tuple(value)


def _networks(said: _Stated) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one) for one in _texts(said))
    except ValueError as error:
        raise Misuse("it is a list of networks, such as 10.1.0.0/16") from error


def _proxies(said: _Stated) -> tuple[str, ...]:
    return tuple(str(one) for one in _networks(said))


def _first(stated: list[dict[str, _Stated]], name: str, read: _Read[T], otherwise: T | None = None) -> T:
    """Read a setting where it is said first.

    Raises:
        Misuse: its value is not what it should be; or it is said nowhere, and must be.
    """
    for said in stated:
        if name in said:
            try:
                return read(said[name])
            except Misuse as error:
                raise Misuse(f"the setting {name}: {error.message}") from error
    if otherwise is None:
        raise Misuse(f"the setting {name} must be said")
    return otherwise


# -- together ---------------------------------------------------------------------------------------------------------


def _settings(stated: list[dict[str, _Stated]], rates: Rates, desks: tuple[DeskSettings, ...]) -> Settings:
    data = _first(stated, "data", _path)
    port = _first(stated, "port", _number(0, 65_535), 8080)
    insecure = _first(stated, "insecure_loopback", _truth, False)
    own = f"http://127.0.0.1:{port}" if insecure and port else None
    host = _first(stated, "host", _text, "127.0.0.1")
    public = _first(stated, "public_url", _text, own)
    return Settings(
        data=data,
        trust=_first(stated, "trust", _path),
        public_url=_public_url(public, host, insecure=insecure),
        host=host,
        port=port,
        workers=_first(stated, "workers", _number(1, MAX_WORKERS), 1),
        insecure_loopback=insecure,
        database=Secret(_first(stated, "database", _text, f"sqlite:///{(data / 'verifier.sqlite').absolute()}")),
        trusted_proxies=_first(stated, "trusted_proxies", _proxies, ()),
        metrics_networks=_first(
            stated, "metrics_networks", _networks, (ip_network("127.0.0.0/8"), ip_network("::1/128"))
        ),
        webhook_networks=_first(stated, "webhook_networks", _networks, ()),
        grace=_first(stated, "grace", _number(1, 600), 30),
        rates=rates,
        desks=desks or (DeskSettings(id="desk", name=urlsplit(public).hostname or "", policies=SHIPPED),),
    )


def _public_url(url: str, host: str, *, insecure: bool) -> str:
    """Judge where the service says it is.

    Raises:
        Misuse: it is no plain address, or one that would send answers over a network in the clear.
    """
    try:
        parts = urlsplit(url)
        plain = parts.username is None and parts.password is None and parts.port != 0
        named = parts.hostname or ""
    except ValueError as error:
        raise Misuse("the public_url is no URL") from error
    path = re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", parts.path, re.ASCII)
    if not (plain and named and path and url.isascii()) or parts.query or parts.fragment or "?" in url or "#" in url:
        raise Misuse("the public_url is https://HOST, perhaps with a port and a plain path, and nothing else")
    match parts.scheme:
        case "https":
            pass
        case "http" if named not in LOOPBACK_NAMES:
            raise Misuse("the public_url is https: plain http is for this machine alone, with --insecure-loopback")
        case "http" if not insecure:
            raise Misuse("the public_url is plain http: on this machine it is allowed with --insecure-loopback")
        case "http" if not is_loopback(host):
            raise Misuse(f"with a public_url of plain http the service listens on this machine alone, not on {host}")
        case "http":
            pass
        case _:
            raise Misuse("the public_url begins with https://")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# -- limits and desks -------------------------------------------------------------------------------------------------


def _table(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise Malformed(f"{name} is a table")
    return table


def _require_known(table: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        raise Misuse(f"there is no {unknown[0]} here; there are {', '.join(sorted(known))}")


def _rates(table: Mapping[str, Any]) -> Rates:
    _require_known(table, set(Rates.__dataclass_fields__))
    read = _number(0, 10_000_000)
    return Rates(**{name: _first([{name: _Stated(value, Path())}], name, read) for name, value in table.items()})


def _desks(tables: object, folder: Path) -> tuple[DeskSettings, ...]:
    if tables is None:
        return ()
    if not isinstance(tables, list) or not 0 < len(tables) <= MAX_DESKS or not all(isinstance(o, dict) for o in tables):
        raise Malformed(f"desks are tables, [[desks]], at most {MAX_DESKS}")
    desks = tuple(_desk(table, folder, alone=len(tables) == 1) for table in tables)
    for one in ({desk.id for desk in desks}, {desk.keys for desk in desks}):
        if len(one) < len(desks):
            raise Misuse("each desk has an id and a folder of keys of its own")
    return desks


_DESK: Final = {"id", "name", "policies", "home", "residents", "keys"}


def _desk(table: Mapping[str, Any], folder: Path, *, alone: bool) -> DeskSettings:
    _require_known(table, _DESK)
    said = [{name: _Stated(value, folder) for name, value in table.items()}]
    name = _first(said, "id", _text)
    if not _ID.fullmatch(name) or len(name) > _MAX_ID:
        raise Misuse(f"the id of a desk is lower-case letters, digits and single hyphens, at most {_MAX_ID}")
    with within(name):
        named = _first(said, "policies", _texts) if "policies" in table else SHIPPED
        policies = tuple(folder / one if one.endswith(".toml") else one for one in named)
        residents = _first(said, "residents", _text) if "residents" in table else None
        keys = _first(said, "keys", _path) if "keys" in table else None
        if keys is None and not alone:
            raise Misuse("where there are several desks, each says with `keys` where its access.pem and access.key are")
        return DeskSettings(
            id=name,
            name=_first(said, "name", _text),
            policies=policies,
            home=_home(table.get("home", {})),
            residents=residents,
            keys=keys,
        )


def _home(table: object) -> Mapping[str, Mapping[str, Json]]:
    if not isinstance(table, dict) or not all(isinstance(one, dict) for one in table.values()):
        raise Malformed('the conditions of a desk are tables by policy: [desks.home."woningcorporatie/B"]')
    frozen = freeze(table)
    assert isinstance(frozen, Mapping)
    return MappingProxyType({name: one for name, one in frozen.items() if isinstance(one, Mapping)})


def _of_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
