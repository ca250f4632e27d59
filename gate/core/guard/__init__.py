"""What a change loosens of its own checks, to be listed; whether that blocks is `[guard] loosening` of the policy.

It sees what reports and files of both sides say; who wrote a line is for `gate.git` to find out. What tightens is no
loosening and not listed; what may be either is listed as a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.report import FileReport
from gate.core.comparison import TreeReports
from gate.core.comparison.trees import Trees
from gate.core.diff import Diff
from gate.core.guard.baseline import baselines, grown_baselines
from gate.core.guard.policy import POLICY_FILE, changed_keys, unreadable
from gate.core.guard.setting import Files, loosening
from gate.core.guard.source import lost_tests, suppressions
from gate.core.guard.tools import changed_tools
from gate.core.guard.values import Loosening, author_name, with_authors
from gate.core.manifest.places import PYTEST_FILES
from gate.core.tool_configuration import BANDIT_FILES, COVERAGE_FILES

GUARDED_FILES = tuple(sorted({POLICY_FILE, *BANDIT_FILES, *COVERAGE_FILES, *PYTEST_FILES}))
"""Files of the root whose content `loosened` needs from both sides; those of `baselines` come with them."""

__all__ = (
    "GUARDED_FILES",
    "Loosening",
    "author_name",
    "baselines",
    "loosened",
    "with_authors",
)


def loosened(
    base: TreeReports,
    head: TreeReports,
    diff: Diff,
    *,
    base_files: Files,
    head_files: Files,
    findings: Mapping[str, FileReport],
) -> tuple[Loosening, ...]:
    """Everything the change loosens, sorted by path and line.

    `base` and `head` are the reports of the check `escapes`, `findings` the head's of `security` where it was measured;
    the files are those of `GUARDED_FILES` and of `baselines` that exist.
    """
    trees = Trees(base, head, diff)
    found = [
        *suppressions(trees, diff, findings),
        *lost_tests(diff, base.tests, head.tests),
        *(_of_settings(base_files, head_files) if base_files != head_files else ()),
        *grown_baselines(diff, base_files, head_files),
    ]
    return tuple(sorted(found, key=lambda each: (each.path, each.line, each.name)))


def _of_settings(base: Files, head: Files) -> Iterator[Loosening]:
    yield from (loosening(change, head) for change in changed_keys(base, head))
    yield from unreadable(base, head)
    yield from (loosening(change, head) for change in changed_tools(base, head))
