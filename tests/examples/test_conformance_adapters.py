"""The adapters of the conformance kit are short, and speak its language; stand-ins play the libraries here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eigendata import testkit
from eigendata.encoding import json_dumps, json_object
from eigendata.testkit.case import Case
from tests.given import ROOT

ADAPTERS = ROOT / "examples/conformance"
STAND_INS = {
    "jwcrypto/jwk.py": "def JWK(**members): return members",
    "sd_jwt/verifier.py": """
class SDJWTVerifier:
    def __init__(self, token, key_of, audience, nonce):
        assert key_of("https://issuer.kit.example", {})["kty"] == "EC"
        if token.count("~") < 2: raise KeyError("typ")
        self.get_verified_payload = lambda: {"audience": audience, "nonce": nonce}
""",
    "openvc/errors.py": "class OpenvcError(Exception): pass",
    "openvc/x5c.py": """
def resolve_x5c_key(chain, issuer, *, trust_anchors, now):
    assert len(chain) == len(trust_anchors) == 1 and now.year == 2026
    return {"kty": "EC"}
""",
    "openvc/proof/sd_jwt.py": """
from types import SimpleNamespace
from openvc.errors import OpenvcError
class SdJwtVcProofSuite:
    def peek_issuer(self, token): return "https://issuer.kit.example", None
    def verify(self, token, *, public_key_jwk, audience, nonce, require_key_binding, expected_vct, now):
        assert public_key_jwk["kty"] == "EC" and now.year == 2026 and expected_vct and require_key_binding
        if token.count("~") < 2: raise OpenvcError("no")
        return SimpleNamespace(claims={"audience": audience, "nonce": nonce})
""",
}
CASES = {one.id: one for one in testkit.shipped()}


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("libraries")
    for name, text in STAND_INS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for above in path.relative_to(folder).parents[:-1]:
            (folder / above / "__init__.py").touch()
    return folder


def answers(adapter: Path, stand_ins: Path, *cases: Case) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, str(adapter)],
        input=b"".join(json_dumps(one.question()) + b"\n" for one in cases),
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(stand_ins)},
    )
    assert done.returncode == 0, done.stderr
    return [dict(json_object(line)) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("adapter", sorted(ADAPTERS.glob("*.py")), ids=lambda path: path.stem)
def test_an_adapter_answers_what_it_is_asked(adapter: Path, stand_ins: Path) -> None:
    good, none_shown, issued = CASES["good-bound"], CASES["good-nothing-shown"], CASES["good-issued"]
    found = answers(adapter, stand_ins, good, none_shown, issued, CASES["good-json-flattened"])
    assert found[0] == {"verdict": "accept", "claims": {"audience": good.audience, "nonce": good.nonce}}
    assert [one["verdict"] for one in found[1:]] == ["reject", "unsupported", "unsupported"]


def test_a_chain_is_for_the_library_that_knows_chains(stand_ins: Path) -> None:
    (with_chain,) = answers(ADAPTERS / "openvc_core.py", stand_ins, CASES["good-x5c"])
    (without,) = answers(ADAPTERS / "sd_jwt_python.py", stand_ins, CASES["good-x5c"])
    assert (with_chain["verdict"], without["verdict"]) == ("accept", "unsupported")


def test_an_adapter_is_read_in_a_minute() -> None:
    adapters = sorted(ADAPTERS.iterdir())
    assert len(adapters) >= 2
    for path in adapters:
        assert path.suffix != ".py" or len(path.read_text("utf-8").splitlines()) < 60, path
