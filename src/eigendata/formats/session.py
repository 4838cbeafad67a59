"""What the binding of a presentation must name, so that a holder's proof fits one verifier and one session alone."""

from __future__ import annotations

from eigendata.errors import Misuse
from eigendata.model import Binding


def require_session(binding: Binding) -> None:
    """Refuse a binding of which a proof would repeat nothing: it would fit every verifier, or every session.

    Raises:
        Misuse: it names no audience or no nonce.
    """
    if not binding.audience or not binding.nonce:
        raise Misuse("a presentation is bound to an audience and a nonce; one of them is not there")


def require_transcript(binding: Binding) -> None:
    """Refuse a binding without the session transcript, which a proof in an mdoc signs.

    Raises:
        Misuse: it has none.
    """
    if not binding.transcript:
        raise Misuse("an mdoc is bound to a session transcript; this binding has none")
