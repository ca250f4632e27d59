"""A value as a cell of a CSV table that people open in a spreadsheet."""

from __future__ import annotations

from gate.core.markdown import clean

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula. Source: owasp.org, "CSV Injection"."""


def cell(value: object) -> str:
    """Its text on one line; a text that would be a formula begins with an apostrophe. Nothing for None, `true` for True."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
    text = str(value)
    shown = clean(text)
    # Some take blanks before it away.
    is_formula = text.lstrip(" \N{NO-BREAK SPACE}\n").startswith(_FORMULA) or shown.startswith(_FORMULA)
    return f"'{shown}" if is_formula else shown
