"""The size of a source file in lines of code, logical lines, comments and blanks, as `radon raw` counts them.

It judges nothing. radon tokenizes a statement of n lines n times, each time with one line more; here the statements'
ends are found first, and radon's own functions see each statement once. The numbers are the same.
"""

from __future__ import annotations

import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from radon import raw

from checks.catalog import SIZE, Options
from checks.report import FileReport, Problem, Quantity
from checks.source import TOKENIZER_ERRORS, UnreadableSourceError, decode, report, tokens

LONGEST_REMEMBERED = 2000
"""Characters of a statement whose numbers are remembered."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What radon calls raw metrics: `sloc + blank + multi + single_comments == loc`."""

    loc: int
    lloc: int
    sloc: int
    comments: int
    multi: int
    """Lines of multi-line strings that stand alone, docstrings above all."""
    blank: int
    single_comments: int


@dataclass(frozen=True, slots=True)
class _Tokens:
    """What the tokens of one statement, comment or blank line say."""

    logical: int = 0
    comments: int = 0
    kind: Literal["code", "comment", "string", "lines"] = "code"
    """A comment alone, or a string alone, of one line or of several; everything else is code."""
    broken: bool = False
    """Whether it is no statement on its own."""


def measure(path: str, source: bytes, options: Options) -> FileReport:
    """The quantities of `radon raw`, or why there are none; also of files that only the tokenizer understands."""
    try:
        lines = count(decode(source))
    except UnreadableSourceError as error:
        uncounted = FileReport(SIZE.name, SIZE.version, problem=error.problem)
        return report(
            SIZE, source, lambda readable: uncounted
        )  # a syntax error says more than our own problem
    quantities = tuple(Quantity(metric.name, getattr(lines, metric.name)) for metric in SIZE.metrics)
    return FileReport(SIZE.name, SIZE.version, quantities=quantities)


@lru_cache(maxsize=1)
def count(text: str) -> Lines:
    """The lines of a source text; of the last one they are remembered, for two checks of a file want them.

    Raises: UnreadableSourceError where radon itself finds no end of a statement.
    """
    try:
        statements = list(_statements(text))
    except TOKENIZER_ERRORS:
        return _count_as_radon(text)
    return _add(statements)


def _count_as_radon(text: str) -> Lines:
    try:
        return Lines(*raw.analyze(text))
    except TOKENIZER_ERRORS as error:
        raise UnreadableSourceError(Problem(f"radon cannot count its lines: {error}", ours=True)) from error


def _statements(text: str) -> Iterator[tuple[_Tokens, list[str]]]:
    """(what its tokens say, stripped lines) of every statement, comment and blank line, as radon sees them.

    Raises: one of `TOKENIZER_ERRORS` where radon may divide the text in another way.
    """
    lines = [line.strip() for line in text.splitlines()]
    start = 0
    for end in _ends(text):
        statement = lines[start:end]
        joined = "\n".join(statement)
        said = _read(joined) if len(joined) <= LONGEST_REMEMBERED else _read.__wrapped__(joined)
        if said.broken:
            raise ValueError(f"line {start + 1}: not a statement on its own")
        yield said, statement
        start = end
    if start != len(lines):
        raise ValueError(f"{len(lines)} lines, but {start} by the tokenizer")


@lru_cache(maxsize=16384)  # two versions of a file have most statements in common
def _read(statement: str) -> _Tokens:
    found = cast("list[Any]", raw._generate(statement))  # noqa: SLF001 - its numbers are the contract
    if any(token.type == tokenize.ERRORTOKEN for token in found):
        return _Tokens(broken=True)
    kind: Literal["code", "comment", "string", "lines"] = "code"
    if raw.is_single_token(tokenize.COMMENT, found):
        kind = "comment"
    elif raw.is_single_token(tokenize.STRING, found):
        kind = "string" if found[0].start[0] == found[0].end[0] else "lines"
    logical = cast("int", raw._logical(found))  # noqa: SLF001 - its numbers are the contract
    return _Tokens(logical, sum(token.type == tokenize.COMMENT for token in found), kind)


def _ends(text: str) -> tuple[int, ...]:
    """The number of the last line of every statement, and of every comment and blank line between statements."""
    found = tokens(text)
    if found.error is not None:
        raise found.error
    if found.unopened:
        raise ValueError(f"line {found.unopened}: a bracket that was never opened")
    return found.ends


def _add(statements: list[tuple[_Tokens, list[str]]]) -> Lines:
    """radon's own sums, statement by statement.

    Source: radon 6.0.1, radon/raw.py, `analyze`.
    """
    logical = comments = single_comments = multi = blank = code = 0
    for said, lines in statements:
        logical += said.logical
        comments += said.comments
        empty = lines.count("")
        if said.kind in {"comment", "string"}:
            single_comments += 1
        elif said.kind == "lines":
            multi += len(lines) - empty
            blank += empty
        else:
            code += len(lines) - empty
            blank += empty
    total = code + blank + multi + single_comments
    return Lines(total, logical, code, comments, multi, blank, single_comments)
