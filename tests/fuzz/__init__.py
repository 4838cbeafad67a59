"""Fuzzing of what reads bytes of strangers, led by what the code does with them: `make fuzz-smoke`.

targets.py     what is fuzzed, and what must hold of any input
corpus/        the inputs from which it starts, made by `python -m tests.fuzz.seeds`; and what it found, kept as a test
__main__.py    runs one target with atheris, which is in an environment of its own
"""
