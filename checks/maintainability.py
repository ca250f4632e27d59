"""The maintainability index of a source file in hundredths of a point, as `radon mi` computes it.

It judges nothing. The index goes from 0 to 10,000; higher is easier to maintain.

Source: https://radon.readthedocs.io/en/latest/intro.html#maintainability-index
"""

from __future__ import annotations

from radon.metrics import h_visit_ast, mi_compute
from radon.visitors import ComplexityVisitor

from checks import size
from checks.catalog import MAINTAINABILITY, Options
from checks.report import FileReport, Quantity
from checks.source import Source, report


def measure(path: str, source: bytes, options: Options) -> FileReport:
    """The index of `radon mi`, multi-line strings counted as comments as it does, or why there is none."""
    return report(MAINTAINABILITY, source, _measure)


def _measure(source: Source) -> FileReport:
    lines = size.count(source.text)
    comments = (lines.comments + lines.multi) / lines.sloc * 100 if lines.sloc else 0
    index = mi_compute(
        h_visit_ast(source.tree).total.volume,
        ComplexityVisitor.from_ast(source.tree).total_complexity,
        lines.lloc,
        comments,
    )
    quantity = Quantity("maintainability", round(index * 100))
    return FileReport(MAINTAINABILITY.name, MAINTAINABILITY.version, quantities=(quantity,))
