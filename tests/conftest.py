"""Settings of the whole suite."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

# Both are wall-clock times, which on a busy machine say nothing of a test; what must be quick measures its CPU time.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

if TYPE_CHECKING:
    from tests.postgres import Elsewhere, Server

_DATABASES = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server | Elsewhere]:
    """Give the PostgreSQL of this run; each worker of pytest-xdist that needs one has its own."""
    from tests.postgres import started

    server = started()
    yield server
    server.end()


@pytest.fixture
def postgres_direct(postgres_server: Server | Elsewhere, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give what libpq connects by, to a database that this test alone has."""
    import psycopg

    name = f"eigendata_{os.getpid()}_{next(_DATABASES)}"
    request.node.stash[_NAME] = name
    with psycopg.connect(postgres_server.at("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    yield postgres_server.at(name)
    with psycopg.connect(postgres_server.at("postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def postgres(postgres_server: Server | Elsewhere, postgres_direct: str, request: pytest.FixtureRequest) -> str:
    """Give the URL of a database of PostgreSQL that this test alone has."""
    return postgres_server.url(request.node.stash[_NAME])


_NAME = pytest.StashKey[str]()
