"""What a repository tells git to do: host git runs nothing of it, hides nothing for it and writes nothing where it says."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from gate.core.failure import Permanent
from gate.git import Repository
from tests.doors.author import Author

RUNS = "#!/bin/sh\necho BREACH > {mark}\ncat\n"


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


def tar_of_commit(author: Author, sha: str) -> dict[str, bytes]:
    """What goes into a box, read by Gate; content by path."""
    stream = io.BytesIO()
    Repository.open(author.root / ".git").write_tar(sha, stream)
    with tarfile.open(fileobj=io.BytesIO(stream.getvalue())) as archive:
        return {
            member.name: file.read() if (file := archive.extractfile(member)) else b""
            for member in archive.getmembers()
            if member.isreg()
        }


def archive_of_git(author: Author, sha: str) -> dict[str, bytes]:
    """The proof outside: what `git archive` makes of the same commit."""
    done = subprocess.run(["git", "archive", sha], cwd=author.root, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        return {
            member.name: file.read() if (file := archive.extractfile(member)) else b""
            for member in archive.getmembers()
            if member.isreg()
        }


def test_no_attribute_hides_a_file_from_the_box(author: Author) -> None:
    """`export-ignore` leaves a file out of git's archive and not out of ours."""
    sha = author.commit({"a.py": b"x = 1\n", ".gitattributes": b"*.py export-ignore\n"})

    assert "a.py" not in archive_of_git(author, sha)
    assert tar_of_commit(author, sha)["a.py"] == b"x = 1\n"


def test_no_attribute_rewrites_a_file(author: Author) -> None:
    """`export-subst`, `ident` and line ends change what git hands out and not what we measure."""
    files: dict[str, bytes | None] = {
        "a.py": b"# $Format:%an$\n",
        "b.py": b"# x\n",
        ".gitattributes": b"a.py export-subst\nb.py text eol=crlf\n",
    }
    sha = author.commit(files)

    outside = archive_of_git(author, sha)
    inside = tar_of_commit(author, sha)

    assert outside["a.py"] == b"# Ada\n"
    assert outside["b.py"] == b"# x\r\n"
    assert (inside["a.py"], inside["b.py"]) == (b"# $Format:%an$\n", b"# x\n")


@pytest.mark.parametrize(
    "setting", ["filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "diff.evil.command"]
)
def test_no_filter_runs(author: Author, tmp_path: Path, setting: str) -> None:
    """Programs that attributes and configuration name together run for git and never for us."""
    mark, program = tmp_path / "mark", tmp_path / "evil"
    program.write_text(RUNS.format(mark=mark))
    program.chmod(0o755)
    first = author.commit({"a.py": b"1\n"})
    second = author.commit({"a.py": b"2\n", ".gitattributes": b"*.py filter=evil diff=evil\n"})
    author.git("config", setting, str(program))

    for command in (["archive", second], ["diff", "--ext-diff", first, second], ["log", "-p", "-1"]):
        subprocess.run(["git", *command], cwd=author.root, check=False, capture_output=True)
    assert mark.exists(), f"{setting} runs nothing outside either"
    mark.unlink()
    repository = Repository.open(author.root / ".git")
    tar_of_commit(author, second)
    repository.diff(first, second)

    assert not mark.exists()


@pytest.mark.parametrize("setting", ["core.fsmonitor", "core.hooksPath"])
def test_no_hook_and_no_monitor_runs(author: Author, tmp_path: Path, setting: str) -> None:
    """Neither what a clone's configuration starts with every command nor its hooks."""
    mark, folder = tmp_path / "mark", tmp_path / "hooks"
    folder.mkdir()
    for name in ("fsmonitor", "post-index-change", "reference-transaction"):
        (folder / name).write_text(RUNS.format(mark=mark))
        (folder / name).chmod(0o755)
    sha = author.commit({"a.py": b"1\n"})
    author.git("config", setting, str(folder / "fsmonitor" if setting == "core.fsmonitor" else folder))

    (author.root / "a.py").write_bytes(b"2\n")
    subprocess.run(
        ["git", "status"], cwd=author.root, check=False, capture_output=True, stdin=subprocess.DEVNULL
    )
    subprocess.run(
        ["git", "add", "a.py"], cwd=author.root, check=False, capture_output=True, stdin=subprocess.DEVNULL
    )
    assert mark.exists(), f"{setting} runs nothing outside either"
    mark.unlink()
    tar_of_commit(author, sha)

    assert not mark.exists()


@pytest.mark.parametrize("url", ["ext::touch {mark}", "--upload-pack=touch {mark}", "file://{mark}", "/etc"])
def test_no_submodule_is_followed(author: Author, tmp_path: Path, url: str) -> None:
    """A submodule is an empty folder of the tree, whatever its address; `ext::` would run a command."""
    mark = tmp_path / "mark"
    address = url.format(mark=mark)
    author.write({".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = "{address}"\n'.encode()})
    author.git("add", "--all")
    author.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")
    sha = author.commit_index()
    if url.startswith("ext"):
        allowed = ["git", "-c", "protocol.ext.allow=always", "ls-remote", address]
        subprocess.run(allowed, check=False, capture_output=True)
        assert mark.exists()
        mark.unlink()

    files = tar_of_commit(author, sha)

    assert list(files) == [".gitmodules"]
    assert not mark.exists()


@pytest.mark.parametrize("name", [b".git", b".GIT", b"..", b"."])
def test_no_tree_changes_a_repository(author: Author, name: bytes) -> None:
    """A tree made by hand with `.git/config` or `..` in it is refused; as a tar it would be written anywhere."""
    blob = author.git("hash-object", "-w", "--stdin", stdin=b"[core]\n\tfsmonitor = evil\n")
    inner = author.git("mktree", stdin=f"100644 blob {blob}\tconfig\n".encode())
    record = b"40000 " + name + b"\0" + bytes.fromhex(inner)
    outer = author.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=record)

    assert (name + b"/config").decode() in author.git("ls-tree", "-r", "--name-only", outer)
    with pytest.raises(Permanent, match="forbidden path"):
        tar_of_commit(author, outer)


def test_a_link_is_no_file_of_settings(author: Author) -> None:
    """`.gitattributes` and `.gate.toml` that are links to files of this machine are not read."""
    (author.root / ".gitattributes").symlink_to("/etc/passwd")
    (author.root / ".gate.toml").symlink_to("/etc/passwd")
    sha = author.commit({"a.py": b"1\n"})
    repository = Repository.open(author.root / ".git")

    assert (author.root / ".gate.toml").read_bytes()
    assert repository.file(sha, ".gate.toml") is None
    assert tar_of_commit(author, sha) == {"a.py": b"1\n"}


def test_large_files_are_not_fetched(author: Author) -> None:
    """A pointer of Git LFS stays the text it is; no filter asks its server."""
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n"
    sha = author.commit({"big.bin": pointer, ".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs\n"})

    assert tar_of_commit(author, sha)["big.bin"] == pointer
