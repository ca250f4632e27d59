"""Make one head the only one of its pull request: older runs end, the new one starts. Redelivered and late events do nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from gate.core.failure import Transient
from gate.core.run import Run
from gate.core.work import (
    CloseGroup,
    CloseRuns,
    Evaluate,
    EvaluateGroup,
    Head,
    Supersede,
    evaluations,
)
from gate.github import NotShownError
from gate.service import Service
from gate.workflows import publish

LAG = timedelta(seconds=10)
"""GitHub's API may be so far behind its webhooks."""


FIRST_STAGE = "Complexity and security come first, as soon as a worker is free"


def supersede(run: Run, service: Service, work: Supersede) -> None:
    """Starts the evaluation of a head, unless a newer event of the pull request was seen."""
    evaluate = work.evaluate
    if isinstance(evaluate, Evaluate) and not run.step(_is_newest, service, evaluate, name="look at GitHub"):
        return
    if not run.step(_accept, service, evaluate, name="accept"):
        return
    run.cancel(evaluations(evaluate.head))
    started = run.reserve(evaluate)
    if not (isinstance(evaluate, Evaluate) and evaluate.later):
        run.step(_announce, service, evaluate, started, name="announce")
    run.start(evaluate)
    run.step(_close_others, service, evaluate, started, name="close superseded check runs")


def close_runs(run: Run, service: Service, work: CloseRuns) -> None:
    """Ends what runs for a pull request that was closed."""
    if not run.step(_is_newest, service, work, name="look at GitHub"):
        return
    if not run.step(_accept_closing, service, work, name="accept"):
        return
    head = Head(work.repository, work.number, "")
    run.cancel(evaluations(head))
    run.step(_close_all, service, head, name="close check runs")


def close_group(run: Run, service: Service, work: CloseGroup) -> None:
    """Ends what runs for a merge group that nobody waits for any more."""
    run.step(_accept_destroying, service, work, name="accept")
    run.cancel(evaluations(work.group.head))
    run.step(_close_all, service, work.group.head, name="close check runs")


def _is_newest(service: Service, work: Evaluate | CloseRuns) -> bool:
    """Whether GitHub has the pull request as the event says; asked only where another one of the same second was seen.

    GitHub's times are no finer, and neither deliveries nor queues keep the order within a second.
    """
    known = service.store.pull_request(work.repository.id, work.number)
    if known is None or known.updated_at != work.updated_at or _agrees(work, known):
        return True
    if _agrees(work, service.on_github(work.repository).pull_request(work.number)):
        return True
    if service.now() - work.updated_at < LAG:
        raise Transient(f"pull request {work.number} may look different in a moment")
    return False


class _Seen(Protocol):
    """A pull request, as stored or as GitHub shows it."""

    @property
    def state(self) -> str: ...
    @property
    def head_sha(self) -> str: ...
    @property
    def base_ref(self) -> str: ...


def _agrees(work: Evaluate | CloseRuns, seen: _Seen) -> bool:
    if isinstance(work, CloseRuns):
        return seen.state == "closed"
    return (seen.state, seen.head_sha, seen.base_ref) == ("open", work.head_sha, work.base_ref)


def _accept(service: Service, work: Evaluate | EvaluateGroup) -> bool:
    service.store.meet_repository(work.repository)
    if isinstance(work, EvaluateGroup):
        return service.store.note_group(work, destroyed=False)
    return service.store.note_pull_request(
        work.repository.id,
        work.number,
        head_sha=work.head_sha,
        base_ref=work.base_ref,
        updated_at=work.updated_at,
        state="open",
        title=work.title,
        author=work.author,
    )


def _announce(service: Service, work: Evaluate | EvaluateGroup, started: str) -> None:
    """Before the run starts: it may have to wait for a worker, and a person should not wonder.

    A head that GitHub does not show yet must not keep the next one waiting: the run itself is patient with it.
    """
    with suppress(NotShownError):
        publish.start(service, work.head, FIRST_STAGE, run_id=started)


def _close_others(service: Service, work: Evaluate | EvaluateGroup, started: str) -> None:
    publish.supersede(service, work.head, but=started)


def _accept_closing(service: Service, work: CloseRuns) -> bool:
    service.store.meet_repository(work.repository)
    return service.store.note_pull_request(
        work.repository.id,
        work.number,
        head_sha=work.head_sha,
        base_ref="",
        updated_at=work.updated_at,
        state="closed",
        merged_at=work.merged_at,
    )


def _accept_destroying(service: Service, work: CloseGroup) -> None:
    service.store.meet_repository(work.group.repository)
    service.store.note_group(work.group, destroyed=True)


def _close_all(service: Service, head: Head) -> None:
    publish.supersede(service, replace(head, sha=""))


def close_run(service: Service, head: Head, run_id: str) -> None:
    """Ends what a run has in progress that nobody waits for any more: the newest head of its pull request is judged instead, if any."""
    known = service.store.pull_request(head.repository.id, head.number)
    newer = known.head_sha if known is not None and known.state == "open" and not head.branch else ""
    publish.supersede(service, replace(head, sha=newer), only=run_id)


def still_wanted(service: Service, head: Head) -> bool:
    """Whether the head is the newest seen of an open pull request: a revived run asks before it starts."""
    known = service.store.pull_request(head.repository.id, head.number)
    return known is None or (known.state == "open" and known.head_sha == head.sha)
