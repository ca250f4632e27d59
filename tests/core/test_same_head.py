"""Several open pull requests with one head: which verdict their one `gate` shows."""

from __future__ import annotations

import pytest

from gate.core.check_run import CheckRun, Conclusion
from gate.core.links import Links
from gate.core.same_head import waiting, worst


def gate(conclusion: Conclusion, title: str = "A title") -> CheckRun:
    return CheckRun("gate", "a" * 40, f"run of {title}", "completed", conclusion, title, "A summary")


def test_alone_it_is_its_own() -> None:
    """
    A head of one pull request has that one's verdict, unchanged.
    """
    own = gate("success")

    assert worst({7: own}) == {7: own}


@pytest.mark.parametrize("better", ["success", "neutral"])
def test_the_worst_counts_for_all(better: Conclusion) -> None:
    """
    Beside a failure nobody stays green: the title names whose it is, and each run keeps its own id.
    """
    fine, bad = gate(better, "Fine"), gate("failure", "Bad")

    given = worst({7: fine, 9: bad})

    assert given[9] == bad
    assert (given[7].conclusion, given[7].title) == ("failure", "Bad (#9, which has the same head)")
    assert given[7].external_id == fine.external_id
    assert given[7].summary.endswith(bad.summary)


def test_equal_conclusions_keep_their_own_texts() -> None:
    """
    Two that are blocked say each why itself is.
    """
    runs = {7: gate("failure", "One"), 9: gate("failure", "Other")}

    assert worst(runs) == runs


def test_nothing_is_green_while_another_is_judged() -> None:
    """
    It fails until the other one's verdict is known, and says which one that is.
    """
    run = waiting(9, Links("", "a" * 40, "", "", "run"))

    assert (run.status, run.conclusion) == ("completed", "failure")
    assert "#9" in run.title
