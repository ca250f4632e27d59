"""How far back: `30d`, `12w`, `6m`, `1y` or a date, as people write it, to a moment."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta

EXPECTED = "expected a span as 30d, 12w, 6m or 1y, or a date as 2026-01-31"
_SPAN = re.compile(r"([1-9]\d{0,4})([dwmy])")


def since(text: str, now: datetime) -> datetime:
    """The moment that a span before `now` began, or midnight (UTC) of a date. Raises: ValueError, for people."""
    found = _SPAN.fullmatch(text.strip().lower())
    try:
        moment = _before(now, int(found[1]), found[2]) if found else _midnight(text.strip())
    except (ValueError, OverflowError):
        raise ValueError(f"{EXPECTED}, got {text!r}") from None
    if moment >= now:
        raise ValueError(f"{EXPECTED}, in the past; got {text!r}")
    return moment


def _before(now: datetime, number: int, unit: str) -> datetime:
    if unit in "dw":
        return now - timedelta(days=number if unit == "d" else 7 * number)
    months = 12 * now.year + now.month - 1 - (number if unit == "m" else 12 * number)
    year, month = divmod(months, 12)
    # A month before the 31st is the last day of a shorter one.
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


def _midnight(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
