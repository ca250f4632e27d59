"""Reports that came too late for a verdict: where there are some that it did not see, it is made again. It judges nothing itself.

A report that finds `gate` completed is told to the pull request by `tell_of_report`; one that comes while `gate` is in
progress may have been too late to be counted, so whoever completes `gate` looks afterwards. One of both sees the other.
"""

from __future__ import annotations

import hashlib

from gate.core.run import Run
from gate.core.verdict import Provenance
from gate.core.work import Evaluate, Supersede
from gate.service import Service
from gate.workflows.rejudge import evaluation_of
from gate.workflows.supersede import still_wanted


def judge_again_if_late(run: Run, service: Service, work: Evaluate) -> None:
    """Starts another evaluation where a report came after this one had looked; to be called once `gate` is completed."""
    for each in run.step(_not_seen, service, work, run.id, name="look for late reports"):
        run.start(each)


def digest_of_reports(service: Service, repository_id: int, number: int, *, head: str, base: str) -> str:
    """Which reports are there that a verdict on a pull request may be made from; another one after each that is read."""
    ids = service.store.read_uploads(repository_id, head=head, base=base, number=number)
    return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]


def came_later(service: Service, repository_id: int, number: int, judged: Provenance) -> bool:
    """Whether there are reports that a verdict was made without; never where it is not made from any."""
    now = digest_of_reports(service, repository_id, number, head=judged.head, base=judged.base)
    return judged.reports not in {"", now}


def _not_seen(service: Service, work: Evaluate, run_id: str) -> tuple[Supersede, ...]:
    store, repository = service.store, work.repository
    judged = store.verdict(run_id)
    pull = store.pull_request(repository.id, work.number)
    if judged is None or pull is None or not still_wanted(service, work.head):
        return ()
    if not came_later(service, repository.id, work.number, judged.verdict.provenance):
        return ()
    return (Supersede(evaluation_of(repository, pull, later=True)),)
