"""What another policy says otherwise, as the time line tells it."""

from __future__ import annotations

import pytest

from gate.core.policy import DEFAULT, differences, parse


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", ()),
        ("[coverage]\nminimum = 80", "[coverage]\nminimum = 85", ("coverage.minimum: 80 → 85",)),
        ("", '[gate]\nexclude = ["a", "b"]', ("gate.exclude: [] → [a, b]",)),
        (
            '[gate]\nexclude = ["a"]',
            '[gate]\nexclude = ["a", "b", "c", "d"]',
            ("gate.exclude: [a] → 4 entries",),
        ),
        ("", "[coverage]\nbranches = true", ("coverage.branches: false → true",)),
        ('[tests]\ncommand = "make"', "", ("tests.command: make → empty",)),
        # Addresses and values are nobody's business.
        ("", '[digest]\nrecipients = ["ada@example.org"]', ("digest.recipients: 0 entries → 1 entries",)),
        ("", '[tests.env]\nTOKEN = "x"', ("tests.env: 0 entries → 1 entries",)),
        ("", '[[component]]\nname = "api"\npaths = ["api/"]', ("component api: added",)),
        ('[[component]]\nname = "api"\npaths = ["api/"]', "", ("component api: removed",)),
        (
            '[[component]]\nname = "api"\npaths = ["api/"]',
            '[[component]]\nname = "api"\npaths = ["web/"]\n[component.complexity]\nmaximum = 12',
            ("component api: paths: [api/] → [web/]", "component api: complexity.maximum: 10 → 12"),
        ),
    ],
)
def test_each_key_is_told(before: str, after: str, expected: tuple[str, ...]) -> None:
    """
    Key by key, with the value before and after.
    """
    assert differences(parse(before), parse(after)) == expected


def test_the_default_is_no_difference() -> None:
    """
    A key that says what holds anyway changes nothing.
    """
    assert differences(DEFAULT, parse("[complexity]\nmaximum = 10")) == ()
