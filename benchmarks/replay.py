"""Replay real changes and compare Gate's complexity and security deltas with a comparison by brute force.

    python -m benchmarks.replay REPOSITORY... [--merges 200] [--every 1] [--write FILE]

A repository is a checkout or a bare git directory; the changes are its newest merges of Python files (or commits, where
history is linear), shared evenly among the repositories. For each, both complete trees are measured by the command lines
of radon and bandit, and compared as policy.md says by code that shares nothing with `gate.core.comparison`:

* the totals of both sides are those of `radon cc`;
* every function with one counterpart of its name has exactly the reported (before, after), or is not reported;
* of functions that share a name, and of those that were renamed or moved, pairs of equal bodies are made, then the most
  alike; where several are equally alike any of them may be taken;
* findings are introduced and fixed as multisets of (rule, normalised source) over all files, and by file and scope.

Prints a line a repository and every difference with both sides; status 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.brute_force import Side, finding_differences, function_differences
from benchmarks.history import Change, History
from benchmarks.plain import PlainTools
from gate.core.comparison import ComplexityFacts, SecurityFacts
from gate.core.event import RepositoryRef
from gate.core.policy import DEFAULT
from gate.git import Repository
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.question import Question


@contextmanager
def gate_service() -> Iterator[Service]:
    """Gate's own service with a store in memory, as `gate check --no-cache` has it."""
    with Store.in_memory() as store:
        store.migrate()
        yield Service(Settings.from_environment(), store=store)


def case_of(service: Service, path: Path, change: Change, *, number: int) -> Case:
    """The change as Gate judges it by the default policy, the project's own configuration left out."""
    service.store.save_repository(RepositoryRef(0, number, f"local/{number}", "", private=True))
    question = Question(change.base, change.head, change.head, "", DEFAULT, "the defaults")
    return Case(service, Code(number, Repository.open(path)), question)


@dataclass
class Tally:
    """Counts of one repository."""

    changes: int = 0
    blobs: int = 0
    functions: int = 0
    findings: int = 0
    differences: int = 0


def replay(
    service: Service, history: History, changes: list[Change], *, number: int
) -> tuple[Tally, list[str]]:
    """Compare every change; the counts and the differences."""
    tools, tally, found = PlainTools(), Tally(), []
    trees = {sha: history.files(sha) for change in changes for sha in (change.base, change.head)}
    tools.measure(history.read(blob for files in trees.values() for blob in files.values()))
    for change in changes:
        renames = history.renames(change)
        sides = [
            Side({path: tools.known[blob] for path, blob in trees[sha].items()}, renamed)
            for sha, renamed in ((change.base, renames), (change.head, {}))
        ]
        old, new = trees[change.base], trees[change.head]
        kept = {
            path: history.kept_lines(change, path, renames.get(path, path))
            for path in old
            if old[path] != new.get(renames.get(path, path)) and renames.get(path, path) in new
        }
        case = case_of(service, history.path, change, number=number)
        case.measure()
        complexity, security = case.complexity().verdict.facts, case.security().verdict.facts
        assert isinstance(complexity, ComplexityFacts)
        assert isinstance(security, SecurityFacts)
        differences = [
            *function_differences(*sides, complexity),
            *finding_differences(*sides, security, kept),
        ]
        found += [f"{history.name} {change.base[:10]}..{change.head[:10]} {text}" for text in differences]
        tally.changes += 1
        tally.functions += len(complexity.functions)
        tally.findings += len(security.introduced) + len(security.fixed)
    tally.blobs, tally.differences = len(tools.known), len(found)
    return tally, found


def main() -> int:
    """Replays and prints; 1 where there is a difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--merges", type=int, default=200, help="how many in all")
    parser.add_argument("--every", type=int, default=1, help="take every n-th only, to reach further back")
    parser.add_argument("--write", type=Path, help="write the counts there as JSON")
    arguments = parser.parse_args()
    share = -(-arguments.merges // len(arguments.repositories))
    print(
        f"{'repository':24} {'changes':>7} {'files':>6} {'functions':>9} {'findings':>8} {'differences':>11}"
    )
    tallies: dict[str, dict[str, int]] = {}
    differences: list[str] = []
    with gate_service() as service:
        for number, path in enumerate(arguments.repositories, start=1):
            history = History(path)
            changes = history.changes(share, arguments.every)
            tally, found = replay(service, history, changes, number=number)
            tallies[history.name] = vars(tally)
            print(
                f"{history.name:24} {tally.changes:7} {tally.blobs:6} {tally.functions:9} {tally.findings:8} {len(found):11}",
                flush=True,
            )
            print(*(f"    {text}" for text in found[:40]), sep="\n", flush=True)
            differences += found
    print(f"{sum(tally['changes'] for tally in tallies.values())} changes, {len(differences)} differences")
    if arguments.write:
        arguments.write.write_text(json.dumps(tallies, indent=2) + "\n", encoding="utf-8")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
