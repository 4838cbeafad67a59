"""The OpenID protocols as state machines without I/O: a message in, a message out.

    vp           OpenID4VP 1.0: a request by value, unsigned, and its answer as form and as file
    statement    what an asker says of a request in its own words, inside `verifier_info`

Nothing here opens a connection, and nothing here decides whether a credential is genuine.
"""
