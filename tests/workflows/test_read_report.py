"""Uploaded reports and sources read in the box, with the result that comes without one."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import pytest

from checks.coverage_reports import read
from checks.possible_lines import AnalysisJob
from checks.report import Suite
from checks.reported_lines import ReportError, ReportHead
from gate.core.path_mapping import RepositoryPaths
from gate.core.uploaded_coverage import Upload, merge
from gate.sandbox import Exit, Sandbox
from gate.workflows import read_report as module
from gate.workflows.read_report import AnalysisError, analyse_sources, read_report, source_root
from tests.boxes import NAME, sandbox_or_skip, tar_of
from tests.sample_projects import FORMATS, PROJECTS

pytestmark = pytest.mark.box


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports of a real suite."""
    root = tmp_path_factory.mktemp("real")
    PROJECTS["src"].write(root)
    PROJECTS["src"].reports(root, branches=True)
    return root


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_reports_are_read_in_the_box(
    sandbox: Sandbox, real: Path, tmp_path: Path, name: str, packed: bool
) -> None:
    """Every format, compressed or not: as without a box."""
    file = tmp_path / "upload"
    whole = (real / name).read_bytes()
    file.write_bytes(gzip.compress(whole) if packed else whole)

    report = read_report(sandbox, file, name, name=NAME)

    assert [*report.files, report.head] == list(read(real / name, name))


def test_a_refusal_comes_out_of_the_box(sandbox: Sandbox, tmp_path: Path) -> None:
    """With the name that people know."""
    file = tmp_path / "upload"
    file.write_bytes(b"TN:\nSF:a.py\nDA:x\n")

    with pytest.raises(
        ReportError, match=r"^ci\.lcov, line 3: 'DA:x' is not expected in LCOV there\. `coverage lcov`"
    ):
        read_report(sandbox, file, "ci.lcov", name=NAME)


def test_what_takes_too_much_is_refused(
    sandbox: Sandbox, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box ends it, and the text says what ended it."""
    monkeypatch.setattr(module, "_READING", dataclasses.replace(module._READING, seconds=0.01))

    with pytest.raises(ReportError, match=r"^c\.xml: it cannot be read: .+\. Send one report for each part"):
        read_report(sandbox, real / "coverage.xml", "c.xml", name=NAME)


def test_the_verdicts_coverage_comes_from_two_boxes(sandbox: Sandbox, real: Path, tmp_path: Path) -> None:
    """The report read in one, the sources analysed in another: the coverage of the own run."""
    project = PROJECTS["src"]
    configuration = project.rcfile(Path(source_root(sandbox, NAME)), branches=True)
    sources = tar_of({path: text.encode() for path, text in project.files.items()})
    project.write(tmp_path / "work")
    own = project.own_run(tmp_path / "work", tmp_path, branches=True)

    report = read_report(sandbox, real / "coverage.xml", "c.xml", name=NAME)
    analysis = analyse_sources(
        sandbox, AnalysisJob(project.sources, configuration), write_source=sources, name=NAME
    )
    merged = merge(
        [Upload.of("c.xml", report, RepositoryPaths(project.files))],
        analysis,
        branches=True,
        suite=Suite("passed", 0, 0.0, ""),
    )

    assert isinstance(report.head, ReportHead)
    assert merged.report.files == own.files
    assert merged.disbelieved == ()


class Ended(Sandbox):
    """A box that ended so."""

    def __init__(self, ended: Exit) -> None:
        super().__init__("none")
        self._ended = ended

    def run(self, *_: object, **__: object) -> Exit:
        return self._ended


@pytest.mark.parametrize(
    ("ended", "text"),
    [
        (Exit(0, 1, b"", b"", "cancelled"), "it was cancelled"),
        (Exit(137, 1, b"", b"", "memory", "It used more than 1,024 MB."), "It used more than 1,024 MB"),
        (Exit(1, 1, b"", b""), "status 1"),
        (Exit(0, 1, b"", b""), "no result"),
        (Exit(0, 1, b"", b"{"), "cannot be read"),
        (Exit(0, 1, b"", b"[" * 100_000), "cannot be read"),
        (Exit(0, 1, b"", b'{"version": "1"}'), "cannot be read"),
        (Exit(0, 1, b"", b'{"version": "1", "files": [], "unparsable": [["b.py", ""]]}'), "of other files"),
        (
            Exit(0, 1, b"", b'{"version": "1", "files": [], "unparsable": [["a.py", ""], ["a.py", ""]]}'),
            "of other",
        ),
    ],
)
def test_no_other_analysis_is_believed(ended: Exit, text: str) -> None:
    """It comes out of the box."""
    with pytest.raises(AnalysisError, match=text):
        analyse_sources(Ended(ended), AnalysisJob(("a.py",), ""), write_source=tar_of({}), name=NAME)


def test_no_other_report_is_believed(tmp_path: Path) -> None:
    """As little as any other result."""
    with pytest.raises(ReportError, match="makes no sense"):
        read_report(Ended(Exit(0, 1, b"", b"{}")), tmp_path, "c.xml", name=NAME)
