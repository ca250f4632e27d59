"""Security findings of a source file: bandit's own rules, run as bandit runs them, without its files and its log.

It judges nothing. Findings that `# nosec` hides are kept and marked. A rule that fails on a piece of code finds nothing
there, as on bandit's command line.
"""

from __future__ import annotations

import ast
import io
import json
import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal, cast

from checks import normal_form
from checks.catalog import SECURITY, Options
from checks.normal_form import DEFINITIONS, qualified
from checks.report import FileReport, Finding, Level, Problem
from checks.source import Source, comments, printable, report

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", DeprecationWarning
    )  # bandit hands stevedore an argument that is going away
    from bandit.core import manager, utils
    from bandit.core.config import BanditConfig
    from bandit.core.context import Context
    from bandit.core.test_set import BanditTestSet

logging.getLogger("bandit").setLevel(
    logging.CRITICAL
)  # it repeats hostile source, and says nothing we do not report

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
WITHOUT_RULES = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
"""Nodes CPython shares between trees: to hang parents on them, as bandit does, would keep the last tree alive."""

Rule = Any
"""A function of bandit or of one of its plugins; untyped."""
NosecLines = Mapping[int, set[str] | None]


def measure(path: str, source: bytes, options: Options) -> FileReport:
    """The findings of `bandit -r .` under these options, or why there are none.

    The options are bandit's own `tests`, `skips` and, by rule name, `config`. The path counts for B101's `skips` only.
    """
    try:
        rules = _rules(json.dumps(options, sort_keys=True))
    except ValueError as error:
        return FileReport(SECURITY.name, SECURITY.version, problem=Problem(str(error)))
    scan = _Scan(f"./{path}", source, rules)
    return report(SECURITY, source, scan.measure, shared=False)


def plain(text: str) -> str:
    """A finding's text as it is kept: addresses of objects differ in every run."""
    return printable(ADDRESS.sub("", text))


@lru_cache(maxsize=1)
def _rules(options_json: str) -> Callable[[str], list[Rule]]:
    """The rules by node type. Only the last set is kept: bandit writes a rule's configuration on the rule itself.

    Raises: ValueError where bandit would refuse to start.
    """
    options = json.loads(options_json)
    tests, skips = set(options.get("tests", ())), set(options.get("skips", ()))
    if tests & skips:
        raise ValueError(f"bandit's configuration both selects and skips {', '.join(sorted(tests & skips))}")
    config = BanditConfig()
    config.config.update(options.get("config", {}))
    test_set = BanditTestSet(config, {"include": tests, "exclude": skips})
    return cast("Callable[[str], list[Rule]]", test_set.get_tests)


class _Scan:
    """One walk over one file, with what bandit remembers on the way."""

    def __init__(self, path: str, source: bytes, rules: Callable[[str], list[Rule]]) -> None:
        self._path = path
        self._source = source
        self._rules = rules
        self._imports: set[str] = set()
        self._aliases: dict[str, str] = {}
        self._nosec: NosecLines = {}

    def measure(self, source: Source) -> FileReport:
        self._nosec = _nosec_lines(source.text) if "nosec" in source.text else {}
        findings = [
            finding
            for node, parent, scope in _walk(source.tree)
            for finding in self._findings_of(node, parent, scope)
        ]
        findings += self._findings_of_file(source.text)
        findings.sort(key=lambda finding: (finding.line, finding.column, finding.rule))
        return FileReport(SECURITY.name, SECURITY.version, findings=tuple(findings))

    def _findings_of(self, node: ast.AST, parent: ast.AST, scope: str) -> Iterator[Finding]:
        kind, known = self._context_of(node, parent, scope)
        rules = self._rules(kind)
        if not rules:
            return
        context = known | {
            "imports": self._imports,
            "import_aliases": self._aliases,
            "node": node,
            "filename": self._path,
        }
        spot = parent if kind in ("Str", "Bytes") else node
        for issue in _issues(rules, context):
            line = issue.lineno if issue.lineno is not None else getattr(node, "lineno", 0)
            yield replace(
                _finding(issue, line, getattr(node, "col_offset", 0)),
                end_line=max(line, getattr(node, "end_lineno", line)),
                scope=scope,
                source=normal_form.digest(_flagged(node, issue)),
                suppressed=self._suppression(issue, line, _lines_of(spot, known_before=spot is not node)),
            )

    def _findings_of_file(self, text: str) -> Iterator[Finding]:
        """What rules find that read the file and not its tree; bandit gives them the lines 0 and 1."""
        context = {"file_data": io.BytesIO(self._source), "filename": self._path, "linerange": [0, 1]}
        for issue in _issues(self._rules("File"), context):
            line = issue.lineno or 0
            flagged = text.splitlines()[line - 1 : line] if line else []
            yield replace(
                _finding(issue, line, 0),
                source=normal_form.digest("".join(filter(_is_telling, "".join(flagged)))),
                suppressed=self._suppression(issue, line, [0, 1]),
            )

    def _context_of(self, node: ast.AST, parent: ast.AST, scope: str) -> tuple[str, dict[str, Any]]:
        """The name bandit knows the node's rules by, and what it tells them besides the node."""
        match node:
            case ast.FunctionDef():
                return "FunctionDef", {
                    "function": node,
                    "qualname": qualified(scope, node.name),
                    "name": node.name,
                }
            case ast.Call():
                name = utils.get_call_name(node, self._aliases)
                return "Call", {"call": node, "qualname": name, "name": name.split(".")[-1]}
            case ast.Import():
                return "Import", self._import(node)
            case ast.ImportFrom():
                return (
                    ("Import", self._import(node))
                    if node.module is None
                    else ("ImportFrom", self._from(node))
                )
            case ast.Constant():
                return _constant(node, parent)
        return type(node).__name__, {}

    def _import(self, node: ast.Import | ast.ImportFrom) -> dict[str, Any]:
        for alias in node.names:
            if alias.asname:
                self._aliases[alias.asname] = alias.name
            self._imports.add(alias.name)
        return {"module": node.names[-1].name}

    def _from(self, node: ast.ImportFrom) -> dict[str, Any]:
        for alias in node.names:
            imported = f"{node.module}.{alias.name}"
            self._aliases[alias.asname or alias.name] = imported
            self._imports.add(imported)
        return {"module": node.module, "name": node.names[-1].name}

    def _suppression(self, issue: Any, line: int, lines: Iterable[int]) -> Literal["", "rule", "blanket"]:
        """Whether `# nosec` hides the issue: on its line, or the first one on the lines of the node."""
        on_line = self._nosec.get(line)
        on_node = utils.get_nosec(self._nosec, {"linerange": lines})
        if on_line is None and on_node is None:
            return ""
        rules = (on_line or set()) | (on_node or set())
        if not rules:
            return "blanket"
        return "rule" if issue.test_id in rules else ""


