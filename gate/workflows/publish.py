"""Put check runs on GitHub: `gate` while a head is judged, each check when it is known, `gate` again at the end.

Every function can be repeated: a check run is found again by its run's id. None decides what a text says.
"""

from __future__ import annotations

from dataclasses import replace

from gate.core import check_run, same_head
from gate.core.check_run import CheckRun, Links
from gate.core.event import RepositoryRef
from gate.core.failure import Gone, Permanent, Transient
from gate.core.verdict import CheckVerdict, Components, Provenance, Verdict, components_of
from gate.core.waiver import waive_check
from gate.core.work import Head
from gate.service import Service
from gate.store import CheckRunRecord, VerdictRecord
from gate.workflows import restored


def links(service: Service, head: Head, *, base_sha: str = "", run_id: str) -> Links:
    """The places a text of this run points to."""
    settings = service.settings
    return Links(
        web_url=settings.repository_url(head.repository.full_name),
        head_sha=head.sha,
        base_sha=base_sha,
        pages_url=settings.public_url.rstrip("/"),
        run_id=run_id,
    )


def start(service: Service, head: Head, stage: str, *, run_id: str) -> None:
    """Shows `gate` in progress on the head, with the stage a person reads."""
    put(service, head, check_run.started(stage, links(service, head, run_id=run_id)))


def check(  # noqa: PLR0913  (each part is another thing to know)
    service: Service,
    head: Head,
    judged: CheckVerdict,
    provenance: Provenance,
    *,
    run_id: str,
    advise: bool,
    components: Components = (),
) -> None:
    """Publishes one check, completed, with what it says of the components and what was waived on its pull request."""
    given = service.store.waivers(head.repository.id, [head.number])
    shown = waive_check(judged, given, provenance)
    parts = tuple((name, waive_check(each, given, provenance, component=name)) for name, each in components)
    where = links(service, head, base_sha=provenance.base, run_id=run_id)
    put(service, head, check_run.render(shown, provenance, where, advise=advise, components=parts))


def conclude(service: Service, repository: RepositoryRef, run_id: str) -> None:
    """Completes `gate` with the saved verdict of a run, and shows on its checks what was waived.

    Where open pull requests share the head, each gets the worst of their verdicts.
    """
    published: dict[tuple[Head, str], CheckRun] = {}
    # Again when another one was concluded or a waiver given meanwhile, for whoever did may not have seen ours.
    while (runs := _conclusions(service, repository, _saved(service, run_id))) != published:
        for (head, name), run in runs.items():
            if published.get((head, name)) != run:
                put(service, head, run)
        published = runs


def _saved(service: Service, run_id: str) -> VerdictRecord:
    record = service.store.verdict(run_id)
    if record is None:
        raise AssertionError(f"the verdict of run {run_id} was not saved")
    return record


def _conclusions(
    service: Service, repository: RepositoryRef, record: VerdictRecord
) -> dict[tuple[Head, str], CheckRun]:
    """By head and name, what is to be shown: waived checks, which were published as blocked, and every `gate`."""
    verdict = record.verdict
    provenance = verdict.provenance
    head = Head(repository, record.number, provenance.head, record.branch)
    where = links(service, head, base_sha=provenance.base, run_id=record.run_id)
    waived = [
        check_run.render(each, provenance, where, advise=verdict.advise, components=components)
        for each, components in ((each, components_of(verdict, each.check)) for each in verdict.checks)
        if each.waivers or any(part.waivers for _, part in components)
    ]
    gates = same_head.worst(_gates(service, head, verdict, where))
    gates |= {} if head.branch else _newest_instead(service, head, gates)
    return {
        **{(head, run.name): run for run in waived},
        **{(replace(head, number=number), gate.name): gate for number, gate in gates.items()},
    }


def _gates(service: Service, head: Head, verdict: Verdict, where: Links) -> dict[int, CheckRun]:
    """By number, the last `gate` of each open pull request with this head; ours fails while another is not judged."""
    own = check_run.render_overall(verdict, where)
    if head.branch:
        return {head.number: own}  # a commit of the merge queue's own
    others = _of_same_head(service, head, where)
    for other, gate in others.items():
        if gate is None and own.conclusion in {"success", "neutral"}:
            own = same_head.waiting(other, where)
    return {head.number: own, **{other: gate for other, gate in others.items() if gate is not None}}


