"""Which changes cannot alter what the tests cover."""

from __future__ import annotations

import pytest

from gate.core.diff import Diff, FileChange
from gate.core.relevance import matters_to_tests


def change(old: str, new: str) -> Diff:
    """A diff of one file."""
    return Diff((FileChange("modified" if old == new else "renamed", old, new, "1", "2"),))


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        # What people read.
        ("README.md", False),
        ("pkg/NOTES.rst", False),
        ("docs/guide/picture.png", False),
        ("LICENSE", False),
        (".github/workflows/ci.yml", False),
        (".gitignore", False),
        # Code and what decides how it runs.
        ("app.py", True),
        ("pyproject.toml", True),
        ("requirements-dev.txt", True),
        (".gate.toml", True),
        ("data/table.csv", True),
        # Code among the documents, and a document among the tests, which may be an expected result.
        ("docs/conf.py", True),
        ("tests/expected.md", True),
        ("test_golden.md", True),
        # Names that only begin like prose.
        ("README.md.py", True),
        ("docstrings/a.txt", True),
    ],
)
def test_documents_do_not_matter_and_the_rest_may(path: str, matters: bool) -> None:
    """
    Only what no test can read is left out; when in doubt, it matters.
    """
    assert matters_to_tests(change(path, path)) is matters


def test_both_names_of_a_renamed_file_are_looked_at() -> None:
    """
    Code that becomes a document is gone, and that matters.
    """
    assert matters_to_tests(change("app.py", "README.md"))
    assert not matters_to_tests(Diff(()))
