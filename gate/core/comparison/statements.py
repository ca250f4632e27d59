"""Which statements of the head are new: those that match none of the statements the change removed. No coverage here.

A statement is matched one to one with a removed one of equal syntax in the same scope, or elsewhere in a run of three
or more; so what is moved, re-indented, re-wrapped, reformatted or consistently renamed is not new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import count, islice

from checks.report import Statement
from gate.core.comparison.pairing import Pairs, pair_equal
from gate.core.comparison.renames import Names, renamed_names
from gate.core.diff import FileChange, Hunk, LineMap

_RUN = 3
"""So many statements in a row are recognised in another scope or file."""
_MOST_STARTS = 64
"""Places tried for a run to begin at; more would make a file of equal lines slow."""
_MOST_CELLS = 1_000_000
"""The largest product of two lengths that is still aligned in order."""
_MOST_RIVALS = 10_000
"""The largest product of two numbers of equal statements whose neighbours are still looked at."""
_WHOLE = 1 << 40


@dataclass(frozen=True, slots=True)
class Place:
    """A statement of one side: its file, and its position among the file's statements."""

    path: str
    followed: str
    """The file's path at the head: equal for what stands in the same file."""
    index: int
    """-1 for docstrings, which are no statements here."""
    statement: Statement


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A changed file with the statements of both sides; made by `changed_file`."""

    old_path: str
    new_path: str
    before: tuple[Place, ...]
    after: tuple[Place, ...]
    lines: LineMap


@dataclass(frozen=True, slots=True)
class Matching:
    """What became of the statements the change touches."""

    kept: dict[Place, Place]
    """From the base's to the head's, where one was matched with the other."""
    new: frozenset[Place]
    crossed: frozenset[Place]
    """Statements of both sides that the hunks leave out and that are new or removed all the same: the diff had taken the
    one for the other, though they stand in different scopes and one of them was found in its own."""


class Outline:
    """Which statements a line belongs to; they are given in the order of the source."""

    __slots__ = ("_around", "_beginning")

    def __init__(self, places: Iterable[Place]) -> None:
        self._beginning: dict[int, list[Place]] = defaultdict(list)
        self._around: dict[int, Place] = {}
        for place in places:
            start = place.statement.line
            header = self._around.get(start)
            if header and header.statement.line < start and start not in self._beginning:
                # The body of a decorated definition stands on the line of its `def`, which is the definition's first.
                self._beginning[start].append(header)
            self._beginning[start].append(place)
            for line in range(start, place.statement.end_line + 1):
                self._around[line] = place

    def at(self, line: int) -> list[Place]:
        """The statements that begin on the line, after a header that ends there; else the one that goes over it; else none."""
        if line in self._beginning:
            return self._beginning[line]
        return [self._around[line]] if line in self._around else []

    def first(self, line: int) -> Place | None:
        """The statement that stands for the line, so that of several on it only one can be lost when they are split."""
        return next(iter(self.at(line)), None)

    def own_lines(self, lines: Iterable[int]) -> dict[Place, list[int]]:
        """Those of the lines that stand for each statement, in order: a decorated definition has several."""
        found: dict[Place, list[int]] = {}
        for line in sorted(lines):
            place = self.first(line)
            if place:
                found.setdefault(place, []).append(line)
        return found


def changed_file(change: FileChange, before: Iterable[Statement], after: Iterable[Statement]) -> ChangedFile:
    """The change with its statements; a copy is a new file, and what has no lines to compare is changed as a whole."""
    old_path = "" if change.kind == "copied" else change.old_path
    followed = change.new_path or old_path
    return ChangedFile(
        old_path,
        change.new_path,
        _places(old_path, followed, before) if old_path else (),
        _places(change.new_path, followed, after),
        LineMap(_hunks(change)),
    )


def match_statements(files: Sequence[ChangedFile]) -> Matching:
    """The touched statements of all changed files matched with each other: file by file, then across them."""
    kept: Pairs[Place] = []
    gone: list[Place] = []
    come: list[Place] = []
    crossed: set[Place] = set()
    for file, names in zip(files, _renamed(files), strict=True):
        unmoved = _unmoved(file)
        twins = {old: new for old, new in unmoved.items() if old.statement.scope != new.statement.scope}
        before = [p for p in file.before if p in twins or _is_touched(p, file.lines.removes)]
        partners = {*twins.values()}
        after = [p for p in file.after if p in partners or _is_touched(p, file.lines.adds)]
        # Where lines repeat, a diff may remove one from a statement here and add it beyond its end there.
        standing = {p for p in file.after if p.index >= 0} - {*unmoved.values(), *after}
        chosen = standing.union(after)
        after = [p for p in file.after if p in chosen]
        found: Pairs[Place] = []
        for key in (_digest, _shape, *([_outline_under(names)] if names else [])):
            for pair in (_aligned, pair_equal):
                pairs, before, after = pair(before, after, key)
                found += pairs
        kept += found
        kept += _put_right(file, unmoved | dict(found), {_digest(old) for old, _ in found}).items()
        # Nothing better was found for these: the diff was right.
        left = {*before, *after}
        restored = {p for twin in twins.items() if left.issuperset(twin) for p in twin}
        gone += [p for p in before if p not in restored]
        come += [p for p in after if p not in restored and p not in standing]
        crossed |= {*twins, *partners} & left - restored
    runs = _runs(gone, come)
    # Bare annotations, and what only type checkers read, are followed as well, but can never be new.
    new = {p for p in come if p.statement.meaning == "code"} - {after for _, after in runs}
    return Matching(dict(kept + runs), frozenset(new), frozenset(crossed))


def _unmoved(file: ChangedFile) -> dict[Place, Place]:
    """Untouched statements where the diff says they stand; where short lines repeat it may take one for another."""
    beginning = {(p.statement.line, p.statement.digest): p for p in file.after if p.index >= 0}
    found: dict[Place, Place] = {}
    for place in file.before:
        statement = place.statement
        if place.index < 0 or file.lines.removes(statement.line, statement.end_line):
            continue
        there = beginning.get((file.lines.head_line(statement.line) or 0, statement.digest))
        if there:
            found[place] = there
    return found


def _put_right(
    file: ChangedFile, followed: Mapping[Place, Place], touched: Container[Hashable]
) -> dict[Place, Place]:
    """Other pairs of equal statements of one scope, where theirs crossed each other: each goes where its neighbours went.

    So the second of two equal lines, which the diff took for the first one, has not changed its place with it. Where
    neighbours do not tell, they stay in order; that goes on to the next ones, so two equal blocks are told apart, too.
    """
    rivals: dict[Hashable, Pairs[Place]] = defaultdict(list)
    for old, new in sorted(followed.items(), key=lambda pair: pair[0].index):
        if _digest(old) in touched and _digest(old) == _digest(new):
            rivals[_digest(old)].append((old, new))
    sides = [{place.index: place for place in side if place.index >= 0} for side in (file.before, file.after)]
    now, changed = dict(followed), dict[Place, Place]()

    def strangeness(old: int, new: int) -> int:
        steps = [(sides[0].get(old + step), sides[1].get(new + step)) for step in (-1, 1)]
        # Both ends of a file are neighbours, too.
        return sum((now.get(before) if before else None) != after for before, after in steps)

    for pairs in rivals.values():
        olds, news = [old.index for old, _ in pairs], sorted(new.index for _, new in pairs)
        if news == [new.index for _, new in pairs] or len(pairs) ** 2 > _MOST_RIVALS:
            continue
        left = sorted(
            (strangeness(old, new), abs(i - j), i, j)
            for i, old in enumerate(olds)
            for j, new in enumerate(news)
        )
        while left:
            _, _, i, j = left[0]
            changed[sides[0][olds[i]]] = sides[1][news[j]]
            left = [each for each in left if each[2] != i and each[3] != j]
        now.update(changed)
    return changed


def _places(path: str, followed: str, statements: Iterable[Statement]) -> tuple[Place, ...]:
    index = count()
    return tuple(
        Place(path, followed, -1 if statement.meaning == "docstring" else next(index), statement)
        for statement in statements
    )


def _is_touched(place: Place, touches: Callable[[int, int], bool]) -> bool:
    return place.index >= 0 and touches(place.statement.line, place.statement.end_line)


def _hunks(change: FileChange) -> Sequence[Hunk]:
    if change.kind in {"added", "copied"}:
        return (Hunk(0, 0, 1, _WHOLE),)
    if change.kind == "deleted":
        return (Hunk(1, _WHOLE, 0, 0),)
    if change.kind == "type_changed" or change.binary:
        return (Hunk(1, _WHOLE, 1, _WHOLE),)
    return change.hunks


_Row = list[Place]


def _digest(place: Place) -> Hashable:
    return (place.followed, place.statement.scope, place.statement.digest)


def _shape(place: Place) -> Hashable:
    return (place.followed, place.statement.scope, place.statement.shape)


def _renamed(files: Iterable[ChangedFile]) -> list[Names]:
    return renamed_names([(_statements(file.before), _statements(file.after)) for file in files])


def _statements(places: Iterable[Place]) -> list[Statement]:
    return [place.statement for place in places]


def _outline_under(renamed: Names) -> Callable[[Place], Hashable]:
    """What is equal for statements of base and head but for these names: the head has no old one, the base no new one."""

    def key(place: Place) -> Hashable:
        scope = ".".join(renamed.get(part, part) for part in place.statement.scope.split("."))
        names = tuple(renamed.get(name, name) for name in place.statement.names)
        return (place.followed, scope, place.statement.outline, names)

    return key


def _aligned(
    before: Sequence[Place], after: Sequence[Place], key: Callable[[Place], Hashable]
) -> tuple[Pairs[Place], list[Place], list[Place]]:
    """Pairs in order, as a diff would align them: of several equal statements the right one keeps its coverage."""
    if len(before) * len(after) > _MOST_CELLS:
        return [], list(before), list(after)
    matcher = SequenceMatcher(None, [key(place) for place in before], [key(place) for place in after])
    blocks = matcher.get_matching_blocks()
    pairs = [(before[block.a + i], after[block.b + i]) for block in blocks for i in range(block.size)]
    old, new = {id(place) for place, _ in pairs}, {id(place) for _, place in pairs}
    return pairs, [p for p in before if id(p) not in old], [p for p in after if id(p) not in new]


def _runs(before: Sequence[Place], after: Sequence[Place]) -> Pairs[Place]:
    """Runs of three or more statements of equal syntax, the longest at each place."""
    starts: dict[tuple[str, ...], list[tuple[_Row, int]]] = defaultdict(list)
    for row in _rows(before):
        for index in range(len(row) - _RUN + 1):
            for key in sorted(_starts(row, index)):
                starts[key].append((row, index))
    pairs: Pairs[Place] = []
    used: set[Place] = set()
    for row in _rows(after):
        index = 0
        while index <= len(row) - _RUN:
            candidates = (
                each for key in sorted(_starts(row, index)) for each in starts.get(key, [])[:_MOST_STARTS]
            )
            runs = (_common(old, start, row, index, used) for old, start in candidates)
            run = max(runs, key=len, default=[])
            if len(run) < _RUN:
                index += 1
                continue
            pairs += run
            used.update(place for place, _ in run)
            index += len(run)
    return pairs


def _rows(places: Iterable[Place]) -> Iterator[_Row]:
    """Statements that follow each other in a file, nothing but comments and the like between them."""
    row: _Row = []
    for place in sorted(places, key=lambda each: (each.path, each.index)):
        if row and (place.path, place.index) != (row[-1].path, row[-1].index + 1):
            yield row
            row = []
        row.append(place)
    if row:
        yield row


def _starts(row: _Row, start: int) -> set[tuple[str, ...]]:
    """What a run that begins there is found by: how its first statements are written, or their shapes.

    Another scope has other local names before them, so that equal text may be of another shape there.
    """
    first = [place.statement for place in row[start : start + _RUN]]
    return {tuple(each.digest for each in first), tuple(each.shape for each in first)}


def _are_alike(before: Statement, after: Statement) -> bool:
    return before.shape == after.shape or before.digest == after.digest


def _common(old: _Row, old_start: int, new: _Row, new_start: int, used: set[Place]) -> Pairs[Place]:
    """The pairs of the longest common beginning, as far as the base's statements are not used yet."""
    pairs: Pairs[Place] = []
    for before, after in zip(islice(old, old_start, None), islice(new, new_start, None), strict=False):
        if not _are_alike(before.statement, after.statement) or before in used:
            break
        pairs.append((before, after))
    return pairs


def statements_at(statements: Iterable[Statement], lines: Iterable[int]) -> dict[int, Statement]:
    """The statement that each of these lines of a file belongs to; lines of none are left out."""
    outline = Outline(_places("", "", statements))
    return {line: places[0].statement for line in lines if (places := outline.at(line))}
