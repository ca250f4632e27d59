"""Which reports of the static checks are kept: what is beyond a limit is not tried again for every verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.report import FileReport, Problem
from gate.git import Repository
from gate.workflows.measure import Code, Reports, static_reports
from tests.doors.author import Author
from tests.workflows.conftest import Later

HOSTILE = b"x = [" + b"1," * 2_000_000 + b"]\n"


@pytest.fixture
def code(tmp_path: Path) -> Code:
    """A repository with a file that needs too much memory, and an honest one."""
    author = Author(tmp_path / "work")
    author.commit({"hostile.py": HOSTILE, "honest.py": b"def f():\n    pass\n"})
    return Code(7, Repository.open(tmp_path / "work" / ".git"))


def test_what_is_beyond_a_limit_is_kept(service: Later, code: Code) -> None:
    """The same blob costs its two seconds once, and base and head are told the same of it."""
    wanted = {"complexity": code.git.entries("HEAD")}

    static_reports(service, code, wanted, options={})
    again = Reports(service, code, wanted, {})
    again.look_up()

    assert again.missing() == []
    problem = Problem("not analysed within 200 MB of memory", ours=True)
    assert {
        path: report.problem for path, report in again.of("complexity", wanted["complexity"]).items()
    } == {
        "honest.py": None,
        "hostile.py": problem,
    }


def test_reports_are_counted_as_known_or_measured(service: Later, code: Code) -> None:
    """Whoever wonders why verdicts are slow sees whether files are measured again and again."""
    wanted = {"size": [entry for entry in code.git.entries("HEAD") if entry.path == "honest.py"]}
    telemetry = service.telemetry

    for _ in range(3):
        static_reports(service, code, wanted, options={})

    text = telemetry.exposition(repositories=None).decode()
    assert 'gate_file_reports_total{check="size",result="measured"} 1.0' in text
    assert 'gate_file_reports_total{check="size",result="known"} 2.0' in text


def test_what_may_work_another_time_is_not_kept(service: Later, code: Code) -> None:
    """A child that was killed says nothing of the file."""
    entry = next(entry for entry in code.git.entries("HEAD") if entry.path == "honest.py")
    reports = Reports(service, code, {"size": [entry]}, {})
    failed = FileReport("size", "", problem=Problem("the analyser died of it", ours=True, passing=True))

    reports.note(entry.blob, entry.path, [failed])
    reports.save()
    again = Reports(service, code, {"size": [entry]}, {})
    again.look_up()

    assert [missing for missing, _ in again.missing()] == [entry]
