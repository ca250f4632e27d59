"""Reports that were sent, merged: equal to Gate's own run of the same tests, whatever their format."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.codec import encode
from checks.coverage_reports import read
from checks.possible_lines import AnalysisJob
from checks.report import Suite
from checks.reported_lines import UploadedReport, written
from checks.source_analysis import analyse
from gate.core.uploaded_coverage import Upload, merge
from tests.sample_projects import FORMATS, PROJECTS

SUITE = Suite("passed", 0, 0.0, "")


def uploaded(root: Path, name: str, repository: tuple[str, ...]) -> Upload:
    report = UploadedReport.parse(b"".join(written(read(root / name, name))), name)
    return Upload.of(name, report, repository)


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
