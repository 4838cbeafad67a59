"""The doctor: why a file is refused, step by step, and what each can do about it; or that nothing is wrong with it.

    path --read--> bytes --recognise--> Specimen --examine--> Report

examining.py     the one door: a path or bytes in, a report out
findings.py      what an examination finds, as data; what to do about it, by the role that can
recognising.py   what a file is, and what came over it on its way
tokens.py        one token: the real door, and the same door under one changed circumstance
explaining.py    from the check that failed to causes that people can act on
certificates.py  why a chain leads to no anchor
messages.py      one token, what an issuer sent, an answer
asking.py        requests, queries, challenges, proofs of keys
standing.py      certificates, keys, trust files, policies, issuers' folders, vaults, metadata

It verifies nothing by itself: every verdict is that of the door that a wallet, a verifier or an issuer goes through. It
never goes out to a network, writes nothing, and opens no vault. Of a claim it names the path and never the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigendata import late

if TYPE_CHECKING:
    from eigendata.doctor.examining import examine, examine_file
    from eigendata.doctor.findings import Report
    from eigendata.doctor.messages import Beside

__all__ = ["Beside", "Report", "examine", "examine_file"]

if not TYPE_CHECKING:
    __getattr__ = late.names(
        __name__,
        {"examining": ("examine", "examine_file"), "findings": ("Report",), "messages": ("Beside",)},
    )
