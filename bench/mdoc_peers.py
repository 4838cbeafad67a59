"""mdoc by other libraries of Python, where they are installed: `pip install --group peers`.

Each verifies the responses that ours is given and issues the same 25 elements, as far as it does that. isomdoc looks at
no chain and at no dates; pymdoccbor at what the issuer signed alone; openvc-core verifies, and keeps no chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from cryptography import x509

from bench import mdoc
from bench.cases import Round
from bench.measure import Case, cpu

PEERS: Final = ("isomdoc", "openvc-core", "pymdoccbor")
EXPLAINED: Final = (
    "Cost, ratio to the bare signatures, and how many times ours with a document signer that was met before. isomdoc",
    "looks at no chain and no dates, pymdoccbor at what the issuer signed alone; openvc-core keeps no chain that it",
    "verified, and issues none. What they are given and asked is in `bench/mdoc_peers.py`.",
)


def installed() -> Mapping[str, str]:
    """Give the versions of the peers that are there."""
    found = {}
    for name in PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peer_cases(setting: mdoc.Setting) -> Iterator[Case[Round]]:
    """Give verifying and issuing by each peer that is there, as far as it does that."""
    makers: Mapping[str, Callable[[mdoc.Setting], Mapping[str, Callable[[Round], float]]]] = {
        "isomdoc": _isomdoc,
        "openvc-core": _openvc,
        "pymdoccbor": _pymdoccbor,
    }
    for name in installed():
        for verb, cost in makers[name](setting).items():
            yield Case(name=f"{verb}: {name}", cost=cost)


def _verifying(verify: Callable[[bytes], object]) -> Callable[[Round], float]:
    return lambda made: cpu(verify, [one.presentation for one in made.mdocs.shown])


def _isomdoc(setting: mdoc.Setting) -> Mapping[str, Callable[[Round], float]]:
    import cbor2
    from isomdoc import create_mdoc, verify_device_response

    transcript = cbor2.loads(mdoc.BINDING.transcript)
    signer, key = x509.load_der_x509_certificate(setting.signer), setting.signer_key.to_cryptography()
    until = setting.at + timedelta(days=14)

    def issue(holder: Any) -> object:
        made = create_mdoc(mdoc.TYPE.id, [signer], key)
        for name, value in mdoc.CLAIMS.items():
            made.add_data_item(mdoc.TYPE.id, name, value)
        return made.generate_credential(holder, setting.at, setting.at, until)

    return {
        mdoc.VERIFY: _verifying(lambda token: verify_device_response(token, transcript)),
        mdoc.ISSUE: lambda made: cpu(issue, [one.key.public_key.to_cryptography() for one in made.mdocs.shown]),
    }


def _openvc(setting: mdoc.Setting) -> Mapping[str, Callable[[Round], float]]:
    from openvc.mdoc import verify_device_response

    anchors = [x509.load_der_x509_certificate(setting.authority)]

    def verify(token: bytes) -> object:
        return verify_device_response(
            token,
            trust_anchors=anchors,
            session_transcript=mdoc.BINDING.transcript,
            now=setting.at,
            expected_doc_type=mdoc.TYPE.id,
        )

    return {mdoc.VERIFY: _verifying(verify)}


def _pymdoccbor(setting: mdoc.Setting) -> Mapping[str, Callable[[Round], float]]:
    from pymdoccbor.mdoc.issuer import MdocCborIssuer
    from pymdoccbor.mdoc.verifier import MdocCbor

    anchors = [x509.load_der_x509_certificate(setting.authority)]
    private = {"KTY": "EC2", "CURVE": "P_256", "ALG": "ES256", "D": setting.signer_key.secret(), "KID": b"issuer"}
    days = {"issuance_date": f"{setting.at:%Y-%m-%d}", "expiry_date": f"{setting.at + timedelta(days=14):%Y-%m-%d}"}

    def verify(token: bytes) -> None:
        found = MdocCbor()
        found.loads(token)
        assert found.verify(trusted_root_certs=anchors)

    def issue(point: bytes) -> object:
        return MdocCborIssuer(private_key=private, alg="ES256").new(
            data={mdoc.TYPE.id: mdoc.CLAIMS},
            doctype=mdoc.TYPE.id,
            validity=days,
            devicekeyinfo={1: 2, -1: 1, -2: point[:32], -3: point[32:]},
            x509_chain=[setting.signer],
        )

    return {
        mdoc.VERIFY: _verifying(verify),
        mdoc.ISSUE: lambda made: cpu(issue, [one.key.public_key.data for one in made.mdocs.shown]),
    }
