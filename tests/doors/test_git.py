"""`gate.git.Repository` on real repositories: commits, trees, diffs, blobs, tars and attributes."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.diff import FileChange, Hunk
from gate.core.failure import Permanent, PolicyError
from gate.git import Repository
from gate.git import program as program_module
from gate.git import repository as repository_module
from tests.doors.author import Author

LINES = b"".join(b"line %d\n" % number for number in range(40))
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


@pytest.fixture
def repository(author: Author) -> Repository:
    return Repository.open(author.root / ".git")


def only_change(repository: Repository, base: str, head: str) -> FileChange:
    (change,) = repository.diff(base, head).changes
    return change


def attributes_at(repository: Repository, sha: str) -> Callable[[str], frozenset[str]]:
    return repository.attributes(repository.attribute_files(sha))


def members(stream: io.BytesIO) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    """The members of a tar with their contents, by name."""
    with tarfile.open(fileobj=io.BytesIO(stream.getvalue())) as tar:
        return {
            member.name: (
                member,
                file.read() if member.isreg() and (file := tar.extractfile(member)) else b"",
            )
            for member in tar.getmembers()
        }


def test_resolve_gives_full_shas_and_none_for_what_is_not_there(
    author: Author, repository: Repository
) -> None:
    """A revision resolves to the full sha of its commit; one that looks like an option resolves to nothing."""
    sha = author.commit({"a.py": b"1\n"})

    found = [repository.resolve(revision) for revision in ("main", sha[:10], "absent", "--all", "a\0b", "")]

    assert found == [sha, sha, None, None, None, None]


def test_parents_and_time_of_a_commit(author: Author, repository: Repository) -> None:
    """A first commit has no parent; the time is the committer's, in UTC."""
    first = author.commit({"a.py": b"1\n"})
    second = author.commit({"a.py": b"2\n"})

    assert repository.parents(first) == ()
    assert repository.parents(second) == (first,)
    assert repository.committed_at(second) == datetime(2026, 1, 1, 0, 2, tzinfo=UTC)


def test_merge_base(author: Author, repository: Repository) -> None:
    """The common ancestor of two branches; None where histories are unrelated."""
    fork = author.commit({"a.py": b"1\n"})
    main = author.commit({"a.py": b"2\n"})
    author.git("switch", "--quiet", "--create", "topic", fork)
    topic = author.commit({"b.py": b"1\n"})
    author.git("switch", "--quiet", "--orphan", "other")
    other = author.commit({"c.py": b"1\n"})

    assert repository.merge_base(main, topic) == fork
    assert repository.merge_base(main, other) is None


def test_criss_cross_merges_have_one_merge_base(author: Author, repository: Repository) -> None:
    """Of several merge bases the same one is given every time, and it is one of them."""
    fork = author.commit({"a.py": b"1\n"})
    left = author.commit({"left.py": b"1\n"})
    author.git("switch", "--quiet", "--create", "right", fork)
    right = author.commit({"right.py": b"1\n"})
    author.git("merge", "--quiet", "--no-edit", left)
    author.git("switch", "--quiet", "main")
    author.git("merge", "--quiet", "--no-edit", right)

    found = {repository.merge_base("main", "right") for _ in range(3)}

    assert len(found) == 1
    assert found <= {left, right}


def test_entries_list_every_file_sorted_by_path(author: Author, repository: Repository) -> None:
    """Regular files, links and hidden folders are listed with mode, blob and size, sorted by path."""
    author.write({"b/x.py": b"12345", "b.py": b"", ".github/run.py": b"1\n", "run": b"#!/bin/sh\n"})
    (author.root / "run").chmod(0o755)
    (author.root / "link.py").symlink_to("b.py")
    sha = author.commit()

    found = [(entry.path, entry.mode, entry.size) for entry in repository.entries(sha)]

    assert found == [
        (".github/run.py", "100644", 2),
        ("b.py", "100644", 0),
        ("b/x.py", "100644", 5),
        ("link.py", "120000", 4),
        ("run", "100755", 10),
    ]


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_tree_with_a_dangerous_name_is_refused(author: Author, repository: Repository, name: str) -> None:
    """A tree made by hand with a name that would leave its folder or change a repository is an error, not a path."""
    blob = author.git("hash-object", "-w", "--stdin", stdin=b"x")
    inner = author.git("mktree", stdin=f"100644 blob {blob}\tconfig\n".encode())
    record = b"40000 " + name.encode() + b"\0" + bytes.fromhex(inner)
    outer = author.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=record)

    with pytest.raises(Permanent, match="forbidden path"):
        repository.entries(outer)


