"""Fill the trends of a default branch from its git history: the static totals of commits nobody measured when they came.

What is filled in has neither coverage nor limits of a policy, replaces nothing, and is told to nobody. A batch is a run,
so that between two of them everything else of the queue has its turn; what is stored says where the next one goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from gate.core.failure import PolicyError
from gate.core.history_work import FillHistory
from gate.core.run import Run
from gate.core.work import subject
from gate.sandbox import never
from gate.service import Service
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.organisation import defaults_of
from gate.workflows.settings_of import policy_at
from gate.workflows.sum_history import question_of_history, since_then, sum_history
from gate.workflows.welcome import tip_of

USUAL = timedelta(days=365)
"""How far back the history of a new repository is filled in."""
MOST_COMMITS = 2000
"""Of a history with more, so many are evenly chosen: some 40 for each week of a year."""
BATCH = 200
"""Commits a run; before the first of them the whole tree is summed."""


def fill_history(run: Run, service: Service, work: FillHistory) -> None:
    """Fills in the oldest commits that are missing, and starts the work for the others; of two histories the later asked for counts."""
    if not work.tip:
        run.cancel(subject(work))
        tip = run.step(tip_of, service, work.repository, name="look for the default branch")
        work = replace(work, tip=tip)
    if work.tip and run.step(partial(_fill, service, work, run.cancelled), name="fill in history"):
        run.start(work)


def _fill(service: Service, work: FillHistory, stopped: Callable[[], bool]) -> int:
    """How many commits are left."""
    repository, mirror = work.repository, service.mirror(work.repository)
    mirror.fetch({work.tip: f"refs/heads/{repository.default_branch}"})
    try:
        policy = policy_at(mirror, work.tip, defaults_of(service, repository).policy)
        case = Case(service, Code(repository.id, mirror), question_of_history(work.tip, policy))
        return fill_in(case, work.since, stopped=stopped)
    except PolicyError as error:
        service.telemetry.log.warning("history is not filled in: the policy is broken", cause=str(error))
        return 0


def fill_in(case: Case, since: datetime, *, stopped: Callable[[], bool] = never) -> int:
    """Stores the totals of the oldest commits since then that have none, a batch of them; how many are left.

    Raises: SandboxError, PolicyError.
    """
    repository_id, store = case.code.repository_id, case.service.store
    line = since_then(case.code.git.first_parents(case.question.head), since, MOST_COMMITS)
    recorded = store.recorded(repository_id, since)
    missing = [commit for commit in line if commit.sha not in recorded]
    batch = missing[:BATCH]
    totals = sum_history(case, [commit.sha for commit in batch], stopped=stopped) if batch else ()
    found = [(commit.sha, commit.at, each) for commit, each in zip(batch, totals, strict=False)]
    store.fill_revisions(repository_id, found)
    return len(missing) - len(batch)
