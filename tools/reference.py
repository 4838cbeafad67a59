"""Make the reference pages that follow from the code: credential types, checks, reasons and the command line.

    python tools/reference.py            write docs/reference/{credential-types,checks,reasons,command-line}.md
    python tools/reference.py --check    fail where a page differs from what the code says

A check that stands in no section of the page is an error here, so that a new rule cannot stay undocumented.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from typer.main import get_command

import eigendata
from eigendata import cli, fetch, issuer, once, policies, proofs, schemas, status, store, texts, trust, verifier
from eigendata.crypto import iaca, jwe, x509
from eigendata.errors import Check, Reason
from eigendata.formats import FORMATS
from eigendata.formats.sdjwt import type_metadata
from eigendata.model import Attribute, CredentialType, Presence
from eigendata.openid import exchange, haip, request_object, vp
from eigendata.policies import uses
from eigendata.query import ANSWER_CHECKS, FIT_CHECKS
from eigendata.registers.catalogue import CATALOGUE, ENVELOPE
from eigendata.wallet import receiving, sealing, wallet

PAGES = Path(__file__).resolve().parent.parent / "docs/reference"
_MADE = "<!-- Made by tools/reference.py from the code. Do not edit: change the code and run it again. -->"


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join((f"# {title}", "", _MADE, "", *lines)).rstrip() + "\n"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


# -- credential types -------------------------------------------------------------------------------------------------

_PRESENCE = {
    Presence.ALWAYS: "always, and visible in every presentation",
    Presence.PROMISED: "promised",
    Presence.OPTIONAL: "optional",
}


def credential_types() -> str:
    """Give the page of every type and claim."""
    lines = [
        "Each type is declared once, in `registers/catalogue.py`. The register's question, the schemas, the labels and",
        "this page follow from it.",
        "",
        "- **always**: in every credential, and visible in every presentation: it cannot be withheld.",
        "- **promised**: shown only when it is chosen. Where it cannot be told, it is left out and `absent.<claim>` is",
        "  true, the same for every cause; the holder alone is told which.",
        "- **optional**: shown only when it is chosen; there where the register has it.",
        "",
        "A kind is what the value is: `country` is ISO 3166-1 alpha-2, `countries` an array of them (`QU` unknown,",
        "`QS` stateless), `year_month` is `YYYY-MM`, `date` a full date.",
        "",
        "## What every type shares",
        "",
        *_table(("claim", "kind", "nl", "en"), (_named(one) for one in ENVELOPE)),
        "They are present **always**. Besides them every type has `family_name`, `given_name` and `birthdate`, and",
        "`set`: a random number that ties the copies of one session of issuing, by which a verifier sees that several",
        "credentials are about one person.",
        "",
    ]
    for one in CATALOGUE.values():
        lines += _type(one)
    return _page("Credential types", lines)


def _type(one: CredentialType) -> Iterator[str]:
    yield f"## {one.label['en']} (`{one.short}`)"
    yield ""
    yield f"- Type name (`vct`): `{one.id}`"
    yield f"- Dutch name: {one.label['nl']}"
    yield f"- Register: `{one.register}`; a copy is valid for {one.validity.days} days"
    yield f"- Fields that decide whether it is issued at all: {_code(one.gates)}"
    if one.jurisdiction:
        yield f"- `{'.'.join(one.jurisdiction)}` must be a municipality of the issuer's own"
    if one.by_law_only:
        yield "- Shown only to a verifier that a law entitles to it"
    yield f"- No longer true after: {_code(one.withdrawn_on)} (withdrawal is not published yet)"
    yield ""
    own = [each for each in one.attributes if each not in ENVELOPE and each.path[0] != "absent"]
    rows = ((*_named(each), _PRESENCE[each.presence] + _sensitive(each), _code(each.source)) for each in own)
    yield from _table(("claim", "kind", "nl", "en", "presence", "made from"), rows)
    absent = [each.path[1] for each in one.attributes if each.path[0] == "absent"]
    yield f"Claims of which `absent` says that they were left out: {_code(absent)}."
    yield ""


def _named(one: Attribute) -> tuple[str, str, str, str]:
    return f"`{'.'.join(one.path)}`", str(one.kind), one.label["nl"], one.label["en"]


def _sensitive(one: Attribute) -> str:
    return "; the wallet marks it as sensitive" if one.sensitive else ""


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


# -- checks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One door and the checks that are taken at it."""

    title: str
    said: str
    checks: tuple[Check, ...]


