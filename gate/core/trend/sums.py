"""The static totals of a tree as running sums: what each source file adds, and takes away again when it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from checks.report import FileReport

SUMMED = ("size", "maintainability", "complexity", "security", "escapes")
"""The checks whose reports are summed."""
_LEVELS = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Summand:
    """What one source file adds to the totals of its tree."""

    quantities: Mapping[str, int]
    """Of a file that could not be parsed, none."""
    complexities: tuple[int, ...]
    """Of its functions and methods, as `radon cc` lists them."""
    counts: Mapping[str, int]


def numbers_of(reports: Mapping[str, FileReport], maximum: int) -> Summand:
    """What the reports of one file add, by check every one of `SUMMED`; `maximum` is its `[complexity] maximum`."""
    quantities: Counter[str] = Counter()
    for check in ("size", "maintainability"):
        quantities.update({each.metric: each.value for each in reports[check].quantities})
    complexities = tuple(
        block.complexity for block in reports["complexity"].blocks if block.listed and block.kind != "class"
    )
    findings = reports["security"].findings
    # Without a rule id `# nosec` hides nothing.
    counted: Counter[str] = Counter(finding.severity for finding in findings if not finding.is_set_apart)
    counts = {
        "over": sum(complexity > maximum for complexity in complexities),
        "findings": counted.total(),
        **{f"findings_{level}": counted[level] for level in _LEVELS},
        "suppressed": sum(finding.is_set_apart for finding in findings),
        "escapes": len(reports["escapes"].findings),
    }
    return Summand(quantities, complexities, counts)


class Sums:
    """The totals of a tree whose files come and go."""

    def __init__(self) -> None:
        self._files = 0
        self._quantities: Counter[str] = Counter()
        self._given: Counter[str] = Counter()
        """How many files give a quantity: one that none gives is no metric."""
        self._complexities: Counter[int] = Counter()
        """How many functions have a complexity: the maximum of the rest is known when the worst one goes."""
        self._counts: Counter[str] = Counter()

    def add(self, numbers: Summand) -> None:
        """A file came."""
        self._apply(numbers, 1)

    def remove(self, numbers: Summand) -> None:
        """A file that was added is gone."""
        self._apply(numbers, -1)

    def totals(self) -> dict[str, int]:
        """By metric; one that no file gives is missing."""
        complexities = +self._complexities
        return {
            **{metric: self._quantities[metric] for metric, files in self._given.items() if files},
            "files": self._files,
            "functions": complexities.total(),
            "complexity": sum(complexity * count for complexity, count in complexities.items()),
            "worst": max(complexities, default=0),
            **{name: self._counts[name] for name in _COUNTED},
        }

    def _apply(self, numbers: Summand, sign: int) -> None:
        self._files += sign
        for metric, value in numbers.quantities.items():
            self._quantities[metric] += sign * value
            self._given[metric] += sign
        for complexity in numbers.complexities:
            self._complexities[complexity] += sign
        for name, count in numbers.counts.items():
            self._counts[name] += sign * count


_COUNTED = ("over", "findings", *(f"findings_{level}" for level in _LEVELS), "suppressed", "escapes")
