"""The changed lines of a head as texts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gate.core import change_text
from gate.core.change_text import (
    MOST_BYTES,
    MOST_CHARACTERS,
    MOST_FILES,
    MOST_LINES,
    FileText,
    TextHunk,
    around,
    bounded,
    hunks_of,
    split,
    states_within,
)
from gate.core.diff import Hunk
from gate.core.file_state import LineStates
from tests.two_trees import hunks

LINES = st.lists(st.sampled_from("abc"), max_size=30)
LONG = [str(number) for number in range(1, 31)]


def test_a_change_is_shown_with_three_lines_around_it() -> None:
    """
    Removed lines stand before added ones, each with its number on its side.
    """
    new = [*LONG[:9], "ten", "and a half", *LONG[10:]]

    (found,) = hunks_of([Hunk(10, 1, 10, 2)], LONG, new)

    assert found.lines == (
        (7, 7, "7"),
        (8, 8, "8"),
        (9, 9, "9"),
        (10, 0, "10"),
        (0, 10, "ten"),
        (0, 11, "and a half"),
        (11, 12, "11"),
        (12, 13, "12"),
        (13, 14, "13"),
    )


def test_changes_that_are_near_each_other_are_one_hunk() -> None:
    """
    With six unchanged lines between them nothing would be hidden; with seven a line is.
    """
    near = [line for number, line in enumerate(LONG, 1) if number not in {10, 17}]
    far = [line for number, line in enumerate(LONG, 1) if number not in {10, 18}]

    one = hunks_of([Hunk(10, 1, 9, 0), Hunk(17, 1, 15, 0)], LONG, near)
    two = hunks_of([Hunk(10, 1, 9, 0), Hunk(18, 1, 16, 0)], LONG, far)

    kept = [(line, line - 1) for line in range(11, 17)]
    assert [[line[:2] for line in hunk.lines] for hunk in one] == [
        [(7, 7), (8, 8), (9, 9), (10, 0), *kept, (17, 0), (18, 16), (19, 17), (20, 18)]
    ]
    assert [(hunk.lines[0][:2], hunk.lines[-1][:2]) for hunk in two] == [
        ((7, 7), (13, 12)),
        ((15, 14), (21, 19)),
    ]


@given(LINES, LINES)
def test_the_hunks_turn_the_old_text_into_the_new_one(old: list[str], new: list[str]) -> None:
    """
    Applied to the old lines they give the new ones; every kept line is what both sides have at its numbers.
    """
    found = hunks_of(hunks("\n".join(old), "\n".join(new)), old, new)

    applied: list[str] = []
    done = 0
    for hunk in found:
        first = next((line for line, _, _ in hunk.lines if line), done + 1)
        applied += old[done : first - 1]
        applied += [text for _, line, text in hunk.lines if line]
        done = max((line for line, _, _ in hunk.lines if line), default=done)
    applied += old[done:]
    assert applied == new
    for before, after, text in (line for hunk in found for line in hunk.lines):
        assert not before or old[before - 1] == text
        assert not after or new[after - 1] == text


@given(LINES, LINES)
def test_no_line_is_shown_twice_and_all_shown_ones_are_known_before(old: list[str], new: list[str]) -> None:
    """
    `around` names every line of the head that is shown, without the texts.
    """
    changes = hunks("\n".join(old), "\n".join(new))

    shown = [line for hunk in hunks_of(changes, old, new) for _, line, _ in hunk.lines if line]

    assert shown == sorted(set(shown))
    assert set(shown) <= around(changes)


def test_files_are_split_as_git_does() -> None:
    """
    Only a line feed ends a line; what is not UTF-8 is replaced.
    """
    assert split(b"") == []
    assert split(b"one\r\ntwo\x0cthree\n") == ["one", "two\x0cthree"]
    assert split(b"caf\xe9\n\n") == ["caf\N{REPLACEMENT CHARACTER}", ""]
    assert split(b"no end") == ["no end"]


def file_of(path: str, lines: int, text: str = "x") -> FileText:
    """A file with so many added lines in one hunk."""
    return FileText(path, "", (TextHunk(tuple((0, line, text) for line in range(1, lines + 1))),))


def test_long_changes_are_cut_and_it_is_said() -> None:
    """
    The last file that has room is cut, and those after it are left out.
    """
    found = bounded([file_of("a.py", MOST_LINES - 10), file_of("b.py", 30), file_of("c.py", 1)])

    assert [(file.path, len(file.hunks[0].lines), file.cut) for file in found.files] == [
        ("a.py", MOST_LINES - 10, 0),
        ("b.py", 10, 20),
    ]
    assert found.left_out == 1


def test_bytes_and_files_are_bounded_too() -> None:
    """
    A line is shortened first; hunks of which nothing is left go.
    """
    wide = file_of("a.py", 2, "é" * (MOST_CHARACTERS + 1))
    many = bounded(file_of(f"{number}.py", 1) for number in range(MOST_FILES + 2))
    large = bounded(
        [replace(file_of("a.py", 1500, "é" * MOST_CHARACTERS), hunks=file_of("", 1500, "é" * 400).hunks * 2)]
    )

    assert (
        bounded([wide]).files[0].hunks[0].lines[1][2]
        == "é" * (MOST_CHARACTERS - 1) + "\N{HORIZONTAL ELLIPSIS}"
    )
    assert (len(many.files), many.left_out) == (MOST_FILES, 2)
    assert sum(len(text.encode()) for hunk in large.files[0].hunks for _, _, text in hunk.lines) <= MOST_BYTES
    assert large.files[0].cut == 3000 - MOST_BYTES // 800
    assert len(large.files[0].hunks) == 1


def test_states_are_kept_of_shown_lines_alone() -> None:
    """
    Whatever their state.
    """
    states = LineStates(covered=(1, 2, 9), missing=(3, 10), partial=(4, 11))

    assert states_within({2, 3, 4}, states) == LineStates((2,), (3,), (4,))


def test_context_is_three_lines() -> None:
    """
    As `git diff` has it.
    """
    assert change_text.CONTEXT == 3
