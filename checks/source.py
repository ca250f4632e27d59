"""Source bytes as Python reads them: decoded text and syntax tree, or the reason why there is none.

It measures nothing; every check begins here, so that a file is unreadable for all of them or for none.
"""

from __future__ import annotations

import ast
import io
import re
import resource
import sys
import tokenize
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from checks.catalog import Check
from checks.report import FileReport, Problem

PARSING_DEPTH = 1_000
"""Frames the parser may use. It bounds the depth of trees to some 3,000 nodes, far below what overflows C's stack."""
VISITING_DEPTH = 50_000
"""Frames a visitor may use: any tree that parses can be visited, so the result never depends on the caller's depth."""

TOKENIZER_ERRORS = (tokenize.TokenError, SyntaxError, ValueError, SystemError)
"""How the tokenizer module gives up; the last two are a fault of CPython 3.13.0 on broken lines beyond ASCII."""
_LATER_GRAMMAR = (
    ((3, 12), re.compile(r"^\s*type\s+\w+\s*(\[.*\]\s*)?="), "a `type` statement"),
    ((3, 12), re.compile(r"^\s*(async\s+)?(def|class)\s+\w+\s*\["), "a type parameter list"),
    (
        (3, 12),
        re.compile(r"""\b[fF][rR]?("[^"]*\{[^}"]*"[^"]*"[^}"]*\}|'[^']*\{[^}']*'[^']*'[^}']*\})"""),
        "an f-string with its own quotes inside",
    ),
    (
        (3, 14),
        re.compile(r"^\s*except\*?\s+[\w.]+\s*,\s*[\w.]+(\s*,\s*[\w.]+)*\s*:"),
        "`except` without parentheses",
    ),
    ((3, 14), re.compile(r"""\b[tT][rR]?["']"""), "a template string"),
)
"""(first version, how its line looks, name) of grammar that came after the oldest Python Gate runs on."""
LONGEST_TEXT = 1_000
"""Characters kept of a text taken from a source file."""


@dataclass(frozen=True, slots=True)
class Source:
    """A readable source file. The tree is shared between checks: each leaves it as it found it."""

    text: str
    """Decoded, without byte order mark, with line feeds only."""
    tree: ast.Module


class UnreadableSourceError(Exception):
    """The bytes are no Python source that this interpreter can read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def forget() -> None:
    """Let go of what is remembered of the last source: its tree takes some thirty times as much memory as its text."""
    read.cache_clear()
    tokens.cache_clear()


def report(check: Check, source: bytes, measure: Callable[[Source], FileReport]) -> FileReport:
    """What `measure` says of the source, or the problem that prevents a measurement."""
    empty = FileReport(check=check.name, version=check.version)
    try:
        readable = read(source)
        with recursion(VISITING_DEPTH):
            return measure(readable)
    except UnreadableSourceError as error:
        return replace(empty, problem=error.problem)
    except RecursionError:
        return replace(empty, problem=Problem("nested too deeply to be measured", ours=True))


@lru_cache(maxsize=1)
def read(source: bytes) -> Source:
    """The text and tree of source bytes; the last one is remembered, for the checks of a file follow each other.

    Raises: UnreadableSourceError with the problem.
    """
    text = decode(source)
    return Source(text, parse(text))


def decode(source: bytes) -> str:
    """The text of source bytes by byte order mark and coding cookie (PEP 263), newlines translated.

    Raises: UnreadableSourceError for unknown encodings and for bytes that are not of the declared one.
    """
    encoding = "utf-8"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UnreadableSourceError(_undecodable(source, encoding, error)) from error
    except (LookupError, ValueError) as error:  # codecs that turn bytes into something other than text
        raise UnreadableSourceError(Problem(f"line 1: not a text encoding: {encoding}", line=1)) from error
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)


def parse(text: str) -> ast.Module:
    """The syntax tree of the text; warnings about its literals are not ours to show.

    Raises: UnreadableSourceError for syntax errors, null bytes and what the parser itself cannot stack; MemoryError.
    """
    try:
        with warnings.catch_warnings(), recursion(PARSING_DEPTH):
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 0
        said = f"line {line}: {error.msg}" if line else str(error.msg)
        newer = _newer_python(text, line)
        if newer:
            said = f"line {line}: {newer} needs a newer Python than Gate's own {sys.version_info[0]}.{sys.version_info[1]}"
        raise UnreadableSourceError(
            Problem(said, line=line, ours=bool(newer), too_new=bool(newer))
        ) from error
    except (RecursionError, MemoryError) as error:
        if isinstance(error, MemoryError) and _has_little_memory():
            raise
        # The parser reports an overflow of its own stack as MemoryError, too.
        raise UnreadableSourceError(Problem("nested too deeply to be parsed", ours=True)) from error
    except ValueError as error:  # null bytes and lone surrogates
        raise UnreadableSourceError(Problem(str(error))) from error


def _has_little_memory() -> bool:
    """Whether this process had half of what it may have at any time, where that is bounded."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if allowed == resource.RLIM_INFINITY:
        return False
    # Not `getrusage`: its peak is kept across `exec`, and may be that of whoever started us. Source: proc(5), VmHWM.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return peak is not None and int(peak[1]) * 1024 > allowed // 2


