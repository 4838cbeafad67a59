"""What the library costs, next to the bare signatures that it cannot do without.

    python -m bench -> rounds of cases.py and peers.py, one after another -> measure.py -> RESULTS.md

CPU time of one thread, cases taking turns within each round, medians: on a machine that others use too, only the ratio
of two figures of the same run says something.
"""
