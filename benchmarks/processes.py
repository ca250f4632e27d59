"""Processor time of trees of processes, read from /proc."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds_by_kind(roots: Mapping[int, str]) -> Counter[str]:
    """Seconds of processor time by kind of what living processes have used, with their ended children's.

    `roots` are process ids and the kinds they are of: what descends from one counts as programs that the nearest started.
    """
    parents: dict[int, int] = {}
    used: dict[int, tuple[float, float]] = {}
    for pid in (int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        parents[pid] = int(fields[1])
        # utime and stime, then those of children that were waited for: fields 14 to 17 of proc(5)
        own, childrens = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
        used[pid] = own / TICKS, childrens / TICKS
    total: Counter[str] = Counter()
    for pid, (own_seconds, childrens_seconds) in used.items():
        at: int | None = pid
        while at and at not in roots:
            at = parents.get(at)
        if at:
            programs = f"{roots[at]}: programs they start"
            total[roots[at] if at == pid else programs] += own_seconds
            total[programs] += childrens_seconds
    return total


def busy_seconds() -> float:
    """Seconds that all cores together were not idle since the start of the machine."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    return sum(int(each) for place, each in enumerate(fields) if place not in {3, 4}) / TICKS
