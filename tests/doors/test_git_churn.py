"""How many commits touched each file, and blobs that are not too large."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.failure import Permanent, Transient
from gate.git import Repository
from gate.git.churn import counted
from gate.git.program import Answer, Program
from tests.doors.author import Author

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


def repository(author: Author) -> Repository:
    return Repository.open(author.root / ".git")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"", {}),
        (b"a.py\0", {"a.py": 1}),
        (b"a.py\0b/c d.py\0\0a.py\0", {"a.py": 2, "b/c d.py": 1}),
        (b"\nline.py\0caf\xe9.py\0", {"\nline.py": 1, "caf\udce9.py": 1}),
    ],
)
def test_names_are_counted_as_they_are(output: bytes, expected: dict[str, int]) -> None:
    """
    Names end with NUL, so whatever stands in them is a name.
    """
    assert counted(output) == expected


def test_each_commit_that_changes_a_file_counts_once(author: Author) -> None:
    """
    Added, edited and removed alike; a merge does not count again, and a file under a new name begins anew.
    """
    author.commit({"a.py": b"1\n", "b.py": b"1\n2\n3\n", "\nodd é.py": b"1\n"})
    author.commit({"a.py": b"2\n", "\nodd é.py": b"2\n"})
    author.git("checkout", "--quiet", "-b", "side")
    author.commit({"a.py": b"3\n"})
    author.git("checkout", "--quiet", "main")
    author.commit({"b.py": None, "c.py": b"1\n2\n3\n"})
    author.git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")

    found = repository(author).churn("HEAD", LONG_AGO)

    assert found == {"a.py": 3, "b.py": 2, "c.py": 1, "\nodd é.py": 2}


def test_commits_of_before_do_not_count(author: Author) -> None:
    """
    What counts is when they were committed.
    """
    author.commit({"a.py": b"1\n"})
    second = author.commit({"a.py": b"2\n"})
    author.commit({"a.py": b"3\n"})

    at = repository(author).committed_at(second)

    assert repository(author).churn("HEAD", at) == {"a.py": 2}


def test_a_log_that_takes_too_long_tells_nothing(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A number is worth no failed run.
    """
    author.commit({"a.py": b"1\n"})

    def stopped(*_: object, seconds: float, **__: object) -> Answer:
        raise Transient(f"git log was stopped after {seconds:.0f} s")  # as `Program.answer` does

    monkeypatch.setattr(Program, "answer", stopped)

    assert repository(author).churn("HEAD", LONG_AGO) == {}


@pytest.mark.parametrize("head", ["absent", "--output=/tmp/x"])
def test_what_is_no_commit_is_an_error(head: str, author: Author) -> None:
    """
    And nothing that git could take for an option.
    """
    author.commit({"a.py": b"1\n"})

    with pytest.raises(Permanent):
        repository(author).churn(head, LONG_AGO)


def test_large_blobs_are_left_out(author: Author) -> None:
    """
    They are not even read.
    """
    author.commit({"small.py": b"12345", "large.py": b"123456"})
    small, large = (author.git("rev-parse", f"HEAD:{name}") for name in ("small.py", "large.py"))

    assert dict(repository(author).small_blobs([large, small], 5)) == {small: b"12345"}
