"""The lines of keys in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from gate.core.policy.lines import Key, key_lines, line_of

TEXT = '''\
# [comment]
top = 1
a.b = { x = "}", y = ["]"] } # a = 2
[table]   # header
"quoted key" = """
[not]
a = 1 \\""" """
list = [
  1, # ]
  "[x",
]
'lit' = \'\'\'
x = 2\'\'\'
[[component]]
name = 'a'
[component.coverage]
patch = 1
[[component]]
name = "b\\n"
'''


def test_every_key_and_header_is_found_whatever_stands_around_it() -> None:
    """
    Comments, strings over several lines, nested lists and inline tables do not hide or invent keys.
    """
    tomllib.loads(TEXT)

    lines = key_lines(TEXT)

    assert lines == {
        ("top",): 2,
        ("a",): 3,
        ("a", "b"): 3,
        ("a", "b", "x"): 3,
        ("a", "b", "y"): 3,
        ("a", "b", "y", 0): 3,
        ("table",): 4,
        ("table", "quoted key"): 5,
        ("table", "list"): 8,
        ("table", "list", 0): 9,
        ("table", "list", 1): 10,
        ("table", "lit"): 12,
        ("component", 0): 14,
        ("component", 0, "name"): 15,
        ("component", 0, "coverage"): 16,
        ("component", 0, "coverage", "patch"): 17,
        ("component", 1): 18,
        ("component", 1, "name"): 19,
    }


def test_what_is_inside_something_has_at_least_its_line() -> None:
    """
    A key of an inline table is told with the line of the table.
    """
    lines = key_lines("\ncomplexity = { maximum = 3 }\r\nx = 1")

    assert line_of(lines, ("complexity", "maximum")) == 2
    assert line_of(lines, ("x",)) == 3
    assert line_of(lines, ("nowhere",)) == 1


def test_tables_of_an_array_in_one_value_are_told_apart() -> None:
    """
    Components may be written in one list, and lists over many lines.
    """
    text = "component = [\n { name = 'a', paths = [\n 'x',\n # y\n 'z', ], complexity.maximum = 1 },\n\n { name = 'b' }\n]\nend = 1"
    tomllib.loads(text)

    assert key_lines(text) == {
        ("component",): 1,
        ("component", 0): 2,
        ("component", 0, "name"): 2,
        ("component", 0, "paths"): 2,
        ("component", 0, "paths", 0): 3,
        ("component", 0, "paths", 1): 5,
        ("component", 0, "complexity"): 5,
        ("component", 0, "complexity", "maximum"): 5,
        ("component", 1): 7,
        ("component", 1, "name"): 7,
        ("end",): 9,
    }


def _places(value: object, place: Key = ()) -> Iterator[Key]:
    """Every key and index of a document."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in members:
        yield (*place, key)
        yield from _places(item, (*place, key))


@given(st.text(alphabet="[]{}=.\"'\n#ab1, \\", max_size=30))
def test_every_place_of_any_valid_file_is_found(text: str) -> None:
    """
    Whatever tomllib accepts, its keys are found on one of the lines.
    """
    try:
        content = tomllib.loads(text)
    except ValueError:
        return

    lines = key_lines(text)

    assert {key for key in lines if len(key) <= 6} == {key for key in _places(content) if len(key) <= 6}
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
