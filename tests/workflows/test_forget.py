"""Somebody took the App's authorization back: nothing of theirs stays."""

from __future__ import annotations

from datetime import timedelta

from gate.core.event import parse
from gate.core.plan import plan
from gate.core.user import UserView
from gate.store import SessionRecord
from gate.workflows.registry import workflows
from tests.workflows.conftest import Later
from tests.workflows.inline_run import InlineRun


def test_all_sessions_of_the_person_end(run: InlineRun, service: Later) -> None:
    """
    From the webhook to the deleted tokens; other people stay signed in.
    """
    now = service.now()
    for digest, person in (("a", 3), ("b", 3), ("c", 4)):
        view = UserView(person, "mona", (), "")
        service.store.save_session(
            SessionRecord(digest * 64, view, b"sealed", now, now, now + timedelta(hours=1))
        )
    event = parse("github_app_authorization", {"action": "revoked", "sender": {"login": "mona", "id": 3}})
    assert event is not None
    (work,) = plan(event, app_id=1)

    workflows(service)[type(work)](run, work)

    assert [service.store.session(digest * 64) is None for digest in "abc"] == [True, True, False]
