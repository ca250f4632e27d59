"""One tree for all checks of a file: none of them leaves anything on it that another could see."""

from __future__ import annotations

import ast
import itertools

import pytest

from checks import catalog
from checks.catalog import OWN
from checks.source import read
from tests.checks.test_security import NOSEC, VULNERABLE

ON_THE_TREE = [check for check in OWN if check.name != "size"]
SOURCES = [
    VULNERABLE,
    NOSEC,
    b"match x:\n  case [1, *_] if eval(y): # nosec\n    [eval(z)\n     for z in\n     'password']\n",
    b"def f(*a, password='x'): # nosec\n  assert [x for x in a if x == '0.0.0.0']\n",
]


def written(source: bytes) -> str:
    """The remembered tree with all that hangs on it."""
    tree = read(source).tree
    return f"{ast.dump(tree, include_attributes=True)} {[extra(node) for node in ast.walk(tree)]}"


def extra(node: ast.AST) -> list[str]:
    """What hangs on a node that Python's parser has not put there."""
    return sorted(vars(node).keys() - {*node._fields, *node._attributes})


@pytest.mark.parametrize("source", SOURCES, ids=["vulnerable", "nosec", "match", "places"])
def test_the_order_of_the_checks_does_not_matter(source: bytes) -> None:
    """
    Whichever check goes first, and asked again: every report is that of a check with a tree of its own.
    """
    alone = {}
    for check in ON_THE_TREE:
        read.cache_clear()
        alone[check.name] = catalog.load(check)("a.py", source, {})

    for order in itertools.permutations(ON_THE_TREE):
        read.cache_clear()
        for check in (*order, *order):
            assert catalog.load(check)("a.py", source, {}) == alone[check.name]


@pytest.mark.parametrize("check", ON_THE_TREE, ids=lambda check: check.name)
@pytest.mark.parametrize("source", SOURCES, ids=["vulnerable", "nosec", "match", "places"])
def test_a_check_leaves_the_tree_as_it_was(check: catalog.Check, source: bytes) -> None:
    """
    No field, place or attribute is another one afterwards.
    """
    read.cache_clear()
    # Python shares some nodes among all trees, and bandit itself, tried by other tests, marks them.
    for node in ast.walk(ast.parse(source)):
        for name in extra(node):
            delattr(node, name)
    before = written(source)

    catalog.load(check)("a.py", source, {})

    assert written(source) == before
