"""A table of TOML is read strictly: what it holds, how much of it, and where it went wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eigendata.errors import Malformed
from eigendata.policies.tables import MAX_ITEMS, MAX_TEXT, Table, read_toml


def wrong(data: str, read: Callable[[Table], object]) -> tuple[str | int, ...]:
    """Read something that is refused, and give where."""
    with pytest.raises(Malformed) as refused:
        read(read_toml(data.encode()))
    return refused.value.where


def test_a_table_holds_so_many_names_and_no_more() -> None:
    assert len(Table(dict.fromkeys(map(str, range(MAX_ITEMS)))).names()) == MAX_ITEMS
    with pytest.raises(Malformed):
        Table(dict.fromkeys(map(str, range(MAX_ITEMS + 1))))


def test_a_list_holds_so_many_elements_and_no_more() -> None:
    elements = [str(number) for number in range(MAX_ITEMS + 1)]
    assert read_toml(f"a = {elements[1:]}".encode()).texts("a") == tuple(elements[1:])
    assert wrong(f"a = {elements}", lambda table: table.texts("a")) == ()


def test_a_text_has_so_many_characters_and_no_more() -> None:
    assert read_toml(f'a = "{"x" * MAX_TEXT}"'.encode()).text("a") == "x" * MAX_TEXT
    assert wrong(f'a = "{"x" * (MAX_TEXT + 1)}"', lambda table: table.text("a")) == ()


def test_an_error_says_in_which_table_and_at_which_element() -> None:
    assert wrong("a = { b = 1 }", lambda table: table.table("a").all_texts()) == ()
    assert wrong("a = 1", lambda table: table.table("a")) == ("a",)
    assert wrong('a = ["x", 1]', lambda table: table.texts("a")) == ("a", 1)
    assert wrong("a = { nl = 1 }", lambda table: table.by_language("a")) == ("a",)
    assert wrong('a = { xx = "x" }', lambda table: table.by_language("a")) == ("a",)
    assert wrong("a = [{}, 1]", lambda table: table.tables("a")) == ("a", 1)


@pytest.mark.parametrize("element", ["1", '"x"', "[]", "true", "1.5"])
def test_what_is_no_table_is_malformed_where_tables_are_read(element: str) -> None:
    assert wrong(f"a = [{element}]", lambda table: table.tables("a")) == ("a", 0)
