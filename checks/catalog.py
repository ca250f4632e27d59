"""The checks that are installed: their names, what they count and how to load them.

It imports no analyser: knowing a check costs nothing, measuring with it happens in `checks.analyser`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from checks.report import FileReport

Options = Mapping[str, object]
Measure = Callable[[str, bytes, Options], "FileReport"]
"""(path, source, options) -> report; a pure function that never raises for any source."""


def never(options: Options) -> bool:
    """The answer of a check whose report never depends on the path."""
    return False


@dataclass(frozen=True, slots=True)
class Metric:
    """A number a check reports, and which way is better."""

    name: str
    unit: str
    direction: Literal["lower", "higher", "neither"]
    """The better direction; `neither` for plain sizes."""


@dataclass(frozen=True, slots=True)
class Check:
    """A static check of single source files."""

    name: str
    entry: str
    """`module:function` of its `Measure`."""
    distributions: tuple[str, ...]
    """Distributions whose versions are part of the identity of a report."""
    revision: int
    """Of our own code: raised whenever the same source may give another report."""
    metrics: tuple[Metric, ...]
    path_matters: Callable[[Options], bool] = never
    """Whether, under these options, the path is part of a report's identity."""

    @property
    def version(self) -> str:
        """Identity of the code that measures, e.g. `1 radon-6.0.1 cpython-3.11`; the interpreter is the grammar."""
        tools = [f"{name}-{_version_of(name)}" for name in self.distributions]
        interpreter = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"
        return " ".join([str(self.revision), *tools, interpreter])


def installed() -> tuple[Check, ...]:
    """Our own checks, then those other distributions announce as entry points `gate.checks`, by name.

    Raises: TypeError when an entry point is no `Check`.
    """
    checks = {check.name: check for check in OWN}
    for check in announced():
        checks.setdefault(check.name, check)
    return tuple(checks.values())


@cache
def announced() -> tuple[Check, ...]:
    """The checks of other distributions; looked for once a process. Raises: as `installed`."""
    found = []
    for entry_point in sorted(metadata.entry_points(group="gate.checks"), key=lambda entry: entry.name):
        check = entry_point.load()
        if not isinstance(check, Check):
            raise TypeError(
                f"entry point {entry_point.name!r} of gate.checks: expected a Check, got {check!r}"
            )
        found.append(check)
    return tuple(found)


def load(check: Check) -> Measure:
    """The function that measures; importing it imports the analyser behind it."""
    module, _, function = check.entry.partition(":")
    return cast("Measure", getattr(import_module(module), function))


@cache
def _version_of(distribution: str) -> str:
    return metadata.version(distribution)


def _bandit_reads_the_path(options: Options) -> bool:
    """B101's `skips` are globs of file names: the only rule of bandit that looks at the path."""
    config = options.get("config")
    assert_used = config.get("assert_used") if isinstance(config, Mapping) else None
    return isinstance(assert_used, Mapping) and bool(assert_used.get("skips"))


COMPLEXITY = Check(
    name="complexity",
    entry="checks.complexity:measure",
    distributions=("radon",),
    revision=1,
    metrics=(Metric("complexity", "independent paths", "lower"),),
)
MAINTAINABILITY = Check(
    name="maintainability",
    entry="checks.maintainability:measure",
    distributions=("radon",),
    revision=1,
    metrics=(Metric("maintainability", "hundredths of a point", "higher"),),
)
SIZE = Check(
    name="size",
    entry="checks.size:measure",
    distributions=("radon",),
    revision=1,
    metrics=tuple(
        Metric(name, "lines", "neither")
        for name in ("loc", "lloc", "sloc", "comments", "multi", "blank", "single_comments")
    ),
)
SECURITY = Check(
    name="security",
    entry="checks.security:measure",
    distributions=("bandit",),
    revision=2,
    metrics=(Metric("findings", "findings", "lower"), Metric("suppressed", "findings", "lower")),
    path_matters=_bandit_reads_the_path,
)
ESCAPES = Check(
    name="escapes",
    entry="checks.escapes:measure",
    distributions=(),
    revision=1,
    metrics=(Metric("escapes", "suppressions and skips", "lower"),),
)
SYNTAX = Check(
    name="syntax",
    entry="checks.syntax:measure",
    distributions=(),
    revision=2,
    metrics=(),
)
OWN = (COMPLEXITY, MAINTAINABILITY, SIZE, ESCAPES, SYNTAX, SECURITY)
"""In the order in which they are best asked: bandit writes on the tree, so what comes after it parses anew."""
