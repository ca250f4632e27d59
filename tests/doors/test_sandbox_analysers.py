"""The long-lived analysers: every file is answered, whatever it does to its child."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from checks.report import Problem
from gate.sandbox import Analyser, AnalysisRequest, Sandbox
from tests.boxes import NAME, sandbox_or_skip

SUMS = (b"x = " + b"+".join([b"'select %s'"] * 900) + b"\n") * 50
"""Of which bandit looks at each string with all that stand before it: half a megabyte takes it four minutes."""


def request(key: str, source: bytes = b"def f():\n    pass\n", *checks: str) -> AnalysisRequest:
    return AnalysisRequest(key, f"{key}.py", source, checks or ("complexity",), {})


@pytest.fixture(params=["none", pytest.param("bwrap", marks=pytest.mark.box)])
def analyser(request: pytest.FixtureRequest) -> Iterator[Analyser]:
    sandbox = Sandbox("none") if request.param == "none" else sandbox_or_skip()
    with sandbox.analysers(2, name=NAME) as analyser:
        yield analyser


def test_every_file_is_answered_once(analyser: Analyser) -> None:
    """The answers carry their requests, in any order, one report for each check in its order."""
    requests = [request(str(number), b"x = 1\n", "complexity", "size") for number in range(20)]

    answers = list(analyser.reports(iter(requests)))

    assert sorted(int(asked.key) for asked, _ in answers) == list(range(20))
    assert {tuple(report.check for report in reports) for _, reports in answers} == {("complexity", "size")}
    assert all(report.problem is None for _, reports in answers for report in reports)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (SUMS, "not analysed within 1.5 s of processor time"),
        (b"x = [" + b"1," * 2_000_000 + b"]\n", "not analysed within 200 MB of memory"),
        (b"a\n" * 60_000, "not analysed: its report is larger than 8 MB"),
    ],
    ids=["time", "memory", "report"],
)
def test_a_file_beyond_a_limit_is_not_analysed(analyser: Analyser, source: bytes, text: str) -> None:
    """The problem is ours and would come again; the files after it are analysed."""
    requests = [request("bomb", source, "security", "syntax"), *(request(str(number)) for number in range(4))]

    answers = {asked.key: reports[0] for asked, reports in analyser.reports(requests)}

    assert answers["bomb"].problem == Problem(text, ours=True)
    assert [answers[str(number)].blocks[0].name for number in range(4)] == ["f"] * 4


def test_a_child_that_dies_of_a_file_is_replaced() -> None:
    """It would die of it again; the next file is analysed."""
    with Analyser(1, name=NAME, boxed=False, hierarchy=None) as analyser:
        begun_and_ended(analyser, request("bomb", SUMS, "security"), signal.SIGSEGV)
        told = {asked.key: reports[0].problem for asked, reports in analyser.reports([request("good")])}

    assert told == {"bomb": Problem("not analysed: the analyser died of it", ours=True), "good": None}


def test_a_child_that_is_killed_is_followed_by_another() -> None:
    """Of what kills from outside nothing is concluded: the file is tried again, and here found to take too long."""
    with Analyser(1, name=NAME, boxed=False, hierarchy=None) as analyser:
        begun_and_ended(analyser, request("bomb", SUMS, "security"), signal.SIGKILL)
        told = {asked.key: reports[0].problem for asked, reports in analyser.reports([request("good")])}

    assert told == {
        "bomb": Problem("not analysed within 1.5 s of processor time", ours=True),
        "good": None,
    }


def test_a_child_that_is_killed_again_and_again_has_no_report() -> None:
    """The same file may well be analysed another time."""
    with Analyser(1, name=NAME, boxed=False, hierarchy=None) as analyser:
        (child,) = analyser._children
        asked = request("bomb", SUMS, "security")
        begun_and_ended(analyser, asked, signal.SIGKILL)
        analyser._tried += [asked] * 4
        while not (answers := list(analyser._answers([child]))):
            pass
        told = answers[0][1][0].problem

    assert told == Problem("not analysed: the analyser died of it", ours=True, passing=True)


def begun_and_ended(analyser: Analyser, asked: AnalysisRequest, ended_by: signal.Signals) -> None:
    """A request whose child a signal ends."""
    (child,) = analyser._children
    child.take(asked)
    assert child._process is not None
    child._process.send_signal(ended_by)


def test_a_caller_may_stop_listening(analyser: Analyser) -> None:
    """An answer nobody waited for never reaches the next caller."""
    first = analyser.reports(request(f"first-{number}") for number in range(10))
    next(first)
    first.close()

    answers = list(analyser.reports([request("second")]))

    assert [asked.key for asked, _ in answers] == ["second"]


def test_an_unknown_check_is_a_problem_of_ours(analyser: Analyser) -> None:
    """A check that is not installed is said to be so, not left out."""
    ((_, reports),) = analyser.reports([request("a", b"", "no-such-check")])

    assert reports[0].problem is not None
    assert reports[0].problem.ours


def test_all_files_together_have_an_end_too() -> None:
    """A tree of files that each take as long as one may would keep a worker for hours; the rest is said to be left out."""
    requests = [AnalysisRequest(str(number), "a.py", b"x = 1\n", ("syntax",), {}) for number in range(3)]

    with Analyser(1, name="late", boxed=False, hierarchy=None, seconds=0) as analyser:
        answers = [(request.key, reports[0].problem) for request, reports in analyser.reports(requests)]

    problem = Problem("not analysed: all files together took too long", ours=True, passing=True)
    assert answers == [("0", problem), ("1", problem), ("2", problem)]
