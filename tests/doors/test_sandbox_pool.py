"""Analysers that wait for the next run: of the same repository, and of no other."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from gate.sandbox import Analyser, AnalysisRequest, Sandbox
from gate.sandbox.child import RENEWED_AFTER
from gate.sandbox.pool import Pool

ONE, OTHER = ("none", 1), ("none", 2)


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(most_idle=2)
    yield made
    made.close()


def start(name: str) -> Analyser:
    return Sandbox("none").analysers(2, name=name)


def processes(
    pool: Pool, key: tuple[str, int], files: int = 1, source: bytes = b"def f():\n    pass\n"
) -> set[int]:
    """The children that an analyser of that key has after it measured so many files."""
    requests = [
        AnalysisRequest(str(number), f"{number}.py", source, ("complexity",), {}) for number in range(files)
    ]
    with pool.lent(key, start) as analyser:
        answers = list(analyser.reports(requests))
        assert [reports[0].problem for _, reports in answers] == [None] * files
        return {child._process.pid for child in analyser._children if child._process is not None}


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def until_gone(found: set[int]) -> None:
    deadline = time.monotonic() + 10
    while any(map(alive, found)):
        assert time.monotonic() < deadline, f"{found} go on"
        time.sleep(0.01)


def test_the_next_run_of_a_repository_has_the_same_children(pool: Pool) -> None:
    assert processes(pool, ONE) == processes(pool, ONE)


def test_another_repository_has_children_of_its_own(pool: Pool) -> None:
    assert processes(pool, ONE).isdisjoint(processes(pool, OTHER))


def test_two_runs_at_a_time_share_nothing(pool: Pool) -> None:
    with pool.lent(ONE, start) as mine, pool.lent(ONE, start) as yours:
        assert mine is not yours


def test_a_second_child_is_started_for_many_files(pool: Pool) -> None:
    assert len(processes(pool, ONE, files=2)) == 1
    assert len(processes(pool, ONE, files=40)) == 2


def test_a_child_that_measured_much_is_followed_by_another(pool: Pool) -> None:
    """So that what it holds on to does not grow with the files of the repository."""
    half = b"#\n" * (RENEWED_AFTER // 4)
    first = processes(pool, ONE)
    (still,) = {frozenset(processes(pool, ONE, source=half)) for _ in range(2)}

    after = processes(pool, ONE)

    assert still == first
    assert after.isdisjoint(first)


def test_one_that_failed_is_not_lent_again(pool: Pool) -> None:
    before = processes(pool, ONE)

    with pytest.raises(RuntimeError), pool.lent(ONE, start):
        raise RuntimeError

    until_gone(before)
    assert processes(pool, ONE).isdisjoint(before)


def test_a_child_that_died_in_the_meantime_is_started_again(pool: Pool) -> None:
    """No file is blamed for it."""
    before = processes(pool, ONE)
    for process in before:
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)

    assert processes(pool, ONE).isdisjoint(before)


def test_no_more_wait_than_are_allowed(pool: Pool) -> None:
    """The one that waited longest ends first."""
    first, second, third = (processes(pool, ("none", number)) for number in (1, 2, 3))

    until_gone(first)
    assert all(map(alive, second | third))


def test_who_waits_in_vain_ends() -> None:
    pool = Pool(idle_seconds=0.05)

    until_gone(processes(pool, ONE))

    assert pool._idle == []
