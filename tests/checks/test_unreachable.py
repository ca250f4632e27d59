"""Which missing lines do not count because they cannot run here."""

from __future__ import annotations

import sys

import pytest

from checks.report import FileCoverage
from checks.unreachable import left_out

HERE = (3, 11, 7)


@pytest.mark.parametrize(
    "condition",
    [
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
        "sys.version_info < (3, 8)",
        "sys.version_info >= (3, 12)",
        "sys.version_info[:2] > (3, 11)",
        "sys.version_info[0] == 2",
        "not sys.version_info >= (3,)",
        'sys.platform == "win32"',
        'sys.platform.startswith("java")',
        'os.name == "nt"',
    ],
)
def test_a_branch_for_elsewhere_does_not_count(condition: str) -> None:
    """The body is left out, the condition itself and what follows are not."""
    source = f"import sys\nif {condition}:\n    x = (\n        1)\ny = 2\n".encode()

    counted = left_out(FileCoverage(covered=(1, 2), missing=(3, 5)), source, HERE)

    assert counted == FileCoverage(covered=(1, 2), missing=(5,), excluded=(3,))


def test_the_other_branch_is_the_dead_one_when_the_condition_holds() -> None:
    """Of `if` and `else`, the one that runs here counts, covered or not."""
    source = b"if sys.version_info >= (3, 8):\n    x = 1\nelse:\n    x = 2\n"

    counted = left_out(FileCoverage(covered=(), missing=(1, 2, 4)), source, HERE)

    assert counted == FileCoverage(covered=(), missing=(1, 2), excluded=(4,))


@pytest.mark.parametrize(
    "condition",
    [
        "DEBUG",
        "sys.platform == NAME",
        "sys.version_info < other()",
        "sys.version_info < 3",
        "x and TYPE_CHECKING",
    ],
)
def test_what_could_run_counts(condition: str) -> None:
    """Only a condition that is certain from its own text takes lines out."""
    source = f"# TYPE_CHECKING\nif {condition}:\n    x = 1\n".encode()
    coverage = FileCoverage(covered=(2,), missing=(3,))

    assert left_out(coverage, source, HERE) == coverage


def test_covered_lines_stay_covered() -> None:
    """A line that ran can run, whatever its condition says."""
    source = f"if sys.platform != {sys.platform!r}:\n    x = 1\n".encode()
    coverage = FileCoverage(covered=(1, 2), missing=())

    assert left_out(coverage, source, HERE) == coverage


@pytest.mark.parametrize(
    ("condition", "branches", "left"),
    [
        # Never true here: the way into the body cannot be taken.
        ('sys.platform == "win32"', ((2, 3, False), (2, 4, True)), ((2, 4, True),)),
        # Always true: the way around it cannot.
        ("sys.version_info >= (3, 8)", ((2, 3, True), (2, 4, False)), ((2, 3, True),)),
        # What was taken can be taken, whatever the condition says.
        ('sys.platform == "win32"', ((2, 3, True), (2, 4, False)), ((2, 3, True),)),
        # Anything else may go both ways.
        ("sys.argv", ((2, 3, False), (2, 4, True)), ((2, 3, False), (2, 4, True))),
    ],
)
def test_the_branch_that_cannot_be_taken_does_not_count(
    condition: str, branches: tuple[tuple[int, int, bool], ...], left: tuple[tuple[int, int, bool], ...]
) -> None:
    """A condition that is always the same here has no second way."""
    source = f"import sys  # sys.platform\nif {condition}:\n    x = 1\ny = 2\n".encode()

    counted = left_out(FileCoverage(covered=(1, 2, 3, 4), missing=(), branches=branches), source, HERE)

    assert counted == FileCoverage(covered=(1, 2, 3, 4), missing=(), branches=left)
