"""What the command lines of radon and bandit say of any number of source files, and what of it policy.md calls equal.

It imports neither Gate nor its checks. Files are given by content under neutral names, so that the tools' exclusions
and configuration files do not bite; a file with a coding cookie or a byte order mark, which they cannot read or decode
otherwise, is written in plain UTF-8 first.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import tokenize
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_NOSEC = re.compile(r"#\s*nosec:?\s*(?P<tests>[^#]*)")
_BATCH = 400


@dataclass(frozen=True)
class Function:
    """A function, method or closure as radon counts it, and its body."""

    name: str
    """Qualified, without `<locals>`."""
    line: int
    complexity: int
    body: str
    """Parameters and statements, docstrings left out, as `ast.dump` writes them."""
    statements: tuple[str, ...]
    """Every statement inside, without those inside itself."""


@dataclass(frozen=True)
class Found:
    """A finding of bandit's that counts for the gate."""

    rule: str
    line: int
    column: int
    severity: str
    confidence: str
    scope: str
    source: str
    """The flagged node, as `ast.dump` writes it; of an import the module."""

    @property
    def is_high(self) -> bool:
        """Whether the default policy judges it."""
        return {self.severity, self.confidence} <= {"medium", "high"}


@dataclass(frozen=True)
class File:
    """What the plain tools say of one source file; `readable` is False where it is no Python."""

    readable: bool = True
    listed: tuple[int, ...] = ()
    """Complexities of the functions and methods `radon cc` lists by default."""
    functions: tuple[Function, ...] = ()
    findings: tuple[Found, ...] = ()


@dataclass
class PlainTools:
    """Runs the tools and remembers what they said of a content."""

    known: dict[str, File] = field(default_factory=dict)

    def measure(self, sources: Mapping[str, bytes]) -> None:
        """Have every source that is not known yet measured; by name (a blob's id)."""
        missing = sorted(sources.keys() - self.known.keys())
        for start in range(0, len(missing), _BATCH):
            self._measure({name: sources[name] for name in missing[start : start + _BATCH]})

    def _measure(self, sources: Mapping[str, bytes]) -> None:
        texts = {name: text for name, source in sources.items() if (text := decoded(source)) is not None}
        self.known |= dict.fromkeys(sources.keys() - texts.keys(), File(readable=False))
        with tempfile.TemporaryDirectory() as folder:
            for name, text in texts.items():
                Path(folder, f"{name}.py").write_bytes(text.encode())
            listed = run(folder, "radon", "cc", "-j", ".")
            blocks = run(folder, "radon", "cc", "-j", "--show-closures", ".")
            seen = _by_file(run(folder, "bandit", "-q", "-r", "-f", "json", "."))
            everything = _by_file(run(folder, "bandit", "-q", "-r", "-f", "json", "--ignore-nosec", "."))
        for name, text in texts.items():
            file = f"{name}.py"
            tree = _Tree(text)
            self.known[name] = File(
                listed=tuple(b["complexity"] for b in listed.get(file, ()) if b["type"] != "class"),
                functions=tuple(tree.function(b) for b in blocks.get(file, ()) if b["type"] != "class"),
                findings=tuple(map(tree.found, _counting(everything[file], seen[file], text))),
            )