@pytest.mark.parametrize(
    "name",
    [
        b'quo"te.py',
        b"new\nline.py",
        b"tab\there.py",
        b"back\\slash.py",
        b"latin-\xe9.py",
        "snow-☃.py".encode(),
        b" spaces .py",
        b"@@ -1 +1 @@.py",
        b"x\n@@ -9 +9 @@\n.py",
        b"a\n:100644 100644 x y M\t.py",
        b"--option.py",
        b"*.py",
        b"bell\a.py",
    ],
)
def test_any_file_name_survives(author: Author, repository: Repository, name: bytes) -> None:
    """Whatever bytes a file name has, listing, diff, file and tar agree on it."""
    base = author.commit({"other.py": b"1\n"})
    path = os.fsdecode(name)
    head = author.commit({path: b"one\ntwo\n"})

    stream = io.BytesIO()
    repository.write_tar(head, stream)

    assert path in [entry.path for entry in repository.entries(head)]
    assert only_change(repository, base, head).new_path == path
    assert only_change(repository, base, head).hunks == (Hunk(0, 0, 1, 2),)
    assert repository.file(head, path) == b"one\ntwo\n"
    assert members(stream).keys() == {"other.py", path}


def test_hunks_have_no_context(author: Author, repository: Repository) -> None:
    """Changed, added and removed lines make hunks of exactly these lines."""
    base = author.commit({"a.py": LINES})
    lines = LINES.splitlines(keepends=True)
    lines[4] = b"changed\n"
    lines[20:20] = [b"@@ -1,5 +1,5 @@\n", b"diff --git a/x b/x\n"]
    del lines[-3:]
    head = author.commit({"a.py": b"".join(lines)})

    change = only_change(repository, base, head)

    assert change.kind == "modified"
    assert change.hunks == (Hunk(5, 1, 5, 1), Hunk(20, 0, 21, 2), Hunk(38, 3, 39, 0))


def test_added_and_deleted_files(author: Author, repository: Repository) -> None:
    """An added file has no old side, a deleted one no new side; an empty one no hunks."""
    base = author.commit({"gone.py": b"1\n2\n"})
    head = author.commit({"gone.py": None, "new.py": b"x\n", "empty.py": b""})

    changes = repository.diff(base, head).changes

    assert [(c.kind, c.old_path, c.new_path, c.hunks) for c in changes] == [
        ("added", "", "empty.py", ()),
        ("deleted", "gone.py", "", (Hunk(1, 2, 0, 0),)),
        ("added", "", "new.py", (Hunk(0, 0, 1, 1),)),
    ]
    assert changes[0].old_blob == ""
    assert changes[1].new_blob == ""


def test_the_first_commit_is_compared_with_the_empty_tree(author: Author, repository: Repository) -> None:
    """An empty base means that everything is added, an empty head that everything is deleted."""
    sha = author.commit({"a.py": b"1\n"})

    assert only_change(repository, "", sha).kind == "added"
    assert only_change(repository, sha, "").kind == "deleted"


def test_renames_and_copies_are_followed(author: Author, repository: Repository) -> None:
    """A moved file is a rename, with the edits as hunks; a copy of a file that changed is a copy."""
    base = author.commit({"old.py": LINES, "source.py": LINES[::-1]})
    author.write({"old.py": None, "new.py": b"first\n" + LINES})
    head = author.commit({"source.py": LINES[::-1] + b"\nmore\n", "twin.py": LINES[::-1]})

    changes = repository.diff(base, head).changes

    assert [(c.kind, c.old_path, c.new_path) for c in changes] == [
        ("renamed", "old.py", "new.py"),
        ("modified", "source.py", "source.py"),
        ("copied", "source.py", "twin.py"),
    ]
    assert changes[0].hunks == (Hunk(0, 0, 1, 1),)


def test_many_renames_are_all_found(author: Author, repository: Repository) -> None:
    """No hidden limit turns renamed and edited files into deleted and added ones."""
    names = [f"m{number}.py" for number in range(120)]
    base = author.commit({f"a/{name}": name.encode() * 5 + b"\n" + LINES for name in names})
    author.git("mv", "a", "b")
    head = author.commit({f"b/{name}": name.encode() * 5 + b"\nedited\n" + LINES for name in names})

    changes = repository.diff(base, head).changes

    assert {change.kind for change in changes} == {"renamed"}
    assert all(change.old_path[2:] == change.new_path[2:] for change in changes)


