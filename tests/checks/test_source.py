"""Reading source bytes as Python does, or saying why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checks import source
from checks.catalog import SYNTAX
from checks.report import FileReport, Problem
from checks.source import Source, UnreadableSourceError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"", ""),
        ("name = 'é'\n".encode(), "name = 'é'\n"),
        (b"\xef\xbb\xbfname = 1\n", "name = 1\n"),  # byte order mark: radon's command line refuses it
        (b"# coding: latin-1\nname = '\xe9'\n", "# coding: latin-1\nname = 'é'\n"),
        (
            b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n'\x80'",
            "#!/usr/bin/python\n# -*- coding: cp1252 -*-\n'€'",
        ),
        (b"a = 1\r\nb = 2\rc = 3\n", "a = 1\nb = 2\nc = 3\n"),  # Python takes each of them for a line's end
    ],
)
def test_source_is_decoded_as_python_decodes_it(written: bytes, text: str) -> None:
    """
    Byte order mark, coding cookie and line ends are understood.
    """
    assert source.read(written).text == text


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (b"x = (\n", Problem("line 1: '(' was never closed", line=1)),
        (b"x = 1\nprint 2\n", Problem("line 2: Missing parentheses in call to 'print'. Did you mean print(...)?", line=2)),
        (b"# coding: latin-2000\n", Problem("line 1: unknown encoding: latin-2000", line=1)),
        (b"# coding: rot13\n", Problem("line 1: not a text encoding: rot13", line=1)),
        (b"1\n'\xff'\n", Problem("line 2: not utf-8: invalid start byte", line=2)),  # found while looking for a cookie
        (b"1\n2\n3\n'\xff'\n", Problem("line 4: not utf-8: invalid start byte", line=4)),
        (b"x = 'a\0b'\n", Problem("source code string cannot contain null bytes")),
        (b"# coding: utf-7\n'+2AA-'\n", Problem("'utf-8' codec can't encode character '\\ud800' in position 17: surrogates not allowed")),
        (b"x = " + b"+".join([b"1"] * 20_000), Problem("nested too deeply to be parsed", ours=True)),
        (b"x = " + b"-" * 20_000 + b"1", Problem("nested too deeply to be parsed", ours=True)),
        (b"x = " + b"(" * 300 + b")" * 300, Problem("line 1: too many nested parentheses", line=1)),
    ],
    ids=["open bracket", "Python 2", "unknown", "no text", "early bytes", "late bytes", "null", "surrogate", "sum", "minus", "brackets"],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_line(written: bytes, problem: Problem) -> None:
    """
    The problem says the line and the cause; only limits of the interpreter are ours.
    """
    with pytest.raises(UnreadableSourceError) as caught:
        source.read(written)

    assert caught.value.problem == problem


def test_a_file_read_twice_is_parsed_once() -> None:
    """
    The checks of one file share its tree, for they follow each other.
    """
    assert source.read(b"shared = 1\n") is source.read(b"shared = 1\n")


def test_the_depth_a_visitor_may_use_does_not_depend_on_its_caller() -> None:
    """
    A measurement that recurses forever ends as a problem of ours, and the interpreter's limit is as before.
    """
    limit = sys.getrecursionlimit()

    def sink(readable: Source) -> FileReport:
        return sink(readable)

    report = source.report(SYNTAX, b"", sink)

    assert report.problem == Problem("nested too deeply to be measured", ours=True)
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("'x = ' + 'not ' * 50_000 + '1'", "nested too deeply to be parsed"),
        ("'x = [' + '1,' * 1_000_000 + ']'", "MemoryError"),
    ],
)
def test_too_little_memory_is_told_apart_from_too_deep_a_nest(text: str, told: str) -> None:
    """
    CPython's parser calls both of them MemoryError; the one is the file's, the other the process's.
    """
    program = f"""
import resource, sys
sys.path[:0] = [{str(ROOT)!r}]
from checks import source
resource.setrlimit(resource.RLIMIT_DATA, (100 << 20, 100 << 20))
try:
    source.parse({text})
except (MemoryError, source.UnreadableSourceError) as error:
    print(str(error) or type(error).__name__)
"""

    ended = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True, text=True)

    assert ended.stdout == f"{told}\n"


def test_warnings_about_literals_are_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    """
    An invalid escape sequence is no problem of the file and nothing to print.
    """
    source.parse("'\\d' is 1")

    assert list(recwarn) == []


def test_comments_are_found_with_line_and_column() -> None:
    """
    A `#` inside a string is no comment.
    """
    assert list(source.comments("a = '# no'  # yes\n# also\n")) == [(1, 12, "# yes"), (2, 0, "# also")]


def test_comments_before_a_place_the_tokenizer_refuses_are_kept() -> None:
    """
    The tokenizer module is stricter than the parser in a few places.
    """
    assert list(source.comments("# first\n(\n")) == [(1, 0, "# first")]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain", "plain"),
        ("a\0b", "a\\x00b"),
        ("\ud800", "\\ud800"),
        ("x" * 1_000, "x" * 1_000),
        ("x" * 1_001, "x" * 999 + "…"),
    ],
    ids=["plain", "null", "surrogate", "longest", "too long"],
)
def test_texts_can_be_stored_and_shown(text: str, printed: str) -> None:
    """
    What no database takes is escaped; a text does not become as long as its file.
    """
    assert source.printable(text) == printed


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the grammar")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("type Pair = tuple[int, int]\n", "a `type` statement"),
        ("x = 1\ndef first[T](items: list[T]) -> T:\n    return items[0]\n", "a type parameter list"),
        ("class Box[T]:\n    pass\n", "a type parameter list"),
        ('text = f"{names["first"]}"\n', "an f-string with its own quotes inside"),
        ("try:\n    pass\nexcept ValueError, TypeError:\n    pass\n", "`except` without parentheses"),
        ('page = t"<b>{name}</b>"\n', "a template string"),
    ],
)
def test_a_later_grammar_is_our_limit(text: str, name: str) -> None:
    """
    A file that needs a newer Python than Gate's own is not the author's mistake.
    """
    with pytest.raises(UnreadableSourceError) as error:
        source.parse(text)

    problem = error.value.problem
    assert problem.ours
    assert f"{name} needs a newer Python" in problem.text


@pytest.mark.parametrize("text", ["def broken(:\n", "print 'x'\n", "x = (1\n"])
def test_an_error_in_every_grammar_is_the_files(text: str) -> None:
    """
    What no Python reads is said as the file's own problem.
    """
    with pytest.raises(UnreadableSourceError) as error:
        source.parse(text)

    assert not error.value.problem.ours
