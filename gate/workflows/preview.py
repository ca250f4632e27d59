"""Judge a head by the policy it brings, for people to see; the verdict is not touched, unless that policy is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.core.comparison import CoverageFacts
from gate.core.failure import PolicyError
from gate.core.policy import Policy, digest
from gate.core.verdict import (
    CheckVerdict,
    Preview,
    Reason,
    broken_preview,
    combine,
    judge_coverage,
    previewed,
)
from gate.workflows.judge import POLICY_FILE, Case, Judged, policy_at

_OTHER_FILES = "other files or branches count"


def preview(case: Case, judged: Sequence[Judged], loosened: tuple[Reason, ...]) -> Preview | None:
    """What the head's `.gate.toml` would make of the change; None where the head writes none with another meaning.

    Waivers and components are left out. Raises: SandboxError.
    """
    question = case.question
    try:
        if not _written(case):
            return None
        policy = policy_at(case.code.git, question.head, question.defaults)
    except PolicyError as error:
        return broken_preview(str(error))
    if digest(policy) == digest(question.policy):
        return None
    by_head = Case(case.service, case.code, replace(question, policy=policy))
    checks = [each.verdict for each in judged]
    then = {check.check: _judged_again(by_head, case, check) for check in checks}
    known = [check for check in then.values() if check is not None]
    return previewed(
        checks,
        combine(known, by_head.question.provenance(), policy, loosened=loosened),
        unknown=[(name, _OTHER_FILES) for name, check in then.items() if check is None],
    )


def _written(case: Case) -> bool:
    """Whether the head writes a policy: with the one it began with, merging it changes none."""
    git, question = case.code.git, case.question
    before = git.file(question.base, POLICY_FILE) if question.base else None
    return git.file(question.head, POLICY_FILE) != before


def _judged_again(by_head: Case, case: Case, check: CheckVerdict) -> CheckVerdict | None:
    """The check by the head's policy, from the reports that are there; None where tests would have to run again."""
    match check.check:
        case "complexity":
            return by_head.complexity().verdict
        case "security":
            return by_head.security().verdict
    return _coverage_again(by_head, case, check)


def _coverage_again(by_head: Case, case: Case, check: CheckVerdict) -> CheckVerdict | None:
    if check.neutral or not isinstance(check.facts, CoverageFacts):
        return check
    policy: Policy = by_head.question.policy
    if policy.coverage.branches != case.question.policy.coverage.branches or _sources(by_head) != _sources(
        case
    ):
        return None
    return judge_coverage(policy, check.facts)


def _sources(case: Case) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(case.coverage_paths(case.base)), frozenset(case.coverage_paths(case.head))
