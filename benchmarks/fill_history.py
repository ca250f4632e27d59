"""How long it takes to fill trends from git history, beside running radon and bandit on every commit.

    python benchmarks/fill_history.py BARE_GIT_DIRECTORY [--commits 1000] [--sample 5]

Gate's part is the workflow's own, batch by batch, with an empty database in a file and the analysers as the service
starts them. The other part is `radon cc` and then `bandit -r` on the same source files, as files, of a few commits evenly
chosen; that is multiplied, and said to be. Batches and samples take turns, so that a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.policy import DEFAULT, Policy
from gate.git import Commit, Repository
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows import fill_history
from gate.workflows.fill_history import fill_in
from gate.workflows.judge import Case, policy_at
from gate.workflows.measure import Code
from gate.workflows.sum_history import question_of_history

REPOSITORY = RepositoryRef(1, 1, "bench/mark", "main", private=False)
TOOLS = (("radon", "cc"), ("bandit", "-q", "-r"))


def main() -> None:
    """Prints seconds, what a commit costs either way, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("repository", type=Path)
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=5)
    parser.add_argument("--sandbox", default="bwrap", choices=["bwrap", "none"])
    asked = parser.parse_args()
    git = Repository.open(asked.repository)
    tip = git.resolve("HEAD")
    if tip is None:
        raise SystemExit(f"{asked.repository} has no commit")
    line = git.first_parents(tip)[: asked.commits][::-1]
    fill_history.MOST_COMMITS = asked.commits
    with tempfile.TemporaryDirectory() as folder:
        ours, others = _measured(git, line, asked, Path(folder))
    _print(line, ours, others)


def _measured(
    git: Repository, line: Sequence[Commit], asked: argparse.Namespace, folder: Path
) -> tuple[list[float], list[float]]:
    """Seconds of each batch, and of both tools on each sample."""
    settings = Settings(
        app=None, data_dir=folder, database_url=f"sqlite:///{folder}/gate.db", sandbox=asked.sandbox
    )
    policy = _policy(git, line[-1].sha)
    samples = iter(
        [line[place * (len(line) - 1) // max(1, asked.sample - 1)] for place in range(asked.sample)]
    )
    ours: list[float] = []
    others: list[float] = []
    with Store(settings.database_url) as store:
        store.migrate()
        store.save_repository(REPOSITORY)
        service = Service(settings, store=store)
        for seconds, left in _batches(service, git, line, policy):
            ours.append(seconds)
            print(f"filled in: {len(line) - left} commits after {sum(ours):.1f} s", flush=True)
            others += [
                _by_tools(service, git, one.sha, policy, folder) for one in [next(samples, None)] if one
            ]
        others += [_by_tools(service, git, one.sha, policy, folder) for one in samples]
    return ours, others


def _batches(
    service: Service, git: Repository, line: Sequence[Commit], policy: Policy
) -> Iterator[tuple[float, int]]:
    """Seconds of a batch, and how many commits are left; as each is a run of its own, nothing is shared but the database."""
    since = min(commit.at for commit in line)
    left = 1
    while left:
        began = time.perf_counter()
        case = Case(service, Code(REPOSITORY.id, git), question_of_history(line[-1].sha, policy))
        left = fill_in(case, since)
        yield time.perf_counter() - began, left


def _by_tools(service: Service, git: Repository, sha: str, policy: Policy, folder: Path) -> float:
    """Seconds that radon and bandit take, one after the other, for the source files of a commit; writing them is free."""
    case = Case(service, Code(REPOSITORY.id, git), question_of_history(sha, policy))
    target = folder / sha
    sources = case.head.selection.sources
    contents = dict(git.blobs({entry.blob for entry in sources}))
    for entry in sources:
        path = target / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[entry.blob])
    began = time.perf_counter()
    for tool, *arguments in TOOLS:
        subprocess.run(
            [sys.executable, "-m", tool, *arguments, target],
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,  # bandit ends with 1 where it finds something
        )
    seconds = time.perf_counter() - began
    lines = sum(content.count(b"\n") for content in contents.values())
    print(
        f"radon and bandit: {seconds:.1f} s for {lines:,} lines in {len(sources)} files of {sha[:10]}",
        flush=True,
    )
    return seconds


def _policy(git: Repository, tip: str) -> Policy:
    try:
        return policy_at(git, tip)
    except PolicyError:
        return DEFAULT


def _print(line: Sequence[Commit], ours: Sequence[float], others: Sequence[float]) -> None:
    total, each = sum(ours), sum(others) / len(others)
    print(
        f"{len(line)} commits, {line[0].at:%Y-%m-%d} to {line[-1].at:%Y-%m-%d}, load {os.getloadavg()[0]:.1f}"
    )
    print(f"filled in: {total:.1f} s, {1000 * total / len(line):.0f} ms a commit")
    print(
        f"radon and bandit: {each:.1f} s a commit, the mean of {len(others)}; extrapolated {each * len(line):,.0f} s"
    )
    print(f"ratio: {each * len(line) / total:.1f}")


if __name__ == "__main__":
    main()
