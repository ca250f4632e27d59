"""Keep what the newest measured commit of the default branch holds: its files' numbers, lines and sources.

The static numbers first, coverage when it is known. Pages read this alone, for their processes have no mirror.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from checks.report import CoverageReport, FileReport
from gate.core.diff import TreeEntry
from gate.core.file_state import CHURN_DAYS, FileState, TestedLines, lines_tested, notes_of
from gate.workflows.judge import Case

LARGEST_SOURCE_BYTES = 512 * 1024
"""A larger file's text is not kept."""
_CHECKS = ("complexity", "security", "maintainability", "size")


def note_files(case: Case, sha: str, committed_at: datetime) -> None:
    """Keeps the static numbers of the head's source files, and their texts. Raises: SandboxError, PolicyError."""
    git, repository_id, store = case.code.git, case.code.repository_id, case.service.store
    sources = case.head.selection.sources
    changes = git.churn(sha, committed_at - timedelta(days=CHURN_DAYS))
    reports = {check: case.reports(check, case.head).files for check in _CHECKS}
    small = {entry.blob for entry in sources if entry.size <= LARGEST_SOURCE_BYTES}
    store.note_files(
        repository_id,
        sha,
        committed_at=committed_at,
        states=[_state(case, entry, reports, changes.get(entry.path, 0)) for entry in sources],
        sources=git.blobs(sorted(store.missing_sources(repository_id, small))),
    )


def note_coverage(case: Case, sha: str, reports: Sequence[CoverageReport]) -> None:
    """Keeps what the suites that ran cover of these files; of the others, that it is not known."""
    case.service.store.note_file_coverage(case.code.repository_id, sha, _tested(case, reports))


def _tested(case: Case, reports: Sequence[CoverageReport]) -> dict[str, TestedLines]:
    return {
        path: lines_tested(coverage, branches=case.parts.of(path).policy.coverage.branches)
        for report in reports
        for path, coverage in report.files
    }


def _state(
    case: Case, entry: TreeEntry, reports: Mapping[str, Mapping[str, FileReport]], changes: int
) -> FileState:
    path = entry.path
    maximum = case.parts.of(path).policy.complexity.maximum
    blocks = [block for block in reports["complexity"][path].blocks if block.listed and block.kind != "class"]
    worst = max(blocks, key=lambda block: (block.complexity, -block.line), default=None)
    findings = reports["security"][path].findings
    # Without a rule id `# nosec` hides nothing.
    levels = Counter(finding.severity for finding in findings if not finding.is_set_apart)
    quantities = {
        quantity.metric: quantity.value
        for check in ("size", "maintainability")
        for quantity in reports[check][path].quantities
    }
    return FileState(
        path=path,
        blob=entry.blob,
        sloc=quantities.get("sloc", 0),
        functions=len(blocks),
        complexity=sum(block.complexity for block in blocks),
        worst=worst.complexity if worst else 0,
        worst_name=worst.name if worst else "",
        worst_line=worst.line if worst else 0,
        over=sum(block.complexity > maximum for block in blocks),
        high=levels["high"],
        medium=levels["medium"],
        low=levels["low"],
        suppressed=sum(finding.is_set_apart for finding in findings),
        maintainability=quantities.get("maintainability"),
        changes=changes,
        notes=notes_of(blocks, findings, maximum),
    )
