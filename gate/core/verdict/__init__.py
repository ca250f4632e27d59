"""The verdict: what is said of a change, why, and what would make it pass. Decided from facts; nothing is measured."""

from __future__ import annotations

from gate.core.verdict.brief import patch, why
from gate.core.verdict.complexity import judge_complexity
from gate.core.verdict.coverage import judge_coverage, may_be_chance
from gate.core.verdict.coverage_texts import needs_service
from gate.core.verdict.overall import (
    awaits_approval,
    broken_policy,
    combine,
    concluded,
    could_not_measure,
    needs_approval,
    outcome_of,
    worst,
)
from gate.core.verdict.parts import (
    Components,
    components_of,
    joined,
    no_files_to_cover,
    of_component,
    sub_verdicts,
    without_files,
)
from gate.core.verdict.preview import broken_preview, previewed
from gate.core.verdict.security import judge_security
from gate.core.verdict.values import (
    CheckVerdict,
    Outcome,
    Preview,
    Previewed,
    Provenance,
    Reason,
    Refusal,
    Verdict,
    WaivedReason,
    Waiver,
)

__all__ = (
    "CheckVerdict",
    "Components",
    "Outcome",
    "Preview",
    "Previewed",
    "Provenance",
    "Reason",
    "Refusal",
    "Verdict",
    "WaivedReason",
    "Waiver",
    "awaits_approval",
    "broken_policy",
    "broken_preview",
    "combine",
    "components_of",
    "concluded",
    "could_not_measure",
    "joined",
    "judge_complexity",
    "judge_coverage",
    "judge_security",
    "may_be_chance",
    "needs_approval",
    "needs_service",
    "no_files_to_cover",
    "of_component",
    "outcome_of",
    "patch",
    "previewed",
    "sub_verdicts",
    "why",
    "without_files",
    "worst",
)
