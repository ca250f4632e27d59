"""The facts of the whole tree split by file, so that each part of a repository is judged on its own and none twice.

Functions and findings were followed through the whole tree before; here they only go to the part they stand in now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from checks.report import CoverageReport, FileReport, Suite
from gate.core.comparison import ComplexityFacts, FindingChange, SecurityFacts, TreeReports, Unmeasured
from gate.core.comparison.functions import totals
from gate.core.comparison.share import Share
from gate.core.tree_sums import NONE, TreeSums, complexities_of

_FAILING = frozenset({"failed", "error"})


def complexity_of(
    facts: ComplexityFacts, base: TreeReports, head: TreeReports, share: Share, others: TreeSums = NONE
) -> ComplexityFacts:
    """The facts of one share; `base` and `head` are the reports that were compared, `others` the sums of all other files."""
    old = (report for path, report in base.files.items() if share.at_base(path))
    new = tuple(report for path, report in head.files.items() if share.at_head(path))
    same = others.complexities(share.part)
    return ComplexityFacts(
        functions=tuple(
            change
            for change in facts.functions
            if (share.at_base if change.status == "removed" else share.at_head)(change.path)
        ),
        base=totals(complexities_of(old) + same),
        head=totals(complexities_of(new) + same),
        unmeasured=_unmeasured(facts.unmeasured, share, others),
        files=_measured(new) + others.measured(share.part),
    )


def security_of(
    facts: SecurityFacts, head: TreeReports, share: Share, others: TreeSums = NONE
) -> SecurityFacts:
    """The facts of one share; `head` are the reports of the head that were compared, `others` the sums of all other files."""
    new = (report for path, report in head.files.items() if share.at_head(path))

    def at_head(changes: Iterable[FindingChange]) -> tuple[FindingChange, ...]:
        return tuple(change for change in changes if share.at_head(change.path))

    return SecurityFacts(
        introduced=at_head(facts.introduced),
        fixed=tuple(change for change in facts.fixed if share.at_base(change.path)),
        persisting=at_head(facts.persisting),
        suppressed=at_head(facts.suppressed),
        hidden=at_head(facts.hidden),
        unmeasured=_unmeasured(facts.unmeasured, share, others),
        files=_measured(new) + others.measured(share.part),
        persisting_elsewhere=others.findings(share.part),
        suppressed_elsewhere=others.suppressed(share.part),
    )


def report_of(
    report: CoverageReport, test_files: Collection[str], share: Share, *, rest: bool
) -> CoverageReport:
    """A report of several parts with the tests of one share alone; its lines stay those of all.

    A test belongs to its file; one whose file its name does not tell, and a failure that names no test, to the rest.
    """
    modules = {path.removesuffix(".py").replace("/", "."): path for path in test_files}

    def is_mine(name: str) -> bool:
        path = next((modules[prefix] for prefix in _prefixes(name) if prefix in modules), None)
        return rest if path is None else share.at_head(path)

    return replace(
        report,
        suite=_suite_of(report.suite, is_mine, rest=rest),
        flaky=tuple(name for name in report.flaky if is_mine(name)),
    )


def without_branches(report: CoverageReport) -> CoverageReport:
    """The report for whom branches do not count, where the suite was measured with them for another part."""
    if not any(lines.branches for _, lines in report.files):
        return report
    return replace(report, files=tuple((path, replace(lines, branches=())) for path, lines in report.files))


def _suite_of(suite: Suite, is_mine: Callable[[str], bool], *, rest: bool) -> Suite:
    tests = tuple((name, outcome) for name, outcome in suite.tests if is_mine(name))
    names_failures = any(outcome in _FAILING for _, outcome in suite.tests)
    if suite.outcome not in {"failed", "broken"} or (rest and not names_failures):
        return replace(suite, tests=tests)
    failed = any(outcome in _FAILING for _, outcome in tests)
    return replace(suite, tests=tests, outcome=suite.outcome if failed else "passed")


def _prefixes(name: str) -> Iterator[str]:
    """`a.b.C.test_it`, `a.b.C`, `a.b`, `a`; parameters in brackets may hold anything."""
    name = name.partition("[")[0]
    while name:
        yield name
        name = name.rpartition(".")[0]


def _unmeasured(files: Iterable[Unmeasured], share: Share, others: TreeSums) -> tuple[Unmeasured, ...]:
    """Those of the files that were compared, and those of the others, which could not be measured at the base either."""
    unchanged = (
        Unmeasured(file.path, file.problem.line, file.problem.text, file.problem.ours, judged=False)
        for file in others.unmeasured
    )
    found = (file for file in (*files, *unchanged) if share.at_head(file.path))
    return tuple(sorted(found, key=lambda file: file.path))


def _measured(reports: Iterable[FileReport]) -> int:
    return sum(report.problem is None for report in reports)
