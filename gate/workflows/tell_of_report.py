"""A report came: have those look that wait for it, and what was judged without it judged again. It reads no report."""

from __future__ import annotations

from dataclasses import dataclass

from gate.core.event import RepositoryRef
from gate.core.run import Run
from gate.core.upload_work import RejudgeAgainst
from gate.core.work import Evaluate, Head, RecordBranch, Supersede, evaluations, subject
from gate.service import Service
from gate.store import UploadRecord
from gate.workflows.rejudge import evaluation_of, verdict_on


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a report is about, as far as is known."""

    waiting: tuple[Head, ...] = ()
    """In progress."""
    judged: tuple[Evaluate, ...] = ()
    """Pull requests with a verdict, which stands until there is another one."""
    compared: str = ""
    """The commit, where it is news of it and pull requests may have been compared with it."""
    recorded: str = ""
    """The commit, where it is the newest of the default branch that was measured."""


def tell_of_report(run: Run, service: Service, repository: RepositoryRef, upload_id: int) -> None:
    """Wakes the runs that wait, and starts those that should know. Of a report that was refused, who waits is told why."""
    concerned = run.step(_concerned, service, repository, upload_id, name="find who waits for it")
    for head in concerned.waiting:
        run.wake(evaluations(head))
    for evaluate in concerned.judged:
        run.start(Supersede(evaluate))
    if concerned.compared:
        _rejudge_against(run, RejudgeAgainst(repository, concerned.compared))
    if concerned.recorded:
        run.start(RecordBranch(repository, repository.default_branch, concerned.recorded))


def _rejudge_against(run: Run, work: RejudgeAgainst) -> None:
    """Starts it, unless one waits that has not looked yet: twenty reports of a commit are one occasion."""
    if not any(run.waits(each) for each in run.unfinished(subject(work))):
        run.start(work)


def _concerned(service: Service, repository: RepositoryRef, upload_id: int) -> Concerned:
    store = service.store
    upload = store.upload(repository.id, upload_id)
    if upload is None:
        return Concerned()
    # What a fork has sent is about its own pull request.
    is_own = upload.authenticated != "artifact"
    pulls = list(store.open_pull_requests_at(repository.id, upload.sha)) if is_own else []
    if upload.number:
        known = store.pull_request(repository.id, upload.number)
        pulls += [known] if known is not None and known.state == "open" and known not in pulls else []
    waiting = {
        Head(repository, one.number, one.head_sha, one.branch)
        for one in (
            *store.open_gates_at(repository.id, upload.sha),
            *(gate for pull in pulls for gate in store.open_gates_at(repository.id, pull.head_sha)),
        )
    }
    # Their runs see it, or look for it when `gate` is completed; a merge group's run speaks of no pull request.
    told = {head.number for head in waiting if not head.branch}
    newest = store.revisions(repository.id, limit=1)
    is_new = is_own and upload.state == "read"
    if upload.state != "read":
        pulls = []  # what it did not change is not judged again
    return Concerned(
        tuple(sorted(waiting, key=lambda head: (head.number, head.branch))),
        tuple(
            evaluation_of(repository, pull, later=True)
            for pull in pulls
            if pull.number not in told and verdict_on(service, pull) is not None
        ),
        compared=upload.sha if is_new and _may_be_compared(service, upload) else "",
        recorded=upload.sha if is_new and newest and newest[0].sha == upload.sha else "",
    )


def _may_be_compared(service: Service, upload: UploadRecord) -> bool:
    """Whether there is another open pull request than that of this head, and the report no repetition."""
    if upload.authenticated == "actions" and upload.number:
        return False  # of GitHub's merge of a pull request, on which nobody builds
    some = service.store.pull_requests(upload.repository_id, open_only=True, limit=9)
    others = any(pull.head_sha != upload.sha and pull.number != upload.number for pull in some)
    return others and service.store.says_anew(upload.repository_id, upload.id)
