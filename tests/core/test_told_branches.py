"""Branches that a report only counts or calls exits, and where they lead in the source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.branch_steps import Branch
from checks.line_set import LineSet
from checks.possible_lines import PossibleLines
from gate.core.told_branches import bounded, of_steps, resolve

EXIT = 0


def possible(
    *branches: Branch,
    continued: tuple[tuple[int, int], ...] = (),
    jumps: tuple[tuple[int, int, int, int], ...] = (),
) -> PossibleLines:
    return PossibleLines(99, LineSet(), LineSet(), branches, continued, jumps)


TWO = possible((5, 6, True), (5, 9, True))
LOOP = possible((5, -1, True), (5, 6, True))
EXITS = possible((5, -7, True), (5, -1, True), (5, 6, True))
QUIET = possible((5, 4, False), (5, 6, False), (5, 8, False))
MATCH = possible((5, 6, True), (5, 8, True), (5, 10, False))

RUN = (5, 6, 9)


@pytest.mark.parametrize(
    ("source", "executed", "told", "branches"),
    [
        # What is told exactly stays as it is, even where nobody holds it to be possible.
        (TWO, RUN, [(5, 6, True), (5, 7, False)], [(5, 6, True), (5, 7, False)]),
        (None, RUN, [(5, 6, True), (5, -1, False)], [(5, 6, True), (5, -1, False)]),
        # Cobertura: the missing one is named, the other one is what is left.
        (TWO, RUN, [(5, 9, False), (5, 5, True)], [(5, 9, False), (5, 6, True)]),
        (TWO, RUN, [(5, 5, True), (5, 5, True)], [(5, 6, True), (5, 9, True)]),
        (TWO, (), [(5, 6, False), (5, 9, False)], [(5, 6, False), (5, 9, False)]),
        (LOOP, RUN, [(5, EXIT, False), (5, 5, True)], [(5, -1, False), (5, 6, True)]),
        # Exits come in order of their lines; further ones are not known.
        (EXITS, RUN, [(5, 6, True), (5, EXIT, True), (5, EXIT, False)], [(5, 6, True), (5, -7, True), (5, -1, False)]),
        (LOOP, RUN, [(5, EXIT, True), (5, EXIT, False)], [(5, -1, True)]),
        # Another Python may know an exit that ours does not.
        (TWO, RUN, [(5, EXIT, False)], [(5, -5, False)]),
        (None, RUN, [(5, EXIT, False), (5, 5, True)], [(5, -5, False)]),
        # Numbered ones: executed lines first, then exits.
        (TWO, (5, 9), [(5, 5, False), (5, 5, True)], [(5, 9, True), (5, 6, False)]),
        (LOOP, (5,), [(5, 5, True), (5, 5, False)], [(5, 6, True), (5, -1, False)]),
        (LOOP, (5,), [(5, 5, False), (5, 5, False)], [(5, 6, False), (5, -1, False)]),
        # More than there are in the source lead nowhere.
        (TWO, RUN, [(5, 5, True)] * 5, [(5, 6, True), (5, 9, True)]),
        # Branches that nobody asks for are told as taken; the likeliest one was, if the line ever ran.
        (QUIET, (5, 6, 8), [(5, 5, True)] * 3, [(5, 6, True)]),
        (QUIET, (5, 8), [(5, 5, True)] * 3, [(5, 8, True)]),
        (QUIET, (8,), [(5, 5, True)] * 3, []),
        (QUIET, (5, 6), [(5, 5, False)] * 3, []),
        # One that leads to an excluded line is not counted, so it is none of these.
        (MATCH, (5, 6, 8, 10), [(5, 8, False), (5, 5, True)], [(5, 8, False), (5, 6, True)]),
        # A line without branches in our eyes.
        (TWO, (7,), [(7, 7, True)], []),
    ],
)  # fmt: skip
def test_branches_lead_where_the_source_lets_them(
    source: PossibleLines | None, executed: tuple[int, ...], told: list[Branch], branches: list[Branch]
) -> None:
    """The table says the rest."""
    assert list(resolve(told, source, LineSet.of(executed))) == branches


def test_other_lines_stay_as_they_are() -> None:
    """Only lines with a branch that is not told exactly are looked at."""
    told = [(3, 4, True), (5, 5, True), (3, 8, False)]

    assert list(resolve(told, TWO, LineSet.of(RUN))) == [(3, 4, True), (3, 8, False), (5, 6, True)]


@pytest.mark.parametrize(("source", "others"), [(TWO, 298), (None, 2_000)])
def test_invented_branches_are_as_many_as_the_file_may_have(
    source: PossibleLines | None, others: int
) -> None:
    """
    Those that are possible are all kept, whatever else is told; the others by their lines, in whichever order they come.
    """
    invented = [(1, there) for there in range(100, 10_100)]
    ours = [(here, there) for here, there, _ in source.branches] if source else []

    found = [*bounded(dict.fromkeys([*invented[::-1], *ours], True), source)]

    assert found == [(here, there, True) for here, there in [*invented[:others], *ours]]
    few = dict.fromkeys(invented[:others], False)
    assert [*bounded(few, source)] == [(*way, False) for way in few]


BRANCHES = st.lists(st.tuples(st.integers(1, 6), st.integers(-6, 6), st.booleans()), max_size=8)


@given(BRANCHES, BRANCHES, st.frozensets(st.integers(1, 6)))
def test_no_branch_is_told_without_a_line(
    told: list[Branch], ways: list[Branch], executed: frozenset[int]
) -> None:
    """What comes out is exact, of a line that was told of, and no more taken ones than were told."""
    source = possible(
        *{(here, there): (here, there, fact) for here, there, fact in ways if there not in {0, here}}.values()
    )

    found = list(resolve(told, source, LineSet.of(executed)))

    assert all(there not in {EXIT, here} for here, there, _ in found)
    for line in {here for here, _, _ in found}:
        assert sum(taken for here, _, taken in found if here == line) <= sum(
            taken for here, _, taken in told if here == line
        )


@pytest.mark.parametrize(
    ("steps", "branches"),
    [
        ([(5, 6), (9, 1)], [(5, 6, True), (5, 9, False)]),
        ([(5, 9), (5, 6)], [(5, 6, True), (5, 9, True)]),
        ([], [(5, 6, False), (5, 9, False)]),
        # A statement over lines 6 to 8 begins at 6; a jump back to a `with` stands for one out of it.
        ([(5, 7)], [(5, 6, True), (5, 9, False)]),
        ([(5, 3)], [(5, 6, False), (5, 9, True)]),
        ([(5, 2)], [(5, 6, False), (5, 9, False)]),
        ([(12, 6)], [(5, 6, False), (5, 9, False), (12, 6, True)]),
        ([(14, -13)], [(5, 6, False), (5, 9, False), (14, -12, True)]),
    ],
)
def test_steps_are_branches_between_statements(steps: list[tuple[int, int]], branches: list[Branch]) -> None:
    """As coverage.py translates them; what nobody asks for counts only when it is taken."""
    source = possible(
        (5, 6, True),
        (5, 9, True),
        (12, 6, False),
        (14, -12, False),
        continued=((6, 8), (12, 13)),
        jumps=((5, 2, 0, 0), (5, 3, 5, 9)),
    )

    assert list(of_steps([(*step, True) for step in steps], source)) == branches
