"""Suppressions and skips, as they are written."""

from __future__ import annotations

import pytest

from checks import escapes
from checks.report import Finding, Problem


def findings(source: str) -> list[Finding]:
    report = escapes.measure("a.py", source.encode(), {})
    assert report.problem is None
    return list(report.findings)


def rules(source: str) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in findings(source)]


@pytest.mark.parametrize(
    ("comment", "rule"),
    [
        ("# nosec", "nosec"),
        ("#nosec: B101", "nosec"),
        ("# because  # nosec B101", "nosec"),
        ("# noqa", "noqa"),
        ("# NOQA: E501", "noqa"),
        ("# flake8: noqa", "noqa"),
        ("# ruff: noqa: D100", "noqa"),
        ("# type: ignore", "type-ignore"),
        ("# type:ignore[attr-defined]", "type-ignore"),
        ("# mypy: ignore-errors", "type-ignore"),
        ("# pyright: ignore", "type-ignore"),
        ("# pragma: no cover", "no-cover"),
        ("# PRAGMA: NO COVER", "no-cover"),
        ("# pragma: no branch", "no-cover"),
    ],
)
def test_comments_that_silence_a_tool_are_escapes(comment: str, rule: str) -> None:
    """
    Each is found with the comment itself as its text, on its line and column, without a level.
    """
    (found,) = findings(f"x = 1\ny = 2  {comment}\n")

    assert (found.rule, found.line, found.end_line, found.column) == (rule, 2, 2, 7)
    assert (found.severity, found.confidence, found.text) == ("undefined", "undefined", comment)


@pytest.mark.parametrize(
    "comment", ["# secure", "# type: int", "# pragma: once", "# ignore this type", "# no cover"]
)
def test_other_comments_are_not(comment: str) -> None:
    """
    Words alone do not silence anything.
    """
    assert rules(f"x = 1  {comment}\n") == []


def test_strings_are_not_comments() -> None:
    """
    A test about `# noqa` has no escape.
    """
    assert rules("x = '# noqa'\n") == []


def test_one_comment_can_silence_two_tools() -> None:
    """
    Each of them is an escape of its own.
    """
    assert rules("x = 1  # type: ignore  # noqa\n") == [("noqa", 1), ("type-ignore", 1)]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("@pytest.mark.skip\ndef test(): pass", "skip"),
        ("@pytest.mark.skip(reason='x')\ndef test(): pass", "skip"),
        ("@pytest.mark.skipif(x, reason='x')\ndef test(): pass", "skipif"),
        ("@pytest.mark.xfail(strict=True)\ndef test(): pass", "xfail"),
        ("pytestmark = pytest.mark.skip", "skip"),
        ("pytestmark = [pytest.mark.xfail]", "xfail"),
        ("pytest.skip('x', allow_module_level=True)", "skip"),
        ("pytest.importorskip('x')", "skip"),
        ("pytest.xfail('x')", "xfail"),
        ("pytest.param(1, marks=pytest.mark.xfail)", "xfail"),
        ("@unittest.skip('x')\nclass T: pass", "skip"),
        ("@unittest.skipIf(x, 'x')\nclass T: pass", "skipif"),
        ("@unittest.skipUnless(x, 'x')\nclass T: pass", "skipif"),
        ("@unittest.expectedFailure\ndef test(): pass", "xfail"),
        ("raise unittest.SkipTest('x')", "skip"),
        ("self.skipTest('x')", "skip"),
        ("make().skipTest('x')", "skip"),
        ("from pytest import mark as m\nm.skip", "skip"),
        ("from unittest import expectedFailure\n@expectedFailure\ndef test(): pass", "xfail"),
        ("import pytest as p\np.skip()", "skip"),
    ],
)
def test_skipped_tests_are_escapes(written: str, rule: str) -> None:
    """
    Decorators, marks and calls of pytest and unittest, whatever name they were imported by.
    """
    assert [finding.rule for finding in findings(written)] == [rule]


@pytest.mark.parametrize(
    "written",
    ["try: f()\nexcept unittest.SkipTest: pass", "self.skip()", "skip('x')", "from . import skip\nskip()", "pytest.mark.slow"],
)  # fmt: skip
def test_what_only_looks_like_a_skip_is_not(written: str) -> None:
    """
    Other people's names, and handlers of the exception.
    """
    assert rules(written) == []


def test_a_decorator_is_shown_on_one_line() -> None:
    """
    The text of a skip is its source, white space joined; it spans the lines of the decorator.
    """
    (found,) = findings("@pytest.mark.skipif(\n    x,\n    reason='y',\n)\ndef test(): pass\n")

    assert (found.line, found.end_line, found.column) == (1, 4, 1)
    assert found.text == "@pytest.mark.skipif( x, reason='y', )"


def test_escapes_know_their_scope() -> None:
    """
    A comment on a function's lines is inside it, a decorator outside.
    """
    source = "class T:\n    @pytest.mark.skip\n    def test(self):  # noqa\n        x  # nosec\n"

    assert [finding.scope for finding in findings(source)] == ["T", "T.test", "T.test"]


def test_the_identity_of_an_escape_survives_formatting() -> None:
    """
    Moved and re-indented, it is the same escape; with another rule it is another.
    """
    before = findings("def f():\n  x  # nosec  B101\n  pytest.skip('a')\n")
    after = findings("\n\ndef f():\n        x  # nosec B101\n        pytest.skip(\n          'a')\n")
    other = findings("def f():\n  x  # nosec\n  pytest.skip('b')\n")

    assert [found.source for found in before] == [found.source for found in after]
    assert not {found.source for found in before} & {found.source for found in other}


def test_a_broken_file_has_no_escapes() -> None:
    """
    The problem is that of every other check.
    """
    report = escapes.measure("a.py", b"x = (  # noqa\n", {})

    assert report.problem == Problem("line 1: '(' was never closed", line=1)
