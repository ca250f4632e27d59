"""Lines that cannot run here: branches for other systems, other Python versions and type checkers.

Coverage.py counts them as missing; for a verdict on tests they do not count. It only ever takes missing lines out of
the count, never covered ones, and reads the condition's syntax without running it.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from checks.line_set import LineSet
from checks.possible_lines import can_run
from checks.report import FileCoverage

_NAMES = (b"TYPE_CHECKING", b"sys.platform", b"version_info", b"os.name")
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


Version = tuple[int, ...]


def left_out(coverage: FileCoverage, source: bytes, version: Version) -> FileCoverage:
    """The file's lines, those missing ones excluded that cannot run under this version (3, 11, 7) on this system.

    So are branches that nothing takes and that nothing can take here.
    """
    looked = coverage.missing or not all(taken for _, _, taken in coverage.branches)
    decided = conditions(source, version) if looked else {}
    if not decided:
        return coverage
    return can_run(coverage, LineSet.of(decided), LineSet.of(frozenset().union(*decided.values())))


def conditions(source: bytes, version: Version) -> Mapping[int, frozenset[int]]:
    """Lines of conditions that are always the same here, and the lines that each never lets run.

    They are found once and remembered, so that somebody who has time can ask for them before.
    """
    return _conditions(source, version) if any(name in source for name in _NAMES) else {}


@cache
def _conditions(source: bytes, version: Version) -> Mapping[int, frozenset[int]]:
    try:
        return dict(_decided(ast.parse(source), version))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _decided(tree: ast.Module, version: Version) -> Iterator[tuple[int, frozenset[int]]]:
    """(line, lines that it never lets run) of every condition that is always the same here."""
    for node in ast.walk(tree):
        truth = _truth(node.test, version) if isinstance(node, ast.If) else None
        if isinstance(node, ast.If) and truth is not None:
            never = node.orelse if truth else node.body
            lines = [range(each.lineno, (each.end_lineno or each.lineno) + 1) for each in never]
            yield node.lineno, frozenset(line for one in lines for line in one)


def _truth(test: ast.expr, version: Version) -> bool | None:
    """What the condition always is here; None when that depends on anything else."""
    match test:
        case ast.Name("TYPE_CHECKING") | ast.Attribute(ast.Name(), "TYPE_CHECKING"):
            return False
        case ast.UnaryOp(ast.Not(), operand):
            truth = _truth(operand, version)
            return None if truth is None else not truth
        case ast.Compare(left, [operator], [right]) if isinstance(operator, _COMPARISONS):
            return _compared(_here(left, version), operator, _literal(right))
        case ast.Call(ast.Attribute(ast.Attribute(ast.Name("sys"), "platform"), "startswith"), [prefix], []):
            start = _literal(prefix)
            return sys.platform.startswith(start) if isinstance(start, str) else None
    return None


def _here(expression: ast.expr, version: Version) -> object:
    """The value on this machine of one of the names that are looked at; None for any other."""
    match expression:
        case ast.Attribute(ast.Name("sys"), "platform"):
            return sys.platform
        case ast.Attribute(ast.Name("os"), "name"):
            return os.name
        case ast.Attribute(ast.Name("sys"), "version_info"):
            return version
        case ast.Subscript(ast.Attribute(ast.Name("sys"), "version_info"), ast.Constant(0)):
            return version[0]
        case ast.Subscript(
            ast.Attribute(ast.Name("sys"), "version_info"), ast.Slice(None, ast.Constant(int(end)))
        ):
            return version[:end] if 0 < end <= 3 else None
    return None


def _literal(expression: ast.expr) -> object:
    try:
        return ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _compared(left: object, operator: ast.cmpop, right: object) -> bool | None:
    if left is None or type(left) is not type(right):
        return None
    match operator:
        case ast.Eq():
            return left == right
        case ast.NotEq():
            return left != right
    if not isinstance(left, tuple) or not all(type(item) is int for item in right):  # type: ignore[attr-defined]
        return None
    return _ordered(left, operator, right)


def _ordered(left: tuple[int, ...], operator: ast.cmpop, right: object) -> bool | None:
    assert isinstance(right, tuple)  # noqa: S101  (of the same type as `left`)
    match operator:
        case ast.Lt():
            return left < right
        case ast.LtE():
            return left <= right
        case ast.Gt():
            return left > right
        case _:
            return left >= right
