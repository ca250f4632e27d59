"""The first-parent line of a branch, and what each of its commits changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.diff import TreeEntry
from gate.core.failure import Permanent
from gate.git import Repository
from tests.doors.author import Author

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


def repository(author: Author) -> Repository:
    return Repository.open(author.root / ".git")


def test_the_line_is_that_of_first_parents(author: Author) -> None:
    """
    Newest first, with the committer's times; what a merge brought is one commit.
    """
    first = author.commit({"a.py": b"1\n"})
    author.git("checkout", "--quiet", "-b", "side")
    author.commit({"b.py": b"1\n"})
    author.git("checkout", "--quiet", "main")
    second = author.commit({"a.py": b"2\n"})
    author.git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")

    line = repository(author).first_parents("HEAD")

    assert [commit.sha for commit in line] == [author.git("rev-parse", "HEAD"), second, first]
    assert line[-1].at == START + timedelta(minutes=1)


def test_changes_lead_from_tree_to_tree(author: Author) -> None:
    """
    Whatever was edited, renamed, deleted, merged, made executable, a link or a folder: put upon the first tree, each
    commit's changes give what git lists of it. Commits may be left out.
    """
    author.commit({"a.py": b"1\n", "b.py": b"1\n2\n3\n", "\nodd é.py": b"1\n", "to/file": b"1\n"})
    author.commit({"a.py": b"12345\n", "\nodd é.py": None})
    author.commit({"b.py": None, "c.py": b"1\n2\n3\n", "to/file": None})
    author.commit()  # nothing
    (author.root / "to").rmdir()
    author.commit({"to": b"1\n"})
    author.git("checkout", "--quiet", "-b", "side")
    author.commit({"d.py": b"side\n"})
    author.git("checkout", "--quiet", "main")
    (author.root / "link.py").symlink_to("a.py")
    (author.root / "c.py").chmod(0o755)
    author.commit({"a.py": b"1\n"})
    author.git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")
    head = author.git("rev-parse", "HEAD")
    author.git("update-index", "--add", "--cacheinfo", f"160000,{head},module")
    author.commit_index()
    git = repository(author)
    line = [commit.sha for commit in git.first_parents("HEAD")][::-1]

    for commits in (line, line[::3], line[:1]):
        tree = {entry.path: entry for entry in git.entries(commits[0])}
        changes = git.changes_along(commits)
        assert len(changes) == len(commits) - 1
        for commit, change in zip(commits[1:], changes, strict=True):
            for path, entry in change:
                tree.pop(path, None)
                if entry is not None:
                    tree[path] = entry
            assert regular(tree.values()) == regular(git.entries(commit))
            assert tree.keys() == {entry.path for entry in git.entries(commit)}


def test_a_blob_that_is_missing_is_told(author: Author) -> None:
    """
    Its size cannot be known, and what is not known is not guessed.
    """
    author.commit({"a.py": b"1\n"})
    author.commit({"a.py": b"2\n"})
    blob = author.git("rev-parse", "HEAD:a.py")
    (author.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    git = repository(author)

    with pytest.raises(Permanent, match=f"{blob} missing"):
        git.changes_along([commit.sha for commit in git.first_parents("HEAD")][::-1])


def regular(entries: Iterable[TreeEntry]) -> set[TreeEntry]:
    """Those with contents of their own, whose sizes count."""
    return {entry for entry in entries if entry.mode.startswith("100")}