def _sections() -> tuple[Section, ...]:
    formats = tuple(
        Section(
            title=f"A credential of the format `{name}`",
            said="Taken for every copy that a wallet receives and every presentation that a verifier gets. Those of "
            "the holder's proof (`KB_...` and `SD_HASH`, `DEVICE_...` and `KEY_AUTHORIZED`) have nothing to look at in "
            "a credential as it was issued, and are waived under `UNBOUND`.",
            checks=tuple(one.checks),
        )
        for name, one in FORMATS.items()
    )
    return (
        *formats,
        Section(
            title="The type metadata of others, when it is read",
            said="A folder of which one document fails one of these gives no types at all. `METADATA_INTEGRITY` and "
            "`CLAIM_...` above then hold each credential against it.",
            checks=type_metadata.CHECKS,
        ),
        Section(
            title="An issuer's certificate chain",
            said="Taken inside `ISSUER_TRUSTED` or `SIGNER_TRUSTED`, where the issuer is found by a chain.",
            checks=x509.CHECKS,
        ),
        Section(
            title="The certificate of a document signer",
            said="Taken inside `SIGNER_TRUSTED`, after those above and before `X509_IN_TIME`: an mdoc is signed by a "
            "certificate for that purpose, right below an issuing authority.",
            checks=iaca.CHECKS,
        ),
        Section(
            title="Trust",
            said="Taken inside `ISSUER_TRUSTED`, `SIGNER_TRUSTED` or `METHOD_TRUSTED` and, for `JURISDICTION`, once "
            "the claims are known. `VERIFIER_LISTED`, `VERIFIER_CHAIN` and `VERIFIER_METHOD` are taken within a signed "
            "request, and `VERIFIER_KNOWN` where a wallet looks up whether a law entitles a verifier.",
            checks=trust.CHECKS,
        ),
        Section(
            title="The verifier: its own request",
            said="Taken first of all (`REQUEST_OURS`, `REQUEST_OF_POLICY`) and for each presentation (`FORMAT_ASKED`).",
            checks=verifier.CHECKS,
        ),
        Section(
            title="Withdrawal",
            said="Taken for each credential once everything else about the answer held: only this goes out to the "
            "network. The list is fetched once for all credentials in it. Waived under `NO_STATUS_CHECK`; there is "
            "nothing to look at where a credential names no list.",
            checks=status.CHECKS,
        ),
        Section(
            title="The answer is complete",
            said="Taken before anything in an answer is opened.",
            checks=ANSWER_CHECKS,
        ),
        Section(
            title="Each credential fits its question",
            said="Taken on the claims that were verified, independently of how the wallet chose them.",
            checks=FIT_CHECKS,
        ),
        Section(
            title="One person behind one answer",
            said="Taken where a policy asks several credentials. One of the two is enough; the other is then not "
            "applicable, and the trail says which way was used.",
            checks=policies.JOIN_CHECKS,
        ),
        Section(
            title="One-time values",
            said="Taken last by a verifier, and by an issuer for each challenge. Waived under `NO_REPLAY_CHECK`.",
            checks=(once.TAKEN,),
        ),
        Section(
            title="The issuer's challenge",
            said="Taken before the proofs of keys are looked at.",
            checks=issuer.CHECKS,
        ),
        Section(
            title="A holder's key proof",
            said="Taken for every proof; all of them hold, or none does.",
            checks=proofs.CHECKS,
        ),
        Section(
            title="The schema of a type",
            said="Taken once before the copies of an attestation are signed, and once before they are stored.",
            checks=schemas.CHECKS,
        ),
        Section(
            title="What a wallet receives",
            said="Taken after every copy was verified; all of it is stored, or nothing. `CHALLENGE_FRESH` is taken "
            "before keys are proven.",
            checks=(wallet.CHALLENGE_FRESH, *receiving.CHECKS),
        ),
        Section(
            title="The vault, and a backup of it",
            said="One check for a wrong passphrase and for a damaged file: telling them apart would help an attacker.",
            checks=sealing.CHECKS,
        ),
        Section(
            title="Messages of OpenID4VP",
            said="Taken when a wallet reads a request (`CLIENT_PREFIX` first, and the other two after the checks of a "
            "signed one, where it is signed), and when a verifier reads an answer.",
            checks=(*vp.REQUEST_CHECKS, vp.ANSWER_SEALED, vp.STATE_RETURNED),
        ),
        Section(
            title="A signed request",
            said="Taken by a wallet, once the request is there and before anything of it is shown. The trust file is "
            "asked after `REQUEST_CERTIFICATE`.",
            checks=request_object.CHECKS,
        ),
        Section(
            title="A sealed answer",
            said="Taken by a verifier between `ANSWER_SEALED` and `STATE_RETURNED`, where its request named a key.",
            checks=jwe.CHECKS,
        ),
        Section(
            title="HAIP 1.0",
            said="Taken on both sides where the profile is chosen: the first two before anything is fetched, the "
            "others of the request itself.",
            checks=haip.CHECKS,
        ),
        Section(
            title="What comes back of an answer",
            said="Taken by a wallet after it posted an answer; the second where a page to go on at came back.",
            checks=exchange.CHECKS,
        ),
        Section(
            title="What a verifier service keeps",
            said="Taken where the service asks its store for a check, a request or a key. What is unknown, taken, "
            "answered or too old is refused alike.",
            checks=store.CHECKS,
        ),
        Section(
            title="A policy file, when it loads",
            said="A policy that fails one of these cannot be used at all.",
            checks=policies.POLICY_CHECKS,
        ),
        Section(
            title="The list of intended uses, when it loads",
            said="The list says what may be asked at most for each purpose.",
            checks=uses.USE_CHECKS,
        ),
        Section(
            title="Going out to the network",
            said="Taken for every request that leaves the machine.",
            checks=fetch.CHECKS,
        ),
    )


