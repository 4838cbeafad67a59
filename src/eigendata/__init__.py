"""Self-sovereign identity for the Dutch base registers: issue, hold, disclose and verify.

    Issuer      signs what a register holds, for its own residents
    Wallet      keeps it, and shows only what its holder agrees to
    Verifier    asks, and relies on the answer or refuses it with a reason

The rooms below these names are public too; what is here is what most programs need. Each name is fetched from its room
when it is first used, so that a verifier does not load a wallet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigendata import late

if TYPE_CHECKING:
    from eigendata import policies
    from eigendata.errors import Declined, EigendataError, Malformed, Misuse, Rejected, Unavailable
    from eigendata.fetch import Fetcher
    from eigendata.issuer import Issuer
    from eigendata.model import NO_REPLAY_CHECK, NO_STATUS_CHECK, UNBOUND, Advice, Disclosure
    from eigendata.once import MemoryOnce, SqliteOnce
    from eigendata.openid import vp
    from eigendata.query import Request
    from eigendata.registers import brp
    from eigendata.registers.client import BrpClient
    from eigendata.trust import Trust
    from eigendata.verifier import Verifier
    from eigendata.wallet import Wallet

__all__ = [
    "NO_REPLAY_CHECK",
    "NO_STATUS_CHECK",
    "UNBOUND",
    "Advice",
    "BrpClient",
    "Declined",
    "Disclosure",
    "EigendataError",
    "Fetcher",
    "Issuer",
    "Malformed",
    "MemoryOnce",
    "Misuse",
    "Rejected",
    "Request",
    "SqliteOnce",
    "Trust",
    "Unavailable",
    "Verifier",
    "Wallet",
    "brp",
    "policies",
    "vp",
]

if not TYPE_CHECKING:
    __getattr__ = late.names(
        __name__,
        {
            "errors": ("Declined", "EigendataError", "Malformed", "Misuse", "Rejected", "Unavailable"),
            "fetch": ("Fetcher",),
            "issuer": ("Issuer",),
            "model": ("NO_REPLAY_CHECK", "NO_STATUS_CHECK", "UNBOUND", "Advice", "Disclosure"),
            "once": ("MemoryOnce", "SqliteOnce"),
            "openid.vp": (),
            "policies": (),
            "query": ("Request",),
            "registers.brp": (),
            "registers.client": ("BrpClient",),
            "trust": ("Trust",),
            "verifier": ("Verifier",),
            "wallet": ("Wallet",),
        },
    )


def __dir__() -> list[str]:
    return __all__