def test_binary_mode_and_type_changes(author: Author, repository: Repository) -> None:
    """Binary files have no hunks; a mode change is a modification without hunks; a file that becomes a link changed type."""
    base = author.commit({"data.bin": b"\0\1", "run.sh": b"x\n", "a.py": b"1\n2\n", "z.py": b"z\n"})
    (author.root / "run.sh").chmod(0o755)
    (author.root / "a.py").unlink()
    (author.root / "a.py").symlink_to("z.py")
    head = author.commit({"data.bin": b"\0\2", "z.py": b"zz\n"})

    changes = {change.path: change for change in repository.diff(base, head).changes}

    assert changes["data.bin"].binary
    assert changes["data.bin"].hunks == ()
    assert changes["run.sh"].kind == "modified"
    assert changes["run.sh"].hunks == ()
    assert changes["a.py"].kind == "type_changed"
    assert changes["a.py"].hunks == (Hunk(1, 2, 0, 0), Hunk(0, 0, 1, 1))
    assert changes["z.py"].hunks == (Hunk(1, 1, 1, 1),)


def test_submodules_in_a_diff(author: Author, repository: Repository) -> None:
    """A submodule that comes, moves on or becomes a file disturbs no other file of the diff."""
    shas = []
    for number in (1, 2):
        author.write({"a.py": b"%d\n" % number, "z.py": b"%d\n" % number})
        author.git("add", "--all")
        author.git("update-index", "--add", "--cacheinfo", f"160000,{str(number) * 40},lib")
        shas.append(author.commit_index())
    author.git("rm", "--quiet", "--cached", "lib")
    (author.root / "lib").unlink(missing_ok=True)
    shas.append(author.commit({"lib": b"now a file\n", "z.py": b"3\n"}))

    moved = repository.diff(shas[0], shas[1]).changes
    became = repository.diff(shas[1], shas[2]).changes

    assert [(change.kind, change.path) for change in moved] == [
        ("modified", "a.py"),
        ("modified", "lib"),
        ("modified", "z.py"),
    ]
    assert [(change.kind, change.path) for change in became] == [
        ("type_changed", "lib"),
        ("modified", "z.py"),
    ]
    assert became[1].hunks == (Hunk(1, 1, 1, 1),)


def test_attributes_cannot_hide_a_change(author: Author, repository: Repository) -> None:
    """`-diff`, `binary` and a text conversion in `.gitattributes` do not change the diff."""
    base = author.commit(
        {"a.py": b"1\n", "b.py": b"1\n", ".gitattributes": b"a.py -diff\nb.py binary diff=x\n"}
    )
    author.git("config", "diff.x.textconv", "touch textconv-ran; cat")
    author.git("config", "diff.x.command", "touch command-ran")
    head = author.commit({"a.py": b"2\n", "b.py": b"2\n"})

    changes = repository.diff(base, head).changes

    assert [(change.hunks, change.binary) for change in changes] == [((Hunk(1, 1, 1, 1),), False)] * 2
    assert not list(author.root.rglob("*-ran"))


def test_thousands_of_blobs_through_one_process(author: Author, repository: Repository) -> None:
    """Any number of blobs, more than pipes hold, comes in the order asked."""
    sha = author.commit({f"{number}.py": b"%d\n" % number * 700 for number in range(300)})
    ids = [entry.blob for entry in repository.entries(sha)] * 20

    contents = list(repository.blobs(ids))

    assert [blob for blob, _ in contents] == ids
    assert {len(content) for _, content in contents} == {700 * 2, 700 * 3, 700 * 4}


def test_blobs_may_be_left_early(author: Author, repository: Repository) -> None:
    """Whoever stops reading leaves no process behind."""
    sha = author.commit({"a.py": b"x" * 1_000_000})
    ids = [entry.blob for entry in repository.entries(sha)] * 50
    blobs = repository.blobs(ids)

    next(blobs)
    blobs.close()  # type: ignore[attr-defined]  # a generator

    assert list(repository.blobs([])) == []


def test_a_missing_blob_is_an_error(author: Author, repository: Repository) -> None:
    """An object that is not there is never an empty one."""
    author.commit({"a.py": b"1\n"})

    with pytest.raises(Permanent, match="missing"):
        list(repository.blobs(["1" * 40]))


