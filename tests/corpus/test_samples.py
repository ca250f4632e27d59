"""The samples themselves: their marks are what coverage.py counts, and they say enough to be wrong."""

from __future__ import annotations

from pathlib import Path

import coverage
import pytest

from tests.corpus.history import Sample, samples

_SAMPLES = tuple(samples())
_TOLD = [sample for sample in _SAMPLES if sample.tells_lines]


@pytest.mark.parametrize("sample", _TOLD, ids=lambda sample: sample.name)
@pytest.mark.parametrize("side", ["base", "head"])
def test_marks_stand_where_coverage_counts(sample: Sample, side: str, tmp_path: Path) -> None:
    """
    The lines that a sample marks are exactly the executable ones of coverage.py; it does not say which are covered.
    """
    report = sample.report(side)
    tree = sample.tree(side)
    counter = coverage.Coverage(data_file=None, config_file=False)
    counted = {}
    for path, _ in report.files if report else ():
        (tmp_path / "file.py").write_bytes(tree[path][1])
        counted[path] = counter.analysis2(str(tmp_path / "file.py"))[1]

    marked = (
        {path: sorted((*lines.covered, *lines.missing)) for path, lines in report.files} if report else {}
    )

    assert marked == counted


@pytest.mark.parametrize("sample", _SAMPLES, ids=lambda sample: sample.name)
def test_samples_say_more_than_an_outcome(sample: Sample) -> None:
    """
    A verdict can be right for a wrong reason: every sample names a fact, a reason or a text as well.
    """
    outcomes = {"outcome", "status", "coverage", "complexity", "security", "policy", "advise"}

    assert sample.expected.keys() - outcomes or sample.expected["outcome"] == "could_not_measure"
