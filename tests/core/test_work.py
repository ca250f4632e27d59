"""What is decided about each event, and which queue carries it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from checks.codec import decode, encode
from gate.core.event import (
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
)
from gate.core.work import (
    CloseRuns,
    Evaluate,
    GiveUp,
    RecordBranch,
    Reevaluate,
    Rejudge,
    Supersede,
    Sync,
    Waive,
    Work,
    evaluations,
    partition,
    plan,
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
COMMENT = CommandEvent(REPOSITORY, 7, 17, ("/gate waive security why",), NOW, "mona", "somebody")
WAIVE = Waive(REPOSITORY, 7, "comment:17", ("/gate waive security why",), NOW, "mona", "somebody")


@pytest.mark.parametrize(
    ("event", "works"),
    [
        (OPENED, (Supersede(EVALUATE),)),
        (CLOSED, (CloseRuns(REPOSITORY, 7, HEAD, NOW),)),
        (
            PushEvent(REPOSITORY, "main", BASE, HEAD),
            (RecordBranch(REPOSITORY, "main", HEAD), Rejudge(REPOSITORY, "main", BASE)),
        ),
        # Whether such a branch brings a policy, only the policy can say; a new one changes nothing.
        (PushEvent(REPOSITORY, "other", BASE, HEAD), (Rejudge(REPOSITORY, "other", BASE),)),
        (PushEvent(REPOSITORY, "other", "0" * 40, HEAD), ()),
        (RERUN, (Reevaluate(REPOSITORY, HEAD, (7,), "7:x"),)),
        (CheckSuiteEvent(REPOSITORY, 9, HEAD), (Reevaluate(REPOSITORY, HEAD),)),
        (CheckSuiteEvent(REPOSITORY, 10, HEAD), ()),  # another App's
        (InstallationEvent("created", 1), (Sync(1),)),
        (RepositoryEvent("renamed", REPOSITORY), (Sync(1, REPOSITORY),)),
        (COMMENT, (WAIVE,)),
        (MergeGroupEvent("checks_requested", REPOSITORY, HEAD, "q", BASE, "main"), ()),
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
        (EVALUATE, ("gate", "2", "evaluate:2:7")),
        (RecordBranch(REPOSITORY, "main", HEAD), ("background", "2", "record:2:main")),
        (Rejudge(REPOSITORY, "main", HEAD), ("ingest", "2:main", "rejudge:2:main")),
        # Judged again for a new policy: one after another, and ended by a newer head as any evaluation is.
        (replace(EVALUATE, later=True), ("background", "2", "evaluate:2:7")),
        (Sync(1), ("background", "installation:1", "sync:installation:1")),
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
        Reevaluate(REPOSITORY, HEAD, (7,)),
        WAIVE,
        Rejudge(REPOSITORY, "main", BASE),
        Sync(1, REPOSITORY),
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
    assert not evaluations(2, 70).startswith(evaluations(2, 7) + ":")