def _newer_python(text: str, line: int) -> str:
    """What of a later grammar than ours stands in the line of a syntax error; empty where it is an error in any.

    Sources: PEP 695 and PEP 701 (3.12), PEP 696 (3.13), PEP 750 and PEP 758 (3.14).
    """
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return ""
    for version, pattern, name in _LATER_GRAMMAR:
        if sys.version_info < version and pattern.search(lines[line - 1]):
            return name
    return ""


def _undecodable(source: bytes, encoding: str, error: SyntaxError | UnicodeDecodeError) -> Problem:
    """The problem with its line; a SyntaxError of the detection knows none, and may be about the first two lines."""
    if isinstance(error, SyntaxError):
        try:
            source.decode(encoding)
        except UnicodeDecodeError as found:
            error = found
        else:
            return Problem(f"line 1: {error.msg}", line=1)
    line = source.count(b"\n", 0, error.start) + 1
    return Problem(f"line {line}: not {encoding}: {error.reason}", line=line)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the tokenizer module finds in a text, up to where it gives up."""

    comments: tuple[tuple[int, int, str], ...]
    """(line, column from 0, text with its `#`) of every comment."""
    ends: tuple[int, ...]
    """The number of the last line of every statement, and of every comment and blank line between statements."""
    unopened: int
    """The line of the first bracket that was never opened, behind which no end is one; 0 where there is none."""
    error: Exception | None
    """Why it gave up."""


@lru_cache(maxsize=1)
def tokens(text: str) -> Tokens:
    """The comments and statements of a text; the last one is remembered, for to tokenize costs more than to parse."""
    comments: list[tuple[int, int, str]] = []
    ends: list[int] = []
    depth = unopened = 0
    error: Exception | None = None
    try:
        for kind, string, start, _, _ in tokenize.generate_tokens(io.StringIO(text).readline):
            if kind == tokenize.OP:
                depth += (string in "([{") - (string in ")]}")
                unopened = unopened or (start[0] if depth < 0 else 0)
            elif kind == tokenize.NEWLINE or (kind == tokenize.NL and depth == 0):
                ends.append(start[0])
            elif kind == tokenize.COMMENT:
                comments.append((*start, string))
    except TOKENIZER_ERRORS as raised:
        error = raised.with_traceback(None)
    return Tokens(tuple(comments), tuple(ends), unopened, error)


def comments(text: str) -> tuple[tuple[int, int, str], ...]:
    """(line, column from 0, text with its `#`) of every comment.

    Where the tokenizer module gives up on a text that parses, the comments found so far are all there are.
    """
    return tokens(text).comments


def printable(text: str) -> str:
    """A text that can be stored and shown: what is no character is escaped, and the end of a long one is left out."""
    text = text[: LONGEST_TEXT + 1].replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


@contextmanager
def recursion(frames: int) -> Iterator[None]:
    """Let the body use that many frames from here on, wherever here is."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(_depth() + frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _depth() -> int:
    depth = 0
    frame = sys._getframe()  # noqa: SLF001 - the only way to learn the depth without building a traceback
    while frame is not None:
        depth += 1
        frame = frame.f_back  # type: ignore[assignment]  # the outermost frame has none
    return depth
