"""Facts of coverage written by hand, and what the gate says of them: what verdicts on coverage are tested on."""

from __future__ import annotations

from dataclasses import replace

from gate.core.comparison import CoverageFacts, Ratio
from gate.core.policy import DEFAULT, Coverage, Policy
from gate.core.verdict import CheckVerdict, judge_coverage

NOTHING = CoverageFacts(
    base=Ratio(80, 100),
    head=Ratio(80, 100),
    patch=Ratio(0, 0),
    uncovered=(),
    lost=(),
    base_surviving=Ratio(80, 100),
    base_suite="passed",
)


def patched(covered: int, executable: int) -> CoverageFacts:
    """A change with so many new lines, the uncovered ones from line 1."""
    lines = tuple(range(1, executable - covered + 1))
    return replace(NOTHING, patch=Ratio(covered, executable), uncovered=(("app.py", lines),) if lines else ())


def lost(count: int, *, removed: int = 0) -> CoverageFacts:
    return replace(NOTHING, lost=(("app.py", tuple(range(10, 10 + count))),), removed_covered=removed)


def rule(**keys: object) -> Policy:
    return replace(DEFAULT, coverage=replace(Coverage(), **keys))  # type: ignore[arg-type]  # tests pass the right types


def judge(facts: CoverageFacts, policy: Policy = DEFAULT) -> CheckVerdict:
    return judge_coverage(policy, facts, armed=True)


def branched(facts: CoverageFacts = NOTHING, **more: object) -> CoverageFacts:
    return replace(facts, branches=True, **more)  # type: ignore[arg-type]  # tests pass the right types
