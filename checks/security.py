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

from checks import normal_form, rule_gates
from checks.call_rules import CallRules, CallsOfFile, Imports
from checks.catalog import SECURITY, Options
from checks.kinds import ALL, INNER
from checks.normal_form import DEFINITIONS, qualified
from checks.report import FileReport, Finding, Level, Problem
from checks.rule_gates import Rule, StringTest
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

NosecLines = Mapping[int, set[str] | None]
Place = tuple[ast.AST, "list[Any] | None", int, "Place | None"]
"""Where a node stands: its parent, the list it stands in, its index there, and the place of the parent."""
Look = Callable[["_Scan", Any, Place, str], None]
"""Asks the rules about a node at a place in a scope, and about those below it."""


def measure(path: str, source: bytes, options: Options) -> FileReport:
    """The findings of `bandit -r .` under these options, or why there are none.

    The options are bandit's own `tests`, `skips` and, by rule name, `config`. The path counts for B101's `skips` only.
    """
    try:
        rules = _rules(json.dumps(options, sort_keys=True))
    except ValueError as error:
        return FileReport(SECURITY.name, SECURITY.version, problem=Problem(str(error)))
    scan = _Scan(f"./{path}", source, rules)
    return report(SECURITY, source, scan.measure)


def plain(text: str) -> str:
    """A finding's text as it is kept: addresses of objects differ in every run."""
    return printable(ADDRESS.sub("", text))


class _Context(Context):  # type: ignore[misc]  # bandit has no types
    """bandit's own, in which a module is looked for among the imports without going through all of them each time."""

    def is_module_imported_like(self, module: str) -> bool:
        """Whether the text is a part of the name of anything imported."""
        return "imports" in self._context and self._context["imports"].like(module)


class _Rules:
    """The rules under one configuration, and when each has to be asked."""

    def __init__(self, test_set: Any) -> None:
        self.of = test_set.get_tests
        rules = [rule for rules in test_set.tests.values() for rule in rules]
        self.any_unknown = not all(map(rule_gates.known_as, rules))
        """Whether a rule may look at any node and at what hangs on it."""
        self.strings = _StringRules(self.of("Str"))
        functions = self.of("FunctionDef")
        self.functions_without_defaults = [rule for rule in functions if not rule_gates.needs_defaults(rule)]
        self.calls = CallRules(self.of("Call"), _Context)
        self.looks = _Looks(self)

    def of_imports(self, kind: str, node: ast.Import | ast.ImportFrom) -> list[Rule]:
        """The rules to ask about an import that bandit takes for this kind."""
        module = getattr(node, "module", None)
        names = [f"{module}.{alias.name}" if module else alias.name for alias in node.names]
        rules = []
        for rule in self.of(kind):
            prefixes = rule_gates.import_prefixes(rule, type(node).__name__)
            if prefixes is None or any(name.startswith(prefixes) for name in names):
                rules.append(rule)
        return rules


class _StringRules(dict[type, list[tuple[Rule, StringTest | None]]]):
    """The rules for strings by the kind of the string's parent, each with what a string has to pass first."""

    def __init__(self, rules: list[Rule]) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, parent: type) -> list[tuple[Rule, StringTest | None]]:
        gates = [(rule, rule_gates.string_gate(rule, parent)) for rule in self._rules]
        return self.setdefault(parent, [(rule, gate.test) for rule, gate in gates if gate.is_open])


class _Looks(dict[type, "Look | None"]):
    """How to look at the nodes of each kind; None for what need not be looked at."""

    def __init__(self, rules: _Rules) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, kind: type) -> Look | None:
        look: Look | None = None
        if issubclass(kind, ast.AST) and not issubclass(kind, WITHOUT_RULES):
            look = _LOOKS.get(kind) or (_Scan.look_inside if INNER[kind] else None)
            if self._rules.any_unknown:
                look = _marking(_LOOKS.get(kind, _Scan.look))
            elif kind not in _LOOKS and self._rules.of(kind.__name__):
                look = _Scan.look
        return self.setdefault(kind, look)


def _marking(look: Look) -> Look:
    """The same for nodes on which everything hangs that any rule may read."""

    def marked(scan: _Scan, node: ast.AST, place: Place, scope: str) -> None:
        scan.mark(node, place)
        look(scan, node, place, scope)

    return marked


