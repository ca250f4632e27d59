"""Whether a change edits, removes or skips tests, or alters how they run: then lost lines are judged in every file.

It reads both sides of the files that say so; what is lost, and what blocks, is said elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from checks.report import CoverageReport
from gate.core import formats
from gate.core.component import REST
from gate.core.diff import Diff, FileChange
from gate.core.source import tests_touched
from gate.workflows.judge import Case
from gate.workflows.measure_coverage import tests_of

_SKIPS = frozenset({"skip", "skipif", "xfail"})
_PYPROJECT = "pyproject.toml"


def suite_changed(case: Case, suite: str, base: CoverageReport | None, head: CoverageReport) -> bool:
    """Whether tests, `[tests]` or the runner's configuration of that suite were edited, removed or skipped.

    `suite` is the name of its part. What belongs to the repository's suite may concern those of components, too.
    """
    # Where a file was moved to another suite, both of them changed.
    diff = Diff(tuple(change for change in case.diff.changes if _concerns(case, suite, change)))
    base_tests, head_tests = (
        frozenset(path for path in tree.selection.test_paths if case.parts.of(path).suite == suite)
        for tree in (case.base, case.head)
    )
    if tests_touched(diff, base_tests, head_tests):
        return True
    if base is not None and base.suite.command != head.suite.command:
        return True
    before, after = (tests_of(case, replace(tree, suite=suite)) for tree in (case.base, case.head))
    return before != after or _skips(case, diff) or _configured(case, diff)


def _concerns(case: Case, suite: str, change: FileChange) -> bool:
    paths = filter(None, (change.old_path, change.new_path))
    return any(case.parts.of(path).suite in {REST, suite} for path in paths)


def _skips(case: Case, diff: Diff) -> bool:
    """Whether a skip was added to a file that was there before; a new test that is skipped skips nothing."""
    there = {change.new_path for change in diff.changes if change.kind not in {"added", "copied"}}
    return any(each.name in _SKIPS and each.path in there for each in case.loosenings)


def _configured(case: Case, diff: Diff) -> bool:
    """Whether what a `pyproject.toml` says of pytest is another than before."""
    return any(
        _pytest_settings(case, case.question.base, change.old_path)
        != _pytest_settings(case, case.question.head, change.new_path)
        for change in _projects(diff)
    )


def _projects(diff: Diff) -> list[FileChange]:
    return [change for change in diff.changes if _PYPROJECT in change.path.split("/")[-1:]]


def _pytest_settings(case: Case, revision: str, path: str) -> object:
    content = case.code.git.file(revision, path) if revision and path else None
    try:
        tools = formats.toml((content or b"").decode()).get("tool")
    except ValueError:
        return content
    return tools.get("pytest") if isinstance(tools, dict) else None
