"""Complexity, counted by hand and as `radon cc` counts it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from radon.cli import cc

from checks import complexity
from checks.report import Block

NESTED = b"""\
class Outer:
    def method(self):
        def closure():
            return [x for x in y]
        return closure

    class Inner:
        async def deep(self):
            pass

def outer():
    def closure():
        def innermost():
            pass
    class Local:
        def hidden(self):
            if x: pass
"""


def blocks(source: bytes) -> tuple[Block, ...]:
    report = complexity.measure("a.py", source, {})
    assert report.problem is None
    return report.blocks


def function(body: str) -> Block:
    """The only function of a file, its body indented by four."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return blocks(f"def f():\n{lines}".encode())[0]


def test_blocks_have_qualified_names_and_kinds() -> None:
    """
    Methods, closures, nested classes and their methods are blocks of their own, in the order of the source.
    """
    found = [(block.name, block.kind, block.line, block.listed) for block in blocks(NESTED)]

    assert found == [
        ("Outer", "class", 1, True),
        ("Outer.method", "method", 2, True),
        ("Outer.method.closure", "closure", 3, False),
        ("Outer.Inner", "class", 7, False),
        ("Outer.Inner.deep", "method", 8, False),
        ("outer", "function", 11, True),
        ("outer.closure", "closure", 12, False),
        ("outer.closure.innermost", "closure", 13, False),
    ]


def test_a_block_ends_where_its_last_line_ends() -> None:
    """
    The end is that of the definition; radon's own stops at the last line it visits.
    """
    assert [
        (block.line, block.end_line) for block in blocks(b"@d\ndef f(\n  a,\n):\n  x = [\n  1,\n  ]\n")
    ] == [(2, 7)]


DECISIONS: list[tuple[str, tuple[tuple[int, int], ...]]] = [
    ("pass", ()),
    ("if a: pass\nelif b: pass\nelse: pass", ((2, 1), (3, 1))),
    ("x = 1 if a else 2", ((2, 1),)),
    ("x = a and b or c", ((2, 2),)),
    ("x = (a and\nb and\nc)", ((3, 1), (4, 1))),
    ("for x in y: pass", ((2, 1),)),
    ("for x in y:\n  pass\nelse:\n  pass", ((2, 1), (5, 1))),
    ("while a:\n  pass\nelse:\n  pass", ((2, 1), (5, 1))),
    ("try:\n  pass\nexcept A:\n  pass\nexcept B:\n  pass", ((4, 1), (6, 1))),
    ("try:\n  pass\nexcept A:\n  pass\nelse:\n  pass\nfinally:\n  pass", ((4, 1), (7, 1))),
    ("x = [y for y in z if y if not y]", ((2, 3),)),
    ("x = {y: {w for w in y} for y in z}", ((2, 2),)),
    ("x = lambda: a and b", ((2, 1),)),
    ("with a as b: pass", ()),
    ("assert a and b", ((2, 1),)),  # radon does not look into an assertion
    ("match a:\n  case 1: pass\n  case 2: pass", ((3, 1), (4, 1))),
    ("match a:\n  case 1: pass\n  case _: pass", ((3, 1),)),
    ("match a:\n  case _ if b: pass\n  case other: pass", ((3, 1),)),
    ("match a:\n  case 1 | 2 as b: pass", ((3, 1),)),
    ("try:\n  pass\nexcept* A:\n  pass", ()),  # radon does not know it
    ("def g():\n  if a: pass", ()),  # a closure is a block of its own
    ("class C:\n  x = 1 if a else 2", ()),
]


@pytest.mark.parametrize(("body", "contributors"), DECISIONS, ids=[body for body, _ in DECISIONS])
def test_every_decision_point_is_attributed_to_its_line(
    body: str, contributors: tuple[tuple[int, int], ...]
) -> None:
    """
    The decision points, counted by hand, are the complexity less one.
    """
    block = function(body)

    assert block.contributors == contributors
    assert block.complexity == 1 + sum(points for _, points in contributors)


