"""Where the branches of a report lead that does not say so: taken from what is possible in the source.

Cobertura XML counts the branches of a line and names missing ones; exits are called so, wherever they lead. It knows
neither reports as a whole nor how they are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks.branch_steps import Branch
from checks.line_set import LineSet
from checks.possible_lines import PossibleLines
from checks.reported_lines import EXIT

Way = tuple[int, bool]
"""(to line, a fact of the branch)."""
Step = tuple[int, int]
_NOWHERE = (0, 0)
_MOST_ELSEWHERE = 2_000
"""Branches of a file whose lines nobody knows, as it does not parse here: more than one of 1,000 lines should have."""


def resolve(told: Sequence[Branch], possible: PossibleLines | None, executed: LineSet) -> Iterator[Branch]:
    """The branches with lines that they lead to; `possible` is None for a source that could not be analysed.

    Which of several branches was taken that a report only counts is not known: those to executed lines come first.
    """
    vague = {here for here, there, _ in told if there in {EXIT, here}}
    yield from (branch for branch in told if branch[0] not in vague)
    if not vague:
        return
    ways = _by_line(possible.branches if possible else (), vague)
    for here, said in _by_line(told, vague).items():
        left = dict(ways.get(here, ()))
        for there, taken in said:
            if there not in {EXIT, here}:
                left.pop(there, None)
                yield here, there, taken
        for there, taken in _exits(here, [taken for there, taken in said if there == EXIT], left):
            left.pop(there, None)
            yield here, there, taken
        counted = [taken for there, taken in said if there == here]
        for there, taken in _counted(here, counted, left, executed):
            yield here, there, taken


def bounded(ways: Mapping[Step, bool], possible: PossibleLines | None) -> Iterator[Branch]:
    """The branches of a file, sorted: those that are possible, and others as many as it may have.

    Another Python may see other branches than ours, so that unknown ones are believed. But one that is honest has hardly
    two for a line, and what is kept of a file that a stranger reports on must not be larger than the file.
    """
    most = _MOST_ELSEWHERE if possible is None else 2 * possible.length + 100
    kept = sorted(ways)
    if len(kept) > most:
        ours = {(here, there) for here, there, _ in (possible.branches if possible else ())}
        others = [way for way in kept if way not in ours]
        kept = sorted({*others[:most], *(way for way in kept if way in ours)})
    yield from ((here, there, ways[here, there]) for here, there in kept)


def of_steps(steps: Sequence[Branch], possible: PossibleLines) -> Iterator[Branch]:
    """The branches of a file whose steps from line to line were recorded, as coverage.py finds them."""
    first = possible.first_lines()
    jumps = {(a, b): (c, d) for a, b, c, d in possible.jumps}
    # Coverage.py does this twice, too: see `analysis_from_file_reporter`.
    taken = _translated(_translated({(here, there) for here, there, _ in steps}, first, jumps), first, jumps)
    for here, there, counts in possible.branches:
        if (here, there) in taken or counts:
            yield here, there, (here, there) in taken


def _translated(steps: set[Step], first: dict[int, int], jumps: dict[Step, Step]) -> set[Step]:
    """Steps between the first lines of statements, those out of `with` statements straightened."""
    moved = {jumps[step] for step in steps & jumps.keys()} - {_NOWHERE}
    return {(_first(first, here), _first(first, there)) for here, there in (steps - jumps.keys()) | moved}


def _first(first: dict[int, int], line: int) -> int:
    return first.get(line, line) if line >= 0 else -first.get(-line, -line)


def _by_line(branches: Iterable[Branch], lines: set[int]) -> dict[int, list[Way]]:
    found: dict[int, list[Way]] = {}
    for here, there, fact in branches:
        if here in lines:
            found.setdefault(here, []).append((there, fact))
    return found


def _exits(here: int, told: Sequence[bool], left: dict[int, bool]) -> Iterator[Way]:
    """Exits in the order of the lines they lead to, which is the order they are told in."""
    doors = sorted(there for there in left if there < 0) or [-here]
    yield from zip(doors, told, strict=False)


def _counted(here: int, told: Sequence[bool], left: dict[int, bool], executed: LineSet) -> Iterator[Way]:
    """As many branches as were counted, taken ones first."""
    likely = sorted(left, key=lambda there: (there not in executed, there < 0, there < here, there))
    asked = [there for there in likely if left[there]]
    if asked:
        taken = sum(told)
        yield from ((there, place < taken) for place, there in enumerate(asked[: len(told)]))
    elif any(told) and here in executed:
        # Branches that nobody asks for are counted as taken, all of them; at least the likeliest one was.
        yield from ((there, True) for there in likely[:1])
