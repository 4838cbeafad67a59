"""W3C Data Integrity: credentials whose meaning is a set of RDF statements (VC Data Integrity 1.0, VCDM 2.0).

contexts.py   the JSON-LD contexts that are known, never fetched; those of our own types
terms.py      a context -> what its terms stand for
jsonld.py     document -> quads, refusing whatever a reader of the JSON would see otherwise
rdfc.py       quads -> one spelling of them, under a bound
"""
