"""Show that Gate blames nobody for what they did not do: on real revisions, reformatted ones and real merges.

    python -m benchmarks.fairness REPOSITORY... [--merges 200] [--black PROGRAM] [--write FILE]

1. The newest revision against itself, written anew by `ast.unparse`, and formatted by the black program at two line
   lengths: no function and no finding may change, and with any set of statements run on both sides no line may be new
   or lost. What the formatter really changed is no difference: `ast.unparse` drops `# nosec B602` with the comments.
2. Every block the static checks would give by the default policy on real changes is listed with its hunks, to be
   labelled by a person in FILE (`fair` and `why`); labels already there are kept.

Prints every unfairness of the first part and every block without a label; status 1 when there is an unfairness, or
when 5 per cent of the blocks or more are labelled unfair.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from coverage.exceptions import NotPython
from coverage.parser import PythonParser

from benchmarks.history import Change, History
from benchmarks.plain import decoded
from benchmarks.replay import case_of, gate_service
from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.comparison import ComplexityFacts, FindingChange, SecurityFacts
from gate.core.comparison.lines import compare_coverage, follow
from gate.service import Service
from gate.workflows.judge import Case
from gate.workflows.measure import Tree

_RUNS = 3
"""Random sets of statements tried, besides all of them."""
_SHOWN = 60
"""Lines of a block's hunks that are printed."""
_UNFAIR_PER_CENT = 5

Rewrite = Callable[[Path], None]
"""Formats every Python file of a folder in place."""


def main() -> int:
    """Runs both parts; 1 where Gate was unfair."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument(
        "--merges", type=int, default=200, help="how many in all; 0 leaves out the second part"
    )
    parser.add_argument("--every", type=int, default=1, help="take every n-th only, to reach further back")
    parser.add_argument("--black", help="the program; without it nothing is formatted by black")
    parser.add_argument("--write", type=Path, help="the file of blocks and labels")
    parser.add_argument("--only-merges", action="store_true", help="leave out the first part")
    arguments = parser.parse_args()
    histories = [History(path) for path in arguments.repositories]
    with gate_service() as service:
        unfair = 0 if arguments.only_merges else reformatting(service, histories, arguments.black)
        share = -(-arguments.merges // len(histories))
        blocks: list[dict[str, Any]] = []
        for number, history in enumerate(histories if share else (), start=1):
            found = list(blocks_of(service, history, history.changes(share, arguments.every), number))
            print(f"{history.name:24} {share:4} changes {len(found):4} blocks", flush=True)
            blocks += labelled(found, arguments.write, history.path)
    wrong = sum(block["fair"] is False for block in blocks)
    print(f"{len(blocks)} blocks, {wrong} unfair, {sum(b['fair'] is None for b in blocks)} without a label")
    return 1 if unfair or (blocks and 100 * wrong >= _UNFAIR_PER_CENT * len(blocks)) else 0


def reformatting(service: Service, histories: Iterable[History], black: str | None) -> int:
    """Each repository's newest revision against its rewritten self; how many unfairnesses there were."""
    rewrites: dict[str, Rewrite] = {"itself": _nothing, "ast.unparse": _unparse}
    if black:
        rewrites |= {f"black -l {length}": _black(black, length) for length in (60, 120)}
    print(f"{'repository':24} {'rewritten by':14} {'files':>6} {'changed':>7} {'lines':>7} {'unfair':>6}")
    total = 0
    for number, history in enumerate(histories, start=1000):
        for name, rewrite in rewrites.items():
            with tempfile.TemporaryDirectory() as folder:
                change = _rewritten(history, Path(folder), rewrite)
                case = case_of(service, Path(folder, ".git"), change, number=number)
                found = list(unfairnesses(case))
                print(
                    f"{history.name:24} {name:14} {len(case.head.selection.measured):6} {len(case.diff.changes):7}"
                    f" {_lines_of(case):7} {len(found):6}",
                    flush=True,
                )
                print(*(f"    {text}" for text in found[:40]), sep="\n", flush=True)
                total += len(found)
    return total