def test_first_lines(author: Author, repository: Repository) -> None:
    """Only the first line comes, at most 256 bytes of it."""
    sha = author.commit({"a": b"#!/usr/bin/python3\nrest\n", "b": b"", "c": b"y" * 100_000})
    ids = [entry.blob for entry in repository.entries(sha)]

    lines = [line for _, line in repository.first_lines(ids)]

    assert lines == [b"#!/usr/bin/python3", b"", b"y" * 256]


def test_file_gives_regular_files_only(author: Author, repository: Repository) -> None:
    """A link, a folder and an absent path have no content."""
    (author.root / "link").symlink_to("/etc/passwd")
    sha = author.commit({"folder/a.py": b"1\n"})

    found = [
        repository.file(sha, path) for path in ("folder/a.py", "link", "folder", "folder/", "absent", "")
    ]

    assert found == [b"1\n", None, None, None, None, None]


def test_the_tar_holds_every_file_whatever_its_attributes(author: Author, repository: Repository) -> None:
    """`export-ignore` and `export-subst` have no say; links stay links; submodules are empty folders."""
    author.write(
        {
            ".gitattributes": b"*.py export-ignore export-subst\n",
            "a.py": b"$Format:%H$\n",
            "big": b"b" * 200_000,
        }
    )
    (author.root / "link").symlink_to("/etc/passwd")
    (author.root / "a.py").chmod(0o755)
    author.git("add", "--all")
    author.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    sha = author.commit_index()
    stream = io.BytesIO()

    repository.write_tar(sha, stream)

    found = members(stream)
    assert sorted(found) == [".gitattributes", "a.py", "big", "link", "vendor/lib"]
    assert [found[name][0].mode for name in ("a.py", "big")] == [0o755, 0o644]
    assert found["a.py"][1] == b"$Format:%H$\n"
    assert found["big"][1] == b"b" * 200_000
    assert found["link"][0].issym()
    assert found["link"][0].linkname == "/etc/passwd"
    assert found["vendor/lib"][0].isdir()


def test_the_tar_is_the_same_every_time(author: Author, repository: Repository) -> None:
    """The same tree gives the same bytes, with long paths too."""
    sha = author.commit({"d" * 120 + "/" + "f" * 120: b"x", "a": b"y"})
    first, second = io.BytesIO(), io.BytesIO()

    repository.write_tar(sha, first)
    repository.write_tar(sha, second)

    assert first.getvalue() == second.getvalue()


ATTRIBUTES = b"""\
# comment
[attr]generated linguist-generated=true
*_pb2.py linguist-generated
*.min.js linguist-vendored -diff
/top.py linguist-vendored
vendor/** linguist-vendored
folder linguist-vendored
slash/ linguist-vendored
"sp ace.py" linguist-generated
macro.py generated
no.py linguist-generated=false
docs/*.py linguist-generated
docs/kept.py -linguist-generated
"""


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("a_pb2.py", {"linguist-generated"}),
        ("deep/er/a_pb2.py", {"linguist-generated"}),
        ("x.min.js", {"linguist-vendored"}),
        ("top.py", {"linguist-vendored"}),
        ("deep/top.py", set()),
        ("vendor/a/b.py", {"linguist-vendored"}),
        ("other/vendor/a.py", set()),
        ("folder/a.py", set()),
        ("slash/a.py", set()),
        ("sp ace.py", {"linguist-generated"}),
        ("macro.py", {"linguist-generated"}),
        ("no.py", set()),
        ("docs/a.py", {"linguist-generated"}),
        ("docs/kept.py", set()),
        ("docs/deep/a.py", set()),
        ("sub/a_pb2.py", set()),
        ("sub/local.py", {"linguist-vendored"}),
    ],
)
def test_linguist_attributes_are_those_git_finds(
    author: Author, repository: Repository, path: str, names: set[str]
) -> None:
    """Attributes are read from the tree as git reads them: no folder recursion, last line wins, nearer file wins."""
    sha = author.commit(
        {
            ".gitattributes": ATTRIBUTES,
            "sub/.gitattributes": b"*_pb2.py !linguist-generated\nlocal.py linguist-vendored\n",
            path: b"1\n",
        }
    )
    said_by_git = author.git("check-attr", "linguist-generated", "linguist-vendored", "--", path).splitlines()
    set_in_git = {line.split(": ")[1] for line in said_by_git if line.endswith((": set", ": true"))}

    found = attributes_at(repository, sha)(path)

    assert found == names
    assert found == set_in_git


