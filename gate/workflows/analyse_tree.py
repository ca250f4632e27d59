"""What can run in the sources of a tree, found out once for each file: the same bytes under the same configuration have the same lines.

It needs a box and runs nothing; what reports say of these lines is merged elsewhere.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, replace

from checks.possible_lines import AnalysisJob, SourceAnalysis
from gate.core.coverage_configuration import rcfile
from gate.core.tool_configuration import COVERAGE_FILES
from gate.workflows.judge import Case
from gate.workflows.measure import Tree
from gate.workflows.measure_coverage import Running
from gate.workflows.read_report import analyse_sources, source_root

_NOTHING = SourceAnalysis("", ())


@dataclass(frozen=True, slots=True)
class Analysed:
    """What is known of a tree; by paths relative to the folder that the suite runs in."""

    sources: tuple[str, ...]
    """Those that were looked at, sorted; an omitted one is in no other list."""
    analysis: SourceAnalysis


def analysis_of(case: Case, tree: Tree, running: Running, *, branches: bool) -> SourceAnalysis:
    """The analysis of a suite's sources in a tree; of files that are as in the tree looked at before, the one of then.

    Paths are relative to the tree's folder. Raises: SandboxError, AnalysisError.
    """
    service, repository_id = case.service, case.code.repository_id
    job, kind = _job(case, tree, running, branches=branches)
    treeish, now = case.code.git.tree(tree.treeish), service.now()
    known = service.store.tree_fact(Analysed, repository_id, kind, treeish, now=now)
    if known is not None and set(job.sources) <= set(known.sources):
        return _of(known.analysis, set(job.sources))
    before = _known_before(case, tree, kind)
    missing = tuple(path for path in job.sources if path not in before.sources)
    found = before.analysis
    if missing or not found.version:
        new = analyse_sources(
            service.sandbox,
            replace(job, sources=missing),
            write_source=lambda stream: case.code.git.write_tar(tree.treeish, stream),
            name=_box_name(running),
            cancelled=running.cancelled,
        )
        found = SourceAnalysis(
            new.version,
            tuple(sorted((*found.files, *new.files))),
            tuple(sorted((*found.unparsable, *new.unparsable))),
        )
    found = _of(found, set(job.sources))
    service.store.save_tree_fact(repository_id, kind, treeish, Analysed(job.sources, found), now=now)
    return found


def _job(case: Case, tree: Tree, running: Running, *, branches: bool) -> tuple[AnalysisJob, str]:
    """What is to be found out, and what a tree's analysis is kept under."""
    version = platform.python_version()
    root = source_root(case.service.sandbox, _box_name(running))
    configuration = rcfile(
        case.rule_files(COVERAGE_FILES, tree.folder),
        branches=branches,
        root=f"{root}/{tree.folder}".rstrip("/"),
        python_version=version,
    )
    job = AnalysisJob(tuple(sorted(case.coverage_paths(tree))), configuration, version, tree.folder)
    asked = f"{configuration}{version}{tree.folder}"
    return job, f"possible {hashlib.sha256(asked.encode()).hexdigest()[:32]}"


def _box_name(running: Running) -> str:
    return f"{running.name}-sources"


def _known_before(case: Case, tree: Tree, kind: str) -> Analysed:
    """What the tree that was looked at last says of the files that are here as they were there."""
    store, git = case.service.store, case.code.git
    for treeish, known in store.newest_tree_facts(Analysed, case.code.repository_id, kind, 1):
        if not git.has_tree(treeish):
            break
        start = f"{tree.folder}/" if tree.folder else ""
        there = {entry.path: entry.blob for entry in git.entries(treeish)}
        same = {entry.path for entry in tree.entries if there.get(start + entry.path) == entry.blob}
        sources = same & set(known.sources)
        return Analysed(tuple(sorted(sources)), _of(known.analysis, sources))
    return Analysed((), _NOTHING)


def _of(analysis: SourceAnalysis, sources: set[str]) -> SourceAnalysis:
    return replace(
        analysis,
        files=tuple(pair for pair in analysis.files if pair[0] in sources),
        unparsable=tuple(pair for pair in analysis.unparsable if pair[0] in sources),
    )
