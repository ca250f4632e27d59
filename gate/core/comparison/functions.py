"""How the complexity of each function changed: functions followed from base to head, and the totals of both trees.

It does not say what blocks; that is `gate.core.verdict.complexity`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from checks.report import Block, FileReport
from gate.core.comparison import (
    ComplexityFacts,
    ComplexityTotals,
    FunctionChange,
    FunctionRule,
    FunctionStatus,
    TreeReports,
)
from gate.core.comparison.pairing import Pairs, common_parts, pair_alike, pair_equal
from gate.core.comparison.trees import Located, Trees
from gate.core.diff import Diff
from gate.core.tree_sums import complexities_of

Function = Located[Block]

_TELLING_STATEMENTS = 3
"""Shorter bodies look alike by accident: they are followed to another place only under the same name."""


def compare_complexity(
    base: TreeReports, head: TreeReports, diff: Diff, *, maximum: Callable[[str], int]
) -> ComplexityFacts:
    """Every function, method and closure whose complexity or place changed, and the totals.

    Followed by path (through renames), qualified name and order among equals; leftovers by the likeness of their
    bodies. Test files and the others are followed apart: what moves from a test into the source is new there. For new
    ones above `maximum` of their file's path it is looked where they were taken out of.
    """
    trees = Trees(base, head, diff)
    untouched = trees.untouched()
    changes: list[FunctionChange] = []
    for tests in (False, True):
        before = trees.in_base(_functions, tests=tests, but=untouched)
        after = trees.in_head(_functions, tests=tests, but=untouched)
        changes += _changes(before, after, maximum, judged=not tests)
    return ComplexityFacts(
        functions=tuple(
            sorted(changes, key=lambda change: (change.path, change.line, change.name, change.status))
        ),
        base=totals(complexities_of(base.files.values())),
        head=totals(complexities_of(head.files.values())),
        unmeasured=trees.unmeasured(),
        files=trees.measured_files(),
    )


def totals(complexities: Counter[int]) -> ComplexityTotals:
    """The totals of functions, from how many have each complexity."""
    return ComplexityTotals(
        blocks=complexities.total(),
        sum=sum(complexity * count for complexity, count in complexities.items()),
        max=max(complexities, default=0),
    )


def _functions(report: FileReport) -> Iterator[Block]:
    return (block for block in report.blocks if block.kind != "class")


def _changes(
    before: list[Function], after: list[Function], maximum: Callable[[str], int], *, judged: bool
) -> Iterator[FunctionChange]:
    named, gone, come = _pair_by_name(before, after)
    moved, gone, come = _pair_by_body(gone, come)
    for each in named:
        if each.old.thing.complexity != each.new.thing.complexity:
            yield _followed(each, "same", judged=judged)
    for each in moved:
        yield _followed(each, "moved", judged=judged)
    for old in gone:
        yield _alone(old, "removed", judged=judged)
    for new, origin in zip(come, _origins([*named, *moved], gone, come, maximum), strict=True):
        yield _alone(new, "new", judged=judged, origin=origin)


def _alone(function: Function, status: FunctionStatus, *, judged: bool, origin: str = "") -> FunctionChange:
    complexity = function.thing.complexity
    return FunctionChange(
        function.path,
        function.thing.name,
        function.thing.line,
        before=complexity if status == "removed" else None,
        after=complexity if status == "new" else None,
        status=status,
        judged=judged and function.comparable,
        contributors=function.thing.contributors,
        old_path="" if origin == function.path else origin,
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """A function of the base, what it is at the head, and what it was recognised by."""

    old: Function
    new: Function
    rule: FunctionRule


def _followed(kept: _Kept, if_equal: FunctionStatus, *, judged: bool) -> FunctionChange:
    old, new = kept.old, kept.new
    before, after = old.thing.complexity, new.thing.complexity
    status: FunctionStatus = "worse" if after > before else "better" if after < before else if_equal
    return FunctionChange(
        new.path,
        new.thing.name,
        new.thing.line,
        before=before,
        after=after,
        status=status,
        judged=judged,
        contributors=new.thing.contributors,
        old_path="" if old.path == new.path else old.path,
        rule=kept.rule,
        old_name="" if old.thing.name == new.thing.name else old.thing.name,
        old_line=old.thing.line,
    )


def _by(rule: FunctionRule, pairs: Pairs[Function]) -> list[_Kept]:
    return [_Kept(old, new, rule) for old, new in pairs]


def _pair_by_name(
    before: list[Function], after: list[Function]
) -> tuple[list[_Kept], list[Function], list[Function]]:
    """Same file and qualified name; of several first those with the same body, then the most alike, then by order."""
    pairs, before, after = pair_equal(before, after, _name_and_body)
    times = Counter(map(_name, before)) | Counter(map(_name, after))

    def statements_if_several(function: Function) -> Sequence[str]:
        # With the name in each, statements are common to functions of that name only.
        name = _name(function)
        return [repr((*name, each)) for each in function.thing.fingerprint] if times[name] > 1 else ()

    alike, before, after = pair_alike(before, after, statements_if_several, _equally_far)
    ordered, before, after = pair_equal(before, after, _name)
    kept = [
        *_by("name_and_body", pairs),
        *_by("name_and_likeness", alike),
        *_by("name_and_order", ordered),
    ]
    return kept, before, after


def _pair_by_body(
    before: list[Function], after: list[Function]
) -> tuple[list[_Kept], list[Function], list[Function]]:
    """The same body under another name or in another file, then the most alike ones, edited on the way."""
    kept: list[_Kept] = []
    keys: tuple[tuple[FunctionRule, Callable[[Function], Hashable | None]], ...] = (
        ("body_in_file", _body_in_file),
        ("name_elsewhere", _body_and_last_name),
        ("body", _body),
    )
    for rule, key in keys:
        found, before, after = pair_equal(before, after, key)
        kept += _by(rule, found)
    found, before, after = pair_alike(before, after, _statements, _farness)
    return [*kept, *_by("likeness", found)], before, after


def _name_and_body(function: Function) -> tuple[str, ...]:
    return (function.followed, function.thing.name, function.thing.digest)


def _name(function: Function) -> tuple[str, ...]:
    return (function.followed, function.thing.name)


def _body_in_file(function: Function) -> tuple[str, ...] | None:
    return (function.followed, _last_name(function), function.thing.digest) if function.thing.digest else None


def _body_and_last_name(function: Function) -> tuple[str, ...] | None:
    return (_last_name(function), function.thing.digest) if function.thing.digest else None


def _body(function: Function) -> str | None:
    return function.thing.digest if len(function.thing.fingerprint) >= _TELLING_STATEMENTS else None


def _statements(function: Function) -> Sequence[str]:
    """What its likeness to others is measured by; nothing where it is too short to tell."""
    statements = function.thing.fingerprint
    return statements if len(statements) >= _TELLING_STATEMENTS else ()


def _equally_far(old: Function, new: Function) -> tuple[int, ...]:
    return ()


def _farness(old: Function, new: Function) -> tuple[int, ...]:
    """Among equally alike ones the same name counts first, then the same file."""
    return (int(_last_name(old) != _last_name(new)), int(old.followed != new.followed))


def _last_name(function: Function) -> str:
    return function.thing.name.rpartition(".")[2]


def _origins(
    kept: list[_Kept], gone: list[Function], come: list[Function], maximum: Callable[[str], int]
) -> list[str]:
    """For each new function above the maximum the base's file that at least half of its body was taken out of.

    So a tangle that is split over files is recognised: what the one function lost is what the others are made of.
    """
    lost = [(each.old.path, _minus(each.old.thing.fingerprint, each.new.thing.fingerprint)) for each in kept]
    lost += [(old.path, old.thing.fingerprint) for old in gone]
    lost = [(path, parts) for path, parts in lost if parts]
    wanted = [
        function.thing.fingerprint if function.thing.complexity > maximum(function.path) else ()
        for function in come
    ]
    best: dict[int, tuple[int, str]] = {}
    for (i, j), common in common_parts([parts for _, parts in lost], wanted).items():
        if 2 * common >= len(wanted[j]):
            best[j] = min(best.get(j, (0, "")), (-common, lost[i][0]))
    return [best.get(j, (0, ""))[1] for j in range(len(come))]


def _minus(parts: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    if parts == others:
        return ()
    return tuple(sorted((Counter(parts) - Counter(others)).elements()))