def test_attributes_of_the_named_tree_count(author: Author, repository: Repository) -> None:
    """Attributes that a later commit adds do not count for the tree before it."""
    before = author.commit({"a.py": b"1\n"})
    author.commit({".gitattributes": b"*.py linguist-generated\n"})

    assert attributes_at(repository, before)("a.py") == frozenset()


def test_replace_objects_are_not_followed(author: Author, repository: Repository) -> None:
    """A replace ref cannot put other content in place of a commit."""
    honest = author.commit({"a.py": b"1\n"})
    forged = author.commit({"a.py": b"2\n"})
    author.git("replace", honest, forged)

    assert repository.file(honest, "a.py") == b"1\n"


def test_a_sha256_repository_reads_alike(tmp_path: Path) -> None:
    """Nothing depends on the length of ids."""
    author = Author(tmp_path / "sha256", "--object-format=sha256")
    sha = author.commit({"a.py": b"1\n"})
    repository = Repository.open(author.root / ".git")

    assert only_change(repository, "", sha).kind == "added"
    assert repository.file(sha, "a.py") == b"1\n"


@pytest.mark.parametrize("revision", ["--output=/tmp/x", "", "a\0b"])
def test_a_revision_is_never_an_option(author: Author, repository: Repository, revision: str) -> None:
    """What begins with a dash is refused before git sees it."""
    author.commit({"a.py": b"1\n"})

    with pytest.raises(Permanent, match="no revision"):
        repository.tree(revision)
    with pytest.raises(Permanent, match="no revision"):
        repository.entries(revision)


def test_a_tree_that_stands_for_more_files_than_any_disk_holds_is_refused(
    author: Author, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten folders that are one and the same tree, a few levels deep, are some hundred bytes of git and no end of files."""
    monkeypatch.setattr(repository_module, "MOST_FILES", 5000)
    monkeypatch.setattr(program_module, "_DATA_LIMIT", 64 * 2**20)
    blob = author.git("hash-object", "-w", "--stdin", stdin=b"x = 1\n")
    tree = author.git(
        "mktree", stdin=b"".join(b"100644 blob %s\t%d.py\n" % (blob.encode(), n) for n in range(10))
    )
    for _ in range(8):
        lines = b"".join(b"040000 tree %s\td%d\n" % (tree.encode(), n) for n in range(10))
        tree = author.git("mktree", stdin=lines)

    with pytest.raises(Permanent, match="more than 5,000 files"):
        repository.entries(tree)
    with pytest.raises(Permanent, match="diff-tree"):
        repository.diff("", tree)


def test_a_change_of_more_files_than_a_tree_may_have_is_refused(
    author: Author, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before more of them are held."""
    monkeypatch.setattr(repository_module, "MOST_FILES", 20)
    sha = author.commit({f"{number}.py": b"x = 1\n" for number in range(21)})

    with pytest.raises(Permanent, match="the change has more than 20 files"):
        repository.diff("", sha)


def test_a_file_of_settings_has_a_size_that_can_be_parsed(author: Author, repository: Repository) -> None:
    """A larger one is the user's mistake and said to be; as attributes it has no say."""
    sha = author.commit(
        {".gate.toml": b"#" * (1 << 20), ".gitattributes": b"*.py linguist-generated\n" * 50_000}
    )

    assert len(repository.file(sha, ".gate.toml") or b"") == 1 << 20
    assert attributes_at(repository, sha)("a.py") == frozenset()
    sha = author.commit({".gate.toml": b"#" * (1 << 20) + b"#"})
    with pytest.raises(PolicyError, match=r"\.gate\.toml is larger than 1 MB"):
        repository.file(sha, ".gate.toml")


def test_attributes_are_decided_in_time(author: Author, repository: Repository) -> None:
    """Neither a pattern of many wildcards nor ten thousand patterns keep a worker busy."""
    lines = b"*a" * 30 + b"b linguist-generated\n" + b"*x linguist-vendored\n" * 10_000
    sha = author.commit({".gitattributes": lines})

    found = attributes_at(repository, sha)

    assert found("a" * 200 + "c") == frozenset()
    assert found("y/x") == {"linguist-vendored"}
