"""Whether a change brings security findings that the policy does not allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from gate.core.comparison import FindingChange, SecurityFacts
from gate.core.comparison.findings import LEVELS, reaches
from gate.core.policy import Policy, Security
from gate.core.verdict.unmeasured import outcome_of, title_of_unmeasured, unmeasured_reasons
from gate.core.verdict.values import CheckVerdict, Reason
from gate.core.verdict.wording import author_of_line, counted, title


def judge_security(
    policy: Policy, facts: SecurityFacts, authors: Mapping[tuple[str, int], str] | None = None
) -> CheckVerdict:
    """Blocked by introduced findings at or above both levels, outside test files.

    `authors` are the names that are known of the lines of hidden findings, by path and line.
    """
    levels = policy.security
    blocking = sorted((change for change in facts.introduced if change.judged), key=_worst_first)
    # What is below the levels stands in the facts; as notes the asserts of every new test would drown the rest.
    harmless = sorted(
        (
            change
            for change in facts.introduced
            if not change.judged
            and reaches(change.finding, severity=levels.severity, confidence=levels.confidence)
        ),
        key=_worst_first,
    )
    unreadable, listed = unmeasured_reasons(facts.unmeasured)
    return CheckVerdict(
        check="security",
        outcome=outcome_of(blocked=bool(blocking), unmeasured=bool(unreadable)),
        title=_title(facts, levels, blocking),
        reasons=(*(_reason(change, levels) for change in blocking), *unreadable),
        notes=(
            *(_note(change, levels) for change in harmless),
            *(_hidden(change, levels, authors or {}) for change in sorted(facts.hidden, key=_worst_first)),
            *listed,
        ),
        to_pass=(*(_remedy(change, levels) for change in blocking), *unreadable),
        facts=facts,
        limits=(("severity", levels.severity), ("confidence", levels.confidence)),
    )


def _worst_first(change: FindingChange) -> tuple[int, int, str, int, str]:
    finding = change.finding
    return (-LEVELS[finding.severity], -LEVELS[finding.confidence], change.path, finding.line, finding.rule)


def _reason(change: FindingChange, levels: Security) -> Reason:
    finding = change.finding
    text = (
        f"{_place(change)} is new, {finding.severity} severity and {finding.confidence} confidence:"
        f" {_sentence(change)}{_blanket(change)} No new finding of {_levels(levels)} is allowed: fix it."
    )
    # Another finding of the rule in the same file is another reason.
    return replace(_about(change, levels, text), identity=(f"{finding.scope}:{finding.source}",))


def _note(change: FindingChange, levels: Security) -> Reason:
    why = "it is in a test file, or its file could not be measured at the base"
    return _about(change, levels, f"{_place(change)} is new and not judged, for {why}.")


def _hidden(change: FindingChange, levels: Security, authors: Mapping[tuple[str, int], str]) -> Reason:
    author = authors.get((change.path, change.finding.line), "")
    by = author_of_line(author)
    text = f"{_place(change)}{by} is hidden by a `# nosec` that names the rule, which it was not before: listed, not judged."
    return replace(_about(change, levels, text), kind="hidden_finding", author=author)


def _blanket(change: FindingChange) -> str:
    if change.finding.suppressed != "blanket":
        return ""
    return " The `# nosec` there names no rule, and without a rule id it hides nothing here."


def _remedy(change: FindingChange, levels: Security) -> Reason:
    return _about(change, levels, f"Fix {_place(change)}: {_sentence(change)}{_blanket(change)}")


def _about(change: FindingChange, levels: Security, text: str) -> Reason:
    finding = change.finding
    return Reason(
        "introduced_finding",
        text,
        path=change.path,
        line=finding.line,
        end_line=finding.end_line,
        name=finding.rule,
        after=finding.severity,
        limit=levels.severity,
    )


def _place(change: FindingChange) -> str:
    return f"{change.finding.rule} at {change.path} line {change.finding.line}"


def _sentence(change: FindingChange) -> str:
    return " ".join(change.finding.text.split()).rstrip(".") + "."


def _levels(levels: Security) -> str:
    if levels.severity == levels.confidence:
        return f"{levels.severity} severity and confidence or higher"
    return f"{levels.severity} severity and {levels.confidence} confidence or higher"


def _title(facts: SecurityFacts, levels: Security, blocking: list[FindingChange]) -> str:
    if blocking:
        by_severity = Counter(change.finding.severity for change in blocking)
        ordered = sorted(by_severity, key=lambda severity: -LEVELS[severity])
        counts = ", ".join(f"{by_severity[severity]} {severity}" for severity in ordered)
        unmeasured = sum(file.judged for file in facts.unmeasured)
        return title(f"{counted(len(blocking), 'new finding')}: {counts}", more=unmeasured)
    if any(file.judged for file in facts.unmeasured):
        return title_of_unmeasured(facts.unmeasured)
    if levels.severity == levels.confidence:
        return title(f"No new findings of {levels.severity} or higher")
    return title(f"No new findings of {_levels(levels)}")
