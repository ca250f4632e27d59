"""Why a verdict is as it is: every changed line, function and finding with the rule that decided, for who disagrees.

It decides nothing: what it tells is what comparison and verdict said. It knows no terminal and no JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from gate.core.comparison import ComplexityFacts, SecurityFacts
from gate.core.comparison.decisions import LineComparison
from gate.core.diff import Diff, FileChange
from gate.core.explanation.lines import explain_lines, explain_lost
from gate.core.explanation.things import explain_findings, explain_functions
from gate.core.explanation.values import Explained, Explanation, FileExplained
from gate.core.policy import Policy
from gate.core.verdict import CheckVerdict, Verdict

__all__ = ("Explained", "Explanation", "FileExplained", "explain", "explain_files")

_KINDS = ("line", "lost", "function", "finding")


def explain(
    verdict: Verdict,
    lines: LineComparison | None,
    diff: Diff,
    policy: Policy,
    roles: Mapping[str, str] = MappingProxyType({}),
) -> Explanation:
    """The explanation of a verdict; `lines` is what its coverage was counted from, None where that was not measured.

    `roles` say of files that are no source what they are, by path: `a test file`.

    Findings that persist, and functions, of files that the change does not touch are left out; lost lines are not.
    """
    changes = {change.path: change for change in diff.changes}
    changes |= {
        change.old_path: change
        for change in diff.changes
        if change.old_path and change.old_path not in changes
    }
    items: dict[str, list[Explained]] = {change.path: [] for change in diff.changes}
    for check in verdict.checks:
        for told, each in _of_check(check, lines, policy):
            # What is gone from a renamed file is told there.
            path = changes[told].path if told in changes and each.rule in {"fixed", "removed"} else told
            if path in items or each.kind == "lost" or each.counts or each.kind == "function":
                items.setdefault(path, []).append(each)
    return Explanation(
        tuple(
            FileExplained(
                path, _change(changes.get(path)), roles.get(path, ""), tuple(sorted(items[path], key=_place))
            )
            for path in sorted(items)
        ),
        verdict.loosened,
        tuple(check.check for check in verdict.checks if check.facts is None),
    )


def explain_files(explanation: Explanation, paths: tuple[str, ...]) -> Explanation:
    """The same of these files alone; all of them without any."""
    if not paths:
        return explanation
    found = {file.path: file for file in explanation.files}
    files = tuple(found.get(path, FileExplained(path, "not changed", "")) for path in paths)
    return replace(explanation, files=files)


def _of_check(
    check: CheckVerdict, lines: LineComparison | None, policy: Policy
) -> Iterator[tuple[str, Explained]]:
    if check.check == "coverage" and lines is not None:
        yield from explain_lines(lines)
        yield from explain_lost(lines)
    match check.facts:
        case ComplexityFacts() as complexity:
            yield from explain_functions(complexity, policy.complexity.maximum)
        case SecurityFacts() as security:
            yield from explain_findings(security, policy.security.severity, policy.security.confidence)
        case _:
            pass


def _place(item: Explained) -> tuple[int, int, str, str]:
    return _KINDS.index(item.kind), item.line, item.name, item.text


def _change(change: FileChange | None) -> str:
    match change:
        case None:
            return "not changed"
        case FileChange(kind="renamed" | "copied"):
            return f"{change.kind} from {change.old_path}"
        case FileChange(kind="type_changed"):
            return "another kind of file than before"
        case _:
            return change.kind
