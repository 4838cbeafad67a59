"""Settings: who says something first counts, what is not understood stops the start, and secrets print as stars."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from ipaddress import ip_network
from pathlib import Path

import pytest

from eigendata.errors import EigendataError, Malformed, Misuse
from eigendata.web import settings
from eigendata.web.settings import NAMES, SHIPPED, Rates, Settings

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"
URL = "https://toets.example"
LEAST = {"data": "data", "trust": "trust.toml", "public_url": URL}


def read(
    folder: Path, text: str | None = None, *, environment: dict[str, str] | None = None, **options: object
) -> Settings:
    (folder / "data").mkdir(exist_ok=True)
    if text is not None:
        (folder / "data" / "eigendata.toml").write_text(text)
    said = {name: options.get(name, value) for name, value in LEAST.items()}
    return settings.read({**said, **options}, environment or {}, folder=folder)


def test_what_nobody_says_is_as_the_reference_has_it(tmp_path: Path) -> None:
    read_ = read(tmp_path)
    assert (read_.host, read_.port, read_.workers, read_.grace) == ("127.0.0.1", 8080, 1, 30)
    assert not read_.insecure_loopback
    assert read_.trusted_proxies == ()
    assert read_.webhook_networks == ()
    assert read_.metrics_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert read_.database.reveal() == f"sqlite:///{tmp_path / 'data' / 'verifier.sqlite'}"
    assert read_.trust == tmp_path / "trust.toml"
    assert read_.rates == Rates()
    (desk,) = read_.desks
    assert (desk.policies, desk.name, desk.keys) == (SHIPPED, "toets.example", None)


def test_the_command_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    text = "[serve]\nport = 1\nworkers = 2\nhost = '10.0.0.1'\n"
    environment = {"EIGENDATA_SERVE_PORT": "3", "EIGENDATA_SERVE_WORKERS": "4", "EIGENDATA_OTHER": "not looked at"}
    found = read(tmp_path, text, environment=environment, port=5)
    assert (found.port, found.workers, found.host) == (5, 4, "10.0.0.1")


def test_a_path_in_the_file_starts_from_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, "[serve]\ntrust = 'own.toml'\n", trust=None)
    assert found.trust == tmp_path / "data" / "own.toml"


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        settings.read(LEAST, {}, file=tmp_path / "none.toml", folder=tmp_path)


def test_a_password_of_a_database_is_in_no_repr(tmp_path: Path) -> None:
    found = read(tmp_path, database="postgresql+psycopg://desk:geheim@db.example/desk")
    assert "geheim" not in repr(found)
    assert "geheim" not in f"{found.database} {found.database!r}"
    assert "geheim" in found.database.reveal()


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(FrozenInstanceError):
        read(tmp_path).port = 1  # type: ignore[misc]


# -- where it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://toets.example/", "https://toets.example"),
        ("https://toets.example:8443", "https://toets.example:8443"),
        ("https://gemeente.example/eigen/toets/", "https://gemeente.example/eigen/toets"),
    ],
)
def test_a_public_url_is_kept_without_its_last_slash(tmp_path: Path, url: str, kept: str) -> None:
    assert read(tmp_path, public_url=url).public_url == kept


def test_plain_http_is_for_this_machine_and_only_where_it_was_switched_on(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        assert read(tmp_path, public_url=url, insecure_loopback=True).public_url == url
        with pytest.raises(Misuse, match="--insecure-loopback"):
            read(tmp_path, public_url=url)
        with pytest.raises(Misuse, match="listens on this machine alone"):
            read(tmp_path, public_url=url, insecure_loopback=True, host="0.0.0.0")
    for url in ("http://toets.example", "http://10.0.0.1", "http://127.0.0.1.example", "http://localhost.example"):
        with pytest.raises(Misuse, match="this machine alone"):
            read(tmp_path, public_url=url, insecure_loopback=True)


def test_on_this_machine_the_public_url_follows_from_the_port(tmp_path: Path) -> None:
    found = read(tmp_path, public_url=None, insecure_loopback=True, port=8081)
    assert found.public_url == "http://127.0.0.1:8081"
    with pytest.raises(Misuse, match="public_url must be said"):
        read(tmp_path, public_url=None)
    with pytest.raises(Misuse, match="public_url must be said"):
        read(tmp_path, public_url=None, insecure_loopback=True, port=0)


@pytest.mark.parametrize(
    "url",
    [
        *("toets.example", "ftp://toets.example", "https://", "https://u:p@toets.example", "https://toets.example?a=b"),
        *(
            "https://toets.example#a",
            "https://toets.example/?",
            "https://toets.example//a",
            "https://toets.example:99999",
        ),
        *("https://[::1", "https://toets.example/a b", "https://toets.example/ä", "https://toets.example/%2e%2e"),
    ],
)
def test_a_public_url_is_a_plain_address_and_nothing_else(tmp_path: Path, url: str) -> None:
    with pytest.raises(Misuse, match="public_url"):
        read(tmp_path, public_url=url)


# -- what is not understood stops the start ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[serve]\nprot = 1\n", "there is no setting prot"),
        ("[server]\nport = 1\n", "there is no server here"),
        ("serve = 1\n", "serve is a table"),
        ("[serve]\nport = 70000\n", "the setting port: it is a whole number from 0 to 65535"),
        ("[serve]\nport = true\n", "the setting port"),
        ("[serve]\nport = '0x10'\n", "the setting port"),
        ("[serve]\nworkers = 0\n", "the setting workers"),
        ("[serve]\ngrace = 0\n", "the setting grace"),
        ("[serve]\ninsecure_loopback = 1\n", "the setting insecure_loopback: it is true or false"),
        ("[serve]\ninsecure_loopback = 'yes'\n", "the setting insecure_loopback"),
        ("[serve]\nhost = ''\n", "the setting host: it is a text of one line"),
        ('[serve]\nhost = "a\\nb"\n', "the setting host: it is a text of one line"),
        ("[serve]\nwebhook_networks = ['10.0.0.1/8']\n", "the setting webhook_networks: it is a list of networks"),
        ("[serve]\nwebhook_networks = [1]\n", "the setting webhook_networks: it is a list of texts"),
        ("[serve]\ntrusted_proxies = '*'\n", "the setting trusted_proxies: it is a list of networks"),
        ("[limits]\nanswer = 1\n", "there is no answer here"),
        ("[limits]\nanswers = -1\n", "the setting answers: it is a whole number"),
        ("desks = []\n", "desks are tables"),
        ("[desks]\nid = 'a'\n", "desks are tables"),
        ("[[desks]]\nname = 'A'\n", "the setting id must be said"),
        ("[[desks]]\nid = 'a'\n", "the setting name must be said"),
        ("[[desks]]\nid = 'A'\nname = 'A'\n", "the id of a desk is lower-case"),
        ("[[desks]]\nid = 'a'\nname = 'A'\ncolour = 'red'\n", "there is no colour here"),
        ("[[desks]]\nid = 'a'\nname = 'A'\nhome = 1\n", "the conditions of a desk are tables by policy"),
        ("[[desks]]\nid = 'a'\nname = 'A'\n[[desks]]\nid = 'b'\nname = 'B'\n", "each says with `keys`"),
        (
            "[[desks]]\nid = 'a'\nname = 'A'\nkeys = 'k'\n[[desks]]\nid = 'a'\nname = 'B'\nkeys = 'l'\n",
            "an id and a folder of keys of its own",
        ),
        (
            "[[desks]]\nid = 'a'\nname = 'A'\nkeys = 'k'\n[[desks]]\nid = 'b'\nname = 'B'\nkeys = 'k'\n",
            "an id and a folder of keys of its own",
        ),
        ("[[desks]]\nid = 'a'\nname = 'A'\n" * 33, "at most 32"),
    ],
)
def test_a_file_that_is_half_understood_stops_the_start(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises((Misuse, Malformed)) as stopped:
        read(tmp_path, text)
    assert says in str(stopped.value)


def test_a_name_in_the_environment_that_is_not_known_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="there is no setting prot"):
        read(tmp_path, environment={"EIGENDATA_SERVE_PROT": "1"})


@pytest.mark.parametrize("name", ["data", "trust"])
def test_what_must_be_said_is_asked_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(EigendataError, match=f"the setting {name} must be said"):
        settings.read({**LEAST, name: None}, {}, folder=tmp_path)


# -- several desks ----------------------------------------------------------------------------------------------------


def test_desks_have_policies_keys_and_conditions_of_their_own(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
[[desks]]
id = "wonen"
name = "Woonstichting De Kempen"
keys = "wonen"
policies = ["woningcorporatie/B", "policies/own.toml"]
residents = "woningcorporatie/B"
[desks.home."woningcorporatie/B"]
household_size = [2, 4]
binding = true

[[desks]]
id = "loket"
name = "Gemeente Boxtel"
keys = "/etc/loket"
policies = ["omgevingsloket/burger"]

[limits]
answers = 0
""",
    )
    wonen, loket = found.desks
    assert wonen.policies == ("woningcorporatie/B", tmp_path / "data" / "policies" / "own.toml")
    assert wonen.home == {"woningcorporatie/B": {"household_size": (2, 4), "binding": True}}
    assert (wonen.residents, loket.residents) == ("woningcorporatie/B", None)
    assert (wonen.keys, loket.keys) == (tmp_path / "data" / "wonen", Path("/etc/loket"))
    assert found.rates.answers == 0


# -- the page ---------------------------------------------------------------------------------------------------------


def test_the_reference_page_has_every_setting_with_what_it_is_for_and_its_default() -> None:
    page = REFERENCE.read_text("utf-8")
    for name, one in NAMES.items():
        assert f"| `{name}` | {one.says} | {one.default} |" in page
    for name in Rates.__dataclass_fields__:
        assert f"| `{name}` | " in page
        assert f" | {getattr(Rates(), name)} |" in page
