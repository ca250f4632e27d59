"""Somebody pressed a re-run button: judge what has that head again, and measure its tests anew."""

from __future__ import annotations

from dataclasses import replace

from gate.core.run import Run
from gate.core.work import (
    Evaluate,
    EvaluateGroup,
    Reevaluate,
    Supersede,
)
from gate.service import Service
from gate.workflows.reconcile import evaluation


def reevaluate(run: Run, service: Service, work: Reevaluate) -> None:
    """Starts a new evaluation for every open pull request whose head it is, or for the merge group."""
    for again in run.step(_find, service, work, name="find pull requests"):
        run.start(Supersede(again))


def _find(service: Service, work: Reevaluate) -> tuple[Evaluate | EvaluateGroup, ...]:
    """GitHub names no pull request of a fork, so all open ones are asked for their head."""
    repository = work.repository
    group = service.store.group_at(repository, work.head_sha)
    if group is not None:
        return (replace(group, again=True),)
    return tuple(
        evaluation(repository, pull, again=True)
        for pull in service.on_github(repository).open_pull_requests()
        if pull.head_sha == work.head_sha
    )
