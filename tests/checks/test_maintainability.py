"""The maintainability index in hundredths."""

from __future__ import annotations

import pytest
from radon.metrics import mi_visit

from checks import maintainability
from checks.report import Problem

ORDINARY = '''\
"""Adds."""

LIMIT = 3 * 7


def add(a, b):
    """Two numbers.

    Or more.
    """
    # not above the limit
    return a + b if a + b < LIMIT else -LIMIT
'''


def index(text: str) -> int:
    (quantity,) = maintainability.measure("a.py", text.encode(), {}).quantities
    assert quantity.metric == "maintainability"
    return quantity.value


@pytest.mark.parametrize("text", [ORDINARY, "x = 1\n", "", "# only a comment\n", ORDINARY * 30])
def test_the_index_is_that_of_radon(text: str) -> None:
    """
    Rounded to hundredths; multi-line strings count as comments, as in `radon mi`.
    """
    assert index(text) == round(mi_visit(text, multi=True) * 100)


def test_a_file_without_operators_is_as_maintainable_as_can_be() -> None:
    """
    The index is 100 points where there is nothing to compute.
    """
    assert index("def f(): pass\n") == 10_000


def test_a_broken_file_has_no_index() -> None:
    """
    The problem is that of every other check.
    """
    report = maintainability.measure("a.py", b"x = (\n", {})

    assert (report.quantities, report.problem) == ((), Problem("line 1: '(' was never closed", line=1))
