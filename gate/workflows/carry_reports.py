"""Reports of components that CI did not build this time: those of the last commit at which it did, for thirty days.

Only where a report is of components alone, and none of their files changed since. It reads stored reports, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from gate.core.component import REST
from gate.core.path_mapping import RepositoryPaths, map_paths
from gate.store import UploadRecord
from gate.workflows.judge import Case

MOST_AGE = timedelta(days=30)
"""Of a report, from when it was sent."""
MOST_COMMITS = 500
"""How far back reports are looked for, and how many commits with reports are known at a time."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A report of an earlier commit that still holds."""

    record: UploadRecord
    parts: frozenset[str]
    """Names of the components whose files it is of."""


def carried(
    case: Case, wanted: str, commits: Collection[str], present: Collection[str]
) -> tuple[Carried, ...]:
    """The newest report of each name that is not `present`, of the commits before `wanted`, which are given from the nearest on."""
    if not case.parts.components:
        return ()
    found: dict[str, Carried | None] = dict.fromkeys(present)
    for sha in commits:
        for record in _fresh(case, sha):
            if record.name not in found:
                parts = _parts_of(case, record)
                found[record.name] = Carried(record, parts) if _holds(case, parts, sha, wanted) else None
    return tuple(each for each in found.values() if each is not None)


def _fresh(case: Case, sha: str) -> Iterator[UploadRecord]:
    store, repository_id = case.service.store, case.code.repository_id
    oldest = case.service.now() - MOST_AGE
    flushed = store.read_until(bookmark(repository_id))
    for record in store.uploads_at(repository_id, sha):
        if record.state == "read" and record.received_at > max(oldest, flushed or oldest):
            yield record


def bookmark(repository_id: int) -> str:
    """Under which it is kept when reports were last dropped by hand."""
    return f"carried reports of {repository_id}"


def _parts_of(case: Case, record: UploadRecord) -> frozenset[str]:
    """The parts whose files a report is of; looked for once."""
    store, repository_id, now = case.service.store, case.code.repository_id, case.service.now()
    tree, kind = case.code.git.tree(record.sha), f"files of upload {record.id}"
    paths = store.tree_fact(tuple[str, ...], repository_id, kind, tree, now=now)
    if paths is None:
        report = store.uploaded_report(repository_id, record.id)
        known = RepositoryPaths(entry.path for entry in case.code.git.entries(record.sha))
        found = map_paths(report.paths, known, report.head.roots).files if report is not None else {}
        paths = tuple(sorted({*found.values()}))
        store.save_tree_fact(repository_id, kind, tree, paths, now=now)
    return frozenset(case.parts.of(path).name for path in paths)


def _holds(case: Case, parts: frozenset[str], sha: str, wanted: str) -> bool:
    """Whether they are components, and nothing of them changed since."""
    if not parts or REST in parts:
        return False
    changes = case.code.git.diff(sha, wanted).changes
    touched = {
        case.parts.of(path).name for each in changes for path in (each.old_path, each.new_path) if path
    }
    return not parts & touched
