"""Why a verdict is as it is: every changed line, function and finding with the rule that decided, for who disagrees.

It decides nothing: what it tells is what comparison and verdict said. It knows no terminal and no JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from gate.core.comparison import ComplexityFacts, SecurityFacts
from gate.core.comparison.decisions import LineComparison
from gate.core.diff import Diff, FileChange
from gate.core.explanation.lines import explain_lines, explain_lost
from gate.core.explanation.things import explain_findings, explain_functions
from gate.core.explanation.values import Explained, Explanation, FileExplained
from gate.core.verdict import CheckVerdict, Verdict

__all__ = ("Explained", "Explanation", "FileExplained", "explain", "explain_files")

_KINDS = ("line", "lost", "function", "finding")


def explain(
    verdict: Verdict,
    lines: Iterable[LineComparison],
    diff: Diff,
    roles: Mapping[str, str] = MappingProxyType({}),
) -> Explanation:
    """The explanation of a verdict; `lines` is what its coverage was counted from, of each part that was measured.

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
    checks = [check for _, check in verdict.every_check]
    told = [pair for compared in lines for pair in (*explain_lines(compared), *explain_lost(compared))]
    for place, each in (*told, *(pair for check in checks for pair in _of_check(check))):
        # What is gone from a renamed file is told there.
        path = changes[place].path if place in changes and each.rule in {"fixed", "removed"} else place
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


def _of_check(check: CheckVerdict) -> Iterator[tuple[str, Explained]]:
    """Functions and findings, by the limits of the part of the repository they stand in."""
    limits = dict(check.limits)
    match check.facts:
        case ComplexityFacts() as complexity:
            yield from explain_functions(complexity, int(limits["maximum"]))
        case SecurityFacts() as security:
            yield from explain_findings(security, str(limits["severity"]), str(limits["confidence"]))
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
