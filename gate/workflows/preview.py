"""Judge a head by the policy it brings, for people to see; the verdict is not touched, unless that policy is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.core.comparison import CoverageFacts
from gate.core.component import REST, Part
from gate.core.failure import PolicyError
from gate.core.policy import digest
from gate.core.verdict import (
    CheckVerdict,
    Preview,
    Reason,
    broken_preview,
    combine,
    judge_coverage,
    previewed,
    sub_verdicts,
)
from gate.workflows.judge import Case
from gate.workflows.question import Judged
from gate.workflows.rules import writes_policy
from gate.workflows.settings_of import policy_at

_OTHER_FILES = "other files or branches count"


def preview(case: Case, judged: Sequence[Judged], loosened: tuple[Reason, ...]) -> Preview | None:
    """What the head's `.gate.toml` would make of the change; None where the head writes none with another meaning.

    Waivers are left out. Raises: SandboxError.
    """
    question = case.question
    try:
        if not writes_policy(case.code.git, question.head, question.base):
            return None
        policy = policy_at(case.code.git, question.head, question.defaults)
    except PolicyError as error:
        return broken_preview(str(error))
    if digest(policy) == digest(question.policy):
        return None
    by_head = Case(case.service, case.code, replace(question, policy=policy))
    then = {each.verdict.check: _judged_again(by_head, case, each) for each in judged}
    known = [each for each in then.values() if each is not None]
    return previewed(
        [each.verdict for each in judged],
        combine(
            (each.verdict for each in known),
            by_head.question.provenance(),
            policy,
            loosened=loosened,
            components=sub_verdicts(each.components for each in known),
        ),
        components=sub_verdicts(each.components for each in judged),
        unknown=[(name, _OTHER_FILES) for name, each in then.items() if each is None],
    )


def _judged_again(by_head: Case, case: Case, judged: Judged) -> Judged | None:
    """The check by the head's policy, from the reports that are there; None where tests would have to run again."""
    match judged.verdict.check:
        case "complexity":
            return by_head.complexity()
        case "security":
            return by_head.security()
    return _coverage_again(by_head, case, judged)


def _coverage_again(by_head: Case, case: Case, judged: Judged) -> Judged | None:
    measured = (judged.verdict, *(check for _, check in judged.components))
    if any(map(_counted, measured)) and _measures(by_head) != _measures(case):
        return None
    parts = {part.name: part for part in by_head.parts.all}
    return replace(
        judged,
        verdict=_by(parts[REST], judged.verdict),
        components=tuple(
            (name, _by(parts[name], check)) for name, check in judged.components if name in parts
        ),
    )


def _by(part: Part, check: CheckVerdict) -> CheckVerdict:
    """Coverage by what the head's policy wants of a part; as it was where nothing was counted."""
    if not _counted(check) or not isinstance(check.facts, CoverageFacts):
        return check
    return judge_coverage(part.policy, check.facts)


def _counted(check: CheckVerdict) -> bool:
    return not check.neutral and isinstance(check.facts, CoverageFacts)


def _measures(case: Case) -> tuple[object, ...]:
    """What decides what is counted: the files, and for each part its own, by which tests, and whether with branches."""
    parts = [(part.name, part.paths, part.suite, part.policy.coverage.branches) for part in case.parts.all]
    return frozenset(case.coverage_paths(case.base)), frozenset(case.coverage_paths(case.head)), parts
