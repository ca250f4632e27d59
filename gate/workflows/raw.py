"""The raw report of one check on one revision, as `gate measure` prints it: everything counted, nothing judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.report import CoverageReport, FileCoverage, FileReport, Suite
from gate.core.component import Part
from gate.core.failure import Permanent
from gate.core.source import Selection
from gate.workflows.components import seen_by
from gate.workflows.judge import Case
from gate.workflows.measure_coverage import Running, measured


def raw_report(case: Case, check: str, running: Running) -> dict[str, Any]:
    """What a check says of every source and test file of the head; the shape is a contract, see docs/checks.md.

    Raises: SandboxError; Permanent when the tests cannot be run, with the cause.
    """
    if check == "coverage":
        return _coverage(case, running)
    case.measure((), whole=(check,))
    files = dict(sorted(case.reports(check, case.head).files.items()))
    contents = _complexity(files) if check == "complexity" else _security(files)
    return {
        "check": check,
        "revision": case.question.head,
        "version": next((file.version for file in files.values()), ""),
        "files": len(files),
        **contents,
        "not_measured": [
            {"path": path, "line": file.problem.line, "text": file.problem.text}
            for path, file in files.items()
            if file.problem is not None
        ],
        "left_out": _left_out(case.head.selection),
    }


def _left_out(selection: Selection) -> dict[str, Any]:
    """Every file that could have been source and was not measured, by what it is."""
    return {
        "excluded": [{"path": each.path, "cause": each.cause} for each in selection.excluded],
        "links": list(selection.links),
        "submodules": list(selection.submodules),
        "notebooks": list(selection.notebooks),
        "directories": list(selection.directories),
    }


def _complexity(files: Mapping[str, FileReport]) -> dict[str, Any]:
    return {"blocks": [block for path, file in files.items() for block in _blocks(path, file)]}


def _security(files: Mapping[str, FileReport]) -> dict[str, Any]:
    found = [item for path, file in files.items() for item in _findings(path, file)]
    return {
        "findings": [item for suppressed, item in found if not suppressed],
        "suppressed": [item for suppressed, item in found if suppressed],
    }


def _blocks(path: str, file: FileReport) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "name": block.name,
            "type": block.kind,
            "line": block.line,
            "end_line": block.end_line,
            "complexity": block.complexity,
            "listed": block.listed,
        }
        for block in file.blocks
    ]


def _findings(path: str, file: FileReport) -> list[tuple[bool, dict[str, Any]]]:
    """(hidden by `# nosec`, finding), as bandit's command line would have it."""
    return [
        (
            bool(finding.suppressed),
            {
                "rule": finding.rule,
                "path": path,
                "line": finding.line,
                "end_line": finding.end_line,
                "severity": finding.severity,
                "confidence": finding.confidence,
                "text": finding.text,
            },
        )
        for finding in file.findings
    ]


def _coverage(case: Case, running: Running) -> dict[str, Any]:
    rest, *others = [_report(case, suite, running) for suite in case.parts.suites]
    named = [(part.name, report) for part, report in zip(case.parts.suites[1:], others, strict=True)]
    found = [report for report in (rest, *others) if report is not None]
    return {
        "check": "coverage",
        "revision": case.question.head,
        "version": next((report.version for report in found), ""),
        "files": {
            path: _lines(lines) for path, lines in sorted(pair for report in found for pair in report.files)
        },
        "suite": rest and _suite(rest.suite),
        **(
            {"components": {name: report and _suite(report.suite) for name, report in named}} if named else {}
        ),
        "not_measured": [
            {"path": path, "text": text} for report in found for path, text in report.unparsable
        ],
    }


def _report(case: Case, suite: Part, running: Running) -> CoverageReport | None:
    """What a suite covers; None where it has nothing to run or to cover. Raises: Permanent."""
    tree = seen_by(suite, case.head, case.parts)
    if tree is None:
        return None
    found = measured(case, tree, running).outcome
    if isinstance(found, CoverageReport):
        return found
    of = f" of {suite.name}" if suite.name else ""
    raise Permanent(f"coverage{of} could not be measured: {found.text} {found.hint}".strip())


def _suite(suite: Suite) -> dict[str, Any]:
    return {
        "outcome": suite.outcome,
        "exit_status": suite.exit_status,
        "seconds": suite.seconds,
        "command": suite.command,
        "tests": dict(suite.tests),
        "unreachable": suite.unreachable,
        "skipped_unreachable": suite.skipped_unreachable,
    }


def _lines(file: FileCoverage) -> dict[str, Any]:
    """The lines, and the branches where they were measured."""
    lines: dict[str, Any] = {"covered": list(file.covered), "missing": list(file.missing)}
    if file.branches:
        lines["branches"] = [list(branch) for branch in file.branches]
    return lines
