"""Shares for people. Counts are what Gate keeps and compares; per cent is derived here, last, and only for display."""

from __future__ import annotations

from gate.core.comparison import Ratio

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def percent(ratio: Ratio) -> str:
    """`71.4 %`: one decimal, rounded half up, and 0.0 or 100.0 only when that is exactly true.

    Without executable lines there is no share, and the text says so. Source of the rule: `display_covered` of coverage.py.
    """
    if not ratio.executable:
        return "no lines"
    tenths = (2000 * ratio.covered + ratio.executable) // (2 * ratio.executable)
    if 0 < ratio.covered < ratio.executable:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths // 10}.{tenths % 10}{NO_BREAK_SPACE}%"


def change(base: Ratio, head: Ratio) -> str:
    """The difference of two shares in percentage points, `+1.3 pp` or `±0`; empty when one of them is no share.

    It is rounded by itself and may differ by 0.1 from the difference of the rounded shares. Below 0.05 it is `±0`.
    """
    if not (base.executable and head.executable):
        return ""
    # In units of 1 / (base.executable * head.executable), so that nothing is rounded before the end.
    whole = base.executable * head.executable
    difference = head.covered * base.executable - base.covered * head.executable
    tenths = (2000 * abs(difference) + whole) // (2 * whole)
    if not tenths:
        return "±0"
    sign = "+" if difference > 0 else "\N{MINUS SIGN}"
    return f"{sign}{tenths // 10}.{tenths % 10}{NO_BREAK_SPACE}pp"
