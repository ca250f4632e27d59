"""Cells of a CSV table: nothing that a spreadsheet would calculate, and numbers as they are."""

from __future__ import annotations

import pytest

from gate.core.cell import cell


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # Values that are no text are written plainly, negative ones too.
        (None, ""),
        (True, "true"),
        (-3, "-3"),
        (-0.5, "-0.5"),
        # Formulas, also behind blanks that some programs take away.
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\r=1", "' =1"),
        (" =1", "' =1"),
        ("\N{NO-BREAK SPACE}=1", "'\N{NO-BREAK SPACE}=1"),
        ("\n=1", "' =1"),
        # Ordinary texts, on one line and without control characters.
        ("a = b", "a = b"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred", "\N{REPLACEMENT CHARACTER}[31mred"),
        ("", ""),
    ],
)
def test_a_cell(value: object, expected: str) -> None:
    """What a spreadsheet shows."""
    assert cell(value) == expected
