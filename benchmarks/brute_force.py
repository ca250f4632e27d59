"""Follow functions and findings through a change by brute force, by code that shares nothing with `gate.core.comparison`.

What it is given was measured by the command lines of radon and bandit; it says where Gate's facts differ from that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.history import is_test
from benchmarks.plain import File, Found, Function
from gate.core.comparison import ComplexityFacts, FindingChange, SecurityFacts

_TELLING = 3
"""Bodies of fewer statements are followed to another place only under their own name (policy.md: by likeness)."""


@dataclass(frozen=True)
class Side:
    """One tree as the plain tools see it."""

    files: Mapping[str, File]
    renamed: Mapping[str, str]
    """The path at the head by the path here, of renamed files."""

    def followed(self, path: str) -> str:
        return self.renamed.get(path, path)

    def totals(self) -> tuple[int, int, int]:
        listed = [complexity for file in self.files.values() for complexity in file.listed]
        return len(listed), sum(listed), max(listed, default=0)

    def functions(self, *, tests: bool) -> list[Spot]:
        return [
            Spot(path, self.followed(path), function)
            for path, file in sorted(self.files.items())
            if is_test(path) is tests
            for function in sorted(file.functions, key=lambda each: each.line)
        ]

    def findings(self, *, tests: bool) -> list[tuple[str, Found]]:
        return [
            (path, found)
            for path, file in sorted(self.files.items())
            if is_test(path) is tests
            for found in file.findings
        ]


@dataclass(frozen=True)
class Spot:
    """A function of one side."""

    path: str
    followed: str
    function: Function

    @property
    def last_name(self) -> str:
        return self.function.name.rpartition(".")[2]


@dataclass(frozen=True)
class Delta:
    """What became of one function; `before` is None for a new one, `after` for a removed one."""

    path: str
    name: str
    line: int
    before: int | None
    after: int | None


Pair = tuple[Spot, Spot]


class FunctionComparison:
    """The functions of both sides, followed by brute force; test files or the others."""

    def __init__(self, before: list[Spot], after: list[Spot]) -> None:
        self.certain: list[Pair] = []
        named, gone, come = _grouped(before, after)
        for olds, news in named:
            pairs = _greedy(olds, news, _likeness_of_namesakes)
            self.certain += pairs
            gone += [old for old in olds if all(old is not pair[0] for pair in pairs)]
            come += [new for new in news if all(new is not pair[1] for pair in pairs)]
        self.gone, self.come = gone, come
        self.followed = _greedy(gone, come, likeness)

    def expected(self) -> list[Delta]:
        """Every function whose complexity or place changed."""
        pairs = [pair for pair in self.certain if pair[0].function.complexity != pair[1].function.complexity]
        paired = {id(spot) for pair in self.followed for spot in pair}
        return [
            *(_delta(new, old, new) for old, new in [*pairs, *self.followed]),
            *(_delta(old, old, None) for old in self.gone if id(old) not in paired),
            *(_delta(new, None, new) for new in self.come if id(new) not in paired),
        ]

    def excuses(self, wanted: list[Delta], got: list[Delta]) -> bool:
        """Whether Gate chose other pairs among equally alike ones: the same functions, as many and as alike pairs."""
        old = {(s.path, s.function.name, s.function.line): s for s in self.gone}
        new = {(s.path, s.function.name, s.function.line): s for s in self.come}
        accounted = all(
            (d.path, d.name, d.line) in (new if d.after is not None else old) for d in [*wanted, *got]
        )
        values = [Counter(d.before for d in side if d.before is not None) for side in (wanted, got)]
        if not accounted or values[0] != values[1] or len(wanted) != len(got):
            return False
        return all(
            self._as_alike(new[d.path, d.name, d.line], d.before)
            for d in got
            if d.after is not None and d.before is not None
        )

    def _as_alike(self, new: Spot, before: int) -> bool:
        best = max((likeness(old, new) for old in self.gone), default=None)
        mine = max(
            (likeness(old, new) for old in self.gone if old.function.complexity == before), default=None
        )
        return best is not None and mine is not None and mine[0] == best[0]


def _delta(spot: Spot, old: Spot | None, new: Spot | None) -> Delta:
    return Delta(
        spot.path,
        spot.function.name,
        spot.function.line,
        old.function.complexity if old else None,
        new.function.complexity if new else None,
    )


def _grouped(
    before: list[Spot], after: list[Spot]
) -> tuple[list[tuple[list[Spot], list[Spot]]], list[Spot], list[Spot]]:
    """Namesakes of both sides together, and those whose name stands on one side alone."""
    sides: list[dict[tuple[str, str], list[Spot]]] = [{}, {}]
    for side, spots in zip(sides, (before, after), strict=True):
        for spot in spots:
            side.setdefault((spot.followed, spot.function.name), []).append(spot)
    old, new = sides
    return (
        [(old[key], new[key]) for key in old if key in new],
        [spot for key in old if key not in new for spot in old[key]],
        [spot for key in new if key not in old for spot in new[key]],
    )


Score = tuple[float, int, int]
"""The likeness, and what counts first among equally alike ones; higher is better."""


def _likeness_of_namesakes(old: Spot, new: Spot) -> Score | None:
    """Any two functions of one name belong together: equal bodies first, then alike ones, then by order."""
    if old.function.body == new.function.body:
        return (2, 0, 0)
    dice = _dice(old, new)
    return (dice if dice >= 0.5 else 0, 0, 0)


def likeness(old: Spot, new: Spot) -> Score | None:
    """How alike two functions of different names or files are; None for those that are not followed."""
    same_name, same_file = int(old.last_name == new.last_name), int(old.followed == new.followed)
    short = min(len(old.function.statements), len(new.function.statements)) < _TELLING
    if old.function.body == new.function.body and (same_name or not short):
        return (2, same_name, same_file)
    dice = 0.0 if short else _dice(old, new)
    return (dice, same_name, same_file) if dice >= 0.5 else None


def _dice(old: Spot, new: Spot) -> float:
    before, after = Counter(old.function.statements), Counter(new.function.statements)
    total = before.total() + after.total()
    return 2 * (before & after).total() / total if total else 0


def _greedy(before: list[Spot], after: list[Spot], score: Callable[[Spot, Spot], Score | None]) -> list[Pair]:
    """Pairs one to one, the best first; of equally good ones the first."""
    scored = [
        (points, -i, -j)
        for i, old in enumerate(before)
        for j, new in enumerate(after)
        if (points := score(old, new)) is not None
    ]
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(scored, reverse=True):
        if all(-i != a and -j != b for a, b in pairs):
            pairs.append((-i, -j))
    return [(before[i], after[j]) for i, j in pairs]


def function_differences(base: Side, head: Side, facts: ComplexityFacts) -> Iterator[str]:
    """What Gate says of functions and brute force does not, and the other way round."""
    for side, ours in (("base", facts.base), ("head", facts.head)):
        plain = (base if side == "base" else head).totals()
        if plain != (ours.blocks, ours.sum, ours.max):
            yield f"totals of the {side}: radon {plain}, gate {ours}"
    for tests in (False, True):
        comparison = FunctionComparison(base.functions(tests=tests), head.functions(tests=tests))
        wanted = Counter(comparison.expected())
        got = Counter(
            Delta(change.path, change.name, change.line, change.before, change.after)
            for change in facts.functions
            if is_test(change.path) is tests
        )
        missing, extra = list((wanted - got).elements()), list((got - wanted).elements())
        if (missing or extra) and not comparison.excuses(missing, extra):
            yield from (f"only brute force: {delta}" for delta in missing)
            yield from (f"only gate: {delta}" for delta in extra)
    for change in facts.functions:
        kinds = {(True, False): "new", (False, True): "removed"}
        kind = kinds.get((change.before is None, change.after is None))
        if kind is None:
            before, after = change.before or 0, change.after or 0
            kind = "worse" if after > before else "better" if after < before else "moved"
        if change.status != kind:
            yield f"{change.path} {change.name}: {change.before} to {change.after} is called {change.status}"
        if is_test(change.path) and change.judged:
            yield f"{change.path} {change.name} is a test and judged"


def finding_differences(
    base: Side, head: Side, facts: SecurityFacts, kept: Mapping[str, Mapping[int, int]]
) -> Iterator[str]:
    """What Gate says of findings and brute force does not. `kept`: by path at the base, lines no hunk touches."""
    for tests in (False, True):
        before, after = base.findings(tests=tests), head.findings(tests=tests)
        gone, come = (
            _located(facts.fixed, before, tests=tests),
            _located(facts.introduced, after, tests=tests),
        )
        yield from (f"gate has a finding bandit has not: {each}" for each in come.pop("unknown", []))
        yield from (f"gate has a finding bandit has not: {each}" for each in gone.pop("unknown", []))
        introduced, fixed = _flat(come), _flat(gone)
        for name, exact, key in (
            ("rule and source", True, lambda path, f: (f.rule, f.source)),
            ("file, rule and source", False, lambda path, f: (path, f.rule, f.source)),
            ("scope, file, rule and source", False, lambda path, f: (path, f.scope, f.rule, f.source)),
        ):
            old = Counter(key(base.followed(path), found) for path, found in before)
            new = Counter(key(path, found) for path, found in after)
            for what, most, ours in (
                ("introduced", new - old, Counter(key(path, found) for path, found in introduced)),
                ("fixed", old - new, Counter(key(base.followed(path), found) for path, found in fixed)),
            ):
                if (ours - most) or (exact and ours != most):
                    yield f"{what} by {name}: gate {dict(ours - most)}, brute force {dict(most - ours)}"
        yield from _blamed_though_unchanged(base, before, introduced, kept)
        for change in facts.introduced:
            found = change.finding
            wanted = not is_test(change.path) and {found.severity, found.confidence} <= {"medium", "high"}
            if change.judged != wanted:
                yield f"{change.path} line {found.line} {found.rule}: judged is {change.judged}"


def _located(
    changes: Iterable[FindingChange], plain: list[tuple[str, Found]], *, tests: bool
) -> dict[str, list[tuple[str, Found]]]:
    """The plain findings that Gate's changes are, by path; those bandit does not have under `unknown`."""
    waiting: dict[tuple[object, ...], list[tuple[str, Found]]] = {}
    for path, found in plain:
        place = (path, found.rule, found.line, found.column, found.severity, found.confidence)
        waiting.setdefault(place, []).append((path, found))
    result: dict[str, list[tuple[str, Found]]] = {}
    for change in changes:
        if is_test(change.path) is not tests:
            continue
        f = change.finding
        there = waiting.get((change.path, f.rule, f.line, f.column, f.severity, f.confidence))
        result.setdefault(change.path if there else "unknown", []).append(
            there.pop() if there else (f"{change.path} line {f.line}", f)  # type: ignore[arg-type]  # shown only
        )
    return result


def _flat(by_path: Mapping[str, list[tuple[str, Found]]]) -> list[tuple[str, Found]]:
    return [each for found in by_path.values() for each in found]


def _blamed_though_unchanged(
    base: Side,
    before: list[tuple[str, Found]],
    introduced: list[tuple[str, Found]],
    kept: Mapping[str, Mapping[int, int]],
) -> Iterator[str]:
    """Introduced findings on a line that stood at the base with the same finding on it."""
    stayed = Counter(
        (base.followed(path), found.rule, found.source, found.scope, line)
        for path, found in before
        if (line := kept.get(path, {}).get(found.line) if path in kept else found.line)
    )
    for path, found in introduced:
        if stayed[path, found.rule, found.source, found.scope, found.line]:
            yield f"{path} line {found.line}: {found.rule} was there before"