@lru_cache(maxsize=1)
def _rules(options_json: str) -> _Rules:
    """The rules by node type. Only the last set is kept: bandit writes a rule's configuration on the rule itself.

    Raises: ValueError where bandit would refuse to start.
    """
    options = json.loads(options_json)
    tests, skips = set(options.get("tests", ())), set(options.get("skips", ()))
    if tests & skips:
        raise ValueError(f"bandit's configuration both selects and skips {', '.join(sorted(tests & skips))}")
    config = BanditConfig()
    config.config.update(options.get("config", {}))
    return _Rules(BanditTestSet(config, {"include": tests, "exclude": skips}))


class _Scan:
    """One walk over one file, with what bandit remembers on the way."""

    def __init__(self, path: str, source: bytes, rules: _Rules) -> None:
        self._path = path
        self._source = source
        self._rules = rules
        self._imports = Imports()
        self._aliases: dict[str, str] = {}
        self._calls = CallsOfFile(rules.calls, self._imports)
        self._nosec: NosecLines = {}
        self._found: list[Finding] = []
        self._marked: list[ast.AST] = []
        self._looks = rules.looks
        self._fields = ALL if rules.any_unknown else INNER

    def measure(self, source: Source) -> FileReport:
        self._nosec = _nosec_lines(source.text) if "nosec" in source.text else {}
        try:
            self.look_inside(source.tree, None, "")
        finally:
            self._unmark(source.tree)
        self._found += self._findings_of_file(source.text)
        self._found.sort(key=lambda finding: (finding.line, finding.column, finding.rule))
        return FileReport(SECURITY.name, SECURITY.version, findings=tuple(self._found))

    def look_inside(self, node: ast.AST, place: Place | None, scope: str) -> None:
        """Look at every node below this one, in bandit's order."""
        inner = qualified(scope, node.name) if isinstance(node, DEFINITIONS) else scope
        for field in self._fields[type(node)]:
            value = getattr(node, field, None)
            there = inner if field == "body" else scope
            if type(value) is list:
                for index, child in enumerate(value):
                    if (look := self._looks[type(child)]) is not None:
                        look(self, child, (node, value, index, place), there)
            elif (look := self._looks[type(value)]) is not None:
                look(self, value, (node, None, 0, place), there)

    def look(self, node: ast.AST, place: Place, scope: str) -> None:
        """Ask the rules for nodes of this kind."""
        self._ask(self._rules.of(type(node).__name__), {}, node, place, scope)
        self.look_inside(node, place, scope)

    def _ask(self, rules: list[Rule], known: dict[str, Any], node: ast.AST, place: Place, scope: str) -> None:
        """Keep what the rules find in the node."""
        self.mark(node, place)
        context = known | {
            "imports": self._imports,
            "import_aliases": self._aliases,
            "node": node,
            "filename": self._path,
        }
        spot = place[0] if isinstance(node, ast.Constant) else node
        for issue in _issues(rules, context):
            line = issue.lineno if issue.lineno is not None else getattr(node, "lineno", 0)
            finding = replace(
                _finding(issue, line, getattr(node, "col_offset", 0)),
                end_line=max(line, getattr(node, "end_lineno", line)),
                scope=scope,
                source=normal_form.digest(_flagged(node, issue)),
                suppressed=self._suppression(issue, line, spot, known_before=spot is not node),
            )
            self._found.append(finding)

    def mark(self, node: ast.AST, place: Place | None) -> None:
        """Hang on the node and on those around it what bandit's rules read there, until the end of the walk."""
        while place is not None and "_bandit_parent" not in vars(node):
            parent, siblings, index, above = place
            following = siblings[index + 1 : index + 2] if siblings else []
            vars(node).update(_bandit_parent=parent, _bandit_sibling=following[0] if following else None)
            self._marked.append(node)
            node, place = parent, above

    def _unmark(self, tree: ast.Module) -> None:
        """Leave the tree as it was, for the checks that follow, and without circles that would keep it alive."""
        everywhere = self._nosec or self._rules.any_unknown
        for node in ast.walk(tree) if everywhere else self._marked:
            for name in [name for name in vars(node) if name.startswith("_bandit_")]:
                del vars(node)[name]

    def _findings_of_file(self, text: str) -> Iterator[Finding]:
        """What rules find that read the file and not its tree; bandit gives them the lines 0 and 1."""
        context = {"file_data": io.BytesIO(self._source), "filename": self._path, "linerange": [0, 1]}
        rules = [rule for rule in self._rules.of("File") if rule_gates.may_find_in(rule, text)]
        for issue in _issues(rules, context):
            line = issue.lineno or 0
            flagged = text.splitlines()[line - 1 : line] if line else []
            yield replace(
                _finding(issue, line, 0),
                source=normal_form.digest("".join(filter(_is_telling, "".join(flagged)))),
                suppressed=self._hidden(issue, line, [0, 1]),
            )

    def look_at_literal(self, node: ast.Constant, place: Place, scope: str) -> None:
        """Ask about a string or bytes; of docstrings bandit asks nothing."""
        parent, value = place[0], node.value
        rules: list[Rule] = []
        known: dict[str, Any] = {}
        if isinstance(parent, ast.Expr):
            pass
        elif isinstance(value, str):
            tests = self._rules.strings[type(parent)]
            rules = [rule for rule, test in tests if test is None or test(value, node, parent)]
            known = {"str": value}
        elif isinstance(value, bytes):
            rules, known = self._rules.of("Bytes"), {"bytes": value}
        if rules:
            self._ask(rules, known, node, place, scope)

    def look_at_call(self, node: ast.Call, place: Place, scope: str) -> None:
        """Ask about a call by its name."""
        name = utils.get_call_name(node, self._aliases)
        if rules := self._calls.about(node, name):
            known = {"call": node, "qualname": name, "name": name.split(".")[-1]}
            self._ask(rules, known, node, place, scope)
        self.look_inside(node, place, scope)

    def look_at_function(self, node: ast.FunctionDef, place: Place, scope: str) -> None:
        """Ask about a function; bandit has no rule for asynchronous ones."""
        has_defaults = bool(node.args.defaults)
        rules = self._rules.of("FunctionDef") if has_defaults else self._rules.functions_without_defaults
        if rules:
            known = {"function": node, "qualname": qualified(scope, node.name), "name": node.name}
            self._ask(rules, known, node, place, scope)
        self.look_inside(node, place, scope)

    def look_at_import(self, node: ast.Import | ast.ImportFrom, place: Place, scope: str) -> None:
        """Remember what is imported, and ask about it."""
        for alias in node.names:
            if alias.asname:
                self._aliases[alias.asname] = alias.name
            self._imports.add(alias.name)
        if rules := self._rules.of_imports("Import", node):
            self._ask(rules, {"module": node.names[-1].name}, node, place, scope)
        self.look_inside(node, place, scope)

    def look_at_from(self, node: ast.ImportFrom, place: Place, scope: str) -> None:
        """Remember what is imported from where, and ask about it; of the own package bandit sees plain imports."""
        if node.module is None:
            self.look_at_import(node, place, scope)
            return
        for alias in node.names:
            imported = f"{node.module}.{alias.name}"
            self._aliases[alias.asname or alias.name] = imported
            self._imports.add(imported)
        if rules := self._rules.of_imports("ImportFrom", node):
            known = {"module": node.module, "name": node.names[-1].name}
            self._ask(rules, known, node, place, scope)
        self.look_inside(node, place, scope)

    def _suppression(
        self, issue: Any, line: int, node: ast.AST, *, known_before: bool
    ) -> Literal["", "rule", "blanket"]:
        return self._hidden(issue, line, _lines_of(node, known_before=known_before)) if self._nosec else ""

    def _hidden(self, issue: Any, line: int, lines: Iterable[int]) -> Literal["", "rule", "blanket"]:
        """Whether `# nosec` hides the issue: on its line, or the first one on the lines of the node."""
        on_line = self._nosec.get(line)
        on_node = utils.get_nosec(self._nosec, {"linerange": lines})
        if on_line is None and on_node is None:
            return ""
        rules = (on_line or set()) | (on_node or set())
        if not rules:
            return "blanket"
        return "rule" if issue.test_id in rules else ""


_LOOKS: dict[type, Look] = {
    ast.Constant: _Scan.look_at_literal,
    ast.Call: _Scan.look_at_call,
    ast.FunctionDef: _Scan.look_at_function,
    ast.Import: _Scan.look_at_import,
    ast.ImportFrom: _Scan.look_at_from,
}
"""The nodes bandit looks at in a way of their own."""


def _issues(rules: Iterable[Rule], context: dict[str, Any]) -> Iterator[Any]:
    """What the rules find; a rule that raises finds nothing, as in bandit."""
    for rule in rules:
        about = vars(rule)
        configuration = [about["_config"]] if "_config" in about else []
        try:
            issue = rule(_Context(context), *configuration)
        except MemoryError:
            raise  # it is the process's, and the finding would be lost
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
