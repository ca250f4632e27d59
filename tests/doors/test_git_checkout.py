"""`gate.git.Checkout`: a person's files as they are now, with nothing of theirs changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.core.failure import Permanent
from gate.git import Checkout
from tests.doors.author import Author


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder: nobody's real configuration has a say in a test."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below a folder with its content's digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def files(checkout: Checkout) -> dict[str, bytes]:
    """Path and content of the working tree."""
    entries = checkout.entries(checkout.working_tree())
    contents = dict(checkout.blobs(entry.blob for entry in entries if entry.mode != "160000"))
    return {entry.path: contents.get(entry.blob, b"") for entry in entries}


def test_the_working_tree_is_what_a_commit_of_everything_would_hold(author: Author) -> None:
    """Staged, unstaged, deleted and untracked files are in the tree as they are; ignored ones are not."""
    author.commit({"same.py": b"1\n", "edited.py": b"1\n", "gone.py": b"1\n", ".gitignore": b"*.log\n"})
    author.write(
        {"edited.py": b"2\n", "gone.py": None, "new.py": b"3\n", "x.log": b"4\n", "staged.py": b"5\n"}
    )
    author.git("add", "staged.py")

    with Checkout.find(author.root) as checkout:
        found = files(checkout)
        tree = checkout.working_tree()

    assert found == {
        ".gitignore": b"*.log\n",
        "same.py": b"1\n",
        "edited.py": b"2\n",
        "new.py": b"3\n",
        "staged.py": b"5\n",
    }
    author.git("add", "--all")
    assert author.git("write-tree") == tree


def test_nothing_of_the_checkout_changes(author: Author) -> None:
    """Not one file below the checkout, its index and object store included, is written or added."""
    author.commit({"a.py": b"1\n"})
    author.git("config", "core.splitIndex", "true")
    author.git("update-index", "--split-index")
    author.write({"a.py": b"2\n", "b.py": b"3\n"})
    before = fingerprint(author.root)

    with Checkout.find(author.root) as checkout:
        checkout.diff("HEAD", checkout.working_tree())

    assert fingerprint(author.root) == before


def test_the_snapshot_is_dropped_at_close(author: Author) -> None:
    """Nothing stays in the temporary folder."""
    author.commit({"a.py": b"1\n"})

    with Checkout.find(author.root) as checkout:
        checkout.working_tree()
        aside = checkout._aside

    assert not aside.exists()


def test_a_change_of_equal_size_right_after_a_commit_is_seen(author: Author) -> None:
    """A file edited in the same moment, to the same size, is still changed (git's racy index)."""
    author.commit({"a.py": b"1\n"})
    author.write({"a.py": b"2\n"})

    with Checkout.find(author.root) as checkout:
        assert files(checkout) == {"a.py": b"2\n"}
        author.write({"a.py": b"3\n"})
        assert files(checkout) == {"a.py": b"3\n"}


def test_a_folder_inside_finds_the_whole_checkout(author: Author) -> None:
    """From a sub-folder the whole tree is measured."""
    author.commit({"deep/er/a.py": b"1\n", "top.py": b"2\n"})

    with Checkout.find(author.root / "deep" / "er") as checkout:
        assert checkout.root == author.root
        assert set(files(checkout)) == {"deep/er/a.py", "top.py"}


def test_no_commit_yet(author: Author) -> None:
    """Before the first commit the working tree can be read and there is no head."""
    author.write({"a.py": b"1\n"})

    with Checkout.find(author.root) as checkout:
        assert checkout.resolve("HEAD") is None
        assert checkout.default_branch() is None
        assert files(checkout) == {"a.py": b"1\n"}


def test_an_empty_checkout(author: Author) -> None:
    """No commit and no file is the empty tree."""
    with Checkout.find(author.root) as checkout:
        assert files(checkout) == {}


def test_a_linked_worktree(author: Author, tmp_path: Path) -> None:
    """In a linked worktree, whose `.git` is a file, its own files and index count."""
    author.commit({"a.py": b"1\n"})
    author.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    (tmp_path / "linked" / "b.py").write_bytes(b"2\n")

    with Checkout.find(tmp_path / "linked") as checkout:
        assert files(checkout) == {"a.py": b"1\n", "b.py": b"2\n"}


def test_a_submodule(author: Author, tmp_path: Path) -> None:
    """A submodule is a checkout like any other; in its parent it is one entry without files."""
    other = Author(tmp_path / "other")
    other.commit({"lib.py": b"1\n"})
    author.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(other.root), "lib")
    author.commit()

    with Checkout.find(author.root / "lib") as inside, Checkout.find(author.root) as outside:
        assert files(inside) == {"lib.py": b"1\n"}
        modes = {entry.path: entry.mode for entry in outside.entries(outside.working_tree())}

    assert modes == {".gitmodules": "100644", "lib": "160000"}


