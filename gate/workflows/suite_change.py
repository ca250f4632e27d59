"""Whether a change edits, removes or skips tests, or alters how they run: then lost lines are judged in every file.

It reads both sides of the files that say so; what is lost, and what blocks, is said elsewhere.
"""

from __future__ import annotations

from checks.report import CoverageReport
from gate.core import formats
from gate.core.diff import Diff, FileChange
from gate.core.source import tests_touched
from gate.workflows.judge import Case
from gate.workflows.measure_coverage import tests_of

_SKIPS = frozenset({"skip", "skipif", "xfail"})
_PYPROJECT = "pyproject.toml"


def suite_changed(case: Case, base: CoverageReport | None, head: CoverageReport) -> bool:
    """Whether tests, `[tests]` or the runner's configuration were edited, removed or skipped."""
    if tests_touched(case.diff, case.base.selection.test_paths, case.head.selection.test_paths):
        return True
    if base is not None and base.suite.command != head.suite.command:
        return True
    return _skips(case) or _configured(case) or tests_of(case, case.base) != tests_of(case, case.head)


def _skips(case: Case) -> bool:
    """Whether a skip was added to a file that was there before; a new test that is skipped skips nothing."""
    added = {change.new_path for change in case.diff.changes if change.kind in {"added", "copied"}}
    return any(each.name in _SKIPS and each.path not in added for each in case.loosenings)


def _configured(case: Case) -> bool:
    """Whether what a `pyproject.toml` says of pytest is another than before."""
    return any(
        _pytest_settings(case, case.question.base, change.old_path)
        != _pytest_settings(case, case.question.head, change.new_path)
        for change in _projects(case.diff)
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
