"""A verdict in short, for lists: why it is what it is, and how many of its new lines are tested."""

from __future__ import annotations

from gate.core.comparison import CoverageFacts, Ratio
from gate.core.verdict.values import Outcome, Verdict


def why(verdict: Verdict) -> str:
    """The titles of the checks that decided, or the verdict's own where none stands out."""
    decisive = [
        f"{component}: {check.title}" if component else check.title
        for component, check in verdict.every_check
        if check.outcome is verdict.outcome and check.neutral == verdict.neutral
    ]
    if verdict.outcome in {Outcome.PASSED, Outcome.SUPERSEDED} or not decisive:
        return verdict.title
    return ". ".join(decisive)


def patch(verdict: Verdict) -> Ratio | None:
    """New executable lines, those of components with the rest; None where coverage was not measured."""
    facts = [check.facts for _, check in verdict.every_check if isinstance(check.facts, CoverageFacts)]
    if not facts:
        return None
    return Ratio(sum(one.patch.covered for one in facts), sum(one.patch.executable for one in facts))
