"""Objects from git processes that stay: whoever asks, in whatever order, and however far they read."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from gate.core.failure import Permanent
from gate.git import Repository
from gate.git import reader as reader_module
from gate.git.program import Program
from gate.git.reader import Reader
from gate.git.repository import location
from tests.doors.author import Author


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that were started."""
    commands: list[tuple[str, ...]] = []
    plain = Program.pipe

    def pipe(self: Program, *arguments: str) -> object:
        commands.append(arguments)
        return plain(self, *arguments)

    monkeypatch.setattr(Program, "pipe", pipe)
    return commands


def reader_of(author: Author) -> Reader:
    directory = author.root / ".git"
    return Reader(Program(directory, location(directory)))


def test_one_process_answers_one_question_after_the_other(
    author: Author, started: list[tuple[str, ...]]
) -> None:
    """
    Contents and sizes, each by a process that is started once.
    """
    sha = author.commit({"a.py": b"1\n", "b/c.py": b"22\n"})
    reader = reader_of(author)

    contents = [blob.read() for _ in range(3) for blob in reader.blobs([f"{sha}:a.py", f"{sha}:b/c.py"])]
    sizes = [reader.sizes([f"{sha}:a.py", f"{sha}:gone"]) for _ in range(3)]

    assert contents == [b"1\n", b"22\n"] * 3
    assert [[size for _, size in each.values()] for each in sizes] == [[2]] * 3
    assert started == [("cat-file", "--batch"), ("cat-file", "--batch-check")]


def test_what_is_not_read_to_its_end_disturbs_nobody(author: Author) -> None:
    """
    A reader that goes away in the middle, and one that asks while it reads.
    """
    large = b"x" * 300_000
    sha = author.commit({"a.py": large, "b.py": b"2\n", "c.py": b"3\n"})
    reader = reader_of(author)
    names = [f"{sha}:a.py", f"{sha}:b.py"]

    first = reader.blobs(names)
    assert next(first).read(3) == b"xxx"
    first.close()
    nested = [
        (blob.id, [other.read() for other in reader.blobs([f"{sha}:c.py"])]) for blob in reader.blobs(names)
    ]

    assert [contents for _, contents in nested] == [[b"3\n"], [b"3\n"]]
    assert [len(blob.read()) for blob in reader.blobs(names)] == [300_000, 2]


def test_any_number_of_names_is_answered(author: Author) -> None:
    """
    More than a pipe holds, of objects that are larger than it.
    """
    sha = author.commit({"a.py": b"y" * 100_000})
    reader = reader_of(author)

    assert sum(len(blob.read()) for blob in reader.blobs([f"{sha}:a.py"] * 3000)) == 300_000_000


def test_threads_have_processes_of_their_own(author: Author) -> None:
    """
    None gets another's answer.
    """
    sha = author.commit({f"{number}.py": b"%d\n" % number for number in range(8)})
    reader = reader_of(author)
    found: dict[int, set[bytes]] = {}

    def read(number: int) -> None:
        found[number] = {blob.read() for _ in range(50) for blob in reader.blobs([f"{sha}:{number}.py"])}

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {number: {b"%d\n" % number} for number in range(8)}


def test_a_process_that_nobody_asks_ends(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    After a while; the next question starts another.
    """
    monkeypatch.setattr(reader_module, "IDLE_SECONDS", 0.05)
    sha = author.commit({"a.py": b"1\n"})
    reader = reader_of(author)
    waiting = []

    for _ in range(2):
        assert [blob.read() for blob in reader.blobs([f"{sha}:a.py"])] == [b"1\n"]
        waiting.append(len(reader._idle["--batch"]))
        deadline = time.monotonic() + 10
        while reader._idle and time.monotonic() < deadline:
            time.sleep(0.01)
        waiting.append(len(reader._idle))

    assert waiting == [1, 0, 1, 0]


def test_a_fork_asks_processes_of_its_own(author: Author) -> None:
    """
    What waits in the parent stays the parent's.
    """
    sha = author.commit({"a.py": b"1\n"})
    reader = reader_of(author)
    assert [blob.read() for blob in reader.blobs([f"{sha}:a.py"])] == [b"1\n"]

    child = os.fork()
    if child == 0:
        right = [blob.read() for blob in reader.blobs([f"{sha}:a.py"])] == [b"1\n"]
        os._exit(0 if right else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert [blob.read() for blob in reader.blobs([f"{sha}:a.py"])] == [b"1\n"]


def test_what_is_not_there_is_told(author: Author) -> None:
    """
    A missing object by its name; a name of two lines never reaches git.
    """
    sha = author.commit({"a.py": b"1\n"})
    reader = reader_of(author)

    with pytest.raises(Permanent, match=f"object {sha}:gone.py missing"):
        list(reader.blobs([f"{sha}:a.py", f"{sha}:gone.py"]))
    with pytest.raises(Permanent, match="is no name of an object"):
        list(reader.blobs([f"{sha}:a.py\n{sha}"]))
    assert reader.trees([f"{sha}:a.py", f"{sha}:"]).keys() == {f"{sha}:"}


@pytest.mark.parametrize("path", ["", "a//b", "../a", "sub", "sub/", "link", "a.py/b", "gone/b", "a\nb/c"])
def test_settings_are_regular_files(author: Author, path: str) -> None:
    """
    No folder, no link, nothing that git would take for another path.
    """
    (author.root / "link").symlink_to("a.py")
    sha = author.commit({"a.py": b"1\n", "sub/b.py": b"2\n", "sub/c.py": b"3\n"})
    repository = Repository.open(author.root / ".git")

    assert repository.files(sha, [path, "a.py", "sub/b.py"]) == {"a.py": b"1\n", "sub/b.py": b"2\n"}
