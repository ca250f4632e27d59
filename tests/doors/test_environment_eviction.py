"""Prepared environments within bounds of age and size."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from gate.environments import eviction

NOW = time.time()
DAY = timedelta(days=1).total_seconds()
SIZE = 64 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three environments of one size each, used 1, 2 and 3 days ago."""
    for days, name in enumerate("abc", start=1):
        place = tmp_path / eviction.FOLDER / name
        place.mkdir(parents=True)
        (place / "file").write_bytes(bytes(SIZE))
        os.utime(place, (NOW - days * DAY, NOW - days * DAY))
    return tmp_path / eviction.FOLDER


def left(folder: Path) -> str:
    return "".join(sorted(path.name for path in folder.iterdir() if path.is_dir()))


@pytest.mark.parametrize(
    ("most_bytes", "later_days", "expected"),
    [
        # All fit and are young.
        (10 * SIZE, 0, "abc"),
        # The longest unused goes first, and no more go than must.
        (2 * SIZE, 0, "ab"),
        (SIZE, 0, "a"),
        (0, 0, ""),
        # Whatever the size, 30 days without use are enough.
        (10 * SIZE, 28, "ab"),
        (10 * SIZE, 40, ""),
    ],
)
def test_what_goes(folder: Path, most_bytes: int, later_days: int, expected: str) -> None:
    """By age and size, the longest unused first."""
    removed = eviction.evict(folder.parent, most_bytes=most_bytes, now=NOW + later_days * DAY)

    assert left(folder) == expected
    assert removed == 3 - len(expected)
    assert sorted(path.name for path in folder.glob("*.lock")) == []


def test_a_size_that_is_being_written_is_measured(folder: Path) -> None:
    """Another thread may be at it, and one that was killed leaves an empty note."""
    (folder / "a" / "size").touch()
    os.utime(folder / "a", (NOW - DAY, NOW - DAY))

    removed = eviction.evict(folder.parent, most_bytes=2 * SIZE, now=NOW)

    assert (left(folder), removed) == ("ab", 1)


def test_what_is_in_use_stays(folder: Path) -> None:
    """The oldest is in use here, the next one in another thread."""
    entered, done = threading.Event(), threading.Event()

    def use() -> None:
        with eviction.in_use(folder / "b"):
            entered.set()
            done.wait(30)

    thread = threading.Thread(target=use)
    thread.start()
    entered.wait(30)
    with eviction.in_use(folder / "c"):
        eviction.evict(folder.parent, most_bytes=0, now=NOW + 90 * DAY)
        during = left(folder)
    done.set()
    thread.join()
    eviction.evict(folder.parent, most_bytes=0, now=NOW + 9000 * DAY)

    assert during == "bc"
    assert left(folder) == ""


def test_use_makes_young(folder: Path) -> None:
    """The one that was used goes last."""
    with eviction.in_use(folder / "c"):
        pass

    eviction.evict(folder.parent, most_bytes=SIZE, now=NOW)

    assert left(folder) == "c"


def test_what_a_killed_eviction_left_is_removed(folder: Path) -> None:
    """It lost its name already, and is no environment any more."""
    (folder / "a").rename(folder / ".removed-a")

    eviction.evict(folder.parent, most_bytes=10 * SIZE, now=NOW)

    assert left(folder) == "bc"


def test_a_builder_waits_for_nobody_after_an_eviction(folder: Path) -> None:
    """The lock that was removed with an environment is no longer the lock."""
    eviction.evict(folder.parent, most_bytes=0, now=NOW)

    with eviction.alone(folder / "a"):
        (folder / "a").mkdir()

    assert left(folder) == "a"


def test_there_may_be_no_folder_yet(tmp_path: Path) -> None:
    """Nothing is kept, and nothing goes."""
    assert eviction.evict(tmp_path / "none", most_bytes=0, now=NOW) == 0
