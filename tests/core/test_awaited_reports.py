"""Which reports a verdict waits for: declared ones, and those of the last time."""

from __future__ import annotations

import pytest

from gate.core.awaited_reports import Awaited, awaited

UNITS = ("unit-3.11", "unit-3.12")


@pytest.mark.parametrize(
    ("declared", "learnt", "present", "missing", "complete"),
    [
        # Nothing is known: the first report is all there is, until the default branch has shown more.
        ((), (), (), (), False),
        ((), (), ("unit",), (), True),
        # What came the last time comes again; more is welcome.
        ((), UNITS, ("unit-3.11",), ("unit-3.12",), False),
        ((), UNITS, (*UNITS, "new"), (), True),
        # A declared glob stands for the names it had the last time, or else for one report.
        (("unit-*", "integration"), UNITS, ("unit-3.11",), ("integration", "unit-3.12"), False),
        (("unit-*",), (), (), ("unit-*",), False),
        (("unit-*",), (), ("unit-3.13",), (), True),
        # What is not declared any more is not waited for.
        (("integration",), UNITS, ("integration",), (), True),
        (("unit-*",), UNITS, ("integration",), UNITS, False),
    ],
)
def test_what_is_missing(
    declared: tuple[str, ...],
    learnt: tuple[str, ...],
    present: tuple[str, ...],
    missing: tuple[str, ...],
    complete: bool,
) -> None:
    """Each row: what is declared, what came the last time, what is there."""
    found = awaited(declared, learnt, present)

    assert found == Awaited(tuple(sorted(present)), missing)
    assert found.complete is complete


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Awaited((), ()), "no report yet, waiting for the first one"),
        (Awaited((), ("a",)), "no report yet, waiting for a"),
        (Awaited(("a", "b", "c"), ("integration", "z")), "3 of 5 reports, waiting for integration, z"),
        (Awaited(("a",), tuple("bcdef")), "1 of 6 reports, waiting for b, c, d and 2 more"),
        (Awaited(("a",), ()), "1 of 1 reports"),
    ],
)
def test_it_is_said(found: Awaited, text: str) -> None:
    """In the stage of `gate` while it waits."""
    assert found.text == text
