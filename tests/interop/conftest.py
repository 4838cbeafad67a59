"""The processes that are asked, one of each for a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache

import pytest

from tests.interop.oracles import Oracle, node, python


@pytest.fixture(scope="session")
def oracle() -> Iterator[Callable[[str], Oracle]]:
    """Give the process of a script, started when it is first asked for."""
    with ExitStack() as stack:

        @cache
        def started(script: str) -> Oracle:
            return stack.enter_context(closing(node(script) if script.endswith(".mjs") else python(script)))

        yield started
