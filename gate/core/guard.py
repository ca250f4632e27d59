"""What a change loosens of its own checks, to be listed; whether that blocks is `[guard] loosening` of the policy.

It sees what reports and files of both sides say; who wrote a line is for `gate.git` to find out.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from checks.report import FileReport, Finding
from gate.core.comparison import TreeReports
from gate.core.comparison.findings import compare_findings
from gate.core.comparison.trees import Trees
from gate.core.diff import Diff
from gate.core.tool_configuration import BANDIT_FILES, COVERAGE_FILES, settings_of
from gate.core.verdict import Reason

POLICY_FILE = ".gate.toml"
GUARDED_FILES = tuple(sorted({POLICY_FILE, *BANDIT_FILES, *COVERAGE_FILES}))
"""Files of the root whose content `loosened` needs from both sides."""

_WORDS = {
    "nosec": "`# nosec`, which hides a security finding",
    "noqa": "`# noqa`, which hides a lint finding",
    "type-ignore": "`# type: ignore`, which hides a type error",
    "no-cover": "`pragma: no cover`, which leaves lines out of coverage",
    "skip": "a skipped test",
    "skipif": "a conditionally skipped test",
    "xfail": "a test that is expected to fail",
}


def loosened(
    base: TreeReports,
    head: TreeReports,
    diff: Diff,
    *,
    base_files: Mapping[str, bytes],
    head_files: Mapping[str, bytes],
) -> tuple[Reason, ...]:
    """Everything the change loosens, sorted by path and line, all of the kind `loosened`.

    `base` and `head` are the reports of the check `escapes`; the files are those of `GUARDED_FILES` that exist, and
    coverage.py's in the folders of components with tests of their own.
    """
    trees = Trees(base, head, diff)
    _, _, added = compare_findings(trees, diff, _escapes)
    found = [
        *(_suppression(each.path, each.thing) for each in added),
        *_deleted_tests(diff, base.tests),
        *_configuration(base_files, head_files),
    ]
    return tuple(sorted(found, key=lambda reason: (reason.path, reason.line, reason.name)))


def _escapes(report: FileReport) -> Iterable[Finding]:
    return report.findings


def _suppression(path: str, finding: Finding) -> Reason:
    what = _WORDS.get(finding.rule, finding.rule)
    text = f"{path} line {finding.line} adds {what}: {' '.join(finding.text.split())}"
    return Reason(
        "loosened", text, path=path, line=finding.line, end_line=finding.end_line, name=finding.rule
    )


def _deleted_tests(diff: Diff, tests: Container[str]) -> Iterator[Reason]:
    for change in diff.changes:
        if change.kind == "deleted" and change.old_path in tests:
            yield Reason(
                "loosened",
                f"The test file {change.old_path} is deleted.",
                path=change.old_path,
                name="test file",
            )


def _configuration(base: Mapping[str, bytes], head: Mapping[str, bytes]) -> Iterator[Reason]:
    """Files that say how this repository is measured and judged, where they say something else than before."""
    for path in sorted({*base, *head}):
        for tool in _tools(path):
            name = path.rpartition("/")[2]
            before, after = (settings_of(name, files.get(path, b""), tool) for files in (base, head))
            if before != after:
                verb = "is added" if path not in base else "is removed" if path not in head else "is changed"
                text = f"The configuration of {tool} in {path} {verb}; it counts once it is merged."
                yield Reason("loosened", text, path=path, name=tool)


def _tools(path: str) -> Iterator[str]:
    if path == POLICY_FILE:
        yield "gate"
    if path.rpartition("/")[2] in COVERAGE_FILES:
        yield "coverage"
    if path in BANDIT_FILES:
        yield "bandit"
