"""A world that all tests over HTTP share: to issue to its residents takes longer than to ask them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.site import Site
from tests.world import AISHA, Holder, World


@pytest.fixture(scope="session")
def world() -> World:
    return World.make()


@pytest.fixture(scope="session")
def aisha(world: World) -> Holder:
    return world.holder(AISHA)


@pytest.fixture
def site(world: World, tmp_path: Path) -> Site:
    return Site.make(world, tmp_path)
