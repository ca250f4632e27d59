"""Reports of a base came: judge the open pull requests again that were compared with it before, one after another.

It waits until no more reports come, for CI sends those of a commit one by one. It judges nothing itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gate.core.check_run import OVERALL
from gate.core.failure import Pending
from gate.core.run import Run
from gate.core.upload_work import RejudgeAgainst
from gate.core.work import Supersede
from gate.service import Service
from gate.store import PullRequestRecord
from gate.workflows.late_reports import came_later
from gate.workflows.rejudge import MOST, evaluation_of, verdict_on

QUIET = timedelta(minutes=1)
"""Without another report: jobs of a matrix end one after the other."""
MOST_PATIENCE = timedelta(minutes=10)
"""From the first report on."""


def rejudge_against(run: Run, service: Service, work: RejudgeAgainst) -> None:
    """Starts an evaluation of every open pull request whose verdict was made without a report of its base that is there now."""
    began = run.step(_begin, service, name="begin")
    run.step(_until_quiet, service, work, began, name="wait for more reports")
    for each in run.step(_find, service, work, name="find pull requests"):
        run.start(each)


def _begin(service: Service) -> datetime:
    return service.now()


def _until_quiet(service: Service, work: RejudgeAgainst, began: datetime) -> None:
    """Raises: Pending while more reports may come, or one that came is not read yet."""
    now = service.now()
    known = service.store.uploads_at(work.repository.id, work.sha)
    quiet_at = max((each.received_at for each in known), default=began) + QUIET
    if any(each.state == "received" for each in known):
        quiet_at = max(quiet_at, now + QUIET)
    left = min(quiet_at, began + MOST_PATIENCE) - now
    if left > timedelta(0):
        raise Pending("more reports may come", retry_after_seconds=left.total_seconds())


def _find(service: Service, work: RejudgeAgainst) -> tuple[Supersede, ...]:
    pulls = service.store.pull_requests(work.repository.id, open_only=True, limit=MOST)
    return tuple(
        Supersede(evaluation_of(work.repository, pull, later=True))
        for pull in pulls
        if _knew_less(service, pull, work.sha)
    )


def _knew_less(service: Service, pull: PullRequestRecord, base: str) -> bool:
    """Whether the verdict on the present head was compared with that base without a report; one that is being made looks itself."""
    last = verdict_on(service, pull)
    if last is None or last.verdict.provenance.base != base:
        return False
    under_way = service.store.open_check_runs(pull.repository_id, pull.number, head_sha=pull.head_sha)
    if any(one.name == OVERALL for one in under_way):
        return False
    return came_later(service, pull.repository_id, pull.number, last.verdict.provenance)
