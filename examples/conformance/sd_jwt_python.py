"""The adapter of sd-jwt, the reference implementation of RFC 9901 in Python; the same questions and answers by line.

    eigendata conformance --command "python examples/conformance/sd_jwt_python.py"

The library reads SD-JWT in general. It knows no credential type, no certificate chain and no clock, and leaves those
to its caller; the adapter adds nothing, so that what comes out is what the library does.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier


def answer(question: dict[str, Any]) -> dict[str, Any]:
    if question["anchors"]:
        return {"verdict": "unsupported", "said": "no certificate chains"}
    if question["type_metadata"]:
        return {"verdict": "unsupported", "said": "no type metadata"}
    if question["serialization"] == "json":
        return {"verdict": "unsupported", "said": "it reads the JSON form of an older draft"}
    if question["role"] == "holder":
        return {"verdict": "unsupported", "said": "its class for holders verifies nothing"}

    def key_of(issuer: str, header: dict[str, Any]) -> JWK:
        if issuer != question["issuer"]:
            raise ValueError("the issuer is not trusted")
        return JWK(**question["issuer_key"])

    try:
        verifier = SDJWTVerifier(question["token"], key_of, question["audience"], question["nonce"])
        return {"verdict": "accept", "claims": verifier.get_verified_payload()}
    except Exception as refused:  # noqa: BLE001  # it has no error of its own: whatever it raises is a refusal
        return {"verdict": "reject", "said": f"{type(refused).__name__}: {refused}"}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
