"""How far back people ask for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.core.trend import since

NOW = datetime(2028, 2, 29, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30d", datetime(2028, 1, 30, 12, 30, tzinfo=UTC)),
        ("12w", datetime(2027, 12, 7, 12, 30, tzinfo=UTC)),
        ("6m", datetime(2027, 8, 29, 12, 30, tzinfo=UTC)),
        ("3m", datetime(2027, 11, 29, 12, 30, tzinfo=UTC)),
        (" 2Y ", datetime(2026, 2, 28, 12, 30, tzinfo=UTC)),  # there is no 29th
        ("24m", datetime(2026, 2, 28, 12, 30, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
def test_spans_and_dates(text: str, moment: datetime) -> None:
    """
    Months and years go by the calendar; a date is its first moment.
    """
    assert since(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    ["", "1", "y", "0d", "1h", "1.5y", "-3d", "9999y", "99999y", "2026-13-01", "2028-03-01", "last week"],
)
def test_what_is_no_span_is_named(text: str) -> None:
    """
    With what is expected; nothing begins in the future, nor before there were calendars.
    """
    with pytest.raises(ValueError, match=r"expected a span as 30d, 12w, 6m or 1y, or a date") as raised:
        since(text, NOW)

    assert repr(text) in str(raised.value)
