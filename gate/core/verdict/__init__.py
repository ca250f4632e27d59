"""The verdict: what is said of a change, why, and what would make it pass. Decided from facts; nothing is measured."""

from __future__ import annotations

from gate.core.verdict.complexity import judge_complexity
from gate.core.verdict.coverage import judge_coverage, may_be_chance
from gate.core.verdict.coverage_texts import needs_service
from gate.core.verdict.overall import broken_policy, combine, could_not_measure, worst
from gate.core.verdict.security import judge_security
from gate.core.verdict.values import CheckVerdict, Outcome, Provenance, Reason, Verdict

__all__ = (
    "CheckVerdict",
    "Outcome",
    "Provenance",
    "Reason",
    "Verdict",
    "broken_policy",
    "combine",
    "could_not_measure",
    "judge_complexity",
    "judge_coverage",
    "judge_security",
    "may_be_chance",
    "needs_service",
    "worst",
)