def checks() -> str:
    """Give the page of every check, and refuse to where one is left out."""
    sections = _sections()
    shown = {check for section in sections for check in section.checks}
    for module, check in _every_check():
        if check not in shown:
            raise SystemExit(f"{check.name} of {module} stands in no section of tools/reference.py")
    lines = [
        f"Every rule that can reject something, {len(shown)} in all, in the order in which each list is taken. A trail",
        "names each with what became of it: passed, not applicable, or waived. Structure is not here: what breaks it",
        "is `Malformed` before any check. Each check that is taken has a test that breaks only it.",
        "",
        "`RFC 9901` is SD-JWT; `SD-JWT VC` is draft-ietf-oauth-sd-jwt-vc-19; the reasons are explained in",
        "[reasons](reasons.md).",
        "",
    ]
    for section in sections:
        lines += [f"## {section.title}", "", section.said, ""]
        lines += _table(
            ("check", "rule", "clause", "reason"),
            ((f"`{one.name}`", _sentence(one.rule), one.clause, f"`{one.reason}`") for one in section.checks),
        )
    return _page("Checks", lines)


def _every_check() -> Iterator[tuple[str, Check]]:
    for module in walk_packages(eigendata.__path__, "eigendata."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Check):
                yield module.name, value


def _sentence(rule: str) -> str:
    return rule[0].upper() + rule[1:].rstrip(".") + "."


# -- reasons ----------------------------------------------------------------------------------------------------------

_KINDS = (
    (Reason.SIGNATURE_INVALID, "Why something is rejected"),
    (Reason.OTHER_SUBJECT, "Why a side declines"),
    (Reason.NOT_OUR_RESIDENT, "Why an issuer gives no credential, or leaves out a claim"),
)


