"""The App was just installed on a repository: put a first `gate` on its default branch, and measure that.

GitHub offers a check as required only once it was there; nothing is judged by it.
"""

from __future__ import annotations

from gate.core import check_run
from gate.core.event import RepositoryRef
from gate.core.failure import Gone, Permanent
from gate.core.run import Run
from gate.core.work import Head, RecordBranch, Welcome
from gate.service import Service
from gate.workflows import publish


def welcome(run: Run, service: Service, work: Welcome) -> None:
    """Publishes `gate` on the tip of the default branch, neutral, and has it measured; an empty repository has none.

    Where the commit has a `gate` already, it stays: it may be the head of a pull request that is blocked.
    """
    repository = work.repository
    tip = run.step(tip_of, service, repository, name="look for the default branch")
    if not tip:
        return
    run.step(_publish, service, Head(repository, 0, tip, repository.default_branch), run.id, name="publish")
    run.start(RecordBranch(repository, repository.default_branch, tip))


def tip_of(service: Service, repository: RepositoryRef) -> str:
    """The tip of the default branch, fetched; empty where there is none."""
    try:
        return service.mirror(repository).fetch_tip(f"refs/heads/{repository.default_branch}")
    except Gone:
        raise
    except Permanent:
        return ""


def _publish(service: Service, head: Head, run_id: str) -> None:
    if service.store.open_pull_requests_at(head.repository.id, head.sha):
        return
    known = service.store.check_run_of(run_id, check_run.OVERALL)
    if known is None and service.on_github(head.repository).has_check_run(head.sha, check_run.OVERALL):
        return
    publish.put(service, head, check_run.installed(publish.links(service, head, run_id=run_id)))
