"""What holds for any source whatever: a report, never an exception, and none of it a matter of place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import catalog, complexity, security, syntax
from checks.catalog import OWN, Check
from checks.codec import decode, encode
from checks.report import FileReport

OURSELVES = [
    path.read_text() for path in sorted((Path(__file__).parent.parent.parent / "checks").glob("*.py"))
]

WORDS = st.sampled_from(
    [b"def f(a):\n", b" ", b"    ", b"\n", b"if x:", b"else:", b"(", b")", b"[", b"'", b'"""', b"\\", b"#", b"# nosec",
     b"# coding: latin-1\n", b"\xef\xbb\xbf", b"\xe9", b"\0", b"\r", b"\x0c", b"x", b"=", b"1", b"match x:", b"case _:",
     b"lambda: ", b"async ", b"await ", b"f'{x}'", b"return ", b"class C:", b"@", b"eval(x)", b"import pickle", b";"]
)  # fmt: skip


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.name)
@given(source=st.lists(WORDS, max_size=25).map(b"".join) | st.binary(max_size=60))
def test_any_bytes_are_measured_or_are_a_problem(check: Check, source: bytes) -> None:
    """
    No check raises for any source, and its report goes through the codec unchanged.
    """
    report = catalog.load(check)("a.py", source, {})

    assert decode(FileReport, json.loads(json.dumps(encode(report)))) == report
    if report.problem:
        assert (report.blocks, report.findings, report.statements, report.quantities) == ((), (), (), ())
        assert report.problem.text


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.name)
@pytest.mark.parametrize(
    "source",
    [
        b"x = 1\n" * 20_000,
        b"x = '" + b"a" * 5_000_000 + b"'\n",
        b"# " + b"a" * 5_000_000,
        b"\n" * 100_000,
        b"x = " + b"a." * 2_000 + b"a\n",
        b"x = " + b" + ".join([b"'a'"] * 1_000) + b"\n",
        b"".join(b" " * depth + b"if x:\n" for depth in range(99)) + b" " * 99 + b"pass\n",
        b"x = " + b"[" * 150 + b"]" * 150 + b"\n",
    ],
    ids=["many lines", "long string", "long comment", "blank", "attributes", "sum", "indented", "brackets"],
)
def test_long_and_deep_sources_are_measured(check: Check, source: bytes) -> None:
    """
    Size and depth within Python's own limits are no problem.
    """
    assert catalog.load(check)("a.py", source, {}).problem is None


@given(text=st.sampled_from(OURSELVES), lines=st.integers(1, 50))
def test_shifted_code_is_the_same_code(text: str, lines: int) -> None:
    """
    Below other lines, blocks, findings and statements are the same but for their line numbers.
    """
    shifted = "#\n" * lines + text

    assert identities(shifted) == identities(text)


def identities(text: str) -> list[object]:
    source = text.encode()
    return [
        [(block.name, block.complexity, block.digest, block.fingerprint) for block in complexity.measure("a", source, {}).blocks],
        [(found.rule, found.scope, found.source) for found in security.measure("a", source, {}).findings],
        [(statement.digest, statement.shape, statement.scope) for statement in syntax.measure("a", source, {}).statements],
    ]  # fmt: skip
