"""The fields of each kind of syntax node that are of interest to a walk, looked up once for each kind.

It walks nothing and holds no node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

WITHOUT_NODES = frozenset(
    {
        "ctx",
        "op",
        "ops",
        "id",
        "attr",
        "arg",
        "kind",
        "type_comment",
        "type_ignores",
        "module",
        "level",
        "asname",
    }
    | {"is_async", "simple", "conversion", "rest", "kwd_attrs"}
)
"""Fields that hold texts, numbers or operators in whatever kind of node they are."""


class Fields(dict[type, tuple[str, ...]]):
    """The chosen fields by kind, in their order; none for what is no node, as a text or None."""

    def __init__(self, chosen: Callable[[str], bool]) -> None:
        super().__init__()
        self._chosen = chosen

    def __missing__(self, kind: type) -> tuple[str, ...]:
        names = kind._fields if issubclass(kind, ast.AST) else ()
        return self.setdefault(kind, tuple(filter(self._chosen, names)))


INNER = Fields(lambda name: name not in WITHOUT_NODES)
"""The fields that may hold nodes: of names, literals and operators none, and they are most of all nodes."""
INNER[ast.Constant] = ()
ALL = Fields(lambda name: True)
"""All fields, in their order."""
