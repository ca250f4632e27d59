"""Keep the lines that a judged head changed, as texts and with what tests run of them, for the annotated diff of its page.

It judges nothing. What is said of a line is told from the verdict when the page is made.
"""

from __future__ import annotations

from collections.abc import Iterable

from gate.core.change_text import (
    ChangeMarks,
    ChangeText,
    FileText,
    around,
    bounded,
    hunks_of,
    split,
    states_within,
)
from gate.core.changed_files import changed_files
from gate.core.comparison import CoverageFacts
from gate.core.comparison.decisions import LineComparison
from gate.core.diff import FileChange
from gate.core.file_state import lines_tested
from gate.core.verdict import CheckVerdict, Verdict
from gate.workflows.judge import Case

LARGEST_BYTES = 512 * 1024
"""Of a file on either side; a larger one is left out."""
MOST_READ = 150
"""Changed files whose texts are looked at; more than are shown, for some are left out."""
_KINDS = frozenset({"added", "modified", "renamed", "copied"})


def note_change_marks(case: Case, run_id: str, compared: Iterable[LineComparison]) -> None:
    """Keeps what tests run of the changed lines and those around them."""
    changes = {change.new_path: change for change in case.diff.changes if change.new_path}
    marks = {
        path: states_within(
            around(changes[path].hunks),
            lines_tested(coverage, branches=case.parts.of(path).policy.coverage.branches).lines,
        )
        for each in compared
        for path, coverage in each.covered.items()
        if path in changes
    }
    case.service.store.save_change_marks(
        case.code.repository_id, run_id, ChangeMarks(tuple(sorted(marks.items())))
    )


def note_change_text(case: Case, run_id: str, verdict: Verdict) -> None:
    """Keeps the changed lines of the source files: first of those that the verdict speaks of, the worst in front."""
    case.service.store.save_change_text(case.code.repository_id, run_id, _change_text(case, verdict))


def _change_text(case: Case, verdict: Verdict) -> ChangeText:
    named = _named(verdict)
    rank = {path: number for number, path in enumerate(named)}
    changes = sorted(
        (
            change
            for change in case.diff.changes
            if change.kind in _KINDS
            and not change.binary
            and change.hunks
            and (change.new_path in rank or change.new_path.endswith(".py"))
        ),
        key=lambda change: (rank.get(change.new_path, len(rank)), change.new_path),
    )
    wanted = {blob for change in changes[:MOST_READ] for blob in (change.old_blob, change.new_blob) if blob}
    texts = dict(case.code.git.small_blobs(sorted(wanted), LARGEST_BYTES))
    texts[""] = b""
    readable = [
        change for change in changes[:MOST_READ] if change.old_blob in texts and change.new_blob in texts
    ]
    text = bounded(_file(change, texts[change.old_blob], texts[change.new_blob]) for change in readable)
    return ChangeText(text.files, text.left_out + len(changes) - len(readable))


def _named(verdict: Verdict) -> list[str]:
    """The files that a check says something of, the worst first."""
    checks: tuple[tuple[str, CheckVerdict], ...] = verdict.every_check
    worst = [file.path for file in changed_files(checks)]
    listed = [
        path
        for _, check in checks
        if isinstance(check.facts, CoverageFacts)
        for path, _, head in check.facts.files
        if head is not None
    ]
    return list(dict.fromkeys((*worst, *listed)))


def _file(change: FileChange, old: bytes, new: bytes) -> FileText:
    old_path = change.old_path if change.old_path != change.new_path else ""
    return FileText(change.new_path, old_path, hunks_of(change.hunks, split(old), split(new)))
