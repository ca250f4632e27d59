"""Every figure of docs/performance.md in one table: `make bench SQLALCHEMY=DIRECTORY CLICK=DIRECTORY [JSON=FILE] [ONLY=WORD,...]`.

Both are clones of the projects' own repositories, made once:

    git clone --bare https://github.com/sqlalchemy/sqlalchemy
    git clone --bare https://github.com/pallets/click

The changes are the sixty newest before a commit that is written here, so that later clones give the same ones.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import coverage_runs, fill_history, hostile, index, table, verdict, webhook

PINNED = {
    "sqlalchemy": "f35da7e2b9349a08b8de1f6bd3b07c8bf8616790",
    "click": "2c8cd3ac958a7eb316d67f2d316c27086c4c0369",
}
STARTS = 11


def verdicts(project: str, git: Path) -> list[table.Line]:
    """Verdicts over real changes, in a larger repository, and beside the plain tools."""
    copies = 10 if project == "sqlalchemy" else 0
    return verdict.measure(git, PINNED[project], copies=copies, plain=True)


def indexes(project: str, git: Path) -> list[table.Line]:
    """The first index of a tree."""
    options = argparse.Namespace(analysers=2, rounds=3 if project == "click" else 1, no_plain=False)
    with tempfile.TemporaryDirectory() as folder:
        tree = index.unpacked(git, Path(folder), PINNED[project])
        sources = [path.read_bytes() for path in index.python_files(tree)]
        return index.as_lines(project, index.measured(sources, ["complexity", "security"], options))


def commands(project: str, git: Path) -> list[table.Line]:
    """Whole processes of the command line, with everything known from before."""
    gate = shutil.which("gate", path=str(Path(sys.executable).parent)) or "gate"
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder, "checkout")
        subprocess.run(["git", "clone", "--quiet", str(git), str(checkout)], check=True)
        subprocess.run(["git", "-C", str(checkout), "checkout", "--quiet", PINNED[project]], check=True)
        check = ["check", str(checkout), "--base", "HEAD~3", "--only", "complexity", "--only", "security"]
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        lines = []
        for name, arguments, target in (
            ("gate check, complexity and security, warm", check, "0.5 s"),
            ("gate --help", ["--help"], ""),
        ):
            subprocess.run([gate, *arguments], env=environment, capture_output=True, check=False)
            seconds = []
            for _ in range(STARTS):
                begin = time.perf_counter()
                subprocess.run([gate, *arguments], env=environment, capture_output=True, check=False)
                seconds.append(time.perf_counter() - begin)
            lines.append(
                table.line(f"process: {name}", seconds, "s", target=target, note=f"{STARTS} times, {project}")
            )
    return lines


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sqlalchemy", type=Path)
    parser.add_argument("--click", type=Path)
    parser.add_argument("--only", default="", help="words that names of parts contain, with commas")
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    given = parser.parse_args()
    projects = {name: path for name in PINNED if (path := getattr(given, name)) is not None}
    for name, path in projects.items():
        _check(parser, name, path)
    lines = [
        line for name, part in _parts(projects) if _wanted(name, given.only) for line in _said(name, part)
    ]
    print(f"\n{_machine()}\n")
    table.tell(lines, given.json)
    if missing := [name for name in PINNED if name not in projects]:
        print(f"\nleft out, for no {' and no '.join(missing)} was given: python -m benchmarks --help")
    return 0


def _parts(projects: dict[str, Path]) -> list[tuple[str, Callable[[], Sequence[table.Line]]]]:
    parts: list[tuple[str, Callable[[], Sequence[table.Line]]]] = [
        (f"{part.__name__} {name}", lambda part=part, name=name, path=path: part(name, path))  # type: ignore[misc]  # bound at once
        for name, path in projects.items()
        for part in (verdicts, indexes, commands)
        if part is not commands or name == "click"
    ]
    parts += [("hostile", hostile.measure), ("webhook", webhook.measure), ("coverage", coverage_runs.measure)]
    if (path := projects.get("click")) is not None:
        parts.append(("history", lambda: fill_history.measure(path, PINNED["click"])))
    return parts


def _wanted(name: str, only: str) -> bool:
    return not only or any(word in name for word in only.split(","))


def _said(name: str, part: Callable[[], Sequence[table.Line]]) -> Sequence[table.Line]:
    """The lines of a part, printed when it is done; what fails is told, and the others go on."""
    print(f"measuring {name} ...", flush=True)
    try:
        lines = list(part())
    except Exception:  # noqa: BLE001  (an hour of figures is not lost for one)
        traceback.print_exc()
        return []
    print(table.text(lines), flush=True)
    return lines


def _check(parser: argparse.ArgumentParser, name: str, path: Path) -> None:
    there = subprocess.run(
        ["git", "-C", str(path), "cat-file", "-e", f"{PINNED[name]}^{{commit}}"],
        capture_output=True,
        check=False,
    )
    if there.returncode != 0:
        parser.error(
            f"--{name} {path}: no git directory with the commit {PINNED[name]}; clone it as said above, or fetch"
        )


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, {platform.python_implementation()}"
        f" {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the end"
    )


if __name__ == "__main__":
    sys.exit(main())
