"""The normal form of syntax: what stays the same when code is shifted, re-indented, re-wrapped or reformatted.

It compares nothing; it makes the digests by which others compare.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterator, Mapping
from types import NoneType
from typing import Any

from checks.kinds import Fields

FORMATTING = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
"""Fields that say how code is written or repeat what its place already says."""
BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
"""Fields that hold other statements, where they are lists."""
ANNOTATIONS = frozenset({"annotation", "returns"})
BINDING: frozenset[tuple[type[ast.AST], str]] = frozenset(
    {
        (ast.Name, "id"),
        (ast.arg, "arg"),
        (ast.FunctionDef, "name"),
        (ast.AsyncFunctionDef, "name"),
        (ast.ClassDef, "name"),
        (ast.ExceptHandler, "name"),
        (ast.MatchAs, "name"),
        (ast.MatchStar, "name"),
        (ast.MatchMapping, "rest"),
        (ast.alias, "asname"),
    }
)
"""Where a string is the name of a variable; elsewhere it is an attribute, a keyword or a module."""
DEFINED = BINDING | {(ast.Attribute, "attr"), (ast.alias, "name")}
"""Where a string can be the name of something that a module or class defines."""

Names = Mapping[str, str] | None
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Header = ast.stmt | ast.ExceptHandler | ast.match_case
"""What has lines of its own: statements, and the `except` and `case` lines inside them."""
_PLAIN = frozenset({str, int, NoneType})
"""What fields hold that are no nodes; literals are looked at on their own."""
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


_WRITTEN = Fields(lambda field: field not in FORMATTING)
_SHAPING = Fields(lambda field: field not in FORMATTING | ANNOTATIONS)
_BLOCKS_OF = Fields(lambda field: field in BLOCKS)


def digest(text: str, size: int = 8) -> str:
    """A short digest of text: `size` bytes in hexadecimal."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def header(node: ast.AST, names: Names = None) -> str:
    """The normal form of a node without the statements inside it.

    With `names`, those names are replaced and annotations are left out: what remains is the shape of the code.
    """
    parts: list[str] = []
    if names is None:
        _write_as_is(node, parts)
    else:
        _write(node, parts, names)
    return " ".join(parts)


def outline(node: ast.AST, names: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The shape of a node with every other name that may be defined elsewhere replaced by its order, and those names."""
    parts: list[str] = []
    order = _Order(names)
    _write(node, parts, order, DEFINED)
    return " ".join(parts), tuple(order.found)


class _Order(dict[str, str]):
    """Stands for names by the order in which they are first asked for; those it is made of keep what stands for them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(names)
        self.found: list[str] = []

    def __missing__(self, name: str) -> str:
        self.found.append(name)
        return self.setdefault(name, f"@{len(self.found)}")


def headers_in(node: ast.AST) -> Iterator[Header]:
    """The headers directly inside a node, in the order of the source."""
    for field in _BLOCKS_OF[type(node)]:
        block = getattr(node, field)
        if isinstance(block, list):
            yield from block


def is_docstring(node: ast.AST) -> bool:
    """Whether the statement is a bare string, which Python throws away or keeps as documentation."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def qualified(scope: str, name: str) -> str:
    """The qualified name of `name` inside `scope`, as `Class.method` or `function.closure`."""
    return f"{scope}.{name}" if scope else name


def _write_as_is(node: ast.AST, parts: list[str]) -> None:
    """What `_write` does without names, for every statement of every file: names and literals are most of it."""
    kind = type(node)
    if kind is ast.Name:
        parts.append(f"Name {node.id!r} ;")  # type: ignore[attr-defined]  # its kind says so
        return
    if kind is ast.Constant:
        parts.append(f"Constant {_plain(node.value, None)} ;")  # type: ignore[attr-defined]  # its kind says so
        return
    parts.append(kind.__name__)
    for field in _WRITTEN[kind]:
        value: Any = getattr(node, field, None)
        inner = type(value)
        if inner is list:
            if field not in BLOCKS:
                _write_list_as_is(value, parts)
        elif inner in _PLAIN:
            parts.append(_plain(value, None))
        else:
            _write_as_is(value, parts)
    parts.append(";")


def _write_list_as_is(values: list[object], parts: list[str]) -> None:
    parts.append("[")
    for value in values:
        if isinstance(value, ast.AST):
            _write_as_is(value, parts)
        else:
            parts.append(_plain(value, None))
    parts.append("]")


def _write(
    node: ast.AST, parts: list[str], names: Names, replaced: Collection[tuple[type[ast.AST], str]] = BINDING
) -> None:
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        node = ast.Assign(targets=[node.target], value=node.value)
    kind = type(node)
    parts.append(kind.__name__)
    for field in _SHAPING[kind]:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            _write(value, parts, names, replaced)
        elif not isinstance(value, list):
            parts.append(_plain(value, names if (kind, field) in replaced else None))
        elif field not in BLOCKS:
            _write_list(value, parts, names, replaced)
    parts.append(";")


def _write_list(
    values: list[object], parts: list[str], names: Names, replaced: Collection[tuple[type[ast.AST], str]]
) -> None:
    parts.append("[")
    for value in values:
        if isinstance(value, ast.AST):
            _write(value, parts, names, replaced)
        else:
            parts.append(_plain(value, None))
    parts.append("]")


def _plain(value: object, names: Names) -> str:
    if type(value) is int:
        return hex(value)  # the decimal form of a huge number is refused by Python and slow
    if names is not None and isinstance(value, str):
        return names[value] if value in names or isinstance(names, _Order) else repr(value)
    return repr(value)
