"""How verdicts speak."""

from __future__ import annotations

import pytest

from gate.core.verdict.wording import counted, places, short_name, title


@pytest.mark.parametrize(
    ("text", "more", "wanted"),
    [
        ("A title.", 0, "A title"),
        ("Two\n lines", 2, "Two lines, and 2 more"),
        ("x" * 120, 0, "x" * 120),
        ("x" * 121, 0, "x" * 119 + "…"),
        ("x" * 121, 12, "x" * 106 + "…, and 12 more"),
    ],
)
def test_titles_are_one_line_of_at_most_120_characters(text: str, more: int, wanted: str) -> None:
    """
    What does not fit is cut; how many more there are is kept.
    """
    assert title(text, more=more) == wanted
    assert len(wanted) <= 120


def test_long_names_keep_their_end() -> None:
    """
    The end tells a function from its siblings.
    """
    assert short_name("Class.method") == "Class.method"
    assert short_name("a" * 90 + ".method").endswith(".method")
    assert len(short_name("a" * 90)) == 70


def test_counts_agree_with_their_nouns() -> None:
    """
    One line, two lines.
    """
    assert [counted(count, "line") for count in (0, 1, 2)] == ["0 lines", "1 line", "2 lines"]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([], ""),
        ([("a.py", ())], ""),
        ([("a.py", (3,))], "a.py 3"),
        ([("a.py", (1, 2, 3, 5)), ("b.py", (9, 10))], "a.py 1-3, 5; b.py 9-10"),
        (
            [("a.py", tuple(range(1, 27, 2)))],
            "a.py 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23; and 1 more place",
        ),
        (
            [("a.py", tuple(range(1, 40, 2)))],
            "a.py 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23; and 8 more places",
        ),
    ],
)
def test_lines_are_told_as_ranges(files: list[tuple[str, tuple[int, ...]]], wanted: str) -> None:
    """
    After a dozen ranges only their number is told.
    """
    assert places(files) == wanted
