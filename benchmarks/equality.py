"""Show that the checks say what the plain tools say: `python -m benchmarks.equality TREE...`, status 1 on a difference.

It runs the command lines of radon and bandit over a copy of each tree's Python files, under neutral names so that the
tools' exclusions and configuration files do not bite, and compares block by block and finding by finding. What a tool
cannot read and we can (radon: coding cookies, byte order marks) is counted and is no difference. `radon mi` and `raw` are
not asked about files with a statement of over 1,000 lines: they need time with the square of its length.
"""

from __future__ import annotations

import ast
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.plain import run as run_tool
from checks import complexity, maintainability, security, size
from checks.report import FileReport, Finding
from checks.source import UnreadableSourceError, read

Items = Counter[Hashable]
"""What one tool says of one file, as a multiset."""
Said = dict[str, Items | None]
"""By file name; None where the tool could not read the file."""


LONG = 1_000


@dataclass(frozen=True)
class Tool:
    """A command line and the check that stands for it."""

    name: str
    run: Callable[[str, list[str]], Said]
    ours: Callable[[str, bytes], Items | None]
    quadratic: bool = False


@dataclass
class Comparison:
    """One tool's answers beside ours over one tree."""

    name: str
    files: int
    items: int = 0
    only_ours: int = 0
    neither: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, path: str, theirs: Items | None, ours: Items | None) -> None:
        """Compare what was said of one file."""
        if theirs is None:
            self.only_ours += ours is not None
            self.neither += ours is None
        elif ours is None:
            self.differences.append(f"{path}: {self.name} reads it, we do not")
        else:
            self.items += theirs.total()
            self.differences += [f"{path}: only {self.name}: {item}" for item in (theirs - ours).elements()]
            self.differences += [
                f"{path}: only ours, not {self.name}: {item}" for item in (ours - theirs).elements()
            ]


def main(trees: list[str]) -> int:
    """Compare every tree, print the table and the first differences, and say whether there were any."""
    print(
        f"{'tree':24} {'tool':28} {'files':>6} {'items':>7} {'only ours':>9} {'neither':>7} {'differences':>11}"
    )
    differences: list[str] = []
    for tree in trees:
        files = python_files(Path(tree))
        for comparison in compare(files):
            numbers = f"{comparison.items:7} {comparison.only_ours:9} {comparison.neither:7}"
            name = Path(tree).name[:24]
            print(
                f"{name:24} {comparison.name:28} {comparison.files:6} {numbers} {len(comparison.differences):11}",
                flush=True,
            )
            differences += comparison.differences
    print(*differences[:40], sep="\n")
    print(f"{len(differences)} differences")
    return 1 if differences else 0


def python_files(tree: Path) -> list[Path]:
    """The regular Python files below a folder, hidden folders included, links not followed."""
    return sorted(
        Path(folder, name)
        for folder, _, names in os.walk(tree)
        for name in names
        if name.endswith(".py") and not Path(folder, name).is_symlink()
    )


def compare(files: list[Path]) -> list[Comparison]:
    """Run each tool once over copies of the files, and our checks over their bytes."""
    sources = {f"f{number:06}.py": path.read_bytes() for number, path in enumerate(files)}
    paths = {name: str(path) for name, path in zip(sources, files, strict=True)}
    short = {name: source for name, source in sources.items() if not has_long_statement(source)}
    comparisons = []
    for tool in TOOLS:
        chosen = short if tool.quadratic else sources
        with tempfile.TemporaryDirectory() as folder:
            for name, source in chosen.items():
                Path(folder, name).write_bytes(source)
            theirs = tool.run(folder, list(chosen))
        comparison = Comparison(tool.name, len(chosen))
        for name, source in chosen.items():
            comparison.add(paths[name], theirs[name], tool.ours(name, source))
        comparisons.append(comparison)
    return comparisons


def has_long_statement(source: bytes) -> bool:
    """Whether a statement without others inside has more than `LONG` lines."""
    try:
        tree = read(source).tree
    except UnreadableSourceError:
        return False
    return any(
        isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return)
        and (node.end_lineno or node.lineno) - node.lineno > LONG
        for node in ast.walk(tree)
    )


