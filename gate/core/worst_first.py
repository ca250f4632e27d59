"""What changed, in the order people should read it: the worst first, then by place.

Check runs and pages show the same rows; a check run that is too long loses the last ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.core.comparison import ComplexityFacts, CoverageFacts, FindingChange, FunctionChange, Ratio
from gate.core.comparison.branches import by_path, weights

_LEVELS = {"high": 0, "medium": 1, "low": 2, "undefined": 3}


@dataclass(frozen=True, slots=True)
class FileCoverageChange:
    """How the coverage of one changed file changed; line numbers of the head."""

    path: str
    uncovered: tuple[int, ...]
    """Those that tests run without every branch, too, where branches are measured."""
    lost: tuple[int, ...]
    base: Ratio | None
    """None for a new file, or one without a measurement."""
    head: Ratio | None
    """None without a measurement."""


def files(facts: CoverageFacts) -> list[FileCoverageChange]:
    """Changed files by untested and lost lines, most of them first: a file of two lines at 0 % is not the first problem."""
    uncovered = dict(by_path(weights(facts.uncovered, facts.uncovered_branches)))
    lost = dict(by_path(weights(facts.lost, facts.lost_branches)))
    shares = {path: (base, head) for path, base, head in facts.files}
    changes = [
        FileCoverageChange(path, uncovered.get(path, ()), lost.get(path, ()), *shares.get(path, (None, None)))
        for path in {*uncovered, *lost, *shares}
    ]
    return sorted(changes, key=lambda change: (-len(change.uncovered) - len(change.lost), change.path))


def functions(facts: ComplexityFacts) -> list[FunctionChange]:
    """Changed functions, judged ones first, the most complex at the head of them; removed ones last."""
    return sorted(
        facts.functions,
        key=lambda change: (not change.judged, -(change.after or 0), change.path, change.line),
    )


def findings(changes: Iterable[FindingChange]) -> list[FindingChange]:
    """Findings, judged ones first, the most severe at the head of them."""
    return sorted(
        changes,
        key=lambda change: (
            not change.judged,
            _LEVELS[change.finding.severity],
            change.path,
            change.finding.line,
            change.finding.rule,
        ),
    )
