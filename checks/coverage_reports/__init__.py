"""Read coverage reports that somebody sent: coverage.py's data and JSON, Cobertura XML, LCOV, each compressed or not.

Reports are hostile input, and are read inside the box only (`checks.coverage_reports.job`). Nothing is said here of
sources or of a repository: paths and lines are as the report has them. Standard library only.
"""

from __future__ import annotations

from checks.coverage_reports.reading import read

__all__ = ["read"]
