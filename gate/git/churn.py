"""How many commits touched each file, counted from one `git log`; it reads names alone, no contents."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from gate.core.failure import Permanent, Transient
from gate.git.program import Program

MOST_COMMITS = 20_000
"""Newest first; older ones of the same time do not count."""
SECONDS = 60.0


def churn(program: Program, head: str, since: datetime) -> dict[str, int]:
    """By path, the commits reachable from the head and made since then that changed it; merges do not count.

    A renamed file begins anew under its new name. Empty where git needs too long: a number is worth no failed run.
    """
    arguments = (
        "log",
        "-z",
        "--name-only",
        "--no-merges",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--no-notes",
        "--no-decorate",
        "--ignore-submodules=none",
        "--root",
        "-r",
        "--format=tformat:",
        f"--since=@{int(since.timestamp())} +0000",
        f"--max-count={MOST_COMMITS}",
        head,
        "--",
    )
    try:
        answer = program.answer(*arguments, seconds=SECONDS)
    except (Transient, Permanent):
        return {}
    if answer.status != 0:
        raise program.failure(arguments, answer.errors)
    return counted(answer.output)


def counted(output: bytes) -> dict[str, int]:
    """Paths between NULs; each commit names a path once, so names are commits. What is empty stands between commits."""
    names = Counter(output.split(b"\0"))
    return {name.decode("utf-8", "surrogateescape"): count for name, count in names.items() if name}