def unfairnesses(case: Case) -> Iterator[str]:
    """What Gate holds against a rewritten tree."""
    case.measure(whole=["security", "syntax"])
    complexity, security = case.complexity().verdict, case.security().verdict
    assert isinstance(complexity.facts, ComplexityFacts)
    assert isinstance(security.facts, SecurityFacts)
    yield from (f"{c.path} {c.name}: {c.before} to {c.after}, {c.status}" for c in complexity.facts.functions)
    yield from _not_hidden_before(case, security.facts)
    before, after = _texts(case, case.base), _texts(case, case.head)
    for seed in range(_RUNS + 1):
        yield from _unfair_lines(case, before, after, seed)


def _texts(case: Case, tree: Tree) -> dict[str, str]:
    measured = tree.selection.measured
    contents = dict(case.code.git.blobs({entry.blob for entry in measured}))
    return {entry.path: decoded(contents[entry.blob]) or "" for entry in measured}


def _not_hidden_before(case: Case, facts: SecurityFacts) -> Iterator[str]:
    """Introduced and fixed findings, but for those that a comment with their rule hid and that is gone."""
    hidden = Counter(
        (path, finding.rule, finding.source)
        for path, report in case.reports("security", case.base).files.items()
        for finding in report.findings
        if finding.suppressed == "rule"
    )
    for change in facts.introduced:
        key = (change.path, change.finding.rule, change.finding.source)
        if hidden[key]:
            hidden[key] -= 1
            continue
        yield f"{_place(change)} introduced"
    yield from (f"{_place(change)} fixed" for change in facts.fixed)


def _place(change: FindingChange) -> str:
    return f"{change.path} line {change.finding.line}: {change.finding.rule}"


def _unfair_lines(
    case: Case, before: Mapping[str, str], after: Mapping[str, str], seed: int
) -> Iterator[str]:
    """New and lost lines where the same statements run on both sides: all for seed 0, else a random half."""
    syntax = (case.reports("syntax", side).files for side in (case.base, case.head))
    facts = compare_coverage(
        _run(before, seed),
        _run(after, seed),
        follow(case.diff, *syntax),
        sources=frozenset(after),
        everywhere=True,
    ).facts
    if facts.patch.executable:
        yield f"seed {seed}: {facts.patch.executable} new lines, not run: {facts.uncovered[:3]}"
    if facts.lost:
        yield f"seed {seed}: lost {facts.lost[:3]}"


def _run(texts: Mapping[str, str], seed: int) -> CoverageReport:
    files = [
        (path, _coverage(text, Random(f"{seed} {path}") if seed else None))
        for path, text in sorted(texts.items())
    ]
    return CoverageReport("1", tuple(files), Suite("passed", 0, 1.0, "pytest"))


def _coverage(text: str, random: Random | None) -> FileCoverage:
    """A run in which some statements were executed, always the same ones whatever lines they stand on."""
    executable = _executable(text)
    seen: dict[int, bool] = {}
    for spots in _spots(text):
        ran = random is None or random.random() < 0.5
        for line in spots:
            seen.setdefault(line, ran)  # of several on a line the first one says
    covered = {line for line in executable if seen.get(line, True)}
    return FileCoverage(tuple(sorted(covered)), tuple(sorted(executable - covered)))


def _spots(text: str) -> Iterator[list[int]]:
    """Of every statement the lines coverage.py may count for it, in the order of the source."""
    nodes = [
        node
        for node in _in_order(_parsed(text))
        if hasattr(node, "lineno") or isinstance(node, ast.match_case)
    ]
    for node in nodes:
        if isinstance(node, ast.match_case):
            yield [node.pattern.lineno]
        else:
            decorators = [each.lineno for each in getattr(node, "decorator_list", ())]
            yield [*decorators, node.lineno]


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child
        yield from _in_order(child)


