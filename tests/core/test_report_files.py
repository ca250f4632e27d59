"""Which files are taken for reports, and what they are called."""

from __future__ import annotations

import pytest

from gate.core.report_files import names_of, reports_among
from gate.core.upload_token import is_name, is_token


def test_reports_are_found_by_the_names_that_tools_give_them() -> None:
    """
    A configuration is none, nor is what only begins alike.
    """
    there = [
        "lcov.info",
        ".coverage",
        ".coverage.host.123.abc",
        "coverage.xml",
        "coverage.json",
        "cov-unit.xml",
        ".coveragerc",
        "coverage.py",
        "junit.xml",
        "lcov.info.bak",
        "recov.xml",
    ]

    assert reports_among(there) == [
        ".coverage",
        ".coverage.host.123.abc",
        "cov-unit.xml",
        "coverage.json",
        "coverage.xml",
        "lcov.info",
    ]


@pytest.mark.parametrize(
    ("paths", "name", "names"),
    [
        (["out/coverage.xml"], "unit-3.12", ["unit-3.12"]),
        (["out/coverage.xml"], "", ["out/coverage.xml"]),
        (["a.xml", "b.xml"], "unit", ["unit/a.xml", "unit/b.xml"]),
        (["söme file.xml"], "", ["s-me-file.xml"]),
        (["x" * 150 + "/coverage.xml"], "", ["x" * 87 + "/coverage.xml"]),
        (["x" * 150, "a"], "u", ["u/" + "x" * 98, "u/a"]),
    ],
)
def test_each_file_has_a_name(paths: list[str], name: str, names: list[str]) -> None:
    """
    The one that was said, or by its path; always one that the service takes.
    """
    assert names_of(paths, name) == names
    assert all(map(is_name, names))


def test_no_two_files_have_one_name() -> None:
    """
    The second would replace the first.
    """
    with pytest.raises(ValueError, match="two of the files would be called 'a-b'"):
        names_of(["a b", "a-b"], "")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("gate_" + "aZ9_-" * 8, True), ("gate_" + "a" * 39, False), ("gate_" + "a" * 41, False), ("", False)],
)
def test_a_token_is_known_by_its_form(text: str, is_one: object) -> None:
    """
    So that what is none is not looked for.
    """
    assert is_token(text) is is_one
