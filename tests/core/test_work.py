"""What is decided about each event, and which queue carries it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from checks.codec import decode, encode
from gate.core.event import (
    AuthorizationEvent,
    CheckRunEvent,
    CheckSuiteEvent,
    CommandEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    PullRequestEvent,
    PushEvent,
    RepositoryEvent,
    RepositoryRef,
    TagEvent,
    WorkflowRunEvent,
)
from gate.core.history_work import FillHistory
from gate.core.mail_work import AskRecipients, SendAlert, SendDigests
from gate.core.plan import plan
from gate.core.upload_work import FetchReports, ReadReport, RejudgeAgainst
from gate.core.work import (
    Approve,
    CloseGroup,
    CloseRuns,
    Evaluate,
    EvaluateGroup,
    Expire,
    Forget,
    GiveUp,
    NoteRelease,
    Reconcile,
    RecordBranch,
    Redeliver,
    Reevaluate,
    Rejudge,
    Supersede,
    Survey,
    Sync,
    Waive,
    Welcome,
    Work,
    evaluations,
    evaluations_in,
    partition,
    queue,
    subject,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEAD, BASE = "a" * 40, "b" * 40
REPOSITORY = RepositoryRef(1, 2, "owner/name", "main", private=False)
OPENED = PullRequestEvent(
    action="opened",
    repository=REPOSITORY,
    number=7,
    head_sha=HEAD,
    base_sha=BASE,
    base_ref="main",
    head_full_name="fork/name",
    draft=True,
    author="somebody",
    updated_at=NOW,
    title="A title",
)
CLOSED = PullRequestEvent(
    "closed", REPOSITORY, 7, HEAD, BASE, "main", None, False, "somebody", NOW, "A title"
)
EVALUATE = Evaluate(REPOSITORY, 7, HEAD, BASE, "main", NOW, "somebody", "A title", True, "fork/name")
RERUN = CheckRunEvent("rerequested", REPOSITORY, 9, 5, "gate", "7:x", HEAD, "somebody", (7,))
REEVALUATE = Reevaluate(REPOSITORY, HEAD)
QUEUE = f"gh-readonly-queue/main/pr-7-{BASE}"
GROUP = EvaluateGroup(REPOSITORY, 7, QUEUE, HEAD, BASE, "main")
ARCHIVED = replace(REPOSITORY, archived=True)
COMMENT = CommandEvent(REPOSITORY, 7, 17, ("/gate waive security why",), NOW, "mona", "somebody")
WAIVE = Waive(REPOSITORY, 7, "comment:17", ("/gate waive security why",), NOW, "mona", "somebody")

WORKFLOW_RUN = WorkflowRunEvent(REPOSITORY, 5, HEAD, "fork/name", ".github/workflows/ci.yml")
FETCH = FetchReports(REPOSITORY, 5, HEAD, "fork/name", ".github/workflows/ci.yml")


@pytest.mark.parametrize(
    ("event", "works"),
    [
        (OPENED, (Supersede(EVALUATE),)),
        (CLOSED, (CloseRuns(REPOSITORY, 7, HEAD, NOW),)),
        (replace(CLOSED, merged_at=NOW), (CloseRuns(REPOSITORY, 7, HEAD, NOW, merged_at=NOW),)),
        (TagEvent(REPOSITORY, "v1.0", HEAD, NOW), (NoteRelease(REPOSITORY, "v1.0", HEAD, NOW),)),
        (
            PushEvent(REPOSITORY, "main", BASE, HEAD),
            (RecordBranch(REPOSITORY, "main", HEAD), Rejudge(REPOSITORY, "main", BASE)),
        ),
        # Whether such a branch is gated, only the policy can say; a new one changes no rules.
        (
            PushEvent(REPOSITORY, "other", BASE, HEAD),
            (RecordBranch(REPOSITORY, "other", HEAD), Rejudge(REPOSITORY, "other", BASE)),
        ),
        (PushEvent(REPOSITORY, "other", "0" * 40, HEAD), (RecordBranch(REPOSITORY, "other", HEAD),)),
        (RERUN, (REEVALUATE,)),
        (CheckSuiteEvent(REPOSITORY, 9, HEAD), (Reevaluate(REPOSITORY, HEAD),)),
        (CheckSuiteEvent(REPOSITORY, 10, HEAD), ()),  # another App's
        (InstallationEvent("created", 1), (Sync(1),)),
        (RepositoryEvent("renamed", REPOSITORY), (Sync(1, REPOSITORY),)),
        (COMMENT, (WAIVE,)),
        (MergeGroupEvent("checks_requested", REPOSITORY, HEAD, QUEUE, BASE, "main"), (Supersede(GROUP),)),
        (MergeGroupEvent("destroyed", REPOSITORY, HEAD, QUEUE, BASE, "main"), (CloseGroup(GROUP),)),
        (replace(RERUN, action="requested_action", identifier="rerun"), (REEVALUATE,)),
        (
            replace(RERUN, action="requested_action", identifier="approve"),
            (Approve(REPOSITORY, HEAD, "somebody"),),
        ),
        (replace(RERUN, action="requested_action", identifier="another's"), ()),
        (
            RepositoryEvent("edited", REPOSITORY, "master"),
            (Sync(1, REPOSITORY), Rejudge(REPOSITORY, "main")),
        ),
        (AuthorizationEvent(5), (Forget(5),)),
        # Whether reports are wanted, only the policy can say.
        (WORKFLOW_RUN, (FETCH,)),
        # Of an archived repository nothing can be written.
        (replace(OPENED, repository=ARCHIVED), ()),
        (replace(WORKFLOW_RUN, repository=ARCHIVED), ()),
        (PushEvent(ARCHIVED, "main", BASE, HEAD), ()),
        (RepositoryEvent("archived", ARCHIVED), (Sync(1, ARCHIVED),)),
    ],
)
def test_each_event_has_its_work(event: Event, works: tuple[Work, ...]) -> None:
    """
    Decisions are values: what follows from an event is seen here and nowhere else.
    """
    assert plan(event, app_id=9) == works


@pytest.mark.parametrize(
    ("work", "where"),
    [
        # Decisions about one pull request are taken one at a time.
        (Supersede(EVALUATE), ("ingest", "2:7", "supersede:2:7")),
        (CloseRuns(REPOSITORY, 7, HEAD, NOW), ("ingest", "2:7", "closeruns:2:7")),
        (WAIVE, ("ingest", "2:7", "waive:2:7")),
        (Reevaluate(REPOSITORY, HEAD), ("ingest", f"2:{HEAD}", f"reevaluate:2:{HEAD}")),
        (GiveUp("x", EVALUATE, "boom"), ("ingest", "evaluate:2:7", "giveup:evaluate:2:7")),
        # A repository's evaluations share its limit.
        (EVALUATE, ("gate", "1/2", "evaluate:2:7")),
        (RecordBranch(REPOSITORY, "main", HEAD), ("background", "2", "record:2:main")),
        # Between two batches of a history, pushes have their turn.
        (FillHistory(REPOSITORY, NOW), ("background", "2", "fillhistory:2")),
        (Rejudge(REPOSITORY, "main", HEAD), ("ingest", "2:main", "rejudge:2:main")),
        # Judged again for a new policy: one after another, and ended by a newer head as any evaluation is.
        (replace(EVALUATE, later=True), ("background", "2", "evaluate:2:7")),
        (Sync(1), ("ingest", "installation:1", "sync:installation:1")),
        # A merge group is known by its commit, and is no evaluation of its pull request.
        (Supersede(GROUP), ("ingest", f"2:{HEAD}", f"supersede:2:{HEAD}")),
        (GROUP, ("gate", "1/2", f"evaluate:2:{HEAD}")),
        (CloseGroup(GROUP), ("ingest", f"2:{HEAD}", f"closegroup:2:{HEAD}")),
        (Approve(REPOSITORY, HEAD, "mona"), ("ingest", f"2:{HEAD}", f"approve:2:{HEAD}")),
        (Welcome(REPOSITORY), ("ingest", "2", "welcome:2")),
        (Reconcile(1), ("ingest", "installation:1", "reconcile:installation:1")),
        (Redeliver(), ("ingest", "app", "redeliver:app")),
        (Survey(), ("ingest", "app", "survey:app")),
        (Forget(5), ("ingest", "app", "forget:app")),
        (Expire(EVALUATE.head, "r1"), ("ingest", "2:7", "expire:2:7")),
        # Mail that waits for its server keeps nothing else of the repository waiting.
        (SendAlert(REPOSITORY, 3), ("ingest", "mail:2", "sendalert:mail:2")),
        (AskRecipients(REPOSITORY), ("ingest", "mail:2", "askrecipients:mail:2")),
        (SendDigests(), ("background", "app", "senddigests:app")),
        (ReadReport(REPOSITORY, 3), ("gate", "1/2", "readreport:1/2")),
        (FETCH, ("gate", "1/2", "fetchreports:1/2")),
        (
            RejudgeAgainst(REPOSITORY, BASE),
            ("ingest", f"2:against:{BASE}", f"rejudgeagainst:2:against:{BASE}"),
        ),
    ],
)
def test_each_work_has_its_queue(work: Work, where: tuple[str, str, str]) -> None:
    """
    The partitions are what the limits hold for; the subject is what cancelling goes by.
    """
    assert (queue(work), partition(work), subject(work)) == where


@pytest.mark.parametrize(
    "work",
    [
        Supersede(EVALUATE),
        Supersede(GROUP),
        Expire(GROUP.head, "r1"),
        Reevaluate(REPOSITORY, HEAD),
        WAIVE,
        Rejudge(REPOSITORY, "main", BASE),
        Sync(1, REPOSITORY),
        SendAlert(REPOSITORY, 3),
        SendDigests(),
        ReadReport(REPOSITORY, 3),
        RejudgeAgainst(REPOSITORY, BASE),
        FETCH,
        FillHistory(REPOSITORY, NOW, HEAD),
        GiveUp("x", EVALUATE, "boom"),
    ],
)
def test_work_survives_its_journey_through_the_queue(work: Work) -> None:
    """
    What a worker decodes is what the web process submitted.
    """
    assert decode(type(work), json.loads(json.dumps(encode(work)))) == work


def test_subjects_of_pull_requests_are_no_prefixes_of_each_other() -> None:
    """
    Runs are found by subject and colon, so pull request 7 never cancels those of 70.
    """
    seventy = replace(EVALUATE, number=70)

    assert not evaluations(seventy.head).startswith(evaluations(EVALUATE.head) + ":")
    assert evaluations(seventy.head).startswith(evaluations_in(2) + ":")
