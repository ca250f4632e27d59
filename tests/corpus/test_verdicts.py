"""Every history of `tests/samples` gets the verdict that the rules of docs/policy.md give it, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.service import Service
from tests.boxes import sandbox_or_skip
from tests.corpus.history import Sample, samples
from tests.corpus.ruling import rule
from tests.corpus.words import words


def _parameters(*, suites: bool) -> list[object]:
    """Where the code is wrong as long as nobody has mended it, a passing sample fails: then its `wrong` has to go."""
    return [
        pytest.param(
            sample,
            id=sample.name,
            marks=[
                pytest.mark.xfail(bool(sample.wrong), reason=sample.wrong, strict=True),
                pytest.mark.skipif(not sample.is_measurable_here, reason="this Python is too new"),
            ],
        )
        for sample in samples()
        if sample.runs_tests is suites
    ]


@pytest.mark.parametrize("sample", _parameters(suites=False))
def test_the_rules_decide(sample: Sample, static_service: Service, tmp_path: Path) -> None:
    """
    The verdict on a sample is the expected one, in everything the sample names.
    """
    observed = words(rule(static_service, sample, tmp_path))

    _compare(sample, observed)


@pytest.mark.box
@pytest.mark.parametrize("sample", _parameters(suites=True))
def test_the_rules_decide_on_tests_that_run(sample: Sample, box_service: Service, tmp_path: Path) -> None:
    """
    The same where the tests of both sides are run in a box.
    """
    sandbox_or_skip()

    observed = words(rule(box_service, sample, tmp_path))

    _compare(sample, observed)


def _compare(sample: Sample, observed: dict[str, object]) -> None:
    expected = dict(sample.expected)
    said = str(observed.pop("texts"))
    missing = [text for text in expected.pop("texts", ()) if text not in said]

    assert {key: observed.get(key, "not told") for key in expected} == expected
    assert not missing, said
