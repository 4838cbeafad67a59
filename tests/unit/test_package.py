"""What the package promises as a whole: its public names, its weight, and who may state that something was verified."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

import eigendata
from eigendata.errors import Reason
from tests.negatives import negative

SOURCE = Path(str(files("eigendata")))
PUBLIC = {
    "NO_REPLAY_CHECK", "NO_STATUS_CHECK", "UNBOUND", "Advice", "BrpClient", "Declined", "Disclosure", "EigendataError",
    "Fetcher", "Issuer", "Malformed", "MemoryOnce", "Misuse", "Rejected", "Request", "SqliteOnce", "Trust",
    "Unavailable", "Verifier", "Wallet", "brp", "policies", "vp",
}  # fmt: skip
"""A change here is a change for everyone who embeds the library: it goes through the changelog."""

VERIFIES = {
    *("formats/di/verify.py", "formats/mdoc/verify.py", "formats/sdjwt/verify.py"),
    *("model.py", "proofs.py", "verifier.py"),
}


def test_the_public_names_are_pinned() -> None:
    assert set(eigendata.__all__) == PUBLIC
    assert eigendata.__all__ == sorted(eigendata.__all__, key=lambda name: (not name.isupper(), name))
    assert len(PUBLIC) <= 25
    assert all(getattr(eigendata, name) is not None for name in PUBLIC)
    assert dir(eigendata) == sorted(eigendata.__all__)


def test_a_name_that_is_not_public_is_not_there() -> None:
    assert not hasattr(eigendata, "nothing")


def test_the_roles_come_without_web_network_or_schema_libraries() -> None:
    program = "import sys; from eigendata import Issuer, Wallet, Verifier; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"fastapi", "pydantic", "uvicorn", "typer", "rich", "httpcore", "jsonschema", "hypothesis"}


def test_only_the_rooms_that_verify_hold_the_witness() -> None:
    holders = set()
    for path in SOURCE.rglob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
        if "Witness" in names:
            holders.add(str(path.relative_to(SOURCE)))
    assert holders == VERIFIES


@negative("NEG-API-001")
def test_nothing_swallows_everything_or_lies_in_a_room_without_a_subject() -> None:
    for path in SOURCE.rglob("*.py"):
        assert path.stem not in {"utils", "helpers", "common", "misc", "base", "manager"}
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, path
                last = node.body[-1]
                passed_on = isinstance(last, ast.Raise) and last.exc is None
                assert passed_on or getattr(node.type, "id", "") not in {"Exception", "BaseException"}, path


def test_every_reason_is_given_by_something() -> None:
    code = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.name != "errors.py")
    assert [one.name for one in Reason if f"Reason.{one.name}" not in code] == []


def test_no_name_of_a_room_that_loads_late_is_also_a_module_of_it() -> None:
    rooms = [path.parent for path in SOURCE.rglob("__init__.py") if "late.names(" in path.read_text("utf-8")]
    assert rooms
    for room in rooms:
        named = next(
            ast.literal_eval(node.args[1])
            for node in ast.walk(ast.parse((room / "__init__.py").read_text("utf-8")))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "late.names"
        )
        names = {name for its in named.values() for name in its}
        modules = {*room.glob("*.py"), *(path.parent for path in room.glob("*/__init__.py"))}
        assert not names & {path.stem for path in modules}, room
        package = import_module(".".join(("eigendata", *room.relative_to(SOURCE).parts)))
        assert all(getattr(package, name) is not None for name in names)
        with pytest.raises(AttributeError, match="has no attribute"):
            _ = package.nothing