def test_decorators_and_defaults_do_not_count() -> None:
    """
    Only the body decides the complexity of a function.
    """
    block = blocks(b"@d(a and b)\ndef f(x=[y for y in z]) -> a or b:\n  pass\n")[0]

    assert (block.complexity, block.contributors) == (1, ())


def test_a_class_is_the_average_of_its_methods_as_in_radon() -> None:
    """
    (3 + 1 of the methods + 1 of the class + 2 for the methods) over 2 methods, plus one: 3; no lines are blamed.
    """
    source = b"class C:\n  def a(self):\n    if x and y: pass\n  def b(self): pass\n"

    block = blocks(source)[0]

    assert (block.name, block.complexity, block.contributors) == ("C", 3, ())


@pytest.mark.parametrize(
    ("source", "equal"),
    [
        (b"def f(a):\n    return a  # comment\n", True),
        (b"if x:\n        def f(a):\n\n                return (a)\n", True),
        (b"def g(a):\n    return a\n", True),  # renamed
        (b"@decorated\ndef f(a):\n    'documented'\n    return a\n", True),
        (b"async def f(a):\n    return a\n", True),
        (b"def f(b):\n    return b\n", False),
        (b"def f(a):\n    if a: return a\n", False),
        (b"def f(a):\n    return a\n    return a\n", False),
    ],
)
def test_the_digest_is_of_the_normalised_body(source: bytes, *, equal: bool) -> None:
    """
    Formatting, name, decorators and docstring are no part of it; parameters and statements are.
    """
    original = blocks(b"def f(a):\n    return a\n")[0]

    assert (blocks(source)[0].digest == original.digest) is equal


def test_structure_is_part_of_the_digest() -> None:
    """
    The same statements nested in another way are another body.
    """
    inside = blocks(b"def f():\n  if a:\n    b\n    c\n")[0]
    after = blocks(b"def f():\n  if a:\n    b\n  c\n")[0]

    assert inside.fingerprint == after.fingerprint
    assert inside.digest != after.digest


def test_fingerprints_overlap_as_bodies_do() -> None:
    """
    Of four statements, three survive an edit of one.
    """
    before = blocks(b"def f():\n  a = 1\n  b = 2\n  c = 3\n  return a + b + c\n")[0]
    after = blocks(b"def g():\n  a = 1\n  b = 20\n  c = 3\n  return a + b + c\n")[0]

    assert len(before.fingerprint) == 4
    assert len(set(before.fingerprint) & set(after.fingerprint)) == 3


def test_the_fingerprint_of_a_giant_is_a_sample() -> None:
    """
    A function of 2,000 statements is known by 256 of them.
    """
    body = "".join(f"  x = {number}\n" for number in range(2_000))

    assert len(blocks(f"def f():\n{body}".encode())[0].fingerprint) == 256


def test_a_chain_of_conditions_deeper_than_the_usual_limit_is_measured() -> None:
    """
    What parses is measured, however deep the caller stands: 900 branches are 900 decisions.
    """
    chain = "".join(f"  elif x == {number}: pass\n" for number in range(1, 900))

    assert blocks(f"def f(x):\n  if x == 0: pass\n{chain}".encode())[0].complexity == 901


def test_the_blocks_are_those_of_radon(tmp_path: Path) -> None:
    """
    The default listing of `radon cc` is what is listed, name by name.
    """
    (tmp_path / "a.py").write_bytes(NESTED)
    printed = io.StringIO()

    with redirect_stdout(printed):
        cc([str(tmp_path)], json=True)

    (listed,) = json.loads(printed.getvalue()).values()
    theirs = {
        (f"{block.get('classname', '')}.{block['name']}".lstrip("."), block["complexity"]) for block in listed
    }
    assert {(block.name, block.complexity) for block in blocks(NESTED) if block.listed} == theirs
