"""What the lines of a source file mean: the span, digest, shape and scope of every statement.

It compares nothing and knows nothing of coverage. A compound statement is its header, so that a change of its body is
no change of it; `except` and `case` are headers of their own, and a decorated definition begins at its decorator.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from checks import normal_form
from checks.catalog import SYNTAX, Options
from checks.normal_form import DEFINITIONS, Header, qualified
from checks.report import FileReport, Statement
from checks.source import Source, report


def measure(path: str, source: bytes, options: Options) -> FileReport:
    """The statements in the order of the source, or why it cannot be read."""
    return report(SYNTAX, source, _measure)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a statement stands."""

    scope: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """The local names of the functions around it, and what stands for them in shapes."""
    depth: int = 0
    type_checking: bool = False


def _measure(source: Source) -> FileReport:
    lines = source.text.split("\n")
    found: list[tuple[int, int, Statement]] = []
    nodes: list[tuple[ast.AST, _Place]] = [(source.tree, _Place())]
    while nodes:  # no recursion: a chain of `elif` is nested as deeply as it is long
        node, place = nodes.pop()
        unreachable = {id(inner) for inner in _unreachable_branch(node)}
        for inner in normal_form.headers_in(node):
            here = replace(place, type_checking=True) if id(inner) in unreachable else place
            inside = _inside(inner, here)
            found.append((*_start(inner, lines), _statement(inner, here, inside, lines)))
            nodes.append((inner, inside))
    found.sort(key=lambda item: item[:2])
    return FileReport(SYNTAX.name, SYNTAX.version, statements=tuple(statement for _, _, statement in found))


def _inside(node: Header, place: _Place) -> _Place:
    """The place of what stands in a node that itself stands in `place`."""
    if not isinstance(node, DEFINITIONS):
        return place
    names = place.names
    if not isinstance(node, ast.ClassDef):
        names = {**names, **_local_names(node, place.depth)}
    return replace(place, scope=qualified(place.scope, node.name), names=names, depth=place.depth + 1)


def _statement(node: Header, place: _Place, inside: _Place, lines: list[str]) -> Statement:
    """The statement; the names of parameters belong to the inside of their function."""
    line, _ = _start(node, lines)
    outline, names = normal_form.outline(node, inside.names)
    return Statement(
        line=line,
        end_line=_end(node, line, lines),
        digest=normal_form.digest(normal_form.header(node)),
        shape=normal_form.digest(normal_form.header(node, inside.names)),
        scope=place.scope,
        meaning=_meaning(node, place),
        outline=normal_form.digest(outline),
        names=names,
        binds="" if place.names else _bound_by(node),
    )


def _bound_by(node: Header) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case (
            ast.Assign(targets=[ast.Name(id=name)])
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr())
        ):
            return name
    return ""


def _meaning(node: Header, place: _Place) -> Literal["code", "docstring", "annotation", "type_checking"]:
    if place.type_checking:
        return "type_checking"
    if normal_form.is_docstring(node):
        return "docstring"
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return "annotation"
    return "code"


def _start(node: Header, lines: list[str]) -> tuple[int, int]:
    """Line and column of the first token that is the statement's own."""
    if isinstance(node, ast.match_case):
        return _start_of_case(node.pattern, lines)
    if isinstance(node, DEFINITIONS) and node.decorator_list:
        return node.decorator_list[0].lineno, node.decorator_list[0].col_offset
    return node.lineno, node.col_offset


def _start_of_case(pattern: ast.pattern, lines: list[str]) -> tuple[int, int]:
    """Where the `case` of a pattern stands, which syntax trees do not tell: nothing but brackets is between them."""
    line, before = pattern.lineno, lines[pattern.lineno - 1][: pattern.col_offset]
    while not before.lstrip().startswith("case"):
        line -= 1
        before = lines[line - 1]
    return line, len(before) - len(before.lstrip())


def _end(node: Header, line: int, lines: list[str]) -> int:
    """The last line of a simple statement, or of a compound one's header."""
    first = next(normal_form.headers_in(node), None)
    if first is None:
        return getattr(node, "end_lineno", line)
    inner_line, inner_column = _start(first, lines)
    if lines[inner_line - 1][:inner_column].strip(" \t\f@"):
        return inner_line  # the body begins on the header's last line
    header = range(inner_line - 1, line, -1)
    return next((number for number in header if _is_code(lines[number - 1])), line)


def _is_code(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")


def _unreachable_branch(node: ast.AST) -> list[ast.stmt]:
    """The branch that only type checkers follow."""
    if not isinstance(node, ast.If):
        return []
    if isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not):
        return node.orelse if _is_type_checking(node.test.operand) else []
    return node.body if _is_type_checking(node.test) else []


def _is_type_checking(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False


def _local_names(function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> dict[str, str]:
    """The names bound in a function, each with its place in the order of binding: equal for renamed variables."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    nodes: list[ast.AST] = [function.args, *function.body][::-1]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            shared.update(node.names)
        for name in _bound(node):
            names.setdefault(name, f"{depth}.{len(names)}")
        if not isinstance(node, DEFINITIONS):
            nodes += list(ast.iter_child_nodes(node))[::-1]
    return {name: order for name, order in names.items() if name not in shared}


def _bound(node: ast.AST) -> Iterator[str]:
    """The name a node binds, where it could have another one."""
    match node:
        case (
            ast.Name(id=str(name), ctx=ast.Store())
            | ast.arg(arg=str(name))
            | ast.FunctionDef(name=str(name))
            | ast.AsyncFunctionDef(name=str(name))
            | ast.ClassDef(name=str(name))
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
            | ast.alias(asname=str(name))
        ):
            yield name
