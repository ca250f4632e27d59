"""Figures of the benchmarks as lines of one table: medians, how far they spread, and what they ought to be.

It measures nothing itself. Ratios are to whatever the line's note or name says, mostly the plain tool.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One figure."""

    name: str
    """What was measured; lines of one benchmark begin with the same word."""
    median: float
    unit: str
    ratio: float | None
    """Of the median to what it is compared with; None where there is nothing."""
    spread: float
    """The 90th percentile minus the median, in the same unit."""
    target: str
    """What it ought to be, for people: `at most 1.15 times`; empty where nothing is asked for."""
    note: str = ""
    """How it was obtained: on what, how often."""


def line(
    name: str,
    samples: Sequence[float],
    unit: str,
    *,
    ratio: float | None = None,
    target: str = "",
    note: str = "",
) -> Line:
    """The line of one or more samples of a figure."""
    median = statistics.median(samples)
    return Line(name, median, unit, ratio, percentile(samples, 90) - median, target, note)


def percentile(samples: Sequence[float], percent: int) -> float:
    """Of one or more samples, between two of them by proportion."""
    if len(samples) == 1:
        return samples[0]
    return statistics.quantiles(samples, n=100, method="inclusive")[percent - 1]


def text(lines: Iterable[Line]) -> str:
    """The table for people."""
    heads = ("", "median", "p90 beyond it", "ratio", "target", "")
    rows = [
        heads,
        *(
            (
                each.name,
                f"{_number(each.median)} {each.unit}",
                f"+{_number(each.spread)}",
                "" if each.ratio is None else f"{each.ratio:,.2f}",
                each.target,
                each.note,
            )
            for each in lines
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 1 <= column <= 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def markdown(lines: Iterable[Line]) -> str:
    """The table for docs/performance.md."""
    rows = [
        f"| {each.name} | {_number(each.median)} {each.unit} | +{_number(each.spread)} |"
        f" {'' if each.ratio is None else f'{each.ratio:,.2f}'} | {each.target} | {each.note} |"
        for each in lines
    ]
    return "\n".join(
        (
            "| What | Median | 90th percentile, beyond it | Ratio | Target | |",
            "|:--|--:|--:|--:|:--|:--|",
            *rows,
        )
    )


def as_json(lines: Iterable[Line]) -> str:
    """The same for programs: a list of objects with the names of the fields."""
    return json.dumps([dataclasses.asdict(each) for each in lines], indent=2)


def tell(lines: Sequence[Line], json_file: Path | None) -> None:
    """Print the table, and write it as JSON where that is asked for."""
    print(text(lines))
    write(lines, json_file)


def write(lines: Sequence[Line], json_file: Path | None) -> None:
    """Write the table as JSON where that is asked for."""
    if json_file is not None:
        json_file.write_text(as_json(lines) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
