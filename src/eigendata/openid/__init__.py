"""The OpenID protocols as state machines without I/O: a message in, a message out.

    vp           OpenID4VP 1.0, both sides: requests by value and by reference, signed or not, and their answers
    haip         HAIP 1.0, as a value that narrows both
    statement    what an asker says of a request in its own words, inside `verifier_info`
    exchange     a wallet's side of it over HTTP, through the fetcher that it is given

Nothing here opens a connection, and nothing here decides whether a credential is genuine.
"""
