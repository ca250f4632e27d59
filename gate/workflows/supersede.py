"""Make one head the only one of its pull request: older runs end, the new one starts. Redelivered and late events do nothing."""

from __future__ import annotations

from gate.core.event import RepositoryRef
from gate.core.work import CloseRuns, Evaluate, Run, Supersede, evaluations
from gate.service import Service
from gate.workflows import publish


def supersede(run: Run, service: Service, work: Supersede) -> None:
    """Starts the evaluation of a head, unless a newer event of the pull request was seen."""
    evaluate = work.evaluate
    if not run.step(_accept, service, evaluate, name="accept"):
        return
    run.cancel(evaluations(evaluate.repository.id, evaluate.number))
    started = run.start(evaluate)
    run.step(_close_others, service, evaluate, started, name="close superseded check runs")


def close_runs(run: Run, service: Service, work: CloseRuns) -> None:
    """Ends what runs for a pull request that was closed."""
    if not run.step(_accept_closing, service, work, name="accept"):
        return
    run.cancel(evaluations(work.repository.id, work.number))
    run.step(_close_all, service, work, name="close check runs")


def _accept(service: Service, work: Evaluate) -> bool:
    service.store.save_repository(work.repository)
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


def _close_others(service: Service, work: Evaluate, started: str) -> None:
    publish.supersede(service, work.repository, work.number, but=started, newer_sha=work.head_sha)


def _accept_closing(service: Service, work: CloseRuns) -> bool:
    service.store.save_repository(work.repository)
    return service.store.note_pull_request(
        work.repository.id,
        work.number,
        head_sha=work.head_sha,
        base_ref="",
        updated_at=work.updated_at,
        state="closed",
    )


def _close_all(service: Service, work: CloseRuns) -> None:
    publish.supersede(service, work.repository, work.number, but="", newer_sha="")


def still_wanted(service: Service, repository: RepositoryRef, number: int, head_sha: str) -> bool:
    """Whether the head is the newest seen of an open pull request: a revived run asks before it starts."""
    known = service.store.pull_request(repository.id, number)
    return known is None or (known.state == "open" and known.head_sha == head_sha)
