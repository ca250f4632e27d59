"""Reports that were sent, merged: equal to Gate's own run of the same tests, whatever their format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.branch_steps import Branch
from checks.codec import decode, encode
from checks.coverage_reports import read
from checks.line_set import LineSet
from checks.possible_lines import AnalysisJob, PossibleLines, SourceAnalysis
from checks.report import CoverageReport, FileCoverage, Suite
from checks.reported_lines import Format, ReportedFile, ReportHead, UploadedReport, written
from checks.source_analysis import analyse
from gate.core.path_mapping import RepositoryPaths
from gate.core.uploaded_coverage import Upload, merge
from tests.sample_projects import FORMATS, PROJECTS

SUITE = Suite("passed", 0, 0.0, "")


def uploaded(root: Path, name: str, repository: tuple[str, ...]) -> Upload:
    report = UploadedReport.parse(b"".join(written(read(root / name, name))), name)
    return Upload.of(name, report, RepositoryPaths(repository))


@pytest.mark.parametrize("branches", [True, False])
@pytest.mark.parametrize("project", sorted(PROJECTS))
def test_every_format_equals_the_own_run(project: str, branches: bool, tmp_path: Path) -> None:
    """The same lines, exclusions, branches and files without a line, in the same JSON."""
    sample, root = PROJECTS[project], tmp_path / "work"
    sample.write(root)
    sample.reports(root, branches=branches)
    own = sample.own_run(root, tmp_path, branches=branches)
    configuration = sample.rcfile(root, branches=branches)

    analysis = analyse(AnalysisJob(sample.sources, configuration, scratch=str(tmp_path / "analysis")), root)
    repository = (*sample.files, *sample.broken)
    merged = {
        name: merge([uploaded(root, name, repository)], analysis, branches=branches, suite=SUITE)
        for name in FORMATS
    }

    assert own.suite.outcome == "passed"
    for name, each in merged.items():
        assert (name, each.disbelieved) == (name, ())
        for path, lines in own.files:
            assert (name, path, dict(each.report.files).get(path)) == (name, path, lines)
        assert encode(each.report.files) == encode(own.files)
        assert each.report.unparsable == own.unparsable == tuple(sample.broken.items())


A = PossibleLines(
    length=9,
    statements=LineSet.of([1, 2, 3, 5, 6]),
    excluded=LineSet.of([8]),
    branches=((2, 3, True), (2, 5, True)),
    continued=((3, 4),),
    conditions=LineSet.of([5]),
    dead=LineSet.of([6]),
)
B = PossibleLines(
    length=2, statements=LineSet.of([1, 2]), excluded=LineSet(), branches=((1, -1, True), (1, 2, True))
)
ANALYSIS = SourceAnalysis(
    "1 c", (("src/a.py", A), ("src/b.py", B)), (("src/new.py", "line 3: invalid syntax"),)
)
REPOSITORY = RepositoryPaths(["src/a.py", "src/b.py", "src/new.py", "tests/test_a.py", "README.md"])
# Line 6 is dead: nothing is missed there, nor on a condition that is always the same.
UNTESTED_A = FileCoverage([], [1, 2, 3, 5], [6, 8], ((2, 3, False), (2, 5, False)))
UNTESTED_B = FileCoverage([], [1, 2], [], ((1, -1, False), (1, 2, False)))

Lines = tuple[int, ...]


def file(
    path: str,
    executed: Lines,
    missing: Lines | None = None,
    excluded: Lines | None = None,
    branches: tuple[Branch, ...] | None = None,
) -> ReportedFile:
    sets = [None if lines is None else LineSet.of(lines) for lines in (missing, excluded)]
    return ReportedFile(path, LineSet.of(executed), sets[0], sets[1], branches)


def upload(
    *files: ReportedFile, name: str = "c.xml", kind: Format = "cobertura", branches: bool = True
) -> Upload:
    head = ReportHead(kind, len(files), "coverage.py", "7.17.3", branches=branches)
    return Upload.of(name, UploadedReport.parse(b"".join(written([*files, head])), name), REPOSITORY)


def coverage_of(*uploads: Upload, branches: bool = True) -> dict[str, FileCoverage]:
    return dict(merge(uploads, ANALYSIS, branches=branches, suite=SUITE).report.files)


def test_what_no_report_names_is_untested() -> None:
    """As after a run that imports nothing."""
    assert coverage_of() == {"src/a.py": UNTESTED_A, "src/b.py": UNTESTED_B}


def test_reports_are_merged_line_by_line() -> None:
    """Executed anywhere is covered, taken anywhere is taken; a report may name a file twice, and under several paths."""
    first = upload(file("src/a.py", (1, 2, 3), (5, 6), branches=((2, 5, False), (2, 2, True))))
    second = upload(
        file("/app/src/a.py", (1, 2, 5), (3, 6), branches=((2, 3, False), (2, 2, True))),
        file("/app/src/a.py", (), (1, 2)),
        file("C:\\ci\\src\\b.py", (1,), (2,), branches=((1, 0, True), (1, 2, False))),
    )

    found = coverage_of(first, second)

    assert found == {
        "src/a.py": FileCoverage([1, 2, 3, 5], [], [6, 8], ((2, 3, True), (2, 5, True))),
        "src/b.py": FileCoverage([1], [2], [], ((1, -1, True), (1, 2, False))),
    }
    assert coverage_of(second, first) == found


def test_the_report_decides_what_can_run() -> None:
    """Another Python may see other statements, and other settings exclude others, as far as the format tells."""
    told = coverage_of(
        upload(file("src/a.py", (1,), (4,), (3, 7), ((1, 2, True),)), kind="json"),
        upload(file("src/b.py", (2,), ())),
    )

    assert told["src/a.py"] == FileCoverage([1], [4], [3, 7], ((1, 2, True),))
    assert told["src/b.py"] == FileCoverage([2], [], [])


def test_invented_branches_do_not_add_up() -> None:
    """However many reports tell of ever other ones."""
    reports = [
        upload(
            file("src/b.py", (1,), (2,), (), tuple((1, n * 1_000 + m, False) for m in range(3, 1_000))),
            kind="json",
        )
        for n in range(5)
    ]
    honest = upload(file("src/b.py", (1,), (2,), (), ((1, 2, True), (1, -1, False))), kind="json")

    found = coverage_of(*reports, honest)["src/b.py"]

    assert len(found.branches) == 2 * B.length + 100 + 2
    assert {(1, 2, True), (1, -1, False)} <= {*found.branches}
    assert coverage_of(honest, *reversed(reports))["src/b.py"] == found


def test_covered_lines_are_never_excluded_by_another_report() -> None:
    """Nor those that could have run."""
    excluding = upload(file("src/b.py", (), (), (1, 2)), kind="json")
    running = upload(file("src/b.py", (1,), (2,), (), ((1, 2, True), (1, -1, False))), kind="json")

    assert coverage_of(excluding, running)["src/b.py"] == FileCoverage(
        [1], [2], [], ((1, -1, False), (1, 2, True))
    )


def test_data_is_understood_by_the_source() -> None:
    """It has lines that ran, of statements or not, and steps between them."""
    data = upload(
        file("src/a.py", (2, 4, 9), branches=((-1, 1, True), (2, 4, True))),
        file("src/b.py", (), branches=()),
        file("src/new.py", (1,), branches=()),
        kind="data",
    )

    merged = merge([data], ANALYSIS, branches=True, suite=SUITE)

    assert dict(merged.report.files) == {
        "src/a.py": FileCoverage([2, 3], [1, 5], [6, 8], ((2, 3, True), (2, 5, False))),
        "src/b.py": UNTESTED_B,
    }
    # Nobody knows the statements of what does not parse here.
    assert merged.report.unparsable == ANALYSIS.unparsable


def test_a_source_that_does_not_parse_here_is_what_the_report_says() -> None:
    """It was parsed where its tests ran."""
    merged = merge(
        [upload(file("src/new.py", (1,), (2,), branches=((1, 2, False), (1, 1, True))))],
        ANALYSIS,
        branches=True,
        suite=SUITE,
    )

    assert dict(merged.report.files)["src/new.py"] == FileCoverage([1], [2], [], ((1, 2, False),))
    assert merged.report.unparsable == ()


def test_files_that_do_not_count_are_left_out() -> None:
    """Tests, as a rule; they are of the repository, so nothing is wrong."""
    merged = merge([upload(file("tests/test_a.py", (1,), ()))], ANALYSIS, branches=False, suite=SUITE)

    assert dict(merged.report.files) == coverage_of(branches=False)
    assert merged.disbelieved == ()


def test_branches_are_left_out_where_they_do_not_count() -> None:
    """Also those of a report that has some."""
    told = file("src/b.py", (1,), (2,), branches=((1, 2, True), (1, -1, False)))

    assert coverage_of(upload(told, kind="json"), branches=False)["src/b.py"] == FileCoverage([1], [2], [])
    assert coverage_of(upload(told, kind="json", branches=False))["src/b.py"] == FileCoverage([1], [2], [])


@pytest.mark.parametrize(
    ("given", "why", "part"),
    [
        (upload(file("src/other.py", (1,), ())), "unknown", "`relative_files = true`"),
        (upload(file("src/b.py", (4,), ())), "stale", "src/b.py has a line 4, but src/b.py has 2 lines"),
        (upload(file("src/b.py", (1,), ()), branches=False), "no_branches", "`coverage run --branch`"),
    ],
)
def test_what_cannot_be_believed_says_what_to_do(given: Upload, why: str, part: str) -> None:
    """It names the report, and its lines are not merged; without branches, lines are."""
    merged = merge([given], ANALYSIS, branches=True, suite=SUITE)

    assert [each.why for each in merged.disbelieved] == [why]
    assert merged.disbelieved[0].text.startswith("c.xml: ")
    assert part in merged.disbelieved[0].text
    covered = [1] if why == "no_branches" else []
    assert [*dict(merged.report.files)["src/b.py"].covered] == covered


def test_a_report_without_branches_is_whole_where_there_are_none() -> None:
    """No line of these files has two ways."""
    plain = SourceAnalysis("1 c", (("src/a.py", PossibleLines(2, LineSet.of([1]), LineSet())),))
    reports = [
        upload(file("src/a.py", (1,), ()), branches=False),
        upload(file("src/b.py", (1,), ()), branches=False),
    ]

    merged = merge(reports, plain, branches=True, suite=SUITE)

    assert merged.disbelieved == ()
    assert dict(merged.report.files) == {"src/a.py": FileCoverage([1], [])}


def test_the_version_tells_where_it_comes_from() -> None:
    """The producers, each once, and what analysed the sources."""
    other = Upload.of("c", UploadedReport(ReportHead("lcov", 0), b""), REPOSITORY)

    merged = merge([upload(), other, upload(name="d.xml")], ANALYSIS, branches=False, suite=SUITE)

    assert merged.report.version == "1 coverage.py-7.17.3 lcov analysed by 1 c"
    assert merged.report.suite is SUITE


SETS = st.frozensets(st.integers(1, 9), max_size=9).map(lambda lines: tuple(sorted(lines)))
STEPS = st.lists(st.tuples(st.integers(1, 9), st.integers(-9, 9), st.booleans()), max_size=5).map(tuple)
FILES = st.lists(
    st.builds(
        file,
        st.sampled_from(["src/a.py", "/x/src/b.py", "a.py", "src/new.py", "other.py"]),
        SETS,
        SETS,
        st.none() | SETS,
        st.none() | STEPS,
    ),
    max_size=4,
)
UPLOADS = st.lists(
    st.builds(
        lambda files, kind, branches: upload(*files, kind=kind, branches=branches),
        FILES,
        st.sampled_from(["data", "json", "cobertura", "lcov"]),
        st.booleans(),
    ),
    max_size=3,
)


@given(UPLOADS, st.booleans())
def test_whatever_is_merged_is_a_coverage_report(uploads: list[Upload], branches: bool) -> None:
    """The sets are disjoint, branches sorted and without repetition; the order of reports does not matter; more reports
    never uncover a line."""
    merged = merge(uploads, ANALYSIS, branches=branches, suite=SUITE).report

    assert decode(CoverageReport, json.loads(json.dumps(encode(merged)))) == merged
    for path, lines in merged.files:
        sets = (lines.covered, lines.missing, lines.excluded)
        assert sum(map(len, sets)) == len(sets[0] | sets[1] | sets[2])
        ways = [branch[:2] for branch in lines.branches]
        assert ways == sorted(set(ways))
        assert branches or not ways
        for part in uploads:
            alone = dict(merge([part], ANALYSIS, branches=branches, suite=SUITE).report.files)
            assert path not in alone or alone[path].covered <= lines.covered
    assert merge(uploads[::-1], ANALYSIS, branches=branches, suite=SUITE).report.files == merged.files
