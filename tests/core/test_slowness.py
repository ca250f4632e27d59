"""The sentence on every page while verdicts are late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gate.core.slowness import sentence

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("waiting", "postponed", "expected"),
    [
        (None, None, ""),
        (1, 1, ""),
        (12, None, "Verdicts are late: a pull request has been waiting for a free worker for 12 minutes."),
        (None, 40, "Verdicts are late: GitHub limits what may be asked of it for another 40 minutes."),
        (
            3,
            5,
            (
                "Verdicts are late: a pull request has been waiting for a free worker for 3 minutes,"
                " and GitHub limits what may be asked of it for another 5 minutes."
            ),
        ),
    ],
)
def test_what_is_late_is_said_with_its_cause(
    waiting: int | None, postponed: int | None, expected: str
) -> None:
    """
    What is within two minutes is not.
    """
    since = NOW - timedelta(minutes=waiting) if waiting is not None else None
    until = NOW + timedelta(minutes=postponed) if postponed is not None else None

    assert sentence(NOW, waiting_since=since, postponed_until=until) == expected
