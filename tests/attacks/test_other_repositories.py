"""What a repository says in order to get at another one's objects: each mirror knows its own alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gate.core.failure import Permanent, Transient
from gate.git import Mirror
from tests.doors.author import Author

SECRET = b"the secret of another repository\n"
SECRET_FILE = "secret.txt"


@pytest.fixture
def theirs(tmp_path: Path) -> tuple[Mirror, str]:
    """The mirror of a private repository, with a commit in it."""
    author = Author(tmp_path / "theirs")
    sha = author.commit({SECRET_FILE: SECRET})
    mirror = Mirror(tmp_path / "mirrors" / "7.git", f"file://{author.root}", protocols="file")
    mirror.fetch({sha: "refs/heads/main"})
    return mirror, sha


@pytest.fixture
def author(tmp_path: Path) -> Author:
    """Whoever wants to see it, and knows the ids of its objects."""
    return Author(tmp_path / "ours")


@pytest.fixture
def mirror(author: Author, theirs: tuple[Mirror, str], tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirrors" / "8.git", f"file://{author.root}", protocols="file")


def naming(author: Author, name: str, mode: str, kind: str, sha: str) -> str:
    """A commit whose tree names an object that the repository does not have."""
    tree = author.git("mktree", "--missing", stdin=f"{mode} {kind} {sha}\t{name}\n".encode())
    return author.git("commit-tree", tree, "-m", "Mine")


def ids_of(theirs: tuple[Mirror, str]) -> tuple[str, str, str]:
    """(blob, tree, commit)."""
    found, commit = theirs
    (entry,) = found.entries(commit)
    return entry.blob, found.tree(commit), commit


@pytest.mark.parametrize("what", ["blob", "tree", "commit"])
def test_a_tree_that_names_an_object_of_another_repository(
    author: Author, mirror: Mirror, theirs: tuple[Mirror, str], what: str
) -> None:
    """The object is not in this mirror, so the commit is not fetched; as a submodule it stays a name."""
    blob, tree, commit = ids_of(theirs)
    modes = {
        "blob": ("100644", "blob", blob),
        "tree": ("040000", "tree", tree),
        "commit": ("160000", "commit", commit),
    }
    sha = naming(author, "mine", *modes[what])
    author.git("update-ref", "refs/heads/topic", sha)

    if what == "commit":
        mirror.fetch({sha: "refs/heads/topic"})
        assert [(entry.path, entry.mode) for entry in mirror.entries(sha)] == [("mine", "160000")]
    else:
        with pytest.raises(Transient):
            mirror.fetch({sha: "refs/heads/topic"})

    assert [mirror.resolve(each) for each in (blob, tree, commit)] == [None] * 3


@pytest.mark.parametrize("by", ["a file", "a variable"])
def test_objects_of_another_mirror_are_not_borrowed(
    author: Author,
    mirror: Mirror,
    theirs: tuple[Mirror, str],
    tmp_path: Path,
    by: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`objects/info/alternates` in a tree is a file like any other; whoever starts Gate cannot lend objects by a variable."""
    blob, _, commit = ids_of(theirs)
    objects = f"{tmp_path}/mirrors/7.git/objects"
    names = ("objects/info/alternates", "info/alternates", "alternates")
    sha = author.commit({name: f"{objects}\n".encode() for name in names})
    if by == "a variable":
        monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects)
        borrowed = ["git", "cat-file", "blob", blob]
        outside = subprocess.run(borrowed, cwd=author.root, check=True, capture_output=True)
        assert outside.stdout == SECRET

    mirror.fetch({sha: "refs/heads/main"})

    assert not (tmp_path / "mirrors" / "8.git" / "objects" / "info" / "alternates").exists()
    assert mirror.resolve(commit) is None
    with pytest.raises((Permanent, Transient)):
        list(mirror.blobs([blob]))
    assert mirror.file(sha, names[0]) == f"{objects}\n".encode()


def test_a_link_to_another_mirror_is_a_text(
    author: Author, mirror: Mirror, theirs: tuple[Mirror, str], tmp_path: Path
) -> None:
    """Git keeps where it leads, and nobody follows it: no policy, no manifest and no source is read through it."""
    secret = tmp_path / "mirrors" / "7.git" / "config"
    for name in (".gate.toml", "requirements.txt", "app.py"):
        (author.root / name).symlink_to(secret)
    sha = author.commit()

    mirror.fetch({sha: "refs/heads/main"})

    assert (author.root / "app.py").read_bytes() == secret.read_bytes()
    assert {entry.mode for entry in mirror.entries(sha)} == {"120000"}
    assert mirror.files(sha, [".gate.toml", "requirements.txt", "app.py"]) == {}