def _walk(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    """Every node below the tree in bandit's order, with its parent and scope, bearing the attributes bandit's rules read."""
    stack = list(_children(tree, ""))
    while stack:
        node, parent, sibling, scope = stack.pop()
        vars(node).update(_bandit_parent=parent, _bandit_sibling=sibling)
        yield node, parent, scope
        stack.extend(_children(node, scope))


def _children(node: ast.AST, scope: str) -> list[tuple[ast.AST, ast.AST, ast.AST | None, str]]:
    """(child, node, next sibling, scope) of the children, last first."""
    children: list[tuple[ast.AST, ast.AST, ast.AST | None, str]] = []
    inner = qualified(scope, node.name) if isinstance(node, DEFINITIONS) else scope
    for field, value in ast.iter_fields(node):
        field_scope = inner if field == "body" else scope
        if isinstance(value, list):
            siblings = [*value[1:], None]
            children += [
                (child, node, sibling, field_scope)
                for child, sibling in zip(value, siblings, strict=False)
                if isinstance(child, ast.AST) and not isinstance(child, WITHOUT_RULES)
            ]
        elif isinstance(value, ast.AST) and not isinstance(value, WITHOUT_RULES):
            children.append((value, node, None, field_scope))
    children.reverse()
    return children


def _constant(node: ast.Constant, parent: ast.AST) -> tuple[str, dict[str, Any]]:
    if isinstance(parent, ast.Expr):  # a docstring
        return "", {}
    match node.value:
        case str():
            return "Str", {"str": node.value}
        case bytes():
            return "Bytes", {"bytes": node.value}
    return "", {}


def _issues(rules: Iterable[Rule], context: dict[str, Any]) -> Iterator[Any]:
    """What the rules find; a rule that raises finds nothing, as in bandit."""
    for rule in rules:
        about = vars(rule)
        configuration = [about["_config"]] if "_config" in about else []
        try:
            issue = rule(Context(context), *configuration)
        except Exception:  # noqa: BLE001, S112 - rules are written for ordinary code and fail in any way on the rest
            continue
        if issue is not None:
            issue.test_id = issue.test_id or about["_test_id"]
            yield issue


def _finding(issue: Any, line: int, column: int) -> Finding:
    return Finding(
        rule=issue.test_id,
        line=line,
        end_line=line,
        column=issue.col_offset if issue.col_offset != -1 else column,
        severity=cast("Level", issue.severity.lower()),
        confidence=cast("Level", issue.confidence.lower()),
        text=plain(issue.text),
    )


def _flagged(node: ast.AST, issue: Any) -> str:
    """The normal form of what is flagged; of an import the module, so that its other names may come and go."""
    match node:
        case ast.ImportFrom(module=str(module)):
            return module
        case ast.Import():
            return str(issue.ident)
    return normal_form.header(node)


def _is_telling(character: str) -> bool:
    """Whether a character of a line says more than how the line is formatted: letters, digits, invisible controls."""
    return character.isalnum() or unicodedata.category(character) == "Cf"


def _lines_of(node: ast.AST, *, known_before: bool) -> Iterable[int]:
    """The lines on which bandit looks for `# nosec`; only asked for findings, for they are as many as the node has.

    Nodes without a place of their own get other lines when bandit looks a second time, as it does for a string's parent.
    """
    line = getattr(node, "lineno", None)
    if line is not None:
        return range(line, getattr(node, "end_lineno", line) + 1)
    if known_before:
        utils.linerange(node)
    return cast("Iterable[int]", utils.linerange(node))


def _nosec_lines(text: str) -> NosecLines:
    """By line, the rules `# nosec` names there: an empty set for all of them."""
    return {line: manager._parse_nosec_comment(comment) for line, _, comment in comments(text)}  # noqa: SLF001 - its meaning is bandit's
