"""Cyclomatic complexity of every function, method, closure and class of a source file, as radon counts it.

It judges nothing. Two habits of radon are kept because its numbers are the contract: what stands in a class inside a
function is not counted at all, and `except*` and conditions inside `assert` add nothing.

Source: McCabe, "A Complexity Measure", 1976; https://radon.readthedocs.io/en/latest/intro.html
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from radon import visitors
from radon.visitors import Class, Function

from checks import normal_form
from checks.catalog import COMPLEXITY, Options
from checks.kinds import INNER
from checks.normal_form import DEFINITIONS, Definition, qualified
from checks.report import Block, BlockKind, FileReport
from checks.source import Source, report

SAMPLE = 256
"""The most digests a fingerprint holds: of more statements the smallest ones, a fair sample of the whole."""


DECIDING = frozenset(
    {ast.If, ast.IfExp, ast.Assert, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.BoolOp}
    | {ast.comprehension, ast.Match}
)
"""The nodes with decision points."""


def measure(path: str, source: bytes, options: Options) -> FileReport:
    """The blocks of `radon cc --show-closures` in the order of the source, or why there are none."""
    return report(COMPLEXITY, source, _measure)


class _InnerVisitor(visitors.CodeVisitor):  # type: ignore[misc]  # untyped
    """Goes where decision points can be: names and literals have none, and are most of all nodes."""

    def generic_visit(self, node: ast.AST) -> None:
        for name in INNER[type(node)]:
            value = getattr(node, name, None)
            if type(value) is list:
                for inner in value:
                    if INNER[type(inner)]:
                        self.visit(inner)
            elif INNER[type(value)]:
                self.visit(value)


def _counting_as_radon() -> Any:
    """radon's own visitor, function by function, on our way through the tree; nothing of radon's is changed.

    Its functions find the class they start again with, and the way they go on, by the name `ComplexityVisitor`.
    """
    names = dict(vars(visitors))
    members = {
        name: FunctionType(member.__code__, names, name, member.__defaults__, member.__closure__)
        if isinstance(member, FunctionType)
        else member
        for name, member in vars(visitors.ComplexityVisitor).items()
        if name not in ("__dict__", "__weakref__")
    }
    names["ComplexityVisitor"] = type("ComplexityVisitor", (_InnerVisitor,), members)
    return names["ComplexityVisitor"]


_VISITOR = _counting_as_radon()


@dataclass(slots=True)
class _Outline:
    """The statements of a file in order, and where each definition's own begin and end."""

    entries: list[str] = field(default_factory=list)
    """Digests of headers; `(` and `)` around what is inside one."""
    definitions: dict[tuple[int, int], tuple[Definition, int, int]] = field(default_factory=dict)
    """By line and column: the definition and the slice of `entries` that is its body."""


def _measure(source: Source) -> FileReport:
    visitor = _VISITOR.from_ast(source.tree)
    outline = _Outline()
    _walk(source.tree, outline)
    found = [
        block for function in visitor.functions for block in _function(function, "", outline, listed=True)
    ]
    found += [block for item in visitor.classes for block in _class(item, "", outline, listed=True)]
    blocks = tuple(sorted(found, key=lambda block: (block.line, -block.end_line, block.name)))
    return FileReport(check=COMPLEXITY.name, version=COMPLEXITY.version, blocks=blocks)


def _function(function: Function, scope: str, outline: _Outline, *, listed: bool) -> Iterator[Block]:
    kind: BlockKind = "method" if function.is_method else ("closure" if scope else "function")
    name = qualified(scope, function.name)
    yield _block(function, kind, name, outline, listed=listed)
    for closure in function.closures:
        yield from _function(closure, name, outline, listed=False)


def _class(item: Class, scope: str, outline: _Outline, *, listed: bool) -> Iterator[Block]:
    name = qualified(scope, item.name)
    yield _block(item, "class", name, outline, listed=listed)
    for method in item.methods:
        yield from _function(method, name, outline, listed=listed)
    for inner in item.inner_classes:
        yield from _class(inner, name, outline, listed=False)


def _block(item: Function | Class, kind: BlockKind, name: str, outline: _Outline, *, listed: bool) -> Block:
    definition, start, end = outline.definitions[item.lineno, item.col_offset]
    body = outline.entries[start:end]
    statements = sorted(entry[:8] for entry in body if entry not in "()")
    return Block(
        name=name,
        kind=kind,
        line=item.lineno,
        end_line=definition.end_lineno or item.lineno,
        complexity=item.complexity,
        listed=listed,
        digest=normal_form.digest(_parameters(definition) + "".join(body)),
        fingerprint=tuple(statements[:SAMPLE]),
        contributors=() if isinstance(definition, ast.ClassDef) else _contributors(definition),
    )


def _parameters(definition: Definition) -> str:
    return "" if isinstance(definition, ast.ClassDef) else normal_form.header(definition.args)


def _walk(node: ast.AST, outline: _Outline) -> None:
    """Append what is inside the node; docstrings are left out, for indentation is part of their value."""
    entries = outline.entries
    for inner in normal_form.headers_in(node):
        if normal_form.is_docstring(inner):
            continue
        entries.append(normal_form.digest(normal_form.header(inner)))
        entries.append("(")
        start = len(entries)
        _walk(inner, outline)
        if isinstance(inner, DEFINITIONS):
            outline.definitions[inner.lineno, inner.col_offset] = (inner, start, len(entries))
        entries.append(")")


def _contributors(definition: Definition) -> tuple[tuple[int, int], ...]:
    """The lines with decision points, as radon's visitor meets them, and how many each has.

    They add up to the complexity less one: radon starts every function at one. An explicit stack, for a chain of
    `elif` is nested as deeply as it is long.
    """
    lines: Counter[int] = Counter()
    nodes: list[ast.AST] = list(definition.body)
    while nodes:
        node = nodes.pop()
        kind = type(node)
        if kind in DEFINITIONS:
            continue
        if kind in DECIDING:
            lines.update(_decisions(node))
        for name in INNER[kind] if kind is not ast.Assert else ():
            value = getattr(node, name)
            if type(value) is list:
                nodes += [inner for inner in value if INNER[type(inner)]]
            elif INNER[type(value)]:
                nodes.append(value)
    return tuple(sorted(lines.items()))


def _decisions(node: ast.AST) -> Iterator[int]:
    match node:
        case ast.If() | ast.IfExp() | ast.Assert():
            yield node.lineno
        case ast.For() | ast.AsyncFor() | ast.While():
            yield node.lineno
            yield from (item.lineno for item in node.orelse[:1])
        case ast.Try():
            yield from (handler.lineno for handler in node.handlers)
            yield from (item.lineno for item in node.orelse[:1])
        case ast.BoolOp():
            yield from (value.lineno for value in node.values[1:])
        case ast.comprehension():
            yield node.target.lineno
            yield from (condition.lineno for condition in node.ifs)
        case ast.Match():
            yield from _cases(node)


def _cases(node: ast.Match) -> Iterator[int]:
    """The line of each case; one that catches everything, like `else`, decides nothing."""
    catches_all = [
        case for case in node.cases if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
    ]
    for case in node.cases:
        if case not in catches_all[-1:]:
            yield case.pattern.lineno
