"""Ways out of a check that a source file takes: comments that silence tools, and tests that are skipped.

It judges nothing and knows nothing of the tools behind the comments: it only reads what is written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checks import normal_form
from checks.catalog import ESCAPES, Options
from checks.kinds import INNER
from checks.normal_form import DEFINITIONS, qualified
from checks.report import FileReport, Finding
from checks.source import Source, comments, printable, report

COMMENTS = {
    "nosec": re.compile(r"#\s*nosec"),
    "noqa": re.compile(r"#\s*(?:(?:flake8|ruff)\s*[:=]\s*)?noqa", re.IGNORECASE),
    "type-ignore": re.compile(r"#\s*(?:type|mypy|pyright|ty)\s*:\s*ignore\b"),
    "no-cover": re.compile(r"#\s*pragma[:\s]?\s*no\s*(?:cover|branch)\b", re.IGNORECASE),
}
"""Rule by rule, the comments as their tools recognize them (bandit, flake8 and ruff, type checkers, coverage.py)."""

SIGNS = re.compile(r"nosec|noqa|ignore|pragma|skip|xfail|expectedFailure", re.IGNORECASE)
"""A text without any of these has no escape: most files need not be looked at more closely."""
SKIP_SIGNS = re.compile(r"skip|xfail|expectedFailure", re.IGNORECASE)
"""A text without any of these skips no test, whatever the names are imported as."""

CALLS = {
    "pytest.skip": "skip",
    "pytest.importorskip": "skip",
    "pytest.xfail": "xfail",
    "pytest.mark.skip": "skip",
    "pytest.mark.skipif": "skipif",
    "pytest.mark.xfail": "xfail",
    "unittest.skip": "skip",
    "unittest.skipIf": "skipif",
    "unittest.skipUnless": "skipif",
    "unittest.expectedFailure": "xfail",
    "unittest.SkipTest": "skip",
}
"""The rule of each qualified name; `skipTest` of any object is a skip too."""


def measure(path: str, source: bytes, options: Options) -> FileReport:
    """The escapes in the order of the source, or why they cannot be read."""
    return report(ESCAPES, source, _measure)


def _measure(source: Source) -> FileReport:
    if not SIGNS.search(source.text):
        return FileReport(ESCAPES.name, ESCAPES.version)
    lines = source.text.split("\n")
    scopes = _scopes(source.tree, len(lines))
    found = [*_comments(source.text, scopes), *_skips(source, lines, scopes)]
    found.sort(key=lambda finding: (finding.line, finding.column, finding.rule))
    return FileReport(ESCAPES.name, ESCAPES.version, findings=tuple(found))


def _comments(text: str, scopes: list[str]) -> Iterator[Finding]:
    if not any(pattern.search(text) for pattern in COMMENTS.values()):
        return  # to tokenize costs more than all the rest
    for line, column, comment in comments(text):
        for rule, pattern in COMMENTS.items():
            if pattern.search(comment):
                words = " ".join(comment.split())
                yield _finding(rule, (line, line, column), comment, scopes[line], words)


def _skips(source: Source, lines: list[str], scopes: list[str]) -> Iterator[Finding]:
    if not SKIP_SIGNS.search(source.text):
        return  # to walk the tree costs more than to parse it
    expressions, aliases = _looked_through(source.tree)
    for node in expressions:
        name = _dotted(node.func if isinstance(node, ast.Call) else node, aliases)
        rule = "skip" if name.endswith(".skipTest") else CALLS.get(name, "")
        if rule:
            end = node.end_lineno or node.lineno
            text = " ".join(line.strip() for line in lines[node.lineno - 1 : end])
            span = (node.lineno, end, node.col_offset)
            yield _finding(rule, span, text, scopes[node.lineno], normal_form.header(node))


def _looked_through(tree: ast.Module) -> tuple[list[ast.expr], dict[str, str]]:
    """Calls, and names that are not called, in no order, and what imported names mean, anywhere in the file.

    What a handler catches is no skip.
    """
    found: list[ast.expr] = []
    aliases: dict[str, str] = {}
    nodes: list[object] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Call):
            found.append(node)
            nodes += node.args
            nodes += node.keywords
            nodes += _inside(node.func)
        elif isinstance(node, ast.ExceptHandler):
            nodes += node.body
        else:
            if isinstance(node, ast.Name | ast.Attribute):
                found.append(node)
            elif isinstance(node, ast.Import):
                aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom) and node.module:
                aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            nodes += _inside(node)
    return found, aliases


def _inside(node: object) -> list[object]:
    """What stands directly in a node, nodes and texts."""
    inside: list[object] = []
    for name in INNER[type(node)]:
        value = getattr(node, name)
        if isinstance(value, list):
            inside += value
        else:
            inside.append(value)
    return inside


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    """The qualified name an expression means; of anything but names and attributes only the attributes."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(aliases.get(node.id, node.id) if isinstance(node, ast.Name) else "")
    return ".".join(reversed(names))


def _scopes(tree: ast.Module, lines: int) -> list[str]:
    """The qualified name of the innermost function or class by line; decorators are outside."""
    scopes = [""] * (lines + 2)
    nodes: list[tuple[ast.AST, str]] = [(tree, "")]
    while nodes:
        node, scope = nodes.pop()
        if isinstance(node, DEFINITIONS):
            scope = qualified(scope, node.name)
            first, last = node.lineno, node.end_lineno or node.lineno
            scopes[first : last + 1] = [scope] * (last + 1 - first)
        nodes += [(inner, scope) for inner in normal_form.headers_in(node)]
    return scopes


def _finding(rule: str, span: tuple[int, int, int], text: str, scope: str, written: str) -> Finding:
    line, end_line, column = span
    return Finding(
        rule=rule,
        line=line,
        end_line=end_line,
        column=column,
        severity="undefined",
        confidence="undefined",
        text=printable(text),
        scope=scope,
        source=normal_form.digest(written),
    )
