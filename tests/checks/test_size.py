"""Lines of code, counted by hand and as `radon raw` counts them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from radon.raw import analyze

from checks import size
from checks.report import Problem
from checks.size import Lines
from checks.source import UnreadableSourceError

COUNTED = '''\
"""One line."""

import os  # a comment beside code


def f(a,
      b):
    """Three

    lines."""
    # a comment alone
    if a: return b
    x = [

        1,
    ]; y = 2
'''


def test_lines_are_counted_by_kind() -> None:
    """
    16 lines: 7 of code, 5 blank ones (one of them in the string, one in the list), 2 of the long string, and 2 that
    are a comment or a string of one line; a comment beside code is counted besides. 8 statements.
    """
    report = size.measure("a.py", COUNTED.encode(), {})

    assert {quantity.metric: quantity.value for quantity in report.quantities} == {
        "loc": 16,
        "lloc": 8,
        "sloc": 7,
        "comments": 2,
        "multi": 2,
        "blank": 5,
        "single_comments": 2,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n  \n",
        "x = 1",
        COUNTED,
        "x = \\\n  1\n",
        "f('''\n'''); g('''\n\n''')\n",
        "if a:\n  '''\n  doc\n\n  '''  # comment\n  pass\n",
        "x = {\n  # comment\n\n  'a': 1,\n}\n",
        "class C: x: int; y: int\n",
        "'''\n  def f(:\n'''\n",
        "x = (1\n\n)  # c\n# d\n",
        "x = 1\x0c\ny = 2\n",  # form feed: a line's end for radon, white space for the tokenizer
        "# \u2028 1\ny = (\n2)\n",
        "match x:\n  case 1: pass\n",
    ],
)
def test_the_counts_are_those_of_radon(text: str) -> None:
    """
    Each statement is tokenized once here and as often as it has lines there: the sums are equal.
    """
    assert size.count(text) == Lines(*analyze(text))


@example("b):\n\n'one line'\n")
@given(st.lists(st.sampled_from(COUNTED.splitlines()), max_size=12).map("\n".join))
def test_whatever_radon_counts_is_counted_the_same(text: str) -> None:
    """
    Any order of lines gives radon's numbers, or no number where radon has none.
    """
    try:
        theirs: Lines | None = Lines(*analyze(text))
    except SyntaxError:
        theirs = None

    try:
        ours: Lines | None = size.count(text)
    except UnreadableSourceError:
        ours = None

    assert ours == theirs


def test_what_radon_cannot_count_is_a_problem_of_ours() -> None:
    """
    A form feed ends radon's line inside a string, so that it finds no end of the statement.
    """
    report = size.measure("a.py", b"x = 'a\x0cb'\n", {})

    assert report.problem == Problem("radon cannot count its lines: SyntaxError at line: 1", ours=True)
    assert report.quantities == ()


def test_a_file_for_another_python_is_counted() -> None:
    """
    radon counts lines by their tokens: a statement of Python 2 is one as well.
    """
    report = size.measure("a.py", b"print 'x'\n", {})

    assert (report.problem, report.quantities[0].value) == (None, 1)


def test_a_syntax_error_is_the_problem_where_lines_cannot_be_counted() -> None:
    """
    It is the file's own problem, as in every other check.
    """
    report = size.measure("a.py", b"x = (\n", {})

    assert report.problem == Problem("line 1: '(' was never closed", line=1)


def test_a_long_statement_takes_no_time_to_speak_of() -> None:
    """
    radon would tokenize this list of 5,000 lines 5,000 times.
    """
    text = "x = [\n" + "  1,\n" * 5_000 + "]\n"

    assert size.count(text).sloc == 5_002
