"""A room gives each of its names from the module that has it, which is imported when it is first asked."""

from __future__ import annotations

from types import FunctionType, ModuleType

import pytest

from eigendata import policies, query
from eigendata.formats import FORMATS


@pytest.mark.parametrize("room", [policies, query], ids=lambda room: room.__name__)
def test_every_name_of_a_room_can_be_had_from_it(room: ModuleType) -> None:
    for name in room.__all__:  # by its `__getattr__`
        found = getattr(room, name)
        if isinstance(found, type | FunctionType):
            assert (found.__module__.startswith(f"{room.__name__}."), found.__name__) == (True, name)


def test_every_format_is_had_by_the_name_that_it_has_itself() -> None:
    # the table of `_HOMES`
    assert {name: one.name for name, one in FORMATS.items()} == {name: name for name in FORMATS}
    assert {"dc+sd-jwt", "mso_mdoc"} <= set(FORMATS)
