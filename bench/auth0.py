"""mdoc by @auth0/mdl, where node and the libraries of tests/interop are there: `npm ci` in `tests/interop`.

Another engine has other signatures: what comes out is the ratio to the bare ones of that process (`bench/auth0.mjs`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench import mdoc
from eigendata.encoding import b64url_encode

VERIFY: Final = f"{mdoc.VERIFY}: @auth0/mdl, in its signatures"
ISSUE: Final = f"{mdoc.ISSUE}: @auth0/mdl, in its signatures"
MODULES: Final = Path(__file__).parents[1] / "tests" / "interop" / "node_modules"
PATIENCE: Final = 300  # seconds
_SIZE: Final = 10


def installed() -> str | None:
    """Give the version that is there."""
    package = MODULES / "@auth0" / "mdl" / "package.json"
    if shutil.which("node") is None or not package.is_file():
        return None
    return str(json.loads(package.read_bytes())["version"])


def ratios(setting: mdoc.Setting, *, size: int = _SIZE) -> Mapping[str, Sequence[float]]:
    """Give by round what verifying and issuing take in bare signatures; nothing where it is not installed."""
    if installed() is None:
        return {}
    shown = mdoc.Mdocs.make(setting, size=size).shown
    asked = {
        "modules": str(MODULES),
        "tokens": [one.presentation.hex() for one in shown],
        "transcript": mdoc.BINDING.transcript.hex(),
        "anchor": setting.authority.hex(),
        "signer": setting.signer.hex(),
        "key": {**setting.signer_key.public_key.jwk(), "d": b64url_encode(setting.signer_key.secret()), "kid": "1"},
        "holder": shown[0].key.public_key.jwk(),
        "doctype": mdoc.TYPE.id,
        "claims": mdoc.CLAIMS,
    }
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, str(Path(__file__).with_name("auth0.mjs"))],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    found = json.loads(done.stdout)
    return {VERIFY: found["verify"], ISSUE: found["issue"]}
