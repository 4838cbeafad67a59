"""Keys, signed tokens and certificates, on `cryptography` and PyNaCl.

    keys   a key and what it can do: verify, sign, be written as a JWK
    jose   a compact JWS taken apart and put together; what it means is for each kind of token to say
    x509   a chain of certificates up to a given anchor, under our own profile

Nothing here knows a token's purpose. A key brings its one algorithm with it; no header chooses one.
"""
