"""The memory that large reports are read in, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checks.coverage_reports import content
from checks.reported_lines import UploadedReport
from tests.large_reports import make
from tests.sample_projects import FORMATS, PROJECTS, Project

ROOT = Path(__file__).parents[2]
READ = """
import re, sys
sys.path.insert(0, sys.argv[1])
from checks.coverage_reports.job import main
main()
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [10, pytest.param(content.MOST_BYTES >> 20, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", FORMATS)
def test_memory_does_not_grow_with_a_report(tmp_path: Path, name: str, megabytes: int) -> None:
    """Less than a third of what a box has for it, whatever the size: the file itself is memory there, too."""
    project = Project(PROJECTS["flat"].files)
    project.write(tmp_path)
    project.reports(tmp_path, branches=True)
    files = make(tmp_path, name, tmp_path / "report", megabytes)
    result = os.open(tmp_path / "result", os.O_WRONLY | os.O_CREAT)

    ended = subprocess.run(
        [sys.executable, "-c", READ, str(ROOT)],
        cwd=tmp_path,
        env={"GATE_RESULT_FD": str(result)},  # without coverage.py, which would need memory, too
        pass_fds=[result],
        stdout=subprocess.PIPE,
        check=True,
    )

    os.close(result)
    report = UploadedReport.parse((tmp_path / "result").read_bytes(), "")
    assert report.head.files == files
    assert (tmp_path / "report").stat().st_size > megabytes * 900_000
    assert int(ended.stdout) < 100_000
