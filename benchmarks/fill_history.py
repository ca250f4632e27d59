"""How long it takes to fill trends from git history, beside running radon and bandit on every commit.

    python -m benchmarks.fill_history BARE_GIT_DIRECTORY [--commits 1000] [--sample 5] [--sandbox none]

Gate's part is the workflow's own, batch by batch, with an empty database in a file and the analysers as the service
starts them. The other part is `radon cc` and then `bandit -r` on the same source files, as files, of a few commits evenly
chosen; that is multiplied, and said to be. Batches and samples take turns, so that a busy machine is busy for both; with
`--sandbox none` the processors' seconds are told as well, which a busy machine changes little.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from benchmarks import table
from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.policy import DEFAULT, Policy
from gate.git import Commit, Repository
from gate.sandbox.pool import POOL
from gate.service import Service
from gate.settings import SandboxMode, Settings
from gate.store import Store
from gate.workflows import fill_history
from gate.workflows.fill_history import fill_in
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.settings_of import policy_at
from gate.workflows.sum_history import question_of_history

REPOSITORY = RepositoryRef(1, 1, "bench/mark", "main", private=False)
TOOLS = (("radon", "cc"), ("bandit", "-q", "-r"))


@dataclass
class Spent:
    """Seconds on the clock and of the processors, each time something was done."""

    wall: list[float] = field(default_factory=list)
    cpu: float = 0.0


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
        ours, others = _measured(git, line, asked.sample, asked.sandbox, Path(folder))
    _print(line, ours, others, in_box=asked.sandbox != "none")


def measure(directory: Path, tip: str, *, commits: int = 1000, sample: int = 5) -> list[table.Line]:
    """The figures as lines of a table."""
    git = Repository.open(directory)
    line = git.first_parents(tip)[:commits][::-1]
    fill_history.MOST_COMMITS = commits
    with tempfile.TemporaryDirectory() as folder:
        ours, others = _measured(git, line, sample, "bwrap", Path(folder))
    total = sum(ours.wall)
    ratio = sum(others.wall) / len(others.wall) * len(line) / total
    return [
        table.line(
            f"history, {len(line):,} commits",
            [total],
            "s",
            ratio=ratio,
            target="120 s, plain tools at least 30 times as long",
            note=f"ratio of radon and bandit on {sample} commits, multiplied",
        )
    ]


def _measured(
    git: Repository, line: Sequence[Commit], sample: int, sandbox: SandboxMode, folder: Path
) -> tuple[Spent, Spent]:
    """What the batches cost, and both tools on the samples."""
    settings = Settings(
        app=None, data_dir=folder, database_url=f"sqlite:///{folder}/gate.db", sandbox=sandbox
    )
    policy = _policy(git, line[-1].sha)
    step = (len(line) - 1) / max(1, sample - 1)
    samples = iter([line[round(place * step)] for place in range(sample)])
    ours, others = Spent(), Spent()
    with Store(settings.database_url) as store:
        store.migrate()
        store.save_repository(REPOSITORY)
        service = Service(settings, store=store)
        left = 1
        while left:
            left = _batch(service, git, line, policy, ours)
            print(f"filled in: {len(line) - left} commits after {sum(ours.wall):.1f} s", flush=True)
            for commit in islice(samples, 1 if left else None):
                _by_tools(service, git, commit.sha, policy, others)
    POOL.close()  # whose children are counted when they end
    ours.cpu += _cpu(resource.RUSAGE_CHILDREN) - others.cpu
    return ours, others


def _batch(service: Service, git: Repository, line: Sequence[Commit], policy: Policy, spent: Spent) -> int:
    """How many commits are left; as each batch is a run of its own, it shares nothing but the database and the analysers."""
    since = min(commit.at for commit in line)
    began, before = time.perf_counter(), _cpu(resource.RUSAGE_SELF)
    case = Case(service, Code(REPOSITORY.id, git), question_of_history(line[-1].sha, policy))
    left = fill_in(case, since)
    spent.wall.append(time.perf_counter() - began)
    spent.cpu += _cpu(resource.RUSAGE_SELF) - before
    return left


def _by_tools(service: Service, git: Repository, sha: str, policy: Policy, spent: Spent) -> None:
    """radon and bandit, one after the other, on the source files of a commit; to write them costs nothing here."""
    case = Case(service, Code(REPOSITORY.id, git), question_of_history(sha, policy))
    sources = case.head.selection.sources
    contents = dict(git.blobs({entry.blob for entry in sources}))
    with tempfile.TemporaryDirectory() as folder:
        for entry in sources:
            path = Path(folder, entry.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[entry.blob])
        began = time.perf_counter()
        for tool, *arguments in TOOLS:
            process = subprocess.Popen(
                [sys.executable, "-m", tool, *arguments, folder],
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            spent.cpu += used.ru_utime + used.ru_stime
        spent.wall.append(time.perf_counter() - began)
    lines = sum(contents[entry.blob].count(b"\n") for entry in sources)
    print(
        f"radon and bandit: {spent.wall[-1]:.1f} s for {lines:,} lines in {len(sources)} files of {sha[:10]}",
        flush=True,
    )


def _cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _policy(git: Repository, tip: str) -> Policy:
    try:
        return policy_at(git, tip)
    except PolicyError:
        return DEFAULT


def _print(line: Sequence[Commit], ours: Spent, others: Spent, *, in_box: bool) -> None:
    total, each = sum(ours.wall), sum(others.wall) / len(others.wall)
    print(
        f"{len(line)} commits, {line[0].at:%Y-%m-%d} to {line[-1].at:%Y-%m-%d}, load {os.getloadavg()[0]:.1f}"
    )
    print(f"filled in: {total:.1f} s, {1000 * total / len(line):.0f} ms a commit")
    print(
        f"radon and bandit: {each:.1f} s a commit, the mean of {len(others.wall)}; extrapolated {each * len(line):,.0f} s"
    )
    print(f"ratio: {each * len(line) / total:.1f}")
    if not in_box:
        cpu = others.cpu / len(others.wall)
        print(
            f"processors: {ours.cpu:.1f} s, against {cpu:.1f} s a commit; ratio {cpu * len(line) / ours.cpu:.1f}"
        )


if __name__ == "__main__":
    main()
