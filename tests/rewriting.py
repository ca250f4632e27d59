"""Real files written in another way, edited, and run in imagination; the same choices for the same seed."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

from coverage.exceptions import NotPython
from coverage.parser import PythonParser

from checks import syntax
from checks.report import FileCoverage

_OPENING, _CLOSING = "([{", ")]}"
_NAMED = frozenset({"id", "arg", "name", "asname", "attr", "rest"})
_BLOCKS = ("body", "orelse", "finalbody")


@cache
def modules(longest: int = 20_000) -> tuple[Path, ...]:
    """Modules of the standard library, of Gate and of its checks, up to so many bytes."""
    library = Path(ast.__file__).parent
    ours = Path(__file__).parent.parent
    found = [
        *library.glob("*.py"),
        *library.glob("email/*.py"),
        *library.glob("asyncio/*.py"),
        *library.glob("unittest/*.py"),
        *ours.glob("gate/**/*.py"),
        *ours.glob("checks/*.py"),
    ]
    return tuple(sorted(path for path in found if 0 < path.stat().st_size <= longest))


def source_of(path: Path) -> str:
    """The text of a module."""
    with tokenize.open(path) as file:
        return file.read()


def unparsed(text: str) -> str:
    """The text as `ast.unparse` writes it: no comments, other quotes, one line a statement."""
    return ast.unparse(ast.parse(text)) + "\n"


def rewrapped(text: str, random: Random) -> str:
    """The text as a formatter might wrap it: line breaks inside brackets come and go, blank lines and comments come."""
    lines = [*text.splitlines(keepends=True), ""]
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    comments = {token.end for token in tokens if token.type == tokenize.COMMENT}
    pieces: list[str] = []
    depth = in_string = 0
    at = (1, 0)
    for token, following in pairwise(tokens):
        name = tokenize.tok_name[token.type]
        pieces.append(_between(lines, at, token.start))
        at = token.end
        breaks = depth and name == "NL" and token.start not in comments and token.line.strip()
        pieces.append(" " if breaks and random.random() < 0.5 else token.string)
        in_string += name.endswith("STRING_START") - name.endswith(
            "STRING_END"
        )  # f-strings, since Python 3.12
        if name == "OP" and not in_string:
            depth += (token.string in _OPENING) - (token.string in _CLOSING)
            if depth and token.string in {"(", "[", "{", ","} and random.random() < 0.2:
                pieces.append("\n" + " " * random.randrange(8))
        if name == "NEWLINE" and following.type != tokenize.INDENT and random.random() < 0.1:
            pieces.append(random.choice(["\n", "# why\n"]))
    return "".join(pieces)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    return (
        lines[start[0] - 1][start[1] :] + "".join(lines[start[0] : end[0] - 1]) + lines[end[0] - 1][: end[1]]
    )


def edited(text: str, random: Random, times: int = 6) -> str:
    """The text with some statements deleted, doubled, moved, wrapped in a condition, or given another name."""
    tree = ast.parse(text)
    for _ in range(times):
        blocks = [
            block
            for node in ast.walk(tree)
            for name in _BLOCKS
            if isinstance(block := getattr(node, name, None), list) and block
        ]
        block, other = random.choice(blocks), random.choice(blocks)
        index = random.randrange(len(block))
        statement = block[index]
        match random.choice(["delete", "double", "move", "wrap", "rename", "swap"]):
            case "delete" if len(block) > 1:
                del block[index]
            case "double":
                block.insert(index, statement)
            case "move" if len(block) > 1 and not any(inner is other for inner in _lists_in(statement)):
                other.insert(random.randrange(len(other) + 1), block.pop(index))
            case "wrap":
                block[index] = ast.If(ast.Name("extra"), [statement], [])
            case "rename" if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                statement.name += "_2"
            case _:
                random.shuffle(block)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def renamed(text: str, random: Random) -> str:
    """The text as `ast.unparse` writes it, with something a module or class defines called otherwise everywhere."""
    tree = ast.parse(text)
    bound = sorted({statement.binds for statement in syntax.measure("", text.encode(), {}).statements} - {""})
    old = random.choice(bound) if bound else ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [f"{old}_2" if name == old else name for name in node.names]
        for field, value in ast.iter_fields(node):
            if value == old and field in _NAMED and not isinstance(node, ast.keyword):
                setattr(node, field, f"{old}_2")
    return ast.unparse(tree) + "\n"


def _lists_in(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for inner in ast.walk(node):
        for name in _BLOCKS:
            block = getattr(inner, name, None)
            if isinstance(block, list):
                yield block


def imagined_run(text: str, random: Random | None = None) -> FileCoverage:
    """A run of the file in which every statement was executed, or a random half, chosen in the order of the source.

    So a file and its reformatted self, with equal seeds, run the same statements.
    """
    executable, first_line = _executable(text)
    ran: dict[int, bool] = {}
    for node in _in_order(ast.parse(text)):
        executed = random is None or random.random() < 0.5
        start = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno  # type: ignore[attr-defined]  # a header
        for line in [*(each.lineno for each in getattr(node, "decorator_list", ())), start]:
            ran.setdefault(first_line(line), executed)  # of several statements on a line the first one says
    covered = {line for line in executable if ran.get(line, True)}
    return FileCoverage(tuple(sorted(covered)), tuple(sorted(executable - covered)))


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child
            yield from _in_order(child)


def _executable(text: str) -> tuple[set[int], Callable[[int], int]]:
    """The executable lines, and for any line the first one of what is written over several."""
    parser = PythonParser(text=text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parser.parse_source()
    except NotPython:  # parses and does not compile, as a `return` moved out of its function
        return set(), lambda line: line
    return {*parser.statements}, parser.first_line
