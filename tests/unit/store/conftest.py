"""A store in each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eigendata.store import Store
from tests.unit.store.place import Place


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """Give a database that holds nothing, of each kind in turn."""
    place = request.getfixturevalue("file" if request.param == "sqlite" else "server")
    assert isinstance(place, Place)
    return place


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Place]:
    """Give a file that is not there."""
    place = Place(url=f"sqlite:///{tmp_path / 'store.db'}", direct=tmp_path / "store.db")
    yield place
    place.close()


@pytest.fixture
def server(postgres: str, postgres_direct: str) -> Iterator[Place]:
    """Give a database of PostgreSQL that holds nothing."""
    place = Place(url=postgres, direct=postgres_direct)
    yield place
    place.close()


@pytest.fixture
def store(place: Place) -> Store:
    """Give a store of each kind in turn."""
    return place.open()