class _Tree:
    """Where things of one source file stand in its syntax."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._scopes: dict[int, str] = {}
        self._definitions: dict[tuple[int, str], tuple[str, ast.AST]] = {}
        self._nodes: dict[tuple[int, int], list[ast.AST]] = {}
        self._walk(_parse(text), "")

    def function(self, block: Mapping[str, Any]) -> Function:
        name, node = self._definitions[block["lineno"], block["name"].rpartition(".")[2]]
        statements = tuple(_statements(node))
        body = f"{ast.dump(node.args)} {_body(node)}"  # type: ignore[attr-defined]  # radon's blocks here are functions
        return Function(name, block["lineno"], block["complexity"], body, statements)

    def found(self, result: Mapping[str, Any]) -> Found:
        line, column = result["line_number"], result["col_offset"]
        scope, source = self._flagged(result)
        severity, confidence = result["issue_severity"].lower(), result["issue_confidence"].lower()
        return Found(result["test_id"], line, column, severity, confidence, scope, source)

    def _walk(self, root: ast.AST, scope: str) -> None:
        waiting = [(root, scope)]
        while waiting:
            node, scope = waiting.pop()
            if hasattr(node, "lineno"):
                vars(node)["scope"] = scope
                self._nodes.setdefault((node.lineno, node.col_offset), []).append(node)
            inner = scope
            if isinstance(node, DEFINITIONS):
                inner = f"{scope}.{node.name}".lstrip(".")
                self._definitions[node.lineno, node.name] = (inner, node)
            for name, value in ast.iter_fields(node):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        waiting.append((child, inner if name == "body" else scope))

    def _flagged(self, result: Mapping[str, Any]) -> tuple[str, str]:
        """Scope and source of the node at the finding's place; of several the one that ends where bandit says."""
        last, end = result["line_range"][-1], result["end_col_offset"]
        here = [
            node
            for (_, column), nodes in self._nodes.items()
            if column == result["col_offset"]
            for node in nodes
        ]
        fitting = [
            n for n in here if n.end_col_offset == end and n.lineno <= result["line_number"] <= n.end_lineno
        ]
        fitting.sort(key=lambda node: (node.end_lineno != last, node.lineno, -node.end_lineno))
        if not fitting:
            line = self._text.split("\n")[result["line_number"] - 1]
            return "", f"{result['issue_text']} {' '.join(line.split())}"
        node = fitting[0]
        match node:
            case ast.ImportFrom(module=str(module)):
                return node.scope, module
            case ast.Import():
                named = (alias.name for alias in node.names if alias.name in result["issue_text"])
                return node.scope, max(named, key=len, default="")
        return node.scope, _header(node)


def decoded(source: bytes) -> str | None:
    """The decoded text without its cookie, line feeds only; None for what is no Python."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = io.TextIOWrapper(io.BytesIO(source), encoding).read()
        _parse(text)
    except (SyntaxError, UnicodeDecodeError, LookupError, ValueError):
        return None
    lines = text.split("\n")
    lines[:2] = [
        re.sub(r"coding[:=]", "coding ", line) if line.lstrip().startswith("#") else line
        for line in lines[:2]
    ]
    return "\n".join(lines)


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def run(folder: str, tool: str, *arguments: str) -> Any:
    """The JSON a tool prints of the files of a folder; nobody's settings have a say."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RADON")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", tool, *arguments],
        cwd=folder,
        env=environment | {"PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return json.loads(done.stdout)


def _by_file(answer: Mapping[str, Any]) -> Mapping[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in answer["results"]:
        found[Path(result["filename"]).name].append(result)
    return found


def _counting(
    everything: list[dict[str, Any]], seen: list[dict[str, Any]], text: str
) -> Iterator[dict[str, Any]]:
    """Findings that `# nosec` does not hide by their rule's id or name; a blanket one hides nothing."""
    left = Counter(map(_identity, seen))
    comments = _comments(text)
    for result in everything:
        if left[_identity(result)]:
            left[_identity(result)] -= 1
            yield result
            continue
        lines = {result["line_number"], *result["line_range"]}
        named = " ".join(comments[line] for line in lines if line in comments)
        if result["test_id"] not in named and result["test_name"] not in named:
            yield result


def _identity(result: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        re.sub(r" at 0x[0-9a-f]+", "", str(result[key]))
        for key in (
            "test_id",
            "line_number",
            "col_offset",
            "issue_severity",
            "issue_confidence",
            "issue_text",
        )
    )


def _comments(text: str) -> dict[int, str]:
    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and (nosec := _NOSEC.search(token.string)):
                found[token.start[0]] = nosec["tests"]
    except (tokenize.TokenError, IndentationError, SyntaxError):
        pass
    return found


def _statements(node: ast.AST) -> Iterator[str]:
    for inner in _inside(node):
        yield _header(inner)
        yield from _statements(inner)


def _body(node: ast.AST) -> str:
    return "".join(f"{_header(inner)}{{{_body(inner)}}}" for inner in _inside(node))


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    for name in _BLOCKS:
        block = getattr(node, name, ())
        for inner in block if isinstance(block, list) else ():
            bare = isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)
            if not (bare and isinstance(inner.value.value, str)):
                yield inner


def _header(node: ast.AST) -> str:
    """A node as `ast.dump` writes it, without the statements inside it and without how strings were written."""
    fields = {
        name: value
        for name, value in ast.iter_fields(node)
        if not (name in _BLOCKS and isinstance(value, list))
    }
    bare = type(node)(**fields)
    return re.sub(r", kind='u'", "", ast.dump(bare))
