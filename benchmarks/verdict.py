"""What a verdict on complexity and security costs in a worker: from the first step to the stored verdict, over real changes.

    python -m benchmarks.verdict REPOSITORY [--changes 60] [--growth 10] [--plain] [--json FILE]

A repository is a checkout or a bare git directory; the changes are the newest consecutive ones of Python files. The tree
before the oldest is indexed first. Then each change is judged three times, one after the other:

* `base cached`: everything about the base is known, as after its push was recorded; the head is new;
* `base not cached`: what the change touches was measured on neither side, and the base's sums are not known;
* `no new blob`: the same change again, as for a delivery that comes twice.

What git would fetch, the queue and what is published are left out; the database is a SQLite file, analysers run as the
service runs them. `--growth N` judges the same changes in a repository of N copies of each tree. `--plain` measures
`radon cc` and `bandit -r`, and ruff's rules for the same, on both trees of the median change.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks import table
from benchmarks.history import Change, History
from gate.core.event import RepositoryRef
from gate.core.policy import DEFAULT
from gate.core.verdict import combine, sub_verdicts
from gate.git import Repository
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.tables import file_report, tree_fact
from gate.workflows.judge import SUMMED, Case
from gate.workflows.measure import Code
from gate.workflows.question import Question
from gate.workflows.sum_tree import Summing

REPOSITORY = RepositoryRef(1, 7, "octo/shop", "main", private=False)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Timed:
    """Milliseconds of the verdicts on one change, and how many lines the changed Python files have at its head."""

    change: Change
    lines: int
    cached: float
    not_cached: float
    again: float


class Worker:
    """A service with a database of its own, and one repository."""

    def __init__(self, service: Service, git: Path) -> None:
        self._service = service
        self._code = Code(REPOSITORY.id, Repository.open(git))

    def judge(self, change: Change) -> float:
        """Milliseconds from the first step to the stored verdict."""
        begin = time.perf_counter()
        case = self._case(change)
        case.measure()
        judged = case.complexity(), case.security()
        verdict = combine(
            (each.verdict for each in judged),
            case.question.provenance(judged),
            case.question.policy,
            loosened=case.loosened(),
            components=sub_verdicts(each.components for each in judged),
        )
        self._service.store.save_verdict(REPOSITORY.id, 1, verdict, run_id=f"run-{begin}", now=NOW, branch="")
        return (time.perf_counter() - begin) * 1000

    def know(self, base: str, before: str) -> None:
        """Has everything about a base known that is not known since `before`, as recording its push has."""
        case = self._case(Change(before, base))
        case.measure()
        Summing(self._service, self._code, SUMMED, case.counting).of(base)

    def forget(self, change: Change) -> None:
        """Forgets what the change touches, and the sums of its base."""
        case = self._case(change)
        blobs = {entry.blob for tree in case.changed for entry in tree.entries}
        store = self._service.store
        with store._writing() as connection:  # noqa: SLF001  (nobody else forgets single files)
            connection.execute(sa.delete(file_report).where(file_report.c.blob.in_(blobs)))
            tree = self._code.git.tree(change.base)
            connection.execute(
                sa.delete(tree_fact).where(tree_fact.c.tree == tree, tree_fact.c.kind != "attributes")
            )

    def lines(self, change: Change) -> int:
        """Of the changed Python files, at the head."""
        entries = [entry.blob for entry in self._case(change).changed[1].selection.measured]
        return sum(content.count(b"\n") for _, content in self._code.git.blobs(entries)) if entries else 0

    def _case(self, change: Change) -> Case:
        question = Question(change.base, change.head, change.head, change.base, DEFAULT, "the defaults")
        return Case(self._service, self._code, question)


@contextmanager
def worker(git: Path) -> Iterator[Worker]:
    """A new one for a git directory."""
    with tempfile.TemporaryDirectory() as folder, Store(f"sqlite:///{folder}/gate.db") as store:
        store.migrate()
        store.save_repository(REPOSITORY)
        settings = replace(Settings.from_environment(), data_dir=Path(folder))
        yield Worker(Service(settings, store=store), git)


def timed(worker: Worker, changes: Sequence[Change]) -> Iterator[Timed]:
    """Each change, the oldest first; its base is known when it comes."""
    known = changes[0].base
    worker.know(known, known)
    for change in changes:
        worker.know(change.base, known)
        cached = worker.judge(change)
        again = worker.judge(change)
        worker.forget(change)
        not_cached = worker.judge(change)
        yield Timed(change, worker.lines(change), cached, not_cached, again)
        known = change.head


def lines_of(name: str, found: Sequence[Timed]) -> list[table.Line]:
    """The lines of the table."""
    note = f"{len(found)} changes"
    per_thousand = sum(each.cached for each in found) / max(0.001, sum(each.lines for each in found) / 1000)
    figures = (
        ("base cached", [each.cached for each in found], "40 ms, p90 400 ms"),
        ("per 1,000 changed lines", [per_thousand], "20 ms"),
        ("base not cached", [each.not_cached for each in found], "80 ms, p90 800 ms"),
        ("no new blob", [each.again for each in found], "10 ms"),
    )
    return [
        table.line(f"verdict {name}, {what}", samples, "ms", target=target, note=note)
        for what, samples, target in figures
    ]


def larger(git: Path, changes: Sequence[Change], copies: int, folder: Path) -> list[Change]:
    """The same changes in a repository of so many copies of each tree, made in the folder; no content is copied."""
    environment = {
        **os.environ,
        "GIT_DIR": str(folder),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_AUTHOR_NAME": "bench",
        "GIT_AUTHOR_EMAIL": "bench@example.com",
        "GIT_COMMITTER_NAME": "bench",
        "GIT_COMMITTER_EMAIL": "bench@example.com",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], env=environment, cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    subprocess.run(["git", "init", "--bare", "--quiet", str(folder)], check=True)
    (folder / "objects/info/alternates").write_text(f"{(git / 'objects').resolve()}\n")

    def commit(first: str, others: str, *parents: str) -> str:
        """`first` as one copy, `others` as all the others."""
        run("read-tree", "--empty")
        for number in range(copies):
            run("read-tree", "-i", f"--prefix=copy{number}/", f"{others if number else first}^{{tree}}")
        given = [word for parent in parents for word in ("-p", parent)]
        return run("commit-tree", run("write-tree"), "-m", "copies", *given)

    others, made = changes[0].base, []
    for change in changes:
        base = commit(change.base, others)
        made.append(Change(base, commit(change.head, others, base)))
    run("update-ref", "refs/heads/main", made[-1].head)
    return made


def by_plain_tools(git: Path, change: Change) -> dict[str, float]:
    """Milliseconds of what a person would run instead, on both trees; checking them out is left out."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        trees = [Path(folder) / name for name in ("base", "head")]
        for tree, sha in zip(trees, (change.base, change.head), strict=True):
            tree.mkdir()
            archive = subprocess.run(
                ["git", "--git-dir", str(git), "archive", sha], check=True, capture_output=True
            )
            subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
        changed = [path for path in History(git).changed(change) if path.endswith(".py")]
        ruff = ["ruff", "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--select", "C901,S"]
        for name, command, arguments in (
            ("radon cc", ["radon", "cc", "-j"], ["."]),
            ("bandit -r", ["bandit", "-q", "-r", "-f", "json"], ["."]),
            ("ruff", ruff, ["."]),
            ("ruff on the changed files", ruff, changed),
        ):
            begin = time.perf_counter()
            for tree in trees:
                given = [each for each in arguments if (tree / each).exists()]
                subprocess.run(
                    [sys.executable, "-m", *command, *given], cwd=tree, check=False, capture_output=True
                )
            found[name] = (time.perf_counter() - begin) * 1000
    return found


