"""Statements matched one to one, where the tables of lines do not reach."""

from __future__ import annotations

from checks.report import Statement
from gate.core.comparison.statements import ChangedFile, changed_file, match_statements
from gate.core.diff import FileChange


def repeated(count: int, change: FileChange) -> ChangedFile:
    """A file of so many equal statements, in place of other ones that are equal but for their names."""
    before = [Statement(n, n, f"old {n}", "shape", "") for n in range(1, count + 1)]
    after = [Statement(n, n, f"new {n}", "shape", "") for n in range(1, count + 1)]
    return changed_file(change, before if change.old_path else (), after if change.new_path else ())


def test_files_too_long_to_be_aligned_are_matched_by_order() -> None:
    """
    A generated table of thousands of rows is compared within a second.
    """
    file = repeated(5_000, FileChange("type_changed", "a.py", "a.py", "", ""))

    matching = match_statements([file])

    assert len(matching.kept) == 5_000
    assert matching.new == frozenset()


def test_a_removed_statement_stands_for_one_new_one() -> None:
    """
    One to one: of 40 equal lines that came for 30, ten are new; in another file less than a run of three is.
    """
    gone = repeated(30, FileChange("deleted", "a.py", "", "", ""))
    come = repeated(40, FileChange("added", "", "b.py", "", ""))

    matching = match_statements([gone, come])

    assert len(matching.kept) == 30
    assert [place.statement.line for place in sorted(matching.new, key=lambda place: place.index)] == list(
        range(31, 41)
    )
