"""Why functions and findings block or do not; from the facts of their checks and the rulings on them."""

from __future__ import annotations

from collections.abc import Iterator

from gate.core.comparison import (
    ComplexityFacts,
    FindingChange,
    FindingRule,
    FunctionChange,
    FunctionRule,
    SecurityFacts,
    Unjudged,
)
from gate.core.explanation.values import Explained, at
from gate.core.verdict.complexity import FunctionRuling, rule_on_functions

_FUNCTION: dict[FunctionRule, str] = {
    "name_and_body": "by name and body",
    "name_and_likeness": "by name, and the most alike body of several of that name",
    "name_and_order": "by name, and by order where several have it",
    "body_in_file": "by its body in the same file",
    "name_elsewhere": "by its body and the last part of its name",
    "body": "by its body alone",
    "likeness": "by its likeness: at least half of both bodies is the same",
}
_UNJUDGED: dict[Unjudged, str] = {
    "test_file": "it is in a test file",
    "not_measured_before": "its file could not be measured at the base",
    "severity": "its severity is below the limit",
    "confidence": "its confidence is below the limit",
}
_FINDING: dict[FindingRule, str] = {
    "": "the same rule and source, on the line that the diff leaves in its place",
    "scope": "the same rule and source, in the same scope of the same file",
    "file": "the same rule and source, in the same file",
    "moved": "the same rule and source, in another file",
}


def explain_functions(facts: ComplexityFacts, maximum: int) -> Iterator[tuple[str, Explained]]:
    """(path, function) of every function whose complexity or place changed."""
    for ruling in rule_on_functions(facts, maximum):
        change = ruling.change
        yield (
            change.path,
            Explained(
                "function",
                change.line,
                ruling.blocks,
                change.rule or change.status,
                f"{_history(change)}, {_recognised(change)}. {_verdict(ruling)}",
                name=change.name,
                old_path=(change.old_path or change.path) if change.rule else change.old_path,
                old_line=change.old_line,
                before=change.before,
                after=change.after,
            ),
        )


def explain_findings(facts: SecurityFacts, severity: str, confidence: str) -> Iterator[tuple[str, Explained]]:
    """(path, finding) of every finding, by what became of it; a fixed one with its path and line at the base."""
    limits = f"{severity} severity and {confidence} confidence"
    for change in facts.introduced:
        why = f"it reaches {limits}" if change.judged else _UNJUDGED[change.unjudged]
        verdict = "blocks" if change.judged else "does not block"
        text = f"introduced, {_levels(change)}, {verdict}: {why}; the base has no other finding of its rule and source{_nosec(change)}"
        yield change.path, _finding(change, "introduced", text, blocks=change.judged)
    for change in facts.persisting:
        where = at(change.path, change.old_path, change.old_line)
        text = f"persists from {where}: {_FINDING[change.rule]}{_nosec(change)}"
        yield change.path, _finding(change, change.rule or "line", text)
    for change in facts.fixed:
        yield change.path, _finding(change, "fixed", "fixed: it stood on this line of the base")
    for change in facts.suppressed:
        since = "new with this change" if change in facts.hidden else "as at the base"
        text = f"set apart by a `# nosec` that names the rule, {since}; it does not count"
        yield change.path, _finding(change, "hidden" if change in facts.hidden else "suppressed", text)


def _history(change: FunctionChange) -> str:
    if change.before is None:
        return f"new with {change.after}"
    if change.after is None:
        return f"removed, it had {change.before}"
    return f"{change.status}, {change.before} -> {change.after}"


def _recognised(change: FunctionChange) -> str:
    if change.rule:
        where = at(change.path, change.old_path, change.old_line)
        was = f"{change.old_name} at {where}" if change.old_name else where
        return f"followed from {was} {_FUNCTION[change.rule]}"
    if change.old_path:
        return f"at least half of its body was taken out of {change.old_path}"
    other = "head" if change.after is None else "base"
    return f"no function of the {other} has its name or is like it"


def _verdict(ruling: FunctionRuling) -> str:
    return f"{'Blocks' if ruling.blocks else 'Does not block'}: {ruling.why[0].lower()}{ruling.why[1:]}"


def _levels(change: FindingChange) -> str:
    return f"{change.finding.severity} severity and {change.finding.confidence} confidence"


def _nosec(change: FindingChange) -> str:
    return (
        "; its `# nosec` names no rule and hides nothing here"
        if change.finding.suppressed == "blanket"
        else ""
    )


def _finding(change: FindingChange, rule: str, text: str, *, blocks: bool = False) -> Explained:
    old_path = (change.old_path or change.path) if change.old_line else ""
    return Explained(
        "finding",
        change.finding.line,
        blocks,
        rule,
        text,
        name=change.finding.rule,
        old_path=old_path,
        old_line=change.old_line,
    )
