"""Keep the one comment below a pull request true: what blocks its newest head, or a line where nothing does.

What it says is decided in `gate.core.comment`. Whatever goes wrong with it is told in `gate`, and fails no run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from gate.core.comment import Thread, is_due, marker, render
from gate.core.event import RepositoryRef
from gate.core.failure import Gone, Permanent, Transient
from gate.core.run import Run
from gate.core.work import Head
from gate.github import GitHubRepository
from gate.service import Service
from gate.store import CommentRecord
from gate.workflows import publish, restored

LEASE = timedelta(seconds=60)
"""Who is about to make a comment has as long; by then its answer has got lost, for GitHub ends what takes over ten seconds."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the comment is to say, if there is one."""

    run_id: str
    """Of the verdict it is about."""
    body: str
    due: bool
    """Whether there has to be one."""


def comment(run: Run, service: Service, repository: RepositoryRef, number: int) -> None:
    """Makes, edits or leaves the comment, as the newest verdict wants it."""
    try:
        problem = run.step(_write, service, repository, number, run.id, name="comment")
    except Gone:
        return
    except (Transient, Permanent) as error:
        problem = str(error)
    try:
        run.step(_tell, service, repository, number, problem, name="tell of the comment")
    except (Transient, Permanent) as error:
        service.telemetry.log.warning("trouble with the comment not told", problem=problem, error=str(error))


def _write(service: Service, repository: RepositoryRef, number: int, run_id: str) -> str:
    """Why the comment could not be written; empty when it says what it should."""
    sent: _Wanted | None = None
    # Again when a verdict or a waiver came meanwhile, for whoever brought it may have written before us.
    while (wanted := _wanted(service, repository, number)) is not None and wanted != sent:
        try:
            _bring(service, repository, number, wanted, run_id=run_id, again=sent is not None)
        except Gone:
            raise
        except Permanent as error:
            return str(error)
        sent = wanted
    return ""


def _wanted(service: Service, repository: RepositoryRef, number: int) -> _Wanted | None:
    """None where it is left alone: the pull request was closed, or a newer head of it is being judged."""
    known = service.store.pull_request(repository.id, number)
    newest = service.store.newest_verdict(repository.id, number)
    if known is None or known.state != "open" or newest is None:
        return None
    provenance = newest.verdict.provenance
    if provenance.head != known.head_sha:
        return None
    if not is_due(newest.verdict) and service.store.comment(repository.id, number) is None:
        return None  # most pull requests: nothing to say, and nothing said before
    head = Head(repository, number, provenance.head)
    where = publish.links(service, head, base_sha=provenance.base, run_id=newest.run_id)
    thread = Thread(repository.id, number, known.base_ref)
    return _Wanted(newest.run_id, render(newest.verdict, where, thread), is_due(newest.verdict))


def _bring(
    service: Service,
    repository: RepositoryRef,
    number: int,
    wanted: _Wanted,
    *,
    run_id: str,
    again: bool,
) -> None:
    """Have the comment say it. There is never a second one: what may have been made is looked for before it is made.

    Raises: Transient, Permanent.
    """
    store = service.store
    github = service.on_github(repository)
    known = store.comment(repository.id, number)
    said = hashlib.sha256(wanted.body.encode()).hexdigest()
    comment_id = known.comment_id if known else None
    lost = known.claimed_at is not None if known is not None else restored.lately(service)
    if comment_id is None and not lost and not wanted.due:
        return
    if known and comment_id is not None and known.digest == said and not again:
        return
    if comment_id is None or not github.update_comment(comment_id, wanted.body):
        _claim(service, repository, number, known, run_id)
        comment_id = _edit_lost(github, repository, number, wanted.body) if lost else None
        if comment_id is None and wanted.due:
            comment_id = _make(service, github, number, wanted.body)
    if comment_id is None:
        store.forget_comment(repository.id, number)
    else:
        store.save_comment(repository.id, number, comment_id, said)


def _claim(
    service: Service, repository: RepositoryRef, number: int, known: CommentRecord | None, run_id: str
) -> None:
    """Keep that this run is about to make the comment. Raises: Transient while another one is."""
    now = service.now()
    if known and known.claimed_at and known.writer != run_id and now < known.claimed_at + LEASE:
        raise Transient("another run is writing the comment")
    if not service.store.claim_comment(repository.id, number, known, writer=run_id, now=now):
        raise Transient("another run has just begun to write the comment")


def _edit_lost(github: GitHubRepository, repository: RepositoryRef, number: int, body: str) -> int | None:
    """The id of a comment whose answer got lost, after it was edited; None where there is none."""
    found = github.find_comment(number, marker(repository.id, number))
    return found if found is not None and github.update_comment(found, body) else None


def _make(service: Service, github: GitHubRepository, number: int, body: str) -> int:
    try:
        return github.create_comment(number, body)
    except Permanent:
        service.store.forget_comment(github.id, number)  # GitHub has refused it, so there is none
        raise


def _tell(service: Service, repository: RepositoryRef, number: int, problem: str) -> None:
    """Shows in `gate` why there is no comment, or no longer."""
    news = service.store.save_comment_problem(repository.id, number, problem)
    wanted = _wanted(service, repository, number)
    if news and wanted is not None and wanted.due:
        publish.conclude(service, repository, wanted.run_id)
