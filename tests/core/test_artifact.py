"""Names of artifacts: which are ours, what they say, and how several reports in one are called."""

from __future__ import annotations

import pytest

from gate.core.artifact import ArtifactError, Named, is_ours, named, reports_in

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gate-unit", Named("unit")),
        ("gate-unit-3.12", Named("unit-3.12")),
        ("gate-gate-unit", Named("gate-unit")),
        # The commit that was checked out.
        (f"gate-unit@{SHA}", Named("unit", SHA)),
        (f"gate-unit@{SHA.upper()}", Named("unit", SHA)),
        (f"gate-unit@{SHA + SHA[:24]}", Named("unit", SHA + SHA[:24])),
    ],
)
def test_a_name_says_the_report_and_its_commit(name: str, said: Named) -> None:
    """
    Everything after the prefix, up to an `@`.
    """
    assert is_ours(name)
    assert named(name) == said


@pytest.mark.parametrize("name", ["coverage", "Gate-unit", "gate", "", "my-gate-unit"])
def test_other_artifacts_are_left_alone(name: str) -> None:
    """
    Most workflows keep some of their own.
    """
    assert not is_ours(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gate-", "after 'gate-' its name has to be 1 to 100 letters"),
        ("gate-" + "x" * 101, "1 to 100 letters"),
        ("gate-unit,more", "any of . _ - as in gate-unit-3.12"),
        ("gate- unit", "1 to 100"),
        (f"gate-@{SHA}", "1 to 100"),
        ("gate-unit@main", "the full sha of the commit that was tested"),
        ("gate-unit@", "full sha"),
        (f"gate-unit@{SHA}@{SHA}", "full sha"),
        (f"gate-unit@{SHA[:7]}", "full sha"),
    ],
)
def test_what_it_cannot_be_called_is_told(name: str, text: str) -> None:
    """
    With what would be right.
    """
    with pytest.raises(ArtifactError, match=text.replace(".", r"\.")):
        named(name)


def test_several_reports_are_told_apart_by_their_files() -> None:
    """
    One alone is called as the artifact, whatever its file is called.
    """
    assert reports_in(["coverage.xml"], "unit") == ["unit"]
    assert reports_in(["a/coverage.xml", ".coverage"], "unit") == ["unit/a/coverage.xml", "unit/.coverage"]
    assert reports_in(["a b.xml", "c.xml"], "unit") == ["unit/a-b.xml", "unit/c.xml"]


@pytest.mark.parametrize(
    ("files", "report", "text"),
    [
        (["a b", "a?b"], "unit", "two of its files would be one report of 'unit'"),
        (["a", "b"], "x" * 99, "'a' in it cannot be the name of a report"),
    ],
)
def test_reports_that_cannot_be_told_apart_are_refused(files: list[str], report: str, text: str) -> None:
    """
    Rather than have one hide another.
    """
    with pytest.raises(ArtifactError, match=text):
        reports_in(files, report)
