"""Tests of strangers: whether a head is of a fork, whether its tests wait for somebody's word, and taking that word.

They wait where `[gate] forks = "approve"`. Nothing is judged here; everything but the tests never waits. The word lets
tests run, and gives them nothing that a fork is not given.
"""

from __future__ import annotations

from gate.core.component import Parts
from gate.core.policy import Policy
from gate.core.run import Run
from gate.core.verdict import needs_approval
from gate.core.work import (
    Approve,
    Evaluate,
    EvaluateGroup,
    Supersede,
)
from gate.github import PullRequestView
from gate.service import Service
from gate.workflows.judge import Case
from gate.workflows.question import Judged
from gate.workflows.reconcile import evaluation

ROLES = frozenset({"admin", "maintain", "write"})
"""Whose word it is, as for GitHub's own workflows."""
NEW_HERE = frozenset({"FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN", "NONE"})
"""What GitHub calls authors of whom nothing was merged here before."""


def approve(run: Run, service: Service, work: Approve) -> None:
    """Has the head measured with its tests, where the person may say so."""
    for evaluate in run.step(_approved, service, work, name="ask for the role"):
        run.start(Supersede(evaluate))


def waits(service: Service, work: Evaluate | EvaluateGroup, policy: Policy) -> bool:
    """Whether the tests of this head have to be allowed first; what a merge queue holds, somebody has accepted.

    Not where all reports come from CI: no test of anybody runs here then.
    """
    if isinstance(work, EvaluateGroup) or policy.gate.forks != "approve":
        return False
    if all(suite.policy.coverage.source == "upload" for suite in Parts(policy).suites):
        return False
    if service.store.approved_by(work.repository.id, work.number, work.head_sha):
        return False
    seen = _seen(service, work)
    return _elsewhere(work, seen) and seen.association in NEW_HERE


def is_fork(service: Service, work: Evaluate | EvaluateGroup) -> bool:
    """Whether the head lies in another repository, or in one that is gone; what a merge queue holds, somebody has accepted."""
    return isinstance(work, Evaluate) and _elsewhere(work, _seen(service, work))


def waiting(case: Case, work: Evaluate | EvaluateGroup) -> Judged:
    """Coverage that waits: neutral, as everything without a measurement, until the repository is armed."""
    known = case.service.store.repository(work.repository.id)
    author = work.author if isinstance(work, Evaluate) else ""
    verdict = needs_approval(author, neutral=known is None or not known.armed)
    return Judged(verdict, "not measured", case.of_components("coverage", lambda _: verdict))


def _seen(service: Service, work: Evaluate) -> Evaluate | PullRequestView:
    """The pull request as its event had it; as GitHub shows it where no event told."""
    return work if work.association else service.on_github(work.repository).pull_request(work.number)


def _elsewhere(work: Evaluate, seen: Evaluate | PullRequestView) -> bool:
    return seen.head_full_name != work.repository.full_name


def _approved(service: Service, work: Approve) -> tuple[Evaluate, ...]:
    repository = work.repository
    github = service.on_github(repository)
    role = github.role(work.person)
    if role not in ROLES:
        log = service.telemetry.log
        log.warning("tests not allowed", person=work.person, role=role, head_sha=work.head_sha)
        return ()
    known = service.store.open_pull_requests_at(repository.id, work.head_sha)
    views = [github.pull_request(each.number) for each in known]
    found = [view for view in views if (view.state, view.head_sha) == ("open", work.head_sha)]
    for view in found:
        service.store.approve(
            repository.id, view.number, work.head_sha, person=work.person, role=role, now=service.now()
        )
    return tuple(evaluation(repository, view) for view in found)
