"""The raw report of one check on one revision, as `gate measure` prints it: everything counted, nothing judged."""

from __future__ import annotations

from typing import Any

from checks.report import CoverageReport, FileReport
from gate.core.failure import Permanent
from gate.workflows.cover import Running, measured
from gate.workflows.judge import Case


def raw_report(case: Case, check: str, running: Running) -> dict[str, Any]:
    """What a check says of every source and test file of the head; the shape is that of design's contract.

    Raises: SandboxError; Permanent when the tests cannot be run, with the cause.
    """
    if check == "coverage":
        return _coverage(case, running)
    case.measure((check,))
    files = case.reports(check, case.head).files
    report: dict[str, Any] = {
        "check": check,
        "revision": case.question.head,
        "version": next((file.version for file in files.values()), ""),
        "files": len(files),
    }
    if check == "complexity":
        report["blocks"] = [block for path in sorted(files) for block in _blocks(path, files[path])]
    else:
        found = [item for path in sorted(files) for item in _findings(path, files[path])]
        report["findings"] = [item for suppressed, item in found if not suppressed]
        report["suppressed"] = [item for suppressed, item in found if suppressed]
    report["not_measured"] = [
        {"path": path, "line": file.problem.line, "text": file.problem.text}
        for path, file in sorted(files.items())
        if file.problem is not None
    ]
    return report


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
    found = measured(case, case.head, running).outcome
    if not isinstance(found, CoverageReport):
        raise Permanent(f"coverage could not be measured: {found.text} {found.hint}".strip())
    suite = found.suite
    return {
        "check": "coverage",
        "revision": case.question.head,
        "version": found.version,
        "files": {
            path: {"covered": list(lines.covered), "missing": list(lines.missing)}
            for path, lines in found.files
        },
        "suite": {
            "outcome": suite.outcome,
            "exit_status": suite.exit_status,
            "seconds": suite.seconds,
            "command": suite.command,
            "tests": dict(suite.tests),
        },
        "not_measured": [{"path": path, "text": text} for path, text in found.unparsable],
    }
