"""What is said of branches, and how allowances count them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.comparison import CoverageFacts, Ratio
from gate.core.verdict import Outcome
from tests.coverage_facts import branched, judge, rule

HALF = branched(
    patch=Ratio(8, 13),
    patch_branches=Ratio(2, 5),
    # Line 4 is not run, so neither are the two branches that begin there; line 12 is run and left one way only.
    uncovered=(("app.py", (4, 5)),),
    uncovered_branches=(("app.py", ((4, 5), (4, 6), (12, 15))),),
)


def test_branches_are_told_beside_lines() -> None:
    """
    Each with its own numbers, the share of both together, and lines that are tested in part by name.
    """
    verdict = judge(HALF, rule(patch=80))

    assert verdict.title == "61.5\xa0% of changed lines and branches, gate 80\xa0%"
    assert verdict.reasons[0].text == (
        "Tests run 6 of 8 new lines and take 2 of 5 new branches, 61.5\xa0%; the gate is 80\xa0%: test 1 more."
        " Not tested: app.py 4-5. Tested in part: app.py line 12 never jumps to line 15."
    )
    # Two lines may stay as they are: the lightest of the three is enough.
    assert verdict.to_pass[0].text == "Test app.py 5 with every branch."
    assert (verdict.to_pass[0].before, verdict.to_pass[0].after) == (5, 4)


def test_without_an_allowance_any_of_them_will_do() -> None:
    """
    So many lines or branches, whichever.
    """
    verdict = judge(HALF, rule(patch=80, patch_allowance=0))

    assert verdict.to_pass[0].text == (
        "Test 3 or more of the 5 untested new lines and branches: app.py 4-5; app.py line 12 never jumps to line 15."
    )


ALLOWED = [
    # A line is one line, however many branches begin on it.
    (
        branched(
            patch=Ratio(0, 3), uncovered=(("a.py", (1,)),), uncovered_branches=(("a.py", ((1, 2), (1, 3))),)
        ),
        1,
    ),
    (branched(patch=Ratio(2, 4), uncovered_branches=(("a.py", ((1, 2), (3, -1))),)), 2),
]


@pytest.mark.parametrize(("facts", "lines"), ALLOWED)
def test_the_allowance_counts_lines(facts: CoverageFacts, lines: int) -> None:
    """
    That many new lines that are not wholly tested always pass.
    """
    enough = judge(facts, rule(patch=100, patch_allowance=lines))

    assert enough.outcome is Outcome.PASSED
    assert enough.title.endswith(f"not wholly tested, {lines} allowed")
    assert judge(facts, rule(patch=100, patch_allowance=lines - 1)).outcome is Outcome.BLOCKED


def test_a_lost_branch_is_a_line_that_lost_coverage() -> None:
    """
    Once for each line, and named by where it leads.
    """
    facts = branched(lost=(("app.py", (3,)),), lost_branches=(("app.py", ((3, 4), (3, 6), (9, -7))),))

    verdict = judge(facts)

    assert verdict.title == "2 covered lines lost coverage, limit 0"
    assert verdict.reasons[0].text == (
        "2 lines that tests covered at the base are not covered any more; 0 may be lost: cover 2 again."
        " Lost: app.py 3. Tested in part: app.py line 9 never jumps out."
    )
    assert verdict.to_pass[0].text == (
        "Cover all 2 lost lines again: app.py 3; app.py line 9 never jumps out."
    )
    assert judge(facts, rule(lost=2)).outcome is Outcome.PASSED
    assert judge(replace(facts, lost=()), rule(lost=1)).reasons[0].line == 3


def test_only_a_dozen_branches_are_named() -> None:
    """
    A sentence stays a sentence.
    """
    ways = tuple((line, line + 1) for line in range(1, 15))

    verdict = judge(branched(patch=Ratio(0, 14), uncovered_branches=(("a.py", ways),)))

    assert verdict.reasons[0].text.endswith("line 12 never jumps to line 13; and 2 more branches.")