@lru_cache(maxsize=4096)
def _executable(text: str) -> frozenset[int]:
    if not text:
        return frozenset()
    parser = PythonParser(text=text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parser.parse_source()
        except NotPython:  # parses and does not compile, as `await` outside a function
            return frozenset()
    return frozenset(parser.statements)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _lines_of(case: Case) -> int:
    return sum(len(_executable(text)) for text in _texts(case, case.head).values())


def _rewritten(history: History, folder: Path, rewrite: Rewrite) -> Change:
    """A repository of two commits: the newest readable Python files, and what the formatter makes of them."""
    files = history.files("HEAD")
    contents = history.read(files.values())
    for path, blob in files.items():
        text = decoded(contents[blob])
        if text is not None and path.endswith(".py"):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
    _git(folder, "init", "-q")
    base = _commit(folder)
    rewrite(folder)
    return Change(base, _commit(folder))


def _commit(folder: Path) -> str:
    _git(folder, "add", "-A", "-f")
    author = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    _git(folder, *author, "commit", "-q", "--allow-empty", "-m", "State")
    return _git(folder, "rev-parse", "HEAD").strip()


def _git(folder: Path, *arguments: str) -> str:
    return _output(["git", "-C", str(folder), *arguments]).decode()


def _output(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout


def _nothing(folder: Path) -> None:
    """Leaves everything as it is."""


def _unparse(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        path.write_text(ast.unparse(_parsed(path.read_text(encoding="utf-8"))) + "\n", encoding="utf-8")


def _black(program: str, length: int) -> Rewrite:
    def rewrite(folder: Path) -> None:
        command = [
            program,
            "-q",
            "--fast",
            "-l",
            str(length),
            "--config",
            "/dev/null",
            "--exclude",
            "^$",
            ".",
        ]
        subprocess.run(command, cwd=folder, check=False)

    return rewrite


def blocks_of(
    service: Service, history: History, changes: Iterable[Change], number: int
) -> Iterator[dict[str, Any]]:
    """Every block of the static checks on real changes."""
    for change in changes:
        case = case_of(service, history.path, change, number=number)
        case.measure()
        for judged in (case.complexity(), case.security()):
            for reason in judged.verdict.reasons:
                yield {
                    "repository": history.name,
                    "base": change.base[:12],
                    "head": change.head[:12],
                    "check": judged.verdict.check,
                    "kind": reason.kind,
                    "path": reason.path,
                    "line": reason.line,
                    "name": reason.name,
                    "before": reason.before,
                    "after": reason.after,
                    "fair": None,
                    "why": "",
                }


def labelled(blocks: list[dict[str, Any]], file: Path | None, directory: Path) -> list[dict[str, Any]]:
    """The blocks with the labels people gave them; written back, and the ones without a label printed."""
    known = json.loads(file.read_text(encoding="utf-8")) if file and file.exists() else []
    labels = {_key(block): block for block in known}
    for block in blocks:
        old = labels.get(_key(block), {})
        block.update({name: old[name] for name in ("fair", "why") if name in old})
        if block["fair"] is None:
            print(json.dumps(block), *_hunks(directory, block), sep="\n")
    if file:
        ours = {_key(block) for block in blocks}
        rest = [block for block in known if _key(block) not in ours]
        everything = sorted([*rest, *blocks], key=lambda block: str(_key(block)))
        lines = ",\n".join(json.dumps(block) for block in everything)
        file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return blocks


def _key(block: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(block[name] for name in ("repository", "head", "check", "path", "name", "line"))


def _hunks(directory: Path, block: Mapping[str, Any]) -> list[str]:
    """The beginning of what the change did to the file of a block."""
    command = ["git", "-C", str(directory), "diff", "-W", block["base"], block["head"], "--", block["path"]]
    lines = _output(command).decode("utf-8", "replace").splitlines()
    return [f"    {line[:150]}" for line in lines[:_SHOWN]]


if __name__ == "__main__":
    sys.exit(main())
