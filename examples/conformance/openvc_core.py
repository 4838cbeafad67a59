"""The adapter of openvc-core: one question a line on standard input, one answer a line on standard output.

    eigendata conformance --command "python examples/conformance/openvc_core.py"

As its callers do, the adapter finds the key: that of the trusted issuer, or the one a certificate chain leads to.
"""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from openvc.errors import OpenvcError
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.x5c import resolve_x5c_key


def key_of(question: dict[str, Any], suite: SdJwtVcProofSuite, at: datetime) -> dict[str, Any]:
    issuer, _ = suite.peek_issuer(question["token"])
    if issuer != question["issuer"]:
        raise OpenvcError("the issuer is not trusted")
    if question["issuer_key"]:
        key: dict[str, Any] = question["issuer_key"]
        return key
    encoded = question["token"].partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    anchors = [x509.load_pem_x509_certificate(one.encode()) for one in question["anchors"]]
    found: dict[str, Any] = resolve_x5c_key(header.get("x5c"), issuer, trust_anchors=anchors, now=at)
    return found


def answer(question: dict[str, Any]) -> dict[str, Any]:
    if question["type_metadata"] or question["serialization"] == "json" or question["role"] == "holder":
        return {"verdict": "unsupported", "said": "no type metadata, no JSON form, no check of what an issuer sends"}
    suite, at = SdJwtVcProofSuite(), datetime.fromtimestamp(question["at"], UTC)
    try:
        verified = suite.verify(
            question["token"],
            public_key_jwk=key_of(question, suite, at),
            audience=question["audience"],
            nonce=question["nonce"],
            require_key_binding=question["require_key_binding"],
            expected_vct=question["type"],
            now=at,
        )
    except OpenvcError as refused:
        return {"verdict": "reject", "said": f"{type(refused).__name__}: {refused}"}
    return {"verdict": "accept", "claims": verified.claims}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
