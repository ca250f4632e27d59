"""Baselines of bandit: lists of findings that it leaves out. Which of them a change adds; JSON as bandit writes it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from gate.core.diff import Diff, FileChange
from gate.core.guard.setting import Files
from gate.core.guard.tools import baselines_of_bandit
from gate.core.guard.values import Loosening

_USUAL = re.compile(r"(?:.*/)?\.?(?:bandit[-_.]?baseline|baseline[-_.]?bandit|bandit)\.json")


def baselines(diff: Diff, base: Files, head: Files) -> tuple[str, ...]:
    """Paths of changed baselines on both sides: by their usual name, or because bandit's configuration names them."""
    return tuple(
        path for change in _changes(diff, base, head) for path in (change.old_path, change.new_path) if path
    )


def grown_baselines(diff: Diff, base: Files, head: Files) -> Iterator[Loosening]:
    """The baselines that leave out more than before, or that cannot be compared; of a copy everything is new."""
    for change in _changes(diff, base, head):
        before = _results(base, "" if change.kind == "copied" else change.old_path)
        after = _results(head, change.new_path)
        if before is None or after is None:
            yield _loosening(change, "is changed. Whether it leaves out more findings is not known.")
        elif more := sum((after - before).values()):
            noun = "finding" if more == 1 else "findings"
            yield _loosening(change, f"leaves out {more:,} more {noun} of bandit.")


def _changes(diff: Diff, base: Files, head: Files) -> list[FileChange]:
    named = {path.removeprefix("./") for files in (base, head) for path in baselines_of_bandit(files)}
    return [
        change
        for change in diff.changes
        if change.new_path and (change.new_path in named or _USUAL.fullmatch(change.new_path))
    ]


def _loosening(change: FileChange, what: str) -> Loosening:
    first = next((hunk.new_start for hunk in change.hunks if hunk.new_count), 0)
    remedy = f"Take the new findings out of {change.new_path}, or the file back as it was."
    return Loosening(change.new_path, "baseline", what, remedy, first, first, written=bool(first))


def _results(files: Files, path: str) -> Counter[tuple[str, ...]] | None:
    """How often each finding is listed; none without a file, None where it cannot be read."""
    if not path:
        return Counter()
    try:
        results = json.loads(files[path])["results"]
        return Counter(tuple(str(each[key]) for key in ("filename", "test_id", "code")) for each in results)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
