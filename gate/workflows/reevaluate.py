"""Somebody pressed a re-run button: judge the open pull requests with that head again, and measure their tests anew."""

from __future__ import annotations

from gate.core.event import RepositoryRef
from gate.core.work import Evaluate, Reevaluate, Run, Supersede
from gate.service import Service


def reevaluate(run: Run, service: Service, work: Reevaluate) -> None:
    """Starts a new evaluation for every open pull request whose head it is."""
    for evaluate in run.step(_find, service, work, name="find pull requests"):
        run.start(Supersede(evaluate))


def _find(service: Service, work: Reevaluate) -> tuple[Evaluate, ...]:
    """GitHub names no pull request of a fork, so all open ones are asked for their head."""
    repository: RepositoryRef = work.repository
    github = service.github.repository(repository.installation_id, repository.id, repository.full_name)
    return tuple(
        Evaluate(
            repository=repository,
            number=pull.number,
            head_sha=pull.head_sha,
            base_sha=pull.base_sha,
            base_ref=pull.base_ref,
            updated_at=pull.updated_at,
            author=pull.author,
            title=pull.title,
            draft=pull.draft,
            head_full_name=pull.head_full_name,
            again=True,
        )
        for pull in github.open_pull_requests()
        if pull.head_sha == work.head_sha
    )