def measure(
    git: Path, tip: str = "HEAD", *, count: int = 60, copies: int = 0, plain: bool = False
) -> list[table.Line]:
    """The lines of the table for one repository."""
    history = History(git, tip)
    changes = history.changes(count)[::-1]
    with worker(git) as one:
        found = list(timed(one, changes))
    lines = lines_of(history.name, found)
    usual = statistics.median(each.cached for each in found)
    if copies:
        with tempfile.TemporaryDirectory() as folder:
            many = larger(git, changes, copies, Path(folder))
            with worker(Path(folder)) as one:
                cached = [each.cached for each in timed(one, many)]
        lines.append(
            table.line(
                f"verdict {history.name} x {copies}, base cached",
                cached,
                "ms",
                ratio=statistics.median(cached) / usual,
                target="1.3 times the one above",
                note="ratio to one copy",
            )
        )
    if plain:
        middle = sorted(found, key=lambda each: each.cached)[len(found) // 2]
        by_tool = by_plain_tools(git, middle.change)
        pair = by_tool["radon cc"] + by_tool["bandit -r"]
        note = "ratio to the median verdict"
        lines.append(
            table.line(
                f"{history.name}: radon cc and bandit -r, both trees",
                [pair],
                "ms",
                ratio=pair / usual,
                note=note,
            )
        )
        for name in ("ruff", "ruff on the changed files"):
            lines.append(
                table.line(
                    f"{history.name}: {name}, both trees",
                    [by_tool[name]],
                    "ms",
                    ratio=by_tool[name] / usual,
                    note=note,
                )
            )
    return lines


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repository", type=Path)
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--growth", type=int, default=0, metavar="N", help="and in a repository of N copies")
    parser.add_argument("--plain", action="store_true", help="and by the plain tools")
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    given = parser.parse_args()
    lines = measure(given.repository, count=given.changes, copies=given.growth, plain=given.plain)
    table.tell(lines, given.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
