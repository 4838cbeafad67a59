"""Every nasty input of at most a mebibyte, and the door that it is meant for. Each is made when asked for."""

from __future__ import annotations

from collections.abc import Iterator

from . import certificates, linked, mdocs, questions, texts, tokens
from .doors import DOORS
from .pieces import Maker


def cases() -> Iterator[tuple[str, str, Maker]]:
    """Give each input: the door it is meant for, what it is, and how it is made."""
    for door in DOORS:
        yield from (
            (door, what, texts.ANYTHING[what])
            for what in (texts.AS_BYTES if door in texts.JSON_DOORS else texts.ANYTHING)
        )
    for door in ("json", *texts.JSON_DOORS):
        yield from (
            (door, f"JSON: {what}", texts.JSON[what])
            for what in (texts.AS_JSON if door in texts.JSON_DOORS else texts.JSON)
        )
    yield from (("cbor", f"CBOR: {what}", make) for what, make in texts.CBOR.items())
    yield from (("COSE", f"COSE: {what}", make) for what, make in texts.COSE.items())
    yield from (("COSE key", f"COSE key: {what}", texts.CBOR[what]) for what in ("a map of numbers", "the same key"))
    yield from (("JSON-LD", f"JSON-LD: {what}", make) for what, make in linked.DOCUMENTS.items())
    for door in ("toml", "policy", "uses", "trust"):
        yield from ((door, f"TOML: {what}", make) for what, make in texts.TOML.items())
    for what, make in tokens.TOKENS.items():
        yield "credential", what, make
        yield "opened", what, make
        yield "presentation", what, lambda make=make: tokens.shown(make())  # type: ignore[misc]
    yield from (("mdoc as shown", what, make) for what, make in mdocs.PRESENTATIONS.items())
    yield from (("mdoc verified", what, make) for what, make in mdocs.SIGNED.items())
    for what, make in mdocs.CREDENTIALS.items():
        yield "mdoc as issued", what, make
        yield "mdoc looked into", f"as issued: {what}", make
    yield from (("mdoc looked into", what, make) for what, make in mdocs.PRESENTATIONS.items())
    yield from (("wire", what, make) for what, make in tokens.forms().items())
    yield from (("chain", what, make) for what, make in certificates.chains().items())
    yield from (("pem", what, make) for what, make in certificates.pems().items())
    yield from (("query", what, make) for what, make in questions.queries().items())
    yield from (("fits", what, make) for what, make in questions.fitting().items())
    yield from (("answered", what, make) for what, make in questions.answering().items())
    yield from (("answer", what, make) for what, make in questions.answers().items())
    yield from certificates.types()
    yield from questions.registers()
    yield from questions.others()