def _newest_instead(service: Service, head: Head, gates: dict[int, CheckRun]) -> dict[int, CheckRun]:
    """By number, the `gate` that GitHub counts where it is none of these: of a pull request that was closed, say."""
    newest = service.store.newest_check_run(head.repository.id, head.sha, check_run.OVERALL)
    shown = {gate.external_id for gate in gates.values()}
    if newest is None or not newest.completed or newest.run_id in shown or newest.number in gates:
        return {}
    worst = next(iter(gates.values()))
    return {newest.number: replace(worst, external_id=newest.run_id)}


def _of_same_head(service: Service, head: Head, where: Links) -> dict[int, CheckRun | None]:
    """The `gate` of each other open pull request with this head; None while that one is being judged."""
    repository_id = head.repository.id
    found: dict[int, CheckRun | None] = {}
    for other in service.store.open_pull_requests_at(repository_id, head.sha):
        if other.number == head.number:
            continue
        last = service.store.newest_verdict(repository_id, other.number)
        judging = any(
            run.name == check_run.OVERALL
            for run in service.store.open_check_runs(repository_id, other.number, head_sha=head.sha)
        )
        if judging or last is None or last.verdict.provenance.head != head.sha:
            found[other.number] = None
        else:
            theirs = replace(where, base_sha=last.verdict.provenance.base, run_id=last.run_id)
            found[other.number] = check_run.render_overall(last.verdict, theirs)
    return found


def give_up(service: Service, head: Head, text: str, hint: str, *, run_id: str) -> None:
    """Completes `gate` as "could not measure": it never stays in progress, and nothing else of the run does."""
    put(service, head, check_run.failed(text, hint, links(service, head, run_id=run_id)))
    supersede(service, head, only=run_id)


def supersede(service: Service, head: Head, *, but: str = "", only: str = "") -> None:
    """Closes what is in progress for the pull request or merge group: all but the check runs of one run, or only those.

    They say that `head` is judged instead; with an empty sha, that nothing is any more. Another pull request that had
    to wait for one of these heads gets its verdict.
    """
    closed = set()
    for open_run in service.store.open_check_runs(head.repository.id, head.number, branch=head.branch):
        if open_run.run_id != but and only in {"", open_run.run_id}:
            _close(service, replace(head, sha=open_run.head_sha), open_run, head.sha)
            closed.add(open_run.head_sha)
    for sha in sorted(closed - {head.sha}):
        for other in service.store.open_pull_requests_at(head.repository.id, sha):
            last = service.store.newest_verdict(head.repository.id, other.number)
            if last is not None and last.verdict.provenance.head == sha:
                conclude(service, head.repository, last.run_id)


def _close(service: Service, head: Head, open_run: CheckRunRecord, newer_sha: str) -> None:
    """What is not at GitHub, or cannot be changed there any more, is closed here alone."""
    ended = "The merge group was given up" if head.branch else "The pull request was closed"
    where = links(service, head, run_id=open_run.run_id)
    run = check_run.superseded(newer_sha, where, name=open_run.name, ended=ended)
    github, number = service.on_github(head.repository), open_run.check_run_id
    try:
        number = number or github.find_check_run(run) or 0
        if number:
            _claim_end(service, run)
            github.update_check_run(number, run)
    except Gone:
        raise
    except Permanent as error:
        service.telemetry.log.warning("check run not closed", check_run=number, error=str(error))
    service.store.save_check_run(head, open_run.run_id, open_run.name, number, completed=True)


def put(service: Service, head: Head, run: CheckRun) -> None:
    """Creates the check run, or updates the one this run has already made under that name.

    It is looked for at GitHub only where an earlier request to make it may have been carried out unheard, or forgotten with a
    lost database.
    """
    github = service.on_github(head.repository)
    known = service.store.check_run_of(run.external_id, run.name)
    if known is None:
        service.store.save_check_run(head, run.external_id, run.name, 0, completed=False, now=service.now())
    number = known.check_run_id if known is not None else 0
    if number:
        _claim_end(service, run)
        github.update_check_run(number, run)
    else:
        number = github.create_check_run(run, again=known is not None or restored.lately(service))
    completed = run.status == "completed"
    service.store.save_check_run(head, run.external_id, run.name, number, completed=completed)


def _claim_end(service: Service, run: CheckRun) -> None:
    """Keeps whoever says that a verdict is late from saying so after it is there. Raises: Transient while somebody does."""
    if run.status != "completed" or run.name != check_run.OVERALL:
        return
    if not service.store.claim_end(run.external_id, service.now()):
        raise Transient(f"it is just being said that the verdict of run {run.external_id} is late")
