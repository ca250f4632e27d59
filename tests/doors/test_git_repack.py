"""Repacking a mirror: fewer files, and everything is there as before."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from gate.core.failure import Transient
from gate.eviction import lock_of
from gate.file_lock import locked
from gate.git import Mirror, repack
from gate.git.repack import MOST_REFS
from tests.doors.author import Author

COMMITS = MOST_REFS + 1


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """Somebody with many commits, of one file each."""
    made = Author(tmp_path_factory.mktemp("work"))
    stream = "".join(
        f"commit refs/heads/main\ncommitter Ada <ada@example.com> {1767225600 + number * 60} +0000\ndata 1\nx\n"
        f"M 100644 inline file{number % 40}.py\ndata {len(str(number))}\n{number}\n"
        for number in range(COMMITS)
    )
    made.git("fast-import", "--quiet", stdin=stream.encode())
    return made


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "mirrors" / "7.git"


@pytest.fixture
def mirror(author: Author, directory: Path) -> Mirror:
    """A mirror that was asked for each of the commits."""
    made = Mirror(directory, f"file://{author.root}", protocols="file")
    made.fetch(dict.fromkeys(author.git("rev-list", "main").splitlines(), "refs/heads/main"))
    return made


def loose(directory: Path) -> list[str]:
    """Files of refs and objects on their own."""
    refs = [path for path in (directory / "refs").rglob("*") if path.is_file()]
    objects = [path for path in (directory / "objects").glob("??/*") if path.is_file()]
    return sorted(path.name for path in (*refs, *objects))


def test_everything_is_there_as_before(author: Author, mirror: Mirror, directory: Path) -> None:
    """Each commit that was asked for, its files and its history; and an object that nothing reaches."""
    shas = author.git("rev-list", "main").splitlines()
    before = [(mirror.entries(sha), mirror.parents(sha)) for sha in shas[:3]]
    unreached = mirror._program.output("hash-object", "-w", "--stdin", stdin=b"left\n").decode().strip()

    done = repack(directory)

    assert done
    assert [(mirror.entries(sha), mirror.parents(sha)) for sha in shas[:3]] == before
    assert mirror._missing(shas) == []
    assert dict(mirror.blobs([unreached])) == {unreached: b"left\n"}
    assert loose(directory) == []
    assert (directory / "objects" / "info" / "commit-graphs").is_dir()


def test_done_again_it_does_nothing(mirror: Mirror, directory: Path) -> None:
    """Until there is something to do."""
    assert [repack(directory), repack(directory)] == [True, False]


def test_the_next_fetch_goes_on_from_there(author: Author, mirror: Mirror, directory: Path) -> None:
    """New commits arrive, and those that were held stay held."""
    repack(directory)
    head = author.commit({"more.py": b"1\n"})

    mirror.fetch({head: "refs/heads/main"})

    assert mirror.merge_base(head, f"{head}~1") == mirror.resolve(f"{head}~1")


def test_who_reads_meanwhile_reads_on(author: Author, mirror: Mirror, directory: Path) -> None:
    """A reader holds no lock: what it had not opened yet moved into another file."""
    tip = author.git("rev-list", "main").splitlines()[0]
    entries = mirror.entries(tip)
    reader = mirror.blobs(entry.blob for entry in entries)
    first = next(reader)

    repack(directory)

    assert [first, *reader] == list(mirror.blobs(entry.blob for entry in entries))


def test_one_that_is_fetched_into_is_left_alone(mirror: Mirror, directory: Path) -> None:
    """It has its turn another night."""
    with locked(lock_of(directory), fcntl.LOCK_EX):
        assert not repack(directory)


def test_what_was_killed_leaves_nothing(mirror: Mirror, directory: Path) -> None:
    """Half a pack is as large as half a repository."""
    (directory / "objects" / "pack" / "tmp_pack_x1y2z3").write_bytes(bytes(10))

    repack(directory)

    assert list((directory / "objects" / "pack").glob("tmp_*")) == []


def test_a_damaged_one_is_made_again_by_the_next_fetch(
    author: Author, mirror: Mirror, directory: Path
) -> None:
    """It is left as it is, and said to be suspect."""
    (directory / "config").write_text("[core")
    tip = author.git("rev-parse", "main")

    with pytest.raises(Transient):
        repack(directory)
    mirror.fetch({tip: "refs/heads/main"})

    assert mirror.resolve(tip) == tip
    assert not repack(directory)


def test_without_a_mirror_there_is_nothing_to_do(directory: Path) -> None:
    """It may just have been removed; nothing is left in its place."""
    directory.parent.mkdir()

    assert not repack(directory)
