"""What lines mean: spans, digests, shapes, scopes."""

from __future__ import annotations

import pytest

from checks import syntax
from checks.report import Problem, Statement


def statements(source: str) -> tuple[Statement, ...]:
    report = syntax.measure("a.py", source.encode(), {})
    assert report.problem is None
    return report.statements


def spans(source: str) -> list[tuple[int, int]]:
    return [(statement.line, statement.end_line) for statement in statements(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1; y = 2\n", [(1, 1), (1, 1)]),
        ("x = [\n  1,\n]\n", [(1, 3)]),
        ("if a:\n  b\nelif c:\n  d\nelse:\n  e\n", [(1, 1), (2, 2), (3, 3), (4, 4), (6, 6)]),
        ("if a: b\n", [(1, 1), (1, 1)]),
        ("if (a and\n    b\n    ):  # why\n  # because\n\n  c\n", [(1, 3), (6, 6)]),
        ("if (a and\n    b): c\n", [(1, 2), (2, 2)]),
        (
            "@one\n@two(\n  3)\ndef f(\n  a,\n) -> int:\n  '''doc\n  '''\n  return a\n",
            [(1, 6), (7, 8), (9, 9)],
        ),
        ("class C(\n  B):\n  x = 1\n", [(1, 2), (3, 3)]),
        ("class C:\n  @d\n  def m(self): pass\n", [(1, 1), (2, 3), (3, 3)]),
        ("try:\n  a\nexcept (B,\n    C):\n  d\nfinally:\n  e\n", [(1, 1), (2, 2), (3, 4), (5, 5), (7, 7)]),
        ("match a:\n  case 1:\n    b\n  case _: c\n", [(1, 1), (2, 2), (3, 3), (4, 4), (4, 4)]),
        ("match a:\n  case (\n      1\n      | 2\n  ):\n    b\n", [(1, 1), (2, 5), (6, 6)]),
        ("match a:\n  case (  # why\n\n    (case, 1)): b\n", [(1, 1), (2, 4), (4, 4)]),
        ("async def f():\n  async with a as b, \\\n     c:\n    await d\n", [(1, 1), (2, 3), (4, 4)]),
        ("", []),
        ("# only a comment\n", []),
    ],
)
def test_statements_span_their_lines_and_headers_theirs(source: str, expected: list[tuple[int, int]]) -> None:
    """
    Of compound statements the header alone; `except` and `case` are headers; definitions begin at their decorators.
    """
    assert spans(source) == expected


def test_scopes_are_qualified_names() -> None:
    """
    A definition stands in the scope around it, its body in its own.
    """
    source = "class C:\n  def m(self):\n    def g():\n      pass\n    if g:\n      pass\nx\n"

    assert [statement.scope for statement in statements(source)] == [
        "",
        "C",
        "C.m",
        "C.m.g",
        "C.m",
        "C.m",
        "",
    ]


@pytest.mark.parametrize(
    ("source", "meanings"),
    [
        ("'''doc'''\nx = 1\n", ["docstring", "code"]),
        ("def f():\n  'doc'\n  'also nothing'\n  b'code'\n", ["code", "docstring", "docstring", "code"]),
        ("x: int\ny: int = 1\n", ["annotation", "code"]),
        ("if TYPE_CHECKING:\n  import a\nelse:\n  b\n", ["code", "type_checking", "code"]),
        ("if typing.TYPE_CHECKING:\n  if a:\n    b\nc\n", ["code", "type_checking", "type_checking", "code"]),
        ("if not TYPE_CHECKING:\n  a\nelse:\n  b\n", ["code", "code", "type_checking"]),
        ("if not a:\n  b\n", ["code", "code"]),
        ("if TYPE_CHECKING and a:\n  b\n", ["code", "code"]),
    ],
)
def test_only_code_can_be_new_code(source: str, meanings: list[str]) -> None:
    """
    Docstrings, bare annotations and what only type checkers read are told apart.
    """
    assert [statement.meaning for statement in statements(source)] == meanings


def digests(source: str) -> list[str]:
    return [statement.digest for statement in statements(source)]


