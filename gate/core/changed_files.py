"""The changed files of a verdict, with what every check says of each: the worst first. It judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from gate.core import worst_first
from gate.core.comparison import ComplexityFacts, CoverageFacts, FunctionChange, SecurityFacts
from gate.core.gate_table import blocking_functions
from gate.core.verdict import CheckVerdict
from gate.core.worst_first import FileCoverageChange


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of the head."""

    path: str
    coverage: FileCoverageChange | None = None
    """None where coverage says nothing of it."""
    function: FunctionChange | None = None
    """The most complex one of those that are new or changed, and judged."""
    too_complex: bool = False
    """Whether that function blocks."""
    findings: int = 0
    """New ones that are judged."""


def changed_files(checks: Iterable[tuple[str, CheckVerdict]]) -> list[ChangedFile]:
    """Every file that a check says something of, by untested and lost lines, functions that block, and findings."""
    coverage: dict[str, FileCoverageChange] = {}
    functions: dict[str, tuple[bool, FunctionChange]] = {}
    findings: Counter[str] = Counter()
    for _, check in checks:
        match check.facts:
            case CoverageFacts() as facts:
                coverage |= {file.path: file for file in worst_first.files(facts)}
            case ComplexityFacts() as facts:
                functions |= _most_complex(check, facts)
            case SecurityFacts() as facts:
                findings.update(change.path for change in facts.introduced if change.judged)
            case None:
                continue
            case _:
                assert_never(check.facts)
    files = [
        ChangedFile(
            path,
            coverage.get(path),
            functions[path][1] if path in functions else None,
            too_complex=path in functions and functions[path][0],
            findings=findings[path],
        )
        for path in {*coverage, *functions, *findings}
    ]
    return sorted(files, key=_worst_first)


def _most_complex(check: CheckVerdict, facts: ComplexityFacts) -> dict[str, tuple[bool, FunctionChange]]:
    """By file, the function that says most, and whether it blocks."""
    blocking = blocking_functions(check.reasons)
    found: dict[str, tuple[bool, FunctionChange]] = {}
    for function in worst_first.functions(facts):
        if not function.judged or function.after is None:
            continue
        blocks = (function.path, function.line, function.name) in blocking
        if function.path not in found or blocks > found[function.path][0]:
            found[function.path] = (blocks, function)
    return found


def _worst_first(file: ChangedFile) -> tuple[int, bool, int, str]:
    coverage = file.coverage
    lines = len(coverage.uncovered) + len(coverage.lost) if coverage else 0
    return -lines, not file.too_complex, -file.findings, file.path
