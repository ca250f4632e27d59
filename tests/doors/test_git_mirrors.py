"""Mirrors that go: of repositories that nobody follows, and the longest unused of too many; no other thing in their folder."""

from __future__ import annotations

import fcntl
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from gate.file_lock import locked
from gate.git import Mirror, evict_mirrors, remove_mirrors

NOW = time.time()
DAY = timedelta(days=1).total_seconds()
SIZE = 64 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Mirrors 1, 2 and 3, used in this order two days ago, with what lies beside them."""
    for number in (1, 2, 3):
        mirror = tmp_path / f"{number}.git"
        (mirror / "objects").mkdir(parents=True)
        (mirror / "objects" / "pack").write_bytes(bytes(SIZE))
        lock = mirror.with_name(f"{number}.git.lock")
        lock.touch()
        os.utime(lock, (NOW - 2 * DAY + number, NOW - 2 * DAY + number))
    (tmp_path / "2.git.suspect").touch()
    (tmp_path / "other").mkdir()
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_only_followed_ones_stay(folder: Path) -> None:
    """With their locks; the others leave nothing."""
    removed = remove_mirrors(folder, {1, 3})

    assert removed == 1
    assert left(folder) == ["1.git", "1.git.lock", "3.git", "3.git.lock", "other"]


def test_one_that_is_fetched_into_stays_for_now(folder: Path) -> None:
    """It goes the next time."""
    with locked(folder / "2.git.lock", fcntl.LOCK_EX):
        first = remove_mirrors(folder, {1, 3})
    second = remove_mirrors(folder, {1, 3})

    assert (first, second) == (0, 1)


def test_what_was_half_removed_goes_too(folder: Path) -> None:
    """A worker may have been killed while it removed one."""
    (folder / ".removed-9.git" / "objects").mkdir(parents=True)

    remove_mirrors(folder, {1, 2, 3})

    assert ".removed-9.git" not in left(folder)


def test_without_a_folder_there_is_nothing_to_do(tmp_path: Path) -> None:
    """Before the first fetch."""
    assert remove_mirrors(tmp_path / "mirrors", ()) == 0


def test_whoever_waited_for_a_removed_mirror_makes_a_new_one(folder: Path, tmp_path: Path) -> None:
    """The lock it waited for is gone from the disk, so it takes the new one."""
    remove_mirrors(folder, ())
    mirror = Mirror(folder / "1.git", "https://nowhere.invalid/x.git")

    with mirror._locked():
        assert remove_mirrors(folder, ()) == 0
        assert (folder / "1.git.lock").exists()


@pytest.mark.parametrize(
    ("most_bytes", "expected"),
    [(3 * SIZE, "123"), (2 * SIZE, "23"), (3 * SIZE - 1, "23"), (SIZE, "3"), (0, "")],
)
def test_the_longest_unused_go_until_the_rest_fits(folder: Path, most_bytes: int, expected: str) -> None:
    """And no more than must, each with its lock."""
    removed = evict_mirrors(folder, most_bytes=most_bytes, now=NOW)

    assert removed == 3 - len(expected)
    assert "".join(path.name[0] for path in sorted(folder.glob("*.git"))) == expected
    assert len(list(folder.glob("*.lock"))) == len(expected)


def test_what_was_used_within_a_day_stays(folder: Path) -> None:
    """Whoever asked for a commit may still read it; a fetch notes the time, a repack does not."""
    mirror = Mirror(folder / "1.git", "https://nowhere.invalid/x.git")
    with mirror._locked():
        pass
    os.utime(folder / "2.git")

    evict_mirrors(folder, most_bytes=0, now=NOW)

    assert left(folder) == ["1.git", "1.git.lock", "other"]


def test_one_that_is_fetched_into_is_not_evicted(folder: Path) -> None:
    """However long that takes."""
    with locked(folder / "1.git.lock", fcntl.LOCK_EX):
        evict_mirrors(folder, most_bytes=0, now=NOW)

    assert left(folder) == ["1.git", "1.git.lock", "other"]