def shapes(source: str) -> list[str]:
    return [statement.shape for statement in statements(source)]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("x = f(1,\n  2)", "x = f(1, 2)  # comment", True),
        ("x = (1)", "x = 1", True),
        ("x = 'a' 'b'", 'x = "ab"', True),
        ("x = u'a'", "x = 'a'", True),
        ("x = 0x10", "x = 16", True),
        ("x = 1", "x = True", False),
        ("x = 1", "x = 1.0", False),
        ("x = 'None'", "x = None", False),
        ("x = 'a'", "x = b'a'", False),
        ("x = a", "y = a", False),
        ("x = a.b", "x = a.c", False),
        ("f(a=1)", "f(b=1)", False),
        ("a + b", "a - b", False),
        ("f(a)[b]", "f(a[b])", False),
        ("x: int = 1", "x: str = 1", False),
    ],
)  # fmt: skip
def test_the_digest_is_of_the_syntax(one: str, other: str, *, equal: bool) -> None:
    """
    Formatting is no part of it; every name, value and operator is.
    """
    assert (digests(one) == digests(other)) is equal


def test_the_body_of_a_compound_statement_is_no_part_of_its_digest() -> None:
    """
    Its statements have digests of their own.
    """
    assert digests("if a:\n  b\n  c\n")[0] == digests("if a:\n  d\n")[0]
    assert digests("while a: b")[0] != digests("if a: b")[0]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("def f(a):\n  b = a\n  return b", "def f(x):\n  y = x\n  return y", True),
        ("def f(a, b):\n  return a - b", "def f(a, b):\n  return b - a", False),
        ("def f():\n  with o() as a: g(a)", "def f():\n  with o() as b: g(b)", True),
        ("def f():\n  import a as b; b.c", "def f():\n  import a as d; d.c", True),
        ("def f():\n  try: pass\n  except A as e: g(e)", "def f():\n  try: pass\n  except A as x: g(x)", True),
        ("def f(m):\n  match m:\n    case [a, *b] as c: g(a, b, c)", "def f(n):\n  match n:\n    case [x, *y] as z: g(x, y, z)", True),
        ("def f(m):\n  match m:\n    case {1: a, **b}: g(b)", "def f(m):\n  match m:\n    case {1: a, **c}: g(c)", True),
        ("def f():\n  def g(): pass\n  return g", "def f():\n  def h(): pass\n  return h", True),
        ("def f():\n  async def g(): pass\n  return g", "def f():\n  async def h(): pass\n  return h", True),
        ("def f():\n  class G: pass\n  return G", "def f():\n  class H: pass\n  return H", True),
        ("def f(a):\n  def g(): return a\n  return g", "def f(b):\n  def g(): return b\n  return g", True),
        ("def f():\n  return [a for a in b]", "def f():\n  return [c for c in b]", True),
        ("class C:\n  def m(self, a): return self.a", "class C:\n  def m(me, a): return me.a", True),
        ("def f(a):\n  return a.a", "def f(b):\n  return b.b", False),  # an attribute is no variable
        ("def f(a):\n  g(a=a)", "def f(b):\n  g(b=b)", False),  # nor is a keyword
        ("def f():\n  return g(x)", "def f():\n  return h(x)", False),  # nor a name of the module
        ("def f():\n  global a\n  a = 1", "def f():\n  global b\n  b = 1", False),
        ("x = y", "z = y", False),
        ("def f(a: int) -> str:\n  b: int = a", "def f(a):\n  b = a", True),  # annotations are left out
        ("def f(a=1): pass", "def f(a=2): pass", False),
    ],
)  # fmt: skip
def test_the_shape_is_equal_for_renamed_local_names(one: str, other: str, *, equal: bool) -> None:
    """
    Names a function binds are replaced by the order of their binding; all other names stay.
    """
    assert (shapes(one) == shapes(other)) is equal


def test_a_huge_number_is_no_obstacle() -> None:
    """
    Python refuses to write a number of 10,000 digits in decimal.
    """
    assert len(statements("x = 0x" + "f" * 10_000)) == 1


def test_a_long_chain_of_conditions_is_no_obstacle() -> None:
    """
    900 branches are 1,801 statements.
    """
    chain = "".join(f"elif x == {number}: pass\n" for number in range(900))

    assert len(statements(f"x = 1\nif x: pass\n{chain}")) == 1 + 2 * 901


def test_a_broken_file_has_no_statements() -> None:
    """
    The problem is that of every other check.
    """
    assert syntax.measure("a.py", b"x = (\n", {}).problem == Problem("line 1: '(' was never closed", line=1)