def test_a_shallow_clone(author: Author, tmp_path: Path) -> None:
    """At the edge of a shallow clone a commit has no parents, and nothing fails."""
    author.commit({"a.py": b"1\n"})
    head = author.commit({"a.py": b"2\n"})
    author.git("clone", "--quiet", "--depth=1", f"file://{author.root}", str(tmp_path / "shallow"))

    with Checkout.find(tmp_path / "shallow") as checkout:
        assert checkout.parents(head) == ()
        assert checkout.default_branch() == "origin/main"
        assert files(checkout) == {"a.py": b"2\n"}


@pytest.mark.parametrize(
    "options",
    [("--cone", "--sparse-index"), ("--cone", "--no-sparse-index"), ("--no-cone", "--no-sparse-index")],
)
def test_a_sparse_checkout_keeps_what_it_leaves_out(author: Author, options: tuple[str, str]) -> None:
    """Files outside the sparse checkout are in the tree as they are committed, not deleted."""
    author.commit({"in/a.py": b"1\n", "out/b.py": b"2\n"})
    author.git("sparse-checkout", "set", *options, "in")
    author.write({"in/a.py": b"3\n", "in/new.py": b"4\n"})

    with Checkout.find(author.root) as checkout:
        assert files(checkout) == {"in/a.py": b"3\n", "in/new.py": b"4\n", "out/b.py": b"2\n"}


def test_conflicts_are_read_as_the_files_lie(author: Author) -> None:
    """In the middle of a merge the files count, with their conflict marks."""
    fork = author.commit({"a.py": b"1\n"})
    author.commit({"a.py": b"2\n"})
    author.git("switch", "--quiet", "--create", "topic", fork)
    author.commit({"a.py": b"3\n"})
    author.git("merge", "--no-commit", "--strategy-option=ours", "main")
    author.git("update-index", "--unresolve", "a.py")
    author.write({"a.py": b"<<<<<<<\n"})

    with Checkout.find(author.root) as checkout:
        assert files(checkout) == {"a.py": b"<<<<<<<\n"}


def test_programs_named_in_the_configuration_do_not_run(author: Author, tmp_path: Path) -> None:
    """Hooks, filters, fsmonitor, external diffs and text conversions of the checkout start nothing."""
    author.commit({"a.py": b"1\n", ".gitattributes": b"*.py filter=x diff=x\n"})
    mark = tmp_path / "ran"
    for key in ("filter.x.clean", "filter.x.process", "core.fsmonitor", "diff.x.command", "diff.x.textconv"):
        author.git("config", key, f"touch {mark}")
    author.git("config", "filter.x.required", "true")
    author.write({"a.py": b"2\n"})

    with Checkout.find(author.root) as checkout:
        tree = checkout.working_tree()
        changes = checkout.diff("HEAD", tree).changes

    assert [change.path for change in changes] == ["a.py"]
    assert not mark.exists()


def test_the_owners_global_ignore_file_counts(author: Author, home: Path) -> None:
    """What a person's global configuration ignores is no part of their working tree."""
    author.commit({"a.py": b"1\n"})
    (home / "ignored").write_text(".idea\n")
    (home / ".gitconfig").write_text(f"[core]\n\texcludesFile = {home}/ignored\n")
    author.write({".idea/x.py": b"2\n"})

    with Checkout.find(author.root) as checkout:
        assert set(files(checkout)) == {"a.py"}


def test_an_unborn_repository_inside_does_not_stop_the_snapshot(author: Author) -> None:
    """A nested repository without a commit is left out; the rest is read."""
    author.commit({"a.py": b"1\n"})
    Author(author.root / "nested")
    author.write({"b.py": b"2\n"})

    with Checkout.find(author.root) as checkout:
        assert files(checkout) == {"a.py": b"1\n", "b.py": b"2\n"}


@pytest.mark.parametrize("branch", ["main", "master"])
def test_the_default_branch_without_a_remote(author: Author, branch: str) -> None:
    """Without a remote the local `main`, else `master`, is the default branch."""
    author.git("switch", "--quiet", "--create", branch) if branch == "master" else None
    author.commit({"a.py": b"1\n"})

    with Checkout.find(author.root) as checkout:
        assert checkout.default_branch() == branch


def test_the_default_branch_of_a_remote_whose_head_is_unknown(author: Author) -> None:
    """Where the remote's HEAD was never fetched, its `main` counts; `origin` comes before other remotes."""
    sha = author.commit({"a.py": b"1\n"})
    author.git("remote", "add", "fork", "https://example.com/fork.git")
    author.git("remote", "add", "origin", "https://example.com/origin.git")
    author.git("update-ref", "refs/remotes/fork/main", sha)
    author.git("update-ref", "refs/remotes/origin/master", sha)
    author.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/removed")

    with Checkout.find(author.root) as checkout:
        assert checkout.default_branch() == "origin/master"


def test_outside_a_checkout(tmp_path: Path) -> None:
    """A folder in no checkout is refused with git's reason."""
    with pytest.raises(Permanent, match="not inside a git checkout"):
        Checkout.find(tmp_path)
