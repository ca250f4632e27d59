"""A source file for people to read, a part at a time."""

from __future__ import annotations

import pytest

from gate.core.annotated import Note
from gate.core.file_state import FindingNote, FunctionNote, LineStates, Notes
from gate.core.source_page import LINES_A_PART, MOST_CHARACTERS, part_of, source_part

NOTES = Notes(
    10,
    functions=(
        FunctionNote("plan", 2, 12, ((3, 6), (4, 2))),
        FunctionNote("bare", 3, 11),
        FunctionNote("small", 4, 10),
    ),
    findings=(
        FindingNote("B602", 2, "high", "shell"),
        FindingNote("B101", 3, "low", "assert"),
        FindingNote("B105", 3, "medium", "secret", suppressed=True),
    ),
)


def test_lines_have_their_state_and_notes() -> None:
    """
    Functions over the limit stand above their line, findings below theirs.
    """
    states = LineStates(covered=(1,), missing=(2,), partial=(3,))

    found = source_part(b"a\nb\r\nc\rd\n", states, NOTES, 1)

    assert found is not None
    assert [(row.new, row.text, row.state) for row in found.rows] == [
        (1, "a", "covered"),
        (2, "b", "missing"),
        (3, "c", "partial"),
        (4, "d", ""),
    ]
    assert [note for row in found.rows for note in row.above] == [
        Note(
            "complexity",
            "bad",
            "`plan` has complexity 12, limit 10. Largest parts: line 3 (+6), line 4 (+2).",
            2,
        ),
        Note("complexity", "bad", "`bare` has complexity 11, limit 10.", 3),
    ]
    assert [note for row in found.rows for note in row.below] == [
        Note("security", "bad", "High: `B602` shell", 2),
        Note("security", "warn", "Low: `B101` assert", 3),
        Note("security", "quiet", "Medium: `B105` secret (hidden by a comment)", 3),
    ]


def test_long_files_come_in_parts() -> None:
    """
    Lines keep their numbers; a part that is not there is none.
    """
    source = b"x\n" * (LINES_A_PART + 1)

    last = source_part(source, None, Notes(), 2)

    assert last is not None
    assert [row.new for row in last.rows] == [LINES_A_PART + 1]
    assert (last.number, last.parts, last.lines) == (2, 2, LINES_A_PART + 1)
    assert source_part(source, None, Notes(), 3) is None
    assert source_part(source, None, Notes(), 0) is None


def test_an_empty_file_has_one_empty_part() -> None:
    """
    And a mark of the byte order is no text.
    """
    found = source_part(b"\xef\xbb\xbf", None, Notes(), 1)

    assert found is not None
    assert found.rows == ()


def test_long_lines_are_cut() -> None:
    """
    A file of one endless line is no endless page.
    """
    found = source_part(b"y" * (MOST_CHARACTERS + 1), None, Notes(), 1)

    assert found is not None
    assert found.rows[0].text == "y" * MOST_CHARACTERS + "\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize(
    ("line", "part"), [(0, 1), (1, 1), (LINES_A_PART, 1), (LINES_A_PART + 1, 2), (2 * LINES_A_PART + 1, 3)]
)
def test_a_line_stands_in_a_part(line: int, part: int) -> None:
    """
    So that links lead to the page that shows it.
    """
    assert part_of(line) == part
