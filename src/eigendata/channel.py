"""What binds an answer to its session, for each channel: the only makers of a `Binding` for a session that begins.

A holder's proof repeats the verifier's full identifier and the request's nonce. Who adds a channel adds one function
here; the formats read the fields and know no protocol.
"""

from __future__ import annotations

from eigendata.errors import Misuse
from eigendata.model import Binding


def openid4vp_redirect(*, client_id: str, nonce: str, response_uri: str) -> Binding:
    """Bind to an OpenID4VP session whose answer goes to a URI (redirects and `direct_post`).

    Args:
        client_id: the full client identifier, with its prefix: proofs name it whole (section 14.8).
        nonce: fresh for this request.
        response_uri: where the answer goes.

    Raises:
        Misuse: one of them is empty: what is bound to nothing can be shown to anyone.

    Source: OpenID4VP 1.0 sections 5.2, 14.1.2 and B.3.6.
    """
    if not client_id or not nonce or not response_uri:
        raise Misuse("a session is bound to a client identifier, a nonce and a response URI; one of them is empty")
    return Binding(audience=client_id, nonce=nonce)
