"""What is known of one source file."""

from __future__ import annotations

from checks.report import Block, FileCoverage, Finding
from gate.core.comparison import Ratio
from gate.core.file_state import FileState, FindingNote, FunctionNote, LineStates, lines_tested, notes_of

COVERAGE = FileCoverage(
    covered=(1, 2, 4), missing=(3, 5), branches=((2, 3, False), (2, 4, True), (3, 5, False))
)


def test_lines_are_covered_missing_or_partial() -> None:
    """
    A line that runs without one of its branches is partial; one that does not run is missing whatever its branches.
    """
    found = lines_tested(COVERAGE, branches=True)

    assert found.lines == LineStates(covered=(1, 4), missing=(3, 5), partial=(2,))
    assert found.share == Ratio(4, 8)
    assert found.uncovered == 3


def test_without_branches_no_line_is_partial() -> None:
    """
    Then lines alone are counted.
    """
    found = lines_tested(COVERAGE, branches=False)

    assert found.lines == LineStates(covered=(1, 2, 4), missing=(3, 5))
    assert found.share == Ratio(3, 5)


def test_notes_are_the_functions_over_the_limit_and_the_most_complex() -> None:
    """
    By line; contributors the largest first, findings with whether a comment hides them.
    """
    blocks = [Block(f"f{number}", "function", 10 - number, 10, number) for number in range(1, 9)]
    blocks[7] = Block("f8", "function", 2, 10, 8, contributors=((3, 1), (4, 5), (5, 1), (6, 1), (7, 2)))
    findings = [
        Finding("B602", 9, 9, 0, "high", "high", "shell", suppressed="rule"),
        Finding("B101", 3, 3, 0, "low", "high", "assert", suppressed="blanket"),
    ]

    most, over = notes_of(blocks, findings, 7), notes_of(blocks, [], 1)

    assert [(each.name, each.line) for each in most.functions] == [
        ("f8", 2),
        ("f7", 3),
        ("f6", 4),
        ("f5", 5),
        ("f4", 6),
    ]
    assert most.functions[0] == FunctionNote("f8", 2, 8, ((4, 5), (7, 2), (3, 1), (5, 1)))
    assert most.findings == (
        FindingNote("B101", 3, "low", "assert"),
        FindingNote("B602", 9, "high", "shell", suppressed=True),
    )
    assert len(over.functions) == 7


def test_the_score_is_changes_times_complexity() -> None:
    """
    Either of them alone is no hotspot.
    """
    state = FileState("a.py", "b", 1, 1, 12, 12, "f", 1, 1, 0, 0, 0, 0, None, changes=3)

    assert state.score == 36