def radon(*arguments: str, read: Callable[[Any], Iterable[Hashable]]) -> Callable[[str, list[str]], Said]:
    """A run of a radon command; a file it says nothing of has no blocks."""

    def run(folder: str, names: list[str]) -> Said:
        answer = run_tool(folder, "radon", *arguments, "-j", ".")
        return {
            name: None if "error" in answer.get(name, []) else Counter(read(answer.get(name, [])))
            for name in names
        }

    return run


def bandit(*arguments: str) -> Callable[[str, list[str]], Said]:
    """A run of bandit over the folder."""

    def run(folder: str, names: list[str]) -> Said:
        answer = run_tool(folder, "bandit", "-q", "-r", "-f", "json", *arguments, ".")
        said: Said = {name: Counter() for name in names}
        for result in answer["results"]:
            said[Path(result["filename"]).name][  # type: ignore[index]  # errors are entered below
                result["test_id"],
                result["line_number"],
                result["col_offset"],
                result["issue_severity"].lower(),
                result["issue_confidence"].lower(),
                security.plain(result["issue_text"]),
            ] += 1
        return said | dict.fromkeys(Path(error["filename"]).name for error in answer["errors"])

    return run


def _listed(blocks: list[dict[str, Any]]) -> Iterable[Hashable]:
    for block in blocks:
        name = f"{block['classname']}.{block['name']}" if "classname" in block else block["name"]
        yield block["type"], name, block["lineno"], block["complexity"]


def _unqualified(blocks: list[dict[str, Any]]) -> Iterable[Hashable]:
    """radon does not name the class of a closure's method: the last part of the name is left to compare."""
    for block in blocks:
        yield block["type"], block["name"].split(".")[-1], block["lineno"], block["complexity"]


def _our_blocks(name: str, source: bytes) -> Items | None:
    report = complexity.measure(name, source, {})
    kinds = {"closure": "function"}
    return _counter(
        report,
        (
            (kinds.get(block.kind, block.kind), block.name.split(".")[-1], block.line, block.complexity)
            for block in report.blocks
        ),
    )


def _our_listed_blocks(name: str, source: bytes) -> Items | None:
    report = complexity.measure(name, source, {})
    listed = (block for block in report.blocks if block.listed)
    return _counter(report, ((block.kind, block.name, block.line, block.complexity) for block in listed))


def _our_quantities(measure: Callable[..., FileReport]) -> Callable[[str, bytes], Items | None]:
    def ours(name: str, source: bytes) -> Items | None:
        report = measure(name, source, {})
        return _counter(report, ((quantity.metric, quantity.value) for quantity in report.quantities))

    return ours


def _our_findings(chosen: Callable[[Finding], bool]) -> Callable[[str, bytes], Items | None]:
    def ours(name: str, source: bytes) -> Items | None:
        report = security.measure(name, source, {})
        return _counter(report, (_finding(finding) for finding in report.findings if chosen(finding)))

    return ours


def _finding(finding: Finding) -> Hashable:
    place = (finding.rule, finding.line, finding.column)
    return (*place, finding.severity, finding.confidence, finding.text)


def _counter(report: FileReport, items: Iterable[Hashable]) -> Items | None:
    return Counter(items) if report.problem is None else None


TOOLS = [
    Tool("radon cc", radon("cc", read=_listed), _our_listed_blocks),
    Tool("radon cc --show-closures", radon("cc", "--show-closures", read=_unqualified), _our_blocks),
    Tool(
        "radon mi",
        radon("mi", read=lambda answer: [("maintainability", round(answer["mi"] * 100))]),
        _our_quantities(maintainability.measure),
        quadratic=True,
    ),
    Tool(
        "radon raw",
        radon("raw", read=lambda answer: answer.items()),
        _our_quantities(size.measure),
        quadratic=True,
    ),
    Tool("bandit", bandit(), _our_findings(lambda finding: not finding.suppressed)),
    Tool("bandit --ignore-nosec", bandit("--ignore-nosec"), _our_findings(lambda finding: True)),
]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
