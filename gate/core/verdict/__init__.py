"""The verdict: what is said of a change, why, and what would make it pass. Decided from facts; nothing is measured."""

from __future__ import annotations

from gate.core.verdict.complexity import judge_complexity
from gate.core.verdict.coverage import judge_coverage
from gate.core.verdict.overall import broken_policy, combine, could_not_measure, worst
from gate.core.verdict.parts import (
    Components,
    joined,
    no_files_to_cover,
    of_component,
    sub_verdicts,
    without_files,
)
from gate.core.verdict.security import judge_security
from gate.core.verdict.values import CheckVerdict, Outcome, Provenance, Reason, Verdict

__all__ = (
    "CheckVerdict",
    "Components",
    "Outcome",
    "Provenance",
    "Reason",
    "Verdict",
    "broken_policy",
    "combine",
    "could_not_measure",
    "joined",
    "judge_complexity",
    "judge_coverage",
    "judge_security",
    "no_files_to_cover",
    "of_component",
    "sub_verdicts",
    "without_files",
    "worst",
)
