"""`eigendata conformance`, as somebody uses it who tries another library."""

from __future__ import annotations

import shlex
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from eigendata import cli, testkit
from eigendata.testkit.case import read

from .conftest import Run

ADAPTER = "import json, sys\nfor line in sys.stdin:\n    print(json.dumps({'verdict': sys.argv[1]}), flush=True)\n"


@pytest.fixture
def adapter(tmp_path: Path) -> str:
    path = tmp_path / "an adapter.py"
    path.write_text(ADAPTER)
    return f"{shlex.quote(sys.executable)} -I {shlex.quote(str(path))}"


def test_this_library_passes_with_exit_code_0(run: Run) -> None:
    done = run("conformance")
    assert done["conforms"] is True
    assert done["must"]["passed"] == done["must"]["cases"] > 300
    assert done["should"]["passed"] == done["should"]["cases"]


def test_a_fresh_kit_is_passed_as_well(run: Run) -> None:
    assert run("conformance", "--fresh")["conforms"] is True


def test_another_library_that_accepts_everything_ends_with_exit_code_1(run: Run, adapter: str) -> None:
    done = run("conformance", "--command", f"{adapter} accept", "--only", "kb-nonce-*", "--junit", "out.xml", code=1)
    assert done["must"]["wrongly_accepted"] == done["must"]["cases"] - 1
    suite = ElementTree.parse("out.xml").getroot()
    assert suite.get("failures") == str(done["must"]["wrongly_accepted"])


def test_what_was_wrongly_accepted_is_told_first(adapter: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["conformance", "--command", f"{adapter} accept", "--only", "kb-nonce-other", "--lang", "nl"])
    told = capsys.readouterr().out.splitlines()
    assert code == 1
    assert told[0].startswith("TEN ONRECHTE AANGENOMEN: 1.")
    assert "kb-nonce-other" in told[1]
    assert told[-1] == "Niet alle gevallen met zwaarte must zijn goed."


def test_whatever_a_command_writes_the_outcome_is_one_object(run: Run) -> None:
    for written in (r"sys.stderr.buffer.write(b'\0\x1b]0;x\7\xff')", r"sys.stdout.buffer.write(b'\0\xff\n')"):
        command = shlex.join((sys.executable, "-I", "-c", f"import sys; {written}; sys.exit(5)"))
        said = run("conformance", "--command", command, "--only", "kb-nonce-*", code=2)
        assert said["error"]["kind"] == "misuse"
        run("conformance", "--each", "--command", command, "--only", "kb-nonce-other", code=1)


def test_a_command_can_be_started_for_each_case(run: Run) -> None:
    command = f"{shlex.quote(sys.executable)} -I -c 'raise SystemExit(3)'"
    done = run("conformance", "--each", "--command", command, "--only", "good-bound", code=1)
    assert done["must"]["unsupported"] == 1


def test_cases_are_listed_and_exported_as_they_are(run: Run) -> None:
    listed = run("conformance", "--list", "--only", "x5c-*")["cases"]
    assert {"good-x5c", "x5c-expired"} <= {one["id"] for one in listed}
    assert run("conformance", "--export", "kit")["cases"] == len(testkit.shipped())
    written = [read(path.read_bytes()) for path in sorted(Path("kit").iterdir())]
    assert sorted(written, key=lambda one: one.id) == sorted(testkit.shipped(), key=lambda one: one.id)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--only", "no-such-case"),
        ("--each",),
        ("--command", "'"),
        ("--command", "/nothing/there"),
        ("--timeout", "0"),
        ("--export", "/dev/null/x"),
    ],
)
def test_what_cannot_be_done_is_misuse(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("conformance", *arguments, code=2)["error"]["kind"] == "misuse"
