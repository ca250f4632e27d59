"""Lines followed through hunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.core.diff import Diff, FileChange, Hunk, LineMap
from tests.two_trees import hunks

TEXTS = st.lists(st.sampled_from("abc"), max_size=12).map("\n".join)


def test_lines_outside_hunks_are_shifted_and_lines_inside_stand_nowhere() -> None:
    """
    A line is followed over what was inserted, replaced and removed before it.
    """
    # Two lines inserted after 2; 5 replaced by three; 8 and 9 removed.
    lines = LineMap([Hunk(2, 0, 3, 2), Hunk(5, 1, 7, 3), Hunk(8, 2, 11, 0)])

    at_head = [lines.head_line(line) for line in range(1, 12)]

    assert at_head == [1, 2, 5, 6, None, 10, 11, None, None, 12, 13]


def test_added_and_removed_lines_are_told_by_range() -> None:
    """
    A range of lines is touched if one of them is in a hunk; for the base also if something was put between them.
    """
    lines = LineMap([Hunk(2, 0, 3, 2), Hunk(5, 1, 7, 0)])

    assert [lines.adds(3, 3), lines.adds(1, 2), lines.adds(4, 6), lines.adds(5, 9)] == [
        True,
        False,
        True,
        False,
    ]
    assert [lines.removes(2, 3), lines.removes(1, 2), lines.removes(3, 4), lines.removes(5, 5)] == [
        True,
        False,
        False,
        True,
    ]


@given(TEXTS, TEXTS)
def test_following_a_line_there_and_back_leads_to_itself(before: str, after: str) -> None:
    """
    The maps of both directions are inverse, keep the text of a line and leave out exactly the touched lines.
    """
    old, new = before.splitlines(), after.splitlines()
    lines = LineMap(hunks(before, after))

    for number, text in enumerate(old, 1):
        there = lines.head_line(number)
        if there is None:
            assert lines.removes(number, number)
        else:
            assert new[there - 1] == text
            assert lines.base_line(there) == number
    for number in range(1, len(new) + 1):
        assert lines.adds(number, number) is (lines.base_line(number) is None)


def test_only_renames_lead_from_an_old_path_to_a_new_one() -> None:
    """
    A copy is a new file; the old one stays what it was.
    """
    changes = (
        FileChange("renamed", "a.py", "b.py", "", ""),
        FileChange("copied", "c.py", "d.py", "", ""),
        FileChange("deleted", "e.py", "", "", ""),
    )

    paths = Diff(changes).head_paths()

    assert paths == {"a.py": "b.py"}
    assert [change.path for change in changes] == ["b.py", "d.py", "e.py"]
