"""The wallet: what a resident holds, and how they show it.

wallet     the face: prove keys, add, consider, disclose, history, back up, restore
consent    what is seen before anything leaves, and agreed to
receiving  what is checked before anything is kept
showing    what leaves
records    what is kept
vault      where it is kept, encrypted; file is what that stands in, backup what carries it elsewhere
"""

from typing import TYPE_CHECKING

from eigendata import late

if TYPE_CHECKING:
    from eigendata.wallet.bookkeeping import Since
    from eigendata.wallet.consent import Choice, Consent, Line, Offered, OverAsked, Proposal, Use, Why
    from eigendata.wallet.records import Delivery, Restored, Shown, ShownCredential
    from eigendata.wallet.sealing import LEAST, MODERATE, Cost
    from eigendata.wallet.wallet import Card, Contents, Wallet

__all__ = [
    "LEAST",
    "MODERATE",
    "Card",
    "Choice",
    "Consent",
    "Contents",
    "Cost",
    "Delivery",
    "Line",
    "Offered",
    "OverAsked",
    "Proposal",
    "Restored",
    "Shown",
    "ShownCredential",
    "Since",
    "Use",
    "Wallet",
    "Why",
]

if not TYPE_CHECKING:
    __getattr__ = late.names(
        __name__,
        {
            "bookkeeping": ("Since",),
            "consent": ("Choice", "Consent", "Line", "Offered", "OverAsked", "Proposal", "Use", "Why"),
            "records": ("Delivery", "Restored", "Shown", "ShownCredential"),
            "sealing": ("LEAST", "MODERATE", "Cost"),
            "wallet": ("Card", "Contents", "Wallet"),
        },
    )
