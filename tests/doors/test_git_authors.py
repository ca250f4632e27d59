"""`authors` of a repository and of a checkout: git's own blame of the lines a head has since its base."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.git import Checkout, Repository
from gate.git import authors as authors_module
from tests.doors.author import Author


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


def commit_as(author: Author, name: str, files: dict[str, bytes | None]) -> str:
    """Commits the files in somebody's name; the sha."""
    author.write(files)
    author.git("add", "--all")
    author.git("commit", "--quiet", "--message", "Change", f"--author={name} <{'x'}@example.org>")
    return author.git("rev-parse", "HEAD")


def test_each_line_has_the_author_who_wrote_it_since_the_base(author: Author) -> None:
    """
    A line that the base has already, and one of a file nobody asked for, has none.
    """
    base = author.commit({"a.py": b"one\ntwo\n", "b.py": b"one\n"})
    commit_as(author, "Grace", {"a.py": b"zero\none\ntwo\n", "b.py": b"one\nmore\n"})
    head = commit_as(author, "Ünal", {"a.py": b"zero\none\ntwo\nthree\n"})

    found = Repository.open(author.root / ".git").authors(base, head, {"a.py": [1, 2, 4], "absent.py": [1]})

    assert found == {("a.py", 1): "Grace", ("a.py", 4): "Ünal"}


def test_line_0_is_whoever_touched_the_file_last(author: Author) -> None:
    """
    So a file that is gone has an author too; one that did not change since the base has none.
    """
    base = author.commit({"test_a.py": b"1\n", "kept.py": b"1\n"})
    commit_as(author, "Grace", {"test_a.py": None})
    head = commit_as(author, "Ada", {"other.py": b"2\n"})

    found = Repository.open(author.root / ".git").authors(base, head, {"test_a.py": [0], "kept.py": [0, 1]})

    assert found == {("test_a.py", 0): "Grace"}


def test_without_a_base_everything_has_an_author(author: Author) -> None:
    """
    A first commit is compared with nothing.
    """
    head = commit_as(author, "Grace", {"a.py": b"1\n"})

    assert Repository.open(author.root / ".git").authors("", head, {"a.py": [1]}) == {("a.py", 1): "Grace"}


@pytest.mark.parametrize(
    "path",
    ["-L1.py", ":(top)a.py", "caf\udce9.py", "a b.py", "*.py"],
    ids=["option", "magic", "bytes", "space", "star"],
)
def test_hostile_paths_are_paths(author: Author, path: str) -> None:
    """
    No path is taken for an option, a pattern or magic.
    """
    base = author.commit({"z.py": b"1\n"})
    head = commit_as(author, "Grace", {path: b"1\n"})

    found = Repository.open(author.root / ".git").authors(base, head, {path: [0, 1]})

    assert found == {(path, 0): "Grace", (path, 1): "Grace"}


def test_what_looks_like_blame_is_content(author: Author) -> None:
    """
    A line of a file, or of a commit's message, cannot name another author.
    """
    base = author.commit({"a.py": b"1\n"})
    author.write({"a.py": b"1\nauthor Mallory\nboundary\n"})
    author.git("add", "--all")
    author.git(
        "commit", "--quiet", "--message", "author Mallory\n\nboundary", "--author=Grace <x@example.org>"
    )
    head = author.git("rev-parse", "HEAD")

    found = Repository.open(author.root / ".git").authors(base, head, {"a.py": [2, 3]})

    assert found == {("a.py", 2): "Grace", ("a.py", 3): "Grace"}


def test_programs_of_the_tree_are_never_started(author: Author, tmp_path: Path) -> None:
    """
    A textconv filter that attributes and configuration ask for does not run.
    """
    ran = tmp_path / "ran"
    author.git("config", "diff.evil.textconv", f"touch {ran};:")
    (author.root / ".git" / "info").mkdir(exist_ok=True)
    (author.root / ".git" / "info" / "attributes").write_text("*.py diff=evil\n")
    base = author.commit({"a.py": b"1\n"})
    head = commit_as(author, "Grace", {"a.py": b"1\n2\n"})

    found = Repository.open(author.root / ".git").authors(base, head, {"a.py": [2]})

    assert found == {("a.py", 2): "Grace"}
    assert not ran.exists()


def test_no_more_than_so_many_files_and_no_longer_than_so_long(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is over the bounds has no author; nothing fails.
    """
    base = author.commit({"a.py": b"1\n"})
    head = commit_as(author, "Grace", {"b.py": b"1\n", "c.py": b"1\n"})
    repository = Repository.open(author.root / ".git")

    monkeypatch.setattr(authors_module, "MOST_FILES", 1)
    few = repository.authors(base, head, {"b.py": [1], "c.py": [1]})
    monkeypatch.setattr(authors_module, "SECONDS", 0.0)
    none = repository.authors(base, head, {"b.py": [1]})

    assert (few, none) == ({("b.py", 1): "Grace"}, {})


def test_the_work_tree_has_lines_that_are_not_committed_yet(author: Author) -> None:
    """
    Beside those that are; and the repository has neither a new commit nor a new object.
    """
    base = author.commit({"a.py": b"1\n"})
    commit_as(author, "Grace", {"a.py": b"1\n2\n"})
    author.write({"a.py": b"1\n2\n3\n", "new.py": b"1\n"})
    before = (
        author.git("count-objects", "-v"),
        author.git("for-each-ref"),
        author.git("status", "--porcelain"),
    )

    with Checkout.find(author.root) as checkout:
        found = checkout.authors(base, checkout.working_tree(), {"a.py": [1, 2, 3], "new.py": [0, 1]})

    assert found == {
        ("a.py", 2): "Grace",
        ("a.py", 3): "not committed yet",
        ("new.py", 0): "not committed yet",
        ("new.py", 1): "not committed yet",
    }
    assert before == (
        author.git("count-objects", "-v"),
        author.git("for-each-ref"),
        author.git("status", "--porcelain"),
    )


def test_before_the_first_commit_nothing_is_committed_yet(author: Author) -> None:
    """
    There is no HEAD to put a snapshot on.
    """
    author.write({"a.py": b"1\n"})

    with Checkout.find(author.root) as checkout:
        found = checkout.authors("", checkout.working_tree(), {"a.py": [1]})

    assert found == {("a.py", 1): "not committed yet"}