def reasons() -> str:
    """Give the page of every reason with its sentences."""
    begins: Mapping[Reason, str] = dict(_KINDS)
    lines = [
        "The closed list of reasons. Software acts on the code; people read the sentence. Each sentence says what it",
        "means and what someone can do.",
        "",
    ]
    rows: list[tuple[str, ...]] = []
    for one in Reason:
        if one in begins:
            lines += _table(("reason", "nl", "en"), rows) if rows else ()
            lines += [f"## {begins[one]}", ""]
            rows = []
        rows.append((f"`{one}`", texts.reason(one, "nl"), texts.reason(one, "en")))
    lines += _table(("reason", "nl", "en"), rows)
    return _page("Reasons", lines)


# -- the command line -------------------------------------------------------------------------------------------------

_SAID = (
    "Every command reads files, calls one public door of the library and writes files. `eigendata COMMAND --help` says",
    "the same as this page.",
    "",
    "| exit code | meaning |",
    "|---|---|",
    "| 0 | done, or verified, whatever the advice |",
    "| 1 | rejected or declined, with a [reason](reasons.md); `schemas --check` found drift; a case of `conformance` "
    "that must pass did not; somebody of "
    "`registers check` has no stated outcome |",
    "| 2 | malformed, or misuse: the command was not understood, a file is missing, a secret may be read by others |",
    "| 3 | unavailable: a register, or a file that another process holds, did not answer; nothing was half stored |",
    "| 130, 141 | stopped by Ctrl-C; nobody read on (`\\| head`), so the outcome is not known |",
    "",
    '- `--json` prints one JSON object, also when it fails: `{"error": {"kind", "message", "where"}}`, with',
    "  `reason`, `says` (the sentence in nl and en) and `check` where there are any. Warnings go to standard error.",
    "- A passphrase is asked for, or read from the first line of `--passphrase-file`. It is never an argument.",
    "- A citizen service number comes from standard input (`--bsn -`). Only a number that begins with 9999, which is",
    "  nobody's, may stand on the command line, where other users of the machine see it.",
    "- `--insecure-loopback` allows plain http, to an address on this machine only.",
    "- `--lang` is the language of plain sentences; without it, Dutch where the terminal is Dutch, and else English.",
    "- Types are named by their short names or identifiers: [credential types](credential-types.md). The files are",
    "  described in [files](files.md).",
    "",
)


def command_line() -> str:
    """Give the page of every command and option."""
    lines = list(_SAID)
    for name, command in _commands("eigendata", get_command(cli.app)):
        lines += [f"## `{name}`", "", command.help or "", ""]
        rows = [_option(one) for one in command.params if one.name not in _EVERYWHERE]
        lines += _table(("option", "needed", "what"), rows) if rows else ()
    return _page("Command line", lines)


_EVERYWHERE = ("as_json", "lang", "insecure_loopback", "help")
"""Options that the page explains once."""


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    members = getattr(command, "commands", None)
    if members is None or name == "eigendata wallet":
        yield name, command
    for word, member in sorted((members or {}).items()):
        yield from _commands(f"{name} {word}", member)


def _option(one: Any) -> tuple[str, str, str]:
    says = str(one.help or "").rstrip(".")
    if isinstance(one.default, Enum):
        says += f" ({', '.join(f'`{value}`' for value in type(one.default))}; without it `{one.default}`)"
    elif one.default not in (None, False):
        says += f" (without it `{one.default}`)"
    return f"`{one.opts[0]}`", "yes" if one.required else "", f"{says}."


# -- the files --------------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    made = {
        "credential-types.md": credential_types(),
        "checks.md": checks(),
        "reasons.md": reasons(),
        "command-line.md": command_line(),
    }
    if "--check" not in arguments:
        for name, text in made.items():
            (PAGES / name).write_text(text, "utf-8")
            print(f"docs/reference/{name}")
        return 0
    drifted = [name for name, text in made.items() if _there(PAGES / name) != text]
    print(f"docs/reference: {', '.join(drifted) or 'nothing'} differs from what the code says")
    return 1 if drifted else 0


def _there(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
