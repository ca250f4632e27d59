"""When the default branch was recorded: whether it turned, and who is told to tell of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.mail_work import AskRecipients, SendAlert
from gate.core.verdict import Outcome, Verdict
from gate.core.work import RecordBranch
from gate.workflows.record_branch import _tell
from tests.verdicts import BLOCKED
from tests.workflows.inline_run import InlineRun
from tests.workflows.mail.mail_service import SHOP, Clock

PASSED = replace(BLOCKED, outcome=Outcome.PASSED)
UNMEASURED = replace(BLOCKED, outcome=Outcome.COULD_NOT_MEASURE)


def recorded(service: Clock, *verdicts: Verdict) -> list[int]:
    """The numbers of the changes that mail is to tell of, after pushes with these verdicts."""
    told = []
    for number, verdict in enumerate(verdicts):
        run = InlineRun(id=f"record:{number}")
        work = RecordBranch(SHOP, "main", f"{number:040x}")
        service.store.save_verdict(SHOP.id, 0, verdict, run_id=run.id, now=service.now(), branch="main")
        _tell(run, service, work)
        assert run.started[0] == AskRecipients(SHOP)
        told += [one.number for one in run.started if isinstance(one, SendAlert)]
    return told


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        # A first red is told of, a first green is none.
        ((BLOCKED,), [1]),
        ((PASSED,), []),
        # One mail a change, whatever comes between.
        ((PASSED, BLOCKED, BLOCKED, BLOCKED, PASSED, PASSED), [2, 3]),
        ((BLOCKED, UNMEASURED, PASSED), [1, 2, 3]),
        # A waiver is as good as green.
        ((BLOCKED, replace(BLOCKED, outcome=Outcome.WAIVED)), [1, 2]),
        # What is not armed, or advice, or superseded, says nothing and changes nothing.
        ((PASSED, replace(UNMEASURED, neutral=True)), []),
        ((PASSED, replace(BLOCKED, advise=True)), []),
        ((BLOCKED, replace(UNMEASURED, neutral=True), BLOCKED), [1]),
        ((BLOCKED, replace(BLOCKED, outcome=Outcome.SUPERSEDED), BLOCKED), [1]),
    ],
)
def test_a_change_of_state_is_told_of(service: Clock, verdicts: tuple[Verdict, ...], told: list[int]) -> None:
    """
    Turned red, turned red otherwise, recovered.
    """
    assert recorded(service, *verdicts) == told


def test_a_run_that_is_taken_up_again_tells_the_same(service: Clock) -> None:
    """
    The worker died before it could start the mail: the same change again, and the same work.
    """
    run = InlineRun(id="record:1")
    work = RecordBranch(SHOP, "main", "a" * 40)
    service.store.save_verdict(SHOP.id, 0, BLOCKED, run_id=run.id, now=service.now(), branch="main")

    for _ in range(2):
        _tell(run, service, work)

    assert [one for one in run.started if isinstance(one, SendAlert)] == [SendAlert(SHOP, 1)] * 2


def test_without_a_mail_server_the_state_is_kept(service: Clock) -> None:
    """
    So that the first mail of a new server does not tell of what is old.
    """
    service.settings = replace(service.settings, mail=None)
    run = InlineRun(id="record:1")
    service.store.save_verdict(SHOP.id, 0, BLOCKED, run_id=run.id, now=service.now(), branch="main")

    _tell(run, service, RecordBranch(SHOP, "main", "a" * 40))

    change = service.store.branch_change(SHOP.id)
    assert run.started == []
    assert change is not None
    assert change.after == "blocked"
