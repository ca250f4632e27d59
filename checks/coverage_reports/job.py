"""Read one uploaded report inside the box, and write what it says; `checks.reported_lines` reads that again.

What it writes is as hostile, to whoever reads it, as the report.
"""

from __future__ import annotations

import os
from pathlib import Path

from checks.coverage_reports.reading import read
from checks.reported_lines import written

FILE = "report"
"""The name of the uploaded file in the folder where the job starts."""


def main() -> None:
    """Read the file and write the result, line by line, to the descriptor that `GATE_RESULT_FD` names."""
    with os.fdopen(int(os.environ.pop("GATE_RESULT_FD")), "wb") as result:
        result.writelines(written(read(Path.cwd() / FILE, "")))
